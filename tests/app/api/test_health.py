from valor_core.store.migrate import wanted_revision
from valor_core.workbench.snapshots import publish_snapshot
from valor_core.workbench.verb import open_work


def test_health_tells_the_database_its_schema_and_the_newest_snapshot(store, acme, rival, client):
    before = client(acme.viewer).get("/health").json()
    with open_work(acme.analyst) as work:
        publish_snapshot(work)
    after = client(acme.viewer).get("/health").json()

    assert before == {
        "database": "SQLite" if store.is_sqlite else "PostgreSQL",
        "revision": wanted_revision(),
        "wanted_revision": wanted_revision(),
        "is_current": True,
        "snapshot_at": None,
    }
    assert after["snapshot_at"] is not None
    assert client(rival.viewer).get("/health").json()["snapshot_at"] is None
