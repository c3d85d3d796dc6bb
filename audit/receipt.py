"""Whether an entry is in a log: its leaf, its proof, and a checkpoint that the log signed. Pure."""

from collections.abc import Sequence

from audit.checkpoint import Checkpoint
from audit.errors import VerifyError
from audit.merkle import leaf_hash, root_from_inclusion


def verify_receipt(leaf: bytes, position: int, proof: Sequence[bytes], checkpoint: Checkpoint) -> None:
    """Raises VerifyError unless this leaf stands at this position of the log of this checkpoint (RFC 6962
    2.1.1).
    """
    try:
        root = root_from_inclusion(leaf_hash(leaf), position, checkpoint.size, proof)
    except ValueError:
        raise VerifyError("the proof does not fit the checkpoint") from None
    if root != checkpoint.root:
        raise VerifyError("the entry is not in this log")
