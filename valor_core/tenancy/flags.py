"""Feature flags: what can be switched off, or is not yet for everybody, without a new version.

Each is declared here, with its type, its default, who answers for it and until when it is to be
gone; a name that is not declared is a bug and fails at once.
"""

from dataclasses import dataclass
from datetime import date

from valor_core.errors import BadInput

FlagValue = bool | int | str


class UnknownFlag(LookupError):
    """A bug: a flag that is not declared."""


class BadFlag(BadInput):
    """A flag's value, or a change of it, that cannot be."""

    code = "bad_flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something that can be switched: its type is that of its default."""

    name: str
    default: FlagValue
    owner: str
    expires_on: date
    help: str


FLAGS = {
    flag.name: flag
    for flag in (
        Flag(
            name="workbook_audit",
            default=True,
            owner="workbooks",
            expires_on=date(2027, 12, 31),
            help="Workbooks of others are taken and searched for mistakes.",
        ),
        Flag(
            name="fact_import",
            default=True,
            owner="coverage",
            expires_on=date(2027, 12, 31),
            help="Documents with filed facts are taken.",
        ),
        Flag(
            name="scheduled_reports",
            default=True,
            owner="reports",
            expires_on=date(2027, 12, 31),
            help="Reports may be made again and again on a schedule.",
        ),
    )
}


def flag_of(name: str) -> Flag:
    """The declared flag; UnknownFlag otherwise."""
    if name not in FLAGS:
        raise UnknownFlag(name)
    return FLAGS[name]


def check_value(name: str, value: FlagValue) -> None:
    """BadFlag unless a person may give that flag that value."""
    if name not in FLAGS:
        raise BadFlag(f"There is no flag {name[:60]!r}.", hint=f"The flags are {', '.join(FLAGS)}.")
    wanted = type(FLAGS[name].default)
    if type(value) is not wanted:
        raise BadFlag(f"{name} cannot be {value!r}.", hint=f"Its value is a {_TYPES[wanted]}.")


_TYPES: dict[type, str] = {bool: "true or false", int: "whole number", str: "text"}


def read_value(name: str, text: str) -> FlagValue:
    """A value as a person writes it: true, 12, or a text."""
    value: FlagValue = {"true": True, "false": False}.get(text, text)
    if text.lstrip("-").isdecimal() and text.isascii():
        value = int(text)
    check_value(name, value)
    return value
