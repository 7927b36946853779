"""Each page is open to whom the one permission table says, and offers nobody what is not theirs."""

import pytest
from streamlit.testing.v1 import AppTest

from app.directory import PAGES, PLACES
from tests.app.things import Things, things_of
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from tests.pages.opening import opened, texts
from valor_core.snapshots import reader
from valor_core.store.engines import Store
from valor_core.tenancy.access import MAY
from valor_core.tenancy.features import GATES
from valor_core.tenancy.flags import FLAGS
from valor_core.values import Role
from valor_core.workbench import flags, logbook
from valor_core.workbench.verb import open_work

ADDRESSED = {
    "company": ("company", "company_id"),
    "dcf": ("company", "company_id"),
    "valuations": ("valuation", "valuation_id"),
}


@pytest.fixture
def things(store: Store, acme: Tenant):
    yield things_of(store, acme, cik=9_999_901)
    reader.close_idle()


def denials(tenant: Tenant) -> int:
    with open_work(tenant.admin) as work:
        return len(logbook.read_log(work, limit=200, action="access.denied"))


def offered(page: AppTest) -> set[str]:
    """The pages to which links on the page lead, those in its tables too."""
    links = {each.proto.page or "home" for each in page.get("page_link")}
    cells = {
        str(cell)
        for table in page.dataframe
        for column in table.value.columns
        for cell in table.value[column]
    }
    return links | {cell[1:].partition("?")[0] for cell in cells if cell.startswith("/")}


def test_every_page_stands_in_the_list_of_places_and_every_place_is_a_page():
    files = {page.stem for page in PAGES.glob("*.py")} - {"__init__"}

    assert files == {place.name for place in PLACES}
    assert {place.act for place in PLACES} <= set(MAY)
    first = {role: next(p.name for p in PLACES if role in MAY[p.act]) for role in Role}
    assert first == {**dict.fromkeys(Role, "home"), Role.OPERATOR: "installation"}


@ONLY_SQLITE
@pytest.mark.parametrize("role", Role)
def test_each_page_is_open_to_whom_the_table_says(monkeypatch, acme, things: Things, role):
    who = getattr(acme, role)
    open_ones = {place.name for place in PLACES if role in MAY[place.act]}
    before = denials(acme)
    for place in PLACES:
        page = opened(monkeypatch, who, place.name)

        assert ("This page is for the role" not in texts(page)) == (place.name in open_ones)
        assert page.title, place.name
        assert not page.error, place.name
        assert offered(page) <= open_ones, place.name
        if place.name == "home" and "home" in open_ones:
            assert offered(page) == open_ones - {"home"}
    assert denials(acme) == before, "opening a page is nothing that anybody must be denied"


@ONLY_SQLITE
def test_a_page_that_is_switched_off_is_in_no_list_and_its_address_leads_home(monkeypatch, acme):
    with open_work(acme.operator) as work:
        for flag in FLAGS:
            flags.switch_flag(work, flag, killed=True, reason="not here")
    gone = {place.name for place in PLACES if place.act in GATES}
    assert gone == {"explore", "reports", "workbook_audit"}
    for name in gone:
        page = opened(monkeypatch, acme.admin, name)

        assert [each.value for each in page.title] == ["Home"]
        assert offered(page) & gone == set()


@ONLY_SQLITE
def test_a_page_says_nothing_to_who_is_signed_out(monkeypatch, things: Things):
    for place in PLACES:
        page = opened(monkeypatch, None, place.name)

        assert [each.value for each in page.error] == ["You are signed out."]
        assert things.company_name not in texts(page)
        assert not page.title


@ONLY_SQLITE
def test_an_address_with_another_tenants_id_shows_what_one_with_a_missing_id_shows(
    monkeypatch, store, rival, things: Things
):
    """S15."""
    things_of(store, rival, cik=9_999_902)
    nothing = things.nowhere()
    for name, (key, field) in ADDRESSED.items():
        theirs, nobodys = (
            texts(opened(monkeypatch, rival.admin, name, **{key: getattr(each, field)})).replace(
                getattr(each, field), "IT"
            )
            for each in (things, nothing)
        )
        assert theirs == nobodys, name
        assert things.company_name not in theirs
