"""Walls that a process draws around itself and all that it starts, by Linux's Landlock.

Nothing but what is named can be read or written from then on, no process outside is signalled or
looked into, TCP reaches one port, and sockets of other kinds are local ones. It needs no privilege,
and nobody inside can take it back.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from valor_core.socket_filter import allow_tcp_and_local_sockets_alone, can_filter

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls, alike on all machines
NO_NEW_PRIVILEGES = 38  # of prctl; without it a setuid program would leave the walls
BENEATH_A_PATH, OF_A_PORT = 1, 2  # kinds of rules
EXECUTE, WRITE, READ, READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE, DEVICE_CONTROL = 1 << 13, 1 << 14, 1 << 15
CONNECT = 1 << 1
OF_FILES = EXECUTE | WRITE | READ | TRUNCATE | DEVICE_CONTROL  # what a rule may say of one file
WITH_NETWORK, WITH_SCOPES = 4, 6  # from which version on

SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/sys/devices/system/cpu",
    "/proc/stat", "/proc/meminfo", "/proc/cpuinfo",  # not all of /proc: it tells of others
    "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/passwd",
    "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ca-certificates",
    "/etc/pki/tls/certs", "/etc/pki/ca-trust",  # whom to trust; no key lies there
    "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip
DEVICES = ("/dev/null",)  # no terminal: another one of the same user could be read and written


def version() -> int:
    """Landlock's version on this machine; 0 where there is none."""
    told = -1 if sys.platform != "linux" else _call(CREATE_RULESET, None, 0, 1)
    return max(told, 0)


def lacking() -> str:
    """What this machine cannot wall off, in words; empty where it can all of it."""
    if not version():
        return "files, network and processes of the machine: its kernel has no Landlock"
    if version() < WITH_NETWORK:
        return "the network: its kernel's Landlock is older than version 4 (Linux 6.7)"
    if version() < WITH_SCOPES:
        return "signals to other processes: its kernel's Landlock is older than version 6"
    if not can_filter():
        return "sockets of other kinds than TCP: its kernel filters none (seccomp)"
    return ""


def wall_in(*, reads: Iterable[Path | str], writes: Iterable[Path | str], port: int | None) -> None:
    """Draws them, as far as `lacking` does not say otherwise, around this thread and its children.

    `port` is the one to which TCP may connect; none where it is None. None may be listened on.
    """
    known = version()
    if not known:
        return
    handled = _rights(known)
    network = 0b11 if known >= WITH_NETWORK else 0
    scopes = 0b11 if known >= WITH_SCOPES else 0
    told = struct.pack("QQQ", handled, network, scopes)[: 24 if scopes else 16 if network else 8]
    rules = _done(_call(CREATE_RULESET, told, len(told), 0))
    for paths, rights in (
        ((*SYSTEM, *reads), EXECUTE | READ | READ_FOLDER),
        ((*DEVICES, *writes), handled),
    ):
        for path in paths:
            _allow(rules, Path(path), rights & handled)
    if port is not None and network:
        _done(_call(ADD_RULE, rules, OF_A_PORT, struct.pack("QQ", CONNECT, port), 0))
    _done(ctypes.CDLL(None, use_errno=True).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _done(_call(RESTRICT_SELF, rules, 0))
    os.close(rules)
    if can_filter():
        allow_tcp_and_local_sockets_alone()


def _rights(known: int) -> int:
    """All rights to files of which a version knows."""
    added = {2: REFER, 3: TRUNCATE, 5: DEVICE_CONTROL}
    return (REFER - 1) | sum(right for since, right in added.items() if known >= since)


def _allow(rules: int, path: Path, rights: int) -> None:
    """Everything beneath the path is allowed so far; a path that is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    told = struct.pack("=Qi", rights if path.is_dir() else rights & OF_FILES, place)
    _done(_call(ADD_RULE, rules, BENEATH_A_PATH, told, 0))
    os.close(place)


def _call(number: int, *told: int | bytes | None) -> int:
    """A system call; each argument is as wide as a register."""
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in told]
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *wide))


def _done(told: int) -> int:
    if told < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return told
