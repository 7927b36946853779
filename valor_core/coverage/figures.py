"""A company's figures on a day, and how a number is told with its source."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from valor_core.coverage.asof import known
from valor_core.coverage.items import ITEM, ITEMS_OF_TAG
from valor_core.coverage.layers import layers_of
from valor_core.coverage.splits import Split, SplitFact, after_splits
from valor_core.values import AdjustedFact, FiledFact, Source, SourceKind

DEFAULT = "Valor default"
IFRS_TAG = "ifrs-full:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A number and where it comes from; no number where the filing lacks it."""

    value: float | None
    source: Source

    @property
    def amount(self) -> float:
        """The number, where it is known to be there."""
        assert self.value is not None
        return self.value

    @property
    def facts(self) -> tuple[FiledFact, ...]:
        """What it rests on."""
        return self.source.facts


def filed(fact: FiledFact, text: str = "") -> Told:
    """The number as it was filed; one that a layer adds to follows from what was filed."""
    said = text or f"{ITEM[fact.item].label} of FY{fact.fiscal_year}, as filed"
    if isinstance(fact, AdjustedFact):
        return derived(fact.value, said, fact)
    return Told(value=fact.value, source=Source(kind=SourceKind.FILED, text=said, facts=(fact,)))


def derived(value: float, rule: str, *facts: FiledFact) -> Told:
    """A number that follows from filed ones by a rule, and from what a layer adds to them."""
    source = Source(kind=SourceKind.DERIVED, text=rule, facts=facts)
    if layers := layers_of({"": source}):
        read = f"{rule}, with the adjustments of {' and '.join(layers)}"
        source = replace(source, text=read)
    return Told(value=value, source=source)


def assumed(value: float, why: str) -> Told:
    """A default of the house, to be replaced by a judgement."""
    return Told(value=value, source=Source(kind=SourceKind.ASSUMED, text=why, author=DEFAULT))


def missing(what: str) -> Told:
    """What nobody filed: it stays open until somebody states it."""
    return Told(value=None, source=Source(kind=SourceKind.MISSING, text=what))


class Figures:
    """What was known of a company on a day; `year` is its newest with both revenue and EBIT."""

    def __init__(self, facts: Iterable[FiledFact], as_of: date | None = None) -> None:
        self.facts = [fact for fact in facts if as_of is None or fact.filed_on <= as_of]
        self.known = known(self.facts)
        self._by_tag: dict[int, dict[str, FiledFact]] = {}
        years = sorted((year for item, year in self.known if item == "revenue"), reverse=True)
        self.year = next((year for year in years if self.ebit(year) is not None), 0)

    def earlier(self, years: int = 1) -> "Figures":
        """The same figures, seen from a year before."""
        seen = copy(self)
        seen.year = self.year - years
        return seen

    def where_filed(self, *items: str) -> "Figures":
        """The same figures, seen from the newest year that has all of these items; 0 is none."""
        seen = copy(self)
        years = {year for _, year in self.known}
        seen.year = max(
            (year for year in years if all((item, year) in self.known for item in items)), default=0
        )
        return seen

    def at(self, item: str, *, back: int = 0) -> FiledFact | None:
        """An item of the newest year, or of so many years before it."""
        return self.known.get((item, self.year - back))

    def first(self, *items: str) -> FiledFact | None:
        """The first of these items that the newest year has."""
        return next((fact for item in items if (fact := self.at(item)) is not None), None)

    def tagged(self, *tags: str) -> FiledFact | None:
        """The first of these us-gaap tags that the newest year has, by its latest filing, as filed.

        Tags overlap: what a layer adds to their item must not decide which of them is read.
        """
        if self.year not in self._by_tag:
            self._by_tag[self.year] = _newest_by_tag(
                [fact for fact in self.facts if fact.fiscal_year == self.year]
            )
        newest = (self._by_tag[self.year].get(f"us-gaap:{tag}") for tag in tags)
        return next((fact.as_filed for fact in newest if fact is not None), None)

    def adjusted(self, fact: FiledFact) -> FiledFact:
        """A figure as filed, with what a layer adds to it where it is the one that is known."""
        stands = self.known.get((fact.item, fact.fiscal_year))
        return stands if stands is not None and stands.as_filed == fact else fact

    def ebit(self, year: int) -> Told | None:
        """Operating income; where none is filed, income before tax and interest."""
        if fact := self.known.get(("operating_income", year)):
            return filed(fact)
        pretax, interest = self.pretax(year), self.known.get(("interest_expense", year))
        if pretax is None or interest is None:
            return None
        return derived(
            pretax.amount + interest.value,
            f"income before tax + interest expense of FY{year}: operating income is not filed",
            *pretax.facts,
            interest,
        )

    def pretax(self, year: int) -> Told | None:
        """Income before tax; where none is filed, net income and the tax on it."""
        if fact := self.known.get(("pretax_income", year)):
            return filed(fact)
        whole, own = (
            self.known.get((item, year)) for item in ("net_income_incl_nci", "net_income")
        )
        net, tax = whole or own, self.known.get(("income_tax", year))
        if net is None or tax is None:
            return None
        return derived(
            net.value + tax.value,
            f"net income + income tax of FY{year}: income before tax is not filed",
            net,
            tax,
        )

    def shares(self, splits: Sequence[Split] = ()) -> Told | None:
        """The newest count of shares; where none is filed, net income over earnings per share.

        It is told in the shares after the splits, as the price of a share is.
        """
        counts = "shares_cover", "shares_outstanding", "diluted_shares", "basic_shares"
        if fact := self.first(*counts):
            told = f"{ITEM[fact.item].label}, as filed for FY{self.year}"
            counted = after_splits(fact, splits)
            if isinstance(counted, SplitFact):
                return derived(counted.value, f"{told}, {counted.named_splits}", fact)
            return filed(fact, f"{told}, before any later split")
        income, per_share = self.at("net_income"), self.at("eps_diluted")
        if income is None or per_share is None or not income.value / (per_share.value or 1e99) > 0:
            return None
        counted = after_splits(per_share, splits)
        beside = f"; {counted.named_splits}" if isinstance(counted, SplitFact) else ""
        return derived(
            income.value / counted.value,
            f"net income / diluted earnings per share of FY{self.year}, as exact as the cents: "
            f"no count of shares is filed{beside}",
            income,
            per_share,
        )


def _newest_by_tag(of_year: Sequence[FiledFact]) -> dict[str, FiledFact]:
    """Of each tag that the facts of a year are read as, the one of the latest filing."""
    newest: dict[str, FiledFact] = {}
    for fact in of_year:
        name = _read_as(fact, of_year)
        if name not in newest or _recency(fact, name) > _recency(newest[name], name):
            newest[name] = fact
    return newest


def _recency(fact: FiledFact, name: str) -> tuple[date, str, bool]:
    return fact.filed_on, fact.accession, fact.tag == name


def _read_as(fact: FiledFact, of_year: Iterable[FiledFact]) -> str:
    """The fact's tag; without one of US GAAP that is known, the best of its item in that year."""
    if fact.tag in ITEMS_OF_TAG and not fact.tag.startswith(IFRS_TAG):
        return fact.tag
    tags = _us_tags(fact.item)
    filed_under = {each.tag for each in of_year if each.item == fact.item}
    return next((tag for tag in tags if tag in filed_under), tags[0])


@cache
def _us_tags(item: str) -> tuple[str, ...]:
    return tuple(tag for tag in ITEM[item].tags if not tag.startswith(IFRS_TAG))
