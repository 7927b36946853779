"""What a snapshot holds: each dataset's columns, how it is divided, and who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One table of a snapshot. A change of a column, or of what it means, raises the version."""

    name: str
    label: str  # as people call it
    row: str  # what one row is
    act: str  # who may read what it was made of may read it here
    columns: tuple[tuple[str, str], ...]  # name, kind
    version: int = 1
    derived: str = ""  # a column that follows from the others, made as they are read

    @property
    def schema(self) -> "pa.Schema":
        """The columns as Parquet has them."""
        import pyarrow as pa

        kinds = {
            "text": pa.string(), "whole": pa.int64(), "number": pa.float64(),
            "yes_or_no": pa.bool_(), "moment": pa.timestamp("us"), "day": pa.date32(),
        }  # fmt: skip
        return pa.schema([(name, kinds[kind]) for name, kind in self.columns])


COMPANIES = Dataset(
    name="companies",
    label="Companies",
    row="a company",
    act="company.read",
    columns=(
        ("company_id", "text"),
        ("name", "text"),
        ("ticker", "text"),
        ("cik", "whole"),
        ("sic", "whole"),
        ("financial", "yes_or_no"),  # its debt is its raw material: EBIT and leverage say nothing
    ),
)
FACTS = Dataset(
    name="facts",
    label="Filed figures",
    row="a number as it was filed, with tag, accession, form and filing date",
    act="fact.read",
    columns=(
        ("company_id", "text"),
        ("item", "text"),
        ("fiscal_year", "whole"),
        ("period_start", "text"),
        ("period_end", "text"),
        ("value", "number"),
        ("unit", "text"),
        ("tag", "text"),
        ("accession", "text"),
        ("form", "text"),
        ("filed_on", "text"),
        ("known", "yes_or_no"),  # the number that stands: what was restated later is false
    ),
)
FIGURES = Dataset(
    name="figures",
    label="Newest fiscal year",
    row="a company's newest fiscal year, by the same rules from which a valuation starts",
    act="fact.read",
    columns=(
        ("company_id", "text"),
        ("fiscal_year", "whole"),
        ("revenue", "number"),
        ("revenue_year_before", "number"),
        ("revenue_3_years_before", "number"),
        ("gross_profit", "number"),
        ("ebit", "number"),
        ("depreciation", "number"),
        ("pretax_income", "number"),
        ("income_tax", "number"),
        ("net_income", "number"),
        ("equity", "number"),
        ("debt", "number"),
        ("cash", "number"),
        ("operating_cash_flow", "number"),
        ("capex", "number"),
    ),
)
VALUATIONS = Dataset(
    name="valuations",
    label="Saved values",
    row="a saved valuation of shares",
    act="valuation.read",
    columns=(
        ("valuation_id", "text"),
        ("company_id", "text"),
        ("model", "text"),
        ("run_id", "text"),
        ("value_per_share", "number"),
        ("equity_value", "number"),
        ("enterprise_value", "number"),
        ("diluted_shares", "number"),
        ("currency", "text"),
        ("saved_at", "whole"),
    ),
    version=2,
    derived="row_number() OVER (PARTITION BY company_id ORDER BY saved_at DESC, valuation_id DESC)"
    " = 1 AS newest",  # beside the row it would rewrite a month that is over
)
VALUATION_RECORDS = Dataset(
    name="valuation_records",
    label="Saved values in full",
    row="a saved valuation by any method: its inputs, sources, result and reason, as JSON",
    act="valuation.read",
    columns=(
        ("valuation_id", "text"),
        ("company_id", "text"),
        ("company_name", "text"),
        ("model", "text"),
        ("model_version", "text"),
        ("run_id", "text"),
        ("facts_as_of", "text"),
        ("inputs", "text"),
        ("sources", "text"),
        ("result", "text"),
        ("headline", "number"),
        ("currency", "text"),
        ("rationale", "text"),
        ("saved_at", "whole"),
        ("saved_by", "text"),
        ("scenarios", "text"),
    ),
)
ADJUSTMENTS = Dataset(
    name="adjustments",
    label="Adjustments",
    row="an amount that an analyst added to a filed figure in a layer, dropped ones too",
    act="adjustment.read",
    columns=(
        ("adjustment_id", "text"),
        ("company_id", "text"),
        ("layer", "text"),
        ("item", "text"),
        ("fiscal_year", "whole"),
        ("amount", "number"),
        ("unit", "text"),
        ("rationale", "text"),
        ("added_at", "moment"),
        ("added_by", "text"),
        ("dropped_at", "moment"),
        ("dropped_by", "text"),
    ),
)
USAGE = Dataset(
    name="usage",
    label="Uses",
    row="a metered act",
    act="billing.read",
    columns=(
        ("used_at", "moment"),
        ("meter", "text"),
        ("quantity", "whole"),
        ("act", "text"),
        ("actor", "text"),
    ),
)
USAGE_DAILY = Dataset(
    name="usage_daily",
    label="Uses by day",
    row="what a meter counted on a day",
    act="billing.read",
    columns=(("day", "day"), ("meter", "text"), ("quantity", "whole"), ("events", "whole")),
)
BILLING = Dataset(
    name="billing",
    label="Billing events",
    row="what the billing provider told: a use that it billed, or a turn of an invoice",
    act="billing.read",
    columns=(
        ("received_at", "moment"),
        ("told_at", "moment"),  # by the provider's clock
        ("event_id", "text"),
        ("type", "text"),
        ("object_id", "text"),
        ("object_version", "whole"),
        ("meter", "text"),
        ("day", "text"),  # of the use; empty for an invoice
        ("quantity", "whole"),
        ("price_minor", "whole"),
        ("per_quantity", "whole"),
        ("plan_version", "text"),
        ("amount_minor", "whole"),
        ("currency", "text"),
        ("outcome", "text"),
    ),
)
BILLING_DAILY = Dataset(
    name="billing_daily",
    label="Billed by day",
    row="what the billing provider billed of a meter for a day",
    act="billing.read",
    columns=(
        ("day", "day"),
        ("meter", "text"),
        ("currency", "text"),
        ("quantity", "whole"),
        ("amount_minor", "whole"),
        ("events", "whole"),
    ),
)
INVOICES = Dataset(
    name="invoices",
    label="Invoices",
    row="an invoice as its newest version has it",
    act="billing.read",
    columns=(
        ("object_id", "text"),
        ("version", "whole"),
        ("status", "text"),
        ("amount_minor", "whole"),
        ("currency", "text"),
        ("updated_at", "moment"),
    ),
)
AUDIT = Dataset(
    name="audit",
    label="Audit log",
    row="an entry of the log with the digests that prove it, without its details",
    act="audit.read",
    columns=(
        ("seq", "whole"),
        ("acted_at", "moment"),
        ("category", "text"),
        ("action", "text"),
        ("actor", "text"),
        ("target", "text"),
        ("request_id", "text"),
        ("payload_digest", "text"),
        ("leaf", "text"),
        ("mac", "text"),
        ("key_id", "whole"),
    ),
)
PROVIDER_STATES = Dataset(
    name="provider_states",
    label="States of providers",
    row="a state of a data provider, from that moment until its next one",
    act="provider.read",
    columns=(
        ("started_at", "moment"),
        ("provider", "text"),
        ("capability", "text"),
        ("state", "text"),
        ("cause", "text"),
    ),
)
_CALLS = (
    ("provider", "text"),
    ("capability", "text"),
    ("outcome", "text"),
    ("bucket", "whole"),  # of the time it took, in steps of which all can be added up
    ("calls", "whole"),
)
PROVIDER_CALLS = Dataset(
    name="provider_calls",
    label="Calls of providers",
    row="how many calls of a minute went so and took so long",
    act="provider.read",
    columns=(("minute", "moment"), *_CALLS),
)
PROVIDER_CALLS_DAILY = Dataset(
    name="provider_calls_daily",
    label="Calls of providers by day",
    row="how many calls of a day went so and took so long",
    act="provider.read",
    columns=(("day", "day"), *_CALLS),
)
DATASETS: Mapping[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        COMPANIES, FACTS, FIGURES, VALUATIONS, VALUATION_RECORDS, ADJUSTMENTS, USAGE, USAGE_DAILY,
        BILLING, BILLING_DAILY, INVOICES, PROVIDER_STATES, PROVIDER_CALLS, PROVIDER_CALLS_DAILY,
        AUDIT,
    )
}  # fmt: skip
"""Each dataset by its name."""
