"""Latencies as counts in logarithmic buckets: all that merges them is addition.

A quantile of such counts is within 1 % of the value that stands at its rank.
"""

import math

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
CEILING = 1_400  # about 16 days; bucket 0 holds 1 µs and less
SHARE = 100_000
"""Quantiles are whole parts of this, so that every database finds the same rank."""

_LOG_GAMMA = math.log(GAMMA)


def bucket_of(seconds: float) -> int:
    """The bucket of a latency; a clock that went backwards is no crash.

    >>> bucket_of(-1.0), bucket_of(0.1) < bucket_of(0.103)
    (0, True)
    """
    micros = seconds * 1e6
    if not micros > 1:
        return 0
    return min(math.ceil(math.log(min(micros, 1e15)) / _LOG_GAMMA), CEILING)


def seconds_of(bucket: int) -> float:
    """The latency that is nowhere more than 1 % off within the bucket.

    >>> abs(seconds_of(bucket_of(0.25)) / 0.25 - 1) <= ACCURACY
    True
    """
    return (2 * GAMMA**bucket / (GAMMA + 1) if bucket > 0 else 1.0) / 1e6
