"""A signed checkpoint: the state of a log. C2SP tlog-checkpoint in a C2SP signed-note, with Ed25519. Pure.

    <origin>
    <size>
    <root in base64>

    — <name> <base64 of key hash (4 bytes) and signature>

Lines of witnesses may stand beside the log's own. A verifier's key is text too (a "vkey"), as foreign
software takes it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import VerifyError

_ED25519 = b"\x01"
_LONGEST = 8192
_NOTE = re.compile(
    r"(?P<body>(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n"
    r"(?P<lines>(?:— [^\n]+\n)+)"
)
_LINE = re.compile(r"— (?P<name>[^ \n+]+) (?P<signature>[A-Za-z0-9+/=]+)\n")
_VERIFIER = re.compile(r"(?P<name>[^ \n+]+)\+(?P<hash>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Checkpoint:
    """A log of this name had this many entries, with this root."""

    origin: str
    size: int
    root: bytes


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    body = f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"
    raw = key.public_key().public_bytes_raw()
    signature = _key_hash(checkpoint.origin, raw) + key.sign(body.encode())
    return f"{body}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def verify_checkpoint(text: str, origin: str, keys: Sequence[Ed25519PublicKey]) -> Checkpoint:
    """The checkpoint, signed by the log of this name under one of these keys.

    Raises VerifyError for anything else.
    """
    found = _NOTE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or found["origin"] != origin:
        raise VerifyError("this is not a checkpoint of this log")
    root = base64.b64decode(found["root"])
    if base64.b64encode(root).decode() != found["root"]:
        raise VerifyError(
            "this is not a checkpoint of this log"
        )  # bits that nobody reads, in the last letter
    body = found["body"].encode()
    for line in _LINE.finditer(found["lines"]):
        if line["name"] == origin and _signed(line["signature"], body, origin, keys):
            return Checkpoint(origin, int(found["size"]), root)
    raise VerifyError("the checkpoint is not signed by this log")


def verifier_key(origin: str, key: Ed25519PublicKey) -> str:
    """The key as text (C2SP signed-note): name, key hash and key, with + between."""
    raw = key.public_bytes_raw()
    return f"{origin}+{_key_hash(origin, raw).hex()}+{base64.b64encode(_ED25519 + raw).decode()}"


def read_verifier_key(text: str) -> tuple[str, Ed25519PublicKey]:
    """The origin and the key in such a text. Raises VerifyError for another kind, or a hash that does not
    fit.
    """
    found = _VERIFIER.fullmatch(text.strip())
    try:
        raw = base64.b64decode(found["key"], validate=True) if found else b""
    except binascii.Error:
        raw = b""
    if found is None or len(raw) != 33 or raw[:1] != _ED25519:
        raise VerifyError("this is not the key of a log (name+hash+key, Ed25519)")
    if _key_hash(found["name"], raw[1:]).hex() != found["hash"]:
        raise VerifyError("the hash in this key of a log is not the one of the key")
    return found["name"], Ed25519PublicKey.from_public_bytes(raw[1:])


def _signed(text: str, body: bytes, origin: str, keys: Sequence[Ed25519PublicKey]) -> bool:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    for key in keys:
        if len(raw) == 68 and raw[:4] == _key_hash(origin, key.public_bytes_raw()):
            try:
                key.verify(raw[4:], body)
            except InvalidSignature:
                continue
            return True
    return False


@lru_cache(256)
def _key_hash(origin: str, key: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + _ED25519 + key).digest()[:4]
