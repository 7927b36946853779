"""Series from own files: a folder with `bars/AAPL.csv`, `macro/DGS10.csv`, `fx/EURUSD.csv`.

A table, CSV or Parquet, has a header: `day, open, high, low, close, volume, currency, adjusted` for
bars, `day, value, unit` for the rest. What a column says of the whole series is alike in each row.
"""

import asyncio
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.provider import (
    Answer,
    BarsQuery,
    Capability,
    FxQuery,
    Licence,
    MacroQuery,
    Query,
    in_series,
)
from valor_core.market.reading import a_day, a_number, a_text, reading
from valor_core.market.series import Adjusted, Bar, Observation, Series
from valor_core.market.transport import BODY_MAX, SafeHttp

ZONE = "UTC"
_PRICES = ("open", "high", "low", "close", "volume")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Tables that whoever runs the installation put there."""

    folder: Path

    name = "folder"
    title = "Files of this installation"
    capabilities = frozenset({Capability.BARS, Capability.MACRO, Capability.FX})
    licence = Licence(
        name="as its owner says",
        display=True,
        redistribution=False,
        retention_days=None,
        terms_url="",
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:  # noqa: ARG002
        """The rows of the table of that name between both days."""
        if isinstance(query, BarsQuery):
            name, made = query.symbol, _bars
        elif isinstance(query, MacroQuery):
            name, made = query.series, _observations
        else:
            assert isinstance(query, FxQuery), query
            name, made = f"{query.base}{query.quote}", _observations
        async with asyncio.timeout_at(deadline):
            series = await asyncio.to_thread(self._read, query, name, made)
        return in_series(self, query, series, source=f"{query.capability}/{name}")

    async def health(self, http: SafeHttp, deadline: float) -> None:  # noqa: ARG002
        """Whether the folder is there."""
        if not await asyncio.to_thread(self.folder.is_dir):
            raise ProviderFailure(self.title, Failure.CONNECTION, told="the folder is not there")

    def _read(self, query: Any, name: str, made: Callable[[str, Sequence[Row]], Series]) -> Series:
        stem = self.folder / query.capability
        for file, read in ((stem / f"{name}.csv", _csv), (stem / f"{name}.parquet", _parquet)):
            if file.is_file():
                if file.stat().st_size > BODY_MAX:
                    raise ProviderFailure(self.title, Failure.TOO_LARGE, told=file.name)
                with reading(self.title):
                    told = sorted(read(file.read_bytes()), key=lambda row: f"{row['day']}")
                    days = (f"{query.start}", f"{query.end}")
                    wanted = [row for row in told if days[0] <= f"{row['day']}"[:10] <= days[1]]
                    series = made(name, wanted)
                if isinstance(query, BarsQuery) and series.adjusted is not query.adjustment:
                    told = f"its prices are adjusted for {series.adjusted}"
                    raise ProviderFailure(self.title, Failure.CALLER, told=told)
                return series
        told = f"there is no {query.capability}/{name}.csv or .parquet"
        raise ProviderFailure(self.title, Failure.CALLER, told=told)


def _csv(raw: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def _parquet(raw: bytes) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(io.BytesIO(raw)).to_pylist()
    except pa.ArrowException as error:
        raise ValueError("no Parquet") from error


def _bars(name: str, rows: Sequence[Row]) -> Series:
    currency = _alike(rows, "currency")
    return Series(
        symbol=name,
        rows=tuple(
            Bar(day=a_day(f"{row['day']}"), **{each: a_number(row[each]) for each in _PRICES})
            for row in rows
        ),
        unit=currency,
        currency=currency,
        zone=ZONE,
        adjusted=Adjusted(_alike(rows, "adjusted") or Adjusted.NONE),
    )


def _observations(name: str, rows: Sequence[Row]) -> Series:
    return Series(
        symbol=name,
        rows=tuple(
            Observation(day=a_day(f"{row['day']}"), value=a_number(row["value"])) for row in rows
        ),
        unit=_alike(rows, "unit"),
        currency="",
        zone=ZONE,
    )


def _alike(rows: Sequence[Row], column: str) -> str:
    """What a column says of the whole series."""
    said = {a_text(row[column]) for row in rows}
    if len(said) > 1:
        raise ValueError(f"{column} is not alike in all rows")
    return next(iter(said), "")
