"""A throw-away PostgreSQL for tests: started from plain binaries, gone with the test process."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
import psycopg.sql

from tests.needs import needed

OWNER = "owner"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
STARTS_WITHIN_S = 30.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded here: the child must not load anything between fork and exec


def in_memory() -> str | None:
    """Where no write waits for a disk, if there is room for some hundred databases.

    A copy of a Postgres database takes 30 ms there instead of 400.
    """
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > 2 << 30
    return str(shared) if roomy else None


def _die_with_the_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class EmbeddedPostgres:
    """One cluster, reached by a Unix socket in a folder of its own, where `owner` may do anything.

    Without `durable` it is quick and loses data when killed. The server never runs as root: a root
    test process starts it as `nobody`. It may begin with what another one holds that is stopped.
    """

    def __init__(self, *, durable: bool = False, like: "EmbeddedPostgres | None" = None) -> None:
        self.binaries = needed("postgres")
        self.settings = () if durable else FAST
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        # Socket paths end at 107 bytes, so the folder is short, wherever pytest keeps its own.
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir=None if durable else in_memory()))
        self.data = self.folder / "data"
        self.like = like
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Lay out the cluster and start."""
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
            self._bring_binaries_within_reach()
        options = ["-D", self.data, "-U", OWNER, "--auth=trust", "--no-sync"]
        if self.like:
            subprocess.run(["cp", "-a", self.like.data, self.data], check=True)
        elif self._spawn("initdb", *options, "-E", "UTF8", "--locale=C").wait():
            raise RuntimeError(self.log())
        self.start()

    def close(self) -> None:
        """Stop; nothing of it is left."""
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start, also after `kill`: then it may take some tries until the orphans have gone."""
        options = [part for setting in self.settings for part in ("-c", setting)]
        listen = ["-k", self.folder, "-c", "listen_addresses="]
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            if self.process is None or self.process.poll() is not None:
                self.process = self._spawn("postgres", "-D", self.data, *listen, *options)
            try:
                self.connect().close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(self.log()) from error
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Close all connections and shut down."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=20)
            self.process = None

    def kill(self) -> None:
        """End the server as a power cut of the process would: SIGKILL."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def connect(self, database: str = "postgres", user: str = OWNER) -> psycopg.Connection:
        """A connection in autocommit."""
        return psycopg.connect(
            host=str(self.folder), user=user, dbname=database, autocommit=True, connect_timeout=30
        )

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """The same for SQLAlchemy."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """A new database, a copy of the template, to which nobody is connected; returns its URL."""
        with self.connect() as connection:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    psycopg.sql.Identifier(name), psycopg.sql.Identifier(template)
                )
            )
        return self.url(name)

    def log(self) -> str:
        """What the server and initdb have said."""
        return (self.folder / "log").read_text(errors="replace")

    def _spawn(self, program: str, *arguments: object) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self.binaries / program, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=self.user.pw_uid if self.user else None,
                group=self.user.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
                preexec_fn=_die_with_the_parent,  # noqa: PLW1509, one call of an already loaded function
            )

    def _bring_binaries_within_reach(self) -> None:
        """Copy them (38 MB) when a folder above is closed to others, as below /root."""
        if all(folder.stat().st_mode & 0o001 for folder in self.binaries.parents):
            return
        install, package = self.binaries.parent, self.binaries.parent.parent
        shutil.copytree(install, self.folder / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # where the binaries look for theirs
        if libraries.exists():
            shutil.copytree(libraries, self.folder / libraries.name)
        self.binaries = self.folder / package.name / install.name / "bin"
