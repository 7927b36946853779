"""The page of real options as Streamlit runs it, on the demo book."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame, option_sections
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from tests.pages.opening import saved
from valor_core.coverage.companies import Company, company_id
from valor_core.models.options.interaction import each_right
from valor_core.models.options.real_option import RealOptionKind, real_option
from valor_core.settings import ROOT
from valor_core.workbench import valuations
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: book.acme.analyst)
    at = AppTest.from_file(ROOT / "pages" / "options.py", default_timeout=60)
    at.query_params["company"] = "KO"
    return at.run()


def desk(at: AppTest, model: str = option_sections.ONE) -> Desk:
    return at.session_state[desk_name(frame.caller(), KO, model)]


def section(at: AppTest, name: str, model: str = option_sections.ONE) -> AppTest:
    at.session_state["options:model"] = model
    at.session_state[f"{model}:section"] = name
    return at.run()


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def right_chosen(at: AppTest, kind: RealOptionKind) -> AppTest:
    next(box for box in at.selectbox if box.label == "The right is to").set_value(kind).run()
    assert not at.exception, [each.value for each in at.exception]
    return at


def millions(value: float) -> str:
    return f"{value / 1e6:,.0f}"


def test_the_page_begins_with_the_dcf_of_the_facts_and_tells_the_value_with_the_right(page):
    assert not page.exception
    assert not page.error
    result = real_option(desk(page).inputs)

    assert millions(result.value_with_flexibility) in shown(page)
    assert desk(page).sources()["project_value"].facts


@pytest.mark.parametrize(
    ("model", "name"),
    [(model, name) for model, names in option_sections.SECTIONS.items() for name in names],
)
def test_every_section_is_drawn(page, model, name):
    section(page, name, model)

    assert not page.exception
    assert not page.error


@pytest.mark.parametrize("kind", RealOptionKind)
def test_each_right_asks_for_its_terms_alone_and_is_valued(page, kind):
    right_chosen(page, kind)

    asked = {number.label.partition(",")[0] for number in page.number_input}
    own = {field.label.partition(",")[0] for field in option_sections.TERMS[kind]}
    project = {field.label.partition(",")[0] for field in option_sections.PROJECT}
    assert asked == own | project
    assert not page.error
    for name in ("Methods side by side", "Exercise boundary"):
        section(page, name)
        assert not page.exception
        assert not page.error


def test_without_a_yield_waiting_is_always_better(page):
    next(n for n in page.number_input if n.label.startswith("Paid out")).set_value(0.0).run()

    assert "never pays" in shown(page)


def test_a_right_is_changed_and_added_in_its_grid_and_its_worth_beside_the_others_shown(page):
    section(page, "Project and rights", option_sections.SEVERAL)
    before = desk(page, option_sections.SEVERAL).inputs.rights

    edited(page, "Rights", (0, "share", 50.0), (2, "amount", 1_000.0), (2, "kind", "contract"))

    inputs = desk(page, option_sections.SEVERAL).inputs
    assert [right.share for right in inputs.rights] == [0.5, 1.0, 0.3]
    assert inputs.rights[1] == before[1]
    assert "Right 3" in cells(page, "Rights")
    for right in each_right(inputs):
        assert f"<td>{millions(right.beside_the_others)}</td>" in shown(page)


def test_the_newest_saved_dcf_is_the_project_and_a_saved_right_is_no_value_of_a_share(page, world):
    row = saved(world.acme.analyst, "KO", terminal_growth=0.02)
    with open_work(world.acme.analyst) as work:
        start = valuations.prefilled(work, KO.id, model="real_option")
        kept = valuations.run_valuation(work, KO.id, start.inputs, rationale="a plant could follow")

        assert start.inputs.project_value == row.result["enterprise_value"]
        assert row.run_id[:8] in start.sources["project_value"].text
        assert kept.headline == real_option(start.inputs).value_with_flexibility
        newest = valuations.newest_saved(work, KO.id)
        assert newest
        assert newest.row.id == row.id
