"""The tree of RFC 6962: what is true can be proven, what is not cannot."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.audit import reference
from valor_core.audit import merkle, offline
from valor_core.audit.entries import push
from valor_core.audit.merkle import Tree, root_of_frontier

LEAVES = some.integers(1, 70).map(
    lambda size: [hashlib.sha256(bytes([n])).digest() for n in range(size)]
)
FOREIGN = b"\0" * 32


def is_included(leaf: bytes, index: int, size: int, proof: list[bytes], *, root: bytes) -> bool:
    """What the application says, and the program that goes with a bundle must say too."""
    said = merkle.is_included(leaf, index, size, proof, root=root)
    assert offline.is_included(leaf, index, size, proof, root) == said
    return said


def is_consistent(old: int, new: int, proof: list[bytes], **roots: bytes) -> bool:
    """The same, of two sizes that differ: a bundle holds no other proof."""
    said = merkle.is_consistent(old, new, proof, **roots)
    if 0 < old < new:
        assert offline.is_consistent(old, new, proof, *roots.values()) == said
    return said


def one_bit_off(proof: list[bytes], data) -> list[bytes]:
    at = data.draw(some.integers(0, len(proof) - 1))
    bit = data.draw(some.integers(0, 255))
    changed = int.from_bytes(proof[at]) ^ 1 << bit
    return [*proof[:at], changed.to_bytes(32), *proof[at + 1 :]]


@given(LEAVES)
def test_the_root_is_the_one_of_the_description_however_it_is_made(leaves):
    assert Tree(leaves).root() == reference.root(leaves)
    assert root_of_frontier(reference.frontier(leaves)) == reference.root(leaves)


@given(LEAVES)
def test_the_frontier_of_a_growing_log_has_the_root_of_its_leaves(leaves):
    frontier, tree = b"", Tree(leaves)
    for n, leaf in enumerate(leaves):
        assert root_of_frontier(frontier) == tree.root(n)
        frontier = push(frontier, n, leaf)


@given(LEAVES, some.data())
def test_every_entry_is_proven_at_its_own_place_and_nowhere_else(leaves, data):
    at = data.draw(some.integers(0, len(leaves) - 1))
    tree, size = Tree(leaves), data.draw(some.integers(at + 1, len(leaves)))
    proof, root = tree.inclusion_proof(at, size), reference.root(leaves[:size])

    assert is_included(leaves[at], at, size, proof, root=root)
    assert [n for n in range(size) if is_included(leaves[at], n, size, proof, root=root)] == [at]
    assert not is_included(FOREIGN, at, size, proof, root=root)
    assert not is_included(leaves[at], size, size, proof, root=root)
    assert not is_included(leaves[at], at, size, [*proof, root], root=root)
    if proof:
        assert not is_included(leaves[at], at, size, one_bit_off(proof, data), root=root)
        assert not is_included(leaves[at], at, size, proof[:-1], root=root)


@given(LEAVES, some.data())
def test_a_log_that_has_only_grown_can_prove_it_and_no_other_can(leaves, data):
    new = data.draw(some.integers(1, len(leaves)))
    old = data.draw(some.integers(0, new))
    proof = Tree(leaves).consistency_proof(old, new)
    roots = {
        "old_root": reference.root(leaves[:old]),
        "new_root": reference.root(leaves[:new]),
    }

    assert is_consistent(old, new, proof, **roots)
    assert not is_consistent(new, old, proof, **roots) or old == new
    assert not is_consistent(old, new, [*proof, FOREIGN], **roots)
    assert not is_consistent(old, new, proof, **{**roots, "old_root": FOREIGN})
    if old:
        assert not is_consistent(old, new, proof, **{**roots, "new_root": FOREIGN})
    if proof:
        assert not is_consistent(old, new, one_bit_off(proof, data), **roots)
        assert not is_consistent(old, new, [], **roots)


@pytest.mark.parametrize(
    ("at", "size", "proof"),
    [
        (0, 1, []),
        (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
        (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)  # fmt: skip
def test_proofs_are_those_of_certificate_transparency(at, size, proof):
    """The test vectors of google/certificate-transparency, merkletree."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(text)).digest() for text in data[:size]]

    assert [step.hex() for step in Tree(leaves).inclusion_proof(at, size)] == proof


def test_every_growth_of_up_to_44_entries_can_be_proven():
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(44)]
    tree = Tree(leaves)
    for new in range(1, 45):
        for old in range(1, new):
            roots = {"old_root": tree.root(old), "new_root": tree.root(new)}
            assert is_consistent(old, new, tree.consistency_proof(old, new), **roots), (old, new)
