"""FRED, of the Federal Reserve Bank of St. Louis: yields, inflation and other macro series.

Shapes: https://fred.stlouisfed.org/docs/api/fred/series_observations.html, series.html and
errors.html (as of 2026-11; unverified against a recorded answer).
"""

from dataclasses import dataclass, field

from valor_core.market.failures import Failure
from valor_core.market.provider import (
    Answer,
    Capability,
    Licence,
    MacroQuery,
    Query,
    in_series,
)
from valor_core.market.reading import a_day, a_number, a_text, as_json, reading
from valor_core.market.series import Observation, Series
from valor_core.market.transport import Fetched, Request, SafeHttp

NOT_OBSERVED = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Fred:
    """Observations of a series, in the series' own unit."""

    base_url: str
    key: str = field(repr=False)

    name = "fred"
    title = "FRED"
    capabilities = frozenset({Capability.MACRO})
    licence = Licence(
        name="FRED terms of use",
        display=True,
        redistribution=False,  # some series belong to others, who must be asked
        retention_days=None,
        terms_url="https://fred.stlouisfed.org/docs/api/terms_of_use.html",
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        """The observations; a day without one is left out."""
        assert isinstance(query, MacroQuery), query
        about = await self._get("series", {"series_id": query.series}, http, deadline)
        with reading(self.title):
            (told,) = as_json(about.body)["seriess"]
            unit = a_text(told["units"])
            if told["id"] != query.series:
                raise ValueError("another series")
        days = {"observation_start": f"{query.start}", "observation_end": f"{query.end}"}
        got = await self._get(
            "series/observations", {"series_id": query.series, **days}, http, deadline
        )
        with reading(self.title):
            rows = tuple(
                Observation(day=a_day(each["date"]), value=a_number(each["value"]))
                for each in as_json(got.body)["observations"]
                if each["value"] != NOT_OBSERVED
            )
        series = Series(
            symbol=query.series, rows=rows, unit=unit, currency="", zone="America/Chicago"
        )
        return in_series(self, query, series, source=got.source)

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """What the ten-year Treasury yield is about."""
        await self._get("series", {"series_id": "DGS10"}, http, deadline)

    async def _get(
        self, path: str, params: dict[str, str], http: SafeHttp, deadline: float
    ) -> Fetched:
        asked = Request(
            provider=self.title,
            base_url=self.base_url,
            path=f"fred/{path}",
            params={**params, "file_type": "json"},
            secret_params={"api_key": self.key},
            refused=_meant,
        )
        return await http.get(asked, deadline)


def _meant(status: int, said: bytes) -> Failure | None:
    """A wrong key is a bad request to FRED."""
    return Failure.UNAUTHORISED if status == 400 and b"api_key" in said else None
