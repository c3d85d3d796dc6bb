"""Receipts: entries of the trail with their proofs, signed for one party."""

from collections.abc import Sequence

from audit.trail import Trail
from contract import base64url
from contract.directory import Party
from contract.documents import ProvenEntry, Receipt
from contract.signatory import Signatory


async def receipt(signatory: Signatory, trail: Trail, to: Party, positions: Sequence[int]) -> str:
    """The entries at these positions, proven at the newest checkpoint. Raises TrailUnavailable."""
    proven = await trail.prove(positions)
    entries = tuple(
        ProvenEntry(position=position, leaf=leaf.decode(), proof=base64url.encode(b"".join(proof)))
        for position, leaf, proof in zip(positions, proven.leaves, proven.proofs, strict=True)
    )
    return signatory.write(Receipt, to=to.code, checkpoint=proven.checkpoint, entries=entries).token
