"""The Proof page as Streamlit runs it."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame, proven
from valor_core.models.proof import Comparison
from valor_core.settings import ROOT

SQLITE = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)


@pytest.fixture
def page(world, monkeypatch) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: world.acme.viewer)
    return AppTest.from_file(ROOT / "pages" / "proof.py", default_timeout=120).run()


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


@SQLITE
def test_every_shipped_case_is_listed_as_published(page):
    assert not page.exception
    cases = proven.all_cases()

    assert f"{len(cases)} of {len(cases)}" in shown(page)
    page.session_state["proof:section"] = "All cases"
    page.run()
    assert shown(page).count("as published") >= len(cases)


@SQLITE
def test_a_case_shows_its_source_and_each_figure_beside_ours(page):
    page.selectbox(key="proof_case").select("dcf_juice_co_wso").run()

    assert "546.350398" in shown(page)
    assert any("Juice" in each.value or "wso" in each.value.lower() for each in page.markdown)


@SQLITE
def test_the_first_case_is_a_dcf_named_in_words(page):
    assert page.selectbox(key="proof_case").value == "dcf_ginzu_amzn_base"
    assert "Revenues 1<" in shown(page)
    assert not [each.value for each in page.markdown if "{}" in each.value]
    names = [proven.called(each) for each in proven.all_cases()]
    assert "Altman z" in names
    assert len(set(names)) == len(names)


@SQLITE
def test_examples_of_a_case_are_told_by_name_or_number(page):
    page.selectbox(key="proof_case").select("altman_z").run()
    assert "example 1" in shown(page)
    assert any(each.value.startswith("**Source:**") for each in page.markdown)
    page.selectbox(key="proof_case").select("xirr_hard_samples_pyxirr").run()
    assert "unordered: xirr" in shown(page)


def test_a_figure_that_is_off_tells_by_how_much():
    assert proven._apart(Comparison(place="value", expected=2.0, got=2.5)) == "0.5"
    assert proven._apart(Comparison(place="value", expected=None, got=None)) == "–"
