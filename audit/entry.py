"""A line of the trail. Pure.

- The leaf is canonical JSON (RFC 8785): kind, time, codes, digests, references that are random per case. It is never changed.
- What is about one subject stands beside it in a sealed part, under a key of that subject; the leaf holds only a salted commitment.
  Without part and key the leaf says nothing more about the person, and every proof still holds.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import VerifyError

RESERVED = frozenset({"v", "id", "at", "kind", "part", "subject_ref"})
MAX_LEAF_BYTES = 65_535  # C2SP tlog-tiles

_VERSION = 1
_LABEL = b"grondslag/1 part\n"


@dataclass(frozen=True)
class Entry:
    """What a caller wants recorded. `sealed` needs a `subject_ref`; both stay out of the leaf's facts."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    subject_ref: str | None = None
    sealed: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if RESERVED & self.facts.keys():
            raise ValueError("these facts bear a name that every entry has of itself")
        if self.sealed is not None and self.subject_ref is None:
            raise ValueError("a sealed part is about a subject")


@dataclass(frozen=True)
class Part:
    """A sealed part as it is stored: apart from the leaf, so that it can be erased."""

    key_id: int
    salt: bytes
    sealed: bytes

    def commitment(self) -> str:
        return hashlib.sha256(_LABEL + self.salt + self.sealed).hexdigest()


@dataclass(frozen=True)
class Recorded:
    """A line as it stands in the trail."""

    position: int
    leaf: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """Everything in the leaf."""
        return json.loads(self.leaf)  # type: ignore[no-any-return]

    @property
    def kind(self) -> str:
        return str(self.facts["kind"])


def leaf_of(entry: Entry, *, entry_id: str, at: datetime, part: Part | None) -> bytes:
    """The bytes that are hashed. Raises ValueError when they are too many, or a fact is no JSON value."""
    leaf = {
        **entry.facts,
        "v": _VERSION,
        "id": entry_id,
        "at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "kind": entry.kind,
    }
    if entry.subject_ref is not None:
        leaf["subject_ref"] = entry.subject_ref
    if part is not None:
        leaf["part"] = part.commitment()
    try:
        raw = rfc8785.dumps(leaf)
    except rfc8785.CanonicalizationError as error:
        raise ValueError("a fact is no JSON value") from error
    if len(raw) > MAX_LEAF_BYTES:
        raise ValueError("an entry has at most 65535 bytes")
    return raw


def seal_part(
    content: Mapping[str, Any], *, key_id: int, key: bytes, salt: bytes, nonce: bytes, entry_id: str
) -> Part:
    """AES-256-GCM, bound to the entry and the key (32 bytes of salt, 12 of nonce)."""
    sealed = nonce + AESGCM(key).encrypt(nonce, rfc8785.dumps(dict(content)), _bound(entry_id, key_id))
    return Part(key_id, salt, sealed)


def open_part(part: Part, key: bytes, *, entry_id: str, commitment: str) -> dict[str, Any]:
    """Raises VerifyError when the part is not the one that the leaf commits to."""
    if part.commitment() != commitment:
        raise VerifyError("the sealed part is not the one of this entry")
    try:
        plain = AESGCM(key).decrypt(part.sealed[:12], part.sealed[12:], _bound(entry_id, part.key_id))
    except InvalidTag:
        raise VerifyError("the sealed part does not open under its key") from None
    return json.loads(plain)  # type: ignore[no-any-return]


def _bound(entry_id: str, key_id: int) -> bytes:
    return f"grondslag/1 part {entry_id} {key_id}".encode()
