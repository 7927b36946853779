"""What terms forbid to be given on: left out of snapshots, and refused in an export."""

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
