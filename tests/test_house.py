"""The house rules that no single file can hold: who may know whom, and what must be said once."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from valor_core.settings import ROOT, SETTINGS

STORE = ROOT / "valor_core" / "store"
WAYS_PAST_THE_FILTER = {
    "text", "insert", "Table", "table", "literal_column", "TextClause",
    "exec_driver_sql", "driver_connection", "raw_connection",
    "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings", "__table__",
}  # fmt: skip
# Who goes past the session's tenant filter outside the store, and why that is safe.
ALLOWED: set[tuple[str, str]] = set()


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if STORE not in file.parents:
                yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [file for name in listed.stdout.split("\0") if (file := ROOT / name).is_file()]


def test_the_floors_hold(capsys):
    assert lint_imports(no_logo=True, no_cache=True) == 0, capsys.readouterr().out


def test_only_the_store_can_go_past_the_tenant_filter():
    found = set()
    for name, tree in sources("valor_core", "app", "pages", "jobs"):
        for node in ast.walk(tree):
            used: set[str] = set()
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                used = {alias.name for alias in node.names}
            elif isinstance(node, ast.Attribute):
                used = {node.attr} - {"text", "insert", "table", "Table"}
            found |= {(name, way) for way in used & WAYS_PAST_THE_FILTER}

    assert found == ALLOWED


def test_no_statement_gives_rows_to_another_tenant():
    """`update(…).values(tenant_id=…)` passes the session's filter; only Postgres refuses it."""
    found = [
        name
        for name, tree in sources("valor_core", "app", "pages", "jobs")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "values"
        and any(keyword.arg == "tenant_id" for keyword in node.keywords)
    ]

    assert found == []


KEPT_AT_MEDIA = {
    "download_button", "image", "logo", "audio", "video", "pdf", "pyplot", "graphviz_chart",
    "add_audio", "camera_input", "audio_input",
}  # fmt: skip


def test_no_page_hands_out_a_file_by_a_door_that_asks_nobody_who_he_is():
    """S7: Streamlit keeps what these show or offer at /media, for whoever has its address."""
    found = [
        (name, node.attr)
        for name, tree in sources("app", "pages")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr in KEPT_AT_MEDIA
    ]

    assert found == []


def test_what_pages_remember_is_remembered_by_tenant():
    """S21: by a key whose first part is the tenant, or the same for all: nothing is asked of it."""
    firsts = {}
    for name, tree in sources("app", "pages"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and remembers(node):
                arguments = [each.arg for each in node.args.args]
                firsts[f"{name}:{node.name}"] = arguments[0] if arguments else "nothing"

    assert firsts, "else this test looks in the wrong place"
    assert set(firsts.values()) <= {"tenant_id", "key", "nothing"}, firsts


def test_what_a_process_remembers_is_of_no_caller():
    """S21: what is remembered by arguments has no caller and no work of one among them."""
    found = [
        (name, node.name)
        for name, tree in sources("valor_core", "app", "pages", "jobs")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any("cache" in ast.unparse(each) for each in node.decorator_list)
        and not remembers(node)
        and any(
            each.annotation and re.search(r"\b(Work|Caller)\b", ast.unparse(each.annotation))
            for each in node.args.args
        )
    ]

    assert found == []


def remembers(function: ast.FunctionDef) -> bool:
    """Whether Streamlit remembers what it returns, for all who look at pages."""
    return any(ast.unparse(each).startswith("st.cache_") for each in function.decorator_list)


def test_every_day_is_asked_for_as_days_are_written_everywhere():
    """Streamlit would ask for 2026/11/26 where the page beside it says 2026-11-26."""
    asked = [
        (name, {keyword.arg: keyword.value for keyword in node.keywords}.get("format"))
        for name, tree in sources("app", "pages")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "date_input"
    ]

    assert asked
    assert {name for name, way in asked if getattr(way, "value", "") != "YYYY-MM-DD"} == set()


def test_what_browsers_and_clients_meet_asks_no_database():
    """Pages, routes and jobs may name a row that a verb gave them; they ask and make none."""
    found = set()
    for name, tree in sources("app", "pages", "jobs"):
        rows: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                if (node.module or "").startswith("sqlalchemy"):
                    found.add((name, node.module))
                if node.module == "valor_core.store.tables":
                    rows |= {alias.asname or alias.name for alias in node.names}
        found |= {
            (name, node.func.id)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in rows
        }

    assert found == set()


def test_importing_valor_loads_nothing_heavy_and_reading_a_snapshot_nothing_but_its_engine():
    heavy = (
        "pandas scipy sqlalchemy duckdb plotly streamlit numpy pyarrow prometheus_client llvmlite"
    )
    told = f"print(*[m for m in '{heavy}'.split() if m in sys.modules])"
    reads = "from valor_core.snapshots import named, reader, sql"
    program = f"import sys, valor_core; {told}; {reads}; {told}"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == []


def settings_table() -> str:
    rows = [
        f"| `{s.name}` | {f'`{s.default}`' if s.default else ''} | {'yes' if s.secret else ''} "
        f"| {s.help} |"
        for s in SETTINGS
    ]
    return "\n".join(["| name | default | secret | meaning |", "|---|---|---|---|", *rows])


def test_every_setting_is_documented_as_it_is():
    documented = (ROOT / "docs" / "settings.md").read_text()

    assert settings_table() in documented


def test_settings_are_read_in_one_way_only():
    """`os.environ["DB_URL"]` somewhere would be a setting that no list knows."""
    names = {s.name for s in SETTINGS}
    found = set()
    for name, tree in sources("valor_core", "app", "pages", "jobs"):
        for node in ast.walk(tree):
            match node:
                case ast.Subscript(
                    value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(key)),
                    ctx=ast.Load(),
                ) if key in names:  # fmt: skip
                    found.add((name, key))
                case ast.Call(
                    func=ast.Attribute(attr="get", value=ast.Attribute(attr="environ")),
                    args=[ast.Constant(value=str(key)), *_],
                ) if key in names:
                    found.add((name, key))
                case ast.Call(
                    func=ast.Attribute(attr="getenv"), args=[ast.Constant(value=str(key)), *_]
                ):
                    found.add((name, key))

    assert found == set()


def test_notebooks_are_kept_without_outputs():
    untidy = []
    for file in tracked("*.ipynb"):
        for n, cell in enumerate(json.loads(file.read_text())["cells"]):
            if cell.get("outputs") or cell.get("execution_count"):
                untidy.append((file.name, n))

    assert untidy == []


# Spelt in pieces, so that this file does not find itself.
OF_SOMEBODYS_MACHINE = re.compile(
    "|".join(
        [
            "/(?:ro" + r"ot|wo" + r"rk|ho" + r"me/\w+|Us" + r"ers/\w+)/",
            "pypi" + r"\.org",
            "python" + "hosted",
            "index" + "-url",
            "registry" + r"\.npmjs",
        ]
    )
)
VENDORED = ("tests/browser/vendor/", "app/assets/vendor/")


def test_no_file_tells_whose_machine_it_was_written_on():
    found = []
    for file in tracked():
        name = str(file.relative_to(ROOT))
        content = file.read_bytes()
        if name.startswith(VENDORED) or b"\0" in content[:8000]:
            continue
        for n, line in enumerate(content.decode().splitlines(), start=1):
            if told := OF_SOMEBODYS_MACHINE.search(line):
                found.append((name, n, told[0]))

    assert found == []


def test_every_file_of_tests_stands_beside_what_it_tests():
    """A folder of tests/ is a folder of the house, or one of those that span it."""
    spanning = {"browser", "errors", "faults", "truth", "app", "pages", "jobs", "notebooks"}
    rooms = {p.name for p in (ROOT / "valor_core").iterdir() if p.is_dir()}
    folders = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir() and p.name[0] != "_"}

    assert folders - spanning - rooms == set()


@pytest.mark.parametrize("name", ["valor", ".ci/run"])
def test_the_two_commands_can_be_run(name):
    assert (ROOT / name).stat().st_mode & 0o111
