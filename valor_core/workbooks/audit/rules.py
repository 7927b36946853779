"""The rules, each a function over the grid, and the audit that runs them all.

To add one: a function that yields findings, and a line in `RULES`; `docs/workbooks.md` tells what
it looks at and when it is silent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from valor_core.workbooks.audit import cells, lines, whole
from valor_core.workbooks.audit.findings import Audit, Finding, Severity
from valor_core.workbooks.audit.grid import Grid
from valor_core.workbooks.audit.terminal import RULE as TERMINAL
from valor_core.workbooks.audit.terminal import terminal_growth
from valor_core.workbooks.audit.tranches import tranche_rates
from valor_core.workbooks.reading import read_workbook

FINDINGS_MAX = 200  # of one rule: whoever has more does not mend them one by one
FOUND_MAX = 1_000  # then no more are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of mistake."""

    name: str
    title: str
    find: tuple[Callable[[Grid], Iterator[Finding]], ...]


RULES = (
    Rule(name=TERMINAL, title="Terminal value grown at the wrong rate", find=(terminal_growth,)),
    Rule(name=lines.RATES, title="Mixed rates", find=(lines.only(lines.RATES), tranche_rates)),
    Rule(name=lines.SIGN, title="Sign flip", find=(lines.only(lines.SIGN), cells.flipped_inputs)),
    Rule(name=whole.BALANCE, title="Does not balance", find=(whole.unbalanced,)),
    Rule(name=whole.CIRCLE, title="Circular reference", find=(whole.circles,)),
    Rule(name=cells.ERROR, title="Error value", find=(cells.error_values,)),
    Rule(
        name=lines.HARD_CODED,
        title="Number typed into a line of formulas",
        find=(lines.only(lines.HARD_CODED),),
    ),
    Rule(name=lines.BROKEN, title="Line broken", find=(lines.only(lines.BROKEN),)),
    Rule(name=cells.TYPED, title="Number inside a formula", find=(cells.typed_numbers,)),
    Rule(name=cells.TEXT, title="Text that looks like a number", find=(cells.text_numbers,)),
    Rule(name=cells.HIDDEN, title="Hidden input", find=(cells.hidden_inputs,)),
    Rule(name=cells.LINK, title="Link to another file", find=(cells.external_links,)),
    Rule(name=cells.MACROS, title="Macros", find=(cells.macros,)),
)
TITLES = {rule.name: rule.title for rule in RULES}


def audit_workbook(raw: bytes, tell: Callable[[float], None] = lambda _: None) -> Audit:
    """What is wrong in the workbook of a file; nothing in it is computed or followed.

    `tell` hears which part of the work is done.
    """
    book = read_workbook(raw)
    tell(1 / 3)
    grid = Grid(book)
    found: list[Finding] = []
    left_out = 0
    for number, rule in enumerate(RULES):
        tell(2 / 3 + number / len(RULES) / 3)
        found_by = (each for find in rule.find for each in find(grid))
        its = list(dict.fromkeys(islice(found_by, FOUND_MAX)))
        found += its[:FINDINGS_MAX]
        left_out += len(its[FINDINGS_MAX:])
    gravity = {severity: place for place, severity in enumerate(Severity)}
    return Audit(
        sheets=len(grid.book.sheets),
        cells=sum(len(sheet.cells) for sheet in grid.book.sheets),
        formulas=grid.formulas,
        unread=grid.unread,
        findings=tuple(sorted(found, key=lambda each: gravity[each.severity])),
        left_out=left_out,
    )
