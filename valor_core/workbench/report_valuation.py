"""The report of one company: its saved valuation, or what its filed figures suggest."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from valor_core.coverage import companies, valuations
from valor_core.coverage.prefill import prefill_dcf
from valor_core.coverage.report_document import document_of
from valor_core.coverage.sourcing import load_sources
from valor_core.errors import BadInput
from valor_core.models.codec import load
from valor_core.models.dcf import DcfInputs
from valor_core.store.tables import ValuationRow
from valor_core.store.work import Work
from valor_core.values import CompanyId, Source, SourceKind, ValuationId, from_micros
from valor_core.workbench import people
from valor_core.workbench.licences import refuse_held_back

AS_ZERO = "not in the filed figures; stated as 0 for this report"


def document(work: Work, given: Mapping[str, Any], *, asked_by: str) -> dict[str, Any]:
    """A company's saved valuation, or what the filed facts suggest."""
    company, names = companies.company(work, given["company"]), people.names(work)
    as_of, asker = _day(given["as_of"]), names.get(asked_by, asked_by)
    row = _saved(work, company.id, given["valuation"], as_of)
    if row:
        sources = load_sources(row.sources)
        refuse_held_back(sources.values())
        return document_of(
            company,
            load(DcfInputs, row.inputs),
            _by_name(sources, names),
            parameters=given,
            currency=row.currency,
            warnings=[],
            valuation_id=row.id,
            rationale=row.rationale,
            author=names.get(row.created_by, row.created_by),
            asked_by=asker,
            valued_at=from_micros(row.created_at).isoformat(),
            facts_as_of=row.facts_as_of,
        )
    start = prefill_dcf(company, companies.facts(work, company.id), as_of=as_of)
    refuse_held_back(start.sources.values())
    zeros = start.inputs.bridge.missing if given["missing"] == "zero" else ()
    stated = Source(kind=SourceKind.ASSUMED, text=AS_ZERO, author=asker, stated_on=work.now.date())
    bridge = replace(start.inputs.bridge, **dict.fromkeys(zeros, 0.0))
    told = [f"{item.replace('_', ' ').capitalize()}: {AS_ZERO} by {asker}." for item in zeros]
    return document_of(
        company,
        replace(start.inputs, bridge=bridge),
        {**start.sources, **{f"bridge.{item}": stated for item in zeros}},
        parameters=given,
        currency=start.currency,
        warnings=[*told, *map(str, start.warnings)],
        valuation_id=None,
        rationale="As the filed figures suggest, before anybody's judgement.",
        author=asker,
        asked_by=asker,
        valued_at=work.now.isoformat(),
        facts_as_of=as_of.isoformat() if as_of else None,
    )


def _by_name(sources: Mapping[str, Source], names: Mapping[str, str]) -> dict[str, Source]:
    return {
        path: replace(source, author=names.get(source.author, source.author))
        for path, source in sources.items()
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"as_of: {text!r} is no day.", hint="Write 2024-12-31.") from error


def _saved(
    work: Work, company_id: CompanyId, valuation: str, as_of: date | None
) -> ValuationRow | None:
    """The valuation asked for, else the company's newest DCF known by that day."""
    if not valuation:
        return valuations.newest_of(work, company_id, "dcf", as_of=as_of)
    row = valuations.valuation(work, ValuationId(valuation))
    if row.model != "dcf" or row.company_id != company_id:
        raise BadInput(
            f"Valuation {valuation} is a {row.model} of {row.company_name}.",
            hint="Name a DCF of the same company, or leave `valuation` empty.",
        )
    return row
