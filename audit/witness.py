"""What a witness does: it signs that a log only grew since it looked last. C2SP tlog-witness and
tlog-cosignature (v1, Ed25519). Pure: what was seen before is an argument.

ML-DSA-44 is the second kind of cosignature there: a quantum computer does not forge it. A log may sign its
own states that way too, beside its first signature.

A cosignature says: of all consistent states of this log that I have seen, this is the largest. So who holds
the log's own key still cannot show two histories: no honest witness signs the second.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from audit.checkpoint import Checkpoint, key_hash, signature_line, signature_lines, verify_checkpoint
from audit.errors import VerifyError
from audit.merkle import verify_consistency

COSIGNATURE, COSIGNATURE_PQ = b"\x04", b"\x06"
"""The kinds of a witness's key: Ed25519, ML-DSA-44."""

PrivateKey = Ed25519PrivateKey | MLDSA44PrivateKey
WitnessKey = Ed25519PublicKey | MLDSA44PublicKey

MAX_BYTES = 16_384
"""Of a submission: 63 hashes and a checkpoint."""

_SUBMISSION = re.compile(
    r"old (?P<old>0|[1-9][0-9]{0,18})\n(?P<proof>(?:[A-Za-z0-9+/]{43}=\n){0,63})\n(?P<checkpoint>.+)",
    re.DOTALL,
)
_PARSED: dict[bytes, Callable[[bytes], WitnessKey]] = {
    COSIGNATURE: Ed25519PublicKey.from_public_bytes,
    COSIGNATURE_PQ: MLDSA44PublicKey.from_public_bytes,
}
_LENGTHS = {COSIGNATURE: 64, COSIGNATURE_PQ: 2420}

Misdeed = Literal["shrunk", "forked", "inconsistent"]
"""What a log did that signed a checkpoint which does not go with what was seen: it counts fewer entries, has
another root at the same size, or does not begin with what it was.
"""


class SubmissionRefused(Exception):
    """The HTTP status of C2SP tlog-witness. `size`: what the witness saw last, with 409. `misdeed`: the log
    itself signed what cannot be.
    """

    def __init__(self, status: int, *, size: int | None = None, misdeed: Misdeed | None = None) -> None:
        super().__init__(f"a checkpoint was refused with {status}")
        self.status = status
        self.size = size
        self.misdeed = misdeed


@dataclass(frozen=True)
class Submission:
    """A checkpoint as a log hands it to a witness, with the proof that it grew from `old` entries."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        lines = "".join(f"{base64.b64encode(node).decode()}\n" for node in self.proof)
        return f"old {self.old}\n{lines}\n{self.checkpoint}"


def read_submission(body: bytes) -> Submission:
    """Raises SubmissionRefused (400)."""
    try:
        found = _SUBMISSION.fullmatch(body.decode()) if len(body) <= MAX_BYTES else None
        if found is None:
            raise SubmissionRefused(400)
        proof = tuple(base64.b64decode(line, validate=True) for line in found["proof"].splitlines())
    except (UnicodeDecodeError, binascii.Error):
        raise SubmissionRefused(400) from None
    return Submission(int(found["old"]), proof, found["checkpoint"])


def accept(
    submitted: Submission, seen: Checkpoint | None, *, origin: str, keys: Sequence[Ed25519PublicKey]
) -> Checkpoint:
    """The checkpoint that may be cosigned, and is from then on what was seen (None: nothing yet).

    Raises SubmissionRefused.
    """
    if submitted.checkpoint.partition("\n")[0] != origin:
        raise SubmissionRefused(404)
    try:
        given = verify_checkpoint(submitted.checkpoint, origin, keys)
    except VerifyError:
        raise SubmissionRefused(403) from None
    last = seen or Checkpoint(origin, 0, b"")
    if given.size < last.size:
        raise SubmissionRefused(409, size=last.size, misdeed="shrunk")
    if seen is not None and given.size == seen.size and given.root != seen.root:
        raise SubmissionRefused(409, size=last.size, misdeed="forked")
    if submitted.old > given.size:
        raise SubmissionRefused(400)
    if submitted.old != last.size:
        raise SubmissionRefused(409, size=last.size)
    try:
        verify_consistency(last.size, last.root or given.root, given.size, given.root, submitted.proof)
    except ValueError:
        raise SubmissionRefused(422, misdeed="inconsistent") from None
    return given


def cosign(checkpoint: Checkpoint, name: str, key: PrivateKey, at: int) -> str:
    """The line of this witness; `at` in seconds since 1970."""
    public = key.public_key()
    signature = key.sign(_message(checkpoint, at, name, public))
    hashed = key_hash(name, _kind(public), public.public_bytes_raw())
    return signature_line(name, hashed + at.to_bytes(8, "big") + signature)


def cosigned_at(
    checkpoint: Checkpoint, lines: str, witnesses: Iterable[tuple[str, WitnessKey]]
) -> dict[str, int]:
    """Which of these witnesses signed the checkpoint in these lines, and when: name -> seconds since 1970. A
    name may have several keys. Lines of others, and wrong ones, are left out.
    """
    known = {(name, key_hash(name, _kind(key), key.public_bytes_raw())): key for name, key in witnesses}
    found: dict[str, int] = {}
    for name, raw in signature_lines(lines):
        key = known.get((name, raw[:4]))
        if key is None or len(raw) != 12 + _LENGTHS[_kind(key)]:
            continue
        at = int.from_bytes(raw[4:12], "big")
        if at >= 2**63:
            continue
        try:
            key.verify(raw[12:], _message(checkpoint, at, name, key))
        except InvalidSignature:
            continue
        found[name] = max(at, found.get(name, 0))
    return found


def cosigner_key(name: str, key: WitnessKey) -> str:
    """The key as text (C2SP signed-note): name, key hash and key, with + between."""
    kind, raw = _kind(key), key.public_bytes_raw()
    return f"{name}+{key_hash(name, kind, raw).hex()}+{base64.b64encode(kind + raw).decode()}"


def read_cosigner_key(text: str) -> tuple[str, WitnessKey]:
    """The name and the key in such a text. Raises VerifyError for what is none."""
    try:
        name, hashed, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        kind, raw = raw[:1], raw[1:]
        found = name, _PARSED[kind](raw)
    except (ValueError, KeyError):
        raise VerifyError("this is not the key of a witness (name+hash+key)") from None
    if hashed != key_hash(name, kind, raw).hex():
        raise VerifyError("the hash in this key of a witness is not the one of the key")
    return found


def _kind(key: WitnessKey) -> bytes:
    return COSIGNATURE_PQ if isinstance(key, MLDSA44PublicKey) else COSIGNATURE


def _message(checkpoint: Checkpoint, at: int, name: str, key: WitnessKey) -> bytes:
    if isinstance(key, Ed25519PublicKey):
        return f"cosignature/v1\ntime {at}\n{checkpoint.body()}".encode()
    who, log = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            b"subtree/v1\n\0",
            len(who).to_bytes(1, "big") + who,
            at.to_bytes(8, "big"),
            len(log).to_bytes(1, "big") + log,
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )
