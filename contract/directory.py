"""Who takes part: the parties, each of one kind (its partner), and the broker, with OIN, address, desks,
regions and public keys.

- One pinned file, agreed between the parties; nothing in a message can add to it. A change of it is an entry
  in the broker's trail.
- A key is a function of who claims to have signed and of the key id, and only within its time.
- Nothing is taken out: a party that leaves and a key that is retired get an end. What was asked, answered,
  agreed and proven before stays to be shown and verified.
- Whom a question goes to follows from here: the parties of its kind that serve the region of the case. Who
  sent us something and whom we look up are different questions, with different errors.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from contract import base64url
from contract.codes import BROKER, Base64Url, Code, Kid, Oin
from contract.keys import Use, sealing_public, signing_public
from contract.problems import PartyUnknown, SenderUnknown

PartyCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,31}$")]


class DirectoryProblem(Exception):
    """A directory file that cannot be used. The text says what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Desk(_Strict):
    """Where people of a party are reached; never a person's name."""

    model_config = ConfigDict(
        json_schema_extra={"description": "Het loket van een organisatie; nooit de naam van een persoon."}
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
    """One organisation, of the kind `partner`, or the broker, which has none.

    `desk` is for every region that `desks` does not name; `duty_desk` for when it is closed. `signs`: whether
    an officer of this party speaks for its kind when a version of the hand-out needs that kind's signature.
    """

    code: PartyCode
    partner: Code | None = None
    oin: Oin
    name: str = Field(min_length=2, max_length=80)
    address: str = Field(pattern=r"^https?://[^?#]+[^/?#]$")
    desk: Desk
    desks: Mapping[Code, Desk] = {}
    duty_desk: Desk | None = None
    regions: tuple[Code, ...] = ()
    signs: bool = True
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    keys: tuple[PublicKey, ...]

    def takes_part(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def serves(self, region: str, at: datetime) -> bool:
        return self.takes_part(at) and region in self.regions

    def desk_in(self, region: str) -> Desk:
        return self.desks.get(region, self.desk)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.partner is None) != (self.code == BROKER):
            raise ValueError("a party says of which kind of partner it is; the broker is of none")
        if self.code == BROKER and self.until is not None:
            raise ValueError("the broker does not leave")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError("a party leaves after it joined")
        if not set(self.desks) <= set(self.regions):
            raise ValueError("a desk is of a region that the party serves")
        return self


class Outsider(_Strict):
    """An organisation that does not take part yet, with whom to call instead; of every region if it names
    none.
    """

    partner: Code
    name: str = Field(min_length=2, max_length=80)
    desk: Desk
    regions: tuple[Code, ...] = ()


class _File(_Strict):
    demo: bool = False
    regions: tuple[Code, ...]
    parties: tuple[Party, ...]
    outside: tuple[Outsider, ...] = ()


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
            json.loads(contents, object_pairs_hook=_no_twins)
            file = _File.model_validate_json(contents)
        except _TwinError:
            raise DirectoryProblem("The directory names a field twice; each may stand once.") from None
        except UnicodeDecodeError:
            raise DirectoryProblem("The directory is no text; it is JSON in UTF-8.") from None
        except (json.JSONDecodeError, RecursionError):
            raise DirectoryProblem("The directory is malformed at its start; it is no JSON.") from None
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
            raise DirectoryProblem(
                f"The directory is malformed at {where or 'its start'}; mend it there."
            ) from None
        self.demo = file.demo
        self.regions = file.regions
        self._outside = file.outside
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
        served = {
            region for listed in (file.parties, file.outside) for one in listed for region in one.regions
        }
        for region in sorted(served - set(file.regions)):
            raise DirectoryProblem(
                f"The directory does not name the region {region}, which is served; add it to the regions."
            )
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
        """Whoever takes part, or once did. Raises PartyUnknown for another code."""
        found = self._by_code.get(code)
        if found is None:
            raise PartyUnknown
        return found

    def of_oin(self, oin: str) -> Party:
        """Who claims to have sent something. Raises SenderUnknown for an OIN that does not take part."""
        found = self._by_oin.get(oin)
        if found is None:
            raise SenderUnknown
        return found

    def parties(self, at: datetime | None = None) -> tuple[Party, ...]:
        """All but the broker, in the order of the file: who takes part at that time; without one, also who
        left and who is to come.
        """
        listed = (party for party in self._by_code.values() if party.code != BROKER)
        return tuple(party for party in listed if at is None or party.takes_part(at))

    def serving(self, partner: str, region: str, at: datetime) -> tuple[Party, ...]:
        """The parties of this kind that a question in a case of this region goes to."""
        return tuple(one for one in self.parties() if one.partner == partner and one.serves(region, at))

    def signers(self, partners: Iterable[str], at: datetime) -> tuple[str, ...]:
        """The codes of the parties that speak for these kinds when a version of the hand-out is agreed on:
        all of a kind, where none says that it does.
        """
        found: list[str] = []
        for kind in frozenset(partners):
            taking_part = [one for one in self.parties(at) if one.partner == kind]
            speaking = [one for one in taking_part if one.signs] or taking_part
            found += [one.code for one in speaking]
        return tuple(sorted(found))

    def outside(self, partner: str, region: str) -> Outsider | None:
        """Whom of this kind to call where nobody of it takes part."""
        fitting = (one for one in self._outside if one.partner == partner)
        return next((one for one in fitting if region in one.regions or not one.regions), None)

    def signing_key(self, oin: str, kid: str, at: datetime) -> ec.EllipticCurvePublicKey:
        """The key of this party with this id, if it is valid at that time. Raises SenderUnknown. Whether who
        left may still do something is asked where something begins: what it owes, it can finish.
        """
        found = self._signing.get((oin, kid))
        if found is None or not found[0].valid_at(at):
            raise SenderUnknown
        return found[1]

    def sealing_key(self, code: str, now: datetime) -> SealingKey:
        """The newest valid key that seals to this party. Raises PartyUnknown when it has none."""
        valid = [key for key in self.party(code).keys if key.use == "seal" and key.valid_at(now)]
        if not valid:
            raise PartyUnknown
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


class _TwinError(Exception):
    """A field that stands twice: one reader takes the first, another the last."""


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwinError
    return found


def dropped(before: Directory, after: Directory) -> tuple[str, ...]:
    """What stands in the first and no longer, or otherwise, in the second: codes of parties, and key ids with
    their party. Nothing may be lost: a party that leaves and a key that is retired get an end.
    """
    lost = []
    for party in (before.party(BROKER), *before.parties()):
        try:
            now = after.party(party.code)
        except PartyUnknown:
            lost.append(party.code)
            continue
        if (now.oin, now.partner) != (party.oin, party.partner) or _later(party.until, now.until):
            lost.append(party.code)
        keys = {(key.kid, key.use, key.public, key.valid_from): key for key in now.keys}
        for key in party.keys:
            same = keys.get((key.kid, key.use, key.public, key.valid_from))
            if same is None or _later(key.valid_until, same.valid_until):
                lost.append(f"key {key.kid} of {party.code}")
    return tuple(lost)


def _later(end: datetime | None, now: datetime | None) -> bool:
    """Whether an end was taken away, or moved to later."""
    return end is not None and (now is None or now > end)


def directory_text(contents: Mapping[str, object]) -> bytes:
    """The bytes of a directory file; the same contents give the same bytes, hence the same digest."""
    return json.dumps(contents, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
