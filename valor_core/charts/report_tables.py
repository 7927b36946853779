"""The tables of a valuation report as HTML: figures aligned, units told, every text escaped."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Protocol

import numpy as np

from valor_core.amounts import in_money
from valor_core.charts.style import money
from valor_core.models.bridge import ASSETS, CLAIMS
from valor_core.models.checks import Check
from valor_core.models.dcf import DcfInputs, DcfResult
from valor_core.models.discounting import parts_of_years
from valor_core.models.explained import shown, source_text
from valor_core.models.fields import Unit
from valor_core.models.lines import Line
from valor_core.values import Source

FORECAST = (
    ("revenues", "Revenue", Unit.MONEY),
    ("growth", "Growth", Unit.RATE),
    ("ebit", "EBIT", Unit.MONEY),
    ("margins", "EBIT margin", Unit.RATE),
    ("tax_rates", "Tax rate", Unit.RATE),
    ("nopat", "EBIT after tax", Unit.MONEY),
    ("reinvestment", "Net reinvestment", Unit.MONEY),
    ("fcff", "Free cash flow to the firm", Unit.MONEY),
    ("waccs", "Cost of capital", Unit.RATE),
    ("discount_factors", "Discount factor", Unit.RATIO),
    ("pv_fcff", "Present value", Unit.MONEY),
)
TOTALS = ("fcff", "pv_fcff")
MILLION = 1e6  # of shares
OPEN, WAITS = "to state", "waits"


class Listed(Protocol):
    """A list in words, as a report tells it."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[str]
    empty: str


def key_figures(result: DcfResult, currency: str, open_items: Collection[str] = ()) -> str:
    """The headline: value of one share, or of the operations while items are open."""
    if open_items:
        return _figures(
            (f"Enterprise value, {in_money(currency)}", money(result.enterprise_value, 1)),
            ("Forecast, present value", money(result.pv_forecast, 1)),
            ("Terminal value, present value", money(result.pv_terminal, 1)),
        )
    return _figures(
        (f"Value per share, {currency}", f"{float(result.value_per_share):,.2f}"),
        (f"Enterprise value, {in_money(currency)}", money(result.enterprise_value, 1)),
        (f"Equity value, {in_money(currency)}", money(result.equity_value, 1)),
        ("Diluted shares, million", f"{float(result.diluted_shares) / MILLION:,.1f}"),
    )


def _figures(*figures: tuple[str, str]) -> str:
    told = "".join(f"<div><dt>{label}</dt><dd>{figure}</dd></div>" for label, figure in figures)
    return f'<dl class="key-figures">{told}</dl>'


def told_figures(figures: Mapping[str, str]) -> str:
    """The headline of a report: each figure in words, with its name."""
    return _figures(*((escape(name), escape(told)) for name, told in figures.items()))


def listing(told: Listed) -> str:
    """A list of a report, the first column its heads; where it has no rows, what that means."""
    if not told.rows:
        return f"<p>{escape(told.empty)}</p>"
    kinds = ["number" if name in told.numbers else "words" for name in told.columns]
    head = "".join(
        f'<th class="{kind}">{escape(name)}</th>'
        for name, kind in zip(told.columns, kinds, strict=True)
    )
    lines = "".join(
        f"<tr><th>{escape(row[0])}</th>"
        + "".join(
            f'<td class="{kind}">{escape(cell)}</td>'
            for cell, kind in zip(row[1:], kinds[1:], strict=True)
        )
        + "</tr>"
        for row in told.rows
    )
    return (
        f'<div class="scroll"><table><caption>{escape(told.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def notices(warnings: Sequence[str], *, head: str = "Before you use this value") -> str:
    """What a reader must know before believing the value; empty where there is nothing."""
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f'<div class="notice"><strong>{escape(head)}</strong><ul>{items}</ul></div>'


def to_state(open_items: Mapping[str, str]) -> str:
    """What a share's value waits for and how to state it; empty where nothing is open."""
    if not open_items:
        return ""
    items = "".join(
        f"<li><strong>{escape(_words(item).capitalize())}</strong>: {escape(why)}</li>"
        for item, why in open_items.items()
    )
    waits = "1 item that nobody has stated"
    if len(open_items) > 1:
        waits = f"{len(open_items)} items that nobody has stated"
    return (
        f'<div class="notice"><strong>Equity value and value per share wait for {waits}</strong>'
        f"<ul>{items}</ul><p>State each amount, 0 where there is none, and why: on the page "
        "<em>DCF</em> of this company, then save, and run this report again. Or run it with "
        "<code>missing=zero</code>, which counts them as 0 in your name.</p></div>"
    )


def forecast_table(inputs: DcfInputs, result: DcfResult, currency: str) -> str:
    """Every line of the forecast, a year a column; how much of the first counts where part does."""
    years = [f"Year {year}" for year in range(1, len(result.fcff) + 1)]
    rows = [
        (label, [_cell(value, unit) for value in np.asarray(getattr(result, name))[: len(years)]],
         "total" if name in TOTALS else "")
        for name, label, unit in FORECAST
    ]  # fmt: skip
    if inputs.stub is not None:
        parts = [_cell(part, Unit.RATE) for part in parts_of_years(inputs.years, inputs.stub)]
        before_fcff = [name for name, _, _ in FORECAST].index("fcff")
        rows.insert(before_fcff, ("Part of the year", parts, ""))
    return _table(["", *years], rows, caption=f"{in_money(currency)} and rates, by forecast year")


def bridge_table(
    inputs: DcfInputs, result: DcfResult, sources: Mapping[str, Source], currency: str
) -> str:
    """From enterprise to equity value to one share, each item with its source or still open."""
    waits = bool(inputs.bridge.missing)
    rows = [_bridge_row("Enterprise value", money(result.enterprise_value, 1), "", "total")]
    for names, sign, word in ((CLAIMS, -1.0, "less"), (ASSETS, 1.0, "plus")):
        for name in names:
            amount, path = getattr(inputs.bridge, name), f"bridge.{name}"
            label = f"{word} {_words(name)}"
            told = source_text(sources.get(path))
            rows.append(
                _bridge_row(label, OPEN if amount is None else money(sign * amount, 1), told)
            )
    per_share = f"{float(result.value_per_share):,.2f}"
    equity, shares = money(result.equity_value, 1), f"{float(result.diluted_shares) / MILLION:,.1f}"
    rows += [
        _bridge_row("Equity value", WAITS if waits else equity, "", "total"),
        _bridge_row("divided by diluted shares, million", WAITS if waits else shares, ""),
        _bridge_row(f"Value per share, {currency}", WAITS if waits else per_share, "", "total"),
    ]
    return _rows_table(
        [in_money(currency), "Amount", "Source"],
        rows,
        caption="From enterprise value to one share",
    )


def terminal_table(result: DcfResult, currency: str) -> str:
    """Both terminal methods side by side, each with what it implies for the other."""
    rows = [
        (f"Terminal value, {in_money(currency)}", result.terminal_value_gordon,
         result.terminal_value_multiple, Unit.MONEY),
        (f"Present value, {in_money(currency)}", result.pv_terminal_gordon,
         result.pv_terminal_multiple, Unit.MONEY),
        ("Implied exit multiple", result.implied_multiple, None, Unit.RATIO),
        ("Implied growth", None, result.implied_growth, Unit.RATE),
    ]  # fmt: skip
    cells = [(label, [_cell(one, unit), _cell(two, unit)], "") for label, one, two, unit in rows]
    return _table(["", "Growing perpetuity", "Exit multiple"], cells, caption="Terminal value")


def checks_table(checks: Iterable[Check]) -> str:
    """What an experienced reader would question, those that failed first."""
    rows = "".join(
        f'<tr><td class="{"passed" if check.passed else "failed"}">'
        f"{'passes' if check.passed else escape(check.severity.value)}</td>"
        f'<td class="words">{escape(check.message)}</td></tr>'
        for check in checks
    )
    return f"<table><thead><tr><th>Check</th><th>What it says</th></tr></thead>{rows}</table>"


def conventions_table(conventions: Mapping[str, str]) -> str:
    """What the value rests on, in words."""
    rows = "".join(
        f'<tr><th>{escape(name)}</th><td class="words">{escape(told)}</td></tr>'
        for name, told in conventions.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def sources_table(
    inputs: Mapping[str, Line], sources: Mapping[str, Source], open_items: Collection[str] = ()
) -> str:
    """Each input, its number, and where it comes from: tag and accession, rule or judgement."""
    waiting = {f"bridge.{item}" for item in open_items}
    rows = "".join(
        f"<tr><th><code>{escape(path)}</code></th>"
        f'<td class="number">{OPEN if path in waiting else _values(line)}</td>'
        f'<td class="words">{escape(source_text(sources.get(path)))}</td></tr>'
        for path, line in inputs.items()
    )
    head = '<thead><tr><th>Input</th><th class="number">Value</th><th>Source</th></tr></thead>'
    return f'<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>'


def facts_table(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values, such as run id and code revision."""
    rows = "".join(
        f'<tr><th>{escape(name)}</th><td class="words"><code>{escape(value)}</code></td></tr>'
        for name, value in pairs
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _values(line: Line) -> str:
    return "<br>".join(escape(shown(value, line.unit)) for value in line.values)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: Any, unit: Unit) -> str:
    if value is None:
        return "–"
    if unit is Unit.MONEY:
        return money(value)
    return escape(shown(float(value), unit))


def _bridge_row(label: str, amount: str, source: str, kind: str = "") -> str:
    return (
        f'<tr class="{kind}"><th>{escape(label)}</th><td class="number">{amount}</td>'
        f'<td class="words">{escape(source)}</td></tr>'
    )


def _table(
    heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str], str]], *, caption: str
) -> str:
    lines = [
        f'<tr class="{kind}"><th>{escape(label)}</th>'
        + "".join(f'<td class="number">{cell}</td>' for cell in cells)
        + "</tr>"
        for label, cells, kind in rows
    ]
    return _rows_table(heads, lines, caption=caption)


def _rows_table(heads: Sequence[str], rows: Iterable[str], *, caption: str) -> str:
    head = "".join(
        f'<th class="{"number" if place and name != "Source" else ""}">{escape(name)}</th>'
        for place, name in enumerate(heads)
    )
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
