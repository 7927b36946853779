"""Laws of the check: any log verifies as it was made, and no single byte of it can change."""

import os
from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from tests.audit import reference
from valor_core.audit.entries import (
    Entry,
    canonical,
    first_mac,
    head_mac,
    next_mac,
    push,
    sha256,
)
from valor_core.audit.purges import Rulings
from valor_core.audit.verify import Finding, Walk
from valor_core.store.tables import AuditHeadRow

KEYS = {1: b"first key", 2: b"second key"}
TEXT = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ACTS = some.lists(
    some.tuples(TEXT, TEXT, TEXT, TEXT, some.dictionaries(TEXT, TEXT, max_size=2)), max_size=12
)


def a_log(acts, *, rotated_at: int = 0) -> tuple[list[Entry], AuditHeadRow]:
    """The log of these acts; where `rotated_at` names one, the second key signs from there on."""
    mac, frontier, entries = first_mac("acme"), b"", []
    for seq, (action, actor, target, request_id, details) in enumerate(acts, start=1):
        rotates = seq == rotated_at > 1
        payload, salt = canonical(dict(details)), os.urandom(16)
        entry = Entry(
            tenant_id="acme", seq=seq, ts=seq * 1000, category="act",
            action="audit.key_rotated" if rotates else action, actor=actor, target=target,
            request_id=request_id, payload=payload, salt=salt,
            payload_digest=sha256(salt + payload), leaf=b"", mac=b"",
            key_id=2 if 0 < rotated_at <= seq else 1, purge_seq=None,
        )  # fmt: skip
        leaf = entry.expected_leaf()
        key = KEYS[1 if rotates else entry.key_id]
        mac = next_mac(mac, leaf, key=key, new_key=KEYS[2] if rotates else None)
        frontier = push(frontier, seq - 1, leaf)
        entries.append(replace(entry, leaf=leaf, mac=mac))
    key_id = entries[-1].key_id if entries else 1
    head = AuditHeadRow(
        tenant_id="acme", size=len(entries), mac=mac, frontier=frontier, key_id=key_id,
        head_mac=head_mac(KEYS[key_id], "acme", len(entries), mac, frontier),
    )  # fmt: skip
    return entries, head


def findings(entries, head, keys=KEYS) -> list[Finding]:
    walk = Walk("acme", keys)
    return [*walk.over(entries), *walk.end(head)]


def one_byte_off(entry: Entry) -> list[tuple[str, Entry]]:
    """Every entry that differs from this one in one byte, character or bit."""
    made = []
    for field in fields(entry):
        value = getattr(entry, field.name)
        if isinstance(value, bytes):
            others = [
                value[:i] + bytes([value[i] ^ 1 << i % 8]) + value[i + 1 :]
                for i in range(len(value))
            ] + [value + b"\0", value[:-1]]
        elif isinstance(value, str):
            others = [
                value[:i] + chr(ord(value[i]) ^ 1) + value[i + 1 :] for i in range(len(value))
            ] + [value + "\0", value + " "]
        elif isinstance(value, int):
            others = [value ^ 1 << bit for bit in range(63)] + [-value]
        else:
            others = [1, entry.seq, 0]  # purge_seq, which is None
        made += [(field.name, _with(entry, {field.name: other})) for other in others]
    return made


def _with(entry: Entry, columns: dict[str, Any]) -> Entry:
    return replace(entry, **columns)


@given(ACTS)
def test_any_log_verifies_as_it_was_made(acts):
    assert findings(*a_log(acts)) == []


@given(ACTS, some.integers(2, 12))
def test_a_log_verifies_across_a_change_of_keys(acts, rotated_at):
    assert findings(*a_log(acts, rotated_at=rotated_at if rotated_at <= len(acts) else 0)) == []


@settings(max_examples=60)
@given(ACTS.filter(len), some.data())
def test_any_single_change_is_found_and_found_where_it_is(acts, data):
    entries, head = a_log(acts)
    at = data.draw(some.integers(0, len(entries) - 1))
    column, changed = data.draw(some.sampled_from(one_byte_off(entries[at])))

    found = findings([*entries[:at], changed, *entries[at + 1 :]], head)

    assert found, column
    assert found[0].seq == at + 1


def test_every_single_byte_of_twenty_entries_is_watched():
    """G38."""
    entries, head = a_log([(f"act-{n}", "user:u", f"x:{n}", "r", {"n": str(n)}) for n in range(20)])
    for at, entry in enumerate(entries):
        for column, changed in one_byte_off(entry):
            walk = Walk("acme", KEYS)
            if at:  # what stands before it is sound: begin there
                before = entries[at - 1]
                walk.size, walk.mac, walk.key_id = at, before.mac, before.key_id
            found = [*_over_one(walk, changed, entries[at + 1 : at + 2])]
            assert found, (at, column)
            assert found[0].seq == at + 1, (at, column)
    assert findings(entries, head) == []


def _over_one(walk: Walk, changed: Entry, after: list[Entry]):
    """What is found at the changed entry, numbered as the log numbers it, and at the next."""
    if changed.seq != walk.size + 1:
        yield Finding("gap", walk.size + 1)
    yield from walk._one(changed)
    walk.mac, walk.key_id = changed.mac, changed.key_id
    for entry in after:
        yield from walk._one(entry)


def test_a_key_that_changes_without_being_told_is_found():
    entries, head = a_log([("a", "u", "t", "r", {})] * 6, rotated_at=4)
    quiet = replace(entries[3], action="a")

    kinds = {f.kind for f in findings([*entries[:3], quiet, *entries[4:]], head) if f.seq == 4}

    assert "key_changed_without_rotation" in kinds


def test_a_retired_key_that_is_gone_leaves_its_entries_unverifiable():
    entries, head = a_log([("a", "u", "t", "r", {})] * 6, rotated_at=4)

    found = findings(entries, head, keys={2: KEYS[2]})

    assert [(f.kind, f.seq) for f in found] == [("unverifiable", n) for n in (1, 2, 3, 4)]


def test_a_purge_or_a_hold_that_is_told_in_another_way_than_ours_rules_nothing():
    told = [
        ("audit.purge", {"cutoffs": ["act"], "purged": [[1, 2]]}),
        ("audit.purge", {"cutoffs": {"act": 9_000}, "purged": {"1": 2}}),
        ("audit.purge", {"cutoffs": {"act": "soon"}, "purged": []}),
        ("audit.purge", {"purged": [[1, 2]]}),
        ("audit.hold_set", {}),
        ("audit.hold_released", {}),
        ("valuation.run", {"cutoffs": {"act": 9_000}, "purged": [[1, 2]]}),
    ]
    entries, _ = a_log([(action, "anna", "hold:1", "", details) for action, details in told])

    rulings = Rulings(entries)

    assert (rulings.purges, rulings.holds) == ({}, {})


def test_a_purge_explains_what_is_older_than_its_cutoff_and_nothing_that_is_as_old():
    told = {"cutoffs": {"act": 2_000}, "purged": [[1, 2]]}
    act = ("valuation.run", "user:1", "valuation:1", "", {})
    *gone, purge = a_log([act, act, ("audit.purge", "job:retention", "entry:3", "", told)])[0]

    rulings = Rulings([purge])

    assert [rulings.explain(replace(each, purge_seq=3)) for each in gone] == [True, False]


def test_a_log_that_left_its_checkpoints_says_once_where_it_did():
    acts = [(f"act-{n}", "u", "t", "r", {}) for n in range(6)]
    (entries, head), (others, _) = a_log(acts), a_log(acts)
    roots = {2: frozenset({reference.root([entry.leaf for entry in entries[:2]])})}
    roots |= {n: frozenset({reference.root([entry.leaf for entry in others[:n]])}) for n in (4, 5)}
    walk = Walk("acme", KEYS, roots)

    assert [*walk.over(entries), *walk.end(head)] == [Finding("differs_from_checkpoint", 3)]
