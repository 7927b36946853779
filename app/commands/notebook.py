"""`valor notebook`: a place for notebooks, opened."""

from pathlib import Path
from typing import Annotated

import typer


def notebook(
    folder: Annotated[
        Path | None, typer.Option(help="Where your notebooks lie; ~/valor-notebooks if left out.")
    ] = None,
    port: Annotated[int, typer.Option(help="Where to listen, on this machine alone.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
) -> None:
    """Open JupyterLab with the examples in a folder of yours, for this machine alone."""
    from app.notebooks import bring_examples, open_lab, own_folder, ready_data

    mine = folder or own_folder()
    brought = bring_examples(mine)
    print(f"{mine}: {len(brought)} examples were put there" if brought else f"{mine}")
    print(f"vc.open() means {ready_data()}", flush=True)
    open_lab(mine, port=port, browser=browser)
