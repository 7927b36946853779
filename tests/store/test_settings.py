"""Settings that cannot be used: a sentence with the setting and its value, never its password."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.moulds import closing
from valor_core.settings import ROOT, BadSetting, setting
from valor_core.store import engines
from valor_core.store.engines import StoreDamaged, store_from, without_password
from valor_core.store.migrate import DatabaseUnreachable, check_revision, migrate

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("foo", "'foo'"),
        (f"postgres://valor:{PASSWORD}@db:abc/valor", "'postgres://…@db:abc/valor'"),
        (f"postgres://valor:{PASSWORD}", "'postgres://…'"),
        (f"postgres://valor:{PASSWORD}@x@db:abc/valor", "'postgres://…'"),
        (f"valor:{PASSWORD}@db/valor", "'…@db/valor'"),
        (f"mysql://valor:{PASSWORD}@db/valor", "'mysql://valor:***@db/valor'"),
        (f"mysql://db/valor?password={PASSWORD}", "'mysql://db/valor'"),
        ("sqlite:///valor.sqlite", "'sqlite:///valor.sqlite'"),
    ],
)
@pytest.mark.parametrize("name", ["DB_URL", "DB_MIGRATE_URL"])
def test_an_address_that_is_none_of_postgres_is_named_without_its_password(
    tmp_path, name, url, shown
):
    environment = {"VALOR_HOME": str(tmp_path), "DB_URL": "postgres://db/valor", name: url}

    with pytest.raises(BadSetting) as refused:
        store_from(environment)

    assert str(refused.value).startswith(f"{name} is {shown}, which is no address")
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("act", [check_revision, migrate])
def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path, act):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"postgres://valor:{PASSWORD}@127.0.0.1:{port}/valor"

    with (
        closing(store_from({"VALOR_HOME": str(tmp_path), "DB_URL": url})) as store,
        pytest.raises(DatabaseUnreachable, match=f"valor:\\*\\*\\*@127.0.0.1:{port}/valor") as gone,
    ):
        act(store)

    assert "DB_URL" in gone.value.hint
    assert PASSWORD not in str(gone.value)


@pytest.mark.parametrize("act", [check_revision, migrate])
def test_a_server_that_takes_the_call_and_says_nothing_is_given_up(tmp_path, monkeypatch, act):
    monkeypatch.setattr(engines, "CONNECT_S", 2)  # the least that libpq knows
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://valor@127.0.0.1:{silent.getsockname()[1]}/valor"
        with (
            closing(store_from({"VALOR_HOME": str(tmp_path), "DB_URL": url})) as store,
            pytest.raises(DatabaseUnreachable, match="timeout"),
        ):
            act(store)


def test_an_address_shown_to_people_keeps_no_password_in_its_options():
    shown = without_password(f"postgres://db/valor?password={PASSWORD}&sslmode=require")

    assert shown == "postgresql+psycopg://db/valor?sslmode=require"


@pytest.mark.parametrize("place", ["file", "file/below", "n" * 300])
@pytest.mark.parametrize("name", ["VALOR_HOME", "VALOR_DB_PATH"])
def test_a_place_where_nothing_can_be_made_is_named_with_its_setting(tmp_path, name, place):
    (tmp_path / "file").touch()
    named = str(tmp_path / place / "valor.sqlite" if name == "VALOR_DB_PATH" else tmp_path / place)

    with pytest.raises(BadSetting, match=name) as refused:
        store_from({"VALOR_HOME": str(tmp_path / "home"), name: named})

    assert named in str(refused.value)


def test_a_folder_is_no_database_file(tmp_path):
    with pytest.raises(BadSetting, match=r"VALOR_DB_PATH.*Is a directory"):
        store_from({"VALOR_HOME": str(tmp_path / "home"), "VALOR_DB_PATH": str(tmp_path)})


@pytest.mark.parametrize("act", [check_revision, migrate])
def test_a_file_that_is_no_database_is_named(tmp_path, act):
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader, " * 1000)

    with (
        closing(store_from({"VALOR_HOME": str(tmp_path), "VALOR_DB_PATH": str(file)})) as store,
        pytest.raises(StoreDamaged, match=str(file)),
    ):
        act(store)


def test_a_level_of_the_log_that_there_is_not_is_told_with_those_that_there_are():
    with pytest.raises(BadSetting, match="VALOR_LOG is 'handlers'") as refused:
        setting("VALOR_LOG", {"VALOR_LOG": "handlers"})

    assert refused.value.hint == "Choose one of debug, info, warning, error."
    assert setting("VALOR_LOG", {"VALOR_LOG": "WARNING"}) == "WARNING"


def valor(home: Path, *words: str | bytes, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        env={**os.environ, "VALOR_HOME": str(home), **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_tells_a_bad_setting_in_two_lines(tmp_path):
    told = valor(tmp_path, "migrate", DB_URL=f"postgres://valor:{PASSWORD}@db:abc/valor")

    assert told.returncode == 1
    sentence, hint = told.stderr.splitlines()
    assert sentence.startswith("valor: DB_URL is 'postgres://…@db:abc/valor'")
    assert hint.startswith("  → ")


def test_the_command_line_refuses_bytes_that_are_no_text(tmp_path):
    valor(tmp_path, "migrate")
    told = valor(tmp_path, "tenants", "add", "acme", "--label", b"\xff")

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(r"valor: The text '\udcff' holds a character")
