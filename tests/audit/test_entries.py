"""The format of an entry is fixed for ever: these bytes may never come out differently."""

import hashlib
import json
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select

from tests.audit import reference
from tests.conftest import ONLY_SQLITE
from valor_core.audit import log
from valor_core.audit.entries import canonical, first_mac, head_mac, next_mac, push
from valor_core.store.tables import AuditHeadRow, AuditLogRow
from valor_core.store.work import unit_of_work
from valor_core.values import Caller, Role, TenantId

KEY = "an audit key that everybody knows"
NAMES = ("tenant_id", "seq", "ts", "category", "action", "actor", "target", "request_id")
ANNA = Caller(tenant_id=TenantId("golden"), user_id="anna-1", role=Role.ANALYST, request_id="req-7")
ACTS = (
    ("valuation.run", "valuation:01", {"act_id": "a1", "wacc": "0.085", "mid_year": True}, "act"),
    ("access.denied", "act:member.add", {"role": "analyst"}, "security"),
    ("valuation.run", "valuation:02", {"name_of": "Société Générale", "n": -3, "none": None},
     "act"),
)  # fmt: skip
# Worked out by tests/audit/reference.py: leaf, then MAC, of each act above.
GOLDEN = (
    (
        "06d351d958bb6f91a35be621551514ed86bf5947e582473746989b37ec3769d8",
        "7942dbef281e2de855d19f9c8805c8173a351d7f21a0b6e751602c53be277de5",
    ),
    (
        "abef907618fbe550e0930bca615f6b9d160ea808e46de520867ea8b74269e371",
        "4d3d0ce3c3486e36979e7811e005f0a3cae354b0bb70786cb9ef5de10f91f525",
    ),
    (
        "c43b185709d6f76e57a2da2e65ec92faf23b8d384b7486e25878ecc1887665bd",
        "54dfa289e52802056d7e66caf4a5abd093c3de7bfd3283f8939e451442d8286c",
    ),
)
GOLDEN_HEAD = "c2eebc59631f07cf1da534b9887a56308cea4adf9e5237be0a150d10a800f973"


@pytest.fixture
def golden(store, monkeypatch):
    """Three acts with all that is random or of the moment held still."""
    monkeypatch.setenv("AUDIT_HMAC_SECRET", KEY)
    salts = iter(bytes([n]) * 16 for n in range(3))
    monkeypatch.setattr(log.os, "urandom", lambda _n: next(salts))
    with unit_of_work(ANNA, store, datetime(2025, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)) as work:
        work.begin_writing()
        log.begin(work)
        for action, target, details, category in ACTS:
            log.append(work, action, target=target, details=details, category=category)
    with unit_of_work(ANNA, store) as work:
        rows = work.session.scalars(select(AuditLogRow).order_by(AuditLogRow.seq)).all()
        return rows, work.session.get(AuditHeadRow, "golden")


def test_stored_entries_are_those_of_the_description(golden):
    rows, head = golden
    mac, leaves = reference.first_mac("golden"), []
    for n, (row, (action, target, details, category)) in enumerate(zip(rows, ACTS, strict=True)):
        assert [getattr(row, name) for name in NAMES] == [
            "golden", n + 1, 1_740_787_199_999_999, category, action, "user:anna-1", target, "req-7"
        ]  # fmt: skip
        assert (row.payload, row.salt) == (reference.canonical(details), bytes([n]) * 16)
        assert row.payload_digest == reference.digest(row.salt, row.payload)
        named = {name: getattr(row, name) for name in NAMES}
        leaves.append(reference.leaf(**named, payload_digest=row.payload_digest, key_id=1))
        mac = reference.next_mac(KEY.encode(), mac, leaves[-1])
        assert (row.leaf, row.mac, row.key_id) == (leaves[-1], mac, 1)
    assert (head.size, head.mac, head.key_id) == (3, mac, 1)
    assert head.frontier == reference.frontier(leaves)
    assert head.head_mac == reference.head_mac(KEY.encode(), "golden", 3, mac, head.frontier)


@ONLY_SQLITE
def test_the_bytes_are_the_same_as_ever(golden):
    rows, head = golden

    assert tuple((row.leaf.hex(), row.mac.hex()) for row in rows) == GOLDEN
    assert head.head_mac.hex() == GOLDEN_HEAD


def test_a_log_begins_and_a_key_changes_as_described():
    old, new, mac, leaf = b"old", b"new", b"m" * 32, b"l" * 32

    assert first_mac("acmé") == reference.first_mac("acmé")
    assert next_mac(mac, leaf, key=old, new_key=new) == reference.next_mac(
        new, reference.next_mac(old, mac, leaf), b""
    )
    assert head_mac(old, "acmé", 2**40, mac, leaf) == reference.head_mac(
        old, "acmé", 2**40, mac, leaf
    )


@pytest.mark.parametrize(
    ("size", "root"),
    [
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_the_tree_is_the_one_of_certificate_transparency(size, root):
    """Leaves and roots: the test vectors of google/certificate-transparency, merkletree."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(text)).digest() for text in data[:size]]
    frontier = b""
    for n, leaf in enumerate(leaves):
        frontier = push(frontier, n, leaf)

    folded = [frontier[i : i + 32] for i in range(0, len(frontier), 32)]
    while len(folded) > 1:
        right = folded.pop()
        folded[-1] = hashlib.sha256(b"\x01" + folded[-1] + right).digest()

    assert folded[0].hex() == root == reference.root(leaves).hex()


@given(some.lists(some.binary(min_size=32, max_size=32), max_size=70))
def test_the_frontier_grows_as_the_tree_does(leaves):
    frontier = b""
    for n, leaf in enumerate(leaves):
        frontier = push(frontier, n, leaf)

    assert frontier == reference.frontier(leaves)


TEXT = some.text(some.characters(codec="utf-8"), max_size=20)
PAYLOAD = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(some.dictionaries(some.text("abcXYZ éß漢🦉", max_size=6), PAYLOAD, max_size=5))
def test_canonical_json_is_sorted_tight_and_composed(payload):
    try:
        made = canonical(payload)
    except ValueError:  # two of the keys are the same text once composed
        return

    composed = unicodedata.normalize("NFC", made.decode())
    assert made.decode() == composed
    assert reference.canonical(json.loads(made)) == made


@pytest.mark.parametrize(
    "refused",
    [{"wacc": 0.085}, {"x": float("nan")}, {1: "a key that is a number"}, {"x": b"bytes"},
     {"x": [{"y": 1.5}]}, {"x": 2**64}, {"x": {1, 2}}],
    ids=str,
)  # fmt: skip
def test_what_has_no_single_spelling_is_refused(refused):
    with pytest.raises(TypeError):
        canonical(refused)


def test_two_keys_that_are_one_text_are_refused():
    with pytest.raises(ValueError, match="same text"):
        canonical({"é": 1, "e\u0301": 2})
