"""How the workbook looks: inputs blue, formulas black, links green; a number format a unit."""

from functools import cache
from typing import TYPE_CHECKING, Any

from valor_core.amounts import Scale, in_money, shown
from valor_core.models.fields import Unit

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

NUMBER_FORMATS = {
    Unit.RATE: "0.00%_);(0.00%);0.00%_)",
    Unit.RATIO: "0.0000_);(0.0000);0.0000_)",
    Unit.SHARES: "#,##0.0_);(#,##0.0);0.0_)",
    Unit.MONEY_PER_SHARE: "#,##0.00_);(#,##0.00);0.00_)",
    Unit.YEARS: "0.000_);(0.000);0.000_)",
    Unit.DAYS: "0.0_);(0.0);0.0_)",
    None: "#,##0.0000_);(#,##0.0000);0.0000_)",
}
COMMAS = {Scale.THOUSANDS: ",", Scale.MILLIONS: ",,", Scale.BILLIONS: ",,,"}  # a thousand each
UNITS = {
    Unit.MONEY: "money",
    Unit.RATE: "%",
    Unit.RATIO: "×",
    Unit.SHARES: "shares",
    Unit.MONEY_PER_SHARE: "per share",
    Unit.YEARS: "years",
    Unit.DAYS: "days",
    None: "",
}
LONGEST_TEXT = 32_000  # a cell holds 32,767 characters, and xlsxwriter drops a longer text silently

INK, PAPER = {"font_name": "Arial", "font_size": 10}, "#1F3864"
BLUE, GREEN, GREY = "#0000FF", "#00703C", "#7F7F7F"


def units_in(currency: str) -> dict[Unit | None, str]:
    """What stands in the column of units, money by its currency where that is known."""
    if not currency:
        return UNITS
    return {**UNITS, Unit.MONEY: in_money(currency), Unit.MONEY_PER_SHARE: f"{currency} a share"}


def number_format(unit: Unit | None) -> str:
    """How numbers of a unit are shown; money in the unit of the reader, held whole in its cell.

    >>> number_format(Unit.MONEY)
    '#,##0.0,,_);(#,##0.0,,);0.0_)'
    """
    if unit is not Unit.MONEY:
        return NUMBER_FORMATS[unit]
    scale = shown()
    digits = "0" * (1 + scale.digits)
    number = f"#,##0.{digits}{COMMAS[scale]}"
    return f"{number}_);({number});0.{digits}_)"


def how_money_is_shown(currency: str) -> str:
    """What whoever types an amount must know."""
    whole = currency or "money"
    return (
        f"Amounts are shown in {in_money(whole)} and held whole: type 5,000,000 for 5 million "
        f"{whole}."
    )


class Looks:
    """The formats of one workbook, each made once."""

    def __init__(self, book: "Workbook") -> None:
        self._book = book
        self._make = cache(lambda items: book.add_format(dict(items)))

    def _format(self, **properties: Any) -> "Format":
        return self._make(tuple(sorted({**INK, **properties}.items())))

    def title(self) -> "Format":
        """The first line of a sheet."""
        return self._format(bold=True, font_size=16, font_color=PAPER)

    def heading(self) -> "Format":
        """A header row."""
        return self._format(bold=True, font_color="#FFFFFF", bg_color=PAPER)

    def year(self) -> "Format":
        """The head of a column of numbers."""
        return self._format(bold=True, font_color="#FFFFFF", bg_color=PAPER, align="right")

    def group(self) -> "Format":
        """The line above lines that belong together."""
        return self._format(bold=True, font_color=PAPER, bottom=1, bottom_color=PAPER)

    def text(self, *, faint: bool = False) -> "Format":
        """Words."""
        faintly = {"font_color": GREY, "italic": True} if faint else {}
        return self._format(indent=1, **faintly)

    def input(self, unit: Unit | None) -> "Format":
        """An assumption: typed in, meant to be changed."""
        return self._format(font_color=BLUE, bg_color="#FFF9E5", num_format=number_format(unit))

    def chosen(self) -> "Format":
        """An assumption in words, above numbers."""
        return self._format(font_color=BLUE, bg_color="#FFF9E5", align="right")

    def place(self) -> "Format":
        """Which of several, by its number."""
        return self._format(num_format="0", font_color=GREY)

    def formula(self, unit: Unit | None, *, faint: bool = False, strong: bool = False) -> "Format":
        """A computed number."""
        emphasis = {"bold": True, "top": 1} if strong else {}
        faintly = {"font_color": GREY} if faint else {}
        return self._format(num_format=number_format(unit), **emphasis, **faintly)

    def link(self, unit: Unit | None, *, strong: bool = False) -> "Format":
        """A number that only repeats another cell."""
        emphasis = {"bold": True, "font_size": 14} if strong else {}
        return self._format(font_color=GREEN, num_format=number_format(unit), **emphasis)

    def check(self) -> "Format":
        """The outcome of a check."""
        return self._format(align="center", bold=True)

    def good(self) -> "Format":
        """A check that holds."""
        return self._book.add_format({"font_color": "#006100", "bg_color": "#C6EFCE"})

    def bad(self) -> "Format":
        """A check that fails."""
        return self._book.add_format({"font_color": "#9C0006", "bg_color": "#FFC7CE"})


def say(sheet: "Worksheet", row: int, column: int, text: str, look: "Format") -> None:
    """Write words as words: what people typed never becomes a formula or a link."""
    text = text.encode("utf-8", "replace").decode()
    text = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
    sheet.write_string(row, column, text, look)
