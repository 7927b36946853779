"""Where three linked statements begin: the filed year as it is, drivers as that year had them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from valor_core.coverage.figures import Figures, Told, assumed, derived
from valor_core.coverage.findings import findings_of
from valor_core.coverage.prefill import (
    DEBT_SPREAD,
    LOSS_LIMIT,
    RISK_FREE,
    Named,
    Prefilled,
    Sources,
    prefill_dcf,
)
from valor_core.coverage.prefill_lbo import INTEREST_CAP, MINIMUM_CASH
from valor_core.coverage.reported import AS_FILED, Lines, reported
from valor_core.models.paths import Fade
from valor_core.models.statements.forecast import BOUNDS
from valor_core.models.statements.plan import Debt, OpeningBalance, StatementsInputs
from valor_core.models.taxes import Taxes
from valor_core.values import FiledFact

YEARS = 5
CASH_RATE = 0.02
RATE_MOST = 0.15
OPENING = (
    "cash", "receivables", "inventory", "other_current_assets", "fixed_assets", "intangibles",
    "other_assets", "payables", "other_current_liabilities", "other_liabilities",
    "minority_interests", "preferred", "retained",
)  # fmt: skip


def prefill_statements(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """The start of three statements as known on a day; what a DCF refuses is refused here too."""
    known = list(facts)
    dcf = prefill_dcf(company, known, as_of=as_of)
    figures = Figures(known, as_of)
    told = Sources()
    filed = _Filed(
        told=told,
        year=figures.year,
        now=reported(figures),
        before=reported(figures.earlier()),
    )
    rate = filed.rate_of_debt()
    inputs = StatementsInputs(
        years=YEARS,
        opening=OpeningBalance(
            **{name: filed.stated(f"opening.{name}", filed.now[name]) for name in OPENING},
            revolver=told.default("opening.revolver", 0.0, "none: all debt has a schedule"),
        ),
        debt=(
            Debt(
                balance=filed.stated("debt[0].balance", filed.now["debt"]),
                rate=Fade(start=told.number("debt[0].rate.start", rate)),
                repaid=filed.nothing("debt[0].repaid", "rolled over: no due dates are read"),
                issued=filed.nothing("debt[0].issued", "none planned"),
            ),
        ),
        revenue=told.number("revenue", filed.now["revenue"]),
        growth=_as_in_the_dcf(told, dcf, "growth"),
        **_operations(filed, dcf),
        taxes=Taxes(
            rate=_as_in_the_dcf(told, dcf, "tax", path="taxes.rate"),
            losses=told.number("taxes.losses", _loss(dcf)),
            loss_limit=told.default("taxes.loss_limit", LOSS_LIMIT, "IRC § 172, since 2018"),
            interest_cap=told.default(
                "taxes.interest_cap", INTEREST_CAP, "IRC § 163(j), of a tax EBITDA"
            ),
        ),
        **_financing(filed, rate),
        shares=told.number("shares", _same(dcf, "shares.basic", dcf.inputs.shares.basic)),
    )
    return Prefilled(
        inputs=inputs,
        sources=told.sources,
        warnings=(*dcf.warnings, *_warnings(figures, filed.now)),
        currency=dcf.currency,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filed:
    """The newest filed year and the one before, and where their numbers are told."""

    told: Sources
    year: int
    now: Lines
    before: Lines

    def stated(self, path: str, line: Told) -> float:
        """A filed amount; what is not filed is none until somebody states it."""
        if line.value is None:
            line = assumed(0.0, f"{line.source.text}: taken as none until you state it")
        return self.told.number(path, line)

    def nothing(self, path: str, why: str) -> list[float]:
        """No amount in any year."""
        return [self.told.default(path, 0.0, why)] * YEARS

    def level(self, name: str, rule: str, part: Told, of: Told, *, scale: float = 1.0) -> Fade:
        """A driver that stays where the filed year has it, within what it can mean."""
        path, (least, most) = f"{name}.start", BOUNDS[name]
        if part.value is None or of.value is None or of.value <= 0.0:
            lacking = part.source.text if part.value is None else of.source.text
            low = "" if part.value is None or of.value is None else ", is not above 0"
            why = f"{lacking}{low}: nothing until you state it"
            return Fade(start=self.told.default(path, 0.0, why))
        raw = part.value / of.value * scale
        value = round(min(max(raw, least), most), 4 if scale == 1.0 else 1)
        held = "" if least <= raw <= most else f", {raw:.2f} held to {value:g}"
        facts = dict.fromkeys((*part.facts, *of.facts))
        return Fade(start=self.told.number(path, derived(value, f"{rule}{held}", *facts)))

    def as_filed(self, name: str, rule: str) -> Fade:
        """A driver that stays as the filed year tells it."""
        top, bottom, scale = AS_FILED[name]
        times = "" if scale == 1.0 else f" × {scale:g}"
        rule = f"{rule} of FY{self.year}{times}"
        return self.level(name, rule, self.now[top], self.now[bottom], scale=scale)

    def rate_of_debt(self) -> Told:
        """What was paid on the average debt of the filed year, without the interest of leases.

        Leases that stand in the debt itself keep their interest there.
        """
        interest, owed = self.now["interest_expense"], self.now["debt"]
        if interest.value is None or not owed.value or interest.value < 0.0:
            why = f"risk-free rate + {DEBT_SPREAD:.1%}: no interest on a debt is filed"
            return assumed(RISK_FREE + DEBT_SPREAD, why)
        earlier = self.before["debt"].value or owed.value
        leases = self.now["lease_interest"]
        among = leases.value is None or any("CapitalLease" in fact.tag for fact in owed.facts)
        apart = 0.0 if among else min(leases.value or 0.0, interest.value)
        raw = (interest.value - apart) / (0.5 * (earlier + owed.value))
        held = f", {raw:.1%} held to {RATE_MOST:.0%}" if raw > RATE_MOST else ""
        paid = "(interest expense − interest on leases)" if apart else "interest expense"
        rule = f"{paid} / average debt of FY{self.year}{held}"
        beside = leases.facts if apart else ()
        facts = dict.fromkeys((*interest.facts, *beside, *owed.facts, *self.before["debt"].facts))
        return derived(round(min(raw, RATE_MOST), 4), rule, *facts)


def _as_in_the_dcf(told: Sources, dcf: Prefilled, name: str, *, path: str = "") -> Fade:
    """The start of a driver of the DCF, without the way on that only a DCF has."""
    source = dcf.sources[f"{name}.start"]
    text = source.text.split(", kept")[0].split(", fading")[0]
    told.sources[f"{path or name}.start"] = replace(source, text=text)
    return Fade(start=getattr(dcf.inputs, name).start)


def _same(dcf: Prefilled, path: str, value: float) -> Told:
    return Told(value=value, source=dcf.sources[path])


def _loss(dcf: Prefilled) -> Told:
    return _same(dcf, "operating_loss", dcf.inputs.operating_loss)


def _costs(filed: _Filed, dcf: Prefilled) -> Fade:
    """Costs as in the filed year; after a loss they fall until the margin is that of the DCF."""
    margin = dcf.inputs.margin
    costs = filed.as_filed(
        "operating_costs", "(gross profit − EBITDA), costs without D&A, / revenue"
    )
    if margin.end is None:
        return costs
    end = filed.told.default(
        "operating_costs.end",
        round(costs.start - (margin.end - margin.start), 4),
        f"so that EBIT moves to {margin.end:.0%} of revenue; no filing supports this figure",
    )
    return Fade(start=costs.start, end=end, from_year=1, to_year=YEARS)


def _paid_in_shares(filed: _Filed, costs: Fade) -> Fade:
    """The part of the costs that is paid in shares, which falls as they do."""
    paid = filed.as_filed("stock_compensation", "share-based compensation / revenue")
    if costs.end is None or not costs.start or paid.start is None:
        return paid
    end = filed.told.default(
        "stock_compensation.end",
        round(paid.start * max(costs.end / costs.start, 0.0), 4),
        "falls as the operating costs do, which it is part of",
    )
    return Fade(start=paid.start, end=end, from_year=1, to_year=YEARS)


def _operations(filed: _Filed, dcf: Prefilled) -> dict[str, Any]:
    """What operations earn, wear out and tie up, as in the filed year."""
    now, costs = filed.now, _costs(filed, dcf)
    opened = filed.before["fixed_assets"]
    at_start = opened if opened.value else now["fixed_assets"]
    when = "at its start" if opened.value else "at its end"
    return {
        "cost_of_revenue": filed.as_filed("cost_of_revenue", "cost of revenue / revenue"),
        "operating_costs": costs,
        "stock_compensation": _paid_in_shares(filed, costs),
        "depreciation": filed.level(
            "depreciation",
            f"D&A of FY{filed.year} / PP&E {when}",
            now["depreciation"],
            at_start,
        ),
        "amortisation": Fade(
            start=filed.told.default(
                "amortisation.start", 0.0, "goodwill is not amortised; the rest is in depreciation"
            )
        ),
        "capital_expenditure": filed.as_filed(
            "capital_expenditure", "capital expenditure / revenue"
        ),
        "receivable_days": filed.as_filed("receivable_days", "receivables / revenue"),
        "inventory_days": filed.as_filed("inventory_days", "inventory / cost of revenue"),
        "payable_days": filed.as_filed("payable_days", "payables / cost of revenue"),
        "other_current_assets": filed.as_filed(
            "other_current_assets", "other current assets / revenue"
        ),
        "other_current_liabilities": filed.as_filed(
            "other_current_liabilities", "other current liabilities / revenue"
        ),
    }


def _financing(filed: _Filed, rate: Told) -> dict[str, Any]:
    """Cash, the revolver, and what holders are paid."""
    told, now = filed.told, filed.now

    def level(name: str, value: float, why: str) -> Fade:
        return Fade(start=told.default(f"{name}.start", value, why))

    cash = round(MINIMUM_CASH * now["revenue"].amount, -5)
    return {
        "cash_rate": level("cash_rate", CASH_RATE, "a round rate: income on cash is not read"),
        "minimum_cash": told.default("minimum_cash", cash, "2 % of revenue"),
        "revolver_rate": level("revolver_rate", rate.amount, "as the debt"),
        "payout": filed.as_filed("payout", "dividends / net income"),
        "buyback_payout": level("buyback_payout", 0.0, "none planned: state it"),
        "buybacks": filed.nothing("buybacks", "none planned: state them"),
        "shares_issued": filed.nothing("shares_issued", "none planned"),
        "minority_share": filed.level(
            "minority_share",
            f"minorities' part of net income of FY{filed.year}",
            now["to_minorities"],
            now["net_income"],
        ),
        "preferred_rate": level("preferred_rate", 0.0, "not read from filings: state it"),
    }


def _warnings(figures: Figures, now: Lines) -> list[str]:
    """What makes the opening balance sheet doubtful."""
    year, told = figures.year, []
    apart = {each.fiscal_year for each in findings_of(figures.known) if each.name == "balance"}
    if not now["total_assets"].facts:
        told.append(
            f"No total of assets is filed for FY{year}: the balance sheet holds what is filed, "
            "and the capital paid in is what balances it."
        )
    elif not now["total_equity"].facts:
        told.append(
            f"No equity is filed for FY{year}: the capital paid in is all that the filed "
            "liabilities leave."
        )
    elif year in apart:
        told.append(
            f"The filed balance sheet of FY{year} does not tie: what stands between liabilities "
            "and equity is kept in other liabilities."
        )
    if figures.at("ppe_net") is None:
        told.append(
            f"No property, plant and equipment is filed for FY{year}: what is neither current, "
            "goodwill nor an investment stands in for it."
        )
    lines = (*OPENING, "debt", "depreciation", "capital_expenditure", "dividends")
    lacking = [name.replace("_", " ") for name in lines if now[name].value is None]
    if lacking:
        told.append(
            f"Not among the filed figures of FY{year}, and taken as none until you state it: "
            f"{', '.join(lacking)}."
        )
    told.extend(
        f"{name.replace('_', ' ').capitalize()} of FY{year} come to {value / 1e6:,.0f} million: "
        "parts exceed the total that was filed."
        for name in OPENING
        if name != "retained" and (value := now[name].value or 0.0) < 0.0
    )
    return told
