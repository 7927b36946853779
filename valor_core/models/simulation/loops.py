"""Operations of a model as machine code: one loop over the scenarios does them all.

Numpy carries out an operation for a block of scenarios before the next, so every number on the way
goes to memory and back. The loop takes a few scenarios at a time through the whole list, and what
it makes on the way stays in registers.
"""

import ctypes
import mmap
import os
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np

from valor_core.models.simulation.stepwise import Numbers, Step
from valor_core.models.simulation.tracing import Varying
from valor_core.models.simulation.writing import Writing

LOOPS_KEPT = 32
"""How many loops keep their machine code, the latest: that of a DCF is a megabyte."""


class Loop:
    """Some operations as machine code, from the columns that they read to those that are kept."""

    def __init__(self, steps: Sequence[Step], kept: Sequence[Varying]) -> None:
        writing = Writing(steps, kept)
        self.kept, self._columns = kept, [*writing.read, *kept]
        self._constants = np.array([float.fromhex(each) for each in writing.constants])
        self.code = machine_code(writing.text())

    def run(self, columns: Numbers) -> None:
        """Fill the kept columns from those read, all contiguous; at least LANES scenarios."""
        used = [columns[number] for number in self._columns]
        places = np.array([_address(column) for column in used], dtype=np.uintp)
        self.code.call(_address(places), _address(self._constants), len(used[0]))


def _address(column: np.ndarray) -> int:
    return column.__array_interface__["data"][0]


class MachineCode:
    """A loop for the processor at hand: compiled when it is first called, kept with this."""

    def __init__(self, text: str) -> None:
        self.seen = 0  # how many scenarios have asked for it
        self._text, self._engine, self._lock = text, None, Lock()

    @property
    def compiled(self) -> bool:
        """Whether it can be called at once."""
        return self._engine is not None

    def call(self, columns: int, constants: int, scenarios: int) -> None:
        """Run it, by the address where its columns' addresses stand and that of its constants."""
        with self._lock:  # one thread compiles, for all
            if self._engine is None:
                self._compile()
        self._function(columns, constants, scenarios)  # other threads run meanwhile

    def _compile(self) -> None:
        from llvmlite import binding

        module = binding.parse_assembly(self._text)
        engine = binding.create_mcjit_compiler(module, _processor())
        engine.finalize_object()
        kinds = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64
        self._function = ctypes.CFUNCTYPE(None, *kinds)(engine.get_function_address("loop"))
        self._engine = engine


machine_code = lru_cache(maxsize=LOOPS_KEPT)(MachineCode)
"""The code of a loop, one for all models of the same structure whatever their constants."""


def _processor() -> Any:
    """The processor at hand as LLVM knows it; each engine owns one, and frees it."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=1
    )


@cache
def can_compile() -> bool:
    """Whether there is a compiler, and this process may run what it makes.

    Not every system has a build of it, and a service may be denied code that it has written itself.
    """
    return find_spec("llvmlite") is not None and (os.name != "posix" or _may_execute())


def _may_execute() -> bool:
    page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    readable = mmap.PROT_READ | mmap.PROT_EXEC
    return ctypes.CDLL(None).mprotect(start, ctypes.c_size_t(mmap.PAGESIZE), readable) == 0
