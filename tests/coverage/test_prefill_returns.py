"""Where returns begin: with nothing stated, in the company's currency."""

from tests.coverage.test_prefill import ACME, filings, in_euros
from valor_core.coverage.prefill_returns import prefill_returns
from valor_core.models.fields import leaves
from valor_core.models.returns.model import returns


def test_no_flow_is_made_up_so_there_is_no_return_yet():
    start = prefill_returns(ACME, filings())

    assert not start.inputs.flows.any()
    assert returns(start.inputs).irr is None
    assert set(start.sources) == set(leaves(start.inputs))


def test_flows_are_in_the_currency_of_the_company():
    assert prefill_returns(ACME, in_euros(filings())).currency == "EUR"
