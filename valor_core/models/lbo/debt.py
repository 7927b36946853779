"""The debt from close to exit: each year served, then what happens at its end."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.lbo.effective_interest import (
    EffectiveInterestInputs,
    EffectiveInterestResult,
    effective_interest,
)
from valor_core.models.lbo.events import AddOn, Draw, Recapitalisation, Refinancing
from valor_core.models.lbo.funding import financing_fee, issue_discount
from valor_core.models.lbo.operations import OperatingForecast
from valor_core.models.lbo.refusals import CashForEventMissing
from valor_core.models.lbo.service import Asked, Facility, Layer, Served, Year, served
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.numbers import Numbers, row_of, valid_where
from valor_core.models.paths import over_years
from valor_core.models.several import total
from valor_core.models.taxes import CapBase, TaxBase, Taxes, TaxYear

Release = EffectiveInterestResult | None
"""How the costs of a tranche are released; None where it had none."""


class InterestOn(StrEnum):
    """The balance that bears a year's interest."""

    AVERAGE = "average"
    OPENING = "opening"


class SweepOf(StrEnum):
    """The cash that the sweep reaches."""

    CASH_FLOW = "cash_flow"  # what the year brings, as credit agreements have it
    ALL_CASH = "all_cash"  # all above the minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStep:
    """From this leverage on, the part that is swept."""

    leverage: Numbers = field(metadata=says("net debt by EBITDA at the year's start", Unit.RATIO))
    share: Numbers = field(metadata=says("part of excess cash that is swept", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """How much of the excess cash repays debt."""

    share: Numbers | None = field(
        default=None, metadata=says("part swept, below every step; none: all", Unit.RATE)
    )
    steps: tuple[SweepStep, ...] = field(
        default=(), metadata=says("parts by leverage, the highest leverage first")
    )
    of: SweepOf = field(default=SweepOf.CASH_FLOW, metadata=says("the cash that it reaches"))

    def __post_init__(self) -> None:
        settle(self)

    def at(self, net_debt: Numbers, ebitda: Numbers) -> Numbers:
        """The part swept at a leverage; without earnings leverage is above every step."""
        share = 1.0 if self.share is None else self.share
        for step in reversed(self.steps):
            share = np.where(net_debt >= step.leverage * ebitda, step.share, share)
        return share


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that decides how the debt is served."""

    years: int
    tranches: tuple[Tranche, ...]
    revolver: Revolver | None
    base_rates: list[Numbers]
    minimum_cash: Numbers
    cash_rate: Numbers | None
    sweep: Sweep
    interest_on: InterestOn
    taxes: Taxes
    other_costs: Numbers  # of borrowing, of no one tranche
    refinancings: tuple[Refinancing, ...]
    add_ons: tuple[AddOn, ...]
    recapitalisations: tuple[Recapitalisation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfDebt:
    """A year's service and what follows at its end."""

    asked: Asked
    served: Served
    opening: list[Numbers]
    drawn: list[Numbers]
    refinanced: list[Numbers]
    closing: list[Numbers]
    cash: Numbers
    premium: Numbers
    raising_costs: Numbers
    spent_on_add_ons: Numbers
    distribution: Numbers
    released: Numbers
    unamortised: Numbers

    @property
    def debt(self) -> Numbers:
        """All debt at the year's end, the revolver included."""
        return total([self.served.revolver, *self.closing])


def debt_schedule(
    terms: Terms,
    forecast: OperatingForecast,
    releases: list[Release],
    *,
    cash: Numbers,
    ebitda: Numbers,
) -> list[YearOfDebt]:
    """Serve the debt year by year out of the operating case, from the cash after close."""
    balances = [tranche.face for tranche in terms.tranches]
    bases = list(balances)
    drawn = 0.0 if terms.revolver is None else terms.revolver.drawn
    rates = over_years(terms.taxes.rate, terms.years, name="taxes.rate")
    losses, carried = terms.taxes.losses, terms.taxes.interest_carried
    releases = list(releases)  # a refinancing ends one
    shares = [_instalments(tranche, terms.years) for tranche in terms.tranches]
    found: list[YearOfDebt] = []
    for year in range(terms.years):
        share = _share_swept(terms, [drawn, *balances], cash, ebitda)
        ebitda, worn = forecast.ebitda[year], forecast.depreciation[year]
        released = _released(terms, releases, year)
        income = None if terms.cash_rate is None else terms.cash_rate * cash
        flow = ebitda - forecast.capital_expenditure[year] - forecast.working_capital_added[year]
        asked = Asked(
            layers=_layers(terms, balances, _due(shares, bases, year), year),
            facility=_facility(terms, drawn, year),
            year=Year(
                cash=cash,
                flow=flow if income is None else flow + income,
                minimum=terms.minimum_cash,
                kept=_kept(terms, cash),
                sweep=share,
                tax=TaxYear(
                    rate=rates[year],
                    profit=ebitda - worn if income is None else ebitda - worn + income,
                    losses=losses,
                    loss_limit=terms.taxes.loss_limit,
                    interest_carried=carried,
                    cap=_cap(terms.taxes, ebitda, worn, income),
                    levered=terms.taxes.base is TaxBase.LEVERED,
                ),
                released=released if terms.taxes.deducts_costs else 0.0,
                deducts_pik=terms.taxes.deducts_pik,
            ),
        )
        found.append(_ended(terms, year, asked, balances, bases, releases, released))
        done = found[-1].served
        losses, carried = done.tax.losses, done.tax.interest_carried
        balances, cash, drawn = found[-1].closing, found[-1].cash, done.revolver
    return found


def _share_swept(
    terms: Terms, balances: list[Numbers], cash: Numbers, ebitda: Numbers
) -> Numbers | None:
    """The part that is swept; it is asked for by the leverage at the year's start."""
    if not terms.sweep.steps:
        return terms.sweep.share
    return terms.sweep.at(total(balances) - cash, ebitda)


def _rate(rate: Numbers, *, floats: bool, floor: Numbers, base: Numbers) -> Numbers:
    return rate + np.maximum(base, floor) if floats else rate


def _due(
    shares: list[list[Numbers] | None], bases: list[Numbers], year: int
) -> list[Numbers | None]:
    """Each tranche's instalment, of the face that was drawn."""
    return [
        None if share is None else share[year] * basis
        for share, basis in zip(shares, bases, strict=True)
    ]


def _layers(
    terms: Terms, balances: list[Numbers], instalments: list[Numbers | None], year: int
) -> list[Layer]:
    """The tranches at the start of a year. What matures bears interest in full until its end."""
    layers = []
    for tranche, balance, instalment in zip(terms.tranches, balances, instalments, strict=True):
        due = tranche.maturity is not None and tranche.maturity <= year + 1
        layers.append(
            Layer(
                balance=balance,
                cash_rate=_rate(
                    tranche.cash_rate,
                    floats=tranche.floats,
                    floor=tranche.floor,
                    base=terms.base_rates[year],
                ),
                pik_rate=tranche.pik_rate,
                instalment=instalment,
                matures=due,
                averaged=terms.interest_on is InterestOn.AVERAGE and not due,
                sweeps=tranche.sweeps,
                pari_passu=tranche.pari_passu,
            )
        )
    return layers


def _instalments(tranche: Tranche, years: int) -> list[Numbers] | None:
    """What is repaid each year as a share of the face drawn; None where nothing ever is."""
    if tranche.amortisation is None:
        return None
    return over_years(tranche.amortisation, years, name="amortisation")


def _facility(terms: Terms, drawn: Numbers, year: int) -> Facility | None:
    revolver = terms.revolver
    if revolver is None:
        return None
    return Facility(
        balance=drawn,
        commitment=revolver.commitment,
        cash_rate=_rate(
            revolver.cash_rate,
            floats=revolver.floats,
            floor=revolver.floor,
            base=terms.base_rates[year],
        ),
        undrawn_fee=revolver.undrawn_fee,
        averaged=terms.interest_on is InterestOn.AVERAGE,
    )


def _kept(terms: Terms, cash: Numbers) -> Numbers | None:
    """Cash from before that a sweep of the year's cash flow does not reach."""
    if terms.sweep.of is SweepOf.ALL_CASH:
        return None
    return np.maximum(cash - terms.minimum_cash, 0.0)


def _cap(
    taxes: Taxes, ebitda: Numbers, depreciation: Numbers, income: Numbers | None
) -> Numbers | None:
    """The most interest that may be deducted: of earnings, plus the income from interest."""
    if taxes.interest_cap is None:
        return None
    earnings = ebitda if taxes.cap_base is CapBase.EBITDA else ebitda - depreciation
    allowed = taxes.interest_cap * np.maximum(earnings, 0.0)
    return allowed if income is None else allowed + income


def release_of(terms: Terms, tranche: Tranche) -> EffectiveInterestResult | None:
    """The costs of a tranche by effective interest until it matures, at its first rate."""
    if tranche.issue_price is None and tranche.fee is None:
        return None
    life = terms.years if tranche.maturity is None else tranche.maturity
    shares = _instalments(tranche, terms.years) or [0.0]
    shares = [*shares, *[shares[-1]] * life][:life]
    base = terms.base_rates[0]
    return effective_interest(
        EffectiveInterestInputs(
            face=tranche.face,
            costs=issue_discount(tranche) + financing_fee(tranche),
            years=life,
            cash_rate=_rate(
                tranche.cash_rate, floats=tranche.floats, floor=tranche.floor, base=base
            ),
            pik_rate=0.0 if tranche.pik_rate is None else tranche.pik_rate,
            amortisation=row_of(shares),
        )
    )


def _released(terms: Terms, releases: list[Release], year: int) -> Numbers:
    """Costs of borrowing released in the year; those of no one tranche evenly."""
    released = terms.other_costs / float(terms.years)
    for release in releases:
        if release is not None and year < release.charges.shape[-1]:
            released = released + release.charges[..., year]
    return released


def _unamortised(terms: Terms, releases: list[Release], year: int) -> Numbers:
    """Costs of borrowing not released by the year's end."""
    left = terms.other_costs * (1.0 - (year + 1.0) / terms.years)
    for release in releases:
        if release is not None and year < release.unamortised.shape[-1]:
            left = left + release.unamortised[..., year]
    return left


@dataclass(slots=True, kw_only=True)
class _End:
    """The debt at a year's end, while things happen to it."""

    closing: list[Numbers]
    cash: Numbers
    drawn: list[Numbers]
    refinanced: list[Numbers]
    premium: Numbers = 0.0
    raising_costs: Numbers = 0.0
    spent: Numbers = 0.0
    distribution: Numbers = 0.0

    def draw(self, draws: tuple[Draw, ...], bases: list[Numbers]) -> Numbers:
        """What the draws bring; their face amortises from the next year on."""
        proceeds: Numbers = 0.0
        for each in draws:
            place = each.tranche - 1
            self.closing[place] = self.closing[place] + each.face
            self.drawn[place] = self.drawn[place] + each.face
            bases[place] = bases[place] + each.face
            self.raising_costs = self.raising_costs + (each.face - each.proceeds)
            proceeds = proceeds + each.proceeds
        return proceeds

    def pay(self, amount: Numbers, least: Numbers, year: int) -> None:
        """Take cash from the company, where that leaves it the least it needs."""
        left = self.cash - amount
        refusal = partial(CashForEventMissing, year=year + 1)
        enough = left >= least - 1e-9 * (1.0 + np.abs(self.cash))
        self.cash = valid_where(enough, left, refusal, left=left, least=least)


def _ended(
    terms: Terms,
    year: int,
    asked: Asked,
    balances: list[Numbers],
    bases: list[Numbers],
    releases: list[Release],
    released: Numbers,
) -> YearOfDebt:
    """The year served, and at its end refinancings, then add-ons, then distributions."""
    done = served(asked)
    nothing: list[Numbers] = [0.0] * len(balances)
    end = _End(
        closing=[layer.closing for layer in done.layers],
        cash=done.cash,
        drawn=list(nothing),
        refinanced=list(nothing),
    )
    for change in terms.refinancings:
        if change.year == year + 1:
            _refinance(terms, year, change, end, bases, releases)
    for purchase in terms.add_ons:
        if purchase.year == year + 1:
            end.spent = end.spent + purchase.uses
            end.pay(purchase.uses - end.draw(purchase.draws, bases), terms.minimum_cash, year)
    for recap in terms.recapitalisations:
        if recap.year == year + 1:
            end.distribution = end.distribution + end.draw(recap.draws, bases) + recap.from_cash
            end.pay(recap.from_cash, terms.minimum_cash, year)
    return YearOfDebt(
        asked=asked,
        served=done,
        opening=balances,
        drawn=end.drawn,
        refinanced=end.refinanced,
        closing=end.closing,
        cash=end.cash,
        premium=end.premium,
        raising_costs=end.raising_costs,
        spent_on_add_ons=end.spent,
        distribution=end.distribution,
        released=released,
        unamortised=_unamortised(terms, releases, year),
    )


def _refinance(
    terms: Terms,
    year: int,
    change: Refinancing,
    end: _End,
    bases: list[Numbers],
    releases: list[Release],
) -> None:
    """Repay the whole tranche; what its placing cost is written off."""
    place = change.tranche - 1
    balance = end.closing[place]
    premium = balance * change.premium
    end.refinanced[place] = end.refinanced[place] + balance
    end.premium = end.premium + premium
    end.closing[place], bases[place], releases[place] = 0.0, 0.0, None
    end.pay(balance + premium - end.draw(change.draws, bases), terms.minimum_cash, year)
