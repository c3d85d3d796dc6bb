"""A signed checkpoint: the state of a log in C2SP tlog-checkpoint, signed as a C2SP signed-note with Ed25519. Pure.

<origin>\\n<size>\\n<root in base64>\\n\\n— <name> <base64 of key hash (4 bytes) and signature>\\n
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import VerifyError

_ED25519 = b"\x01"
_LONGEST = 8192
_NOTE = re.compile(
    r"(?P<body>(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n(?P<lines>(?:— [^\n]+\n)+)"
)
_LINE = re.compile(r"— (?P<name>[^ \n+]+) (?P<signature>[A-Za-z0-9+/=]+)\n")


@dataclass(frozen=True)
class Checkpoint:
    """A log of this name had this many entries, with this root."""

    origin: str
    size: int
    root: bytes


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    body = f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"
    signature = _key_hash(checkpoint.origin, key.public_key()) + key.sign(body.encode())
    return f"{body}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def verify_checkpoint(text: str, origin: str, keys: Sequence[Ed25519PublicKey]) -> Checkpoint:
    """The checkpoint, signed by the log of this name under one of these keys; lines of witnesses may stand beside. Raises VerifyError."""
    found = _NOTE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or found["origin"] != origin:
        raise VerifyError("this is not a checkpoint of this log")
    body = found["body"].encode()
    for line in _LINE.finditer(found["lines"]):
        if line["name"] == origin and _signed(line["signature"], body, origin, keys):
            return Checkpoint(origin, int(found["size"]), base64.b64decode(found["root"]))
    raise VerifyError("the checkpoint is not signed by this log")


def verifier_key(origin: str, key: Ed25519PublicKey) -> str:
    """The key as text, as foreign verifiers take it (C2SP signed-note, "vkey")."""
    raw = base64.b64encode(_ED25519 + key.public_bytes_raw()).decode()
    return f"{origin}+{_key_hash(origin, key).hex()}+{raw}"


def _signed(text: str, body: bytes, origin: str, keys: Sequence[Ed25519PublicKey]) -> bool:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    for key in keys:
        if raw[:4] == _key_hash(origin, key) and len(raw) == 68:
            try:
                key.verify(raw[4:], body)
            except InvalidSignature:
                continue
            return True
    return False


def _key_hash(origin: str, key: Ed25519PublicKey) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]
