"""Software that we did not write reads our checkpoints and proofs: Go's sumdb/note and sumdb/tlog, in a small
program (tests/foreign) that `make tools` builds.
"""

import base64
import copy
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from audit.entry import Entry, leaf_of, time_of
from audit.export import export
from audit.kinds import Kind
from audit.merkle import TILE, Rows, Tree, consistency_proof, inclusion_proofs, leaf_hash, tile
from audit.selection import ALL, Selection
from tests.audit.books import AT, ORIGIN, Books, played
from tests.audit.test_verify import _replace, remade

_PROGRAM = Path(__file__).parents[2] / ".tools" / "foreign"
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

Claim = dict[str, Any]


@pytest.fixture(scope="module")
def accepted() -> Callable[[Claim | Path], bool]:
    """Whether the foreign program accepts a claim or an export; skipped where it was not built, a failure in
    CI.
    """
    if not _PROGRAM.exists():
        sentence = "The foreign verifier was not built: run `make tools` (needs Go)."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)

    def ask(claim: Claim | Path) -> bool:
        named = [str(claim)] if isinstance(claim, Path) else []
        told = None if isinstance(claim, Path) else json.dumps(claim).encode()
        done = subprocess.run([_PROGRAM, *named], input=told, capture_output=True, timeout=30, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert b"panic" not in done.stderr
        return done.returncode == 0

    return ask


@pytest.fixture(scope="module")
def claim() -> Claim:
    """A log of 900 entries: some of them proven, and that it grew from one of 513."""
    leaves = [
        leaf_of(Entry(Kind.VIEW, {"n": n}), entry_id=f"{n}", at=time_of(AT), part=None) for n in range(900)
    ]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    earlier, _ = Tree().extended(hashes[:513])
    tree, full = earlier.extended(hashes[513:])
    above = [root for _, _, root in [*Tree().extended(hashes[:513])[1], *full]]

    def tiles(level: int, number: int) -> Rows:
        return tile((hashes, above)[level][number * TILE : (number + 1) * TILE])

    positions = [0, 255, 256, 511, 512, 898, 899]
    proofs = inclusion_proofs(positions, tree.size, tiles)
    return {
        "key": verifier_key(ORIGIN, _KEY.public_key()),
        "checkpoint": _signed(tree),
        "entries": [
            _entry(leaves[position], position, proof)
            for position, proof in zip(positions, proofs, strict=True)
        ],
        "earlier": _signed(earlier),
        "proof": [_b64(node) for node in consistency_proof(513, tree.size, tiles)],
    }


def _signed(tree: Tree, origin: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin, tree.size, tree.root()), _KEY)


def _entry(leaf: bytes, position: int, proof: tuple[bytes, ...]) -> dict[str, Any]:
    return {"leaf": leaf.decode(), "position": position, "proof": [_b64(node) for node in proof]}


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def test_a_foreign_verifier_accepts_our_checkpoints_and_proofs(
    accepted: Callable[[Claim], bool], claim: Claim
) -> None:
    assert accepted(claim)


def test_a_foreign_verifier_ignores_a_witness_beside_our_signature(
    accepted: Callable[[Claim], bool], claim: Claim
) -> None:
    cosigned = claim["checkpoint"] + f"— witness.example {_b64(bytes(76))}\n"
    assert accepted({**claim, "checkpoint": cosigned})


def _edited(claim: Claim) -> None:
    claim["entries"][0]["leaf"] = claim["entries"][0]["leaf"].replace('"n":0', '"n":1')


def _moved(claim: Claim) -> None:
    claim["entries"][1]["position"] += 1


def _swapped(claim: Claim) -> None:
    one, other = claim["entries"][:2]
    one["leaf"], other["leaf"] = other["leaf"], one["leaf"]


def _proof_shortened(claim: Claim) -> None:
    claim["entries"][0]["proof"].pop()


def _smaller(claim: Claim) -> None:
    claim["checkpoint"] = claim["checkpoint"].replace("\n900\n", "\n899\n")


def _other_root(claim: Claim) -> None:
    claim["checkpoint"] = claim["earlier"].replace("\n513\n", "\n900\n")


def _other_key(claim: Claim) -> None:
    claim["key"] = verifier_key(ORIGIN, Ed25519PrivateKey.generate().public_key())


def _other_log(claim: Claim) -> None:
    claim["checkpoint"] = claim["checkpoint"].replace(ORIGIN, "elsewhere.example/log")


def _not_grown(claim: Claim) -> None:
    """Signed with the log's own key: an insider rewrote what had been told before."""
    rewritten, _ = Tree().extended([leaf_hash(b"rewritten")] * 513)
    claim["earlier"] = _signed(rewritten)


@pytest.mark.parametrize(
    "tamper",
    [
        _edited,
        _moved,
        _swapped,
        _proof_shortened,
        _smaller,
        _other_root,
        _other_key,
        _other_log,
        _not_grown,
    ],
)
def test_a_foreign_verifier_refuses_what_was_tampered_with(
    accepted: Callable[[Claim], bool], claim: Claim, tamper: Callable[[Claim], None]
) -> None:
    tampered = copy.deepcopy(claim)
    tamper(tampered)
    assert tampered != claim
    assert not accepted(tampered)


async def _proven(books: Books) -> Mapping[str, Any]:
    async with books.opened() as trail:
        for first in range(0, 600, 100):
            await trail.append([Entry(Kind.VIEW, {"n": first + n}) for n in range(100)])
        positions = [0, 299, 599]
        proven = await trail.prove(positions)
    return {
        "key": books.vkey,
        "checkpoint": proven.checkpoint,
        "entries": [
            _entry(leaf, position, proof)
            for position, leaf, proof in zip(positions, proven.leaves, proven.proofs, strict=True)
        ],
    }


def test_a_foreign_verifier_accepts_what_a_trail_proves(
    accepted: Callable[[Claim], bool], sqlite_books: Books
) -> None:
    proven = dict(played(_proven(sqlite_books)))
    assert accepted(proven)
    proven["entries"][1]["leaf"] += " "
    assert not accepted(proven)


@pytest.mark.parametrize(
    "selection", [ALL, Selection(kinds=("view",), rules=("A07",))], ids=["whole", "some"]
)
def test_a_foreign_verifier_accepts_an_export(
    accepted: Callable[[Claim | Path], bool], sqlite_books: Books, selection: Selection
) -> None:
    """All of a log with what was erased and pruned, and a selection of it; another line in it is refused."""

    async def fill() -> None:
        async with sqlite_books.opened() as trail:
            for first in range(0, 600, 50):
                await trail.append(
                    [
                        Entry(Kind.VIEW, {"n": n, "rule": f"A{n % 10:02}", "text": "é"}, subject_ref="s")
                        for n in range(first, first + 50)
                    ]
                )
            await trail.erase("s", "retention")
            await trail.prune([3, 4, 5], {"before": "2000-01-01T00:00:00.000Z"}, lambda _, __: None)

    played(fill())
    path = sqlite_books.folder / "export.zip"
    export(sqlite_books.url, path, [sqlite_books.vkey], selection=selection)
    assert accepted(path)
    remade(path, _replace("entries.jsonl", b'"n":17,', b'"n":71,'))
    assert not accepted(path)
