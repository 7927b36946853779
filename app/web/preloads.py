"""Which scripts a page needs, asked for with its HTML rather than when it is drawn.

Streamlit loads the script of a widget when it first draws one. A chart's script then runs before
that of the grid above it has arrived: the DCF page stood empty for two seconds more.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from app.web.assets import asset_url
from app.web.static import streamlit_static

INDEX = "index.html"
ELEMENTS, WIDGETS = "../lib/src/components/elements/", "../lib/src/components/widgets/"
HTML, LINK = f"{ELEMENTS}Html/Html.tsx", f"{ELEMENTS}PageLink/PageLink.tsx"
BUTTON, SEGMENTS = f"{WIDGETS}Button/Button.tsx", f"{WIDGETS}ButtonGroup/ButtonGroup.tsx"
CHOICE, DAY = f"{WIDGETS}Selectbox/Selectbox.tsx", f"{WIDGETS}DateInput/DateInput.tsx"
UPLOAD = f"{WIDGETS}FileUploader/FileUploader.tsx"
NUMBER, TEXT = f"{WIDGETS}NumberInput/NumberInput.tsx", f"{WIDGETS}TextInput/TextInput.tsx"
GRID, CHART = f"{WIDGETS}DataFrame/ReadOnlyGrid.tsx", f"{ELEMENTS}PlotlyChart/PlotlyChart.tsx"
TICK = f"{WIDGETS}Checkbox/Checkbox.tsx"
COMPONENT = f"{WIDGETS}BidiComponent/BidiComponent.tsx"

DRAWN: Mapping[str, tuple[str, ...]] = {
    "": (HTML, LINK, BUTTON),
    "coverage": (BUTTON, TEXT, GRID),
    "company": (HTML, LINK, BUTTON, CHOICE, DAY, SEGMENTS, GRID, CHART),
    "dcf": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER, COMPONENT),
    "dcf_direct": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER, COMPONENT),
    "statements": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, CHART),
    "reconciliation": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, CHART),
    "dividends": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER, COMPONENT),
    "credit": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, CHART),
    "returns": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER, COMPONENT),
    "lbo": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER),
    "merger": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER, CHART),
    "options": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER, CHART),
    "comparables": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, COMPONENT),
    "simulation": (HTML, LINK, BUTTON, CHOICE, SEGMENTS, NUMBER, COMPONENT),
    "batch": (BUTTON, CHOICE, DAY, COMPONENT),
    "valuations": (HTML, BUTTON, CHOICE),
    "screen": (HTML, BUTTON, CHOICE, NUMBER, GRID),
    "explore": (CHOICE, SEGMENTS, GRID, CHART),
    "snapshots": (HTML, BUTTON, CHOICE),
    "jobs": (BUTTON, CHOICE),
    "market_data": (HTML, BUTTON, CHOICE, SEGMENTS),
    "providers": (HTML, SEGMENTS),
    "workbook_audit": (HTML, BUTTON, UPLOAD),
    "reports": (BUTTON, CHOICE, DAY),
    "proof": (HTML, CHOICE, SEGMENTS),
    "limits": (HTML, SEGMENTS),
    "installation": (HTML, SEGMENTS, TEXT),
    "members": (HTML, SEGMENTS),
    "keys": (HTML, BUTTON, CHOICE, NUMBER, TEXT, TICK),
    "audit": (HTML, BUTTON, CHOICE),
    "billing": (HTML, CHOICE, BUTTON),
    "sessions": (HTML, CHOICE, BUTTON),
}
"""What each page draws at first, by the first part of its address."""

OWN: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("dcf", "dcf_direct", "comparables", "simulation", "returns"), ("grid.mjs",)
)
"""The scripts of our own components that a page draws at first."""


def preload_tags(page: str) -> str:
    """The tags that let the browser fetch and compile a page's chunks while Streamlit starts."""
    manifest = _manifest()
    known = set(_with_imports(manifest, INDEX, set()))
    chunks = [
        f"/{manifest[name]['file']}"
        for widget in DRAWN.get(page, ())
        for name in _with_imports(manifest, widget, known)
    ]
    scripts = [*chunks, *map(asset_url, OWN.get(page, ()))]
    return "".join(f'<link rel="modulepreload" href="{script}">' for script in scripts)


@cache
def _manifest() -> Mapping[str, Any]:
    """What Streamlit's build says of its own chunks."""
    return json.loads((streamlit_static() / "manifest.json").read_text(encoding="utf-8"))


def _with_imports(manifest: Mapping[str, Any], name: str, seen: set[str]) -> Iterator[str]:
    """A chunk and all that it imports, but for what was seen; KeyError for an unknown one."""
    if name not in seen:
        seen.add(name)
        for needed in manifest[name].get("imports", ()):
            yield from _with_imports(manifest, needed, seen)
        yield name
