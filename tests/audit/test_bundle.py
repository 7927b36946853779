"""An exported log: it verifies on a bare Python, and says the same as the application."""

import base64
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as some

from tests.audit.attacker import attack
from tests.audit.test_verify import EDITS, REARRANGED
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.audit import log, offline
from valor_core.audit.bundle import line_of, prove
from valor_core.audit.entries import Entry
from valor_core.audit.merkle import is_consistent, is_included
from valor_core.audit.notes import Checkpoint, signed, signed_lines
from valor_core.audit.purges import HOLD_RELEASED, HOLD_SET, PURGED, Rulings
from valor_core.audit.verify import SEALED
from valor_core.store.engines import Store
from valor_core.store.work import unit_of_work
from valor_core.values import utc_now
from valor_core.workbench.proving import export_log
from valor_core.workbench.retention import (
    ask_release,
    change_policy,
    release_hold,
    run_retention,
    set_hold,
)
from valor_core.workbench.sealing import seal_log
from valor_core.workbench.verb import open_work

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
    """G37."""
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


SAID_OF_EDITS = (
    "seq", "ts below zero", "actor", "payload", "payload moved into the salt", "leaf", "mac",
    "key_id", "purge_seq", "target, leaf made to fit", "payload, digest and leaf made to fit",
    "payload gone, purge by an entry that is none",
)  # fmt: skip
SAID_OF_REARRANGED = (
    "a middle entry deleted", "a middle entry deleted, the rest renumbered",
    "the same, leaves made to fit", "two neighbours swapped",
    "two neighbours swapped, leaves made to fit", "the tail cut off",
)  # fmt: skip
ATTACKS = {name: EDITS[name][0] for name in SAID_OF_EDITS} | {
    name: REARRANGED[name][0] for name in SAID_OF_REARRANGED
}


@pytest.mark.parametrize("act", ATTACKS.values(), ids=ATTACKS)
@ONLY_SQLITE
def test_of_an_attacked_log_the_bundle_says_what_the_application_says(sealed, acme, tmp_path, act):
    """G37."""
    attack(sealed, acme.id, act)
    (tmp_path / "b").mkdir()
    verdict = export_log(sealed, acme.admin, tmp_path / "b")
    found = offline.check({each.name: each.read_bytes() for each in (tmp_path / "b").iterdir()})

    assert not verdict.holds
    assert found[0][0] == min(f.seq for f in verdict.findings)


@ONLY_SQLITE
def test_a_purge_verifies_outside_as_it_does_inside(sealed, acme, tmp_path):
    long_ago = utc_now() - timedelta(days=400)
    with unit_of_work(acme.analyst, sealed, long_ago) as work:
        work.begin_writing()
        for n in range(3):
            log.append(work, "valuation.run", target=f"valuation:old{n}", details={"n": n})
    with open_work(replace(acme.compliance, user_id="carl"), sealed) as work:
        hold = set_hold(work, "valuation:old1", "an inquiry")
    with open_work(acme.admin, sealed) as work:
        change_policy(work, "act", 365, reason="as agreed")
    assert run_retention(sealed, acme.admin) == 2
    with open_work(replace(acme.compliance, user_id="carl"), sealed) as work:
        ask_release(work, hold.id, reason="it is settled")
    with open_work(acme.compliance, sealed) as work:
        release_hold(work, hold.id, reason="it is settled")
    files = bundle(sealed, acme, tmp_path / "b")
    assert offline.check(files) == []

    def dropped(lines: list[bytes]) -> list[bytes]:
        """The held one too, as if the same purge had taken it."""
        by = json.loads(lines[SIZE])["purge_seq"]
        entry = json.loads(lines[SIZE + 1]) | {"payload": None, "salt": None, "purge_seq": by}
        return [*lines[: SIZE + 1], offline.line_of(entry) + b"\n", *lines[SIZE + 2 :]]

    seq, what = offline.check(lines_of(files, dropped))[0]
    assert (seq, what.split(",")[0]) == (SIZE + 2, "payload_missing_without_purge")

    assert run_retention(sealed, acme.admin) == 1, "what was held goes once it is released"
    assert offline.check(bundle(sealed, acme, tmp_path / "c")) == []


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
        # The program is long, and a manifest that was changed costs a signature each time.
        step = {"verify.py": 97, "manifest.txt": 7}.get(name, 1)
        for at in range(0, len(files[name]), step):
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
    """G37."""
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
def test_whatever_stands_in_a_bundle_the_verifier_says_so_and_does_not_fail(
    sealed, acme, tmp_path, monkeypatch
):
    monkeypatch.setattr(offline, "has_signed", cache(offline.has_signed))
    files = bundle(sealed, acme, tmp_path / "b")
    strange = (None, True, -1, 2**70, 1.5, "x", "é\ud800", [], [[1]], {"a": None})

    def altered(name: str, told: Any) -> list[tuple[int, str]]:
        line = json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        if name != "entries.jsonl":
            return offline.check(files | {name: line})
        return offline.check(lines_of(files, lambda lines: [*lines[:3], line, *lines[4:]]))

    entry = json.loads(files["entries.jsonl"].splitlines()[3])
    turned_round = json.dumps(dict(reversed(entry.items())), separators=(",", ":"))
    assert offline.entry_of(turned_round.encode()) is None, "an entry has one spelling"
    assert all(not what.startswith("gap") for _, what in altered("entries.jsonl", None))
    for value in strange:
        for name in ("entries.jsonl", "checkpoints.jsonl", "proofs.json", "verdict.json"):
            assert altered(name, value), (name, value)
        for field in entry:
            if entry[field] != value:
                assert altered("entries.jsonl", entry | {field: value})[0][0] == 4, (field, value)
        for told in ({"consistency": value, "installation": None},
                     {"consistency": [], "installation": value}):  # fmt: skip
            assert altered("proofs.json", told)
        assert altered("checkpoints.jsonl", {"note": value})
        assert altered("verdict.json", {"findings": [{"seq": value}]})
    for name in files:
        assert offline.check({each: raw for each, raw in files.items() if each != name})
        assert offline.check(files | {name: b"\xff\n"})


@ONLY_SQLITE
def test_the_program_answers_in_one_line_and_lists_whatever_else_it_found(
    sealed, acme, tmp_path, monkeypatch, capsys
):
    files, folder = bundle(sealed, acme, tmp_path / "b"), tmp_path / "b"
    key = files["public_key.txt"].decode().strip()

    def says(*arguments: str) -> tuple[object, list[str]]:
        monkeypatch.setattr(sys, "argv", ["verify.py", *arguments])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(offline.__file__, run_name="__main__")
        return left.value.code, capsys.readouterr().out.splitlines()

    holds = [f"HOLDS: {SIZE + 1} entries, 2 checkpoints, signed by", key]
    assert says(str(folder), "--key", key) == says("--key", key, str(folder)) == (0, holds)
    (folder / "entries.jsonl").write_bytes(files["entries.jsonl"][:-1])
    code, (verdict, *others) = says(str(folder))
    kind = "shorter_than_checkpoint"
    said = f"the first bad entry is {SIZE + 1}: {kind}, {offline.MEANING[kind]}"
    assert (code, verdict) == (1, f"DOES NOT HOLD: {said}")
    assert others == [
        "    entries.jsonl is not the file that was exported",
        "    entries.jsonl does not end with a line's end",
    ]
    monkeypatch.chdir(tmp_path)
    assert says()[1][0] == "DOES NOT HOLD: public_key.txt: 'public_key.txt'"


@ONLY_SQLITE
def test_each_proof_of_a_bundle_is_checked_and_not_only_that_its_file_is_unchanged(
    sealed, acme, tmp_path
):
    files = bundle(sealed, acme, tmp_path / "b")
    tenant, publics = offline.keys_of(files)
    roots, _ = offline.roots_of(files, f"valor-ivx/audit/{tenant}", publics)
    proofs = json.loads(files["proofs.json"])
    [grown], told = proofs["consistency"], proofs["installation"]
    assert told["entry"]["action"] == SEALED

    def hold(**changed: Any) -> bool:
        line = json.dumps(proofs | changed).encode()
        return offline.proofs_hold(files | {"proofs.json": line}, roots, publics)

    assert hold()
    assert hold(installation=None)  # where the installation's log had sealed nothing of it yet
    assert not hold(installation=told | {"index": told["index"] + 1})
    assert not hold(installation=told | {"hashes": told["hashes"][1:]})
    assert not hold(consistency=[grown | {"hashes": grown["hashes"][1:]}])
    assert not hold(consistency=[{}]), "what cannot be read proves nothing"
    other_end = {8: roots[8], SIZE + 1: {b"o" * 32}}  # and a flaw at the last entry that fits
    found = offline.findings_of(files["entries.jsonl"].split(b"\n")[:-1], other_end, {8})
    assert (9, "differs_from_checkpoint") in found


@ONLY_SQLITE
def test_what_is_wrong_with_a_file_as_a_whole_is_said_of_no_entry(sealed, acme, tmp_path):
    files = bundle(sealed, acme, tmp_path / "b")
    told = files | {"checkpoints.jsonl": files["checkpoints.jsonl"] + b'{"note": "x"}\n'}
    incomplete = {name: raw for name, raw in files.items() if name != "leaves.txt"}

    for wrong, what in (
        (told, "checkpoints.jsonl holds a checkpoint that the key has not signed"),
        (files | {"proofs.json": b"{}"}, "proofs.json proves nothing"),
        (incomplete, "leaves.txt is missing"),
        (
            files | {"leaves.txt": b"0" * 64 + files["leaves.txt"][64:]},
            "leaves.txt is not the file that was exported",
        ),
    ):
        found = offline.check(wrong)
        assert (0, what) in found
        assert {seq for seq, _ in found} == {0}


def test_where_nothing_was_logged_nor_sealed_there_is_no_flaw():
    assert offline.findings_of([], {}, set()) == []


@ONLY_SQLITE
def test_two_checkpoints_of_one_size_with_different_roots_do_not_hold(sealed, acme, tmp_path):
    """G37: A split view, signed with the genuine key, its manifest too."""
    from valor_core.audit.checkpoints import origin_of
    from valor_core.audit.keys import signing_keys

    files = bundle(sealed, acme, tmp_path / "b")
    other = signed(origin_of(acme.id), Checkpoint(8, b"o" * 32), signing_keys()[-1])
    files["checkpoints.jsonl"] += json.dumps({"note": other}).encode() + b"\n"
    manifest = files["manifest.txt"].decode().partition("\n\n")[0].split("\n")
    digest = offline.sha256(files["checkpoints.jsonl"]).hex()
    lines = [f"{digest}  checkpoints.jsonl" if "checkpoints" in x else x for x in manifest[1:]]
    files["manifest.txt"] = signed_lines(manifest[0], lines, signing_keys()[-1]).encode()

    seq, what = offline.check(files)[0]
    assert (seq, what.partition(",")[0]) == (1, "differs_from_checkpoint")


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


@given(some.binary(min_size=32, max_size=32), some.binary(max_size=80))
def test_a_signature_has_one_spelling(seed, message):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    s = int.from_bytes(signature[32:], "little")
    same = signature[:32] + (s + offline.ORDER).to_bytes(32, "little")

    for other in (same, signature[:-1], signature + b"\0"):
        assert not offline.has_signed(public, message, other)


@pytest.mark.parametrize("y", [offline.P, offline.P + 1, 2, 1 | 1 << 255])
def test_a_key_that_is_no_point_of_the_curve_is_refused(y):
    with pytest.raises(offline.Refused, match="no point"):
        offline.point_of(y.to_bytes(32, "little"))


@pytest.mark.parametrize("lines", [["12"], ["+12", "QQ=="], ["012", "QQ=="], [str(10**19), "QQ=="]])
def test_what_the_key_has_signed_is_a_checkpoint_only_where_it_tells_a_size_and_a_root(lines):
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    note = signed_lines("valor-ivx/audit/acme", lines, key)

    with pytest.raises(offline.Refused, match="no checkpoint"):
        offline.checkpoint(note, "valor-ivx/audit/acme", [key.public_key().public_bytes_raw()])


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
    for no_growth in (0, size):
        assert not offline.is_consistent(no_growth, size, growth, root, root)


def entry_made(seq: int, action: str, **changes: Any) -> Entry:
    sound = Entry(
        tenant_id="acme", seq=seq, ts=0, category="audit", action=action, actor="user:anna",
        target="", request_id="", payload=None, salt=None, payload_digest=b"", leaf=b"", mac=b"",
        key_id=1, purge_seq=None,
    )  # fmt: skip
    return replace(sound, **changes)


A_PURGE = some.tuples(
    some.just(PURGED),
    some.just("audit"),
    some.fixed_dictionaries(
        {
            "cutoffs": some.fixed_dictionaries({"act": some.integers(0, 3)}),
            "purged": some.sampled_from([[[1, 9]], [[1, 1], [3, 9]]]),
        }
    ),
)
A_HOLD = some.tuples(
    some.just(HOLD_SET),
    some.sampled_from(["hold:a", "hold:b"]),
    some.fixed_dictionaries({"subject": some.sampled_from(["", "user:anna", "user:bob"])}),
)
A_RELEASE = some.tuples(
    some.just(HOLD_RELEASED), some.sampled_from(["hold:a", "hold:b"]), some.just({})
)


HELD: list[tuple[str, str, dict[str, Any]]] = [
    (HOLD_SET, "hold:a", {"subject": "user:anna"}),
    (PURGED, "audit", {"cutoffs": {"act": 1}, "purged": [[1, 9]]}),
    (HOLD_RELEASED, "hold:a", {}),
]


@settings(max_examples=200)
@example(ruled=HELD, seq=1, ts=0, action="valuation.run", by=11)  # while the hold stood
@example(ruled=[HELD[0], HELD[2], HELD[1]], seq=1, ts=0, action="valuation.run", by=12)
@given(
    ruled=some.lists(some.one_of(A_PURGE, A_HOLD, A_RELEASE), max_size=4),
    seq=some.integers(1, 3),
    ts=some.integers(0, 3),
    action=some.sampled_from(["valuation.run", "audit.key_rotated"]),
    by=some.sampled_from([None, 10, 11, 12, 13]),
)
def test_what_purges_and_holds_explain_is_the_same_outside(ruled, seq, ts, action, by):
    rulings = [
        entry_made(n, act, target=target, payload=json.dumps(told).encode())
        for n, (act, target, told) in enumerate(ruled, 10)
    ]
    gone = entry_made(seq, action, category="act", ts=ts, purge_seq=by)
    outside = offline.Rulings([json.loads(line_of(each)) for each in rulings])

    assert outside.explain(json.loads(line_of(gone))) is Rulings(rulings).explain(gone)


@pytest.mark.parametrize("action", ["valuation.run", "audit.key_rotated"])
def test_another_key_signs_from_a_rotation_on_and_from_nothing_else(action):
    made = entry_made(2, action, key_id=2, payload=b"{}", salt=b"s" * 16)
    flaws = {
        before: list(offline.flaws_of(json.loads(line_of(made)), before, offline.Rulings([])))
        for before in (None, 1, 2)
    }

    found = {before for before, each in flaws.items() if "key_changed_without_rotation" in each}
    assert found == ({1} if action == "valuation.run" else set())


def test_a_signed_note_has_one_spelling():
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    note = signed_lines("valor-ivx/audit/acme", ["1", "QQ=="], key)
    publics = [key.public_key().public_bytes_raw()]

    assert offline.opened(note, "valor-ivx/audit/acme", publics)[1:] == ["1", "QQ=="]
    for other in (note[:-1], note.replace("\n\n", "\n"), ""):
        with pytest.raises(offline.Refused, match="no signed note"):
            offline.opened(other, "valor-ivx/audit/acme", publics)


def test_base64_has_one_spelling():
    assert offline.strict_base64(base64.b64encode(b"ab").decode()) == b"ab"
    for other in ("YWJ=", "YWI", "YWI=\n", "Y WI="):
        with pytest.raises(offline.Refused):
            offline.strict_base64(other)


@ONLY_SQLITE
def test_an_entry_is_proven_once_a_checkpoint_covers_it_and_not_before(sealed, acme):
    with unit_of_work(acme.admin, sealed) as work:
        proven = {seq: prove(work, seq) for seq in (0, 8, 9, SIZE + 9)}

    assert [seq for seq, proof in proven.items() if proof] == [8]
