"""The Merkle tree of RFC 6962 over the leaves of a log, and the proofs that outsiders check."""

from collections.abc import Sequence

from valor_core.audit.entries import sha256

HASH_BYTES = 32


def node(left: bytes, right: bytes) -> bytes:
    """What stands above two subtrees; its prefix keeps a node from being read as a leaf."""
    return sha256(b"\1" + left + right)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The one hash that stands for all leaves and their order.

    >>> root_of([]) == sha256(b"")
    True
    """
    row = list(leaves)
    if not row:
        return sha256(b"")
    while len(row) > 1:
        pairs = [node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = pairs + row[2 * len(pairs) :]
    return row[0]


def root_of_frontier(frontier: bytes) -> bytes:
    """The same, from the roots of the perfect subtrees alone: O(log n), no re-reading."""
    if not frontier:
        return sha256(b"")
    roots = [frontier[i : i + HASH_BYTES] for i in range(0, len(frontier), HASH_BYTES)]
    root = roots.pop()
    while roots:
        root = node(roots.pop(), root)
    return root


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from the leaf at `index`, counted from 0, to the root of all."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), root_of(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), root_of(leaves[:split])]


def consistency_proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that show the tree of the first `old` leaves to be the beginning of all."""
    return _consistency(old, leaves, whole=True) if old else []


def _consistency(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_consistency(old, leaves[:split], whole=whole), root_of(leaves[split:])]
    return [*_consistency(old - split, leaves[split:], whole=False), root_of(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], *, root: bytes) -> bool:
    """Whether the proof leads from the leaf at `index` to the root of `size` leaves."""
    if not 0 <= index < size:
        return False
    at, last, made = index, size - 1, leaf
    for step in proof:
        if not last:
            return False
        if at & 1 or at == last:
            made = node(step, made)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            made = node(made, step)
        at, last = at >> 1, last >> 1
    return not last and made == root


def is_consistent(
    old: int, new: int, proof: Sequence[bytes], *, old_root: bytes, new_root: bytes
) -> bool:
    """Whether the proof shows the tree of `old` leaves to be the beginning of that of `new`."""
    if old == new or not old:
        return not proof and (new_root == old_root if old == new else old_root == sha256(b""))
    if not 0 < old < new:
        return False
    path = [*([] if old & old - 1 else [old_root]), *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not path:
        return False
    first = second = path[0]
    for step in path[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            first, second = node(step, first), node(step, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, step)
        at, last = at >> 1, last >> 1
    return not last and (first, second) == (old_root, new_root)
