"""The Merkle tree of RFC 6962 section 2.1, pure.

A tree is kept as its right edge: per level of tiles (256 wide, C2SP tlog-tiles) the hashes of the tile that is not full yet. That is all
that appending and the root need. A proof needs older hashes too; they come through a function that reads a stretch of one level.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

TILE = 256

Stretch = tuple[int, int, int]
"""(tile level, first, stop): hashes of one tile level; on tile level k each covers 256**k leaves. Never crosses a tile."""

Hashes = Callable[[Stretch], Sequence[bytes]]


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Tree:
    """`size` leaves; `edge[k]` holds the hashes of the tile on tile level k that is not full."""

    size: int = 0
    edge: tuple[tuple[bytes, ...], ...] = ((),)

    def extended(self, leaves: Sequence[bytes]) -> tuple["Tree", list[tuple[int, int, bytes]]]:
        """The tree with these leaf hashes added, and the tiles that became full: (tile level above it, number, hash)."""
        edge = [list(tile) for tile in self.edge]
        full = []
        for number, leaf in enumerate(leaves, self.size):
            edge[0].append(leaf)
            level, place = 0, number
            while len(edge[level]) == TILE:
                folded = _fold(edge[level])
                edge[level].clear()
                level, place = level + 1, place // TILE
                full.append((level, place, folded))
                if level == len(edge):
                    edge.append([])
                edge[level].append(folded)
        return Tree(self.size + len(leaves), tuple(tuple(tile) for tile in edge)), full

    def root(self) -> bytes:
        """RFC 6962 2.1; the root of no leaves is the hash of nothing."""
        if self.size == 0:
            return hashlib.sha256(b"").digest()
        peaks = [peak for tile in reversed(self.edge) for peak in _peaks(tile)]
        root = peaks.pop()
        while peaks:
            root = node_hash(peaks.pop(), root)
        return root


def inclusion_proofs(positions: Sequence[int], size: int, hashes: Hashes) -> list[tuple[bytes, ...]]:
    """PATH(position, D[0:size]) of RFC 6962 2.1.1 for each; what they share is computed once. Raises ValueError outside the tree."""
    known: dict[tuple[int, int], bytes] = {}

    def range_hash(first: int, stop: int) -> bytes:
        if (first, stop) not in known:
            known[first, stop] = _range_hash(first, stop, hashes)
        return known[first, stop]

    if not all(0 <= position < size for position in positions):
        raise ValueError("not in the tree")
    return [tuple(range_hash(*sibling) for sibling in _siblings(position, size)) for position in positions]


def consistency_proof(before: int, size: int, hashes: Hashes) -> list[bytes]:
    """PROOF(before, D[0:size]) of RFC 6962 2.1.2. Raises ValueError when `before` is not a smaller, non-empty tree, or this one."""
    if not 0 < before <= size:
        raise ValueError("not an earlier tree")
    return [_range_hash(first, stop, hashes) for first, stop in _subproof(before, 0, size, True)]


def root_from_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that this proof leads to (RFC 9162 2.1.3.2). Raises ValueError for a proof of another length."""
    if not 0 <= position < size or any(len(node) != 32 for node in proof):
        raise ValueError("not a proof in this tree")
    inner = (position ^ (size - 1)).bit_length()
    if len(proof) != inner + (position >> inner).bit_count():
        raise ValueError("a proof of another length")
    root = leaf
    for step, node in enumerate(proof):
        right = step >= inner or (position >> step) & 1
        root = node_hash(node, root) if right else node_hash(root, node)
    return root


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


def _range_hash(first: int, stop: int, hashes: Hashes) -> bytes:
    """MTH(D[first:stop]) of a range that begins where a full subtree of its left part may begin."""
    count = stop - first
    if count & (count - 1) == 0:
        level = (count.bit_length() - 1) // 8
        width = TILE**level
        return _fold(hashes((level, first // width, stop // width)))
    middle = first + _split(count)
    return node_hash(_range_hash(first, middle, hashes), _range_hash(middle, stop, hashes))


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


def _peaks(tile: Sequence[bytes]) -> list[bytes]:
    """The roots of the full subtrees in a tile that is not full, left to right."""
    peaks, first = [], 0
    for bit in reversed(range(8)):
        width = 1 << bit
        if len(tile) & width:
            peaks.append(_fold(tile[first : first + width]))
            first += width
    return peaks
