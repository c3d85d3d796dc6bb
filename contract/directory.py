"""Who takes part: partners and the broker, with OIN, address, desk, regions and public keys.

One pinned file, agreed between the partners; nothing in a message can add to it. A key is a function of who
claims to have signed and of
the key id, and only within its time. A change of the file is an entry in the broker's trail.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from contract import base64url
from contract.codes import BROKER, Base64Url, Code, Kid, Oin, Partner
from contract.keys import Use, sealing_public, signing_public
from contract.problems import SenderUnknown


class DirectoryProblem(Exception):
    """A directory file that cannot be used. The text says what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Desk(_Strict):
    """Where people of a partner are reached; never a person's name."""

    model_config = ConfigDict(
        json_schema_extra={"description": "Het loket van een partner; nooit de naam van een persoon."}
    )

    name: str = Field(min_length=2, max_length=60, description="Naam van het loket.")
    phone: str = Field(pattern=r"^[0-9+() -]{5,20}$", description="Telefoonnummer.")
    hours: str = Field(max_length=60, description="Wanneer het open is.")


class PublicKey(_Strict):
    kid: Kid
    use: Use
    public: Base64Url
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None

    def raw(self) -> bytes:
        return base64url.decode(self.public)

    def valid_at(self, now: datetime) -> bool:
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


class Party(_Strict):
    """A partner or the broker."""

    code: Partner
    oin: Oin
    name: str = Field(min_length=2, max_length=80)
    address: str = Field(pattern=r"^https?://[^?#]+[^/?#]$")
    desk: Desk
    regions: tuple[Code, ...] = ()
    keys: tuple[PublicKey, ...]


class Region(_Strict):
    regime: Literal["bilateral", "zvh"]


class _File(_Strict):
    demo: bool = False
    regions: Mapping[Code, Region]
    parties: tuple[Party, ...]


@dataclass(frozen=True)
class SealingKey:
    kid: str
    public: MLKEM768X25519PublicKey


class Directory:
    """The parsed file: every public key is parsed once, here."""

    def __init__(self, contents: bytes) -> None:
        """Raises DirectoryProblem when the file is malformed, names a party or a key twice, or holds a key
        that does not parse.
        """
        try:
            file = _File.model_validate_json(contents)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
            raise DirectoryProblem(
                f"The directory is malformed at {where or 'its start'}; mend it there."
            ) from None
        self.demo = file.demo
        self.regions = file.regions
        self.digest = hashlib.sha256(contents).hexdigest()
        self._by_code: dict[str, Party] = {party.code: party for party in file.parties}
        self._by_oin = {party.oin: party for party in file.parties}
        kids = [key.kid for party in file.parties for key in party.keys]
        if (
            len(self._by_code) != len(file.parties)
            or len(self._by_oin) != len(file.parties)
            or len(set(kids)) != len(kids)
        ):
            raise DirectoryProblem("The directory names a party, an OIN or a key twice; each may stand once.")
        if BROKER not in self._by_code:
            raise DirectoryProblem("The directory has no broker; add the party with code broker.")
        self._signing: dict[tuple[str, str], tuple[PublicKey, ec.EllipticCurvePublicKey]] = {}
        self._sealing: dict[str, MLKEM768X25519PublicKey] = {}
        self._pq: dict[str, tuple[mldsa.MLDSA44PublicKey, ...]] = {}
        self._notes: dict[tuple[str, Use], tuple[ed25519.Ed25519PublicKey, ...]] = {}
        for party in file.parties:
            try:
                self._parse(party)
            except ValueError:
                raise DirectoryProblem(
                    f"A public key of {party.code} in the directory does not parse; ask for its card again."
                ) from None

    @classmethod
    def read(cls, path: Path) -> "Directory":
        """Raises DirectoryProblem, also when there is no such file."""
        try:
            contents = path.read_bytes()
        except OSError:
            raise DirectoryProblem(
                f"There is no readable directory {path.name}. Make one with: grondslag init directory"
            ) from None
        return cls(contents)

    def party(self, code: str) -> Party:
        """Raises SenderUnknown for a code that does not take part."""
        found = self._by_code.get(code)
        if found is None:
            raise SenderUnknown
        return found

    def of_oin(self, oin: str) -> Party:
        """Raises SenderUnknown for an OIN that does not take part."""
        found = self._by_oin.get(oin)
        if found is None:
            raise SenderUnknown
        return found

    def partners(self) -> tuple[Party, ...]:
        """All but the broker, as the file has them."""
        return tuple(party for code, party in self._by_code.items() if code != BROKER)

    def signing_key(self, oin: str, kid: str, at: datetime) -> ec.EllipticCurvePublicKey:
        """The key of this party with this id, if it is valid at that time. Raises SenderUnknown."""
        found = self._signing.get((oin, kid))
        if found is None or not found[0].valid_at(at):
            raise SenderUnknown
        return found[1]

    def sealing_key(self, code: str, now: datetime) -> SealingKey:
        """The newest valid key that seals to this party. Raises SenderUnknown when it has none."""
        valid = [key for key in self.party(code).keys if key.use == "seal" and key.valid_at(now)]
        if not valid:
            raise SenderUnknown
        newest = max(valid, key=lambda key: key.valid_from)
        return SealingKey(newest.kid, self._sealing[newest.kid])

    def trail_keys(self, code: str, at: datetime | None = None) -> tuple[ed25519.Ed25519PublicKey, ...]:
        """The keys under which this party's checkpoints may stand at that time; of any time without one, for
        what was signed long ago.
        """
        return self._note_keys(code, "trail", at)

    def second_trail_keys(self, code: str) -> tuple[mldsa.MLDSA44PublicKey, ...]:
        """The keys of this party's second signature, which a quantum computer does not break."""
        return self._pq[self.party(code).code]

    def witness_keys(self, code: str, at: datetime | None = None) -> tuple[ed25519.Ed25519PublicKey, ...]:
        """The keys under which this party signs at that time that another's log only grew; of any time
        without one.
        """
        return self._note_keys(code, "witness", at)

    def _note_keys(self, code: str, use: Use, at: datetime | None) -> tuple[ed25519.Ed25519PublicKey, ...]:
        listed = [key for key in self.party(code).keys if key.use == use]
        pairs = zip(listed, self._notes[code, use], strict=True)
        return tuple(
            parsed for key, parsed in pairs if at is None or key.valid_until is None or at < key.valid_until
        )

    def _parse(self, party: Party) -> None:
        self._pq[party.code] = tuple(
            mldsa.MLDSA44PublicKey.from_public_bytes(key.raw()) for key in party.keys if key.use == "trail_pq"
        )
        uses: tuple[Use, ...] = ("trail", "witness")
        for use in uses:
            self._notes[party.code, use] = tuple(
                ed25519.Ed25519PublicKey.from_public_bytes(key.raw()) for key in party.keys if key.use == use
            )
        for key in party.keys:
            if key.use == "sign":
                self._signing[party.oin, key.kid] = (key, signing_public(key.raw()))
            elif key.use == "seal":
                self._sealing[key.kid] = sealing_public(key.raw())


def directory_text(contents: Mapping[str, object]) -> bytes:
    """The bytes of a directory file; the same contents give the same bytes, hence the same digest."""
    return json.dumps(contents, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
