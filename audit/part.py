"""A sealed part: what an entry says about one subject, stored apart from the leaf so that it can be erased.

The leaf holds only the commitment SHA-256(label || salt || sealed). When part and key are gone, 256 random
bits of it are gone too: nothing can be tried against it. Needs nothing but `cryptography`.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import VerifyError

_LABEL = b"grondslag/1 part\n"
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Part:
    """As it is stored: the key's id, 32 random bytes, and nonce with ciphertext."""

    key_id: int
    salt: bytes
    sealed: bytes

    def commitment(self) -> str:
        """What the leaf holds of it."""
        return commitment(self.salt, self.sealed)


def commitment(salt: bytes, sealed: bytes) -> str:
    """SHA-256(label || salt || sealed), in hexadecimal."""
    return hashlib.sha256(_LABEL + salt + sealed).hexdigest()


def seal_part(plain: bytes, *, key_id: int, key: bytes, salt: bytes, nonce: bytes, entry_id: str) -> Part:
    """AES-256-GCM over JSON, bound to the entry and the key (32 bytes of key and salt, 12 of nonce)."""
    return Part(key_id, salt, nonce + AESGCM(key).encrypt(nonce, plain, _bound(entry_id, key_id)))


def open_part(part: Part, key: bytes, *, entry_id: str, committed: str) -> dict[str, Any]:
    """Raises VerifyError when the part is not the one that the leaf commits to, or does not open."""
    if part.commitment() != committed:
        raise VerifyError("the sealed part is not the one of this entry")
    nonce, sealed = part.sealed[:_NONCE_BYTES], part.sealed[_NONCE_BYTES:]
    try:
        plain = AESGCM(key).decrypt(nonce, sealed, _bound(entry_id, part.key_id))
    except (InvalidTag, ValueError):
        raise VerifyError("the sealed part does not open under its key") from None
    return json.loads(plain)  # type: ignore[no-any-return]


def _bound(entry_id: str, key_id: int) -> bytes:
    return f"grondslag/1 part {entry_id} {key_id}".encode()
