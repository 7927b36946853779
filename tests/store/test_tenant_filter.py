"""Whatever a caller asks the session, the answer holds rows of the caller's tenant only."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, exists, func, or_, select, true, union_all, update
from sqlalchemy.orm import aliased

from tests.moulds import Tenant
from tests.store.rows import a_company, a_snapshot, planted
from valor_core.store.engines import Store
from valor_core.store.tables import CompanyRow, DraftRow, FactRow, FlagOverrideRow, SnapshotRow
from valor_core.store.work import ForeignRow, Work, unit_of_work
from valor_core.values import PLATFORM, SHARED
from valor_core.workbench.setup import operator


@pytest.fixture
def works(store: Store, acme: Tenant, rival: Tenant) -> Iterator[tuple[Work, Work]]:
    """Two works over `planted` rows, acme's first."""
    planted(store, acme, rival)
    both = Work(acme.admin, store), Work(rival.admin, store)
    yield both
    for work in both:
        work.end()


OTHER = aliased(SnapshotRow)
ONLY_OWN = {
    "select of rows": lambda s: [r.id for r in s.scalars(select(SnapshotRow))],
    "select of a column": lambda s: list(s.scalars(select(SnapshotRow.id))),
    "an alias": lambda s: list(s.scalars(select(aliased(SnapshotRow).id))),
    "a subquery in FROM": lambda s: list(s.scalars(select(select(SnapshotRow.id).subquery().c.id))),
    "a common table": lambda s: list(s.scalars(select(select(SnapshotRow.id).cte("c").c.id))),
    "a union": lambda s: list(
        s.scalars(select(union_all(select(SnapshotRow.id), select(SnapshotRow.id)).subquery().c.id))
    ),
    "a self-join": lambda s: list(
        s.scalars(select(OTHER.id).join(SnapshotRow, OTHER.manifest == SnapshotRow.manifest))
    ),
    "a condition that opens it": lambda s: list(
        s.scalars(select(SnapshotRow.id).where(or_(SnapshotRow.tenant_id != "", true())))
    ),
    "a grouping": lambda s: [
        name for name, _ in s.execute(select(SnapshotRow.id, func.count()).group_by(SnapshotRow.id))
    ],
    "the legacy query": lambda s: [r.id for r in s.query(SnapshotRow)],
}


@pytest.mark.parametrize("asked", ONLY_OWN.values(), ids=ONLY_OWN)
def test_a_read_of_private_rows_sees_the_own_tenant_only(works, asked):
    for work, mark in zip(works, ("acme", "riva"), strict=True):
        assert set(asked(work.session)) == {"same", f"{mark}-only"}


def test_rows_read_past_the_orm_are_the_own_tenants_whatever_the_condition(works):
    for work, mark in zip(works, ("acme", "riva"), strict=True):
        rows = work.stored(SnapshotRow, [SnapshotRow.id], or_(SnapshotRow.tenant_id != "", true()))
        assert {name for (name,) in rows} == {"same", f"{mark}-only"}


COUNTS = {
    "of a table": lambda s: s.scalar(select(func.count()).select_from(SnapshotRow)),
    "of a column": lambda s: s.scalar(select(func.count(SnapshotRow.id))),
    "nested": lambda s: s.scalar(select(select(func.count(SnapshotRow.id)).scalar_subquery())),
    "by the legacy query": lambda s: s.query(SnapshotRow).count(),
}


@pytest.mark.parametrize("counted", COUNTS.values(), ids=COUNTS)
def test_a_count_counts_the_own_tenant_only(works, counted):
    assert [counted(work.session) for work in works] == [2, 2]


def test_a_row_of_another_tenant_is_got_by_nobody(works, acme, rival):
    ours, _ = works

    assert ours.session.get(SnapshotRow, (rival.id, "same")) is None
    assert ours.session.get(SnapshotRow, (rival.id, "riva-only")) is None
    found = ours.session.get(SnapshotRow, (acme.id, "same"))
    assert found is not None
    assert found.tenant_id == acme.id


def test_a_condition_over_another_table_is_cut_by_tenant_too(works):
    ours, _ = works
    with_theirs = select(SnapshotRow.id).where(exists().where(FactRow.tag == "riva-fact"))
    with_own = select(SnapshotRow.id).where(exists().where(FactRow.tag == "acme-fact"))

    assert ours.session.scalars(with_theirs).all() == []
    assert len(ours.session.scalars(with_own).all()) == 2


def test_a_join_pairs_the_own_rows_and_those_of_the_shared_book(works):
    pairs = (
        select(CompanyRow.id, FactRow.tag)
        .join(FactRow, FactRow.company_id == CompanyRow.id)
        .order_by(CompanyRow.id)
    )
    for work, mark in zip(works, ("acme", "riva"), strict=True):
        assert [tuple(row) for row in work.session.execute(pairs)] == [
            (mark, f"{mark}-fact"),
            ("shar", "shar-fact"),
        ]


def test_an_update_of_everything_touches_the_own_rows_only(works):
    ours, theirs = works
    ours.begin_writing()

    touched = ours.session.execute(update(SnapshotRow).values(facts_n=7)).rowcount
    ours.commit()

    assert touched == 2
    assert set(theirs.session.scalars(select(SnapshotRow.facts_n))) == {0}


def test_a_deletion_of_everything_touches_the_own_rows_only(works):
    ours, theirs = works
    ours.begin_writing()

    gone = ours.session.scalars(delete(SnapshotRow).returning(SnapshotRow.id)).all()
    ours.commit()

    assert set(gone) == {"same", "acme-only"}
    assert len(theirs.session.scalars(select(SnapshotRow)).all()) == 2


@pytest.mark.parametrize("row", [a_snapshot, a_company], ids=["private", "shared"])
@pytest.mark.parametrize("whose", ["rival", "shared"])
def test_a_row_for_another_tenant_is_refused(works, rival, whose, row):
    ours, _ = works
    ours.begin_writing()
    made = row("new")
    made.tenant_id = rival.id if whose == "rival" else SHARED
    ours.session.add(made)

    with pytest.raises(ForeignRow):
        ours.session.flush()


def test_a_row_merged_under_another_tenants_key_is_refused(works, rival):
    ours, _ = works
    ours.begin_writing()
    made = a_snapshot("riva-only")
    made.tenant_id = rival.id
    ours.session.merge(made)

    with pytest.raises(ForeignRow):
        ours.session.flush()


def test_a_row_cannot_be_given_to_another_tenant(works, acme, rival):
    ours, _ = works
    ours.begin_writing()
    own = ours.session.get(SnapshotRow, (acme.id, "same"))
    own.tenant_id = rival.id

    with pytest.raises(ForeignRow):
        ours.session.flush()


def test_a_row_without_a_tenant_is_refused(works):
    ours, _ = works
    ours.begin_writing()
    ours.session.add(a_snapshot("nobody's"))

    with pytest.raises(ForeignRow):
        ours.session.flush()


def test_the_shared_book_is_read_by_all_and_changed_by_none(works):
    ours, _ = works
    ours.begin_writing()

    changed = ours.session.execute(update(CompanyRow).values(name="renamed")).rowcount
    deleted = ours.session.execute(delete(FactRow).where(FactRow.company_id == "shar")).rowcount
    shared = ours.session.get(CompanyRow, (SHARED, "shar"))

    assert (changed, deleted) == (1, 0)
    assert shared is not None
    assert shared.name == "shar"
    shared.name = "renamed"
    with pytest.raises(ForeignRow):
        ours.session.flush()


def test_the_seed_of_the_shared_book_sees_no_tenants_rows(works, store):
    with unit_of_work(operator(SHARED), store) as work:
        assert set(work.session.scalars(select(CompanyRow.id))) == {"shar"}


def test_sessions_of_two_tenants_do_not_share_a_compiled_filter(works):
    """The statement is the same object each time: only its parameters may differ."""
    asked = select(SnapshotRow.tenant_id).distinct()

    seen = [work.session.scalars(asked).all() for work in works for _ in range(3)]

    assert seen == [[works[0].caller.tenant_id]] * 3 + [[works[1].caller.tenant_id]] * 3


def test_a_draft_in_an_identity_map_is_not_served_to_another_work(works, store, acme):
    ours, theirs = works
    ours.begin_writing()
    ours.add_all([
        DraftRow(user_id="u", company_id="c", model="dcf", version=1, content={}, undo=[], redo=[],
                 updated_at=1)
    ])  # fmt: skip
    ours.commit()
    key = (acme.id, "u", "c", "dcf")

    assert ours.session.get(DraftRow, key) is not None
    assert theirs.session.get(DraftRow, key) is None


GRANTED = select(FlagOverrideRow.tenant_id)


@pytest.mark.parametrize(
    ("tenant", "query"),
    [
        ("acme", GRANTED),
        (PLATFORM, select(SnapshotRow.id)),
        (PLATFORM, GRANTED.join(SnapshotRow, true())),
        (PLATFORM, GRANTED.where(exists(select(SnapshotRow.id)))),
        (PLATFORM, select(GRANTED.add_columns(SnapshotRow.id).subquery())),
    ],
)
def test_of_every_tenant_the_installation_alone_reads_and_nothing_but_what_it_granted(
    store, tenant, query
):
    with (
        unit_of_work(operator(tenant), store) as work,
        pytest.raises(RuntimeError, match="may not"),
    ):
        work.of_every_tenant(query)


def test_what_the_installation_granted_it_reads_of_every_tenant(store):
    with unit_of_work(operator(PLATFORM), store) as work:
        assert work.of_every_tenant(GRANTED) == []


def test_two_tenants_at_once_never_see_each_others_rows(store: Store, acme: Tenant, rival: Tenant):
    """S21: the tenant belongs to the work, not to the process or its threads."""
    planted(store, acme, rival)

    def look(n: int) -> bool:
        tenant, mark = ((acme, "acme"), (rival, "riva"))[n % 2]
        with unit_of_work(tenant.viewer, store) as work:
            seen = {row.id for row in work.session.scalars(select(SnapshotRow))}
            companies = set(work.session.scalars(select(CompanyRow.tenant_id)))
        return seen == {"same", f"{mark}-only"} and companies == {tenant.id, SHARED}

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, range(200)))
