"""The page of stated cash flows as Streamlit runs it, on the demo book."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import direct_sections, frame
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from valor_core.coverage.companies import Company, company_id
from valor_core.models.dcf_direct import direct_cash_flow
from valor_core.models.paths import Fade
from valor_core.settings import ROOT

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: book.acme.analyst)
    at = AppTest.from_file(ROOT / "pages" / "dcf_direct.py", default_timeout=60)
    at.query_params["company"] = "KO"
    at.run()
    at.button(key=desk(at).key("none:go")).click().run()
    assert "Nothing is taken for zero without a reason" in at.error[0].value
    at.text_input(key=desk(at).key("none")).set_value("none in the notes").run()
    return at.button(key=desk(at).key("none:go")).click().run()


def desk(at: AppTest) -> Desk:
    return at.session_state[desk_name(frame.caller(), KO, "dcf_direct")]


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def test_every_section_is_drawn(page):
    for name in direct_sections.SECTIONS:
        page.session_state["dcf_direct:section"] = name
        assert not page.run().exception, name


def test_a_flow_and_a_rate_typed_into_the_grid_move_the_value(page):
    before = desk(page).inputs

    edited(page, "Cash flows", (0, "free_cash_flow", 20_000.0), (1, "wacc", 9.0))

    now = desk(page).inputs
    assert now.free_cash_flow[0] == 20e9
    assert now.free_cash_flow[1:].tolist() == before.free_cash_flow[1:].tolist()
    assert now.wacc.tolist() == pytest.approx([before.wacc.start, 0.09, *[before.wacc.start] * 8])
    assert f"{direct_cash_flow(now).value_per_share:,.2f}" in shown(page)


def test_one_wacc_for_all_years_comes_back(page):
    edited(page, "Cash flows", (1, "wacc", 9.0))

    page.button(key=desk(page).key("one_wacc")).click().run()

    assert isinstance(desk(page).inputs.wacc, Fade)
    assert not page.exception


def test_more_years_go_on_with_the_last_flow_and_fewer_are_cut(page):
    flows = desk(page).inputs.free_cash_flow.tolist()

    page.number_input(key=desk(page).key("years")).set_value(12).run()
    assert desk(page).inputs.free_cash_flow.tolist() == [*flows, flows[-1], flows[-1]]

    page.number_input(key=desk(page).key("years")).set_value(3).run()
    assert desk(page).inputs.free_cash_flow.tolist() == flows[:3]
    assert cells(page, "Cash flows")
