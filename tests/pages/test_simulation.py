"""The simulation page as Streamlit runs it, on the demo book; each run in its own process."""

from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest
from streamlit.testing.v1 import AppTest

from app.compute import RUNS
from app.ui import frame
from app.ui.draft import desk_name
from app.ui.simulation_sections import SECTION, Bench
from tests.pages.grids import cells, edited
from tests.pages.opening import opened, pressed, saved, texts
from valor_core.coverage.companies import Company, company_id

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)
SPREADS = "What each driver may turn out to be"
CORRELATIONS = "Rank correlations between the drivers"


@pytest.fixture
def page(book, monkeypatch) -> Iterator[AppTest]:
    saved(book.acme.analyst, "KO")
    yield opened(monkeypatch, book.acme.analyst, "simulation", company="KO")
    RUNS.close()


def bench(at: AppTest) -> Bench:
    return at.session_state[desk_name(frame.caller(), KO, "simulation:dcf")]


def begun(at: AppTest, paths: int = 2**10) -> AppTest:
    next(each for each in at.selectbox if each.label == "Paths").set_value(paths).run()
    return pressed(at, "Run")


def simulated(at: AppTest) -> AppTest:
    begun(at)
    if run := bench(at).run:  # else it was done while the page was drawn
        run.result()
    at.run()
    assert not at.exception, [each.value for each in at.exception]
    return at


def test_a_run_tells_mean_percentiles_and_its_run_id(page):
    simulated(page)

    made = bench(page).study
    assert made is not None
    assert f"{made.summary.mean.value:,.2f}" in texts(page)
    assert made.simulation.run_id[:12] in texts(page)
    assert page.session_state[SECTION] == "Value"


def test_every_section_is_drawn(page):
    simulated(page)

    for name in ("Drivers", "Value", "By year", "What drives it"):
        page.session_state[SECTION] = name
        assert not page.run().exception, name


def test_a_driver_is_given_another_distribution_in_its_grid(page):
    edited(page, SPREADS, (1, "kind", "uniform"), (1, "sd", 1.0))

    row = cells(page, SPREADS)["EBIT margin, %"]
    assert row["High"] - row["Low"] == pytest.approx(2.0 * 3.0**0.5)


def test_a_correlation_holds_for_both_and_takes_the_place_of_the_sobol_indices(page):
    edited(page, CORRELATIONS, (0, "margin.start", 0.5))
    assert cells(page, CORRELATIONS)["EBIT margin"]["Revenue growth, start"] == 0.5

    simulated(page)

    made = bench(page).study
    assert made is not None
    assert made.indices == ()
    assert len(made.ranked) >= 2


def test_a_chance_follows_the_price_without_another_run(page):
    simulated(page)
    made = bench(page).study
    assert made is not None

    next(each for each in page.number_input if "Chance of more" in each.label).set_value(
        made.summary.percentiles[0.75].value
    ).run()

    assert "Chance above" in texts(page)
    assert "25.0 %" in texts(page)
    page.session_state[SECTION] = "By year"
    assert "25.0 %" in texts(page.run())


def test_what_was_changed_since_the_run_is_told(page):
    simulated(page)
    page.session_state[SECTION] = "Drivers"
    page.run()
    assert "run again" not in texts(page)

    edited(page, SPREADS, (0, "sd", 3.0))

    assert "run again" in texts(page)


def test_a_run_that_is_cancelled_ends_and_is_told(page):
    begun(page, 2**17)
    run = bench(page).run
    assert run is not None

    pressed(page, "Cancel")
    with pytest.raises(CancelledError):
        run.result()
    page.run()

    assert bench(page).study is None
    assert "cancelled" in texts(page)


def test_a_new_session_finds_the_last_result_and_an_interrupted_run_that_can_be_begun_again(
    page, book, monkeypatch
):
    simulated(page)
    made = bench(page).study
    assert made is not None

    again = opened(monkeypatch, book.acme.analyst, "simulation", company="KO")
    assert made.simulation.run_id[:12] in texts(again)
    begun(again)
    RUNS.close()  # as the server does at its end
    assert "interrupted when the server stopped. Nothing was charged." in texts(again.run())

    pressed(again, "Start it again")
    assert bench(again).run is not None


def test_a_person_has_one_run_at_a_time(page):
    begun(page, 2**17)

    run = next(button for button in page.button if button.label == "Run")

    assert run.disabled


def test_the_same_seed_draws_the_same_values(page):
    simulated(page)
    first = bench(page).study
    simulated(page)
    again = bench(page).study

    assert first is not None
    assert again is not None
    assert first.simulation.run_id == again.simulation.run_id
    assert first.summary.mean == again.summary.mean


def test_a_merger_is_simulated_with_the_chance_of_dilution_in_each_year(book, monkeypatch):
    at = opened(monkeypatch, book.acme.analyst, "simulation", company="KO", model="merger")
    begun(at)
    found: Bench = at.session_state[desk_name(frame.caller(), KO, "simulation:merger")]
    assert found.run is not None
    figures, _ = found.run.result()
    [chance] = figures["chances"]
    at.run()

    assert "Chance of dilution of earnings per share in any year" in texts(at)
    at.session_state[SECTION] = "By year"
    shown = texts(at.run())
    assert not at.exception
    for each in (*chance["by_year"], chance["ever"]):
        assert f"{100 * each['value']:.1f} %" in shown
    RUNS.close()


def test_a_buyout_is_simulated_with_the_chance_that_it_breaches_its_covenants(book, monkeypatch):
    saved(book.acme.analyst, "KO")
    page = opened(monkeypatch, book.acme.analyst, "lbo", company="KO")
    page.session_state["lbo:section"] = "Covenants"
    edited(page.run(), "Covenants", (0, "limit.start", 4.0))
    at = opened(monkeypatch, book.acme.analyst, "simulation", company="KO", model="lbo")
    assert "Exit multiple, ×" in cells(at, SPREADS)
    begun(at)
    found: Bench = at.session_state[desk_name(frame.caller(), KO, "simulation:lbo")]
    assert found.run is not None
    figures, _ = found.run.result()
    at.run()

    shown = texts(at)
    assert not at.exception
    assert f"{100 * figures['summary']['mean']['value']:,.2f} %" in shown
    assert "Chance of a covenant breach" in shown
    for name in ("Value", "By year", "What drives it"):
        at.session_state[SECTION] = name
        assert not at.run().exception, name
    RUNS.close()
