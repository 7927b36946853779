"""The Merkle tree of RFC 6962 over the leaves of a log, and the proofs that outsiders check."""

from collections.abc import Sequence

from valor_core.audit.entries import sha256

HASH_BYTES = 32


def node(left: bytes, right: bytes) -> bytes:
    """What stands above two subtrees; its prefix keeps a node from being read as a leaf."""
    return sha256(b"\1" + left + right)


def root_of_frontier(frontier: bytes) -> bytes:
    """The same, from the roots of the perfect subtrees alone: O(log n), no re-reading."""
    if not frontier:
        return sha256(b"")
    roots = [frontier[i : i + HASH_BYTES] for i in range(0, len(frontier), HASH_BYTES)]
    root = roots.pop()
    while roots:
        root = node(roots.pop(), root)
    return root


class Tree:
    """All hashes of a tree, so that each proof costs O(log n) once they are made."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels = [list(leaves)]
        while len(below := self.levels[-1]) > 1:
            self.levels.append([node(*below[i : i + 2]) for i in range(0, len(below) - 1, 2)])

    def root(self, size: int | None = None) -> bytes:
        """The one hash that stands for the first `size` leaves, or all, and their order.

        >>> Tree([]).root() == sha256(b"")
        True
        """
        size = len(self.levels[0]) if size is None else size
        return self._over(0, size) if size else sha256(b"")

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The hashes that lead from the leaf at `index`, from 0 on, to the root of `size`."""
        begin, end, proof = 0, size, []
        while end - begin > 1:
            split = begin + _split(end - begin)
            if index < split:
                proof.append(self._over(split, end))
                end = split
            else:
                proof.append(self._over(begin, split))
                begin = split
        return proof[::-1]

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The hashes that show the tree of `old` leaves to be the beginning of that of `new`."""
        begin, end, proof, whole = 0, new, [], True
        while old and old != end:
            split = begin + _split(end - begin)
            if old <= split:
                proof.append(self._over(split, end))
                end = split
            else:
                proof.append(self._over(begin, split))
                begin, whole = split, False
        return [*([] if whole else [self._over(begin, end)]), *proof[::-1]]

    def _over(self, begin: int, end: int) -> bytes:
        """The root of the leaves from `begin` to before `end`."""
        width = end - begin
        if not width & width - 1:
            return self.levels[width.bit_length() - 1][begin // width]
        split = begin + _split(width)
        return node(self._over(begin, split), self._over(split, end))


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
