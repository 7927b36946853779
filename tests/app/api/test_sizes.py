"""What would take a machine's memory is refused by its size, before anything is laid out for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.app.api.asking import once, refusal
from tests.books import KO, stated
from tests.conftest import ONLY_SQLITE, World
from tests.models.simulation.sound import a_plan
from tests.workbooks.cases import RANDOM_CASES
from valor_core.models.catalogue import MODELS
from valor_core.models.codec import dump

pytestmark = ONLY_SQLITE
BEYOND, LONG = 10**9, 5_000


def enlarged(document: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """The document with each whole number and each list of it beyond all limits, one at a time."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in inner:
        place = f"{at}.{name}".lstrip(".")
        changes: list[tuple[str, Any]] = []
        if isinstance(value, dict | list):
            changes = list(enlarged(value, place))
            if isinstance(value, list) and value:
                changes.append((f"{place}[]", (value * LONG)[:LONG]))
        elif isinstance(value, int) and not isinstance(value, bool):
            changes = [(place, BEYOND)]
        for found, changed in changes:
            made = dict(document) if isinstance(document, dict) else list(document)
            made[name] = changed
            yield found, made


SIZED = [model for model in MODELS if any(enlarged(dump(RANDOM_CASES[model.name](1))))]


def memory_mb(name: str) -> int:
    """What this process holds (VmRSS), or held at most since it was last asked to begin (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(rf"{name}:\s+(\d+) kB", status)[0]) // 1024


@contextmanager
def laying_out_less_than(most_mb: int) -> Iterator[None]:
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory_mb("VmRSS")
    yield
    assert memory_mb("VmHWM") - before < most_mb


@pytest.mark.parametrize("model", SIZED, ids=lambda model: model.slug)
def test_no_number_of_years_steps_or_rows_of_a_model_lays_out_as_much_as_it_says(
    book: World, client, model
):
    """S43: years, steps, paths and periods of every model, each by itself, are bounded."""
    analyst = client(book.acme.analyst)
    with laying_out_less_than(50):
        for place, inputs in enlarged(dump(RANDOM_CASES[model.name](1))):
            answer = analyst.post(
                f"/companies/{KO}/valuations/{model.slug}",
                json={"inputs": inputs, "rationale": "too large"},
                headers=once(place),
            )
            assert answer.status_code == 422, (place, answer.text)


def test_what_is_too_large_is_refused_with_the_most_there_may_be_and_charged_to_nobody(
    book: World, client
):
    """S43: a simulation, a sensitivity, a batch of changes."""
    analyst = client(book.acme.analyst)
    inputs, reasons = stated(book.acme.analyst)
    body = {"inputs": dump(inputs), "rationale": "a look", "rationales": reasons}
    value = analyst.post(f"/companies/{KO}/valuations/dcf", json=body, headers=once()).json()["id"]
    used = usage(analyst)
    many = [0.01 + n / 1e6 for n in range(10_000)]
    axes = {
        "rows": {"path": "terminal_growth", "values": many},
        "columns": {"path": "cost_of_capital.beta", "values": many},
    }
    simulated = {"inputs": dump(inputs), "plan": {**dump(a_plan()), "scenarios": BEYOND}}
    with laying_out_less_than(50):
        for path, sent in (
            (f"/companies/{KO}/simulations", simulated),
            (f"/valuations/{value}/sensitivity", axes),
        ):
            answer = analyst.post(path, json=sent, headers=once(path))
            assert refusal(answer)[0] == 422, answer.text
            assert any(sign.isdigit() for sign in answer.json()["detail"]), answer.text
    assert usage(analyst) == used


def usage(analyst: Any) -> dict[str, Any]:
    return {each["limit"]: each.get("used") for each in analyst.get("/plan").json()["limits"]}
