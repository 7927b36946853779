"""How many small faults in audit, billing and tenancy their own tests find; survivors are named.

    nice -n 19 .venv/bin/python -m benchmarks.mutants --minutes 60

A fault is one comparison, number, condition or sum made another one. All are tried on what is
committed, on SQLite, by the tests that run its line (which these are is learnt once), those first
whose tests are quick, in random order among equals. What was tried is appended to a record, and a
second start goes on from there. How a record may be written to (`frozen`, `slots`, `kw_only` of a
dataclass) is held by the type checker and not tried.

A fault within a function is put into a fork of a process that has collected the tests already: the
function is given other code. Survivors of that, and faults in what runs at import, are tried by a
fresh collection. Tests that compute without end have found a fault.
"""

import argparse
import ast
import gc
import inspect
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any

import coverage
import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]  # nothing of the product is loaded before the fault
LOADED_ONCE = (
    "alembic.command", "cryptography.hazmat.primitives.asymmetric.ed25519", "httpcore2",
    "hypothesis.strategies", "numpy", "prometheus_client", "psycopg", "rich.console",
    "schemathesis", "scipy.stats", "sqlalchemy.orm", "structlog",
)  # fmt: skip
OF_A_RECORD = ("frozen", "slots", "kw_only")
ROOMS = ("audit", "billing", "tenancy")
TESTS = [
    *(f"{top}/{room}" for top in ("valor_core", "tests") for room in ROOMS),
    *(
        f"tests/workbench/test_{about}.py"
        for about in (
            "billing", "grants", "members", "people", "preferences", "provider_sign_in",
            "retention", "sessions", "webhooks",
        )
    ),
    "tests/app/api/test_audit.py",
    "tests/app/web/test_limits.py",
    "tests/errors",
    (
        "tests/app/test_permissions.py::test_each_scope_names_acts_that_there_are_and_what_persons_"
        "decide_takes_a_key_of_their_own"
    ),
]  # fmt: skip
HOW = (
    "-q", "-x", "-s", "--assert=plain", "-p", "no:randomly", "-p", "no:cacheprovider",
    "-p", "no:rerunfailures", "-k", "not postgres",
)  # fmt: skip
MOST_CPU_S, MOST_S, MOST_TESTS = 90, 600, 150
FOUND, SURVIVED, UNDECIDED = "found", "SURVIVED", "UNDECIDED"
OTHER: dict[type, Any] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One place of a module that is made another."""

    path: str  # from the root
    place: int  # in a walk of its tree
    line: int
    what: str

    @property
    def name(self) -> str:
        """Which one it is, for a reader and for the record."""
        return f"{self.path} #{self.place} line {self.line}: {self.what}"

    @property
    def file(self) -> str:
        """Its module, as code names its file."""
        return str(Path(self.path).resolve())


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """Which tests run a line, and how long each takes."""

    lines: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]

    def tests_of(self, fault: Fault) -> list[str]:
        """The tests that run the fault's line: those of its room first, and of them the shortest.

        No test runs what is run at import: then those that run most of its module.
        """
        lines = self.lines[fault.path]
        before = [line for line in map(int, lines) if line <= fault.line]
        tests = lines[str(max(before))] if before else []
        if not tests:
            of_all = Counter(test for run in lines.values() for test in run)
            tests = [test for test, _ in of_all.most_common(MOST_TESTS)]
        room = fault.path.split("/")[1]
        own = f"tests/{room}/", f"valor_core/{room}/"
        by_worth = sorted(tests, key=lambda test: (not test.startswith(own), self.seconds[test]))
        return by_worth[:MOST_TESTS]

    def patience(self, tests: Iterable[str]) -> int:
        """So many seconds of processor they may take before they count as endless."""
        return min(MOST_CPU_S, 5 + round(3 * sum(self.seconds[test] for test in tests)))


def faults_of(path: str) -> Iterator[Fault]:
    """Every fault that is tried in a module."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    of_records = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in OF_A_RECORD
    }
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in of_records:
            continue
        operators = [*getattr(node, "ops", []), getattr(node, "op", None)]
        number = isinstance(node, ast.Constant) and isinstance(node.value, int)
        if number or any(type(each) in OTHER for each in operators):
            what = ast.unparse(node)[:70]
            made_another(node)
            what += f"  ->  {ast.unparse(node)[:70]}"
            yield Fault(path=path, place=place, line=getattr(node, "lineno", 0), what=what)


def made_another(node: ast.AST) -> None:
    """Make the number, comparison or sum another one."""
    match node:
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int()):
            node.value += 1
        case ast.Compare():
            node.ops[0] = OTHER[type(node.ops[0])]()
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign():
            node.op = OTHER[type(node.op)]()


def faulty(fault: Fault) -> ast.Module:
    """The module with that one fault."""
    tree = ast.parse(Path(fault.path).read_text(encoding="utf-8"))
    made_another(list(ast.walk(tree))[fault.place])
    return tree


def codes(code: CodeType, *, in_function: bool = False) -> Iterator[tuple[CodeType, bool]]:
    """The code and all within it, and whether it runs only when a function is called."""
    yield code, in_function
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            called = inner.co_flags & inspect.CO_NEWLOCALS and not inner.co_name.endswith(
                ("comp>", "expr>")
            )
            yield from codes(inner, in_function=in_function or bool(called))


def functions_with(fault: Fault, tree: ast.Module) -> dict[tuple[str, int], CodeType] | None:
    """The other code of the module's functions; None where the fault is run at import."""
    sound = compile(Path(fault.path).read_text(encoding="utf-8"), fault.file, "exec")
    other = {}
    both = zip(codes(sound), codes(compile(tree, fault.file, "exec")), strict=True)
    for (before, called), (after, _) in both:
        if not called and _text(before) != _text(after):
            return None
        other[after.co_qualname, after.co_firstlineno] = after
    return other


def _text(code: CodeType) -> str:
    plain = [
        sorted(map(repr, each)) if isinstance(each, frozenset) else each  # which has no order
        for each in code.co_consts
        if not isinstance(each, CodeType)
    ]
    return f"{code.co_code!r} {plain!r}"


def functions_alive() -> dict[str, list[FunctionType]]:
    """Every function of this process, by its file."""
    gc.unfreeze()  # what is frozen is not told of
    alive = defaultdict[str, list[FunctionType]](list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            alive[each.__code__.co_filename].append(each)
    gc.freeze()
    return alive


def give_code(other: dict[tuple[str, int], CodeType], functions: Iterable[FunctionType]) -> None:
    """Each of the functions gets its other code."""
    for each in functions:
        key = each.__code__.co_qualname, each.__code__.co_firstlineno
        each.__code__ = other.get(key, each.__code__)


def outcome(fault: Fault, tests: Callable[[], int], *, most_cpu_s: int) -> str:
    """What a fork of this process makes of the tests with the fault on disk, silent and bounded."""
    file = Path(fault.path)
    sound = file.read_text(encoding="utf-8")
    file.write_text(ast.unparse(faulty(fault)), encoding="utf-8")
    try:
        return _outcome(tests, most_cpu_s)
    finally:
        file.write_text(sound, encoding="utf-8")


def _outcome(tests: Callable[[], int], most_cpu_s: int) -> str:
    child = os.fork()
    if not child:
        try:
            sys.dont_write_bytecode = True  # it would outlive the fault
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            signal.alarm(MOST_S)
            resource.setrlimit(resource.RLIMIT_CPU, (most_cpu_s, most_cpu_s))
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            os._exit(tests())
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return UNDECIDED
    return FOUND if status else SURVIVED


class Quick:
    """Laws stop at their first example against; which, nobody asks."""

    @pytest.hookimpl
    def pytest_collection(self) -> None:
        """Before any law is read."""
        quick = hypothesis.settings(
            database=None,
            derandomize=True,
            phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        )
        hypothesis.settings.register_profile("quick", quick)
        hypothesis.settings.load_profile("quick")


class Learning:
    """Notes which test runs which line."""

    def __init__(self, lines: coverage.Coverage) -> None:
        self.lines = lines
        self.seconds = dict[str, float]()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Lines are run by this test from here on."""
        self.lines.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.lines.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up and tear-down count."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


class Trying:
    """Instead of running what was collected, runs for each fault the tests of its line."""

    def __init__(self, faults: Iterable[Fault], learnt: Learnt, told: Callable[..., None]) -> None:
        self.faults, self.learnt, self.told = faults, learnt, told

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Each fault in a fork."""
        items = {item.nodeid: item for item in session.items}
        between = SimpleNamespace(listchain=lambda: [session])  # what is made once a run stays
        by_time = sorted(items, key=lambda test: self.learnt.seconds.get(test, 99.0))
        for test in [test for test in by_time if "[sqlite]" in test][:3]:
            _run(items[test], between)
        assert not session.testsfailed, "The tests fail without a fault."
        alive = functions_alive()
        for fault in self.faults:
            other = functions_with(fault, faulty(fault))
            names = [test for test in self.learnt.tests_of(fault) if test in items]
            if other is not None:
                tests = [items[test] for test in names]
                first = partial(_first_failure, other, alive[fault.file], tests, between)
                self.told(fault, outcome(fault, first, most_cpu_s=self.learnt.patience(names)))
        return True


def _first_failure(
    other: dict[tuple[str, int], CodeType],
    functions: Sequence[FunctionType],
    tests: Sequence[pytest.Item],
    between: SimpleNamespace,
) -> int:
    give_code(other, functions)
    for test, following in zip(tests, [*tests[1:], between], strict=True):
        _run(test, following)
        if test.session.testsfailed:
            return 1
    return 0


def _run(test: pytest.Item, following: pytest.Item | SimpleNamespace) -> None:
    test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)


def learn(into: Path) -> None:
    """Run all tests once and write down which runs what."""
    lines = coverage.Coverage(
        data_file=None, config_file=False, source=[f"valor_core/{room}" for room in ROOMS]
    )
    learning = Learning(lines)
    with lines.collect():
        assert pytest.main([*HOW, *TESTS], plugins=[Quick(), learning]) == 0
    data = lines.get_data()
    runs = {
        os.path.relpath(file): {
            str(line): sorted(filter(None, tests))
            for line, tests in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    into.write_text(json.dumps({"lines": runs, "seconds": learning.seconds}), encoding="utf-8")


def try_all(faults: Sequence[Fault], learnt: Learnt, record: Path, ends: float) -> None:
    """Try what the record does not tell of, first in a warm process, then what is left afresh."""

    def told(fault: Fault, seen: str, how: str) -> None:
        with record.open("a", encoding="utf-8") as file:
            file.write(f"{seen:<9} {how:<5} {fault.name}\n")

    def due(seen: str) -> Iterator[Fault]:
        for fault in faults:
            if time.monotonic() > ends:
                return
            if fault.name not in seen:
                yield fault

    def warm() -> int:
        trying = Trying(due(_told(record)), learnt, lambda fault, seen: told(fault, seen, "warm"))
        return int(pytest.main([*HOW, *TESTS], plugins=[Quick(), trying]))

    child = os.fork()
    if not child:
        os._exit(warm())
    os.waitpid(child, 0)
    seen = _told(record)
    faults = sorted(faults, key=lambda fault: fault.name in seen)  # first what is run at import
    lasting = "\n".join(
        line for line in seen.splitlines() if line.startswith(FOUND) or " fresh " in line
    )
    for fault in due(lasting):
        tests = learnt.tests_of(fault)
        run = partial(pytest.main, [*HOW, *tests], plugins=[Quick()])
        told(fault, outcome(fault, run, most_cpu_s=20 + learnt.patience(tests)), "fresh")


def _told(record: Path) -> str:
    return record.read_text(encoding="utf-8") if record.exists() else ""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--only", default="", help="modules whose path has this in it")
    options.add_argument("--record", type=Path, default=Path(tempfile.gettempdir()))
    told = options.parse_args()
    ends = time.monotonic() + 60 * told.minutes
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    record, learnt = (
        told.record.resolve() / f"mutants-{commit}.{kind}" for kind in ("txt", "json")
    )
    for name in LOADED_ONCE:
        import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        os.chdir(folder)
        sys.path[0] = folder
        modules = [
            str(path)
            for room in ROOMS
            for path in sorted(Path("valor_core", room).glob("[a-z]*.py"))
            if told.only in str(path)
        ]
        faults = [fault for path in modules for fault in faults_of(path)]
        random.Random(told.seed).shuffle(faults)
        if not learnt.exists():
            child = os.fork()
            if not child:
                try:
                    learn(learnt)
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
        known = Learnt(**json.loads(learnt.read_text(encoding="utf-8")))
        faults.sort(key=lambda fault: known.patience(known.tests_of(fault)))
        try_all(faults, known, record, ends)
    last = {line[16:]: line.split()[0] for line in _told(record).splitlines()}
    print(Counter(last.values()), "of", len(faults), "in", record)


if __name__ == "__main__":
    main()
