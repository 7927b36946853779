"""An executed notebook as one HTML page that loads nothing: for a browser offline, and for print.

The same results give the same bytes: cells and charts are numbered.
"""

from html import escape
from pathlib import Path
from typing import Any

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
"""What a report may do in a browser: run its own charts, and nothing beyond the page."""

FIGURE = "application/vnd.plotly.v1+json"
HERE = Path(__file__).resolve().parent


def render(folder: Path, *, title: str) -> None:
    """Writes report.html from executed.ipynb."""
    import nbformat
    from nbconvert import HTMLExporter

    notebook: Any = nbformat.read(folder / "executed.ipynb", 4)
    charts = 0
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"  # papermill gives the cell that it injects a random id
        for output in cell.get("outputs", []):
            figure = output.get("data", {}).pop(FIGURE, None)
            if figure:
                charts += 1
                output.data["text/html"] = _chart(figure, charts)
    body, _ = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    ).from_notebook_node(notebook)
    (folder / "report.html").write_text(_page(title, body, with_charts=charts > 0))


def _chart(figure: dict, number: int) -> str:
    import plotly.graph_objects as go
    import plotly.io as pio

    figure.pop("config", None)
    return pio.to_html(
        go.Figure(figure),
        full_html=False,
        include_plotlyjs=False,
        div_id=f"chart-{number}",
        config={"displayModeBar": False, "responsive": True, "displaylogo": False},
    )


def _page(title: str, body: str, *, with_charts: bool) -> str:
    style = (HERE / "report.css").read_text()
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f"{_library() if with_charts else ''}<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _library() -> str:
    """Plotly's script, once a page: 4.8 MB, so that charts need no network."""
    import plotly

    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    script = source.read_text(encoding="utf-8").replace("</script", "<\\/script")
    return f"<script>{script}</script>\n"
