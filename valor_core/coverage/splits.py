"""Stock splits, and filed counts told in the shares of a later day.

A filing restates the years it shows for the splits before it, and for none after it. So a count
that was filed before a split is in other shares than one that was filed since, and their quotient
is no growth. Each split here is borne out by one count that two filings state on either side of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from math import prod
from typing import Any, Protocol, TypeVar

from valor_core.coverage.items import ITEM, Measure
from valor_core.values import FiledFact

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Several shares for each one, from the day on which they trade as that many."""

    cik: int
    on: date
    ratio: float  # new shares for each old one
    accession: str  # of the filing that first shows earlier counts in the new shares
    rationale: str = ""  # why somebody states it, where no filing of the book bears it out

    @property
    def named(self) -> str:
        """In words, with its day.

        >>> SPLITS[0].named
        '7 for 1 on 2014-06-09'
        """
        return f"{self.ratio:g} for 1 on {self.on.isoformat()}"


_APPLE, _NVIDIA, _ALPHABET = 320193, 1045810, 1652044
SPLITS = (
    Split(cik=_APPLE, on=date(2014, 6, 9), ratio=7.0, accession="0001193125-14-383437"),
    Split(cik=_APPLE, on=date(2020, 8, 31), ratio=4.0, accession="0000320193-20-000096"),
    Split(cik=_NVIDIA, on=date(2021, 7, 20), ratio=4.0, accession="0001045810-22-000036"),
    Split(cik=_NVIDIA, on=date(2024, 6, 10), ratio=10.0, accession="0001045810-25-000023"),
    Split(cik=_ALPHABET, on=date(2022, 7, 18), ratio=20.0, accession="0001652044-23-000016"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFact(FiledFact):
    """A filed count of shares, or a figure a share, told in the shares after later splits."""

    filed_value: float
    splits: tuple[Split, ...]

    @property
    def named_splits(self) -> str:
        """In which shares it is told, in words."""
        named = " and ".join(split.named for split in self.splits)
        return f"in the shares after the split, {named}"

    @property
    def as_filed(self) -> FiledFact:
        """In the shares of its filing."""
        told: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(FiledFact)}
        return FiledFact(**told | {"value": self.filed_value})


def splits_of(cik: int, as_of: date | None = None) -> list[Split]:
    """The splits of a company that are known, or were by a day."""
    return [split for split in SPLITS if split.cik == cik and (as_of is None or split.on <= as_of)]


class Counted(Protocol):
    """A company whose shares are counted."""

    @property
    def cik(self) -> int:
        """Its number with the SEC."""
        ...


def splits_for(company: Counted, as_of: date | None = None) -> list[Split]:
    """The splits of a company that are known or stated, or were by a day."""
    stated: tuple[Split, ...] = getattr(company, "stated_splits", ())  # of what is only filed, none
    own = [split for split in stated if as_of is None or split.on <= as_of]
    return sorted([*splits_of(company.cik, as_of), *own], key=lambda split: split.on)


def after_splits(fact: FiledFact, splits: Sequence[Split]) -> FiledFact:
    """The figure in the shares after these splits; as it is where it was filed since."""
    later = tuple(split for split in splits if fact.filed_on < split.on)
    measure = ITEM[fact.item].measure
    if not later or measure is Measure.MONEY:
        return fact
    ratio = prod(split.ratio for split in later)
    told: dict[str, Any] = {each.name: getattr(fact, each.name) for each in fields(FiledFact)}
    told["value"] = fact.value * ratio if measure is Measure.SHARES else fact.value / ratio
    return SplitFact(**told, filed_value=fact.value, splits=later)


def all_after_splits(
    figures: Mapping[Key, FiledFact], splits: Sequence[Split]
) -> dict[Key, FiledFact]:
    """Figures that can be compared over time: all in the shares after these splits."""
    return {key: after_splits(fact, splits) for key, fact in figures.items()}
