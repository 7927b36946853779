"""A line of a model repeats one formula: where it breaks, and how the broken cell differs."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from valor_core.workbooks.audit.findings import Finding, Severity
from valor_core.workbooks.audit.formula import (
    Call,
    Node,
    Product,
    Sum,
    parts_of,
    reads_cells,
)
from valor_core.workbooks.audit.grid import Grid, Place, Term, percent, words_of

HARD_CODED, BROKEN, SIGN, RATES = "hard_coded_row", "broken_row", "sign_flip", "mixed_rates"
ALIKE_MIN, ODD_MAX = 3, 2
OTHERS_MIN = 2  # lines that go on where one ends in a typed number
TYPED = "a number that was typed in"


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbours of one pattern; a number that was typed in is a pattern of its own."""

    pattern: str
    places: list[Place]

    @property
    def repeats(self) -> bool:
        """Whether it is of formulas."""
        return self.pattern not in {"", TYPED}


@dataclass(frozen=True, slots=True)
class _Break:
    """A run that differs from the same pattern on both of its sides."""

    like: Place
    odd: _Run


@lru_cache(maxsize=1)  # several rules look through the same breaks
def line_findings(grid: Grid) -> tuple[Finding, ...]:
    """Every break of a row, and of a column where no row runs, as what it is."""
    return tuple(finding for each in _breaks(grid) for finding in _judged(grid, each))


def only(rule: str) -> Callable[[Grid], Iterator[Finding]]:
    """The breaks that one rule is about."""
    return lambda grid: (each for each in line_findings(grid) if each.rule == rule)


def _breaks(grid: Grid) -> Iterator[_Break]:
    for sheet in range(len(grid.rows)):
        across = [
            _runs(grid, [Place(sheet, row, column) for column in columns], along="column")
            for row, columns in grid.rows[sheet].items()
        ]
        yield from _regular(across, along="column", least=ALIKE_MIN)
        in_rows = {
            place
            for runs in across
            for run in runs
            if len(run.places) >= ALIKE_MIN and run.repeats
            for place in run.places
        }
        down = [
            _runs(grid, [Place(sheet, row, column) for row in rows], along="row")
            for column, rows in grid.columns[sheet].items()
        ]
        apart = [[run for run in runs if not in_rows.intersection(run.places)] for runs in down]
        yield from _regular(apart, along="row", least=2 * ODD_MAX)


def _runs(grid: Grid, places: list[Place], *, along: str) -> list[_Run]:
    """Neighbours alike; a gap or a text ends a run and stands between as one of no pattern."""
    runs: list[_Run] = []
    for place in places:
        pattern = _pattern(grid, place)
        near = runs and getattr(runs[-1].places[-1], along) + 1 == getattr(place, along)
        if runs and not near:
            runs.append(_Run("", [place]))
        if runs and near and runs[-1].pattern == pattern:
            runs[-1].places.append(place)
        else:
            runs.append(_Run(pattern, [place]))
    return runs


def _pattern(grid: Grid, place: Place) -> str:
    """A formula that reads no cell is typed in too; as nought it says that nothing is there."""
    pattern = grid.patterns.get(place)
    if pattern is None:
        return TYPED if grid.is_input(place) else ""
    if reads_cells(pattern):
        return pattern
    return TYPED if grid.number(place) else ""


def _regular(lines: list[list[_Run]], *, along: str, least: int) -> Iterator[_Break]:
    """The breaks that are no habit of the sheet, as a year's total among quarters is."""
    through = Counter(
        getattr(place, along)
        for runs in lines
        for run in runs
        if run.repeats and len(run.places) >= ALIKE_MIN
        for place in run.places[1:]
    )
    inside = [each for runs in lines for each in _inside(runs, least)]
    habits = Counter(getattr(place, along) for each in inside for place in each.odd.places)
    for each in inside:
        at = getattr(each.odd.places[0], along)
        if habits[at] < ALIKE_MIN or habits[at] < through[at]:
            yield each
    for each in (each for runs in lines for each in _typed_ends(runs)):
        if along == "column" and through[each.odd.places[0].column] >= OTHERS_MIN:
            yield each


def _inside(runs: list[_Run], least: int) -> Iterator[_Break]:
    for before, odd, after in zip(runs, runs[1:], runs[2:], strict=False):
        alike = len(before.places) + len(after.places)
        usual = before.repeats and before.pattern == after.pattern
        if usual and odd.pattern and len(odd.places) <= ODD_MAX and alike >= least:
            yield _Break(before.places[-1], odd)


def _typed_ends(runs: list[_Run]) -> Iterator[_Break]:
    """Numbers typed over the end of a line, before a gap or nothing."""
    nothing = _Run("", [])
    for before, odd, after in zip(runs, runs[1:], [*runs[2:], nothing], strict=False):
        line = before.repeats and len(before.places) >= ALIKE_MIN
        if line and odd.pattern == TYPED and len(odd.places) <= ODD_MAX and not after.pattern:
            yield _Break(before.places[-1], odd)


def _judged(grid: Grid, found: _Break) -> Iterator[Finding]:
    odd, usual, shown = found.odd.places[0], found.like, grid.formula(found.like)
    rule, severity = BROKEN, Severity.WARNING
    said = f"The formula differs from its neighbours, which read {shown}."
    way_out = "Copy the neighbours' formula across, or say beside it what is special here."
    if found.odd.pattern == TYPED:
        rule = HARD_CODED
        said = f"{grid.number(odd):,.10g} is typed into a line of formulas such as {shown}."
        way_out = "Copy the formula of its neighbours, or say beside it why this one is fixed."
    else:
        differences = list(_real_differences(grid, usual, odd))
        if not differences:
            return
        if all(each is None for each in differences):
            rule, severity = SIGN, Severity.ERROR
            said = f"A sign differs from its neighbours, which read {shown}."
            way_out = "Copy the neighbours' formula, or turn the sign of the amount it takes."
        elif rates := _other_rate(grid, usual, odd, differences):
            ours, theirs = (_rate(grid, each, odd) for each in rates)
            rule, severity = RATES, Severity.ERROR
            said = f"This cell takes the rate {theirs}, the rest of its line {ours}."
            way_out = "Take one rate along the line, held by $ signs."
        elif not all(each and _is_slip(grid, each, usual, odd) for each in differences):
            severity = Severity.NOTE
    last = found.odd.places[-1]
    yield grid.finding(rule, severity, odd, last=last, said=said, way_out=way_out)


def _rate(grid: Grid, place: Place, odd: Place) -> str:
    return grid.called(place, seen_from=odd) + percent(grid.number(place))


def _real_differences(grid: Grid, usual: Place, odd: Place) -> Iterator[tuple[Node, Node] | None]:
    """The parts that would differ if the usual formula stood in the odd cell."""
    for each in _differences(grid.trees[usual], grid.trees[odd]):
        if each is None or not (
            grid.same((each[0], odd), (each[1], odd)) or _moved_along(grid, each, usual, odd)
        ):
            yield each


def _moved_along(grid: Grid, pair: tuple[Node, Node], usual: Place, odd: Place) -> bool:
    """Whether another cell is read because the same formula stands in another row here."""
    then, now = grid.target(pair[0], usual), grid.target(pair[1], odd)
    if then not in grid.trees or now not in grid.trees:
        return False
    along = Place(
        then.sheet, then.row + odd.row - usual.row, then.column + odd.column - usual.column
    )
    return grid.same((grid.trees[then], along), (grid.trees[now], now))


def _differences(usual: Node, odd: Node) -> Iterator[tuple[Node, Node] | None]:
    """The pairs of parts that differ; None for a sign that does."""
    if usual == odd:
        return
    match usual, odd:
        case Sum(ours), Sum(theirs) if len(ours) == len(theirs):
            for (sign, one), (other_sign, other) in zip(ours, theirs, strict=True):
                if sign != other_sign:
                    yield None
                yield from _differences(one, other)
        case Sum(((-1, negative),)), _:
            yield None
            yield from _differences(negative, odd)
        case _, Sum(((-1, negative),)):
            yield None
            yield from _differences(usual, negative)
        case _ if _shape(usual) == _shape(odd) and parts_of(usual):
            for one, other in zip(parts_of(usual), parts_of(odd), strict=True):
                yield from _differences(one, other)
        case _:
            yield usual, odd


def _shape(node: Node) -> tuple[object, ...]:
    match node:
        case Product(factors):
            return Product, *(power for power, _ in factors)
        case Call(name, arguments):
            return name, len(arguments)
    return type(node), len(parts_of(node))


def _is_slip(grid: Grid, pair: tuple[Node, Node], usual: Place, odd: Place) -> bool:
    """Whether one cell stands for another, or a term was added or lost: nobody writes that anew.

    It is none where the line that the formula reads breaks in the same place already.
    """
    one, other = pair
    before, here = grid.target(one, usual), grid.target(one, odd)
    lines = [grid.patterns[each] for each in (before, here) if each in grid.patterns]
    if len(set(lines)) > 1 or _reads_typed(grid, (one, usual), (other, odd)):
        return False
    ours, theirs = _terms(one), _terms(other)
    if len(ours) == len(theirs) == 1:
        return not parts_of(one) and not parts_of(other)
    return not ours - theirs or not theirs - ours


def _terms(node: Node) -> Counter[tuple[int, Node]]:
    match node:
        case Sum(parts) | Product(parts):
            return Counter(parts)
    return Counter([(1, node)])


def _other_rate(
    grid: Grid, usual: Place, odd: Place, differences: list[tuple[Node, Node] | None]
) -> tuple[Place, Place] | None:
    """The rate that the line takes and the one that this cell takes, if only that differs."""
    if len(differences) != 1 or differences[0] is None:
        return None
    usually, here = differences[0]
    ours, theirs = grid.target(usually, odd), grid.target(here, odd)
    if ours is None or theirs is None or _reads_typed(grid, (usually, usual), (here, odd)):
        return None
    return (ours, theirs) if is_rate(grid, ours) and is_rate(grid, theirs) else None


def _reads_typed(grid: Grid, neighbour: Term, here: Term) -> bool:
    """Whether both read one typed cell in the end: a rate that has been carried along by links."""
    target = grid.target(*here)
    return target is not None and grid.is_input(grid.root(target)) and grid.same(neighbour, here)


RATE_WORDS = frozenset(
    {"rate", "interest", "coupon", "margin", "spread", "yield", "wacc", "libor", "sofr", "euribor"}
    | {"growth", "tax", "cost", "discount", "inflation"}
)


def is_rate(grid: Grid, place: Place) -> bool:
    """Whether a cell holds a rate: a small number whose label or heading says so."""
    value = grid.number(grid.root(place))
    told = words_of(grid.label(place)) | words_of(grid.heading(place))
    return value is not None and abs(value) < 1 and bool(told & RATE_WORDS)
