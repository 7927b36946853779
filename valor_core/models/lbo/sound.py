"""What every number of a deal must be, said once."""

from collections.abc import Mapping
from functools import partial

from valor_core.models.lbo.refusals import (
    DealAmountNegative,
    DealRateOutOfRange,
    DealShareOutOfRange,
)
from valor_core.models.numbers import Numbers, valid_where


def where_sound(
    value: Numbers,
    *,
    amounts: Mapping[str, Numbers] | None = None,
    shares: Mapping[str, Numbers] | None = None,
    rates: Mapping[str, Numbers] | None = None,
) -> Numbers:
    """The value, where no amount is negative and every share and rate is from 0 to 100 %."""
    for item, amount in (amounts or {}).items():
        refusal = partial(DealAmountNegative, item=item)
        value = valid_where(amount >= 0.0, value, refusal, least=amount)
    for item, share in (shares or {}).items():
        refusal = partial(DealShareOutOfRange, item=item)
        value = valid_where((share >= 0.0) & (share <= 1.0), value, refusal, share=share)
    for item, rate in (rates or {}).items():
        refusal = partial(DealRateOutOfRange, item=item)
        value = valid_where((rate >= 0.0) & (rate <= 1.0), value, refusal, rate=rate)
    return value
