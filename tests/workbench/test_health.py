from valor_core.values import new_id
from valor_core.workbench import people
from valor_core.workbench.health import health
from valor_core.workbench.verb import open_work


def test_a_fresh_database_is_current_and_has_no_snapshot(store, acme):
    with open_work(acme.viewer) as work:
        found = health(work)

    assert found.is_current
    assert found.database == ("SQLite" if store.is_sqlite else "PostgreSQL")
    assert found.snapshot_at is None


def test_every_role_reads_the_names_of_its_own_tenant(store, acme, rival):
    with open_work(rival.admin, store) as work:
        people.add_key(work, f"theirs {new_id()}", rival.analyst.role)
    with open_work(acme.viewer, store) as work:
        names = people.names(work)

    assert names[acme.analyst.actor] == "anna"
    assert set(names.values()) == {"vera", "anna", "adam"}
