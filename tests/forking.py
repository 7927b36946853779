"""Tests in several processes, all forked from one that has collected them: `pytest --together 4`.

What was imported, collected and cast once is there in each. A file stays with one process, so that
what its tests share is made once; whoever is done takes the next.
"""

import os
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pytest

Files = list[list[pytest.Item]]
# What a process tells: which test begins, what came of it, and that it can take another file.
BEGINS, REPORT, READY = "begins", "report", "ready"


def by_file(items: list[pytest.Item], *, together: tuple[Path, ...] = ()) -> Files:
    """The tests of each file, in their order; those of a whole folder where its files share."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        shared = [folder for folder in together if item.path.is_relative_to(folder)]
        files.setdefault(shared[0] if shared else item.path, []).append(item)
    return list(files.values())


def run(session: pytest.Session, files: Files, processes: int) -> None:
    """Instead of pytest's own loop: returns in that which forked and in each process."""
    dealer = _Dealer(session, files)
    while not dealer.is_done and len(dealer.ends) < processes:
        if not dealer.fork():
            return
    while dealer.ends:
        for end in wait(list(dealer.ends)):
            assert isinstance(end, Connection)
            try:
                dealer.heard(end, *end.recv())
            except EOFError:
                dealer.buried(end)
                if not dealer.is_done and not dealer.fork():
                    return
    if session.shouldfail:
        raise session.Failed(session.shouldfail)


class _Dealer:
    """Hands files out to the processes that it forks, and tells what comes back as its own."""

    def __init__(self, session: pytest.Session, files: Files) -> None:
        self.session = session
        self.hook = session.config.hook
        self.files = files
        self.left = deque(range(len(files)))
        self.items = {item.nodeid: item for file in files for item in file}
        self.ends: dict[Connection, int] = {}
        self.waiting: dict[Connection, int] = {}  # a file of which nothing has begun
        self.running: dict[Connection, pytest.Item] = {}

    @property
    def is_done(self) -> bool:
        """Nothing is left, or enough has failed."""
        return bool(not self.left or self.session.shouldfail or self.session.shouldstop)

    def fork(self) -> int:
        """The new process; 0 in that process, once it has nothing left to do."""
        here, there = Pipe()
        if process := os.fork():
            there.close()
            self.ends[here] = process
        else:
            for end in (here, *self.ends):
                end.close()
            _work(self.session, self.files, _Teller(self.session.config, there))
        return process

    def heard(self, end: Connection, kind: str, told: Any) -> None:
        """A process has begun a test, has a report, or can take another file."""
        if kind == READY:
            if self.is_done:
                end.send(None)
            else:
                self.waiting[end] = self.left.popleft()
                end.send(self.waiting[end])
        elif kind == BEGINS:
            item = self.running[end] = self.items[told]
            if end in self.waiting and item in self.files[self.waiting[end]]:
                del self.waiting[end]
            self.hook.pytest_runtest_logstart(nodeid=told, location=item.location)
        else:
            report = self.hook.pytest_report_from_serializable(
                config=self.session.config, data=told
            )
            self.hook.pytest_runtest_logreport(report=report)
            if report.when == "teardown":
                self.running.pop(end, None)  # a test that is run again has two

    def buried(self, end: Connection) -> None:
        """A process has ended; if it died, the file that it had not begun goes to another one."""
        _, status = os.waitpid(self.ends.pop(end), 0)
        if (place := self.waiting.pop(end, None)) is not None:
            self.left.appendleft(place)
        code = os.waitstatus_to_exitcode(status)
        if item := self.running.pop(end, None):
            self.hook.pytest_runtest_logreport(report=_of_a_death(item, code))
        elif code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self.session.shouldfail = f"a process ended between two tests: {code}"


def _of_a_death(item: pytest.Item, code: int) -> pytest.TestReport:
    """A process that dies fails the test that it was at; what is left of its file is not run."""
    return pytest.TestReport(
        item.nodeid,
        item.location,
        keywords={},
        outcome="failed",
        longrepr=f"the process ended in this test: {code}",
        when="call",
    )


class _Teller:
    """One of the processes, which tells what it does to the one that deals the files out."""

    def __init__(self, config: pytest.Config, end: Connection) -> None:
        self.config = config
        self.end = end

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.end.send((BEGINS, nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.end.send((REPORT, told))

    def next_file(self) -> int | None:
        self.end.send((READY, None))
        return self.end.recv()


def _work(session: pytest.Session, files: Files, teller: _Teller) -> None:
    """An ordinary run of pytest over what it is dealt, which prints nothing."""
    config: Any = session.config
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(teller)
    capture = config.pluginmanager.getplugin("capturemanager")
    capture.stop_global_capturing()  # into a file that all would share
    capture.start_global_capturing()
    factory = config._tmp_path_factory  # it counts, which two cannot do in one folder
    factory._basetemp = factory.getbasetemp() / f"process-{os.getpid()}"
    factory._basetemp.mkdir(mode=0o700)
    for item, following in _in_turn(files, teller):
        config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    config.workerinput = {}  # by this plugins know whose results are another's to keep


def _in_turn(files: Files, teller: _Teller) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Each test with the one after it; the next file is asked for as late as can be."""
    place = teller.next_file()
    while place is not None:
        items = files[place]
        yield from pairwise(items)
        place = teller.next_file()
        yield items[-1], None if place is None else files[place][0]
