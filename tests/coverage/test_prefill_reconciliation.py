"""Where one plan by every method begins: at the value of the DCF, on the demo book."""

from dataclasses import replace

import pytest

from tests.coverage.filings import fact
from tests.coverage.test_prefill import ACME, BOOK, FOR_FCFF, filings
from tests.models.sound import a_dcf
from valor_core.coverage.figures import DEFAULT
from valor_core.coverage.prefill import NotForFcff, prefill_dcf
from valor_core.coverage.prefill_options import ProjectDcf
from valor_core.coverage.prefill_reconciliation import prefill_reconciliation
from valor_core.models.bridge import Bridge
from valor_core.models.dcf import DcfInputs, discounted_cash_flow
from valor_core.models.discounting import Timing
from valor_core.models.fields import leaves
from valor_core.models.intrinsic.causes import made_consistent, reconciled
from valor_core.models.intrinsic.reconciliation import reconciliation
from valor_core.values import SourceKind

KO = BOOK["KO"]


def prefilled(ticker: str):
    parsed = BOOK[ticker]
    return prefill_reconciliation(parsed.company, parsed.facts)


def kept(inputs: DcfInputs) -> ProjectDcf:
    return ProjectDcf(
        named="the DCF of a test", enterprise_value=0.0, first_cash_flow=0.0, risk_free=None,
        facts=(), inputs=inputs,
    )  # fmt: skip


def of_dcf(inputs: DcfInputs):
    return prefill_reconciliation(KO.company, KO.facts, saved=kept(inputs))


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_free_cash_flow_is_worth_what_the_dcf_of_the_facts_says(ticker):
    parsed = BOOK[ticker]
    dcf = prefill_dcf(parsed.company, parsed.facts).inputs

    value = reconciliation(prefilled(ticker).inputs).enterprise_value
    told = discounted_cash_flow(replace(dcf, bridge=Bridge.of())).enterprise_value
    assert value == pytest.approx(told, rel=1e-12)


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_the_seven_methods_agree_on_the_same_plan_once_it_is_consistent(ticker):
    plan = made_consistent(prefilled(ticker).inputs)

    rows = reconciled(plan, reconciliation(plan))[:7]
    assert all(abs(row.difference) <= 1e-9 * row.value for row in rows)
    assert not any(row.causes for row in rows)


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_every_number_has_a_source(ticker):
    start = prefilled(ticker)

    assert set(start.sources) == set(leaves(start.inputs))
    for path, source in start.sources.items():
        assert source.text
        assert bool(source.facts) == (source.kind is SourceKind.DERIVED), path
        assert (source.author == DEFAULT) == (source.kind is SourceKind.ASSUMED)


def test_a_saved_dcf_with_a_wacc_by_year_is_met_at_those_waccs():
    dcf = replace(a_dcf(), wacc=[0.09 - 0.001 * year for year in range(10)])

    start = of_dcf(dcf)

    result = reconciliation(start.inputs)
    assert result.capital.waccs == pytest.approx(dcf.wacc)
    assert result.enterprise_value == pytest.approx(
        discounted_cash_flow(replace(dcf, bridge=Bridge.of())).enterprise_value, rel=1e-12
    )
    assert "states its WACC alone" in start.sources["financing.leverage.start"].text


def test_what_keeps_the_value_from_being_that_of_the_dcf_is_said():
    plain, within = of_dcf(a_dcf()), of_dcf(a_dcf(timing=Timing.MID_YEAR, stub=0.5))

    assert not any("which no method here does" in said for said in plain.warnings)
    assert sum("which no method here does" in said for said in within.warnings) == 2


def test_book_capital_is_equity_and_debt_less_cash_as_filed():
    start = prefill_reconciliation(
        ACME, [*filings(stockholders_equity=60.0, long_term_debt=30.0, cash=10.0)]
    )

    assert start.inputs.invested_capital == 80.0
    untold = prefill_reconciliation(ACME, filings())
    assert "cannot be told" in untold.sources["invested_capital"].text


def test_a_bank_is_refused():
    with pytest.raises(NotForFcff):
        prefilled("JPM")
    with pytest.raises(NotForFcff):
        prefill_reconciliation(BOOK["JPM"].company, [fact("revenue", 1.0)])
