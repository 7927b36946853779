"""The terminal value: what is divided by r − g must have grown at g."""

from collections.abc import Iterator

from valor_core.workbooks.audit.findings import Finding, Severity
from valor_core.workbooks.audit.formula import (
    Name,
    Node,
    Number,
    Power,
    Product,
    Ref,
    Sum,
    walk,
)
from valor_core.workbooks.audit.grid import Grid, Place, Term, percent

RULE = "terminal_growth"
INLINED_MAX = 3
RATE = 0.6  # neither growth nor a discount rate is beyond it


def terminal_growth(grid: Grid) -> Iterator[Finding]:
    """Flow · (1 + x) / (r − g) where x is r, or another rate than g."""
    for place in grid.trees:
        last = grid.run_from(place)
        for node in grid.nodes(place) if last else ():
            if isinstance(node, Product):
                yield from _of_product(grid, place, node, last)


def _of_product(
    grid: Grid, place: Place, product: Product, last: Place | None
) -> Iterator[Finding]:
    spreads = [
        spread
        for power, factor in product.factors
        if power < 0 and (spread := _spread(grid, factor, place))
    ]
    if len(spreads) != 1 or _is_annuity(product):
        return
    discount, growth = spreads[0]
    above = [each for power, each in product.factors if power > 0]
    direct = [x for factor in above if (x := _growth_factor(grid, factor, place))]
    every = [*direct, *(x for factor in above for x in _grown_elsewhere(grid, factor, place))]
    if any(grid.same(x, growth) for x in every):
        return
    if not all(_is_rate(grid, each) for each in (discount, growth, *direct)):
        return
    rate, wanted = _told(grid, discount, place), _told(grid, growth, place)
    severity, said = Severity.ERROR, ""
    if any(grid.same(x, discount) for x in every):
        said = f"The terminal value grows its flow at the discount rate {rate}, not at {wanted}."
    elif direct:
        other = _told(grid, direct[0], place)
        alike = _number(grid, direct[0]) == _number(grid, growth) is not None
        severity = Severity.NOTE if alike else Severity.WARNING
        said = f"The terminal value grows its flow at {other}, but its denominator takes {wanted}."
    if said:
        way_out = f"Grow the last flow at {wanted}, the rate that the denominator takes off."
        yield grid.finding(RULE, severity, place, last=last, said=said, way_out=way_out)


def _spread(grid: Grid, factor: Node, place: Place) -> tuple[Term, Term] | None:
    """The r and the g of a difference of two, written here or in a cell of its own."""
    factor, place = _opened(grid, factor, place)
    match factor:
        case Sum(((1, discount), (-1, growth))):
            return (discount, place), (growth, place)
    return None


def _growth_factor(grid: Grid, factor: Node, place: Place) -> Term | None:
    """The x of 1 + x, written here or in a cell of its own, or of flow + flow · x."""
    if found := _grown(factor):
        return found, place
    opened, there = _opened(grid, factor, place)
    found = _grown(opened, flows=False)
    return (found, there) if found else None


def _grown(node: Node, *, flows: bool = True) -> Node | None:
    match node:
        case Sum(((1, Number(1.0)), (1, x))) | Sum(((1, x), (1, Number(1.0)))):
            return x
        case Sum(((1, flow), (1, Product(((1, one), (1, other)))))) if flows:
            return other if one == flow else one if other == flow else None
    return None


def _grown_elsewhere(
    grid: Grid, factor: Node, place: Place, depth: int = INLINED_MAX
) -> Iterator[Term]:
    """The x of flows that have grown in cells of their own."""
    if not depth or not isinstance(factor, Ref | Name):
        return
    inner, there = _opened(grid, factor, place)
    if isinstance(inner, Product):
        for power, each in inner.factors:
            if power > 0:
                if x := _growth_factor(grid, each, there):
                    yield x
                yield from _grown_elsewhere(grid, each, there, depth - 1)
    elif x := _grown(inner):
        yield x, there


def _opened(grid: Grid, node: Node, place: Place) -> Term:
    """The formula of the cell that a node is, or the node itself."""
    target = grid.target(node, place)
    if target is None:
        return node, place
    root = grid.root(target)
    return grid.trees.get(root, node), root if root in grid.trees else place


def _is_annuity(product: Product) -> bool:
    """Whether a factor is 1 − (…)^n: then the flows end, and may well come in advance."""
    return any(
        isinstance(each, Sum)
        and any(sign < 0 and _has_power(term) for sign, term in each.terms)
        and any(term == Number(1.0) for _, term in each.terms)
        for _, each in product.factors
    )


def _has_power(node: Node) -> bool:
    return any(isinstance(each, Power) for each in walk(node))


def _number(grid: Grid, term: Term) -> float | None:
    node, place = term
    if isinstance(node, Number):
        return node.value
    target = grid.target(node, place)
    return None if target is None else grid.number(grid.root(target))


def _is_rate(grid: Grid, term: Term) -> bool:
    """Whether it may be a rate: a number that is not known yet may be."""
    value = _number(grid, term)
    return value is None or abs(value) <= RATE


def _told(grid: Grid, term: Term, place: Place) -> str:
    node, there = term
    if isinstance(node, Number):
        return f"{100 * node.value:.4g}\xa0%"
    target = grid.target(node, there)
    if target is None:
        return "the rate of the formula"
    root = grid.root(target)
    return grid.called(root, seen_from=place) + percent(grid.number(root))
