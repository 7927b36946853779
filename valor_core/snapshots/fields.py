"""What can be explored of a snapshot: each subject's fields in words, with their kind and SQL.

A field is all that a question may name, so that no text of a person ever becomes SQL.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from valor_core.errors import NotFound
from valor_core.models.fields import Unit
from valor_core.models.lines import spoken
from valor_core.snapshots.datasets import DATASETS, Dataset
from valor_core.snapshots.measures import FILED, MEASURES, SAVED

CODES = {"cik", "sic", "fiscal_year", "seq", "object_version", "version", "bucket"}
"""Whole numbers that name something: nobody adds them up, and no comma stands in them."""
MONEY = {*FILED, "equity_value", "enterprise_value"}
TERMS = {"item", "model", "meter", "capability", "outcome", "state", "category"}
"""Texts that are names of ours: `cost_of_revenue` is told as words."""
PERSONS = {"actor", "added_by", "dropped_by", "saved_by"}
WRITTEN_DAYS = {("facts", name) for name in ("period_start", "period_end", "filed_on")}
WRITTEN_DAYS |= {("billing", "day")}
USUALLY = {"facts": "known"}  # a number that was filed five times counts once
NOBODY_ASKS = {
    "company_id", "company_name", "adjustment_id", "payload_digest", "leaf", "mac", "key_id",
    "inputs", "sources", "result", "scenarios",
}  # fmt: skip
IN_COVERAGE = {"companies", "figures"}  # the subject `coverage` has all that they have
LABELS = {
    "sic": "SIC", "cik": "CIK", "seq": "Entry", "known": "Newest filing of it", "item": "Line item",
    "financial": "Financial company", "newest": "Newest of its company", "amount": "Amount",
    "amount_minor": "Amount, minor units", "price_minor": "Price, minor units",
    "bucket": "Step of time taken", "saved_at": "Saved on", "run_id": "Run", "target": "About",
}  # fmt: skip
KIND_OF_UNIT = {Unit.MONEY: "money", Unit.RATE: "rate", Unit.RATIO: "ratio"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What is known of each row."""

    name: str
    label: str
    kind: str
    sql: str  # over `t`, the rows, and `c`, the companies that they are of


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a question can be about."""

    name: str
    label: str
    row: str  # what one row is
    acts: tuple[str, ...]  # who may do all of them may ask
    source: str
    fields: Mapping[str, Field]
    usually: str = ""  # a field that is asked to be true, unless somebody wants the other rows


class NoSubject(NotFound):
    """No part of a snapshot has that name."""

    code = "no_subject"

    def __init__(self, name: str) -> None:
        super().__init__("dataset", name[:60], hint=f"The datasets are {', '.join(SUBJECTS)}.")


def subject_named(name: str) -> Subject:
    """The subject of that name; NoSubject otherwise."""
    if name not in SUBJECTS:
        raise NoSubject(name)
    return SUBJECTS[name]


def _field(name: str, kind: str, sql: str, *, label: str = "") -> Field:
    return Field(name=name, label=label or LABELS.get(name) or spoken(name), kind=kind, sql=sql)


def _of_dataset(dataset: Dataset) -> Subject:
    of_companies = any(name == "company_id" for name, _ in dataset.columns)
    fields = [*(_of_the_company() if of_companies else ()), *_own_fields(dataset)]
    joined = " LEFT JOIN main.companies AS c ON c.company_id = t.company_id"
    return Subject(
        name=dataset.name,
        label=dataset.label,
        row=dataset.row,
        acts=(dataset.act, *(("company.read",) if of_companies else ())),
        source=f"main.{dataset.name} AS t{joined if of_companies else ''}",
        fields={each.name: each for each in fields},
        usually=USUALLY.get(dataset.name, ""),
    )


def _of_the_company() -> Iterator[Field]:
    yield _field("company", "text", "c.name")
    yield _field("ticker", "text", "c.ticker")
    yield _field("sic", "code", "c.sic")


def _own_fields(dataset: Dataset) -> Iterator[Field]:
    for name, stored in dataset.columns:
        if name in NOBODY_ASKS:
            continue
        sql = f't."{name}"'
        if name == "saved_at":
            yield _field(name, "moment", f"make_timestamp({sql})")
        elif (dataset.name, name) in WRITTEN_DAYS:
            yield _field(name, "day", f"try_cast({sql} AS DATE)")
        elif name in CODES:
            yield _field(name, "code", sql)
        elif name in MONEY:
            yield _field(name, "money", sql)
        else:
            kind = "person" if name in PERSONS else "term" if name in TERMS else stored
            yield _field(name, kind, sql)
    if dataset.derived:
        yield _field("newest", "yes_or_no", "t.newest")


def _coverage() -> Subject:
    """A company a row with every measure of the screen, and the figures that they are made of."""
    fields = [
        _field("company", "text", "t.name"),
        _field("ticker", "text", "t.ticker"),
        _field("fiscal_year", "code", "t.fiscal_year"),
        *(
            _field(m.name, KIND_OF_UNIT.get(m.unit, "number"), f"t.{m.name}", label=m.label)
            for m in MEASURES
        ),
        _field("sic", "code", "t.sic"),
        _field("financial", "yes_or_no", "t.financial"),
        *(
            _field(name, "money", f"t.part_{name}", label=words[:1].upper() + words[1:])
            for name, words in FILED.items()
            if name != "revenue"
        ),
        *(_field(name, "money", f"t.part_{name}") for name in SAVED if name != "value_per_share"),
        _field("currency", "text", "t.currency", label="Currency of the saved value"),
        _field("saved_at", "moment", "make_timestamp(t.saved_at)"),
    ]
    return Subject(
        name="coverage",
        label="Companies and their measures",
        row="a company with its newest fiscal year, its measures and its newest saved value",
        acts=("company.read", "fact.read", "valuation.read"),
        source="main.coverage AS t",
        fields={each.name: each for each in fields},
    )


SUBJECTS: Mapping[str, Subject] = {
    each.name: each
    for each in (
        _coverage(),
        *(_of_dataset(each) for name, each in DATASETS.items() if name not in IN_COVERAGE),
    )
}
"""What can be explored, by its name."""
