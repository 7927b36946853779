"""The leveraged buyout: from the purchase through the debt to what each holder makes."""

from dataclasses import dataclass, field, fields, replace
from itertools import pairwise

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.lbo.covenants import Covenant, CovenantTest, TestedYear, covenant_test
from valor_core.models.lbo.debt import (
    InterestOn,
    Release,
    Sweep,
    Terms,
    YearOfDebt,
    debt_schedule,
    release_of,
)
from valor_core.models.lbo.effective_interest import EffectiveInterestResult
from valor_core.models.lbo.events import AddOn, Recapitalisation, Refinancing
from valor_core.models.lbo.funding import Funding, Purchase, commitment_fee, sources_and_uses
from valor_core.models.lbo.holders import Claims, Holders, HurdleOn, claims_of, split
from valor_core.models.lbo.operations import (
    OperatingForecast,
    Operations,
    operating_forecast,
)
from valor_core.models.lbo.refusals import (
    BandsNotRising,
    EventOutOfRange,
    ExitOutOfRange,
    NoSuchTranche,
    PhaseInTooShort,
    SponsorEquityNotPositive,
    YearLengthNotPositive,
)
from valor_core.models.lbo.service import repayments_allowed
from valor_core.models.lbo.sole_rate import sole_rate_of
from valor_core.models.lbo.sound import where_sound
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Path, constant, over_years
from valor_core.models.refusals import YearsOutOfRange
from valor_core.models.several import highest, total
from valor_core.models.taxes import Taxes

MOST_YEARS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LboInputs:
    """A buyout as a sponsor plans it. Rates and shares are fractions; tranches by seniority."""

    years: int = field(metadata=says("forecast years", Unit.YEARS))
    exit_year: int = field(metadata=says("year at whose end the company is sold", Unit.YEARS))
    purchase: Purchase = field(metadata=says("what is bought"))
    operations: Operations = field(metadata=says("the operating case"))
    taxes: Taxes = field(metadata=says("how profits are taxed"))
    tranches: tuple[Tranche, ...] = field(default=(), metadata=says("term debt by seniority"))
    revolver: Revolver | None = field(default=None, metadata=says("the revolver"))
    base_rate: Path = field(
        default=constant(0.0), metadata=says("base rate of what floats", Unit.RATE)
    )
    interest_on: InterestOn = field(
        default=InterestOn.AVERAGE, metadata=says("balance that bears interest")
    )
    minimum_cash: Numbers = field(
        default=0.0, metadata=says("cash that the company needs", Unit.MONEY)
    )
    cash_rate: Numbers | None = field(
        default=None, metadata=says("interest on cash at the year's start; none: none", Unit.RATE)
    )
    sweep: Sweep = field(default=Sweep(), metadata=says("what excess cash repays"))
    exit_multiple: Numbers = field(metadata=says("exit multiple of EBITDA", Unit.RATIO))
    exit_costs: Numbers = field(
        default=0.0, metadata=says("cost of the sale as a share of enterprise value", Unit.RATE)
    )
    holders: Holders = field(default=Holders(), metadata=says("how the equity is split"))
    covenants: tuple[Covenant, ...] = field(default=(), metadata=says("maintenance tests"))
    refinancings: tuple[Refinancing, ...] = field(default=(), metadata=says("debt replaced"))
    add_ons: tuple[AddOn, ...] = field(default=(), metadata=says("companies bought later"))
    recapitalisations: tuple[Recapitalisation, ...] = field(
        default=(), metadata=says("distributions before the exit")
    )
    year_length: Numbers = field(
        default=1.0,
        metadata=says("length of a year as the IRR counts it, such as 365.25/365", Unit.YEARS),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheResult:
    """A tranche over the years; opening + PIK + drawn − repaid − refinanced = closing."""

    opening: Row = field(metadata=says("balance at the year's start", Unit.MONEY))
    cash_interest: Row = field(metadata=says("interest paid in cash", Unit.MONEY))
    pik_interest: Row = field(
        metadata=says("interest added to the balance", Unit.MONEY, label="PIK interest")
    )
    mandatory: Row = field(metadata=says("repaid by contract", Unit.MONEY))
    swept: Row = field(metadata=says("repaid by the sweep", Unit.MONEY))
    drawn: Row = field(metadata=says("drawn at the year's end", Unit.MONEY))
    refinanced: Row = field(metadata=says("repaid by other debt at its end", Unit.MONEY))
    closing: Row = field(metadata=says("balance at the year's end", Unit.MONEY))
    release: EffectiveInterestResult | None = field(
        metadata=says("its costs by effective interest; none: it had none")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RevolverResult:
    """The revolver over the years; below 0 repaid is drawn."""

    cost: Row = field(metadata=says("interest and fee on what is not drawn", Unit.MONEY))
    repaid: Row = field(metadata=says("repaid in the year; below 0: drawn", Unit.MONEY))
    closing: Row = field(metadata=says("drawn at the year's end", Unit.MONEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitFlows:
    """The sponsor's flows for one exit year with distributions before it."""

    flows: Row = field(metadata=says("paid at close, then received at each year's end", Unit.MONEY))
    irr: Numbers = field(metadata=says("rate a forecast year", Unit.RATE, label="IRR a year"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """The same deal without its distributions before the exit."""

    moic: Numbers = field(metadata=says("sponsor's multiple of money", Unit.RATIO, label="MOIC"))
    irr: Numbers = field(metadata=says("sponsor's rate of return", Unit.RATE, label="IRR"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LboResult:
    """A buyout with every line on the way to the sponsor's return.

    Rows from `exit_enterprise_value` on say what an exit at the end of each year would bring.
    """

    funding: Funding = field(metadata=says("sources and uses at close"))
    revenues: Row = field(metadata=says("revenue", Unit.MONEY))
    ebitda: Row = field(metadata=says("EBITDA", Unit.MONEY, label="EBITDA"))
    depreciation: Row = field(metadata=says("depreciation", Unit.MONEY))
    capital_expenditure: Row = field(metadata=says("capital expenditure", Unit.MONEY))
    working_capital_added: Row = field(metadata=says("working capital added", Unit.MONEY))
    interest_on_cash: Row = field(metadata=says("income on cash", Unit.MONEY))
    cash_interest: Row = field(metadata=says("interest and fees paid in cash", Unit.MONEY))
    pik_interest: Row = field(
        metadata=says("interest added to balances", Unit.MONEY, label="PIK interest")
    )
    costs_released: Row = field(metadata=says("costs of borrowing released", Unit.MONEY))
    costs_unamortised: Row = field(
        metadata=says("costs not yet released, written off at an exit", Unit.MONEY)
    )
    interest_deducted: Row = field(metadata=says("interest deducted from profit", Unit.MONEY))
    interest_carried: Row = field(metadata=says("interest carried forward", Unit.MONEY))
    taxable_profit: Row = field(metadata=says("profit before losses carried forward", Unit.MONEY))
    losses_carried: Row = field(metadata=says("losses carried forward", Unit.MONEY))
    tax: Row = field(metadata=says("tax", Unit.MONEY))
    free_cash_flow: Row = field(
        metadata=says("cash after interest and tax, before repayments", Unit.MONEY)
    )
    mandatory: Row = field(metadata=says("repaid by contract", Unit.MONEY))
    sweep_share: Row = field(metadata=says("part of excess cash swept", Unit.RATE))
    swept: Row = field(metadata=says("repaid by the sweep", Unit.MONEY))
    call_premiums: Row = field(metadata=says("premiums of refinancings", Unit.MONEY))
    raising_costs: Row = field(metadata=says("discounts and fees of later draws", Unit.MONEY))
    spent_on_add_ons: Row = field(metadata=says("paid for companies bought", Unit.MONEY))
    distributions: Row = field(metadata=says("paid to the owners before the exit", Unit.MONEY))
    shortfall: Row = field(metadata=says("cash missing to pay what is due", Unit.MONEY))
    cash: Row = field(metadata=says("cash at the year's end", Unit.MONEY))
    debt: Row = field(metadata=says("face of all debt at its end", Unit.MONEY))
    net_debt: Row = field(metadata=says("debt less cash at its end", Unit.MONEY))
    repaid: Row = field(metadata=says("repaid beyond contract; below 0: drawn", Unit.MONEY))
    repayments_allowed: Row = field(
        metadata=says("the same out of the cash that this interest and tax leave", Unit.MONEY)
    )
    revolver: RevolverResult | None = field(metadata=says("the revolver"))
    tranches: tuple[TrancheResult, ...] = field(metadata=says("each tranche"))
    covenants: tuple[CovenantTest, ...] = field(metadata=says("each covenant"))
    exit_enterprise_value: Row = field(metadata=says("exit multiple × EBITDA", Unit.MONEY))
    exit_costs: Row = field(metadata=says("cost of the sale", Unit.MONEY))
    exit_equity: Row = field(metadata=says("what the sale leaves for the equity", Unit.MONEY))
    preferred_claim: Row = field(metadata=says("what is owed to preferred", Unit.MONEY))
    management_proceeds: Row = field(metadata=says("to the managers' options", Unit.MONEY))
    rollover_proceeds: Row = field(metadata=says("to the rollover at the exit", Unit.MONEY))
    sponsor_proceeds: Row = field(metadata=says("to the sponsor at the exit", Unit.MONEY))
    sponsor_distributions: Row = field(metadata=says("to the sponsor before the exit", Unit.MONEY))
    from_ebitda_growth: Row = field(
        metadata=says("own EBITDA added × entry multiple", Unit.MONEY, label="From EBITDA growth")
    )
    from_add_ons: Row = field(metadata=says("EBITDA bought × entry multiple", Unit.MONEY))
    from_multiple: Row = field(metadata=says("multiple added × exit EBITDA", Unit.MONEY))
    from_deleveraging: Row = field(metadata=says("net debt repaid since close", Unit.MONEY))
    from_distributions: Row = field(metadata=says("paid to the owners meanwhile", Unit.MONEY))
    from_costs: Row = field(metadata=says("fees and discounts at close, cost of sale", Unit.MONEY))
    from_limited_liability: Row = field(metadata=says("debt that a sale leaves unpaid", Unit.MONEY))
    value_created: Row = field(
        metadata=says("equity and distributions less equity paid in", Unit.MONEY)
    )
    moic_by_exit: Row = field(
        metadata=says("sponsor's multiple of money", Unit.RATIO, label="MOIC by exit year")
    )
    irr_by_exit: Row = field(
        metadata=says("sponsor's rate of return", Unit.RATE, label="IRR by exit year")
    )
    flows_by_exit: tuple[ExitFlows, ...] = field(
        metadata=says("exits after a distribution, by year")
    )
    without_distributions: Counterfactual | None = field(
        metadata=says("the same deal without distributions")
    )
    breached: Numbers = field(metadata=says("1 if a covenant is breached by the exit", Unit.RATIO))
    total_shortfall: Numbers = field(metadata=says("cash missing until the exit", Unit.MONEY))
    peak_revolver: Numbers = field(metadata=says("most drawn on the revolver", Unit.MONEY))
    equity_moic: Numbers = field(
        metadata=says("multiple of all equity paid in", Unit.RATIO, label="Equity MOIC")
    )
    moic: Numbers = field(metadata=says("sponsor's multiple of money", Unit.RATIO, label="MOIC"))
    irr: Numbers = field(metadata=says("sponsor's rate of return", Unit.RATE, label="IRR"))


@guarded
def leveraged_buyout(inputs: LboInputs) -> LboResult:
    """Buy a company with debt, serve the debt from its cash, sell it and pay who holds it.

    >>> from valor_core.models.paths import constant
    >>> deal = LboInputs(years=5, exit_year=5, exit_multiple=8.0,
    ...     purchase=Purchase(ebitda=100.0, multiple=8.0),
    ...     tranches=(Tranche(face=400.0, cash_rate=0.1, sweeps=True),),
    ...     operations=Operations(revenue=500.0, growth=constant(0.0), margin=constant(0.2),
    ...         depreciation=constant(0.0), capital_expenditure=constant(0.0),
    ...         working_capital=constant(0.0)),
    ...     taxes=Taxes(rate=constant(0.25)))
    >>> result = leveraged_buyout(deal)
    >>> print(f"{result.moic:.3f}", f"{result.irr:.4f}", result.net_debt.round(1))
    1.683 0.1097 [353.2 302.9 248.5 190.  126.9]
    """
    held = hold(inputs)
    funding, forecast, debt = held.funding, held.forecast, held.debt
    equity = _paid_in(inputs, funding)
    exits = exits_of(inputs, held, claims_of(inputs.holders, equity, funding.rollover))
    bridge = _bridge(inputs, funding, forecast, debt, exits)
    tests = tuple(covenant_test(covenant, _tested(forecast, debt)) for covenant in inputs.covenants)
    last, now = inputs.exit_year - 1, slice(inputs.exit_year)
    paid_in = equity + funding.rollover
    received = [
        exits.sponsor[last], exits.rollover[last], *(year.distribution for year in debt[now])
    ]  # fmt: skip
    return LboResult(
        funding=funding,
        revenues=row_of(forecast.revenues),
        ebitda=row_of(forecast.ebitda),
        depreciation=row_of(forecast.depreciation),
        capital_expenditure=row_of(forecast.capital_expenditure),
        working_capital_added=row_of(forecast.working_capital_added),
        **_debt_rows(inputs, debt),
        revolver=_revolver_rows(inputs, debt),
        tranches=tuple(
            _tranche_rows(debt, place, release) for place, release in enumerate(held.releases)
        ),
        covenants=tests,
        exit_enterprise_value=row_of(exits.enterprise_value),
        exit_costs=row_of(exits.costs),
        exit_equity=row_of(exits.equity),
        preferred_claim=row_of(exits.claim),
        management_proceeds=row_of(exits.management),
        rollover_proceeds=row_of(exits.rollover),
        sponsor_proceeds=row_of(exits.sponsor),
        sponsor_distributions=row_of(exits.distributed),
        **bridge,
        moic_by_exit=row_of(exits.moic),
        irr_by_exit=row_of(exits.irr),
        flows_by_exit=tuple(exits.flows),
        without_distributions=_without_distributions(inputs),
        breached=_any_breach(tests, now),
        total_shortfall=total([year.served.shortfall for year in debt[now]]),
        peak_revolver=highest([year.served.revolver for year in debt[now]]),
        equity_moic=total(received) / paid_in,
        moic=exits.moic[last],
        irr=exits.irr[last],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LboReturns:
    """What a simulation keeps of each scenario: the exit, without the rows of years."""

    breached: Numbers = field(metadata=says("1 if a covenant is breached by the exit", Unit.RATIO))
    total_shortfall: Numbers = field(metadata=says("cash missing until the exit", Unit.MONEY))
    net_debt: Numbers = field(metadata=says("debt less cash at the exit", Unit.MONEY))
    exit_equity: Numbers = field(metadata=says("what the sale leaves for the equity", Unit.MONEY))
    moic: Numbers = field(metadata=says("sponsor's multiple of money", Unit.RATIO, label="MOIC"))
    irr: Numbers = field(metadata=says("sponsor's rate of return", Unit.RATE, label="IRR"))


@guarded
def lbo_returns(inputs: LboInputs) -> LboReturns:
    """The same deal, told by its exit alone; scenarios are best given some 8,000 at a time."""
    held, last = hold(inputs), inputs.exit_year - 1
    equity = _paid_in(inputs, held.funding)
    claims = claims_of(inputs.holders, equity, held.funding.rollover)
    exits = exits_of(inputs, held, claims, since=inputs.exit_year)
    years = _tested(held.forecast, held.debt)
    tests = tuple(covenant_test(covenant, years) for covenant in inputs.covenants)
    return LboReturns(
        breached=_any_breach(tests, slice(inputs.exit_year)),
        total_shortfall=total(year.served.shortfall for year in held.debt[: last + 1]),
        net_debt=held.debt[last].debt - held.debt[last].cash,
        exit_equity=exits.equity[0],
        moic=exits.moic[0],
        irr=exits.irr[0],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The company from close on, whoever holds its equity."""

    funding: Funding
    forecast: OperatingForecast
    releases: list[Release]
    debt: list[YearOfDebt]


def hold(inputs: LboInputs) -> Held:
    """Fund the purchase, run the operating case and serve the debt."""
    _refuse_structure(inputs)
    funding = sources_and_uses(inputs.purchase, inputs.tranches, inputs.revolver)
    forecast = operating_forecast(inputs.operations, inputs.years, inputs.add_ons)
    terms = _terms(inputs)
    releases = [release_of(terms, tranche) for tranche in inputs.tranches]
    debt = debt_schedule(
        terms, forecast, releases, cash=funding.opening_cash, ebitda=inputs.purchase.ebitda
    )
    return Held(funding=funding, forecast=forecast, releases=releases, debt=debt)


def _refuse_structure(inputs: LboInputs) -> None:
    """Refuse years, places and bands that no number could mend."""
    years = inputs.years
    if not 1 <= years <= MOST_YEARS:
        raise YearsOutOfRange(years=years, most=MOST_YEARS)
    if not 1 <= inputs.exit_year <= years:
        raise ExitOutOfRange(year=inputs.exit_year, years=years)
    for name, events, last in (
        ("refinancing", inputs.refinancings, years),
        ("add-on", inputs.add_ons, years - 1),
        ("recapitalisation", inputs.recapitalisations, years),
    ):
        for event in events:
            if not 1 <= event.year <= last:
                raise EventOutOfRange(event=name, year=event.year, last=last)
    for place in _places(inputs):
        if not 1 <= place <= len(inputs.tranches):
            raise NoSuchTranche(tranche=place, count=len(inputs.tranches))
    if any(purchase.phase_in < 1 for purchase in inputs.add_ons):
        raise PhaseInTooShort


def _places(inputs: LboInputs) -> list[int]:
    """Every tranche that something names."""
    events = (*inputs.refinancings, *inputs.add_ons, *inputs.recapitalisations)
    return [
        *(draw.tranche for event in events for draw in event.draws),
        *(change.tranche for change in inputs.refinancings),
    ]


def _paid_in(inputs: LboInputs, funding: Funding) -> Numbers:
    """The sponsor's equity, where it is an investment and all terms are sound."""
    equity, holders, pool = funding.sponsor_equity, inputs.holders, inputs.holders.pool
    equity = valid_where(
        equity > 0.0, equity, SponsorEquityNotPositive, equity=equity, uses=funding.total_uses
    )
    shares = {"preferred part": holders.preferred}
    if inputs.sweep.share is not None:
        shares["part swept"] = inputs.sweep.share
    for place, step in enumerate(inputs.sweep.steps, 1):
        shares[f"part swept from step {place}"] = step.share
    if holders.rollover_share is not None:
        shares["rollover's part"] = holders.rollover_share
    taxes, length = inputs.taxes, inputs.year_length
    equity = valid_where(length > 0.0, equity, YearLengthNotPositive, length=length)
    if taxes.loss_limit is not None:
        shares["part of profit that losses shelter"] = taxes.loss_limit
    if taxes.interest_cap is not None:
        shares["cap on interest"] = taxes.interest_cap
    amounts = {
        "minimum cash": inputs.minimum_cash,
        "exit multiple": inputs.exit_multiple,
        "losses carried forward": taxes.losses,
    }
    if taxes.interest_carried is not None:
        amounts["interest carried forward"] = taxes.interest_carried
    if pool is not None:
        shares["managers' part"] = pool.share
        for place, band in enumerate(pool.bands, 1):
            shares[f"managers' part in band {place}"] = band.share
        amounts |= {"strike": pool.strike, "cliff": pool.cliff_years}
        equity = _rising(equity, [band.hurdle for band in pool.bands])
    return where_sound(
        equity,
        amounts=amounts,
        shares=shares,
        rates={"return of the preferred": holders.preferred_rate, "exit costs": inputs.exit_costs},
    )


def _rising(value: Numbers, hurdles: list[Numbers]) -> Numbers:
    """The value, where each hurdle is above the one before."""
    for before, hurdle in pairwise(hurdles):
        value = valid_where(hurdle > before, value, BandsNotRising, hurdle=hurdle, before=before)
    return value


def _terms(inputs: LboInputs) -> Terms:
    return Terms(
        years=inputs.years,
        tranches=inputs.tranches,
        revolver=inputs.revolver,
        base_rates=over_years(inputs.base_rate, inputs.years, name="base_rate"),
        minimum_cash=inputs.minimum_cash,
        cash_rate=inputs.cash_rate,
        sweep=inputs.sweep,
        interest_on=inputs.interest_on,
        taxes=inputs.taxes,
        other_costs=inputs.purchase.financing_fees + commitment_fee(inputs.revolver),
        refinancings=inputs.refinancings,
        add_ons=inputs.add_ons,
        recapitalisations=inputs.recapitalisations,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits:
    """What an exit at the end of each year would bring."""

    enterprise_value: list[Numbers]
    costs: list[Numbers]
    equity: list[Numbers]
    gross_equity: list[Numbers]
    claim: list[Numbers]
    management: list[Numbers]
    rollover: list[Numbers]
    sponsor: list[Numbers]
    distributed: list[Numbers]  # to the sponsor, before an exit
    moic: list[Numbers]
    irr: list[Numbers]
    flows: list[ExitFlows]


def exits_of(inputs: LboInputs, held: Held, claims: Claims, *, since: int = 1) -> Exits:
    """Sell at the end of each year from one on, after its distribution, and pay the holders."""
    exits = Exits(**{each.name: [] for each in fields(Exits)})
    growth = np.power(1.0 + inputs.holders.preferred_rate, inputs.year_length)
    claim, had = claims.preferred, _HadBefore()
    years = zip(held.forecast.ebitda, held.debt, strict=True)
    for number, (ebitda, year) in enumerate(years, 1):
        claim = claim * growth
        interim = split(year.distribution, claims=claims, claim=claim)
        claim, had = claim - interim.preferred, had.after(interim.sponsor, interim.rollover)
        exits.distributed.append(interim.sponsor)
        if number < since:
            continue
        value = ebitda * inputs.exit_multiple
        costs = np.maximum(value, 0.0) * inputs.exit_costs
        gross = value - costs - (year.debt - year.cash)
        equity = np.maximum(gross, 0.0)
        paid = split(
            equity,
            claims=claims,
            claim=claim,
            pool=inputs.holders.pool,
            years=float(number) * inputs.year_length,
            received=had.watched(inputs.holders),
        )
        exits.enterprise_value.append(value)
        exits.costs.append(costs)
        exits.gross_equity.append(gross)
        exits.equity.append(equity)
        exits.claim.append(claim)
        exits.management.append(paid.management)
        exits.rollover.append(paid.rollover)
        exits.sponsor.append(paid.sponsor)
        exits.moic.append((had.sponsor + paid.sponsor) / claims.sponsor)
        exits.irr.append(_irr(inputs, claims.sponsor, exits, number))
    return exits


@dataclass(frozen=True, slots=True, kw_only=True)
class _HadBefore:
    """What the holders received before the exit."""

    sponsor: Numbers = 0.0
    rollover: Numbers = 0.0

    def after(self, sponsor: Numbers, rollover: Numbers) -> "_HadBefore":
        return _HadBefore(sponsor=self.sponsor + sponsor, rollover=self.rollover + rollover)

    def watched(self, holders: Holders) -> Numbers:
        """By those whose multiple opens the bands of a ratchet."""
        pool = holders.pool
        everyone = pool is not None and pool.hurdle_on is HurdleOn.ALL_EQUITY
        return self.sponsor + self.rollover if everyone else self.sponsor


def _irr(inputs: LboInputs, paid: Numbers, exits: Exits, years: int) -> Numbers:
    """The sponsor's rate: of two flows in closed form, of more by the one root that they have."""
    distributed, proceeds = exits.distributed[:years], exits.sponsor[-1]
    if not any(recap.year < years for recap in inputs.recapitalisations):
        multiple = (distributed[-1] + proceeds) / paid
        # As a ufunc: a scalar's operator may differ in the last bit from that of an array.
        return np.power(multiple, 1.0 / (float(years) * inputs.year_length)) - 1.0
    flows = row_of([-paid, *distributed[:-1], distributed[-1] + proceeds])
    rate = sole_rate_of(flows)
    exits.flows.append(ExitFlows(flows=flows, irr=rate))
    return np.power(1.0 + rate, 1.0 / inputs.year_length) - 1.0


def _bridge(
    inputs: LboInputs,
    funding: Funding,
    forecast: OperatingForecast,
    debt: list[YearOfDebt],
    exits: Exits,
) -> dict[str, Row]:
    """Where the value of an exit in each year comes from; the parts tie to what was created.

    Growth counts at the entry multiple, a change of multiple on the exit's EBITDA.
    """
    entry, price = inputs.purchase.ebitda, inputs.purchase.multiple
    net_debt = funding.debt - funding.opening_cash
    paid_in = funding.sponsor_equity + funding.rollover
    costs_at_close = paid_in + net_debt - funding.enterprise_value
    rows: dict[str, list[Numbers]] = {}
    distributed: Numbers = 0.0
    for place, (ebitda, bought, year) in enumerate(
        zip(forecast.ebitda, forecast.acquired_ebitda, debt, strict=True)
    ):
        distributed = distributed + year.distribution
        unpaid = exits.equity[place] - exits.gross_equity[place]
        parts = {
            "from_ebitda_growth": (ebitda - bought - entry) * price,
            "from_add_ons": bought * price,
            "from_multiple": (inputs.exit_multiple - price) * ebitda,
            "from_deleveraging": net_debt - (year.debt - year.cash),
            "from_distributions": distributed,
            "from_costs": -costs_at_close - exits.costs[place],
            "from_limited_liability": unpaid,
            "value_created": exits.equity[place] + distributed - paid_in,
        }
        for name, part in parts.items():
            rows.setdefault(name, []).append(part)
    return {name: row_of(parts) for name, parts in rows.items()}


def _tested(forecast: OperatingForecast, debt: list[YearOfDebt]) -> list[TestedYear]:
    return [
        TestedYear(
            ebitda=forecast.ebitda[place],
            balances=[year.served.revolver, *year.closing],
            cash=year.cash,
            interest=year.served.cash_interest,
            mandatory=_mandatory(year),
            capital_expenditure=forecast.capital_expenditure[place],
            tax=year.served.tax.tax,
            working_capital_added=forecast.working_capital_added[place],
        )
        for place, year in enumerate(debt)
    ]


def _any_breach(tests: tuple[CovenantTest, ...], years: slice) -> Numbers:
    """1 where any test fails in any of these years."""
    if not tests:
        return 0.0
    return highest([np.max(test.breaches[..., years], axis=-1) for test in tests])


def breach_probability(result: LboResult) -> np.ndarray:
    """By covenant and year, the part of the simulated scenarios that are in breach."""
    return np.stack([np.nanmean(test.breaches, axis=0) for test in result.covenants])


def _without_distributions(inputs: LboInputs) -> Counterfactual | None:
    if not inputs.recapitalisations:
        return None
    flat = leveraged_buyout(replace(inputs, recapitalisations=()))
    return Counterfactual(moic=flat.moic, irr=flat.irr)


def _or_nothing(number: Numbers | None) -> Numbers:
    return 0.0 if number is None else number


def _or_all(share: Numbers | None) -> Numbers:
    return 1.0 if share is None else share


def _mandatory(year: YearOfDebt) -> Numbers:
    return total([layer.mandatory for layer in year.served.layers])


def _swept(year: YearOfDebt) -> Numbers:
    return total([layer.swept for layer in year.served.layers])


def _debt_rows(inputs: LboInputs, debt: list[YearOfDebt]) -> dict[str, Row]:
    """The lines of all debt together."""
    rate = 0.0 if inputs.cash_rate is None else inputs.cash_rate
    income = [rate * year.asked.year.cash for year in debt]
    flows = [
        year.asked.year.flow - year.served.cash_interest - year.served.tax.tax for year in debt
    ]
    lines: dict[str, list[Numbers]] = {
        "interest_on_cash": income,
        "cash_interest": [year.served.cash_interest for year in debt],
        "pik_interest": [year.served.pik_interest for year in debt],
        "costs_released": [year.released for year in debt],
        "costs_unamortised": [year.unamortised for year in debt],
        "interest_deducted": [year.served.tax.deducted for year in debt],
        "interest_carried": [_or_nothing(year.served.tax.interest_carried) for year in debt],
        "taxable_profit": [year.served.tax.taxable for year in debt],
        "losses_carried": [year.served.tax.losses for year in debt],
        "tax": [year.served.tax.tax for year in debt],
        "free_cash_flow": flows,
        "mandatory": [_mandatory(year) for year in debt],
        "sweep_share": [_or_all(year.asked.year.sweep) for year in debt],
        "swept": [_swept(year) for year in debt],
        "call_premiums": [year.premium for year in debt],
        "raising_costs": [year.raising_costs for year in debt],
        "spent_on_add_ons": [year.spent_on_add_ons for year in debt],
        "distributions": [year.distribution for year in debt],
        "shortfall": [year.served.shortfall for year in debt],
        "cash": [year.cash for year in debt],
        "debt": [year.debt for year in debt],
        "net_debt": [year.debt - year.cash for year in debt],
        "repaid": [_swept(year) + year.served.revolver_repaid for year in debt],
        "repayments_allowed": [repayments_allowed(year.served, year.asked) for year in debt],
    }
    return {name: row_of(line) for name, line in lines.items()}


def _revolver_rows(inputs: LboInputs, debt: list[YearOfDebt]) -> RevolverResult | None:
    if inputs.revolver is None:
        return None
    return RevolverResult(
        cost=row_of([year.served.revolver_cost for year in debt]),
        repaid=row_of([year.served.revolver_repaid for year in debt]),
        closing=row_of([year.served.revolver for year in debt]),
    )


def _tranche_rows(debt: list[YearOfDebt], place: int, release: Release) -> TrancheResult:
    served = [year.served.layers[place] for year in debt]
    return TrancheResult(
        opening=row_of([year.opening[place] for year in debt]),
        cash_interest=row_of([layer.cash_interest for layer in served]),
        pik_interest=row_of([layer.pik_interest for layer in served]),
        mandatory=row_of([layer.mandatory for layer in served]),
        swept=row_of([layer.swept for layer in served]),
        drawn=row_of([year.drawn[place] for year in debt]),
        refinanced=row_of([year.refinanced[place] for year in debt]),
        closing=row_of([year.closing[place] for year in debt]),
        release=release,
    )
