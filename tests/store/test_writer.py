"""The one writer of the embedded database: in order of asking, and never lost."""

import os
import subprocess
import sys
import threading
import time

import pytest

from valor_core.store.writer import Writer, WriterBusy


@pytest.fixture
def writer(tmp_path) -> Writer:
    return Writer(tmp_path / "valor.sqlite")


def queued(writer: Writer, count: int) -> None:
    """Waits until that many have asked."""
    deadline = time.monotonic() + 30
    while len(writer._queue) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_asks_first_writes_first(writer):
    order, threads = [], []

    def write(n: int) -> None:
        writer.take()
        order.append(n)
        writer.give_back()

    writer.take()
    for n in range(12):
        threads.append(threading.Thread(target=write, args=(n,)))
        threads[-1].start()
        queued(writer, n + 2)
    writer.give_back()
    for thread in threads:
        thread.join()

    assert order == list(range(12))


def test_only_one_writes_at_a_time(writer):
    inside, most = [], []

    def write() -> None:
        for _ in range(20):
            writer.take()
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            writer.give_back()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(most) == {1}
    assert len(most) == 160


def test_who_gives_up_in_the_queue_does_not_hold_up_those_behind(writer):
    writer.take()
    outcome = []

    def impatient() -> None:
        with pytest.raises(WriterBusy):
            writer.take()

    def patient() -> None:
        writer.take()
        outcome.append("written")
        writer.give_back()

    writer.patience_s = 0.05
    first = threading.Thread(target=impatient)
    first.start()
    queued(writer, 2)
    first.join()
    writer.patience_s = 5.0
    second = threading.Thread(target=patient)
    second.start()
    queued(writer, 2)
    writer.give_back()
    second.join()

    assert outcome == ["written"]


def test_a_lock_file_that_cannot_be_opened_fails_the_act_and_not_all_later_ones(
    writer, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(writer, "_file", writer._file.parent / "missing" / "lock")
        with pytest.raises(FileNotFoundError):
            writer.take()

    writer.patience_s = 1.0
    writer.take()
    writer.give_back()


def test_another_process_that_writes_is_waited_for_and_its_death_frees_the_writer(writer, tmp_path):
    program = (
        "import sys, time, pathlib\n"
        "from valor_core.store.writer import Writer\n"
        "Writer(pathlib.Path(sys.argv[1])).take()\n"
        "print('holds', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "valor.sqlite")],
        stdout=subprocess.PIPE, env=os.environ,
    ) as other:  # fmt: skip
        assert other.stdout
        assert other.stdout.readline() == b"holds\n"
        writer.patience_s = 0.05
        with pytest.raises(WriterBusy):
            writer.take()
        other.kill()
        other.wait()

    writer.patience_s = 5.0
    writer.take()
    writer.give_back()
