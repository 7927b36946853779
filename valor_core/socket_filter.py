"""What kinds of sockets a process may make, by Linux's seccomp: local ones, and walled TCP.

Landlock looks at TCP alone, and there at `connect`: UDP, multipath TCP, which reaches any TCP port,
all other kinds, and a first message that connects by itself (TCP Fast Open) go past it. The filter
is a program of the kernel's packet filter that sees numbers, no paths or addresses. It needs no
privilege but that nobody inside can gain any, and nobody takes it back.
"""

import ctypes
import errno
import platform
import socket
import struct
import sys

SET_SECCOMP, WITH_A_FILTER = 22, 2  # of prctl
MACHINES = {
    "x86_64": (0xC000003E, 41, 44, 46, 307),
    "aarch64": (0xC00000B7, 198, 206, 211, 269),
}
"""By machine: how the kernel names its calls; among them the numbers of `socket`, `sendto`,
`sendmsg` and `sendmmsg`."""
FAST_OPEN = 0x2000_0000  # of a message: it connects where nothing has yet
SETS_UP_A_RING = 425  # io_uring makes sockets that no filter sees
OTHER_CALLS = 0x4000_0000  # from here on x86 counts another set of calls
CALL, NAMED, FAMILY, KIND, PROTOCOL = 0, 4, 16, 24, 32  # where the kernel tells what is asked
FLAGS, FLAGS_OF_SENDMSG = 40, 32
KINDS = 0xF  # of a kind without its flags
LOAD, AND, IS, IS_AT_LEAST, HAS, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
GRANT, REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.EOPNOTSUPP
"""Refused as what is not there: ZeroMQ, by which kernels talk, ends itself at any other error."""

NEXT, SKIP, SKIP_TWO, YES, NO = "next", "skip", "skip two", "yes", "no"


def can_filter() -> bool:
    """Whether this machine can; asked with a filter that is none."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(SET_SECCOMP, WITH_A_FILTER, None, 0, 0)
    return ctypes.get_errno() == errno.EFAULT


def allow_tcp_and_local_sockets_alone() -> None:
    """From here on, for this thread and all that it starts; it must be past gaining privileges."""
    program = _program(*MACHINES[platform.machine()])
    steps = ctypes.create_string_buffer(program, len(program))
    told = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_SECCOMP, WITH_A_FILTER, told, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel refuses the filter of sockets")


def _program(machine: int, makes_a_socket: int, to: int, message: int, messages: int) -> bytes:
    """Step by step; after a question, where to go on if it is so and if it is not."""
    steps = (
        (LOAD, NAMED), (IS, machine, NEXT, NO),
        (LOAD, CALL), (IS_AT_LEAST, OTHER_CALLS, NO, NEXT), (IS, SETS_UP_A_RING, NO, NEXT),
        (IS, message, NEXT, SKIP_TWO), (LOAD, FLAGS_OF_SENDMSG), (HAS, FAST_OPEN, NO, YES),
        (IS, to, SKIP, NEXT), (IS, messages, NEXT, SKIP_TWO),
        (LOAD, FLAGS), (HAS, FAST_OPEN, NO, YES),
        (IS, makes_a_socket, NEXT, YES),
        (LOAD, FAMILY), (IS, socket.AF_UNIX, YES, NEXT), (IS, socket.AF_INET, SKIP, NEXT),
        (IS, socket.AF_INET6, NEXT, NO),
        (LOAD, KIND), (AND, KINDS), (IS, socket.SOCK_STREAM, NEXT, NO),
        (LOAD, PROTOCOL), (IS, 0, YES, NEXT), (IS, socket.IPPROTO_TCP, YES, NO),
        (RETURN, GRANT), (RETURN, REFUSE),
    )  # fmt: skip
    last = len(steps) - 1
    packed = b""
    for at, (does, value, *ways) in enumerate(steps):
        far = {NEXT: 0, SKIP: 1, SKIP_TWO: 2, YES: last - at - 2, NO: last - at - 1}
        is_so, is_not = (far[str(way)] for way in ways or (NEXT, NEXT))
        packed += struct.pack("HBBI", does, is_so, is_not, value)
    return packed
