"""The series of government bond yields by currency and years to maturity."""

from dataclasses import dataclass

USUAL_YEARS = 10.0
"""Of the bond by which a company is discounted whose flows have no end."""

CURVES: dict[str, dict[float, str]] = {
    "USD": {
        1.0: "DGS1", 2.0: "DGS2", 3.0: "DGS3", 5.0: "DGS5",
        7.0: "DGS7", 10.0: "DGS10", 20.0: "DGS20", 30.0: "DGS30",
    },
    "EUR": {10.0: "IRLTLT01DEM156N"},
    "GBP": {10.0: "IRLTLT01GBM156N"},
    "JPY": {10.0: "IRLTLT01JPM156N"},
    "CHF": {10.0: "IRLTLT01CHM156N"},
    "CAD": {10.0: "IRLTLT01CAM156N"},
}  # fmt: skip
"""Their names at FRED: Treasury yields by the day, those of the OECD by the month."""

STALE_DAYS, STALE_DAYS_MONTHLY = 30, 100
"""A month's yield bears the month's first day, and is known weeks after its last."""


def stale_days(symbol: str) -> int:
    """For how long a yield of this series tells of the present."""
    return STALE_DAYS if symbol.startswith("DGS") else STALE_DAYS_MONTHLY


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A yield of a government bond, as a fraction, and the series that it was read from."""

    years: float
    rate: float
    symbol: str
    day: str
    sha256: str


def between(below: CurvePoint, above: CurvePoint, years: float) -> float:
    """The rate on the straight line between two points of a curve.

    >>> five = CurvePoint(years=5.0, rate=0.04, symbol="DGS5", day="", sha256="")
    >>> seven = CurvePoint(years=7.0, rate=0.05, symbol="DGS7", day="", sha256="")
    >>> print(f"{between(five, seven, 6.0):.3f}")
    0.045
    """
    if above.years == below.years:
        return below.rate
    part = (years - below.years) / (above.years - below.years)
    return below.rate + part * (above.rate - below.rate)
