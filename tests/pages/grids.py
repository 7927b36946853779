"""Grids of a page under test: read, and edited by the message that a browser sends."""

import json
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest


def cells(app: AppTest, label: str) -> dict[str, dict[str, Any]]:
    """What stands in the grid of that label, by row and column as they are headed."""
    data = json.loads(_grid(app, label).json)
    names = [column["heading"] for column in data["columns"]]
    return {heading: dict(zip(names, row, strict=True)) for heading, row in data["rows"]}


def edited(app: AppTest, label: str, *edits: tuple[int, str, Any], again: bool = False) -> AppTest:
    """The page after these cells were edited; `again` sends what the page has answered before."""
    grid = _grid(app, label)
    first = json.loads(grid.json)["heard"] + (0 if again else 1)
    told = [
        {"serial": serial, "row": row, "column": column, "value": value}
        for serial, (row, column, value) in enumerate(edits, start=first)
    ]
    states = app._tree.get_widget_states()
    states.widgets.append(WidgetState(id=grid.id, json_value=json.dumps({"edits": told})))
    app._run(states)
    assert not app.exception, [each.value for each in app.exception]
    return app


def _grid(app: AppTest, label: str) -> Any:
    protos = [each.proto for each in app.get("bidi_component")]
    return next(proto for proto in protos if json.loads(proto.json)["label"] == label)
