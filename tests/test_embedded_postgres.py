"""The throw-away database does what the tests of the store rely on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(durable=True) as server:
        yield server


def test_a_database_is_a_copy_of_its_template(postgres):
    postgres.create_database("mould")
    with postgres.connect("mould") as connection:
        connection.execute("CREATE TABLE company (name text)")

    postgres.create_database("cast", template="mould")

    with postgres.connect("cast") as connection:
        assert connection.execute("SELECT count(*) FROM company").fetchone() == (0,)


def test_what_was_committed_is_there_after_a_kill_and_a_new_start(postgres):
    with postgres.connect() as connection:
        connection.execute("CREATE TABLE saved AS SELECT 7 AS number")
    postgres.kill()

    postgres.start()

    with postgres.connect() as connection:
        assert connection.execute("SELECT number FROM saved").fetchone() == (7,)


def test_the_server_ends_with_a_test_process_that_is_killed(tmp_path):
    program = (
        "import time\n"
        "from tests.embedded_postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres().__enter__()\n"
        "print(server.process.pid, server.folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": "/tmp"},
    ) as owner:
        assert owner.stdout
        pid, folder = owner.stdout.readline().split()
        owner.kill()
    deadline = time.monotonic() + 10
    while _runs(int(pid)):
        assert time.monotonic() < deadline, "postgres outlives the process that started it"
        time.sleep(0.02)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=folder, user="owner", dbname="postgres", connect_timeout=2)
    subprocess.run(["rm", "-rf", folder], check=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGCONT)
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().split()[2] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
