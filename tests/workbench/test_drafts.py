"""A draft loses nothing: every step can be taken back, and no tab overwrites another."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.books import ACME_2023, imported, table
from valor_core.coverage.drafts import STEPS_MAX, StaleDraft
from valor_core.errors import AccessDenied, BadInput, Conflict, NotFound
from valor_core.values import CompanyId
from valor_core.workbench import drafts, logbook
from valor_core.workbench.drafts import CONTENT_MAX, DraftRow
from valor_core.workbench.verb import open_work

ACME = CompanyId("cik0000000007")


@pytest.fixture(autouse=True)
def _company(store, acme):
    imported(acme.analyst, table(ACME_2023))


def keep(caller, step: int, expected: int | None = None) -> int:
    with open_work(caller) as work:
        return drafts.keep_draft(work, ACME, {"step": step}, expected=expected).version


def undo(caller, expected: int | None = None) -> int:
    with open_work(caller) as work:
        return step_of(drafts.undo_draft(work, ACME, expected=expected))


def redo(caller, expected: int | None = None) -> int:
    with open_work(caller) as work:
        return step_of(drafts.redo_draft(work, ACME, expected=expected))


def step_of(row: DraftRow | None) -> int:
    assert row
    return row.content["step"]


def drop(caller, expected: int | None = None) -> None:
    with open_work(caller) as work:
        drafts.drop_draft(work, ACME, expected=expected)


def state(caller) -> tuple[int, int, int] | None:
    """The step, and how many lead back and forth again."""
    with open_work(caller) as work:
        row = drafts.read_draft(work, ACME)
    return (row.content["step"], len(row.undo), len(row.redo)) if row else None


def version_of(caller) -> int:
    with open_work(caller) as work:
        row = drafts.read_draft(work, ACME)
    assert row
    return row.version


def test_steps_lead_back_to_the_first_and_forth_to_the_last(store, acme):
    first = keep(acme.analyst, 0)
    for step in range(1, 4):
        keep(acme.analyst, step)

    assert [undo(acme.analyst) for _ in range(4)] == [2, 1, 0, 0]
    assert [redo(acme.analyst) for _ in range(4)] == [1, 2, 3, 3]
    assert state(acme.analyst) == (3, 3, 0)
    assert version_of(acme.analyst) == first + 9  # a step that leads nowhere is no version


def test_a_change_after_a_step_back_leaves_no_way_forth(store, acme):
    for step in range(3):
        keep(acme.analyst, step)
    undo(acme.analyst)
    keep(acme.analyst, 9)

    assert redo(acme.analyst) == 9
    assert undo(acme.analyst) == 1


def test_the_same_content_again_is_no_step(store, acme):
    first, again, second, once_more = (keep(acme.analyst, step) for step in (1, 1, 2, 2))

    assert (again, second, once_more) == (first, first + 1, first + 1)
    assert state(acme.analyst) == (2, 1, 0)


def test_two_steps_of_one_transaction_are_two_versions(store, acme):
    with open_work(acme.analyst) as work:
        first = drafts.keep_draft(work, ACME, {"step": 0}, expected=0).version
        drafts.keep_draft(work, ACME, {"step": 1}, expected=first)
        drafts.keep_draft(work, ACME, {"step": 2}, expected=first + 1)

    assert state(acme.analyst) == (2, 2, 0)
    assert version_of(acme.analyst) == first + 2


def test_steps_back_have_a_bound(store, acme):
    with open_work(acme.analyst) as work:
        for step in range(STEPS_MAX + 5):
            drafts.keep_draft(work, ACME, {"step": step})

    assert state(acme.analyst) == (STEPS_MAX + 4, STEPS_MAX, 0)


@pytest.mark.parametrize("change", [lambda who, v: keep(who, 9, v), undo, redo, drop])
def test_a_change_of_another_version_is_refused_and_changes_nothing(store, acme, change):
    last = [keep(acme.analyst, step) for step in range(3)][-1]
    undo(acme.analyst, last)

    for stale in (0, last, last + 2):
        with pytest.raises(StaleDraft, match=f"is at version {last + 1}, not {stale}"):
            change(acme.analyst, stale)

    assert state(acme.analyst) == (1, 1, 1)
    change(acme.analyst, last + 1)
    assert state(acme.analyst) != (1, 1, 1)


def test_of_many_tabs_that_change_one_version_at_once_one_is_kept(store, acme):
    """G55."""

    def attempt(tab: int) -> int:
        try:
            return keep(acme.analyst, tab, version)
        except Conflict:
            return 0

    version = 0
    with ThreadPoolExecutor(6) as tabs:
        for turn in range(3):
            kept = sorted(tabs.map(attempt, range(turn * 6, turn * 6 + 6)))
            assert kept[:5] == [0] * 5
            assert kept[5] > version
            version = kept[5]


def test_a_draft_is_its_authors_alone_and_ends_with_being_dropped(store, acme, rival):
    keep(acme.analyst, 1)

    assert state(acme.admin) is None
    with pytest.raises(NotFound), open_work(rival.analyst) as work:
        drafts.read_draft(work, ACME)
    with pytest.raises(AccessDenied):
        state(acme.viewer)
    with open_work(acme.analyst) as work:
        assert [draft.company_id for draft in drafts.list_drafts(work)] == [ACME]
    drop(acme.analyst)
    assert state(acme.analyst) is None
    with open_work(acme.admin) as work:
        assert [row for row in logbook.read_log(work) if row.action.startswith("draft")] == []


def test_a_draft_is_found_by_any_name_of_its_company(store, acme):
    with open_work(acme.analyst) as work:
        drafts.keep_draft(work, CompanyId("ACME"), {"step": 1})
        drafts.keep_draft(work, CompanyId("7"), {"step": 2})
        assert step_of(drafts.undo_draft(work, CompanyId("acme"))) == 1

    assert state(acme.analyst) == (1, 0, 1)


def test_a_draft_too_large_or_of_no_company_is_refused(store, acme):
    with pytest.raises(BadInput, match="too large"), open_work(acme.analyst) as work:
        drafts.keep_draft(work, ACME, {"step": "x" * CONTENT_MAX})
    with pytest.raises(NotFound), open_work(acme.analyst) as work:
        drafts.keep_draft(work, CompanyId("NOSUCH"), {"step": 1})

    assert state(acme.analyst) is None
