"""What terms forbid to be given on: left out of snapshots and reports, refused in an export."""

from collections.abc import Iterable, Mapping

from valor_core.coverage import imports
from valor_core.coverage.fmp import FORM
from valor_core.errors import ValorError
from valor_core.market.provider import Licence
from valor_core.market.providers.fmp import Fmp
from valor_core.store.work import Work
from valor_core.values import FiledFact, Source
from valor_core.workbench.verb import view

GIVER: Mapping[str, tuple[str, Licence]] = {FORM: (Fmp.title, Fmp.licence)}
"""Whose figures those are that no filing of the company's own stands behind, by their form."""

KINDS_HELD_BACK = frozenset({Fmp.name}) if not Fmp.licence.redistribution else frozenset()
"""Imports of which nothing may be given on."""


class NotGivenOn(ValorError):
    """Figures or a series whose provider's terms forbid that they are given on."""

    code, status = "not_given_on", 403

    def __init__(self, *, title: str, terms: str) -> None:
        super().__init__(
            f"This holds data of {title}, whose terms ({terms}) do not allow them to be given on.",
            hint="Look at it here, or use figures as the company filed them: "
            "SEC EDGAR's are in the public domain.",
        )


def may_be_given_on(fact: FiledFact) -> bool:
    """Whether the terms of whoever gave a figure allow it to leave the installation."""
    giver = GIVER.get(fact.form)
    return giver is None or giver[1].redistribution


def held_back(facts: Iterable[FiledFact]) -> list[str]:
    """Whose figures are among these that may not be given on, as people call them, each once."""
    return list(dict.fromkeys(GIVER[fact.form][0] for fact in facts if not may_be_given_on(fact)))


def held_back_from(sources: Iterable[Source]) -> list[str]:
    """Whose figures stand behind inputs that may not be given on."""
    return held_back(fact for source in sources for fact in source.facts)


def told_of_held_back(titles: Iterable[str], left_out: str) -> str:
    """What a report leaves out, and why.

    >>> told_of_held_back(["Acme Data"], "12 figures are")
    '12 figures are left out: the terms of Acme Data do not allow them to be given on.'
    """
    return (
        f"{left_out} left out: the terms of {' and '.join(titles)} do not allow them to be "
        "given on."
    )


@view("snapshot.read")
def read_held_back(work: Work) -> list[str]:
    """Whose figures the tenant has that no snapshot holds, as people call them."""
    if not imports.ids_of_kinds(work, KINDS_HELD_BACK):
        return []
    return [title for title, licence in GIVER.values() if not licence.redistribution]


def refuse_held_back(sources: Iterable[Source]) -> None:
    """NotGivenOn where a figure behind an input may not be given on."""
    for source in sources:
        for fact in source.facts:
            if not may_be_given_on(fact):
                title, licence = GIVER[fact.form]
                raise NotGivenOn(title=title, terms=licence.name)
