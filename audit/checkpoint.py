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
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import VerifyError

ED25519 = b"\x01"
"""The kind of a log's own key (C2SP signed-note)."""

_LONGEST = 16_384  # a second signature has 3 kB a key
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

    def body(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, *keys: Ed25519PrivateKey) -> str:
    """The signed note, with a line for each key: while one follows another, both sign."""
    body = checkpoint.body()
    lines = [
        signature_line(
            checkpoint.origin,
            key_hash(checkpoint.origin, ED25519, key.public_key().public_bytes_raw())
            + key.sign(body.encode()),
        )
        for key in keys
    ]
    return f"{body}\n{''.join(lines)}"


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
    for name, signature in signature_lines(found["lines"]):
        if name == origin and _signed(signature, body, origin, keys):
            return Checkpoint(origin, int(found["size"]), root)
    raise VerifyError("the checkpoint is not signed by this log")


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The key of a log as text (C2SP signed-note): name, key hash and key, with + between."""
    raw = key.public_bytes_raw()
    return f"{name}+{key_hash(name, ED25519, raw).hex()}+{base64.b64encode(ED25519 + raw).decode()}"


def read_verifier_key(text: str) -> tuple[str, Ed25519PublicKey]:
    """The name and the key in such a text. Raises VerifyError for another kind, or a hash that does not
    fit.
    """
    found = _VERIFIER.fullmatch(text.strip())
    try:
        raw = base64.b64decode(found["key"], validate=True) if found else b""
    except binascii.Error:
        raw = b""
    if found is None or len(raw) != 33 or raw[:1] != ED25519:
        raise VerifyError("this is not the key of a log (name+hash+key, Ed25519)")
    if key_hash(found["name"], ED25519, raw[1:]).hex() != found["hash"]:
        raise VerifyError("the hash in this key of a log is not the one of the key")
    return found["name"], Ed25519PublicKey.from_public_bytes(raw[1:])


def signature_line(name: str, signature: bytes) -> str:
    """A line of a signed note; `signature` begins with the hash of its key."""
    return f"— {name} {base64.b64encode(signature).decode()}\n"


def signature_lines(text: str) -> Iterator[tuple[str, bytes]]:
    """Name and signature of each such line; what is no base64 is left out."""
    for line in _LINE.finditer(text):
        with suppress(binascii.Error):
            yield line["name"], base64.b64decode(line["signature"], validate=True)


def _signed(raw: bytes, body: bytes, origin: str, keys: Sequence[Ed25519PublicKey]) -> bool:
    for key in keys:
        if len(raw) == 68 and raw[:4] == key_hash(origin, ED25519, key.public_bytes_raw()):
            try:
                key.verify(raw[4:], body)
            except InvalidSignature:
                continue
            return True
    return False


@lru_cache(256)
def key_hash(name: str, kind: bytes, key: bytes) -> bytes:
    """The four bytes by which a signature names its key (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + kind + key).digest()[:4]
