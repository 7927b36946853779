"""Apple's restatement of 2010 as a companyfacts document, and facts for tests that need few."""

import json
from datetime import date
from typing import Any

from valor_core.coverage.items import ITEM, Kind, Measure
from valor_core.coverage.records import fiscal_year_of
from valor_core.values import FiledFact

# Apple Inc., 10-K for 2009, its restatement in the 10-K/A of January 2010, and the 10-K for 2010.
FIRST = {"accn": "0001193125-09-214859", "form": "10-K", "filed": "2009-10-27", "fy": 2009}
RESTATED = {"accn": "0001193125-10-012091", "form": "10-K/A", "filed": "2010-01-25", "fy": 2009}
NEXT = {"accn": "0001193125-10-238044", "form": "10-K", "filed": "2010-10-27", "fy": 2010}
FY2008 = {"start": "2007-09-30", "end": "2008-09-27"}
FY2009 = {"start": "2008-09-28", "end": "2009-09-26"}
QUARTER = {"start": "2008-09-28", "end": "2008-12-27"}


def apple() -> dict[str, Any]:
    """SalesRevenueNet, NetIncomeLoss, the balance of assets and the cover, in whole dollars."""
    return {
        "cik": 320193,
        "entityName": "Apple Inc.",
        "facts": {
            "us-gaap": {
                "SalesRevenueNet": units(
                    FY2008 | FIRST | {"val": 32_479_000_000},
                    FY2008 | RESTATED | {"val": 37_491_000_000},
                    QUARTER | NEXT | {"val": 11_880_000_000},
                    FY2009 | FIRST | {"val": 36_537_000_000},
                    FY2009 | RESTATED | {"val": 42_905_000_000},
                    FY2009 | NEXT | {"val": 42_905_000_000},
                ),
                "NetIncomeLoss": units(
                    FY2008 | FIRST | {"val": 4_834_000_000},
                    FY2008 | RESTATED | {"val": 6_119_000_000},
                    FY2009 | FIRST | {"val": 5_704_000_000},
                    FY2009 | RESTATED | {"val": 8_235_000_000},
                ),
                "AccountsPayableCurrent": units(
                    {"end": "2008-09-27", "val": 5_520_000_000} | FIRST,
                    {"end": "2009-09-26", "val": 5_601_000_000} | FIRST,
                ),
            },
            "dei": {
                "EntityCommonStockSharesOutstanding": {
                    "units": {"shares": [{"end": "2009-10-16", "val": 900_678_473} | FIRST]}
                }
            },
        },
    }


def units(*facts: dict[str, Any], unit: str = "USD") -> dict[str, Any]:
    """The facts of one tag, as a companyfacts document nests them."""
    return {"label": "", "description": "", "units": {unit: list(facts)}}


def as_bytes(document: Any) -> bytes:
    """The document as it is sent."""
    return json.dumps(document).encode()


def fact(
    item: str, value: float, *, year: int = 2009, tag: str = "", filed_on: str = "2010-02-26"
) -> FiledFact:
    """A filed fact of a calendar year with the best tag of its item."""
    end = date(year, 12, 31)
    known = ITEM[item]
    units_of = {Measure.MONEY: "USD", Measure.SHARES: "shares", Measure.PER_SHARE: "USD/shares"}
    return FiledFact(
        item=item,
        value=value,
        unit=units_of[known.measure],
        tag=tag or known.tags[0],
        accession=f"0000000000-{filed_on[2:4]}-{filed_on[5:7]}{filed_on[8:10]}00",
        form="10-K",
        filed_on=date.fromisoformat(filed_on),
        fiscal_year=fiscal_year_of(end),
        period_start=date(year, 1, 1) if known.kind is Kind.FLOW else None,
        period_end=end,
    )
