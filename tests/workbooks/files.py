"""Workbooks as files: exports of random valuations, and files taken apart and put together."""

import zipfile
from collections.abc import Mapping
from functools import cache
from io import BytesIO

from tests.workbooks.cases import RANDOM_CASES
from valor_core.models.catalogue import model_named
from valor_core.models.workings import record
from valor_core.workbooks.valuation import write_valuation_workbook


@cache
def export_of(name: str, *, seed: int) -> bytes:
    """Our own export of a random sound case of a model."""
    stream = BytesIO()
    write_valuation_workbook(
        record(model_named(name).function, RANDOM_CASES[name](seed)),
        title=name,
        company="Company",
        sources={},
        conventions={},
        stream=stream,
    )
    return stream.getvalue()


def parts_of(raw: bytes) -> dict[str, bytes]:
    """The parts of a workbook by name."""
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Mapping[str, bytes | str]) -> bytes:
    """A zip of these parts."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()
