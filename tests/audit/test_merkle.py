"""The tree against RFC 6962's own definitions, and against published roots."""

import functools
import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.merkle import (
    TILE,
    Rows,
    Tiles,
    Tree,
    consistency_proof,
    inclusion_proofs,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    tile,
    verify_consistency,
)

# transparency-dev/merkle, testonly/constants.go: leaf inputs, and the roots of the first 0 … 8 of them
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(f"leaf {number}".encode()) for number in range(70_000)]


def mth(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1, to the letter."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = split(len(hashes))
    return node_hash(mth(hashes[:middle]), mth(hashes[middle:]))


def path(m: int, hashes: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 2.1.1, to the letter."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 2.1.2, to the letter."""
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*subproof(m, hashes[:k], whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], False), mth(hashes[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def grown(hashes: list[bytes]) -> tuple[Tree, Tiles]:
    """The tree of these hashes, and its tiles as a database would give them."""
    tree, full = Tree().extended(hashes)
    above = {(level, place): root for level, place, root in full}

    @functools.cache
    def tiles(level: int, number: int) -> Rows:
        if level < len(tree.edge) and number == (tree.size // TILE**level) // TILE:
            return tree.edge[level]
        places = range(number * TILE, (number + 1) * TILE)
        return tile([hashes[place] if level == 0 else above[level, place] for place in places])

    return tree, tiles


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]
    assert Tree().extended(leaves)[0].root().hex() == ROOTS[size]


def test_every_root_up_to_600_is_that_of_the_definition_however_it_grew() -> None:
    tree, chance = Tree(), random.Random(6962)
    while tree.size < 600:
        tree, _ = tree.extended(HASHES[tree.size : tree.size + chance.randint(0, 7)])
        assert tree.root() == mth(HASHES[: tree.size])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100, 255, 256, 257, 300, 513])
def test_inclusion_proofs_are_those_of_the_definition_and_lead_to_the_root(size: int) -> None:
    tree, tiles = grown(HASHES[:size])
    proofs = inclusion_proofs(range(size), size, tiles)
    assert proofs == [tuple(path(m, HASHES[:size])) for m in range(size)]
    for position, proof in enumerate(proofs):
        assert root_from_inclusion(HASHES[position], position, size, proof) == tree.root()


def test_every_proof_of_every_size_up_to_300_leads_to_the_root() -> None:
    for size in range(1, 301):
        tree, tiles = grown(HASHES[:size])
        for position, proof in enumerate(inclusion_proofs(range(size), size, tiles)):
            assert root_from_inclusion(HASHES[position], position, size, proof) == tree.root()


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 65_900, 70_000])
def test_proofs_hold_over_three_levels_of_tiles(size: int) -> None:
    tree, tiles = grown(HASHES[:size])
    positions = [0, 1, 255, 256, 65_000, size // 2, size - 1]
    for position, proof in zip(positions, inclusion_proofs(positions, size, tiles), strict=True):
        assert root_from_inclusion(HASHES[position], position, size, proof) == tree.root()


@pytest.mark.parametrize("size", [1, 2, 6, 7, 8, 255, 257, 300])
def test_consistency_proofs_are_those_of_the_definition(size: int) -> None:
    _, tiles = grown(HASHES[:size])
    for before in range(1, size + 1):
        assert consistency_proof(before, size, tiles) == subproof(before, HASHES[:size], True)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 600), st.data())
def test_a_proof_that_is_changed_anywhere_does_not_hold(size: int, data: st.DataObject) -> None:
    tree, tiles = grown(HASHES[:size])
    position = data.draw(st.integers(0, size - 1))
    proof = inclusion_proofs([position], size, tiles)[0]
    leaf, root = HASHES[position], tree.root()
    assert leads(leaf, position, size, proof, root)
    assert not leads(HASHES[size], position, size, proof, root)
    assert size == 1 or not leads(leaf, (position + 1) % size, size, proof, root)
    assert not leads(leaf, position, size, (*proof, HASHES[0]), root)
    assert not leads(leaf, position, size, (*proof, b""), root)
    if proof:
        spot = data.draw(st.integers(0, len(proof) - 1))
        changed = bytes([proof[spot][0] ^ 1]) + proof[spot][1:]
        assert not leads(leaf, position, size, (*proof[:spot], changed, *proof[spot + 1 :]), root)
        assert not leads(leaf, position, size, (*proof[:spot], *proof[spot + 1 :]), root)
        assert not leads(leaf, position, size, (*proof[:spot], b"", *proof[spot + 1 :]), root)


def test_what_is_outside_the_tree_has_no_proof() -> None:
    _, tiles = grown(HASHES[:5])
    for wrong in ([5], [-1], [0, 7]):
        with pytest.raises(ValueError, match="not in the tree"):
            inclusion_proofs(wrong, 5, tiles)
    for before in (0, 6):
        with pytest.raises(ValueError, match="not an earlier tree"):
            consistency_proof(before, 5, tiles)
    assert not leads(HASHES[0], 0, 0, (), mth([]))
    assert not leads(b"", 0, 1, (), b"")


def leads(leaf: bytes, position: int, size: int, proof: tuple[bytes, ...], root: bytes) -> bool:
    try:
        return root_from_inclusion(leaf, position, size, proof) == root
    except ValueError:
        return False


@settings(max_examples=200, deadline=None)
@given(sizes=st.tuples(st.integers(0, 700), st.integers(0, 700)).map(sorted), data=st.data())
def test_a_tree_grew_from_the_one_before_and_nothing_else_passes(
    sizes: tuple[int, int], data: st.DataObject
) -> None:
    """Every proof is accepted; with another root, size, hash or length it is not (RFC 9162 2.1.4.2)."""
    before, size = sizes
    tree, tiles = grown(HASHES[:size])
    earlier, root = Tree().extended(HASHES[:before])[0].root(), tree.root()
    proof = consistency_proof(before, size, tiles) if before else []
    verify_consistency(before, earlier, size, root, proof)
    other = bytes(32)
    wrong = [(before, earlier, size, root, [*proof, other]), (size + 1, earlier, size, root, proof)]
    if before > 0:
        wrong += [(before, other, size, root, proof)]
    if 0 < before < size:
        place = data.draw(st.integers(0, len(proof) - 1))
        wrong += [
            (before, earlier, size, other, proof),
            (before, earlier, size, root, proof[:-1]),
            (before, earlier, size, root, [*proof[:place], other, *proof[place + 1 :]]),
            (before, earlier, size, root, [proof[0][:31], *proof[1:]]),
        ]
    for case in wrong:
        with pytest.raises(ValueError, match=r"tree|length"):
            verify_consistency(*case)
