"""A saved value keeps its inputs, where they came from and why, whatever is filed afterwards."""

import json
from io import BytesIO

import numpy as np
import pytest
from sqlalchemy import select

from tests.books import KO, imported, of_the_demo_book, stated, table, valued
from tests.models.sound import a_direct_dcf
from valor_core.errors import AccessDenied, BadInput, BadInputs, NotFound
from valor_core.models.codec import dump
from valor_core.models.dcf_direct import direct_cash_flow
from valor_core.models.refusals import BridgeItemMissing
from valor_core.models.returns.model import ReturnsInputs
from valor_core.models.sensitivity import NoMeaning
from valor_core.store.tables import UsageEventRow
from valor_core.values import SourceKind, ValuationId
from valor_core.workbench import logbook, valuations
from valor_core.workbench.valuations import Saved
from valor_core.workbench.verb import open_work


@pytest.fixture(autouse=True)
def _cola(store, acme):
    imported(acme.analyst, of_the_demo_book("ko"))


def read(caller, valuation_id: str) -> Saved:
    with open_work(caller) as work:
        return valuations.read_valuation(work, ValuationId(valuation_id))


def listed(caller, *args, **page) -> list[str]:
    with open_work(caller) as work:
        return [row.id for row in valuations.list_valuations(work, *args, **page)]


def test_a_saved_value_is_found_again_with_each_input_and_where_it_came_from(store, acme):
    row = valued(acme.analyst, why="  Steady.  ", terminal_growth=0.031)
    saved = read(acme.viewer, row.id)

    assert saved.row.rationale == "Steady."
    assert (saved.row.company_id, saved.row.created_by) == (KO, acme.analyst.actor)
    assert saved.inputs.terminal_growth == 0.031
    again = saved.model.function(saved.inputs)
    assert dump(again) == saved.row.result
    assert float(again.value_per_share) == saved.row.headline
    growth, revenue = saved.sources["terminal_growth"], saved.sources["revenue"]
    assert (growth.kind, growth.author) == (SourceKind.ASSUMED, acme.analyst.actor)
    assert revenue.kind is SourceKind.FILED
    assert revenue.facts[0].accession == "0001047469-10-001476"


def test_what_is_filed_afterwards_changes_no_saved_value(store, acme):
    row = valued(acme.analyst)
    newer = (
        "21344,Coca-Cola Co,KO,2080,2009,,2009-12-31,revenue,99000000000,USD,"
        "us-gaap:SalesRevenueGoodsNet,restated,10-K/A,2011-02-28"
    )
    imported(acme.analyst, table(newer))

    assert read(acme.viewer, row.id).row.result == row.result
    assert stated(acme.analyst)[0].revenue == 99_000_000_000.0


def test_an_item_that_no_filing_has_needs_an_amount_and_a_reason(store, acme):
    inputs, reasons = stated(acme.analyst)
    with open_work(acme.analyst) as work:
        bare = valuations.prefilled(work, KO).inputs
    item = next(iter(reasons))

    def save(what, why, rationale="first"):
        with open_work(acme.analyst) as work:
            valuations.run_valuation(work, KO, what, rationale=rationale, rationales=why)

    with pytest.raises(BridgeItemMissing):
        save(bare, {})
    with pytest.raises(BadInputs, match=f"{item}: .*say why it is 0"):
        save(inputs, {path: text for path, text in reasons.items() if path != item})
    with pytest.raises(BadInputs, match="an input that does not exist"):
        save(inputs, {**reasons, "growht": "a slip"})
    with pytest.raises(BadInput, match="A rationale of 0 characters"):
        save(inputs, reasons, rationale=" \n ")
    with pytest.raises(BadInput, match="cannot be kept"):
        save(inputs, reasons, rationale="\u200b …")

    assert listed(acme.viewer) == []
    with open_work(acme.admin) as work:
        assert logbook.read_log(work, action="valuation.run") == []


def test_equal_inputs_have_one_run_id_and_yet_count_as_two_acts(store, acme, rival):
    imported(rival.analyst, of_the_demo_book("ko"))
    rows = [valued(acme.analyst), valued(acme.admin), valued(rival.analyst)]

    assert len({row.run_id for row in rows}) == 1
    assert len({row.id for row in rows}) == 3
    assert valued(acme.analyst, terminal_growth=0.02).run_id != rows[0].run_id
    with open_work(acme.admin) as work:
        meters = [row.meter for row in work.session.scalars(select(UsageEventRow))]
        newest = logbook.read_log(work, action="valuation.run")
    assert meters.count("valuations") == 3
    told = json.loads(newest[-1].payload or b"")
    assert (newest[-1].target, told["run_id"]) == (f"valuation:{rows[0].id}", rows[0].run_id)


def test_values_come_in_pages_newest_first_and_of_one_company_by_any_of_its_names(store, acme):
    imported(acme.analyst, of_the_demo_book("hd"))
    made = [valued(acme.analyst, terminal_growth=0.02 + i / 1000) for i in range(5)]
    with open_work(acme.viewer) as work:
        first = valuations.list_valuations(work, limit=2)
    rest = listed(acme.viewer, before=(first[-1].created_at, first[-1].id))

    assert [row.id for row in first] + rest == [row.id for row in made[::-1]]
    assert len(listed(acme.viewer, "KO")) == len(listed(acme.viewer, "21344")) == 5
    assert listed(acme.viewer, "HD") == []


def test_another_tenant_and_nobodys_id_have_the_same_answer(store, acme, rival):
    row = valued(acme.analyst)

    for caller, valuation_id in ((rival.admin, row.id), (acme.admin, row.id[::-1])):
        with pytest.raises(NotFound, match="There is no valuation"):
            read(caller, valuation_id)
    assert listed(rival.admin) == []


def test_who_may_only_read_values_nothing(store, acme):
    with pytest.raises(AccessDenied):
        valued(acme.viewer)

    assert listed(acme.viewer) == []


def test_given_cash_flows_are_kept_explained_varied_and_exported_as_a_driven_dcf_is(store, acme):
    inputs = a_direct_dcf()
    with open_work(acme.analyst) as work:
        row = valuations.run_valuation(
            work, KO, inputs, rationale="The board's plan.", rationales={"wacc.start": "our own"}
        )
    saved, stream = read(acme.viewer, row.id), BytesIO()
    with open_work(acme.viewer) as work:
        grid = valuations.vary(
            work,
            ValuationId(row.id),
            rows=("terminal_growth", [float(inputs.terminal_growth), 0.01]),
            columns=("shares.basic", [float(inputs.shares.basic)]),
        )
    valuations.write_workbook(saved, stream)

    assert (row.model, row.company_id) == ("dcf_direct", KO)
    assert row.headline == float(direct_cash_flow(inputs).value_per_share)
    assert grid.values[0, 0] == pytest.approx(row.headline, rel=1e-12)
    assert np.isfinite(grid.values).all()
    assert {source.kind for source in saved.sources.values()} == {SourceKind.ASSUMED}
    tree = saved.workings().explain("value_per_share", saved.sources).as_dict()
    assert tree["value"] == pytest.approx(row.headline, rel=1e-12)
    assert "stated by the analyst" in json.dumps(tree)
    assert stream.getvalue()[:2] == b"PK"


def test_a_value_without_its_headline_is_refused_and_nothing_is_kept(acme):
    inputs = ReturnsInputs(flows=[-1000.0, 2500.0, -1560.0], rate=0.1)  # two rates of return

    with pytest.raises(NoMeaning, match="irr"), open_work(acme.analyst) as work:
        valuations.run_valuation(work, KO, inputs, rationale="two roots")

    assert listed(acme.viewer) == []
