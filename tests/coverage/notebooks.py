"""Notebooks as a person saves them."""

import json
from typing import Any


def a_notebook(*cells: str, **told: Any) -> bytes:
    """A notebook file with those cells; `parameters:` before one tags it, `#` begins prose."""
    made = [_cell(number, text) for number, text in enumerate(cells)]
    document = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **told}
    return json.dumps(document).encode()


def _cell(number: int, text: str) -> dict[str, Any]:
    tagged = text.startswith("parameters:")
    cell: dict[str, Any] = {
        "id": f"c{number}",
        "metadata": {"tags": ["parameters"]} if tagged else {},
        "source": text.removeprefix("parameters:"),
    }
    if text.startswith("#"):
        return {**cell, "cell_type": "markdown"}
    output = {"output_type": "stream", "name": "stdout", "text": ["an old output\n"]}
    return {**cell, "cell_type": "code", "execution_count": 3, "outputs": [output]}
