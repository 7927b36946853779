"""The page of dividends and residual income as Streamlit runs it, on the demo book."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import dividends_sections, frame
from app.ui.draft import Desk, desk_name
from tests.pages.grids import edited
from tests.pages.opening import opened, texts
from valor_core.coverage.companies import Company, company_id
from valor_core.models.intrinsic.dividends import dividend_discount
from valor_core.models.paths import Fade

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
JPM = Company(
    id=company_id(19617), name="JPMorgan Chase & Co", ticker="JPM", cik=19617, sic=6021, shared=True
)


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    return opened(monkeypatch, book.acme.analyst, "dividends", company="JPM")


def desk(at: AppTest, model: str = "dividend_discount") -> Desk:
    return at.session_state[desk_name(frame.caller(), JPM, model)]


@pytest.mark.parametrize("model", dividends_sections.MODELS)
def test_every_section_of_a_bank_is_drawn(page, model):
    page.session_state["dividends:model"] = model
    for name in dividends_sections.SECTIONS[model]:
        page.session_state[f"{model}:section"] = name
        assert not page.run().exception, name


def test_a_payout_typed_into_the_grid_moves_the_value(page):
    before = desk(page).inputs

    edited(page, "Drivers of the forecast by year", (0, "payout", 60.0))

    now = desk(page).inputs
    assert isinstance(before.payout, Fade)
    assert now.payout.tolist() == pytest.approx([0.6, *[before.payout.start] * 9])
    assert f"{dividend_discount(now).value_per_share:,.2f}" in texts(page)


def test_the_bank_that_the_dcf_refuses_is_sent_here(monkeypatch, book):
    refused = opened(monkeypatch, book.acme.analyst, "dcf", company="JPM")

    assert "Value it on the page Dividends and residual income" in texts(refused)
