"""Published rates of return, present values and multiples of given flows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypedDict

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers, Row
from valor_core.models.published.method import AnyOf, Method
from valor_core.models.refusals import LengthDoesNotFit
from valor_core.models.returns.day_count import COUNTED, DayCount
from valor_core.models.returns.irr import all_irrs, all_rates_at
from valor_core.models.returns.model import MOST_FLOWS
from valor_core.models.returns.multiples import multiples_of
from valor_core.models.returns.present import mirr, npv, npv_at, npv_one_period_on
from valor_core.models.returns.refusals import DatesDoNotFit

FLOWS = says("paid in negative, received positive", Unit.MONEY, longest=MOST_FLOWS)
DATES = says("the day of each flow, in any order", longest=MOST_FLOWS)


class FirstFlow(StrEnum):
    """When the first of the flows arrives."""

    EXCEL = "excel"  # one period away
    TEXTBOOK = "textbook"  # at once


@dataclass(frozen=True, slots=True, kw_only=True)
class IrrCase:
    """Flows one period apart, the first at once."""

    cashflows: Row = field(metadata=FLOWS)
    guess: Numbers | None = field(
        default=None, metadata=says("where a search began; every rate is told", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


def irr_of(case: IrrCase) -> dict[str, Any]:
    """Every internal rate of return."""
    rates = all_irrs(case.cashflows)
    return {"irr": AnyOf(tuple(rates.tolist())), "all_irr": rates, "count": len(rates)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NpvCase:
    """Flows at a rate, as a spreadsheet or as a textbook counts them."""

    rate: Numbers = field(metadata=says("discount rate", Unit.RATE))
    flows: Row = field(metadata=FLOWS)
    initial: Numbers = field(default=0.0, metadata=says("a flow at once, beside them", Unit.MONEY))
    convention: FirstFlow = field(
        default=FirstFlow.EXCEL, metadata=says("when the first flow arrives")
    )
    npv: Numbers | None = field(
        default=None, metadata=says("what the source prints; it is not read", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


def npv_of(case: NpvCase) -> dict[str, Any]:
    """The net present value."""
    value = npv_one_period_on if case.convention is FirstFlow.EXCEL else npv
    return {"npv": case.initial + value(case.rate, case.flows)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCase:
    """Flows on days in any order, and a rate to discount them at."""

    dates: tuple[date, ...] = field(metadata=DATES)
    amounts: Row = field(metadata=FLOWS)
    day_count: DayCount = field(default=DayCount.ACT_365F, metadata=says("how days become years"))
    xnpv_rate: Numbers | None = field(default=None, metadata=says("discount rate", Unit.RATE))
    guess: Numbers | None = field(
        default=None, metadata=says("where a search began; every rate is told", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


def dated(case: DatedCase) -> dict[str, Any]:
    """Every rate of return, and the net present value where a rate is stated."""
    if not case.dates or len(case.dates) != len(case.amounts):
        raise DatesDoNotFit(dates=len(case.dates), flows=len(case.amounts))
    years, first = COUNTED[case.day_count], min(case.dates)
    times = np.array([years(first, day) for day in case.dates])
    rates = all_rates_at(case.amounts, times)
    rate = case.xnpv_rate
    return {
        "xirr": AnyOf(tuple(rates.tolist())),
        "all_xirr": rates,
        "xnpv": None if rate is None else npv_at(rate, case.amounts, times),
    }


def dated_multiple(case: DatedCase) -> dict[str, Any]:
    """Rate of return and multiple of flows on days."""
    lines = dated(case)
    return {"irr": lines["xirr"], "moic": multiples_of(case.amounts).tvpi} | {
        "net": np.sum(case.amounts)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrCase:
    """Flows one period apart, what financing them costs and what reinvesting them brings."""

    cashflows: Row = field(metadata=FLOWS)
    finance_rate: Numbers = field(metadata=says("cost of financing outflows", Unit.RATE))
    reinvest_rate: Numbers = field(metadata=says("return on inflows reinvested", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def mirr_of(case: MirrCase) -> dict[str, Any]:
    """The modified internal rate of return."""
    rate = mirr(
        case.cashflows, finance_rate=case.finance_rate, reinvestment_rate=case.reinvest_rate
    )
    return {"mirr": rate}


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleCase:
    """Contributions, distributions and what is still held; or flows of both signs."""

    cashflows: Row | None = field(default=None, metadata=FLOWS)
    contributions: Row | None = field(default=None, metadata=FLOWS)
    distributions: Row | None = field(default=None, metadata=FLOWS)
    nav: Numbers = field(default=0.0, metadata=says("residual value", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


def multiples(case: MultipleCase) -> dict[str, Any]:
    """The multiples of the money paid in, of either sign."""
    parts = (
        case.cashflows,
        None if case.contributions is None else -np.abs(case.contributions),
        case.distributions,
    )
    stated = [part for part in parts if part is not None]
    if not stated:
        raise LengthDoesNotFit(field="cashflows", given=0, years=1)
    of = multiples_of(np.concatenate(stated), case.nav)
    return {"moic": of.tvpi, "tvpi": of.tvpi, "dpi": of.dpi, "rvpi": of.rvpi} | {
        "paid_in": of.paid_in,
        "paid_out": of.paid_out,
    }


class ShortForms(TypedDict):
    """How a method reads inputs in short forms, and tells of them."""

    spelt_out: Callable[[dict[str, Any]], dict[str, Any]]
    with_short_forms: Callable[[dict[str, Any]], dict[str, Any]]


def _named(**aliases: str) -> ShortForms:
    """Other names that sources give to an input; and days with amounts as pairs."""

    def spelt_out(stated: dict[str, Any]) -> dict[str, Any]:
        named = {aliases.get(name, name): value for name, value in stated.items()}
        pairs = named.pop("flows") if "amounts" in aliases.values() and "flows" in named else None
        if isinstance(pairs, list) and all(isinstance(p, list) and len(p) == 2 for p in pairs):
            named |= {"dates": [day for day, _ in pairs], "amounts": [sum_ for _, sum_ in pairs]}
        return named

    def with_aliases(stated: dict[str, Any]) -> dict[str, Any]:
        known = stated["properties"]
        others = {alias: known[name] for alias, name in aliases.items()}
        stated["required"] = [name for name in stated["required"] if name not in aliases.values()]
        if "amounts" in aliases.values():
            others["flows"] = {
                "type": "array",
                "items": {"type": "array", "minItems": 2, "maxItems": 2},
                "maxItems": MOST_FLOWS,
                "description": "pairs of day and amount, in place of dates and amounts",
            }
            stated["required"] = [name for name in stated["required"] if name != "dates"]
        return stated | {"properties": known | others}

    return {"spelt_out": spelt_out, "with_short_forms": with_aliases}


PERIODIC = _named(values="cashflows", flows="cashflows", amounts="cashflows")
DATED = _named(values="amounts", cashflows="amounts", rate="xnpv_rate", npv_rate="xnpv_rate")

METHODS = {
    "irr": Method(inputs=IrrCase, compute=irr_of, main="irr", **PERIODIC),
    "npv": Method(
        inputs=NpvCase,
        compute=npv_of,
        main="npv",
        **_named(values="flows", cashflows="flows", amounts="flows"),
    ),
    "xirr": Method(inputs=DatedCase, compute=dated, main="xirr", **DATED),
    "xnpv": Method(inputs=DatedCase, compute=dated, main="xnpv", **DATED),
    "xirr_xnpv": Method(inputs=DatedCase, compute=dated, main="xirr", **DATED),
    "irr_moic_dated": Method(inputs=DatedCase, compute=dated_multiple, main="irr", **DATED),
    "mirr": Method(
        inputs=MirrCase,
        compute=mirr_of,
        main="mirr",
        **_named(
            values="cashflows",
            flows="cashflows",
            amounts="cashflows",
            reinvestment_rate="reinvest_rate",
        ),
    ),
    "moic": Method(inputs=MultipleCase, compute=multiples, main="moic", **PERIODIC),
}
