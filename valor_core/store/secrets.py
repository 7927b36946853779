"""Secrets of the installation: from the environment, else made once into VALOR_HOME, mode 0600."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from valor_core.errors import BadInput, ValorError
from valor_core.settings import home, setting
from valor_core.store.folders import private_folder

LEAST_BYTES = 32


class WeakSecret(ValorError):
    """A secret that can be guessed, or that others may read."""

    code, status = "weak_secret", 500


def check_kept_here(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """BadInput unless the secret stands in a file of VALOR_HOME that this process may write."""
    if setting(name, environment):
        raise BadInput(
            f"{name} comes from the environment, so Valor cannot change it.",
            hint="Add the new secret there as one more line, the newest last, and start again.",
        )
    secret(name, environment)
    file = _file(name, environment)
    if not os.access(file, os.W_OK):
        raise BadInput(
            f"secrets/{file.name} in VALOR_HOME cannot be written by this process.",
            hint="Let the account of the server write it, or add one more line yourself.",
        )


def add_line(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """One more line, drawn, at the end of a secret that is kept in VALOR_HOME."""
    check_kept_here(name, environment)
    file = _file(name, environment)
    apart = "" if file.read_bytes().endswith(b"\n") else "\n"  # editors end a file by one
    with file.open("ab") as stream:
        stream.write(f"{apart}{secrets.token_hex(LEAST_BYTES)}".encode())
        stream.flush()
        os.fsync(stream.fileno())


def _file(name: str, environment: Mapping[str, str]) -> Path:
    return home(environment) / "secrets" / name.lower()


def secret(name: str, environment: Mapping[str, str] = os.environ) -> bytes:
    """The bytes of a declared secret. There is no default: one that is not given is drawn."""
    given = setting(name, environment)
    if given:
        if len(given) < LEAST_BYTES:
            raise WeakSecret(
                f"{name} has {len(given)} characters, {LEAST_BYTES} are the least.",
                hint='Make one: python3 -c "import secrets; print(secrets.token_hex(32))"',
            )
        return given.encode()
    file = _file(name, environment)
    if not file.exists():
        private_folder(file.parent)
        aside = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        handle = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_hex(LEAST_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(aside, file)  # the first process wins; nobody ever reads half a secret
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    if file.stat().st_mode & 0o077:
        raise WeakSecret(f"{file} can be read by others.", hint=f"chmod 600 {file}")
    kept = file.read_bytes().strip()
    if len(kept) < LEAST_BYTES:
        raise WeakSecret(
            f"{file} holds {len(kept)} characters, {LEAST_BYTES} are the least.",
            hint="Restore it from a backup; what was made with the lost one needs that one.",
        )
    return kept
