"""The walls that a process draws around itself: they hold, or it is said that they do not."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from valor_core import walls
from valor_core.settings import ROOT

INSIDE = """
import os, socket, sys
from valor_core.walls import wall_in
wall_in(reads=[sys.argv[1] + "/read", sys.argv[1] + "/missing"], writes=[sys.argv[1] + "/written"],
        port=None)
def told(way):
    try:
        way()
    except OSError as error:
        return error.strerror.split(" (")[0]
    return "done"
os.chdir(sys.argv[1] + "/written")
print([told(way) for way in (
    lambda: open("../read/a").read(),
    lambda: open("../read/a", "a"),
    lambda: open("b", "w").write("new"),
    lambda: os.rename("b", "c"),
    lambda: os.rename("c", "../read/c"),
    lambda: os.truncate("../read/a", 0),
    lambda: os.link("../read/a", "a"),
    lambda: os.listdir(".."),
    lambda: os.kill(os.getppid(), 0),
    lambda: socket.create_connection(("127.0.0.1", 9)),
)])
"""


@pytest.mark.skipif(bool(walls.lacking()), reason=f"cannot be walled off here: {walls.lacking()}")
def test_inside_the_walls_is_what_was_named_and_nothing_else(tmp_path: Path):
    for name in ("read", "written"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "a").write_text("old")

    done = subprocess.run(
        [sys.executable, "-c", INSIDE, tmp_path], env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    no, not_ours, across = map(os.strerror, (errno.EACCES, errno.EPERM, errno.EXDEV))
    assert done.stdout.strip() == str(
        ["done", no, "done", "done", no, no, across, no, not_ours, no]
    )
    assert (tmp_path / "read" / "a").read_text() == "old"


SOCKETS = """
import socket
from valor_core.walls import wall_in
wall_in(reads=(), writes=(), port=None)
def made(family, kind, protocol):
    try:
        socket.socket(family, kind, protocol).close()
    except OSError:
        return False
    return True
flags = socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
print({(family, kind, protocol) for family in range(64) for kind in range(1, 11)
       for protocol in (0, 6, 17, 132, 262) if made(family, kind | flags, protocol)})
"""


@pytest.mark.skipif(bool(walls.lacking()), reason=f"cannot be walled off here: {walls.lacking()}")
def test_of_all_kinds_of_sockets_inside_the_walls_local_ones_and_tcp_are_left():
    """Landlock does not look at UDP, nor at multipath TCP (262), which reaches any TCP port."""
    done = subprocess.run(
        [sys.executable, "-c", SOCKETS], env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    tcp = {(family, 1, protocol) for family in (2, 10) for protocol in (0, 6)}
    assert eval(done.stdout) == tcp | {(1, kind, 0) for kind in (1, 2, 3, 5)}


FAST_OPEN = """
import ctypes, errno, socket, struct, sys
from valor_core.walls import wall_in
port = int(sys.argv[1])
wall_in(reads=(), writes=(), port=None)
FLAG, told = 0x20000000, []
def asked(call):
    with socket.socket() as made:
        try:
            call(made)
            told.append("sent")
        except OSError as error:
            told.append(errno.errorcode[error.errno])
there = ("127.0.0.1", port)
asked(lambda s: s.connect(there))
asked(lambda s: s.sendto(b"hi", FLAG, there))
asked(lambda s: s.sendmsg([b"hi"], [], FLAG, there))
libc = ctypes.CDLL(None, use_errno=True)
def many(s):
    name = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton("127.0.0.1"))
    name, text = ctypes.create_string_buffer(name), ctypes.create_string_buffer(b"hi")
    part = ctypes.create_string_buffer(struct.pack("PN", ctypes.addressof(text), 2))
    head = ctypes.create_string_buffer(struct.pack("PI4xPNPNi4xI4x", ctypes.addressof(name), 16,
                                       ctypes.addressof(part), 1, 0, 0, 0, 0))
    if libc.sendmmsg(s.fileno(), head, 1, FLAG) < 0:
        raise OSError(ctypes.get_errno(), "")
asked(many)
asked(lambda s: s.sendmsg([b"hi"]))
print(*told)
"""


@pytest.mark.skipif(bool(walls.lacking()), reason=f"cannot be walled off here: {walls.lacking()}")
def test_a_first_message_does_not_connect_past_the_walls():
    """By TCP Fast Open it would, without the `connect` at which Landlock looks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = subprocess.run(
            [sys.executable, "-c", FAST_OPEN, str(server.getsockname()[1])],
            env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
        )  # fmt: skip

    told = done.stdout.replace("ENOTSUP", "EOPNOTSUPP").split()  # one number by two names
    assert told == ["EACCES", "EOPNOTSUPP", "EOPNOTSUPP", "EOPNOTSUPP", "EPIPE"]


@pytest.mark.skipif(bool(walls.lacking()), reason=f"cannot be walled off here: {walls.lacking()}")
def test_nobody_inside_goes_round_the_filter_by_a_ring():
    ring = "import ctypes; from valor_core.walls import wall_in\n"
    ring += "wall_in(reads=(), writes=(), port=None)\n"
    ring += "libc = ctypes.CDLL(None, use_errno=True)\n"
    ring += "print(libc.syscall(425, 1, ctypes.create_string_buffer(256)), ctypes.get_errno())"
    done = subprocess.run(
        [sys.executable, "-c", ring], env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.split() == ["-1", str(errno.EOPNOTSUPP)]


def test_what_cannot_be_walled_off_is_named(monkeypatch: pytest.MonkeyPatch):
    said = {}
    for version in (0, 3, 5, 6, 7):
        monkeypatch.setattr(walls, "version", lambda version=version: version)
        monkeypatch.setattr(walls, "can_filter", lambda: True)
        said[version] = walls.lacking()

    assert said[0].startswith("files, network and processes of the machine")
    assert said[3].startswith("the network")
    assert said[5].startswith("signals")
    assert said[6] == said[7] == ""
    monkeypatch.setattr(walls, "can_filter", lambda: False)
    assert walls.lacking().startswith("sockets of other kinds")


def test_without_landlock_nothing_is_walled_and_nothing_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(walls, "version", lambda: 0)

    walls.wall_in(reads=(), writes=(), port=None)

    assert Path(__file__).read_text()
