"""The Merkle tree of RFC 6962 section 2.1. Pure.

Nodes are kept in tiles (C2SP tlog-tiles): 256 hashes of one level, and the full subtrees over them. A tree is
its right edge, the tile of each level that is not full yet: that is all that appending and the root need, at
one or two hashes per leaf. A proof needs older tiles too; they come through a function.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

TILE = 256
"""Hashes in a full tile; on tile level k each of them covers 256**k leaves."""

_ROWS = 8

Rows = tuple[tuple[bytes, ...], ...]
"""A tile: row j holds the full subtrees of 2**j of its hashes (j = 0 … 7)."""

Tiles = Callable[[int, int], Rows]
"""(tile level, number) → that tile."""


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def tile(hashes: Sequence[bytes]) -> Rows:
    """The tile of these hashes, 256 at most."""
    rows = [tuple(hashes)]
    while len(rows) < _ROWS:
        below = rows[-1]
        rows.append(tuple(node_hash(*below[place : place + 2]) for place in range(0, len(below) - 1, 2)))
    return tuple(rows)


_EMPTY = tile(())


@dataclass(frozen=True)
class Tree:
    """`size` leaves; `edge[k]` is the tile on tile level k that is not full."""

    size: int = 0
    edge: tuple[Rows, ...] = (_EMPTY,)

    def extended(self, leaves: Sequence[bytes]) -> tuple["Tree", list[tuple[int, int, bytes]]]:
        """The tree with these leaf hashes added, and the root of each tile that became full: (tile level
        above it, number, hash).
        """
        edge = [[list(row) for row in rows] for rows in self.edge]
        full: list[tuple[int, int, bytes]] = []
        taken = 0
        while taken < len(leaves):
            number = self.size + taken
            if number % TILE == 0 and len(leaves) - taken >= TILE:  # a whole tile at once: half the work
                left, right = tile(leaves[taken : taken + TILE])[-1]
                root: bytes | None = node_hash(left, right)
                taken += TILE
            else:
                root = _added(edge[0], leaves[taken])
                taken += 1
            level, place = 0, number
            while root is not None:
                level, place = level + 1, place // TILE
                full.append((level, place, root))
                if level == len(edge):
                    edge.append([[] for _ in range(_ROWS)])
                root = _added(edge[level], root)
        return Tree(self.size + len(leaves), tuple(tuple(map(tuple, rows)) for rows in edge)), full

    def root(self) -> bytes:
        """RFC 6962 2.1; the root of no leaves is the hash of nothing."""
        if self.size == 0:
            return hashlib.sha256(b"").digest()
        # an odd row ends in a full subtree that has no neighbour yet; from right to left these make the root
        peaks = [row[-1] for rows in self.edge for row in rows if len(row) % 2]
        root = peaks[0]
        for peak in peaks[1:]:
            root = node_hash(peak, root)
        return root


def inclusion_proofs(positions: Sequence[int], size: int, tiles: Tiles) -> list[tuple[bytes, ...]]:
    """PATH(position, D[0:size]) of RFC 6962 2.1.1 for each; what they share is computed once.

    Raises ValueError for a position outside the tree.
    """
    if not all(0 <= position < size for position in positions):
        raise ValueError("not in the tree")
    known: dict[tuple[int, int], bytes] = {}

    def range_hash(first: int, stop: int) -> bytes:
        if (first, stop) not in known:
            known[first, stop] = _range_hash(first, stop, tiles)
        return known[first, stop]

    return [tuple(range_hash(*sibling) for sibling in _siblings(position, size)) for position in positions]


def consistency_proof(before: int, size: int, tiles: Tiles) -> list[bytes]:
    """PROOF(before, D[0:size]) of RFC 6962 2.1.2.

    Raises ValueError when `before` is empty or larger than the tree.
    """
    if not 0 < before <= size:
        raise ValueError("not an earlier tree")
    return [_range_hash(first, stop, tiles) for first, stop in _subproof(before, 0, size, True)]


def root_from_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that the proof of this leaf hash leads to (RFC 9162 2.1.3.2).

    Raises ValueError for a proof of another length, or nodes that are no hashes.
    """
    if not 0 <= position < size or any(len(node) != 32 for node in (leaf, *proof)):
        raise ValueError("not a proof in this tree")
    inner = (position ^ (size - 1)).bit_length()
    if len(proof) != inner + (position >> inner).bit_count():
        raise ValueError("a proof of another length")
    root = leaf
    for step, node in enumerate(proof):
        on_the_left = step >= inner or (position >> step) & 1
        root = node_hash(node, root) if on_the_left else node_hash(root, node)
    return root


def verify_consistency(before: int, earlier: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """That the tree of `size` leaves with this root begins with the tree of `before` leaves with the root
    `earlier` (RFC 9162 2.1.4.2). Raises ValueError.
    """
    if not 0 <= before <= size or any(len(node) != 32 for node in (earlier, root, *proof)):
        raise ValueError("not a proof between these trees")
    if before in {0, size}:
        if proof or (before == size and earlier != root):
            raise ValueError("not the tree that it was")
        return
    path = list(proof) if before & (before - 1) else [earlier, *proof]
    if not path:
        raise ValueError("a proof of another length")
    node, last = before - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for hash_ in path[1:]:
        if last == 0:
            raise ValueError("a proof of another length")
        if node & 1 or node == last:
            old, new = node_hash(hash_, old), node_hash(hash_, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, hash_)
        node, last = node >> 1, last >> 1
    if last or (old, new) != (earlier, root):
        raise ValueError("not the tree that it was")


def _added(rows: list[list[bytes]], node: bytes) -> bytes | None:
    """Adds a hash to a tile; the root of the tile when that made it full, and then it is empty again."""
    for row in rows:
        row.append(node)
        if len(row) % 2:
            return None
        node = node_hash(row[-2], row[-1])
    for row in rows:
        row.clear()
    return node


def _siblings(position: int, size: int) -> Iterator[tuple[int, int]]:
    """The ranges whose hashes make the path of a leaf, from the leaf up."""
    first, stop = 0, size
    down = []
    while stop - first > 1:
        middle = first + _split(stop - first)
        if position < middle:
            down.append((middle, stop))
            stop = middle
        else:
            down.append((first, middle))
            first = middle
    return reversed(down)


def _subproof(before: int, first: int, stop: int, whole: bool) -> Iterator[tuple[int, int]]:
    """SUBPROOF(m, D[first:stop], b) of RFC 6962 2.1.2 as ranges; `before` counts from `first`."""
    if before == stop - first:
        if not whole:
            yield first, stop
        return
    middle = _split(stop - first)
    if before <= middle:
        yield from _subproof(before, first, first + middle, whole)
        yield first + middle, stop
    else:
        yield from _subproof(before - middle, first + middle, stop, False)
        yield first, first + middle


def _range_hash(first: int, stop: int, tiles: Tiles) -> bytes:
    """MTH(D[first:stop]) of a range that the recursion of RFC 6962 comes to."""
    count = stop - first
    if count & (count - 1):
        middle = first + _split(count)
        return node_hash(_range_hash(first, middle, tiles), _range_hash(middle, stop, tiles))
    height = count.bit_length() - 1
    level, row = divmod(height, _ROWS)
    number, place = divmod(first >> height, TILE >> row)
    return tiles(level, number)[row][place]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
