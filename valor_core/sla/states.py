"""The state of a provider, judged from what is known of its last minutes."""

from dataclasses import dataclass
from enum import StrEnum

DEGRADED_SHARE = 0.1
SLOW_SHARE = 0.5


class State(StrEnum):
    """What a provider is: of `unknown` and `maintenance` nobody says whether it worked."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known: announced work, who refuses whom, and how the latest calls went."""

    maintenance: str = ""
    left_alone: str = ""  # why its breaker is open
    held: str = ""  # why it may not be asked though it may be well: a key, a quota
    good: int = 0
    bad: int = 0
    slow: int = 0


def judged(known: Evidence) -> tuple[State, str]:
    """The state, and its cause in words.

    >>> judged(Evidence(good=17, bad=3))
    (<State.DEGRADED: 'degraded'>, '3 of its last 20 calls failed')
    """
    calls, bad, slow = known.good + known.bad, known.bad, known.slow
    rules = (
        (known.maintenance, State.MAINTENANCE, known.maintenance),
        (known.left_alone, State.DOWN, known.left_alone),
        (bad and not known.good, State.DOWN, f"{_of(bad, calls)} failed"),
        (bad and bad >= DEGRADED_SHARE * calls, State.DEGRADED, f"{_of(bad, calls)} failed"),
        (slow and slow >= SLOW_SHARE * calls, State.DEGRADED, f"{_of(slow, calls)} took long"),
        (calls, State.UP, "it answers"),
        (known.held, State.UNKNOWN, known.held),
    )
    told = ((state, cause) for holds, state, cause in rules if holds)
    return next(told, (State.UNKNOWN, "nobody has asked it lately"))


def _of(part: int, calls: int) -> str:
    return "its last call" if calls == 1 else f"{part} of its last {calls} calls"
