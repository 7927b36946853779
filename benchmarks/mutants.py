"""How many small faults in audit, billing and tenancy their own tests find; survivors are named.

    .venv/bin/python -m benchmarks.mutants --seed 1 --most 36

A fault is one comparison, number, condition or sum made another one, drawn by the seed from all
that there are. Each is tried in a copy of what is committed, on SQLite. Tests that compute without
end have found it.
"""

import argparse
import ast
import copy
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]  # nothing of the product is loaded before the fault
LOADED_ONCE = (
    "alembic.command", "cryptography.hazmat.primitives.asymmetric.ed25519", "httpcore2",
    "hypothesis.strategies", "numpy", "prometheus_client", "psycopg", "rich.console",
    "schemathesis", "scipy.stats", "sqlalchemy.orm", "structlog",
)  # fmt: skip
HOW = (
    "-q",
    "-x",
    "--assert=plain",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-k",
    "not postgres",
)
MOST_CPU_S, MOST_S = 120, 600
OUTCOMES = {True: "found", False: "SURVIVED", None: "UNDECIDED"}

ROOMS = ("audit", "billing", "tenancy")
OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
}  # fmt: skip
OWN = {
    "entries": "audit/test_entries audit/test_walk audit/test_log",
    "merkle": "audit/test_merkle audit/test_bundle", "notes": "audit/test_notes",
    "offline": "audit/test_bundle audit/test_merkle",
    "bundle": "audit/test_bundle app/api/test_audit",
    "verify": "audit/test_walk audit/test_verify audit/test_checkpoints workbench/test_retention",
    "log": "audit/test_log audit/test_checkpoints",
    "purges": "audit/test_walk workbench/test_retention", "retention": "workbench/test_retention",
    "checkpoints": "audit/test_checkpoints", "keys": "audit/test_rotation",
    "reconciliation": "billing/test_reconciliation", "signatures": "billing/test_signatures",
    "sandbox": "billing/test_sandbox", "money": "workbench/test_billing",
    "events": "workbench/test_webhooks", "inbox": "workbench/test_webhooks",
    "ledger": "workbench/test_billing workbench/test_webhooks",
    "metering": "workbench/test_billing", "plans": "tenancy/test_plans",
    "reasons": "tenancy/test_plans", "quotas": "tenancy/test_quotas",
    "rate_limits": "tenancy/test_rate_limits tenancy/test_call_limits",
    "call_limits": "tenancy/test_call_limits", "metric_labels": "tenancy/test_call_limits",
    "flags": "tenancy/test_flags", "features": "tenancy/test_flags",
    "api_keys": "tenancy/test_api_keys", "access": "tenancy/test_api_keys tenancy/test_sign_in",
    "sign_in": "tenancy/test_sign_in workbench/test_sessions workbench/test_grants "
    "workbench/test_provider_sign_in",
    "members": "workbench/test_members", "grants": "workbench/test_grants",
    "tenants": "workbench/test_people tenancy/test_operators workbench/test_provider_sign_in",
}  # fmt: skip


def places(tree: ast.Module) -> Iterator[int]:
    """Where in a walk of the tree something can be made another."""
    for place, node in enumerate(ast.walk(tree)):
        operators = [*getattr(node, "ops", []), getattr(node, "op", None)]
        number = isinstance(node, ast.Constant) and isinstance(node.value, int)
        if number or any(type(each) in OTHER for each in operators):
            yield place


def mutated(tree: ast.Module, place: int) -> tuple[str, str]:
    """The module with that one fault, and what it is."""
    tree = copy.deepcopy(tree)
    node = list(ast.walk(tree))[place]
    before = ast.unparse(node)
    if isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif isinstance(node, ast.Compare):
        node.ops[0] = OTHER[type(node.ops[0])]()
    else:
        node.op = OTHER[type(node.op)]()
    line = getattr(node, "lineno", 0)
    return ast.unparse(tree), f"line {line}: {before[:70]}  ->  {ast.unparse(node)[:70]}"


def found(folder: Path, module: Path) -> bool | None:
    """Whether the module's own tests fail, its examples among them; None where they wait too long.

    They run in a fork, so that numpy, SQLAlchemy and the like are loaded once for all faults.
    """
    child = os.fork()
    if not child:
        try:
            os._exit(_tested(folder, module))
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM else status != 0


def _tested(folder: Path, module: Path) -> int:
    """What pytest says of the module, in this process and in silence."""
    signal.alarm(MOST_S)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.chdir(folder)
    sys.path[0] = str(folder)
    tests = [f"tests/{name}.py" for name in OWN[module.stem].split()]
    return pytest.main([*HOW, str(module), *tests])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--most", type=int, default=36)
    options.add_argument("--minutes", type=float, default=60)
    told = options.parse_args()
    modules = [
        path for room in ROOMS for path in sorted((ROOT / "valor_core" / room).glob("[a-z]*.py"))
    ]
    trees = {
        path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in modules
    }
    all_places = [(path, place) for path, tree in trees.items() for place in places(tree)]
    drawn = random.Random(told.seed).sample(all_places, min(told.most, len(all_places)))
    for name in LOADED_ONCE:
        import_module(name)
    ends, seen, trusted = time.monotonic() + 60 * told.minutes, Counter[str](), set[Path]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x", "-C", name], input=archive.stdout, check=True)
        for path, place in drawn:
            if time.monotonic() > ends:
                break
            if path not in trusted:
                assert found(folder, path) is False, f"The tests of {path} fail without a fault."
                trusted.add(path)
            sound = (folder / path).read_text(encoding="utf-8")
            source, what = mutated(trees[path], place)
            (folder / path).write_text(source, encoding="utf-8")
            outcome = OUTCOMES[found(folder, path)]
            (folder / path).write_text(sound, encoding="utf-8")
            seen[outcome] += 1
            print(f"{outcome:<9}", path, what, flush=True)
    told_of = ", ".join(f"{count} {outcome}" for outcome, count in seen.items())
    print(f"{told_of}; drawn by seed {told.seed} from {len(all_places)}")


if __name__ == "__main__":
    main()
