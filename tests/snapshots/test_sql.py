"""SQL of an analyst: it reads the datasets of one snapshot, and nothing whatever beside them."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import Published, filing, import_filings, publish
from tests.snapshots.test_publish import files
from tests.snapshots.test_reader import flip_a_bit, path_of
from valor_core.errors import AccessDenied
from valor_core.snapshots import sql as asking
from valor_core.snapshots.manifest import SnapshotDamaged
from valor_core.snapshots.named import QueryTooCostly
from valor_core.snapshots.sql import SqlAnswer, SqlBusy, SqlRefused
from valor_core.tenancy.flags import SwitchedOff
from valor_core.values import Caller
from valor_core.workbench import flags, logbook, snapshots
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def asked(world: World, sql: str, who: Caller | None = None) -> SqlAnswer:
    with open_work(who or world.acme.analyst, world.store) as work:
        return snapshots.ask_in_sql(work, sql)


MANY = """
import json, sys
sys.path.insert(0, sys.argv[1])
import duckdb, sql_child
sql_child._limit(600)
for line in sys.stdin:
    order = json.loads(line)
    try:
        told = sql_child._answer(sql_child._locked(order["tables"]), order["sql"])
    except duckdb.Error as error:
        told = {"refused": str(error)}
    print(json.dumps(told), flush=True)
"""


@pytest.fixture
def one_child(monkeypatch: pytest.MonkeyPatch):
    """One process for many statements, each in an engine of its own, as for one."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", MANY, str(asking.CHILD.parent)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"LANG": "C.UTF-8"}, cwd="/",
    ) as child:  # fmt: skip
        assert child.stdin
        assert child.stdout
        to, back = child.stdin, child.stdout

        def carried_out(order: dict[str, Any]) -> dict[str, Any]:
            print(json.dumps(order), file=to, flush=True)
            return json.loads(back.readline())

        monkeypatch.setattr(asking, "_carried_out", carried_out)
        yield
        to.close()


def test_an_analyst_asks_in_sql_and_the_log_tells_that_it_was_asked(
    apple: World, published: Published
):
    """S20."""
    made = published()

    found = asked(apple, "SELECT name, revenue / 1e6 AS millions, growth > 0 AS grew FROM coverage")

    assert (found.snapshot_id, found.more) == (made.id, False)
    assert found.columns == ("name", "millions", "grew")
    assert found.rows == (("Apple Inc.", 391_035.0, True),)
    assert found.as_csv().splitlines() == ["name,millions,grew", "Apple Inc.,391035.0,True"]
    with pytest.raises(SqlRefused, match="nosuch"):
        asked(apple, "SELECT nosuch FROM coverage")
    with open_work(apple.acme.admin, apple.store) as work:
        assert len(logbook.read_log(work, action="snapshot.sql", limit=5)) == 2


@pytest.mark.usefixtures("one_child")
def test_several_ways_of_asking_are_one_select(apple: World, published: Published):
    published()
    for sql in (
        "FROM facts LIMIT 1", "WITH one AS (SELECT 1 AS a) SELECT * FROM one;",
        "DESCRIBE facts", "SELECT 'a; b' AS text, 0.0 / 0.0 AS nothing -- ; c",
        "SELECT [1, 2] AS list, DATE '2026-11-26' AS day, 170141183460469231731687303715884105727",
    ):  # fmt: skip
        assert asked(apple, sql).rows


@pytest.mark.usefixtures("one_child")
def test_a_moment_with_a_time_zone_is_told_in_utc(apple: World, published: Published):
    published()
    for sql in (
        "SELECT TIMESTAMPTZ '2026-01-01 10:00:00+02' AS \"a;b\"; -- é; c",
        "WITH one AS (SELECT TIMESTAMPTZ '2026-01-01 10:00:00+02' AS a) FROM one -- c",
    ):
        assert asked(apple, sql).rows == (("2026-01-01 08:00:00+00",),)
    with pytest.raises(SqlRefused, match="cast it to VARCHAR"):
        asked(apple, "FROM test_all_types()")


@pytest.mark.usefixtures("one_child")
def test_columns_of_one_name_are_told_apart(apple: World, published: Published):
    published()

    found = asked(apple, 'SELECT 1 AS a, 2 AS a, 3 AS "a (2)", 4 AS a')

    assert dict(zip(found.columns, found.rows[0], strict=True)) == {
        "a": 1, "a (2)": 2, "a (2) (2)": 3, "a (3)": 4
    }  # fmt: skip


@pytest.mark.usefixtures("one_child")
def test_what_a_statement_changes_is_gone_with_it(apple: World, published: Published, root: Path):
    published()
    stood = files(root)
    there = asked(apple, "SELECT count(*) FROM facts").rows

    gone = "WITH gone AS (DELETE FROM facts RETURNING *) SELECT count(*) FROM gone"

    assert asked(apple, gone).rows == asked(apple, "SELECT count(*) FROM facts").rows == there
    assert files(root) == stood


@pytest.mark.usefixtures("one_child")
def test_what_a_role_may_not_read_is_not_there(apple: World, published: Published):
    published()
    hidden = ("usage", "usage_daily", "billing", "billing_daily", "invoices", "audit")
    for name in hidden[::5]:
        with pytest.raises(SqlRefused, match=f"Table with name {name} does not exist"):
            asked(apple, f"SELECT count(*) FROM {name}")
    counts = " + ".join(f"(SELECT count(*) FROM {name})" for name in hidden)
    assert asked(apple, f"SELECT {counts}", apple.acme.admin).rows[0][0] > 0
    with pytest.raises(AccessDenied):
        asked(apple, "FROM coverage", apple.acme.viewer)


def test_where_it_is_switched_off_nobody_asks(apple: World, published: Published):
    published()
    with open_work(apple.acme.operator, apple.store) as work:
        flags.switch_flag(work, "analyst_sql", killed=True, reason="not here")

    with pytest.raises(SwitchedOff):
        asked(apple, "FROM coverage")


@pytest.mark.usefixtures("one_child")
def test_no_statement_reaches_beyond_the_snapshot(
    apple: World, published: Published, root: Path, tmp_path: Path
):
    """S20, G19."""
    made = published()
    import_filings(apple, apple.rival.analyst, filing({2022: {"revenue": 1}}))
    theirs = path_of(root, publish(apple, apple.rival.analyst), "facts")
    own = path_of(root, made, "facts")
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    stood, answered = files(root), []
    for sql in (
        f"SELECT * FROM read_parquet('{theirs}')",
        f"SELECT * FROM read_parquet('{own}')",
        f"SELECT * FROM '{own.parent}/../../{theirs.relative_to(root)}'",
        "SELECT * FROM read_parquet('../TB/x.parquet')",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT content FROM read_text('{secret}')",
        "SELECT content FROM read_text('/etc/passwd')",
        "SELECT content FROM read_blob('/proc/self/environ')",
        "SELECT content FROM read_text('/dev/fd/0')",
        "SELECT * FROM glob('/**')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT * FROM read_json('http://127.0.0.1:8501/healthz')",
        "SELECT * FROM 's3://bucket/x.parquet'",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "ATTACH '/tmp/x.duckdb'",
        "ATTACH ':memory:' AS other",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        f"COPY (SELECT 1) TO '{own}'",
        "EXPORT DATABASE '/tmp/out'",
        "IMPORT DATABASE '/tmp/out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '64GB'",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "CREATE TABLE x AS SELECT 1",
        "CREATE OR REPLACE VIEW facts AS SELECT 1",
        "CREATE MACRO f(a) AS a",
        "DROP VIEW facts",
        "INSERT INTO facts SELECT * FROM facts",
        "UPDATE facts SET value = 0",
        "DELETE FROM facts",
        "CHECKPOINT",
        "BEGIN",
        "USE memory",
        "PREPARE p AS SELECT 1",
        "EXPLAIN SELECT 1",
        "SELECT 1; DROP VIEW facts",
        "SELECT getenv('HOME')",
        "FROM duckdb_secrets()",
        "FROM duckdb_extensions()",
        "FROM enable_logging()",
        "FROM read_csv('/dev/stdin')",
        "FROM read_text('file:///etc/passwd')",
        "FROM read_csv('data:,a')",
        "FROM query('FROM read_text(''/etc/passwd'')')",
        "FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))",
        "SELECT (SELECT content FROM read_text('/etc/passwd'))",
        "DESCRIBE SELECT * FROM read_text('/etc/passwd')",
        "MERGE INTO facts USING facts f ON true WHEN MATCHED THEN DELETE",
        "SET VARIABLE x = (SELECT 1)",
        "SELECT * FROM engine",  # a variable of the process
        "SELECT * FROM which_secret('x', 's3')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''/tmp/x.csv'' ')",
        "",
        ";",
        "-- nothing",
        "SELECT " + "1," * 3_000 + "1",
        "(" * 3_000,
    ):
        try:
            answered.append((sql, asked(apple, sql).rows))
        except SqlRefused as error:
            said = f"{error} {error.hint}"
            assert not [part for part in ("/etc", "/tmp", str(root), "Trace") if part in said]

    assert answered == []
    assert files(root) == stood


@pytest.mark.usefixtures("one_child")
def test_no_answer_tells_where_the_files_lie(apple: World, published: Published, root: Path):
    """S20."""
    published()
    told = str(
        [
            asked(apple, sql, apple.acme.admin).rows
            for sql in (
                "SELECT * FROM duckdb_settings()",
                "SELECT * FROM duckdb_views()",
                "SELECT * FROM duckdb_databases()",
            )
        ]
    )

    for part in (str(root), apple.acme.id, "/root", str(Path.cwd()), os.environ["PATH"]):
        assert part not in told


def test_what_costs_too_much_is_stopped(apple: World, published: Published, monkeypatch):
    published()
    monkeypatch.setattr(asking, "SECONDS_MAX", 3.0)
    for sql in (
        "SELECT count(*) FROM range(100000000) a, range(100000000) b",
        "SELECT repeat('a', 4000000000)",
    ):
        with pytest.raises(QueryTooCostly):
            asked(apple, sql)
    assert asking._running[apple.acme.id] == 0


def test_a_tenant_asks_a_few_at_once_and_another_tenant_is_not_kept_waiting(
    apple: World, published: Published, monkeypatch
):
    published()
    publish(apple, apple.rival.analyst)
    monkeypatch.setattr(asking, "AT_ONCE", 1)

    with asking._one_of_few(apple.acme.id):
        with pytest.raises(SqlBusy):
            asked(apple, "FROM coverage")
        assert asked(apple, "SELECT 1", apple.rival.analyst).rows

    assert asked(apple, "FROM coverage").rows


def test_all_tenants_together_ask_so_much_at_once_and_none_keeps_the_others_out(world: World):
    acme, rival = world.acme.id, world.rival.id
    with ExitStack() as answered:

        def ask(tenant: str) -> None:
            answered.enter_context(asking._one_of_few(tenant))

        for _ in range(asking.AT_ONCE):
            ask(acme)
        ask(rival)
        with pytest.raises(SqlBusy, match="1 statement of your tenant is"):
            ask(rival)
        for other in range(asking.IN_ALL - asking.AT_ONCE - 1):
            ask(f"other {other}")
        with pytest.raises(SqlBusy, match="As many statements as may be at once"):
            ask("one more")

    with asking._one_of_few(rival):
        assert asking._running == {rival: 1}


def test_a_wrong_byte_is_no_answer(apple: World, published: Published, root: Path):
    flip_a_bit(path_of(root, published(), "companies"))

    with pytest.raises(SnapshotDamaged):
        asked(apple, "FROM coverage")
