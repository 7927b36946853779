"""One policy for all companies: what each is valued by, and what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from valor_core.coverage.companies import COMPANIES_MAX, Company
from valor_core.coverage.prefill import Prefilled
from valor_core.errors import BadInput, NotFound, ValorError
from valor_core.models.bridge import Bridge
from valor_core.models.catalogue import model_named, model_of
from valor_core.models.codec import dump
from valor_core.models.comparables.comparables import ComparablesInputs
from valor_core.models.fields import hint_at, is_number, is_row, line_at, says, settle
from valor_core.models.lines import spoken
from valor_core.models.numbers import Numbers
from valor_core.models.sensitivity import NoMeaning, replace_at
from valor_core.models.simulation.scenarios import Change
from valor_core.values import CompanyId

MODELS = (
    "dcf",
    "dcf_direct",
    "reconciliation",
    "dividend_discount",
    "residual_income",
    "lbo",
    "statements",
    "comparables",
    "credit",
)
"""That begin with what a company has filed, alone or beside its peers."""

LINES = {"reconciliation": "fcfe.value", "credit": "z_double_prime.score"}
"""What is shown of a model whose headline filings alone do not give, or do not mean."""


OLD_AFTER = 2
"""Figures that stand more fiscal years than this behind the newest of their batch are old."""


class PriceUnusable(BadInput):
    """A price per share is above 0, and each company has one at most."""

    code = "price_unusable"

    def __init__(self, *, company: str, problem: str) -> None:
        super().__init__(
            f"The price of {company!r} {problem}.",
            hint="State one price above 0 for each company, by its ticker, CIK or id.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPrice:
    """What a share of a company costs, in the currency that it reports in."""

    company: str = field(metadata=says("ticker, CIK or id"))
    price: Numbers = field(metadata=says("price of a share"))

    def __post_init__(self) -> None:
        settle(self)
        if not self.price > 0.0:
            raise PriceUnusable(company=self.company, problem=f"is {self.price:.6g}, not above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPolicy:
    """What all companies are valued by: the start that the facts suggest, and the same changes."""

    model: str = field(default="dcf", metadata=says("dcf, lbo, credit or another of a batch"))
    line: str = field(
        default="", metadata=says("the line of its result that is shown; empty: as usual")
    )
    changes: tuple[Change, ...] = field(
        default=(), metadata=says("inputs that are stated alike for all companies")
    )
    unfiled_is_nothing: bool = field(
        default=False,
        metadata=says("count as nothing what a filing lacks between enterprise and equity value"),
    )
    as_of: date | None = field(default=None, metadata=says("the day whose facts are used"))
    layer: str = field(default="", metadata=says("through which facts are read; empty: as filed"))
    prices: tuple[StatedPrice, ...] = field(
        default=(), metadata=says("prices of shares", longest=COMPANIES_MAX)
    )

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise NotFound("model of a batch", self.model, hint=f"Name {' or '.join(MODELS)}.")
        hint = hint_at(model_named(self.model).result, self.shown)
        if not is_number(hint) or is_row(hint):
            raise NotFound("single number in the result", self.line)
        if self.prices and self.shown != "value_per_share":
            problem = f"cannot stand beside what {self.model} gives, which is no value per share"
            raise PriceUnusable(company=self.prices[0].company, problem=problem)

    @property
    def shown(self) -> str:
        """The line of the result that is shown."""
        return self.line or LINES.get(self.model, model_named(self.model).headline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """A company in a batch: its value, or why it has none."""

    company_id: CompanyId
    name: str
    ticker: str
    currency: str
    fiscal_year: int | None  # whose figures it begins with
    value: float | None  # the line that is shown: a value per share, an IRR, a score
    enterprise_value: float | None
    price: float | None
    counted_as_nothing: tuple[str, ...]  # what the filing lacks
    code: str  # of the refusal; nothing where there is a value
    reason: str

    @property
    def upside(self) -> float | None:
        """The value of a share above its price, as a part of the price."""
        return None if self.value is None or self.price is None else self.value / self.price - 1.0


def prices_of(policy: BatchPolicy, companies: Iterable[Company]) -> dict[CompanyId, float]:
    """The stated prices by company; NotFound or PriceUnusable where one is of none, or a second."""
    known: dict[str, CompanyId] = {}
    for each in companies:
        known |= {each.id: each.id, str(each.cik): each.id}
        if each.ticker:
            known.setdefault(each.ticker.upper(), each.id)
    found: dict[CompanyId, float] = {}
    for stated in policy.prices:
        name = stated.company.strip()
        company_id = known.get(name.upper()) or known.get(name.lower())
        if company_id is None:
            raise NotFound("company with a price", name[:80])
        if company_id in found:
            raise PriceUnusable(company=name, problem="is stated twice")
        found[company_id] = float(stated.price)
    return found


def beside_priced_peers(
    company: Company, inputs: ComparablesInputs, prices: Mapping[str, float]
) -> ComparablesInputs:
    """The comparison with the stated prices of its peers, by their names."""
    peers = tuple(replace(peer, price=prices.get(peer.name, peer.price)) for peer in inputs.peers)
    if all(peer.price is None for peer in peers):
        problem = "cannot be told by its peers: none of them has a stated price"
        raise PriceUnusable(company=company.name, problem=problem)
    return replace(inputs, peers=peers)


def by_policy(inputs: Any, policy: BatchPolicy) -> tuple[Any, tuple[str, ...]]:
    """The inputs with what the policy states, and what of the bridge it counts as nothing."""
    for change in policy.changes:
        inputs = replace_at(inputs, change.path, change.value)
    bridge = getattr(inputs, "bridge", None)
    if not policy.unfiled_is_nothing or not isinstance(bridge, Bridge):
        return inputs, ()
    lacking = bridge.missing
    return replace(inputs, bridge=replace(bridge, **dict.fromkeys(lacking, 0.0))), lacking


def lines_of(policy: BatchPolicy) -> tuple[str, ...]:
    """The line that is shown, and the enterprise value where the model has one."""
    result = model_named(policy.model).result
    has_one = hint_at(result, "enterprise_value") is not None
    return (policy.shown, "enterprise_value") if has_one else (policy.shown,)


def valued(company: Company, start: Prefilled, policy: BatchPolicy, price: float | None) -> Valued:
    """The company by the policy, from where the facts let it begin."""
    inputs, lacking = by_policy(start.inputs, policy)
    result = model_of(inputs).function(inputs)
    numbers = [line_at(result, name) for name in lines_of(policy)]
    if numbers[0] is None:
        raise NoMeaning(spoken(policy.shown))
    return told_of(company, start, price, numbers, lacking)


def told_of(
    company: Company,
    start: Prefilled,
    price: float | None,
    numbers: Sequence[Any],
    lacking: tuple[str, ...],
) -> Valued:
    """The company with its numbers on `lines_of` the policy, and what counts as nothing."""
    value, enterprise_value = (*numbers, None)[:2]
    own = [each for path, each in start.sources.items() if not path.startswith("peers[")]
    years = [fact.fiscal_year for each in own for fact in each.facts]
    return Valued(
        company_id=company.id,
        name=company.name,
        ticker=company.ticker,
        currency=start.currency,
        fiscal_year=max(years, default=None),
        value=float(value),
        enterprise_value=None if enterprise_value is None else float(enterprise_value),
        price=price,
        counted_as_nothing=lacking,
        code="",
        reason="",
    )


def refused(company: Company, why: ValorError, price: float | None) -> Valued:
    """The company without a value, and why."""
    return Valued(
        company_id=company.id,
        name=company.name,
        ticker=company.ticker,
        currency="",
        fiscal_year=None,
        value=None,
        enterprise_value=None,
        price=price,
        counted_as_nothing=(),
        code=why.code,
        reason=str(why),
    )


def newest_year(rows: Iterable[Valued]) -> int | None:
    """The newest fiscal year whose figures a company of the batch begins with."""
    return max((each.fiscal_year for each in rows if each.fiscal_year is not None), default=None)


def old_ones(rows: Sequence[Valued]) -> frozenset[CompanyId]:
    """The companies whose figures are too old to stand beside the newest of the batch."""
    newest = newest_year(rows)
    return frozenset(
        each.company_id
        for each in rows
        if newest is not None
        and each.fiscal_year is not None
        and newest - each.fiscal_year > OLD_AFTER
    )


def in_figures(policy: BatchPolicy, rows: tuple[Valued, ...]) -> dict[str, Any]:
    """A batch as clients read it: a company a row."""
    old = old_ones(rows)
    return {
        "model": policy.model,
        "line": policy.shown,
        "companies": len(rows),
        "valued": sum(each.value is not None for each in rows),
        "newest_year": newest_year(rows),
        "rows": [
            {**dump(each), "upside": each.upside, "old": each.company_id in old} for each in rows
        ],
    }


def rows_of(figures: Mapping[str, Any]) -> tuple[Valued, ...]:
    """A batch that was kept as clients read it."""
    return tuple(
        Valued(
            **{name: told for name, told in row.items() if name not in ("upside", "old")}
            | {"counted_as_nothing": tuple(row["counted_as_nothing"])}
        )
        for row in figures["rows"]
    )
