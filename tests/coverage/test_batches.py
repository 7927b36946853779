from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from valor_core.coverage.batches import (
    BatchPolicy,
    Valued,
    in_figures,
    newest_year,
    old_ones,
    rows_of,
)
from valor_core.values import CompanyId

KO = Valued(
    company_id=CompanyId("ko"), name="Coca-Cola Co", ticker="KO", currency="USD", fiscal_year=2009,
    value=30.0, enterprise_value=1e11, price=60.0, counted_as_nothing=("leases",), code="",
    reason="",
)  # fmt: skip


def of_years(years: list[int | None]) -> list[Valued]:
    return [
        replace(KO, company_id=CompanyId(str(at)), fiscal_year=year)
        for at, year in enumerate(years)
    ]


@given(years=st.lists(st.none() | st.integers(1990, 2030), min_size=1), later=st.integers(0, 30))
def test_figures_are_old_against_the_newest_of_their_batch_and_never_become_newer(years, later):
    rows = of_years(years)
    newest = newest_year(rows)
    known = [year for year in years if year is not None]

    assert newest == (max(known) if known else None)
    assert {rows[int(at)].fiscal_year for at in old_ones(rows)} == {
        year for year in known if year + 2 < max(known)
    }
    one_more = of_years([*years, max(known, default=2000) + later])
    assert old_ones(rows) <= old_ones(one_more)


def test_a_batch_that_was_kept_is_read_as_it_was_with_or_without_what_is_told_of_its_age():
    rows = tuple(of_years([2009, 2025, None]))
    figures = in_figures(BatchPolicy(), rows)
    earlier = {"rows": [{k: v for k, v in row.items() if k != "old"} for row in figures["rows"]]}

    assert [row["old"] for row in figures["rows"]] == [True, False, False]
    assert rows_of(figures) == rows
    assert rows_of(earlier) == rows
