"""A buyout model in the shape of a published template, with its two known mistakes or without.

WallStreetOasis' "Juice Co.": `DCF!C30` grows the last flow at the WACC, so does its FCFE twin, and
`LBO Modelling!C50` takes the senior rate for the subordinated debt. Flows, WACC and growth:
SamuelD27/valuation_pro at e5ecc992, `Ref_models/Reference_LBO.xlsx`, sheet DCF; the rest is ours.
"""

from functools import cache
from io import BytesIO
from typing import Any

import xlsxwriter

FLOWS = (
    36.09801925833243, 38.7985955006541, 43.54670054910295, 48.49877298780627, 54.71301246237156,
    60.00991344610199, 63.45106855050453, 65.87906333363368, 67.56646629227669, 67.86710289717604,
)  # fmt: skip
WACC, GROWTH, EQUITY_COST, NET_DEBT = 0.114, 0.02, 0.16, 234.9959999999998
COLUMNS = "DEFGHIJKLM"


@cache
def juice_co(*, mistaken: bool) -> bytes:
    """The model's DCF and its debt, as published or mended."""
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        _dcf(book.add_worksheet("DCF"), mistaken=mistaken)
        _debt(book.add_worksheet("LBO Modelling"), mistaken=mistaken)
    return stream.getvalue()


def _dcf(sheet: Any, *, mistaken: bool) -> None:
    sheet.write("B2", "Juice Co., discounted cash flow")
    for label, row in (("Free cash flow to the firm", 20), ("Free cash flow to equity", 40)):
        sheet.write(f"B{row}", label)
        for n, (column, flow) in enumerate(zip(COLUMNS, FLOWS, strict=True), start=1):
            sheet.write(f"{column}{row - 1}", f"Year {n}")
            sheet.write_number(f"{column}{row}", flow)
    _terminal(sheet, row=26, flow="M20", name="WACC", rate=WACC, mistaken=mistaken)
    _terminal(sheet, row=46, flow="M40", name="Cost of equity", rate=EQUITY_COST, mistaken=mistaken)
    sheet.write("B33", "Net debt")
    sheet.write_number("C33", NET_DEBT)
    sheet.write("B34", "Equity value")
    sheet.write_formula("C34", "=C32-C33", None, 569.4076421129745 - NET_DEBT)


def _terminal(sheet: Any, *, row: int, flow: str, name: str, rate: float, mistaken: bool) -> None:
    """The rates, the terminal value and the sum of present values, from one row down."""
    discount, growth = f"C{row}", f"C{row + 1}"
    grown = discount if mistaken else growth
    terminal = FLOWS[-1] * (1 + (rate if mistaken else GROWTH)) / (rate - GROWTH)
    sheet.write(f"B{row}", name)
    sheet.write_number(discount, rate)
    sheet.write(f"B{row + 1}", "Perpetual growth")
    sheet.write_number(growth, GROWTH)
    sheet.write(f"B{row + 3}", "Present value of the flows")
    flows = f"{COLUMNS[0]}{flow[1:]}:{flow}"
    present = sum(each / (1 + rate) ** year for year, each in enumerate(FLOWS, start=1))
    sheet.write_formula(f"C{row + 3}", f"=NPV({discount},{flows})", None, present)
    sheet.write(f"B{row + 4}", "Terminal value")
    formula = f"=({flow}*(1+{grown}))/({discount}-{growth})"
    sheet.write_formula(f"C{row + 4}", formula, None, terminal)
    sheet.write(f"B{row + 5}", "Present value of the terminal value")
    discounted = terminal / (1 + rate) ** len(FLOWS)
    sheet.write_formula(f"C{row + 5}", f"=C{row + 4}/(1+{discount})^10", None, discounted)
    sheet.write(f"B{row + 6}", "Value")
    total = present + discounted
    sheet.write_formula(f"C{row + 6}", f"=C{row + 3}+C{row + 5}", None, total)


def _debt(sheet: Any, *, mistaken: bool) -> None:
    sheet.write("B33", "Interest rates")
    for row, (label, rate) in enumerate((("Senior debt", 0.07), ("Sub debt", 0.11)), start=34):
        sheet.write(f"B{row}", f"{label} interest rate")
        sheet.write_number(f"C{row}", rate)
    sheet.write("B41", "Senior debt schedule")
    sheet.write("B42", "Opening balance")
    sheet.write("B43", "Interest")
    sheet.write("B48", "Sub debt schedule")
    sheet.write("B49", "Opening balance")
    sheet.write("B50", "Interest")
    sub = "$C$34" if mistaken else "$C$35"
    for n, column in enumerate("CDEFG"):
        sheet.write_number(f"{column}42", 150.0 - 20 * n)
        sheet.write_formula(f"{column}43", f"={column}42*$C$34", None, (150 - 20 * n) * 0.07)
        sheet.write_number(f"{column}49", 85.0)
        sheet.write_formula(f"{column}50", f"={column}49*{sub}", None, 85 * 0.07)
