"""What an attentive reader would question in filed figures: told, never raised and never mended."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from valor_core.coverage.items import ITEM, Kind, Measure
from valor_core.values import FiledFact

Known = Mapping[tuple[str, int], FiledFact]

SAME = 0.002  # of the larger side: rounding to millions stays far below it
SAME_PER_SHARE = 0.02  # earnings per share are rounded to the cent
SPLIT = 1.5  # a count of shares that grows by half in a year was split, or paid with


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One doubt about one fiscal year, with the figures that raise it."""

    name: str
    fiscal_year: int
    message: str
    facts: tuple[FiledFact, ...]


def findings_of(known: Known) -> tuple[Finding, ...]:
    """All doubts about one company's figures as known on a day, the newest year first."""
    years = sorted({year for _, year in known}, reverse=True)
    return (*(doubt for year in years for doubt in _between(known, year)), *_signs(known))


def findings_in(known: Known, year: int) -> tuple[Finding, ...]:
    """Those about one fiscal year."""
    of_year = {key: fact for key, fact in known.items() if key[1] == year}
    return (*_between(known, year), *_signs(of_year))


def _between(known: Known, year: int) -> Iterator[Finding]:
    """Doubts that several figures raise together."""
    yield from _gross_profit(known, year)
    yield from _balance(known, year)
    yield from _earnings_per_share(known, year)
    yield from _share_jump(known, year)


def _gross_profit(known: Known, year: int) -> Iterator[Finding]:
    """Gross profit = revenue − cost of revenue."""
    facts = _all(known, year, "gross_profit", "revenue", "cost_of_revenue")
    if not facts:
        return
    gross, revenue, cost = (fact.value for fact in facts)
    if _apart(gross, revenue - cost, scale=revenue, most=SAME):
        yield Finding(
            name="gross_profit",
            fiscal_year=year,
            message=f"Gross profit {gross:,.0f} is not revenue − cost, {revenue - cost:,.0f}.",
            facts=facts,
        )


def _balance(known: Known, year: int) -> Iterator[Finding]:
    """Assets = liabilities + equity including minorities; the rest is often mezzanine equity."""
    equity = "equity_incl_nci" if ("equity_incl_nci", year) in known else "stockholders_equity"
    facts = _all(known, year, "total_assets", "total_liabilities", equity)
    if not facts:
        return
    assets, liabilities, own = (fact.value for fact in facts)
    if _apart(assets, liabilities + own, scale=assets, most=SAME):
        yield Finding(
            name="balance",
            fiscal_year=year,
            message=f"Assets {assets:,.0f} exceed liabilities + equity by "
            f"{assets - liabilities - own:,.0f}: redeemable or preferred equity stands between.",
            facts=facts,
        )


def _earnings_per_share(known: Known, year: int) -> Iterator[Finding]:
    """Net income / diluted shares = diluted earnings per share."""
    facts = _all(known, year, "net_income", "diluted_shares", "eps_diluted")
    if not facts or facts[1].value <= 0:
        return
    income, shares, per_share = (fact.value for fact in facts)
    cents = max(abs(per_share), 0.25)  # a cent of rounding is 4 % of a quarter
    if _apart(income / shares, per_share, scale=cents, most=SAME_PER_SHARE):
        yield Finding(
            name="earnings_per_share",
            fiscal_year=year,
            message=f"Net income / diluted shares is {income / shares:.2f}, filed are "
            f"{per_share:.2f} a share: several classes of shares, a split between two filings, or "
            "shares filed in thousands.",
            facts=facts,
        )


def is_jump(times: float) -> bool:
    """Whether a count of shares moved so much in a year that a split is the likelier reason."""
    return not 1 / SPLIT < times < SPLIT


def _share_jump(known: Known, year: int) -> Iterator[Finding]:
    """A count of shares that jumps: a split that is not known, and later than the filing."""
    before, now = known.get(("diluted_shares", year - 1)), known.get(("diluted_shares", year))
    if before is None or now is None or min(before.value, now.value) <= 0:
        return
    times = now.value / before.value
    if is_jump(times):
        yield Finding(
            name="share_jump",
            fiscal_year=year,
            message=f"Diluted shares go from {before.value:,.0f} to {now.value:,.0f} "
            f"({times:.2f} times): a split that is not known? Take no growth rate of them.",
            facts=(before, now),
        )


def _signs(known: Known) -> Iterator[Finding]:
    """Numbers below zero where none belong, and totals of zero."""
    for (name, year), fact in known.items():
        item = ITEM[name]
        counted = item.measure is Measure.SHARES or name in {"total_assets", "revenue"}
        if (fact.value < 0 and not item.signed) or (fact.value == 0 and counted):
            worth = "below zero" if fact.value < 0 else "zero"
            kind = "a reversal" if item.kind is Kind.FLOW else "a slip"
            yield Finding(
                name="sign",
                fiscal_year=year,
                message=f"{item.label} of {fact.value:,.0f} is {worth}: {kind} or a wrong sign "
                "in the filing.",
                facts=(fact,),
            )


def _all(known: Known, year: int, *items: str) -> tuple[FiledFact, ...]:
    """These items of a year, or nothing when one is missing."""
    facts = [known.get((item, year)) for item in items]
    return tuple(fact for fact in facts if fact) if None not in facts else ()


def _apart(one: float, other: float, *, scale: float, most: float) -> bool:
    return abs(one - other) > most * abs(scale)
