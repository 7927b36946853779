"""Where a value by dividends or by residual income begins: earnings, book equity, what is paid out.

Both stand for banks and insurers too: they ask for no free cash flow to the firm.
"""

from collections.abc import Iterable
from datetime import date

from valor_core.coverage.figures import Figures, Told, assumed, derived, filed
from valor_core.coverage.prefill import (
    EQUITY_PREMIUM,
    FINANCIALS,
    HOLD,
    RISK_FREE,
    TERMINAL_GROWTH,
    YEARS,
    FactsMissing,
    Named,
    Prefilled,
    Sources,
    currency_of,
)
from valor_core.coverage.splits import SplitFact, after_splits, splits_for
from valor_core.models.dilution import Shares
from valor_core.models.intrinsic.dividends import DividendDiscountInputs
from valor_core.models.intrinsic.residual_income import ResidualIncomeInputs
from valor_core.models.paths import Fade
from valor_core.values import FiledFact

COST_OF_EQUITY = RISK_FREE + EQUITY_PREMIUM
GROWTH_MOST = 0.15
ROE_LEAST, ROE_MOST = -0.50, 1.50
EARNS_ITS_COST = "the cost of equity: what is newly kept then earns what it costs, and no more"


def prefill_dividend_discount(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """Earnings of a share, the part of them that is paid out, and what the rest lets them grow by.

    FactsMissing after a loss: no dividend follows from it.
    """
    figures = _figures(company, facts, as_of)
    told, profit = Sources(), figures.at("net_income")
    assert profit is not None
    earnings = _per_share(company, figures, profit, as_of)
    if earnings is None or earnings.amount <= 0.0:
        raise FactsMissing(company.name, f"a profit a share for FY{figures.year}", as_of)
    payout, roe = _payout(figures, profit), _roe(figures, profit)
    cost = _cost_of_equity(told)
    inputs = DividendDiscountInputs(
        years=YEARS,
        earnings=told.number("earnings", earnings),
        payout=Fade(start=told.number("payout.start", payout)),
        growth=Fade(
            start=told.number("growth.start", _growth(payout, roe)), from_year=HOLD, to_year=YEARS
        ),
        cost_of_equity=Fade(start=cost),
        terminal_growth=told.default(
            "terminal_growth", TERMINAL_GROWTH, "long-run nominal growth, below the risk-free rate"
        ),
        terminal_roe=told.default("terminal_roe", cost, EARNS_ITS_COST),
    )
    return _prefilled(company, figures, inputs, told)


def prefill_residual_income(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """Book equity, what it earns until it earns its cost alone, and what is paid out of that."""
    figures = _figures(company, facts, as_of)
    told, profit = Sources(), figures.at("net_income")
    assert profit is not None
    shares = figures.shares(splits_for(company, as_of))
    if shares is None:
        raise FactsMissing(company.name, f"a number of shares for FY{figures.year}", as_of)
    cost = _cost_of_equity(told)
    inputs = ResidualIncomeInputs(
        years=YEARS,
        book_value=told.number("book_value", _book(figures)),
        roe=Fade(
            start=told.number("roe.start", _roe(figures, profit)),
            end=told.default("roe.end", cost, EARNS_ITS_COST),
            from_year=1,
            to_year=YEARS,
        ),
        payout=Fade(start=told.number("payout.start", _payout(figures, profit))),
        cost_of_equity=Fade(start=cost),
        persistence=told.default("persistence", 0.0, "nothing is earned above its cost after that"),
        shares=Shares(basic=told.number("shares.basic", shares)),
    )
    return _prefilled(company, figures, inputs, told)


def _figures(company: Named, facts: Iterable[FiledFact], as_of: date | None) -> Figures:
    figures = Figures(facts, as_of).where_filed("net_income", "stockholders_equity")
    if not figures.year:
        raise FactsMissing(company.name, "both net income and equity of one year", as_of)
    if _book(figures).amount <= 0.0:
        raise FactsMissing(company.name, f"a book equity above 0 for FY{figures.year}", as_of)
    return figures


def _book(figures: Figures) -> Told:
    """Equity of the common shareholders."""
    equity, preferred = figures.at("stockholders_equity"), figures.at("preferred_equity")
    assert equity is not None
    if preferred is None or not preferred.value:
        return filed(equity)
    rule = f"shareholders' equity − preferred equity of FY{figures.year}"
    return derived(equity.value - preferred.value, rule, equity, preferred)


def _per_share(
    company: Named, figures: Figures, profit: FiledFact, as_of: date | None
) -> Told | None:
    """Diluted earnings as filed, in today's shares; else net income over the shares."""
    splits = splits_for(company, as_of)
    if fact := figures.at("eps_diluted"):
        counted = after_splits(fact, splits)
        if isinstance(counted, SplitFact):
            rule = f"diluted earnings per share of FY{figures.year}, {counted.named_splits}"
            return derived(counted.value, rule, fact)
        return filed(fact)
    shares = figures.shares(splits)
    if shares is None:
        return None
    rule = f"net income of FY{figures.year} / shares"
    return derived(profit.value / shares.amount, rule, profit, *shares.facts)


def _payout(figures: Figures, profit: FiledFact) -> Told:
    """Dividends and buybacks as a part of net income."""
    paid = [f for item in ("dividends_paid", "buybacks") if (f := figures.at(item)) is not None]
    if not paid or profit.value <= 0.0:
        why = "there was a loss" if profit.value <= 0.0 else "no dividend or buyback is filed"
        return assumed(0.0, f"nothing is paid out: {why} for FY{figures.year}")
    raw = sum(fact.value for fact in paid) / profit.value
    held = ", held to 100 %" if raw > 1.0 else ""
    return derived(
        round(min(raw, 1.0), 4),
        f"dividends and buybacks / net income of FY{figures.year}, {raw:.1%}{held}",
        *paid,
        profit,
    )


def _roe(figures: Figures, profit: FiledFact) -> Told:
    """Net income over the book equity at the year's start, or at its end where none is filed."""
    before = figures.earlier()
    known = before.at("stockholders_equity") is not None and _book(before).amount > 0.0
    book = _book(before if known else figures)
    raw = profit.value / book.amount
    held = min(max(raw, ROE_LEAST), ROE_MOST)
    return derived(
        round(held, 4),
        f"net income of FY{figures.year} / equity at the year's {'start' if known else 'end'}, "
        f"{raw:.1%}{f', held to {held:.0%}' if held != raw else ''}",
        profit,
        *book.facts,
    )


def _growth(payout: Told, roe: Told) -> Told:
    """What is kept × what it earns, within bounds."""
    raw = roe.amount * (1.0 - payout.amount)
    held = min(raw, GROWTH_MOST)
    return derived(
        round(held, 4),
        f"return on equity × the part that is kept, {raw:.1%}"
        f"{f', held to {held:.0%}' if held != raw else ''}, kept {HOLD} years, then fading to the "
        "growth for ever after",
        *roe.facts,
        *payout.facts,
    )


def _cost_of_equity(told: Sources) -> float:
    why = "risk-free rate + equity risk premium at a beta of 1: a default"
    return told.default("cost_of_equity.start", COST_OF_EQUITY, why)


def _prefilled(company: Named, figures: Figures, inputs: object, told: Sources) -> Prefilled:
    lends = company.sic is not None and company.sic in FINANCIALS
    warnings = []
    if lends and figures.at("preferred_equity") is None:
        warnings.append(
            f"No preferred stock is filed for FY{figures.year}: where there is any, take it out of "
            "the book equity, and its dividends out of the earnings."
        )
    return Prefilled(
        inputs=inputs,
        sources=told.sources,
        warnings=tuple(warnings),
        currency=currency_of(company, figures.facts),
    )
