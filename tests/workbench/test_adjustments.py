"""Analysts adjust filed figures in layers: with a reason, seen by their tenant, never in place."""

import json
from dataclasses import replace
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from tests.books import KO, imported, of_the_demo_book, stated, table, valued
from valor_core import notebook
from valor_core.coverage.adjustments import NothingToAdjust
from valor_core.coverage.sourcing import dump_sources
from valor_core.errors import AccessDenied, BadInputs, NotFound
from valor_core.models.codec import dump
from valor_core.notebook.local import LocalDesk
from valor_core.values import ValuationId
from valor_core.workbench import adjustments, companies, logbook, valuations
from valor_core.workbench.verb import open_work

FINE: dict[str, Any] = {"item": "operating_income", "fiscal_year": 2009, "amount": 310e6}


@pytest.fixture(autouse=True)
def _cola(store, acme):
    imported(acme.analyst, of_the_demo_book("ko"))


def add(caller, **changes):
    told: dict[str, Any] = {
        "layer": "Adjusted",
        "rationale": "A fine that will not come again.",
        **FINE,
        **changes,
    }
    with open_work(caller) as work:
        return adjustments.add_adjustment(work, KO, **told)


def standing(caller, **asked):
    with open_work(caller) as work:
        return adjustments.list_adjustments(work, KO, **asked)


def start(caller, layer="", **asked):
    with open_work(caller) as work:
        return valuations.prefilled(work, KO, layer=layer, **asked)


def everything(prefilled):
    return dump(prefilled.inputs), dump_sources(prefilled.sources), prefilled.warnings


def test_an_adjustment_stands_beside_the_filed_figure_and_never_in_its_place(acme):
    with open_work(acme.viewer) as work:
        before = companies.read_facts(work, KO)
    add(acme.analyst)
    add(acme.analyst, amount=-10e6, rationale=" Less the part insured. ")

    first, second = standing(acme.viewer)

    assert (first.filed and first.filed.value, first.adjusted) == (8_231e6, 8_531e6)
    assert (second.row.rationale, second.row.unit) == ("Less the part insured.", "USD")
    assert second.row.created_by == acme.analyst.actor
    with open_work(acme.viewer) as work:
        assert companies.read_facts(work, KO) == before
    assert everything(start(acme.viewer)) == everything(start(acme.viewer, layer=""))


def test_a_layer_whose_adjustments_were_dropped_reads_as_filed_byte_for_byte(acme):
    as_filed = everything(start(acme.viewer))
    row = add(acme.analyst)
    assert everything(start(acme.viewer, "Adjusted")) != as_filed
    with open_work(acme.analyst) as work:
        adjustments.drop_adjustment(work, KO, row.id)

    assert everything(start(acme.viewer, "Adjusted")) == as_filed
    assert standing(acme.viewer) == []
    (gone,) = standing(acme.viewer, dropped=True)
    assert (gone.row.dropped_by, gone.adjusted) == (acme.analyst.actor, 8_231e6)
    with pytest.raises(NotFound, match="no adjustment"), open_work(acme.analyst) as work:
        adjustments.drop_adjustment(work, KO, row.id)


@pytest.mark.parametrize(
    "model", ["dcf", "lbo", "merger", "comparables", "real_option", "statements", "reconciliation"]
)
def test_every_model_that_begins_from_the_facts_reads_them_through_the_layer(acme, model):
    add(acme.analyst)

    as_filed, adjusted = (start(acme.viewer, layer, model=model) for layer in ("", "Adjusted"))

    assert dump(as_filed.inputs) != dump(adjusted.inputs)
    told = [source.text for source in adjusted.sources.values()]
    assert any("with the adjustments of Adjusted" in text for text in told)


def test_a_value_saved_in_a_layer_explains_itself_down_to_the_adjustment_for_ever(acme):
    row = add(acme.analyst)
    _, reasons = stated(acme.analyst)
    inputs = start(acme.analyst, "Adjusted").inputs
    inputs = replace(
        inputs, bridge=replace(inputs.bridge, **dict.fromkeys(inputs.bridge.missing, 0.0))
    )
    with open_work(acme.analyst) as work:
        kept = valuations.run_valuation(
            work, KO, inputs, rationale="normalised", rationales=reasons, layer="Adjusted"
        )
        adjustments.drop_adjustment(work, KO, row.id)
    with open_work(acme.viewer) as work:
        saved = valuations.read_valuation(work, ValuationId(kept.id))

    assert kept.headline > valued(acme.analyst).headline
    assert saved.basis.layer == "Adjusted"
    assert saved.conventions()["Figures"] == "with the adjustments of Adjusted"
    tree = json.dumps(saved.workings().explain("value_per_share", saved.sources).as_dict())
    assert '"filed_value": 8231000000.0' in tree
    assert "A fine that will not come again." in tree
    assert row.id in tree


def test_the_workbook_shows_the_filed_figure_with_its_accession_and_the_adjustment_below(acme):
    add(acme.analyst)
    inputs = replace(start(acme.analyst, "Adjusted").inputs, bridge=stated(acme.analyst)[0].bridge)
    with open_work(acme.analyst) as work:
        kept = valuations.run_valuation(
            work, KO, inputs, rationale="normalised", layer="Adjusted",
            rationales=stated(acme.analyst)[1],
        )  # fmt: skip
        saved, stream = valuations.read_valuation(work, ValuationId(kept.id)), BytesIO()
    valuations.write_workbook(saved, stream)
    rows = openpyxl.load_workbook(stream)["Conventions & sources"].iter_rows(values_only=True)
    told = [tuple(str(cell) for cell in row if cell) for row in rows]
    place = next(i for i, row in enumerate(told) if row[1:2] and "fine" in row[1])

    assert told[place - 1][1:4:2] == ("operating_income", "0001047469-10-001476")
    assert "8,231,000,000" in told[place - 1]
    assert told[place][1] == "adjustment in Adjusted: A fine that will not come again."
    assert told[place][-2:] == ("+310,000,000", "USD")


def test_a_restatement_underneath_is_not_lost(acme):
    add(acme.analyst)
    imported(
        acme.analyst,
        table(
            "21344,Coca-Cola Co,KO,2080,2009,,2009-12-31,operating_income,8000000000,USD,"
            "us-gaap:OperatingIncomeLoss,restated,10-K/A,2011-02-28"
        ),
    )

    (told,) = standing(acme.viewer)

    assert told.adjusted == 8_310e6


def test_another_tenant_sees_neither_the_adjustment_nor_its_layer(acme, rival):
    row = add(acme.analyst)
    imported(rival.analyst, of_the_demo_book("ko"))

    assert standing(rival.admin) == []
    with open_work(rival.admin) as work:
        assert adjustments.list_layers(work) == []
    with pytest.raises(NotFound, match="no layer 'Adjusted'"):
        start(rival.analyst, "Adjusted")
    with pytest.raises(NotFound, match="no adjustment"), open_work(rival.analyst) as work:
        adjustments.drop_adjustment(work, KO, row.id)


def test_what_cannot_be_an_adjustment_is_refused_all_at_once(acme):
    wrong = {"layer": "As filed", "item": "ebitda", "amount": float("nan"), "rationale": "—"}
    with pytest.raises(BadInputs) as refused:
        add(acme.analyst, **wrong)

    assert [flaw.place for flaw in refused.value.flaws] == list(wrong)
    with pytest.raises(BadInputs, match="amount: is 0 and so adjusts nothing"):
        add(acme.analyst, amount=-0.0)
    with pytest.raises(NothingToAdjust, match="has filed no Revenue of FY1999"):
        add(acme.analyst, item="revenue", fiscal_year=1999)
    with pytest.raises(NotFound, match="no layer 'Ajusted'"):
        start(acme.viewer, "Ajusted")


def test_who_may_only_read_adjusts_nothing_and_each_adjustment_is_logged(acme):
    with pytest.raises(AccessDenied):
        add(acme.viewer)
    row = add(acme.analyst)
    with open_work(acme.admin) as work:
        (entry,) = logbook.read_log(work, action="adjustment.add")
        assert adjustments.list_layers(work) == ["Adjusted"]

    told = json.loads(entry.payload or b"")
    assert entry.target == f"adjustment:{row.id}"
    assert (told["layer"], told["item"], told["amount"]) == (
        "Adjusted", "operating_income", "310000000.000000",
    )  # fmt: skip


def test_a_notebook_adjusts_reads_through_the_layer_and_saves_what_says_so(acme, store):
    space = notebook.Workspace("acme", LocalDesk(store, acme.analyst))
    filed = space.company("KO")
    filed.adjust(**FINE, layer="Adjusted", rationale="A fine that will not come again.")

    book = space.company("KO", layer="Adjusted")
    start = book.dcf()
    made = start.change({f"bridge.{item}": 0.0 for item in start.inputs.bridge.missing})
    kept = made.save("normalised", rationales=stated(acme.analyst)[1])

    table = book.facts.query("item == 'operating_income' and fiscal_year == 2009")
    assert table[["value", "filed_value"]].to_numpy().tolist() == [[8_541e6, 8_231e6]]
    assert "through Adjusted" in repr(book)
    assert space.valuation(kept.id).conventions["Figures"] == "with the adjustments of Adjusted"
    assert "with the adjustments of Adjusted" in made._repr_html_()
