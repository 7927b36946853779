"""Results onto the screen, the same way on every page."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import streamlit as st

from app.ui.words import in_unit, unit_mark
from valor_core.charts.style import TOTAL, Theme
from valor_core.coverage.companies import filing_url
from valor_core.errors import BadInputs, ValorError
from valor_core.models.explained import Explained, source_text
from valor_core.values import CompanyId

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Result = TypeVar("Result")

ACCESSION = re.compile(r"\b\d{10}-\d\d-\d{6}\b", re.ASCII)
MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")  # every sign of ASCII: any may mean something somewhere
ADDRESSES = re.compile(r"www(?=\\\.)|\\@|\\:(?=\\/)", re.IGNORECASE)

TABLE_STYLE = """<style>
.vx-scroll{overflow-x:auto;max-width:100%}
table.vx{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.9rem}
table.vx caption{text-align:left;opacity:.8;padding:.2rem 0 .4rem}
table.vx th{font-weight:600;text-align:right;padding:.25rem .6rem;white-space:nowrap}
table.vx th[scope=row],table.vx .vx-first{text-align:left;font-weight:400;position:sticky;left:0;
background:var(--vx-page)}
table.vx td{text-align:right;padding:.25rem .6rem;white-space:nowrap}
table.vx-text td,table.vx-text th{text-align:left;white-space:normal;vertical-align:top}
table.vx tr{border-bottom:1px solid rgba(128,140,152,.25)}
table.vx td.vx-text,table.vx th.vx-text{text-align:left;white-space:normal;vertical-align:top;
overflow-wrap:break-word}
table.vx td{vertical-align:top}
table.vx thead th,table.vx thead th.vx-text{vertical-align:bottom}
@media(max-width:640px){table.vx td.vx-text{min-width:7rem}
table.vx td.vx-text:last-child{min-width:14rem}}
table.vx tr.vx-strong th,table.vx tr.vx-strong td{font-weight:600}
table.vx a{color:var(--vx-link)}
</style>"""
READABLE = """<style>
[class*=st-key-][class*=-section] [aria-checked=true] p{color:var(--st-text-color,inherit)}
</style>"""
TREE_STYLE = """<style>
.vx-tree a{color:var(--vx-link)}
.vx-tree{font-size:.92rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.vx-tree summary{padding:.2rem 0;cursor:pointer}.vx-leaf{padding:.2rem 0 .2rem 1.1rem}
.vx-tree code{font-size:.85em}.vx-in{margin-left:.45rem;padding-left:.8rem;
border-left:1px solid rgba(128,140,152,.4)}.vx-source{font-size:.88em}
</style>"""


def refusal(error: ValorError) -> None:
    """A refusal as its reader needs it: what is wrong, each place, and the way out."""
    lines = (
        "".join(f"\n- **{plain(f.place)}**: {plain(f.problem)}" for f in error.flaws[:20])
        if isinstance(error, BadInputs)
        else plain(str(error))
    )
    hint = f"\n\n{plain(error.hint)}" if error.hint else ""
    st.error(f"{lines}{hint}", icon=":material/error:")


def or_explain(act: Callable[..., Result], *args: Any, **kwargs: Any) -> Result | None:
    """The act's value, or None after its refusal was shown."""
    try:
        return act(*args, **kwargs)
    except ValorError as error:
        refusal(error)
        return None


def theme() -> Theme:
    """`light` or `dark`, as the reader has it."""
    return "dark" if st.context.theme.type == "dark" else "light"


ASKED_PX = 74  # a label and its field, which are drawn late: the rest of the page must not jump


def asked() -> AbstractContextManager[object]:
    """The place of one field at the top of a page, kept until it is drawn."""
    return st.container(height=ASKED_PX, border=False)


def chart(figure: "Figure", *, key: str, alt: str) -> None:
    """A chart in the place that was kept for it."""
    layout: Any = figure.layout
    with st.container(height=int(layout.height) + 16, border=False):
        st.plotly_chart(
            figure, key=key, theme=None, width="stretch", config={"displayModeBar": False}, alt=alt
        )


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[str]]],
    *,
    strong: frozenset[str] = frozenset(),
    first: str = "",
    text: bool = False,
    trends: Mapping[str, Sequence[float]] | None = None,
    filer: CompanyId | None = None,
) -> None:
    """Aligned numbers, or `text`, with one label a row; it scrolls where the screen is narrow.

    `trends` draws the course of the rows that it names beside their labels. Accession numbers of
    a `filer` lead to its filings.
    """
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in columns)
    if trends:
        head = f"<th scope=col>Trend</th>{head}"
    corner = f"<th class=vx-first>{escape(first)}</th>" if first else "<td class=vx-first></td>"
    body = "".join(
        f"<tr{' class=vx-strong' if label in strong else ''}><th scope=row>{escape(label)}</th>"
        + (f"<td>{_sparkline(trends.get(label, ()))}</td>" if trends else "")
        + "".join(f"<td>{_linked(cell, filer)}</td>" for cell in cells)
        + "</tr>"
        for label, cells in rows
    )
    st.html(
        f"{TABLE_STYLE}<div class=vx-scroll tabindex=0 role=region aria-label='{escape(caption)}'>"
        f"<table class='vx{' vx-text' if text else ''}'><caption>{escape(caption)}</caption>"
        f"<thead><tr>{corner}{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _linked(text: str, filer: CompanyId | None) -> str:
    """The text for a page, in which accession numbers of a filer lead to its filings."""
    if filer is None:
        return escape(text)
    return ACCESSION.sub(
        lambda found: f'<a href="{filing_url(filer, found[0])}">{found[0]}</a>', escape(text)
    )


def _sparkline(values: Sequence[float]) -> str:
    """The course of a few numbers as a line the height of a row, from its lowest to its highest."""
    if len(values) < 2:
        return ""
    low, span = min(values), (max(values) - min(values)) or 1.0
    points = " ".join(
        f"{2 + 68 * place / (len(values) - 1):.1f},{14 - 12 * (value - low) / span:.1f}"
        for place, value in enumerate(values)
    )
    drawn = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='72' height='16'>"
        f"<polyline points='{points}' fill='none' stroke='{TOTAL[theme()]}' stroke-width='1.5'/>"
        "</svg>"
    )  # as an image: drawings within the page are taken out of it
    return f'<img alt="" width=72 height=16 src="data:image/svg+xml,{quote(drawn)}">'


def listing(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    text: frozenset[str] = frozenset(),
    filer: CompanyId | None = None,
) -> None:
    """Rows of cells under their headings; columns of text stand left and wrap.

    Accession numbers of a `filer` lead to its filings.
    """
    kinds = [" class=vx-text" if name in text else "" for name in columns]
    head = "".join(
        f"<th scope=col{kind}>{escape(name)}</th>" if name else f"<td{kind}></td>"
        for name, kind in zip(columns, kinds, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{_linked(cell, filer)}</td>" for cell, kind in zip(row, kinds, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    st.html(
        f"{TABLE_STYLE}<div class=vx-scroll tabindex=0 role=region aria-label='{escape(caption)}'>"
        f"<table class=vx><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(pairs: Mapping[str, str], *, first_large: bool = False) -> None:
    """A few labelled values side by side, wrapping where the screen is narrow."""
    sizes = ["1.9rem" if first_large else "1.25rem", *["1.25rem"] * len(pairs)]
    items = "".join(
        f"<div><div style='opacity:.75;font-size:.85rem'>{escape(label)}</div>"
        f"<div style='font-size:{size};font-weight:600;line-height:1.3'>{escape(value)}</div></div>"
        for (label, value), size in zip(pairs.items(), sizes, strict=False)
    )
    # The name by which the page's style keeps the place of a line with a large first value.
    place = st.container(key=f"headline:{next(iter(pairs))}") if first_large else nullcontext()
    with place:
        st.html(
            "<div style='display:flex;flex-wrap:wrap;align-items:end;gap:.75rem 2rem;"
            f"font-variant-numeric:tabular-nums'>{items}</div>"
        )


def section(names: Sequence[str], *, of: str) -> str:
    """The part of a page that is looked at, chosen in a row of names; the first at first."""
    st.html(READABLE)
    name = st.segmented_control(
        "Section",
        names,
        default=names[0],
        required=True,
        key=f"{of}:section",
        label_visibility="collapsed",
        wrap=True,
    )
    return name or names[0]


def listed(
    caption: str, pairs: Sequence[tuple[str, str]], *, filer: CompanyId | None = None
) -> None:
    """Names with a sentence each."""
    rows = [(name, [told]) for name, told in pairs]
    table(caption, [""], rows, text=True, filer=filer)


def tree(top: Explained, currency: str, *, filer: CompanyId | None = None) -> None:
    """A number with its formula, and folded below it what the formula is made of."""
    branches = _branch(top, currency, filer, opened=True)
    st.html(f"{TREE_STYLE}<div class=vx-tree>{branches}</div>")


def _branch(
    each: Explained, currency: str, filer: CompanyId | None, *, opened: bool = False
) -> str:
    year = f" <small>year {each.year}</small>" if each.year else ""
    line = f"<b>{escape(each.label)}</b>{year} = {escape(_told(each, currency))}"
    if each.formula:
        line += f" <code>{escape(each.formula)}</code>"
    if each.is_input:
        line += f"<div class=vx-source>{_linked(source_text(each.source), filer)}</div>"
    if each.seen_above:
        line += " <small>(explained above)</small>"
    if not each.parts:
        return f"<div class=vx-leaf>{line}</div>"
    inner = "".join(_branch(part, currency, filer) for part in each.parts)
    return (
        f"<details{' open' if opened else ''}><summary>{line}</summary>"
        f"<div class=vx-in>{inner}</div></details>"
    )


def _told(each: Explained, currency: str) -> str:
    values = each.value if isinstance(each.value, tuple) else (each.value,)
    return ", ".join(in_unit(value, each.unit) for value in values) + unit_mark(each.unit, currency)


def links(targets: Mapping[str, str]) -> None:
    """Ways to go on, side by side."""
    st.markdown(" · ".join(f"[{plain(label)}]({target})" for label, target in targets.items()))


def plain(text: str) -> str:
    """Text from people and files, so that Markdown in it stays text and no address becomes a link.

    Addresses are found after the signs were read, so they are parted by a joiner that is not seen.
    """
    shown = MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))
    return ADDRESSES.sub("\\g<0>\u2060", shown)
