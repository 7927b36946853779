"""Where a merger begins: both companies from filed facts, the offer and its costs by defaults.

No market price is shipped: a share costs a round multiple of its filed earnings until somebody
states its price. Without a target, a tenth of the acquirer stands in for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from valor_core.coverage.bridge_facts import cash, debt
from valor_core.coverage.currency import refuse_mixed
from valor_core.coverage.figures import Figures, Told, assumed, derived
from valor_core.coverage.prefill import (
    DEBT_SPREAD,
    RISK_FREE,
    Named,
    Prefilled,
    Sources,
    prefill_dcf,
)
from valor_core.models.dilution import Shares
from valor_core.models.merger.allocation import Books
from valor_core.models.merger.consideration import Offer
from valor_core.models.merger.financing import Financing
from valor_core.models.merger.merger import MergerInputs, Party
from valor_core.models.merger.synergies import Synergies
from valor_core.models.paths import over_years
from valor_core.values import FiledFact, Source

YEARS, JUDGED_YEAR = 5, 3
EARNINGS_MULTIPLE, REVENUE_MULTIPLE = 15.0, 1.0
PREMIUM, FROM_DEBT = 0.30, 0.50
FEES = 0.01  # of the price, and of the debt
SAVED = 0.05  # of the target's operating costs
PHASES, SPENT = (1 / 3, 2 / 3, 1.0, 1.0, 1.0), (0.5, 0.5, 0.0, 0.0, 0.0)
SYNERGY_RATE = 0.09
STAND_IN = 0.1  # of the acquirer


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A second company that has filed, and its facts."""

    company: Named
    id: str
    facts: Iterable[FiledFact]


def target_of(inputs: Any) -> str:
    """The id of the company that is bought; nothing where its figures were typed."""
    return inputs.target.company if isinstance(inputs, MergerInputs) else ""


def with_target(now: MergerInputs, start: MergerInputs) -> MergerInputs:
    """The deal with the target of another start, and what follows from its figures."""
    return replace(
        now,
        target=start.target,
        synergies=start.synergies,
        financing=start.financing,
        write_ups=start.write_ups,
        offer=now.offer if now.offer.price is None else start.offer,
    )


def prefill_merger(
    company: Named,
    facts: Iterable[FiledFact],
    *,
    as_of: date | None = None,
    target: Target | None = None,
) -> Prefilled:
    """The start of a merger as known on a day; what a DCF refuses is refused here too."""
    told = Sources()
    ours = _Filer(company, facts, as_of, told, "acquirer")
    acquirer = ours.party()
    warnings = [f"{company.name}: {warning}" for warning in ours.dcf.warnings]
    if target is None:
        bought = _stand_in(acquirer, told)
    else:
        theirs = _Filer(target.company, target.facts, as_of, told, "target")
        names = f"{company.name} and {target.company.name}"
        refuse_mixed(names, {ours.dcf.currency, theirs.dcf.currency})
        bought = replace(theirs.party(), company=target.id)
        warnings += [f"{target.company.name}: {warning}" for warning in theirs.dcf.warnings]
        warnings += _of_years(names, ours.figures.year, theirs.figures.year)
    warnings.append(
        "No write-up is stated: all that is paid above net assets is goodwill, which is not "
        "amortised. Charges of written-up assets would lower earnings per share."
    )
    return Prefilled(
        inputs=_deal(told, acquirer, bought),
        sources=told.sources,
        warnings=tuple(warnings),
        currency=ours.dcf.currency,
    )


def _of_years(names: str, ours: int, theirs: int) -> list[str]:
    if ours == theirs:
        return []
    return [f"The newest years of {names} are FY{ours} and FY{theirs}: they are added as they are."]


def _deal(told: Sources, acquirer: Party, target: Party) -> MergerInputs:
    price = target.share_price * (1.0 + PREMIUM) * target.shares.basic
    costs = target.revenue[0] - target.ebit[0]
    return MergerInputs(
        acquirer=acquirer,
        target=target,
        offer=Offer(
            premium=told.default("offer.premium", PREMIUM, "a usual premium"),
            cash=told.default("offer.cash", 0.0, "none: state what cash on hand pays"),
            debt=told.default("offer.debt", FROM_DEBT, "half from new debt, half in stock"),
        ),
        financing=_financing(told, price),
        synergies=_synergies(told, max(costs, 0.0)),
        judged_year=JUDGED_YEAR,
    )


def _financing(told: Sources, price: float) -> Financing:
    def number(name: str, value: float, why: str) -> float:
        return told.default(f"financing.{name}", value, why)

    debt_rate = RISK_FREE + DEBT_SPREAD
    on_debt = round(FEES * FROM_DEBT * price, -5)
    return Financing(
        cash_rate=number("cash_rate", RISK_FREE, "ten-year government bond, a round figure"),
        debt_rate=number("debt_rate", debt_rate, f"risk-free rate + {DEBT_SPREAD:.1%}"),
        advisory_fees=number("advisory_fees", round(FEES * price, -5), "1 % of the first price"),
        financing_fees=number("financing_fees", on_debt, "1 % of the debt in the first price"),
        financing_fees_life=number("financing_fees_life", 5.0, "a usual term of the debt"),
        issue_costs=number("issue_costs", 0.0, "none: shares go to the target's owners"),
        refinanced=number("refinanced", 0.0, "none: the target's debt stays"),
        refinanced_rate=number("refinanced_rate", 0.0, "not used without refinanced debt"),
        others_from_debt=number("others_from_debt", 1.0, "fees are borrowed"),
    )


def _synergies(told: Sources, costs: float) -> Synergies:
    def number(name: str, value: float, why: str) -> float:
        return told.default(f"synergies.{name}", value, why)

    def row(name: str, values: Sequence[float], why: str) -> Sequence[float]:
        told.sources[f"synergies.{name}"] = assumed(values[0], why).source
        return values

    saved = round(SAVED * costs, -5)
    half = "a year's savings, half of it in year 1 and half in year 2"
    return Synergies(
        costs_saved=number("costs_saved", saved, "5 % of the target's operating costs, a guess"),
        added_revenue=number("added_revenue", 0.0, "none: state what both sell more"),
        added_margin=number("added_margin", 0.0, "not used without added revenue"),
        phasing=row("phasing", PHASES, "a third in year 1, two thirds in year 2, then all"),
        costs_to_achieve=row("costs_to_achieve", [part * saved for part in SPENT], half),
        discount_rate=number("discount_rate", SYNERGY_RATE, "a round rate of an operating risk"),
        growth=number("growth", 0.0, "savings that last and do not grow"),
    )


class _Filer:
    """One side of the deal as its filings tell it, under its path in the inputs."""

    def __init__(
        self,
        company: Named,
        facts: Iterable[FiledFact],
        as_of: date | None,
        told: Sources,
        side: str,
    ) -> None:
        known = list(facts)
        self.dcf = prefill_dcf(company, known, as_of=as_of)
        self.figures = Figures(known, as_of)
        self.told, self.side = told, side

    def party(self) -> Party:
        """The company before the deal, forecast as a DCF of it begins."""
        start = self.dcf.inputs
        revenue = [start.revenue * (1.0 + start.growth.start) ** t for t in range(1, YEARS + 1)]
        margins = over_years(start.margin, YEARS, name="margin")
        self._row("revenue", f"{start.growth.start:.1%} growth a year", "revenue", "growth.start")
        moves = " that moves to a mature one" if start.margin.end else ""
        self._row("ebit", f"EBIT margin of {start.margin.start:.1%}{moves}", "margin.start")
        depreciation = None
        if start.depreciation is not None:
            share = start.depreciation.start
            depreciation = [share * each for each in revenue]
            self._row("depreciation", f"{share:.1%} of revenue", "depreciation.start")
        tax = self.dcf.sources["tax.start"]
        self.told.sources[f"{self.side}.tax"] = replace(tax, text=tax.text.split(", fading")[0])
        self.told.sources[f"{self.side}.shares.basic"] = self.dcf.sources["shares.basic"]
        return Party(
            share_price=self._number("share_price", self._price(start.shares.basic)),
            shares=start.shares,
            tax=start.tax.start,
            revenue=revenue,
            ebit=[sold * margin for sold, margin in zip(revenue, margins, strict=True)],
            depreciation=depreciation,
            net_interest=[self._number("net_interest", self._interest())] * YEARS,
            books=self._books(),
        )

    def _number(self, name: str, told: Told) -> float:
        return self.told.number(f"{self.side}.{name}", told)

    def _row(self, name: str, rule: str, *of: str) -> None:
        """The source of a row: a rule over what the DCF begins with."""
        facts = [fact for path in of for fact in self.dcf.sources[path].facts]
        text = f"{rule}, from the filed FY{self.figures.year}"
        source: Source = derived(0.0, text, *dict.fromkeys(facts)).source
        self.told.sources[f"{self.side}.{name}"] = source

    def _price(self, shares: float) -> Told:
        income, revenue = self.figures.at("net_income"), self.figures.at("revenue")
        count = self.dcf.sources["shares.basic"].facts
        if income is not None and income.value > 0.0:
            price = round(EARNINGS_MULTIPLE * income.value / shares, 2)
            return derived(
                price,
                f"{EARNINGS_MULTIPLE:g} × earnings of FY{self.figures.year} a share: no market "
                "price is at hand, state the one of the market",
                income,
                *count,
            )
        assert revenue is not None  # a DCF has refused its absence
        return derived(
            round(REVENUE_MULTIPLE * revenue.value / shares, 2),
            f"{REVENUE_MULTIPLE:g} × revenue of FY{self.figures.year} a share, since nothing was "
            "earned: state the price of the market",
            revenue,
            *count,
        )

    def _interest(self) -> Told:
        """What stands between EBIT and income before tax, so that net income is the filed one."""
        year = self.figures.year
        ebit, pretax = self.figures.ebit(year), self.figures.pretax(year)
        assert ebit is not None  # a DCF has refused its absence
        if pretax is None:
            return assumed(0.0, "no income before tax is filed: taken as none until you state it")
        return derived(
            pretax.amount - ebit.amount,
            f"income before tax − EBIT of FY{year}, other income included, kept as it is",
            *dict.fromkeys((*pretax.facts, *ebit.facts)),
        )

    def _books(self) -> Books | None:
        """The filed balance sheet; what is neither debt nor equity is an operating liability."""
        figures = self.figures
        assets, equity = figures.at("total_assets"), figures.at("stockholders_equity")
        liquid, owed, goodwill = cash(figures), debt(figures), figures.at("goodwill")
        if assets is None or equity is None or liquid.value is None:
            return None
        year, old = figures.year, goodwill.value if goodwill else 0.0
        if owed.value is None:
            owed = assumed(0.0, "no debt is filed: taken as none until you state it")
        paid = (goodwill,) if goodwill else ()
        identifiable = derived(
            assets.value - liquid.value - old,
            f"assets − cash − goodwill of FY{year}",
            assets, *liquid.facts, *paid,
        )  # fmt: skip
        others = derived(
            assets.value - owed.amount - equity.value,
            f"assets − debt − shareholders' equity of FY{year}, minorities included",
            assets, *owed.facts, equity,
        )  # fmt: skip
        old_goodwill = (
            derived(old, f"goodwill of FY{year}, as filed", *paid)
            if paid
            else assumed(0.0, "no goodwill is filed")
        )
        return Books(
            identifiable_assets=self._number("books.identifiable_assets", identifiable),
            cash=self._number("books.cash", liquid),
            goodwill=self._number("books.goodwill", old_goodwill),
            operating_liabilities=self._number("books.operating_liabilities", others),
            debt=self._number("books.debt", owed),
        )


def _stand_in(acquirer: Party, told: Sources) -> Party:
    """A tenth of the acquirer, at its price and its tax."""
    why = "a tenth of the acquirer's, until a target is chosen or its figures are typed"
    same = "the acquirer's, until a target is chosen or its figures are typed"
    part = replace(
        acquirer,
        shares=Shares(basic=STAND_IN * acquirer.shares.basic),
        revenue=STAND_IN * acquirer.revenue,
        ebit=STAND_IN * acquirer.ebit,
        depreciation=None if acquirer.depreciation is None else STAND_IN * acquirer.depreciation,
        net_interest=None if acquirer.net_interest is None else STAND_IN * acquirer.net_interest,
        books=None if acquirer.books is None else _tenth(acquirer.books),
    )
    for path in [path for path in told.sources if path.startswith("acquirer.")]:
        text = same if path in ("acquirer.share_price", "acquirer.tax") else why
        told.sources[path.replace("acquirer", "target", 1)] = assumed(0.0, text).source
    return part


def _tenth(books: Books) -> Books:
    return Books(
        identifiable_assets=STAND_IN * books.identifiable_assets,
        cash=STAND_IN * books.cash,
        goodwill=STAND_IN * books.goodwill,
        operating_liabilities=STAND_IN * books.operating_liabilities,
        debt=STAND_IN * books.debt,
    )
