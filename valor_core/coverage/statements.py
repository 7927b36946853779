"""Income statement, balance sheet and cash flow by fiscal year, each cell with its filing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from valor_core.coverage.asof import known
from valor_core.coverage.findings import Finding, Known, findings_of, is_jump
from valor_core.coverage.items import ITEMS, Statement
from valor_core.coverage.splits import Split, all_after_splits
from valor_core.values import FiledFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item over the years; None where it was not filed."""

    item: str
    label: str
    cells: tuple[FiledFact | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One figure that follows from others over the years, as a fraction."""

    name: str
    label: str
    formula: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """A company's figures as known on a day, the oldest year first."""

    years: tuple[int, ...]
    period_ends: tuple[date, ...]  # fiscal years of two companies rarely end together
    tables: dict[Statement, tuple[Line, ...]]  # only items that were ever filed
    ratios: tuple[Ratio, ...]
    findings: tuple[Finding, ...]


def statements_of(
    facts: Iterable[FiledFact], as_of: date | None = None, splits: Sequence[Split] = ()
) -> Statements:
    """The three statements and the shares, with growth, margins and what to doubt.

    Counts of shares and figures a share stand in the shares after the splits.
    """
    figures = all_after_splits(known(facts, as_of), splits)
    years = tuple(sorted({year for _, year in figures}))
    tables = {
        statement: tuple(
            line
            for item in ITEMS
            if item.statement is statement
            and any((line := _line(figures, item.name, item.label, years)).cells)
        )
        for statement in Statement
    }
    return Statements(
        years=years,
        period_ends=tuple(_year_end(figures, year) for year in years),
        tables=tables,
        ratios=_ratios(figures, years),
        findings=findings_of(figures),
    )


def _line(figures: Known, item: str, label: str, years: tuple[int, ...]) -> Line:
    return Line(item=item, label=label, cells=tuple(figures.get((item, y)) for y in years))


def _year_end(figures: Known, year: int) -> date:
    """The day that most figures of the year end on; the count on the cover is of a later one."""
    ends = [
        fact.period_end
        for (item, of_year), fact in figures.items()
        if of_year == year and item != "shares_cover"
    ]
    ends = ends or [fact.period_end for (_, of_year), fact in figures.items() if of_year == year]
    return max(set(ends), key=lambda end: (ends.count(end), end))


def _ratios(figures: Known, years: tuple[int, ...]) -> tuple[Ratio, ...]:
    def over(name: str, label: str, top: str, bottom: str) -> Ratio:
        return ratio(
            name, label, f"{top} / {bottom}", lambda year: _share(figures, top, bottom, year)
        )

    def ratio(name: str, label: str, formula: str, of: Callable[[int], float | None]) -> Ratio:
        words = formula.replace("_", " ")
        return Ratio(name=name, label=label, formula=words, values=tuple(of(y) for y in years))

    return (
        ratio(
            "revenue_growth",
            "Revenue growth",
            "revenue / revenue of the year before − 1",
            lambda year: _growth(figures, "revenue", year),
        ),
        over("gross_margin", "Gross margin", "gross_profit", "revenue"),
        over("operating_margin", "Operating margin", "operating_income", "revenue"),
        over("net_margin", "Net margin", "net_income", "revenue"),
        over("effective_tax", "Effective tax rate", "income_tax", "pretax_income"),
        over("rnd_share", "R&D of revenue", "rnd", "revenue"),
        over("capex_share", "Capital expenditure of revenue", "capex", "revenue"),
        ratio(
            "share_growth",
            "Growth of diluted shares",
            "diluted_shares / diluted_shares of the year before − 1, after known splits",
            lambda year: _share_growth(figures, year),
        ),
    )


def _share(figures: Known, top: str, bottom: str, year: int) -> float | None:
    over, under = figures.get((top, year)), figures.get((bottom, year))
    if over is None or under is None or under.value <= 0:
        return None
    return over.value / under.value


def _growth(figures: Known, item: str, year: int) -> float | None:
    before, now = figures.get((item, year - 1)), figures.get((item, year))
    if before is None or now is None or before.value <= 0:
        return None
    return now.value / before.value - 1


def _share_growth(figures: Known, year: int) -> float | None:
    """None where the count jumps: a split that is not known would pass for growth."""
    growth = _growth(figures, "diluted_shares", year)
    return None if growth is None or is_jump(1.0 + growth) else growth
