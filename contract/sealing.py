"""What only one partner may read: HPKE (RFC 9180), base mode, ML-KEM-768 with X25519, HKDF-SHA256,
AES-256-GCM.

- The context of a sealed text (what it is, case, purpose, both parties, the inquiry) is bound in `info`: in
  another context it does not open.
- HPKE's base mode says nothing about the sender; the signed document around it does.
- Identities are locked apart, each under a key of its own; the inquiry seals only these keys. So the broker
  can leave out the identity of a subject about whom it permits nothing, and the holder never gets it.
- Everything is padded to a fixed size before it is sealed: length tells nothing. Whoever passes on or opens
  what is sealed holds it to exactly that length.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from contract import base64url
from contract.directory import SealingKey
from contract.keys import OpeningKey
from contract.problems import SealedForAnother

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_TAG_BYTES = 16
_ENCAPSULATED_BYTES = 1088 + 32  # a ciphertext of ML-KEM-768 and a share of X25519
_NONCE = bytes(12)  # each lock has a fresh key, used once (SP 800-38D 8.2 asks for unique pairs)


LOCKED_BYTES = 4096
"""Every locked text has this size: an identity and a short text for each of at most five questions."""

KEYS_BYTES = 1280
"""The keys of the locked texts of at most twelve subjects."""


def sealed_letters(size: int) -> int:
    """How many letters of base64url a sealed text of this many bytes has."""
    return _letters(_ENCAPSULATED_BYTES + size + _TAG_BYTES)


def _letters(size: int) -> int:
    return -(-size * 4 // 3)


LOCKED_LETTERS = _letters(LOCKED_BYTES + _TAG_BYTES)


@dataclass(frozen=True)
class Context:
    """What a sealed text belongs to."""

    what: str
    case_ref: str
    purpose: str
    requester: str
    holder: str
    inquiry: str

    def info(self) -> bytes:
        parts = (self.what, self.case_ref, self.purpose, self.requester, self.holder, self.inquiry)
        return json.dumps(["grondslag/1", *parts], separators=(",", ":")).encode()


@dataclass(frozen=True)
class Sealed:
    """A sealed text in base64url, and the id of the key that opens it."""

    kid: str
    text: str


def seal(plaintext: bytes, to: SealingKey, context: Context) -> Sealed:
    return Sealed(to.kid, base64url.encode(_SUITE.encrypt(plaintext, to.public, info=context.info())))


def unseal(sealed: Sealed, keys: Mapping[str, OpeningKey], context: Context) -> bytes:
    """Raises SealedForAnother when no key of ours opens it, or when it belongs to another context."""
    key = keys.get(sealed.kid)
    if key is None:
        raise SealedForAnother
    try:
        return _SUITE.decrypt(base64url.decode(sealed.text), key.private, info=context.info())
    except (InvalidTag, ValueError):
        raise SealedForAnother from None


def lock(plaintext: bytes, *, inquiry: str, subject_ref: str) -> tuple[bytes, str]:
    """A fresh 32-byte key and the locked text in base64url, bound to the inquiry and the subject."""
    key = os.urandom(32)
    return key, base64url.encode(AESGCM(key).encrypt(_NONCE, plaintext, _bound(inquiry, subject_ref)))


def unlock(locked: str, key: bytes, *, inquiry: str, subject_ref: str) -> bytes:
    """Raises SealedForAnother."""
    try:
        return AESGCM(key).decrypt(_NONCE, base64url.decode(locked), _bound(inquiry, subject_ref))
    except (InvalidTag, ValueError):
        raise SealedForAnother from None


def padded(value: object, size: int) -> bytes:
    """The value as JSON, filled with spaces to exactly this many bytes. Raises ValueError when it does not
    fit.
    """
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    if len(text) > size:
        raise ValueError(f"does not fit in {size} bytes")
    return text.ljust(size)


def _bound(inquiry: str, subject_ref: str) -> bytes:
    return f"grondslag/1 identity {inquiry} {subject_ref}".encode()
