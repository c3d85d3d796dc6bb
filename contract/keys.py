"""A party's own private keys: made, kept in one file, loaded once.

- One file per party, readable by its owner only. It holds, each apart: keys that sign documents (ES256),
  keys that open what is sealed to the party (HPKE, ML-KEM-768 with X25519), keys of its trail (Ed25519, and a
  second one that a quantum computer does not break, ML-DSA-44) and of its witness (Ed25519), each of which
  signs nothing else, and the key that wraps subject keys.
- A key is parsed once, at load: parsing per signature costs a thousand times the signature.
- Documents: the newest signing key whose time has come is used; older ones stay, so that a rotation overlaps.
  Trail and witness sign with every key that is in the file: whoever knows one of them can verify.
- A demo file says so, and is refused outside demo mode.
"""

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from contract import base64url

Use = Literal["sign", "seal", "trail", "trail_pq", "witness"]

K = TypeVar("K")
_NoteKey = ed25519.Ed25519PrivateKey | mldsa.MLDSA44PrivateKey
_NOTE_KEYS = ("trail", "trail_pq", "witness")

ROTATION_OVERLAP = timedelta(hours=24)
"""How long before a new key is used: partners need this time to take up the new directory."""

RETIRED_AFTER = timedelta(days=30)
"""How long a key stays after its successor is used: longer than anything that was sealed to it may wait."""

_MLKEM_SEED = 64
_MLKEM_PUBLIC = 1184


class KeyProblem(Exception):
    """A key file that is missing, weak, unreadable or made for the demo. The text says what to do."""


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: ec.EllipticCurvePrivateKey
    use_from: datetime


@dataclass(frozen=True)
class OpeningKey:
    kid: str
    private: MLKEM768X25519PrivateKey
    public: bytes
    use_from: datetime


@dataclass(frozen=True)
class Keyring:
    """All private keys of one party; of trail and witness the newest comes last."""

    party: str
    demo: bool
    signing: tuple[SigningKey, ...]
    opening: Mapping[str, OpeningKey]
    trail: tuple[ed25519.Ed25519PrivateKey, ...]
    trail_pq: tuple[mldsa.MLDSA44PrivateKey, ...]
    witness: tuple[ed25519.Ed25519PrivateKey, ...]
    wrapping: bytes
    notes: tuple[Mapping[str, str], ...]
    """Of the keys of trail and witness, what stands in the directory."""
    past: tuple[Mapping[str, str], ...] = ()
    """Of keys that were retired, what stands in the directory: what they signed is still verified."""

    def signing_key(self, now: datetime) -> SigningKey:
        """The newest signing key whose time has come. Raises KeyProblem when the clock is behind them all."""
        usable = [key for key in self.signing if key.use_from <= now]
        if not usable:
            first = min(key.use_from for key in self.signing)
            raise KeyProblem(
                f"The clock of this machine ({now:%Y-%m-%d %H:%M} UTC) is behind the first key of this party "
                f"({first:%Y-%m-%d %H:%M} UTC). Set the clock."
            )
        return max(usable, key=lambda key: key.use_from)

    def public_keys(self) -> list[dict[str, str]]:
        """What stands in the directory about these keys: `kid`, `use`, `public`, `valid_from`, and of a
        retired one `valid_until`.
        """
        rows = [
            _public("sign", key.kid, _point(key.private.public_key()), key.use_from) for key in self.signing
        ]
        rows += [_public("seal", key.kid, key.public, key.use_from) for key in self.opening.values()]
        return [*rows, *(dict(row) for row in (*self.notes, *self.past))]


def make_keys(party: str, *, demo: bool, now: datetime) -> dict[str, Any]:
    """The contents of a new key file, to be used from this second."""
    now = now.replace(microsecond=0)  # as documents tell time: a key is never younger than its first
    return {
        "party": party,
        "demo": demo,
        "sign": [_new_signing(now)],
        "seal": [_new_opening(now)],
        **{name: [_new_note_key(now)] for name in _NOTE_KEYS},
        "wrapping": base64url.encode(secrets.token_bytes(32)),
    }


def rotated(contents: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The same file with new keys beside the old ones: for documents used after `ROTATION_OVERLAP`, for trail
    and witness at the next start. The key that wraps subject keys stays.
    """
    later = now.replace(microsecond=0) + ROTATION_OVERLAP
    return {
        **contents,
        "sign": [*contents["sign"], _new_signing(later)],
        "seal": [*contents["seal"], _new_opening(later)],
        **{name: [*contents[name], _new_note_key(later)] for name in _NOTE_KEYS},
    }


def retired(contents: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The same file without the private keys whose successor has been used for `RETIRED_AFTER`. Of each the
    public side stays, with this end: from then on it signs nothing, and verifies what it signed before.
    """
    after = {**contents, **{name: _kept(contents[name], now) for name in ("sign", "seal", *_NOTE_KEYS)}}
    listed = {row["kid"] for row in _parse(after).public_keys()}
    end = now.replace(microsecond=0).isoformat()
    gone = [row for row in _parse(contents).public_keys() if row["kid"] not in listed]
    return {**after, "past": [*contents.get("past", ()), *({**row, "valid_until": end} for row in gone)]}


def write_keys(path: Path, contents: Mapping[str, Any]) -> None:
    """Writes atomically, readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(contents, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_keys(path: Path, *, party: str, demo: bool) -> Keyring:
    """Loads and checks a key file.

    Raises KeyProblem with one sentence that says what to do: the file is missing, others may read it, it
    belongs to another party, it is made for the demo while `demo` is false, or a key in it is weak.
    """
    advice = f"Make good keys with: grondslag init keys --party {party} --keys {path}"
    try:
        mode = path.stat().st_mode
        contents = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeyProblem(
            f"There is no key file {path}. Is that the right path? For a party without keys: "
            f"grondslag init keys --party {party} --keys {path}"
        ) from None
    except (OSError, ValueError):
        raise KeyProblem(f"The key file {path} cannot be read. {advice}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyProblem(f"Others on this machine can read {path}. Run: chmod 600 {path}, and make new keys.")
    try:
        keyring = _parse(contents)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise KeyProblem(f"The key file {path} is damaged or holds a weak key. {advice}") from None
    if keyring.party != party:
        raise KeyProblem(
            f"The key file {path} is not of {party}. Point the setting `keys` at the right file."
        )
    if keyring.demo and not demo:
        raise KeyProblem(f"The key file {path} is made for the demo. {advice}")
    return keyring


def signing_public(raw: bytes) -> ec.EllipticCurvePublicKey:
    """A P-256 public key from its 65-byte uncompressed point. Raises ValueError."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


def sealing_public(raw: bytes) -> MLKEM768X25519PublicKey:
    """A hybrid public key from 1,184 bytes of ML-KEM-768 and 32 of X25519. Raises ValueError."""
    if len(raw) != _MLKEM_PUBLIC + 32:
        raise ValueError("a sealing key has 1216 bytes")
    return MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC]),
        x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:]),
    )


def _parse(contents: Mapping[str, Any]) -> Keyring:
    wrapping = _strong(base64url.decode(contents["wrapping"]), 32)
    opening = tuple(_opening(row) for row in contents["seal"])
    signing = tuple(_signing(row) for row in contents["sign"])
    if not signing or not opening or not isinstance(contents["demo"], bool):
        raise ValueError("no keys")
    return Keyring(
        party=contents["party"],
        demo=contents["demo"],
        signing=signing,
        opening={key.kid: key for key in opening},
        trail=_note_keys(contents["trail"], ed25519.Ed25519PrivateKey.from_private_bytes),
        trail_pq=_note_keys(contents["trail_pq"], mldsa.MLDSA44PrivateKey.from_seed_bytes),
        witness=_note_keys(contents["witness"], ed25519.Ed25519PrivateKey.from_private_bytes),
        wrapping=wrapping,
        notes=tuple(_noted(use, row) for use in _PARSE_NOTE for row in contents[use]),
        past=tuple(contents.get("past", ())),
    )


def _signing(row: Mapping[str, str]) -> SigningKey:
    scalar = int.from_bytes(_strong(base64url.decode(row["private"]), 32), "big")
    private = ec.derive_private_key(scalar, ec.SECP256R1())
    return SigningKey(_kid(_point(private.public_key())), private, datetime.fromisoformat(row["use_from"]))


def _opening(row: Mapping[str, str]) -> OpeningKey:
    raw = _strong(base64url.decode(row["private"]), _MLKEM_SEED + 32)
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(raw[:_MLKEM_SEED])
    curve = x25519.X25519PrivateKey.from_private_bytes(raw[_MLKEM_SEED:])
    public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    use_from = datetime.fromisoformat(row["use_from"])
    return OpeningKey(_kid(public), MLKEM768X25519PrivateKey(lattice, curve), public, use_from)


def _note_keys(rows: Sequence[Mapping[str, str]], parse: Callable[[bytes], K]) -> tuple[K, ...]:
    """Keys under which notes stand: checkpoints of the trail, cosignatures of the witness."""
    found = tuple(parse(_strong(base64url.decode(row["private"]), 32)) for row in rows)
    if not found:
        raise ValueError("no keys")
    return found


_PARSE_NOTE: Mapping[Use, Callable[[bytes], _NoteKey]] = {
    "trail": ed25519.Ed25519PrivateKey.from_private_bytes,
    "trail_pq": mldsa.MLDSA44PrivateKey.from_seed_bytes,
    "witness": ed25519.Ed25519PrivateKey.from_private_bytes,
}


def _noted(use: Use, row: Mapping[str, str]) -> dict[str, str]:
    raw = _PARSE_NOTE[use](base64url.decode(row["private"])).public_key().public_bytes_raw()
    return _public(use, _kid(raw), raw, datetime.fromisoformat(row["use_from"]))


def _kept(rows: Sequence[Mapping[str, str]], now: datetime) -> list[Mapping[str, str]]:
    long_used = [datetime.fromisoformat(row["use_from"]) <= now - RETIRED_AFTER for row in rows]
    newest = max((place for place, used in enumerate(long_used) if used), default=0)
    return list(rows[newest:])


def _new_note_key(use_from: datetime) -> dict[str, str]:
    # 32 random bytes are a private key of Ed25519 (RFC 8032), and a seed of ML-DSA (FIPS 204)
    return {"private": base64url.encode(secrets.token_bytes(32)), "use_from": use_from.isoformat()}


def _new_signing(use_from: datetime) -> dict[str, str]:
    private = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return {"private": base64url.encode(private.to_bytes(32, "big")), "use_from": use_from.isoformat()}


def _new_opening(use_from: datetime) -> dict[str, str]:
    raw = (
        mlkem.MLKEM768PrivateKey.generate().private_bytes_raw()
        + x25519.X25519PrivateKey.generate().private_bytes_raw()
    )
    return {"private": base64url.encode(raw), "use_from": use_from.isoformat()}


def _strong(raw: bytes, length: int) -> bytes:
    # a counter, a repeated byte or a typed word has few distinct values; 32 random bytes have about 30
    if len(raw) != length or len(set(raw)) < 16:
        raise ValueError("weak key")
    return raw


def _public(use: Use, kid: str, raw: bytes, valid_from: datetime) -> dict[str, str]:
    return {"kid": kid, "use": use, "public": base64url.encode(raw), "valid_from": valid_from.isoformat()}


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _kid(public: bytes) -> str:
    return base64url.encode(hashlib.sha256(public).digest()[:12])
