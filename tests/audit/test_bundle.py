"""An exported log: it verifies on a bare Python, and says the same as the application."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from tests.audit.attacker import attack
from tests.audit.test_verify import EDITS, REARRANGED
from tests.conftest import ONLY_SQLITE, Tenant
from valor_core.audit import log, offline
from valor_core.audit.merkle import is_consistent, is_included
from valor_core.audit.notes import Checkpoint, signed
from valor_core.errors import ValorError
from valor_core.store.engines import Store
from valor_core.store.work import unit_of_work
from valor_core.workbench.proving import export_log
from valor_core.workbench.sealing import seal_log

SIZE = 12
Files = dict[str, bytes]


def append(store: Store, tenant: Tenant, *, until: int) -> None:
    with unit_of_work(tenant.analyst, store) as work:
        work.begin_writing()
        for n in range(until - log.head(work)[0]):
            log.append(work, "valuation.run", target=f"valuation:{n}", details={"é": n})


def bundle(store: Store, tenant: Tenant, folder: Path) -> Files:
    folder.mkdir()
    export_log(store, tenant.admin, folder)
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.fixture
def sealed(store: Store, acme: Tenant) -> Store:
    append(store, acme, until=8)
    seal_log(store, acme.id)
    append(store, acme, until=SIZE)
    return store


def test_a_bundle_verifies_on_a_bare_python_and_names_what_was_changed_in_it(
    sealed, acme, tmp_path
):
    folder = tmp_path / "b"
    bundle(sealed, acme, folder)

    def verify(*arguments: str) -> tuple[int, str]:
        program = [sys.executable, "-I", "-S", "verify.py", ".", *arguments]
        done = subprocess.run(program, cwd=folder, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout

    key = (folder / "public_key.txt").read_text().strip()
    code, said = verify("--key", key)
    assert (code, said) == (0, f"HOLDS: {SIZE + 1} entries, 2 checkpoints, signed by\n{key}\n")
    entries = folder / "entries.jsonl"
    entries.write_bytes(entries.read_bytes().replace(b'"target":"valuation:2"', b'"target":"x:y"'))
    code, said = verify()
    assert code == 1
    assert said.startswith("DOES NOT HOLD: the first bad entry is ")


@pytest.mark.parametrize("edit", [edit for edit, _ in EDITS.values()], ids=EDITS)
@ONLY_SQLITE
def test_of_an_edited_log_the_bundle_says_what_the_application_says(sealed, acme, tmp_path, edit):
    agrees_after(edit, sealed, acme, tmp_path)


@pytest.mark.parametrize("act", [act for act, _, _ in REARRANGED.values()], ids=REARRANGED)
@ONLY_SQLITE
def test_of_a_rearranged_log_the_bundle_says_what_the_application_says(sealed, acme, tmp_path, act):
    agrees_after(act, sealed, acme, tmp_path)


def agrees_after(act: Callable, store: Store, tenant: Tenant, folder: Path) -> None:
    attack(store, tenant.id, act)
    (folder / "b").mkdir()
    try:
        verdict = export_log(store, tenant.admin, folder / "b")
    except ValorError:
        return  # where nothing can be logged, nothing is exported
    found = offline.check({each.name: each.read_bytes() for each in (folder / "b").iterdir()})

    assert not verdict.holds
    assert found[0][0] == min(f.seq for f in verdict.findings)


@ONLY_SQLITE
def test_every_byte_of_a_bundle_is_watched(store, acme, tmp_path, monkeypatch):
    append(store, acme, until=19)
    files = bundle(store, acme, tmp_path / "b")
    assert offline.check(files) == []
    assert files["entries.jsonl"].count(b"\n") == 20
    monkeypatch.setattr(offline, "has_signed", cache(offline.has_signed))
    tenant, publics = offline.keys_of(files)

    def changed(name: str, at: int) -> Files:
        raw = files[name]
        return files | {name: raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]}

    for name in files.keys() - {"public_key.txt"}:
        for at in range(len(files[name])):
            assert offline.altered_files(changed(name, at), tenant, publics) == [name]
    for at in range(len(files["public_key.txt"])):
        assert offline.check(changed("public_key.txt", at))
    begin = files["entries.jsonl"].index(b"\n") + 1
    for at in range(begin, files["entries.jsonl"].index(b"\n", begin) + 1):
        assert offline.check(changed("entries.jsonl", at))[0][0] == 2, at


def lines_of(files: Files, change: Callable[[list[bytes]], list[bytes]]) -> Files:
    lines = change(files["entries.jsonl"].splitlines(keepends=True))
    return files | {"entries.jsonl": b"".join(lines)}


@ONLY_SQLITE
def test_entries_cannot_leave_change_places_or_be_refitted(sealed, acme, tmp_path):
    files = bundle(sealed, acme, tmp_path / "b")

    def refitted(lines: list[bytes]) -> list[bytes]:
        entry = json.loads(lines[4]) | {"target": "valuation:other"}
        entry["leaf"] = offline.leaf_of(entry).hex()
        return [*lines[:4], offline.line_of(entry) + b"\n", *lines[5:]]

    changes = {
        5: lambda lines: [*lines[:4], *lines[5:]],
        7: lambda lines: [*lines[:6], lines[7], lines[6], *lines[8:]],
        SIZE + 1: lambda lines: lines[:SIZE],
    }
    for seq, change in changes.items():
        assert offline.check(lines_of(files, change))[0][0] == seq
    assert offline.check(lines_of(files, refitted))[0] == (
        5, "differs_from_checkpoint, " + offline.MEANING["differs_from_checkpoint"]
    )  # fmt: skip


@ONLY_SQLITE
def test_two_checkpoints_of_one_size_with_different_roots_do_not_hold(sealed, acme, tmp_path):
    """A split view, signed with the genuine key, its manifest too."""
    from valor_core.audit.checkpoints import origin_of
    from valor_core.audit.keys import signing_keys
    from valor_core.audit.notes import signed_lines

    files = bundle(sealed, acme, tmp_path / "b")
    other = signed(origin_of(acme.id), Checkpoint(8, b"o" * 32), signing_keys()[-1])
    files["checkpoints.jsonl"] += json.dumps({"note": other}).encode() + b"\n"
    manifest = files["manifest.txt"].decode().partition("\n\n")[0].split("\n")
    digest = offline.sha256(files["checkpoints.jsonl"]).hex()
    lines = [f"{digest}  checkpoints.jsonl" if "checkpoints" in x else x for x in manifest[1:]]
    files["manifest.txt"] = signed_lines(manifest[0], lines, signing_keys()[-1]).encode()

    assert offline.check(files)[0][1].startswith("differs_from_checkpoint")


@ONLY_SQLITE
def test_a_bundle_signed_by_another_key_is_not_that_of_the_key_given(sealed, acme, tmp_path):
    files = bundle(sealed, acme, tmp_path / "b")
    key = files["public_key.txt"].decode().strip()

    assert offline.check(files, [key]) == []
    assert offline.check(files, [key + "x"])[0][1].startswith("public_key.txt")


@given(some.binary(min_size=32, max_size=32), some.binary(max_size=80), some.integers(0, 511))
def test_signatures_are_checked_as_by_everybody_else(seed, message, bit):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    changed = (int.from_bytes(signature) ^ 1 << bit).to_bytes(64)

    assert offline.has_signed(public, message, signature)
    assert not offline.has_signed(public, message + b"x", signature)
    assert not offline.has_signed(public, message, changed)


def test_the_first_vector_of_rfc_8032_holds():
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
        "6bd25bf5f0595bbe24655141438e7a100b"
    )

    assert offline.has_signed(public, b"", signature)


@given(some.integers(1, 40), some.data())
def test_proofs_are_checked_as_by_the_application(size, data):
    from valor_core.audit.merkle import Tree

    tree = Tree([offline.sha256(bytes([n])) for n in range(size)])
    at, old = data.draw(some.integers(0, size - 1)), data.draw(some.integers(1, size))
    leaf, root = tree.levels[0][at], tree.root()
    told = data.draw(some.sampled_from([root, tree.root(old), leaf]))
    proof, growth = tree.inclusion_proof(at, size), tree.consistency_proof(old, size)

    assert offline.is_included(leaf, at, size, proof, told) == is_included(
        leaf, at, size, proof, root=told
    )
    if old < size:
        assert offline.is_consistent(old, size, growth, tree.root(old), told) == is_consistent(
            old, size, growth, old_root=tree.root(old), new_root=told
        )


def test_base64_has_one_spelling():
    assert offline.strict_base64(base64.b64encode(b"ab").decode()) == b"ab"
    for other in ("YWJ=", "YWI", "YWI=\n", "Y WI="):
        with pytest.raises(offline.Refused):
            offline.strict_base64(other)
