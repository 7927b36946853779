"""The sum of the parts: each segment by its own method, less what the whole costs and owes."""

from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from valor_core.models.bridge import Bridge, bridged
from valor_core.models.dilution import Shares, diluted_shares, value_per_share
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.refusals import (
    DiscountOutOfRange,
    InputMissing,
    OwnershipOutOfRange,
    SegmentsMissing,
)
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.refusals import (
    ChooseOne,
    ExitMultipleNotPositive,
    GrowthNotBelowWacc,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A business within the company, valued by a multiple, a growing perpetuity, or elsewhere."""

    value: Numbers | None = field(
        default=None, metadata=says("its value as found elsewhere, such as by a DCF", Unit.MONEY)
    )
    metric: Numbers | None = field(
        default=None, metadata=says("what a multiple multiplies, such as its EBITDA", Unit.MONEY)
    )
    multiple: Numbers | None = field(default=None, metadata=says("its peers' multiple", Unit.RATIO))
    flow: Numbers | None = field(
        default=None, metadata=says("its free cash flow of the coming year", Unit.MONEY)
    )
    wacc: Numbers | None = field(
        default=None, metadata=says("its cost of capital", Unit.RATE, label="WACC")
    )
    growth: Numbers = field(default=0.0, metadata=says("growth of its flow for ever", Unit.RATE))
    net_debt: Numbers = field(
        default=0.0, metadata=says("debt less cash of its own, in its accounts", Unit.MONEY)
    )
    owned: Numbers = field(
        default=1.0, metadata=says("part of it that the company owns", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsInputs:
    """The segments of a company, and what stands between their sum and a share."""

    segments: tuple[Segment, ...] = field(metadata=says("the businesses"))
    corporate_costs: Numbers | None = field(
        default=None,
        metadata=says("costs of the head office a year, after tax; none: in the parts", Unit.MONEY),
    )
    corporate_multiple: Numbers | None = field(
        default=None, metadata=says("multiple that capitalises them", Unit.RATIO)
    )
    corporate_wacc: Numbers | None = field(
        default=None, metadata=says("or the rate at which they run on for ever", Unit.RATE)
    )
    corporate_growth: Numbers = field(
        default=0.0, metadata=says("growth of the costs for ever", Unit.RATE)
    )
    bridge: Bridge = field(metadata=says("claims and assets of the holding company"))
    holding_discount: Numbers = field(
        default=0.0, metadata=says("discount on the net asset value", Unit.RATE)
    )
    shares: Shares = field(metadata=says("shares and options on them"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsResult:
    """The sum of the parts with every line on the way; rows have one number a segment."""

    segment_values: Row = field(metadata=says("value of each segment's operations", Unit.MONEY))
    segment_equities: Row = field(metadata=says("less the net debt of its own", Unit.MONEY))
    segment_minorities: Row = field(metadata=says("part of it that others own", Unit.MONEY))
    segment_shares: Row = field(metadata=says("part of the sum of the parts", Unit.RATE))
    sum_of_parts: Numbers = field(metadata=says("value of all segments' operations", Unit.MONEY))
    capitalised_costs: Numbers = field(metadata=says("cost of the head office", Unit.MONEY))
    enterprise_value: Numbers = field(metadata=says("operations less the head office", Unit.MONEY))
    segment_debt: Numbers = field(metadata=says("net debt of the segments", Unit.MONEY))
    minorities: Numbers = field(metadata=says("what others own of them", Unit.MONEY))
    claims: Numbers = field(metadata=says("claims of others on the holding company", Unit.MONEY))
    other_assets: Numbers = field(metadata=says("assets beside the segments", Unit.MONEY))
    net_asset_value: Numbers = field(metadata=says("what is left to the owners", Unit.MONEY))
    discount: Numbers = field(metadata=says("what the market takes off a holding", Unit.MONEY))
    equity_value: Numbers = field(metadata=says("value of the common equity", Unit.MONEY))
    diluted_shares: Numbers = field(metadata=says("shares at the valued price", Unit.SHARES))
    value_per_share: Numbers = field(metadata=says("value of one share", Unit.MONEY_PER_SHARE))


@guarded
def sum_of_parts(inputs: PartsInputs) -> PartsResult:
    """Σ segments − capitalised head office − net debt − minorities, less a holding discount.

    Others own their part of a segment's equity, not of its operations, and of no holding debt
    (Koller; Rosenbaum and Pearl). A discount is taken of a positive net asset value alone.

    >>> two = PartsInputs(segments=(Segment(metric=10.0, multiple=8.0), Segment(value=40.0)),
    ...                   bridge=Bridge.of(debt=20.0), shares=Shares(basic=10.0))
    >>> print(sum_of_parts(two).value_per_share)  # (80 + 40 − 20) / 10
    10.0
    """
    if not inputs.segments:
        raise SegmentsMissing
    values = [_value(segment, place) for place, segment in enumerate(inputs.segments)]
    debts = [segment.net_debt for segment in inputs.segments]
    equities = [value - debt for value, debt in zip(values, debts, strict=True)]
    minorities = [
        np.maximum(equity, 0.0) * (1.0 - _owned(segment))
        for equity, segment in zip(equities, inputs.segments, strict=True)
    ]
    total, debt, others = (reduce(np.add, each) for each in (values, debts, minorities))
    costs = _capitalised(inputs)
    enterprise = total - costs
    bridge = bridged(enterprise - debt - others, inputs.bridge)
    off = inputs.holding_discount
    off = valid_where(np.minimum(off, 1.0 - off) >= 0.0, off, DiscountOutOfRange, discount=off)
    discount = np.maximum(bridge.equity_value, 0.0) * off
    equity = bridge.equity_value - discount
    per_share = value_per_share(equity, inputs.shares)
    whole = np.where(total == 0.0, 1.0, total)
    return PartsResult(
        segment_values=row_of(values),
        segment_equities=row_of(equities),
        segment_minorities=row_of(minorities),
        segment_shares=row_of([value / whole for value in values]),
        sum_of_parts=total,
        capitalised_costs=costs,
        enterprise_value=enterprise,
        segment_debt=debt,
        minorities=others,
        claims=bridge.claims,
        other_assets=bridge.other_assets,
        net_asset_value=bridge.equity_value,
        discount=discount,
        equity_value=equity,
        diluted_shares=diluted_shares(inputs.shares, per_share),
        value_per_share=per_share,
    )


def _value(segment: Segment, place: int) -> Numbers:
    """By the one method that the segment states."""
    name = f"segments[{place}]"
    stated = [each for each in ("value", "metric", "flow") if getattr(segment, each) is not None]
    if len(stated) != 1:
        raise ChooseOne(f"{name}.value", "metric or flow", given=len(stated))
    if segment.value is not None:
        return segment.value
    if segment.metric is not None:
        if segment.multiple is None:
            raise InputMissing(f"{name}.multiple", needed_for="a value by a multiple")
        return segment.metric * _positive(segment.multiple)
    if segment.wacc is None:
        raise InputMissing(f"{name}.wacc", needed_for="a value by a perpetuity")
    return segment.flow / _spread(segment.wacc, segment.growth)


def _capitalised(inputs: PartsInputs) -> Numbers:
    """The head office's costs for ever, by a multiple or a rate; none where none are stated."""
    costs, multiple, wacc = inputs.corporate_costs, inputs.corporate_multiple, inputs.corporate_wacc
    if costs is None:
        if multiple is not None or wacc is not None:
            raise InputMissing("corporate_costs", needed_for="the cost of the head office")
        return 0.0
    if (multiple is None) == (wacc is None):
        raise ChooseOne("corporate_multiple", "corporate_wacc", given=wacc is not None)
    if multiple is None:
        return costs / _spread(wacc, inputs.corporate_growth)
    return costs * _positive(multiple)


def _positive(multiple: Numbers) -> Numbers:
    return valid_where(multiple > 0.0, multiple, ExitMultipleNotPositive, multiple=multiple)


def _spread(wacc: Numbers, growth: Numbers) -> Numbers:
    return valid_where(growth < wacc, wacc - growth, GrowthNotBelowWacc, growth=growth, wacc=wacc)


def _owned(segment: Segment) -> Numbers:
    owned = segment.owned
    return valid_where(
        np.minimum(owned, 1.0 - owned) >= 0.0, owned, OwnershipOutOfRange, owned=owned
    )
