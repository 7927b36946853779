"""A process that carries out one SQL statement over tables handed to it, and ends with it.

It is given nothing of the installation's environment and cannot write a byte. What the engine's own
limits do not contain (scalar functions, lists) the limits of the process do. The datasets are read
into memory before the SQL is looked at: from then on the engine reaches no file at all, and none of
its settings tells where one lies, and the system walls the process off as well. Run by
`snapshots.sql`; it imports nothing of Valor but those walls, so that it starts fast.
"""

import json
import math
import resource
import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

sys.path.append(str(Path(__file__).resolve().parents[2]))
from valor_core.walls import wall_in

ROWS_MAX, BYTES_MAX = 10_000, 8_000_000
ADDRESS_BYTES, ENGINE_MEMORY = 2 << 30, "512MB"  # of addresses, which are reserved far beyond use
KEPT = (bool, int, float, str, type(None))


def main() -> None:
    """Read the order, answer it, end."""
    order = json.load(sys.stdin)
    signal.alarm(int(order["seconds"]) + 2)  # should the other side be gone
    _limit(order["seconds"])
    try:
        engine = _locked(order["tables"])
        wall_in(reads=(sys.prefix, sys.base_prefix), writes=(), port=None)
        told = _answer(engine, order["sql"])
    except (duckdb.OutOfMemoryException, MemoryError):
        told = {"stopped": "needs more memory than a query may have"}
    except duckdb.Error as error:
        told = {"refused": str(error)}
    text = json.dumps(told, allow_nan=False)
    if len(text) > BYTES_MAX:
        text = json.dumps({"stopped": "gives more text than an answer may have"})
    sys.stdout.write(text)


def _limit(seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))


def _answer(engine: "duckdb.DuckDBPyConnection", sql: str) -> dict[str, Any]:
    statements = engine.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        return {"refused": "Only one SELECT can be asked at a time."}
    engine.execute(statements[0])
    columns = [column[0] for column in engine.description or ()]
    _in_utc(engine, statements[0].query)
    rows = engine.fetchmany(ROWS_MAX + 1)
    return {
        "columns": columns,
        "rows": [[_plain(cell) for cell in row] for row in rows[:ROWS_MAX]],
        "more": len(rows) > ROWS_MAX,
    }


def _in_utc(engine: "duckdb.DuckDBPyConnection", sql: str) -> None:
    """Asks once more with moments of a time zone as texts, for which the engine lacks a package."""
    zoned = ["TIME ZONE" in str(column[1]) for column in engine.description or ()]
    if any(zoned):
        shown = [f"#{at}::VARCHAR" if is_ else f"#{at}" for at, is_ in enumerate(zoned, start=1)]
        engine.execute(f"SELECT {', '.join(shown)} FROM ({_without_its_end(sql)}\n)")  # noqa: S608


def _without_its_end(sql: str) -> str:
    """The statement without its semicolon and what follows it, which is a comment."""
    raw = sql.encode()
    ends = [at for at, _ in duckdb.tokenize(sql) if raw[at : at + 1] == b";"]
    return raw[: ends[0]].decode() if ends else sql


def _locked(tables: list[list[str]]) -> "duckdb.DuckDBPyConnection":
    """An engine that holds these tables and reaches nothing else."""
    engine = duckdb.connect(
        config={
            "temp_directory": "",
            "python_enable_replacements": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "memory_limit": ENGINE_MEMORY,
            "threads": 1,
        }
    )
    for name, sql in tables:
        engine.execute(f"CREATE TABLE {name} AS {sql}")
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")
    return engine


def _plain(cell: Any) -> Any:
    """As JSON has it; what it cannot say, in words."""
    cell = float(cell) if isinstance(cell, Decimal) else cell
    said = isinstance(cell, KEPT) and not (isinstance(cell, float) and not math.isfinite(cell))
    return cell if said else str(cell)


if __name__ == "__main__":
    main()
