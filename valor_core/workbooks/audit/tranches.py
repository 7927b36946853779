"""Debt by tranche: each pays its own rate."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache

from valor_core.workbooks.audit.findings import Finding, Severity
from valor_core.workbooks.audit.formula import Area, Node, Product, Sum, walk
from valor_core.workbooks.audit.grid import Grid, Place, percent, words_of
from valor_core.workbooks.audit.lines import RATES

FOUND_MAX = 5_000
NEAR = 25  # rows or columns between the rates of one table
RATE_MAX = 0.5
SAYS_RATE = frozenset(
    {"rate", "interest", "coupon", "margin", "spread", "yield", "libor", "sofr", "euribor"}
)
SAYS_INTEREST = frozenset({"interest", "coupon", "coupons"})
NO_DEBT = frozenset(
    {"tax", "taxes", "growth", "discount", "wacc", "equity", "inflation", "capital", "dividend"}
    | {"preferred", "risk", "premium"}
)
SAYS_NOTHING = (
    SAYS_RATE
    | {"rates", "cost", "of", "on", "the", "at", "for", "and", "to", "in", "a", "less", "plus", "x"}
    | {"debt", "loan", "loans", "note", "notes", "facility", "facilities", "bond", "bonds"}
    | {"borrowing", "borrowings", "expense", "expenses", "paid", "payment", "payments", "payable"}
    | {"charge", "charges", "cash", "pik", "balance", "opening", "closing", "beginning", "ending"}
    | {"begin", "end", "average", "total", "annual", "year", "p", "per", "annum", "pct", "percent"}
    | {
        "base",
        "reference",
        "prime",
        "floor",
        "swap",
        "hedge",
        "fixed",
        "floating",
        "assumed",
        "assumption",
        "assumptions",
        "coupons",
    }
)
ALIKE = {
    "subordinated": "sub",
    "junior": "sub",
    "mezz": "mezzanine",
    "revolving": "revolver",
    "rcf": "revolver",
    "sr": "senior",
}
SHORT = {"tla": {"term", "A"}, "tlb": {"term", "B"}, "tlc": {"term", "C"}}


def tranche_rates(grid: Grid) -> Iterator[Finding]:
    """Interest on a tranche by the labelled rate of another one, while its own stands near."""
    taken = _taken(grid, _rates(grid))
    for place, rates in taken.items():
        if taken.get(place._replace(column=place.column - 1)) != rates:
            last = place
            while taken.get(further := last._replace(column=last.column + 1)) == rates:
                last = further
            yield _told(grid, place, last, *rates)


def _taken(grid: Grid, rates: dict[Place, frozenset[str]]) -> dict[Place, tuple[Place, Place]]:
    """Each formula that takes another tranche's rate, with that rate and its own."""
    found = {}
    for place in grid.trees:
        for node in grid.nodes(place):
            for used in _rates_in(grid, place, node):
                if used in rates and (right := _own_rate(grid, place, node, used, rates)):
                    found[place] = used, right
        if len(found) == FOUND_MAX:
            break
    return found


def _rates_in(grid: Grid, place: Place, node: Node) -> Iterator[Place]:
    """The cells that a product multiplies by, alone or as a base with its margin."""
    for power, factor in node.factors if isinstance(node, Product) else ():
        terms = [term for _, term in factor.terms] if isinstance(factor, Sum) else [factor]
        for term in terms if power > 0 else ():
            if (target := grid.target(term, place)) is not None:
                yield grid.root(target)


def _own_rate(
    grid: Grid, place: Place, product: Node, used: Place, rates: dict[Place, frozenset[str]]
) -> Place | None:
    """The rate of the tranche's own, if the one used is another tranche's."""
    own = _tranche(grid, place, product)
    if not own or rates[used] <= own:
        return None
    better = [
        each
        for each in _near(grid, used)
        if (its := rates.get(each)) and its <= own and len(its) > len(rates[used] & own)
    ]
    if not better or _reads_any(grid, place, better):
        return None
    return min(better, key=lambda each: len(own - rates[each]))


def _near(grid: Grid, used: Place) -> Iterator[Place]:
    """The cells around a rate, as far as its table may go."""
    for row in range(used.row - NEAR, used.row + NEAR + 1):
        columns = grid.rows[used.sheet].get(row, [])
        first = bisect_left(columns, used.column - NEAR)
        for column in columns[first : bisect_right(columns, used.column + NEAR)]:
            yield Place(used.sheet, row, column)


def _told(grid: Grid, place: Place, last: Place, used: Place, right: Place) -> Finding:
    taken = grid.called(used, seen_from=place) + percent(grid.number(used))
    wanted = grid.called(right, seen_from=place) + percent(grid.number(right))
    line = grid.label(place)
    return grid.finding(
        RATES,
        Severity.ERROR,
        place,
        last=last,
        said=f"{line!r} takes the rate {taken}, which is another tranche's.",
        way_out=f"Take its own rate {wanted}.",
    )


def _reads_any(grid: Grid, place: Place, rates: list[Place]) -> bool:
    """Whether the formula reads one of its own rates beside: then the other one is a floor."""
    return any(grid.root(each) in rates for each in grid.read_by(place))


def _rates(grid: Grid) -> dict[Place, frozenset[str]]:
    """The typed rates whose label says which tranche they are of."""
    found = {}
    for number, sheet in enumerate(grid.book.sheets):
        for row, column in sheet.cells:
            place = Place(number, row, column)
            value = grid.number(place)
            if value is None or not 0 < value < RATE_MAX or not grid.is_input(place):
                continue
            label = grid.label(place)
            told = words_of(label) | words_of(grid.heading(place))
            if told & SAYS_RATE and not words_of(label) & NO_DEBT:
                found[place] = _identity(label) or _column(grid, place)
    return found


def _tranche(grid: Grid, place: Place, product: Node) -> frozenset[str]:
    """Which tranche the interest is of: by its line, its balance, or its section."""
    balances = list(_balances(grid, place, product))
    label, section = grid.label(place), grid.section(place)
    told = _identity(label)
    if not balances or not words_of(f"{label} {section}") & SAYS_INTEREST:
        return frozenset()
    for balance in balances:
        told = told or _identity(grid.label(balance))
    return told or _column(grid, place) or _identity(section)


def _column(grid: Grid, place: Place) -> frozenset[str]:
    """Which tranche a column is of, where its heading names one and no year."""
    told = _identity(grid.heading(place))
    return frozenset() if any(char.isdigit() for word in told for char in word) else told


def _balances(grid: Grid, place: Place, product: Node) -> Iterator[Place]:
    for factor in _inside(product):
        if isinstance(factor, Area):
            spot = grid.spot(factor.first, place)
        else:
            spot = grid.target(factor, place)
        if spot is not None and _may_be_a_balance(grid, spot):
            yield spot


def _may_be_a_balance(grid: Grid, place: Place) -> bool:
    """Whether a cell is an amount: one that was never computed may be."""
    value = grid.number(place)
    return abs(value) >= 1 if value is not None else place in grid.trees


def _inside(product: Node) -> Iterator[Node]:
    for power, factor in product.factors if isinstance(product, Product) else ():
        if power > 0:
            yield from walk(factor)


@lru_cache(maxsize=10_000)
def _identity(label: str) -> frozenset[str]:
    """The words of a label that tell one tranche from another.

    >>> sorted(_identity("Interest on Term Loan B")), sorted(_identity("Subordinated notes rate"))
    (['B', 'term'], ['sub'])
    """
    told: set[str] = set()
    words = label.replace("-", " ").split()
    for raw in words:
        word = raw.strip(".,:;()%$€£/").lower()
        if raw.strip(".,:;()") in {"A", "B", "C", "D"}:
            told.add(raw.strip(".,:;()"))
        elif word in SHORT:
            told |= SHORT[word]
        elif word and word not in SAYS_NOTHING:
            told.add(ALIKE.get(word, word))
    return frozenset(told)
