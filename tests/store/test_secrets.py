"""Secrets have no default: given, or drawn once and kept for the owner's eyes only."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from valor_core.store.secrets import WeakSecret, add_line, secret

NAME = "AUDIT_HMAC_SECRET"


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    return {"VALOR_HOME": str(tmp_path / "home")}


def test_a_secret_that_is_given_is_used_and_not_written(environment, tmp_path):
    assert secret(NAME, environment | {NAME: "s" * 32}) == b"s" * 32
    assert not (tmp_path / "home").exists()


def test_a_secret_that_is_not_given_is_drawn_once(environment, tmp_path):
    drawn = secret(NAME, environment)
    file = tmp_path / "home" / "secrets" / "audit_hmac_secret"

    assert re.fullmatch(rb"[0-9a-f]{64}", drawn)
    assert secret(NAME, environment) == drawn == file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_two_homes_do_not_share_a_secret(environment, tmp_path):
    assert secret(NAME, environment) != secret(NAME, {"VALOR_HOME": str(tmp_path / "other")})
    assert secret(NAME, environment) != secret("VALOR_KEY_PEPPER", environment)


def test_a_secret_that_can_be_guessed_is_refused(environment):
    with pytest.raises(WeakSecret, match="7 characters, 32 are the least") as refused:
        secret(NAME, environment | {NAME: "hunter2"})

    assert "token_hex" in refused.value.hint
    assert "hunter2" not in str(refused.value)


def test_a_secret_that_others_can_read_is_refused(environment, tmp_path):
    secret(NAME, environment)
    file = tmp_path / "home" / "secrets" / "audit_hmac_secret"
    file.chmod(0o644)

    with pytest.raises(WeakSecret) as refused:
        secret(NAME, environment)
    assert refused.value.hint == f"chmod 600 {file}"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_one_more_line_stands_on_its_own_whether_or_not_an_editor_has_ended_the_last(
    environment, tmp_path, end
):
    first = secret(NAME, environment)
    file = tmp_path / "home" / "secrets" / "audit_hmac_secret"
    file.write_bytes(first + end)

    add_line(NAME, environment)

    kept, drawn = secret(NAME, environment).split(b"\n")
    assert (kept, len(drawn)) == (first, 64)


def test_threads_that_start_together_agree_on_one_secret(environment):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: secret(NAME, environment), range(8)))) == 1


@pytest.mark.parametrize("kept", [b"", b"\n", b"hunter2", b" " * 64])
def test_a_file_that_holds_no_whole_secret_is_refused(environment, tmp_path, kept):
    secret(NAME, environment)
    file = tmp_path / "home" / "secrets" / "audit_hmac_secret"
    file.write_bytes(kept)

    with pytest.raises(WeakSecret, match="32 are the least") as refused:
        secret(NAME, environment)
    assert str(file) in str(refused.value)
    assert "hunter2" not in str(refused.value)
