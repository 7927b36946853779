"""A company's figures have one currency, and its value has it too, wherever it is shown."""

import io
from dataclasses import replace
from datetime import date

import openpyxl
import pytest

from tests.conftest import ONLY_SQLITE, World
from tests.models.sound import a_direct_dcf
from tests.pages.opening import opened, texts
from valor_core import notebook
from valor_core.coverage.currency import MixedCurrencies
from valor_core.coverage.facts_csv import COLUMNS
from valor_core.errors import BadInputs
from valor_core.models.trading import TradingInputs
from valor_core.notebook.local import LocalDesk
from valor_core.values import ValuationId, from_micros
from valor_core.workbench import companies, demo, report_valuation, valuations
from valor_core.workbench.verb import open_work

FIGURES = {
    "revenue": 1_000e6,
    "operating_income": 150e6,
    "net_income": 100e6,
    "shares_cover": 50e6,
    "cash": 30e6,
}


def a_document(currency: str, *, cik: int = 7_000_001, name: str = "Rhein AG"):
    lines: list[str] = [",".join(COLUMNS)]
    for item, value in FIGURES.items():
        start = "" if item in {"cash", "shares_cover"} else "2024-01-01"
        unit = "shares" if item == "shares_cover" else currency
        lines.append(
            f"{cik},{name},RHN{cik % 10},3500,2024,{start},2024-12-31,{item},{value:.0f},{unit},"
            f"house:{item},0007000001-25-00000{currency == 'EUR':d},20-F,2025-03-01"
        )
    return companies.read_document("\n".join(lines).encode(), file_name="facts.csv")


def imported(world: World, document):
    with open_work(world.acme.analyst, world.store) as work:
        return companies.import_document(work, document)


@pytest.fixture
def rhein(world: World):
    """A company that files in euros."""
    (company,) = imported(world, a_document("EUR")).companies
    return company


def saved_dcf(world: World, company):
    with open_work(world.acme.analyst, world.store) as work:
        start = valuations.prefilled(work, company)
        inputs, reasons = demo.nothing_beside(start.inputs)
        row = valuations.run_valuation(
            work, company, inputs, rationale="a first look", rationales=reasons
        )
        return valuations.read_valuation(work, ValuationId(row.id))


def test_a_company_that_files_in_euros_is_valued_in_euros(world, rhein):
    saved = saved_dcf(world, rhein)
    with open_work(world.acme.analyst, world.store) as work:
        direct = valuations.run_valuation(work, rhein, a_direct_dcf(), rationale="given flows")

    assert (saved.row.currency, direct.currency) == ("EUR", "EUR")
    assert saved.conventions()["Value as of"] == "31 Dec 2024, the end of the base year"
    assert saved.conventions()["Currency"].startswith("EUR")


def test_its_workbook_names_the_currency_of_every_amount(world, rhein):
    stream = io.BytesIO()
    valuations.write_workbook(saved_dcf(world, rhein), stream)

    book = openpyxl.load_workbook(stream)

    assert str(book["Summary"]["A3"].value).startswith("Value as of 31 Dec 2024")
    assert book["Summary"]["C5"].value == "EUR a share"
    units = {row[2].value for row in book["Workings"].iter_rows()}
    assert {"EUR million", "EUR a share"} <= units
    assert "money" not in units


def test_its_report_document_carries_currency_and_day(world, rhein):
    saved = saved_dcf(world, rhein)
    with open_work(world.acme.analyst, world.store) as work:
        told = report_valuation.document(
            work,
            {"company": rhein, "as_of": "", "valuation": saved.row.id, "missing": "zero"},
            asked_by=work.caller.actor,
        )

    assert told["currency"] == "EUR"


def test_figures_in_a_second_currency_are_refused_and_nothing_of_them_is_kept(world, rhein):
    with pytest.raises(MixedCurrencies, match=r"Rhein AG would be in EUR and USD"):
        imported(world, a_document("USD"))

    with open_work(world.acme.analyst, world.store) as work:
        assert {fact.unit for fact in companies.read_facts(work, rhein)} == {"EUR", "shares"}


def test_euros_for_a_company_of_the_shared_book_are_refused(book):
    with pytest.raises(MixedCurrencies, match="EUR and USD"):
        imported(book, a_document("EUR", cik=320193, name="Apple Inc."))


@ONLY_SQLITE
def test_its_page_speaks_of_euros_alone(world, rhein, monkeypatch, store):
    shown = texts(opened(monkeypatch, world.acme.analyst, "dcf", company=rhein))

    assert "Value per share, EUR" in shown
    assert "Value as of 31 Dec 2024, the end of the base year" in shown
    assert "facts as known today; EUR" in shown
    assert "USD m" not in shown


def test_a_notebook_shows_the_currency_and_the_day(world, rhein):
    space = notebook.Workspace("acme", LocalDesk(world.store, world.acme.analyst))
    start = space.company(rhein).dcf()
    valued = start.change({f"bridge.{item}": 0.0 for item in start.inputs.bridge.missing})

    assert " EUR value per share" in repr(valued)
    assert "Value as of 31 Dec 2024" in valued._repr_html_()
    assert valued.conventions["Currency"].startswith("EUR")


def in_dollars(value: float, **changes) -> TradingInputs:
    known = TradingInputs(
        value_per_share=value,
        reporting_currency="EUR",
        trading_currency="USD",
        exchange_rate=1.1,
        rate_on=date(2025, 3, 3),
        shares_per_adr=0.5,
    )
    return replace(known, **changes)


ECB = {"exchange_rate": "ECB reference rate."}


def traded(world: World, company, inputs: TradingInputs, reasons):
    with open_work(world.acme.analyst, world.store) as work:
        row = valuations.run_valuation(
            work, company, inputs, rationale="as it trades", rationales=reasons
        )
        return valuations.read_valuation(work, ValuationId(row.id))


def test_a_value_in_euros_is_told_per_adr_in_dollars_and_explains_itself_down_to_the_filing(
    world, rhein
):
    dcf = saved_dcf(world, rhein)
    adr = traded(world, rhein, in_dollars(dcf.row.headline), ECB)

    assert adr.row.headline == pytest.approx(dcf.row.headline * 1.1 * 0.5)
    assert (adr.row.currency, dcf.row.currency) == ("USD", "EUR")
    assert adr.conventions()["Exchange rate"] == "EUR/USD 1.1 of 2025-03-03"
    assert adr.conventions()["Currency"] == "USD, in whole units"
    told = str(adr.workings().explain("value_per_adr", adr.sources))
    assert "ECB reference rate." in told
    assert f"value per share of the DCF saved on {today(dcf)} (run {dcf.row.run_id[:8]})" in told
    assert "0007000001-25-000001" in told


def today(saved) -> str:
    return f"{from_micros(saved.row.created_at):%d %b %Y}"


def test_a_rate_without_its_source_and_a_value_in_another_currency_are_refused(world, rhein):
    value = saved_dcf(world, rhein).row.headline

    with pytest.raises(BadInputs, match=r"exchange_rate: rate of exchange: none is kept"):
        traded(world, rhein, in_dollars(value), {})
    with pytest.raises(MixedCurrencies, match="Rhein AG would be in CHF and EUR"):
        traded(world, rhein, in_dollars(value, reporting_currency="CHF"), ECB)


def test_without_a_saved_dcf_the_value_itself_needs_its_reason(world, rhein):
    with pytest.raises(BadInputs, match="value_per_share: value per share: no DCF of the company"):
        traded(world, rhein, in_dollars(20.0), ECB)

    stated = traded(world, rhein, in_dollars(20.0), {**ECB, "value_per_share": "A broker's."})
    assert stated.row.headline == pytest.approx(11.0)


def test_a_notebook_tells_a_value_in_the_trading_currency(world, rhein):
    space = notebook.Workspace("acme", LocalDesk(world.store, world.acme.analyst))
    start = space.company(rhein).dcf()
    valued = start.change({f"bridge.{item}": 0.0 for item in start.inputs.bridge.missing})

    adr = valued.traded("USD", rate=1.1, rate_on="2025-03-03", source="ECB", shares_per_adr=0.5)

    assert adr.headline == pytest.approx(valued.per_share * 0.55)
    assert " USD value per adr" in repr(adr)
    assert "ECB" in str(adr.explain())
