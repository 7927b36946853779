"""The form of a report, made from the parameters that its notebook declares."""

from collections.abc import Mapping
from datetime import date
from types import UnionType
from typing import Any, Union, get_args, get_origin

import streamlit as st

from app.ui.ask import last_company
from app.ui.words import label_of
from valor_core.coverage.report_parameters import MOST, Parameter
from valor_core.values import CompanyId

NOT_ASKED = frozenset({"valuation"})  # by its id, so for scripts
LABELS = {
    "as_of": ("Facts as known on", "Empty: now."),
    "missing": (
        "Items that the filings lack",
        "Asked only where no DCF of the company was saved by that day.",
    ),
    "days": ("How many days", "So many days until the last one, that one included."),
    "since": (
        "Changes since",
        "Compared with what was saved before that day. Empty: 30 days before the report is made.",
    ),
    "older_than": ("Old after how many days", "Values saved longer ago are listed as old."),
    "stale_after": (
        "Stale after how many days",
        "Counted from the end of the newest fiscal year that is known.",
    ),
    "last": ("Last day", "Empty: the day on which the report is made."),
}
CHOICES = {"open": "leave open: the report says what to state", "zero": "count as 0, in my name"}


def asked(
    parameters: tuple[Parameter, ...], companies: Mapping[CompanyId, str], *, key: str = "report"
) -> dict[str, Any]:
    """What the report shall be about; what stays empty is its default."""
    return {
        p.name: _asked(p, companies, f"{key}_{p.name}")
        for p in parameters
        if p.name not in NOT_ASKED
    }


def _asked(parameter: Parameter, companies: Mapping[CompanyId, str], key: str) -> Any:
    label, told = LABELS.get(parameter.name, (label_of(parameter.name), None))
    kind, start, is_optional = parameter.type, parameter.default, False
    if get_origin(kind) in (Union, UnionType):
        kind, is_optional = _of_some(kind), True
    if parameter.name == "company":
        known = {name: company_id for company_id, name in companies.items()}
        last = next((n for n, each in enumerate(known.values()) if each == last_company()), 0)
        chosen = st.selectbox(label, known, index=last, key=key)
        return known[chosen] if chosen else ""
    if parameter.written == "Day":
        day = st.date_input(label, None, date(2000, 1, 1), key=key, help=told, format="YYYY-MM-DD")
        return day.isoformat() if day else ""
    if kind in (bool, int, float):
        return _number(parameter, kind, label, key=key, told=told)
    if choices := get_args(kind):
        return st.selectbox(
            label, choices, choices.index(start) if start in choices else 0, key=key, help=told,
            format_func=lambda each: CHOICES.get(each, str(each)),
        )  # fmt: skip
    text = st.text_input(label, start or "", key=key, help=told)
    return None if is_optional and not text else text


def _number(parameter: Parameter, kind: Any, label: str, *, key: str, told: str | None) -> Any:
    """A number, or whether something is so."""
    start = parameter.default
    if kind is bool:
        return st.checkbox(label, value=bool(start), key=key, help=told)
    if kind is float:
        first = None if start is None else float(start)
        return st.number_input(label, value=first, format="%g", key=key, help=told)
    least = 1 if parameter.name in LABELS else -MOST
    return st.number_input(label, least, MOST, start, step=1, key=key, help=told)


def _of_some(kind: Any) -> Any:
    """The type of a parameter that may also be left open; of several the first."""
    return next(each for each in get_args(kind) if each is not type(None))


def about(parameters: Mapping[str, Any], companies: Mapping[CompanyId, str]) -> str:
    """What a run was asked, in words."""
    told = []
    if company := parameters.get("company"):
        told.append(companies.get(company, company))
    if as_of := parameters.get("as_of"):
        told.append(f"as known on {as_of}")
    if days := parameters.get("days"):
        last = parameters.get("last")
        told.append(f"{days} days until " + (last or "the day it was made"))
    if since := parameters.get("since"):
        told.append(f"changes since {since}")
    own = set(parameters) - {"company", "days", "last", *LABELS, *NOT_ASKED}
    told += [
        f"{name.replace('_', ' ')} {parameters[name]}"
        for name in sorted(own)
        if parameters[name] != ""
    ]
    return ", ".join(told)
