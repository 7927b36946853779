"""What the workbook tells as a whole: sheets that do not balance, formulas that feed themselves."""

from collections.abc import Iterator

from valor_core.workbooks.audit.findings import Finding, Severity
from valor_core.workbooks.audit.formula import Node, Sum, walk
from valor_core.workbooks.audit.grid import Grid, Place, words_of
from valor_core.workbooks.reading import name_of

BALANCE, CIRCLE = "unbalanced", "circular_reference"
CHECKS = frozenset({"check", "checks", "imbalance"})
SAID = CHECKS | {"assets", "liabilities"}
FAILS = frozenset({"error", "fail", "failed", "false", "no", "outside", "unbalanced", "wrong"})
TOLERANCE = 1e-5  # of the amount: statements are typed in thousands or millions
SMALLEST = 0.01


def unbalanced(grid: Grid) -> Iterator[Finding]:
    """Checks that do not come to nought, and assets that differ from what funds them."""
    for number, rows in enumerate(grid.rows):
        assets: list[Place] = []
        for row in sorted(rows):
            for label, places in _by_label(grid, number, row).items():
                words = words_of(label)
                if words & CHECKS:
                    yield from _failed_checks(grid, places)
                elif {"total", "assets"} <= words and not words & {"liabilities", "net", "current"}:
                    assets = places
                elif {"liabilities", "equity"} <= words and words & {"total", "and"}:
                    yield from _apart(grid, assets, places)


def _by_label(grid: Grid, sheet: int, row: int) -> dict[str, list[Place]]:
    """The cells of a row that are no texts of their own, by what they are called."""
    places = [Place(sheet, row, column) for column in grid.rows[sheet][row]]
    found: dict[str, list[Place]] = {}
    if not any(words_of(grid.text(place)) & SAID for place in places):
        return found
    for place in places:
        if place in grid.trees or grid.number(place) is not None:
            found.setdefault(grid.label(place), []).append(place)
    return found


def _failed_checks(grid: Grid, places: list[Place]) -> Iterator[Finding]:
    failed = [place for place in places if place in grid.trees and _fails(grid, place)]
    if failed:
        value = grid.value(failed[0])
        shown = f"{value:,.6g}" if isinstance(value, float) else str(value)
        yield grid.finding(
            BALANCE,
            Severity.ERROR,
            failed[0],
            last=failed[-1],
            said=f"The check {grid.label(failed[0])!r} shows {shown}.",
            way_out="Find the flow that only one side carries; never plug the difference.",
        )


def _fails(grid: Grid, place: Place) -> bool:
    value = grid.value(place)
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return bool(words_of(value) & FAILS)
    if not isinstance(value, float) or value == 1.0:  # 1 is how some say yes
        return False
    if not any(_compares(each) for each in walk(grid.trees[place])):
        return False
    read = [abs(grid.number(each) or 0.0) for each in grid.reads.get(place, ())]
    return abs(value) > max([SMALLEST, *(TOLERANCE * each for each in read)])


def _compares(node: Node) -> bool:
    """Whether a part holds one amount against another: a check of a cheque's size does not."""
    return isinstance(node, Sum) and {sign for sign, _ in node.terms} == {1, -1}


def _apart(grid: Grid, assets: list[Place], funding: list[Place]) -> Iterator[Finding]:
    """Year by year, below each other or side by side."""
    for one, other in zip(assets, funding, strict=False):
        held, funded = grid.number(one), grid.number(other)
        if held is None or funded is None:
            continue
        if abs(held - funded) > max(SMALLEST, TOLERANCE * abs(held)):
            yield grid.finding(
                BALANCE,
                Severity.ERROR,
                other,
                said=f"Liabilities and equity of {funded:,.10g} are not the assets of "
                f"{held:,.10g} in {name_of(one.row, one.column)}.",
                way_out="Find the flow that only one side carries; never plug the difference.",
            )


def circles(grid: Grid) -> Iterator[Finding]:
    """Formulas that read themselves through others, one finding a circle."""
    severity = Severity.WARNING if grid.book.iterates else Severity.ERROR
    for circle in _components(grid):
        first = min(circle)
        way = ", ".join(name_of(each.row, each.column) for each in sorted(circle)[:6])
        more = f" and {len(circle) - 6:,} more" if len(circle) > 6 else ""
        told = "Excel iterates it" if grid.book.iterates else "Excel cannot compute it"
        yield grid.finding(
            CIRCLE,
            severity,
            first,
            said=f"The formula feeds itself through {way}{more}; {told}.",
            way_out="Take the opening balance, or solve the circle by a formula.",
        )


def _components(grid: Grid) -> Iterator[list[Place]]:
    """Tarjan's strongly connected formulas, without recursion: chains are thousands long."""
    search = _Search(grid.reads)
    for start in grid.reads:
        if start not in search.index:
            yield from search.circles_from(start)


class _Search:
    """Where the search for circles is: what it has met, and what may still close a circle."""

    def __init__(self, reads: dict[Place, list[Place]]) -> None:
        self.reads = reads
        self.index: dict[Place, int] = {}
        self.low: dict[Place, int] = {}
        self.open: dict[Place, None] = {}  # in the order met
        self.path: list[tuple[Place, Iterator[Place]]] = []

    def circles_from(self, start: Place) -> Iterator[list[Place]]:
        """The circles among what a formula reads and was not met before."""
        self._meet(start)
        while self.path:
            place, further = self.path[-1]
            if not self._go_on(place, further):
                self.path.pop()
                if self.path:
                    above = self.path[-1][0]
                    self.low[above] = min(self.low[above], self.low[place])
                if self.low[place] == self.index[place]:
                    circle = self._closed(place)
                    if len(circle) > 1 or place in self.reads[place]:
                        yield circle

    def _meet(self, place: Place) -> None:
        self.index[place] = self.low[place] = len(self.index)
        self.open[place] = None
        self.path.append((place, iter(self.reads[place])))

    def _go_on(self, place: Place, further: Iterator[Place]) -> bool:
        """Meet the next formula that this one reads; False where there is none left."""
        for each in further:
            if each not in self.reads:
                continue
            if each not in self.index:
                self._meet(each)
                return True
            if each in self.open:
                self.low[place] = min(self.low[place], self.index[each])
        return False

    def _closed(self, place: Place) -> list[Place]:
        circle: list[Place] = []
        while not circle or circle[-1] != place:
            circle.append(self.open.popitem()[0])
        return circle
