"""Where a buyout of a company begins: its operations from filed facts, a plain debt package."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from valor_core.coverage.bridge_facts import cash, debt
from valor_core.coverage.figures import Figures, Told, assumed, derived, filed
from valor_core.coverage.prefill import (
    MARGINAL_TAX,
    FactsMissing,
    Named,
    Prefilled,
    Sources,
    prefill_dcf,
)
from valor_core.models.lbo.buyout import LboInputs
from valor_core.models.lbo.funding import Purchase
from valor_core.models.lbo.operations import Operations
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.paths import Fade
from valor_core.models.taxes import Taxes
from valor_core.values import FiledFact

YEARS, EXIT_YEAR = 7, 5
MULTIPLE = 10.0
TERM_LOAN, NOTES, COMMITMENT = 3.0, 1.5, 0.5  # by EBITDA
LOAN_RATE, NOTES_RATE = 0.085, 0.10
MINIMUM_CASH = 0.02  # of revenue
INTEREST_CAP, LOSS_LIMIT = 0.30, 0.80


def prefill_lbo(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """The start of a buyout as known on a day; what a DCF refuses is refused here too."""
    known = list(facts)
    dcf = prefill_dcf(company, known, as_of=as_of)
    figures = Figures(known, as_of)
    revenue, ebit, worn = figures.at("revenue"), figures.ebit(figures.year), figures.at("dna")
    if revenue is None or ebit is None or worn is None or worn.value < 0.0:
        lacking = f"depreciation and amortisation of FY{figures.year}"
        raise FactsMissing(company.name, lacking, as_of)
    ebitda = ebit.amount + worn.value
    if ebitda <= 0.0:
        raise FactsMissing(company.name, f"an EBITDA above 0 for FY{figures.year}", as_of)
    told = Sources()
    rule = f"EBIT + D&A of FY{figures.year}"
    bought = told.number("purchase.ebitda", derived(ebitda, rule, *ebit.facts, worn))
    inputs = LboInputs(
        years=YEARS,
        exit_year=EXIT_YEAR,
        purchase=Purchase(
            ebitda=bought,
            multiple=told.default("purchase.multiple", MULTIPLE, "a round multiple"),
            debt=told.number("purchase.debt", _or_none(debt(figures), "debt")),
            cash=told.number("purchase.cash", _or_none(cash(figures), "cash")),
            fee_rate=told.default("purchase.fee_rate", 0.02, "a usual share of the price"),
        ),
        operations=_operations(told, dcf, figures, revenue, ebitda, (*ebit.facts, worn)),
        taxes=Taxes(
            rate=Fade(start=told.default("taxes.rate.start", MARGINAL_TAX, "marginal rate")),
            loss_limit=told.default("taxes.loss_limit", LOSS_LIMIT, "IRC § 172, since 2018"),
            interest_cap=told.default(
                "taxes.interest_cap", INTEREST_CAP, "IRC § 163(j), of a tax EBITDA"
            ),
        ),
        tranches=_tranches(told, ebitda),
        revolver=_revolver(told, ebitda),
        minimum_cash=told.default(
            "minimum_cash", round(MINIMUM_CASH * revenue.value, -5), "2 % of revenue"
        ),
        exit_multiple=told.default("exit_multiple", MULTIPLE, "sold at the multiple paid"),
    )
    pays = told.default("purchase.cash_used", _spare(inputs), "cash beyond what the company needs")
    inputs = replace(inputs, purchase=replace(inputs.purchase, cash_used=pays))
    return Prefilled(
        inputs=inputs, sources=told.sources, warnings=dcf.warnings, currency=dcf.currency
    )


def _spare(inputs: LboInputs) -> float:
    return max(inputs.purchase.cash - inputs.minimum_cash, 0.0)


def _or_none(told: Told, what: str) -> Told:
    if told.value is not None:
        return told
    return assumed(0.0, f"no {what} is filed: taken as none until you state it")


def _operations(
    told: Sources,
    dcf: Prefilled,
    figures: Figures,
    revenue: FiledFact,
    ebitda: float,
    behind: tuple[FiledFact, ...],
) -> Operations:
    """Growth as the DCF begins; margin, capital expenditure and depreciation of the newest year."""
    year, worn, spent = figures.year, figures.at("dna"), figures.at("capex")
    growth = dcf.sources["growth.start"]
    told.sources["operations.growth.start"] = replace(growth, text=growth.text.split(", kept")[0])
    margin = derived(
        round(ebitda / revenue.value, 4), f"(EBIT + D&A) / revenue of FY{year}", *behind, revenue
    )

    def share(path: str, fact: FiledFact | None, what: str) -> float:
        if fact is None or fact.value < 0.0:
            return told.default(path, 0.0, f"no {what} is filed: state it")
        part = round(fact.value / revenue.value, 4)
        return told.number(path, derived(part, f"{what} / revenue of FY{year}", fact, revenue))

    return Operations(
        revenue=told.number("operations.revenue", filed(revenue)),
        growth=Fade(start=dcf.inputs.growth.start),
        margin=Fade(start=told.number("operations.margin.start", margin)),
        depreciation=Fade(start=share("operations.depreciation.start", worn, "D&A")),
        capital_expenditure=Fade(
            start=share("operations.capital_expenditure.start", spent, "capex")
        ),
        working_capital=Fade(
            start=told.default(
                "operations.working_capital.start", 0.0, "none: state what growth ties up"
            )
        ),
    )


def _tranches(told: Sources, ebitda: float) -> tuple[Tranche, ...]:
    def number(place: int, name: str, value: float, why: str) -> float:
        return told.default(f"tranches[{place}].{name}", value, why)

    return (
        Tranche(
            face=number(0, "face", TERM_LOAN * ebitda, f"{TERM_LOAN:g} × EBITDA"),
            cash_rate=number(0, "cash_rate", LOAN_RATE, "a round rate of a term loan"),
            fee=number(0, "fee", 0.02, "a usual fee"),
            amortisation=Fade(start=number(0, "amortisation.start", 0.01, "1 % a year, as usual")),
            sweeps=True,
        ),
        Tranche(
            face=number(1, "face", NOTES * ebitda, f"{NOTES:g} × EBITDA"),
            cash_rate=number(1, "cash_rate", NOTES_RATE, "a round rate of unsecured notes"),
            fee=number(1, "fee", 0.025, "a usual fee"),
            amortisation=Fade(start=number(1, "amortisation.start", 0.0, "repaid at the exit")),
        ),
    )


def _revolver(told: Sources, ebitda: float) -> Revolver:
    def number(name: str, value: float, why: str) -> float:
        return told.default(f"revolver.{name}", value, why)

    return Revolver(
        commitment=number("commitment", COMMITMENT * ebitda, f"{COMMITMENT:g} × EBITDA"),
        cash_rate=number("cash_rate", LOAN_RATE, "as the term loan"),
        undrawn_fee=number("undrawn_fee", 0.005, "a usual fee"),
    )
