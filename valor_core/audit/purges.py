"""What may have been purged, as the log itself tells it: by which purge, and under no hold.

A purge drops payload and salt and keeps the digest, so the log stays one that can be verified:
a payload may only be missing where a later entry says so, and no hold stood against it then.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from valor_core.audit.entries import NEVER_PURGED, Entry

PURGED, HOLD_SET, HOLD_RELEASED = "audit.purge", "audit.hold_set", "audit.hold_released"
RULING = (PURGED, HOLD_SET, HOLD_RELEASED)
KEPT_FOR_EVER = "audit"
"""The category of what later verdicts rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What one purge dropped: ranges of entries, each older than its category's cutoff."""

    cutoffs: Mapping[str, int]
    ranges: Sequence[tuple[int, int]]

    def covers(self, entry: Entry) -> bool:
        """Whether the entry is among those it dropped."""
        place = bisect_right(self.ranges, (entry.seq, 1 << 62)) - 1
        return (
            entry.ts < self.cutoffs.get(entry.category, 0)
            and place >= 0
            and self.ranges[place][0] <= entry.seq <= self.ranges[place][1]
        )


@dataclass(slots=True, kw_only=True)
class Hold:
    """From which entry on a subject may not be purged, and until which."""

    subject: str
    since: int
    until: int | None = None

    def stood_at(self, seq: int) -> bool:
        """Whether it stood when that entry was made."""
        return self.since < seq and (self.until is None or seq < self.until)

    def covers(self, actor: str, target: str) -> bool:
        """Whether an entry with this actor and target is held; an empty subject holds all."""
        return self.subject in ("", actor, target)


class Rulings:
    """All purges and holds of a log."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.purges: dict[int, Purge] = {}
        self.holds: dict[str, Hold] = {}
        for entry in entries:
            try:
                self._take(entry, json.loads(entry.payload or b""))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # what was edited is found at its own place, and explains nothing

    def _take(self, entry: Entry, told: Mapping[str, object]) -> None:
        if entry.action == PURGED:
            self.purges[entry.seq] = _purge(told)
        elif entry.action == HOLD_SET:
            self.holds[entry.target] = Hold(subject=str(told["subject"]), since=entry.seq)
        elif entry.action == HOLD_RELEASED:
            self.holds[entry.target].until = entry.seq

    def explain(self, entry: Entry) -> bool:
        """Whether the entry's payload may be missing."""
        purge = self.purges.get(entry.purge_seq or 0)
        return (
            purge is not None
            and entry.seq < (entry.purge_seq or 0)
            and entry.action not in NEVER_PURGED
            and entry.category != KEPT_FOR_EVER
            and purge.covers(entry)
            and not self.held(entry, at=entry.purge_seq or 0)
        )

    def held_subjects(self, *, but: str = "") -> list[str]:
        """What is under a hold that was not released; an empty one means all.

        One hold may be left out, by its target in the log.
        """
        return [
            hold.subject
            for target, hold in self.holds.items()
            if hold.until is None and target != but
        ]

    def held(self, entry: Entry, *, at: int) -> bool:
        """Whether a hold that stood at that entry covers this one."""
        return any(
            hold.stood_at(at) and hold.covers(entry.actor, entry.target)
            for hold in self.holds.values()
        )


def _purge(told: Mapping[str, object]) -> Purge:
    cutoffs, purged = told["cutoffs"], told["purged"]
    if not isinstance(cutoffs, dict) or not isinstance(purged, list):
        raise TypeError("no purge is told like this")
    return Purge(
        cutoffs={str(category): int(cutoff) for category, cutoff in cutoffs.items()},
        ranges=[(int(first), int(last)) for first, last in purged],
    )


def ranges_of(seqs: Iterable[int]) -> list[list[int]]:
    """Numbers in rising order as first and last of each run.

    >>> ranges_of([1, 2, 3, 7])
    [[1, 3], [7, 7]]
    """
    runs: list[list[int]] = []
    for seq in seqs:
        if runs and runs[-1][1] == seq - 1:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
    return runs
