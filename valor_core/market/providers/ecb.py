"""The European Central Bank: reference exchange rates of each business day.

Shape: https://data.ecb.europa.eu/help/api/data, flow EXR, format csvdata (as of 2026-11; unverified
against a recorded answer). All its rates are units of a currency for one euro; others follow from
two of them of the same day.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date

from valor_core.market.provider import Answer, Capability, FxQuery, Licence, Query, in_series
from valor_core.market.reading import a_day, a_number, reading
from valor_core.market.series import Observation, Series
from valor_core.market.transport import Fetched, Request, SafeHttp

EURO = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecb:
    """Reference rates, told around 16:00 in Frankfurt."""

    base_url: str

    name = "ecb"
    title = "European Central Bank"
    capabilities = frozenset({Capability.FX})
    licence = Licence(
        name="ECB, free with its source",
        display=True,
        redistribution=True,
        retention_days=None,
        terms_url="https://www.ecb.europa.eu/services/disclaimer/html/index.en.html",
    )
    price = 0.0

    async def fetch(self, query: Query, http: SafeHttp, deadline: float) -> Answer:
        """The rates of the days on which both currencies have one."""
        assert isinstance(query, FxQuery), query
        legs = sorted({query.base, query.quote} - {EURO})
        got = await self._get(
            "+".join(legs),
            {"startPeriod": f"{query.start}", "endPeriod": f"{query.end}"},
            http,
            deadline,
        )
        with reading(self.title):
            rates = _rates(got.body)
            rows = tuple(
                Observation(day=day, value=of_day[query.quote] / of_day[query.base])
                for day, of_day in sorted(rates.items())
                if {query.base, query.quote} <= of_day.keys()
            )
        series = Series(
            symbol=f"{query.base}{query.quote}",
            rows=rows,
            unit=f"{query.quote} for 1 {query.base}",
            currency=query.quote,
            zone="Europe/Berlin",
        )
        return in_series(self, query, series, source=got.source)

    async def health(self, http: SafeHttp, deadline: float) -> None:
        """The newest rate of the dollar."""
        await self._get("USD", {"lastNObservations": "1"}, http, deadline)

    async def _get(
        self, currencies: str, params: dict[str, str], http: SafeHttp, deadline: float
    ) -> Fetched:
        asked = Request(
            provider=self.title,
            base_url=self.base_url,
            path=f"service/data/EXR/D.{currencies}.EUR.SP00.A",
            params={**params, "format": "csvdata"},
        )
        return await http.get(asked, deadline)


def _rates(body: bytes) -> dict[date, dict[str, float]]:
    """By day, how much of each currency one euro was."""
    rates: dict[date, dict[str, float]] = {}
    for row in csv.DictReader(io.StringIO(body.decode())):
        if row["CURRENCY_DENOM"] != EURO:
            raise ValueError("a rate that is not against the euro")
        of_day = rates.setdefault(a_day(row["TIME_PERIOD"]), {EURO: 1.0})
        of_day[row["CURRENCY"]] = a_number(row["OBS_VALUE"])
    return rates
