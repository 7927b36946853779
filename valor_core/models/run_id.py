"""One id for one run: the same inputs, model and version have the same id on every machine."""

import hashlib
import json
from typing import Any

from valor_core.models.codec import dump
from valor_core.models.model import Model


def run_id(model: Model, inputs: Any) -> str:
    """SHA-256 of the canonical JSON of model name, version and inputs, in hexadecimal.

    Keys are sorted, floats have their shortest form, −0.0 is 0.0 and nothing is not finite. The
    inputs are hashed, not the outputs, because `pow` may round otherwise on another processor.
    """
    return digest({"inputs": dump(inputs), "model": model.name, "version": model.version})


def digest(stated: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of what was stated, in hexadecimal."""
    canonical = json.dumps(
        _without_minus_zero(stated), sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without_minus_zero(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_minus_zero(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_without_minus_zero(member) for member in value]
    return 0.0 if isinstance(value, float) and value == 0.0 else value
