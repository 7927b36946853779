"""What was saved stays: today's models read old inputs, and a new number needs a new version.

`VALOR_WRITE_KEPT=1` writes the files of models and versions that have none yet.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.workbooks.cases import RANDOM_CASES
from valor_core.models.catalogue import MODELS, model_named
from valor_core.models.codec import dump, load
from valor_core.models.upgrade import Departure, valued_today

KEPT = Path(__file__).parent / "kept"
SEED = 1


def file_of(model) -> Path:
    return KEPT / f"{model.name}.v{model.version}.json"


def text_of(inputs, result) -> str:
    return json.dumps({"inputs": dump(inputs), "result": dump(result)}, indent=1) + "\n"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_of_this_version_gives_what_it_gave_when_the_version_was_made(model):
    file = file_of(model)
    if not file.exists() and os.environ.get("VALOR_WRITE_KEPT"):
        inputs = RANDOM_CASES[model.name](SEED)
        file.write_text(text_of(inputs, model.function(inputs)), encoding="utf-8")
    kept = json.loads(file.read_text(encoding="utf-8"))

    today = valued_today(model, load(model.inputs, kept["inputs"]), kept["result"])

    assert today.agrees, today  # a change of numbers is a new version of the model


@pytest.mark.parametrize("file", sorted(KEPT.glob("*.json")), ids=lambda file: file.stem)
def test_inputs_saved_under_any_version_are_read_for_ever(file):
    model = model_named(file.name.partition(".")[0])
    kept = json.loads(file.read_text(encoding="utf-8"))

    inputs = load(model.inputs, kept["inputs"])

    assert holds(dump(inputs), kept["inputs"])


def holds(now: Any, kept: Any) -> bool:
    """Whether all that was kept is still said; what came later stands beside it."""
    if isinstance(kept, dict):
        return all(name in now and holds(now[name], each) for name, each in kept.items())
    if isinstance(kept, list):
        return len(now) == len(kept) and all(map(holds, now, kept))
    return now == kept


def test_each_number_that_moved_is_named_with_what_it_was_and_is():
    model, inputs = model_named("dcf"), RANDOM_CASES["dcf"](SEED)
    saved = dump(model.function(inputs))
    now = saved["value_per_share"]
    older = saved | {
        "value_per_share": 1.01 * now,
        "fcff": [saved["fcff"][0], saved["fcff"][1] + 5.0, *saved["fcff"][2:]],
        "given_up": 7.0,
    }
    del older["enterprise_value"]

    departures = {each.path: each for each in valued_today(model, inputs, older).departures}

    assert departures == {
        path: Departure(path=path, saved=was, today=is_now)
        for path, was, is_now in (
            ("fcff[1]", older["fcff"][1], saved["fcff"][1]),
            ("value_per_share", 1.01 * now, now),
            ("given_up", 7.0, None),
            ("enterprise_value", None, saved["enterprise_value"]),
        )
    }


def test_inputs_that_the_model_now_refuses_say_why():
    model, inputs = model_named("dcf"), RANDOM_CASES["dcf"](SEED)
    saved = dump(model.function(inputs))
    refused = load(model.inputs, dump(inputs) | {"revenue": -1.0})

    today = valued_today(model, refused, saved)

    assert (today.agrees, today.departures) == (False, ())
    assert "revenue" in today.refusal.lower()
