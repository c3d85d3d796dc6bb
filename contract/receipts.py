"""Whether a receipt holds: each of its entries is proven to be in the broker's trail, at one checkpoint."""

from datetime import UTC, datetime
from typing import Any

import orjson

from audit.checkpoint import verify_checkpoint
from audit.errors import VerifyError
from audit.receipt import verify_receipt
from contract import base64url
from contract.codes import BROKER
from contract.directory import Directory
from contract.documents import Receipt
from contract.problems import DocumentMalformed
from contract.signatory import trail_origin

MOST_HELD = 50
"""Earlier states of the trail whose growth is proven in one request: some tens of kilobytes."""


def proven_entries(receipt: Receipt, directory: Directory) -> list[tuple[int, dict[str, Any]]]:
    """The entries of a receipt that was read, each with its position. Raises DocumentMalformed."""
    broker = directory.party(BROKER)
    if receipt.iss != broker.oin:
        raise DocumentMalformed
    try:
        keys = directory.trail_keys(BROKER, datetime.fromtimestamp(receipt.iat, UTC))
        checkpoint = verify_checkpoint(receipt.checkpoint, trail_origin(broker.oin), keys)
        for entry in receipt.entries:
            raw = base64url.decode(entry.proof)
            proof = [raw[place : place + 32] for place in range(0, len(raw), 32)]
            verify_receipt(entry.leaf.encode(), entry.position, proof, checkpoint)
        return [(entry.position, orjson.loads(entry.leaf)) for entry in receipt.entries]
    except (VerifyError, ValueError):
        raise DocumentMalformed from None
