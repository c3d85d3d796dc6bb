"""The witnesses of the broker's trail: each signs that it only grew. What enough of them signed is shown to
all; without them the broker's own signature is all there is.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, delete, insert, select

from audit.checkpoint import Checkpoint, verify_checkpoint
from audit.errors import TrailError, VerifyError
from audit.stamp import Stamp
from audit.trail import Trail
from audit.witness import Submission, WitnessKey, cosign, cosigned_at, read_cosigner_key
from contract.codes import BROKER
from contract.signatory import Signatory, trail_origin, witness_name
from gateway.tables import metadata
from gateway.trail.stamping import load_stamps
from party.events import Event, log
from party.wire import Unreachable, Wire

cosigned = Table(
    "cosigned",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # one row
    Column("size", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
)

SHOWN_EVERY_S = 600
"""Also when nothing came: a witness must know that it is not left out."""

_STAMPS_SHOWN = 50
_LONGEST_ANSWER = 16_384  # characters of a witness that are looked at

PATH = "/witness/add-checkpoint"
_SEEN_PATH = "/witness/checkpoint"


@dataclass(frozen=True)
class Witness:
    """Who signs: a code for the log lines of operators, name and keys (C2SP), and where it takes
    checkpoints.
    """

    code: str
    name: str
    keys: tuple[WitnessKey, ...]
    address: str
    path: str = PATH

    def signed(self, checkpoint: Checkpoint, lines: str) -> bool:
        """Whether one of these lines is this witness's, under one of its keys."""
        return bool(cosigned_at(checkpoint, lines, [(self.name, key) for key in self.keys]))

    def lines(self, checkpoint: Checkpoint, answer: str) -> str:
        """The lines of an answer that are this witness's, one for each key at most: whatever else it says
        would stand before everybody.
        """
        found: dict[int, str] = {}
        for line in answer[:_LONGEST_ANSWER].splitlines(keepends=True):
            for place, key in enumerate(self.keys):
                if place not in found and cosigned_at(checkpoint, line, [(self.name, key)]):
                    found[place] = line
        return "".join(found.values())


@dataclass(frozen=True)
class ShownCheckpoint:
    """A state of the trail with who signed it, and that it grew from earlier ones."""

    checkpoint: str
    witnesses: tuple[str, ...]
    proofs: list[tuple[bytes, ...]]


def of_directory(signatory: Signatory) -> list[Witness]:
    """Every party that takes part, by the keys that the directory has of it."""
    directory, now = signatory.directory, signatory.now()
    known = [(party, directory.witness_keys(party.code, now)) for party in directory.parties(now)]
    return [
        Witness(party.code, witness_name(party.oin), keys, party.address) for party, keys in known if keys
    ]


def outside(text: str) -> Witness:
    """A witness of somebody else, from its key and address as a setting has them.

    Raises VerifyError when they are not.
    """
    key, _, address = text.partition(" ")
    name, public = read_cosigner_key(key)
    place = urlsplit(address)
    if place.scheme not in {"http", "https"} or not place.netloc or place.query or place.fragment:
        raise VerifyError("this is not the address of a witness")
    path = f"{place.path.rstrip('/')}/add-checkpoint"
    return Witness("outside", name, (public,), f"{place.scheme}://{place.netloc}", path)


class Witnesses:
    def __init__(
        self,
        signatory: Signatory,
        wire: Wire,
        trail: Trail,
        witnesses: Sequence[Witness],
        *,
        quorum: int,
        timeout_s: float,
    ) -> None:
        self._signatory = signatory
        self._wire = wire
        self._trail = trail
        self._witnesses = witnesses
        self._quorum = quorum
        self._timeout_s = timeout_s
        self._origin = trail_origin(signatory.directory.party(BROKER).oin)
        self._sizes: dict[str, int] = {}
        self._last: tuple[int, float] = (-1, 0.0)

    async def verify_newest(self) -> None:
        """Looks whether this trail is at least what each witness of the chain signed before. What a witness
        holds against us must bear our own signature; one that does not answer says nothing.

        Raises TrailError when it is behind: a back-up was put back that is too old. Going on would make a
        second history after the one that others hold.
        """
        sizes = await asyncio.gather(
            *(self._seen(witness) for witness in self._witnesses if witness.path == PATH)
        )
        furthest = max(sizes, default=0)
        if furthest > self._trail.size():
            log(Event.TRAIL_BEHIND, size=self._trail.size(), seen=furthest)
            raise TrailError(
                f"This trail has {self._trail.size()} entries, and others signed one of {furthest}: it was "
                "restored from a back-up that is too old. Restore a newer one; nothing may be added to this."
            )

    async def show(self) -> None:
        """Shows the newest state to every witness, and keeps it when enough of them signed. Raises
        TrailUnavailable.
        """
        note, now = self._trail.checkpoint(), self._signatory.now().timestamp()
        newest = self._checkpoint(note)
        size, at = self._last
        if newest.size == size and now - at < SHOWN_EVERY_S:
            return
        asked = [self._ask(witness, newest, note) for witness in self._witnesses]
        lines = [line for line in await asyncio.gather(*asked) if line]
        if len(lines) < len(asked):
            await self._stop_if_behind()
        if len(lines) < self._quorum:
            log(Event.WITNESSES_TOO_FEW, signed=len(lines), needed=self._quorum)
            return
        signed = note + self._second(newest, int(now)) + "".join(lines)

        def save(store: Connection, _: object) -> None:
            store.execute(delete(cosigned))
            store.execute(insert(cosigned), {"number": 1, "size": newest.size, "checkpoint": signed})

        await self._trail.append([], save)
        self._last = (newest.size, now)

    async def shown(self, since: Sequence[int]) -> ShownCheckpoint:
        """The newest state that enough witnesses signed; before there is one, the newest that the broker
        alone signed. Raises ValueError when it counts less than one of `since`, TrailUnavailable.
        """
        note = await self._trail.read(lambda store: store.execute(select(cosigned.c.checkpoint)).scalar())
        note = note or self._trail.checkpoint()
        state = self._checkpoint(note)
        signed = sorted(one.name for one in self._witnesses if one.signed(state, note))
        return ShownCheckpoint(note, tuple(signed), await self._trail.prove_growth(since, state.size))

    async def stamps(self) -> list[Stamp]:
        """The newest time stamps of somebody outside. Raises TrailUnavailable."""
        return await self._trail.read(lambda store: load_stamps(store, _STAMPS_SHOWN))

    async def _ask(self, witness: Witness, newest: Checkpoint, note: str) -> str | None:
        """The line of this witness; None when it signs nothing now."""
        for _ in range(2):
            old = min(self._sizes.get(witness.name, 0), newest.size)
            [proof] = await self._trail.prove_growth([old], newest.size)
            body = Submission(old, proof, note).text()
            try:
                answer = await self._wire.send(
                    "POST",
                    witness.address,
                    witness.path,
                    body=body.encode(),
                    content_type="text/plain",
                    timeout_s=self._timeout_s,
                )
            except Unreachable:
                log(Event.WITNESS_REFUSED, witness=witness.code, status=None)
                return None
            text = answer.body.decode(errors="replace")
            if answer.status == 200 and (lines := witness.lines(newest, text)):
                self._sizes[witness.name] = newest.size
                return lines
            size = text.strip()  # 18 ASCII digits at most: what else is a digit somewhere is no number
            refused = answer.status == 409 and re.fullmatch(r"[0-9]{1,18}", size) is not None
            if not refused or not old < int(size) <= newest.size:
                break
            self._sizes[witness.name] = int(size)
        log(Event.WITNESS_REFUSED, witness=witness.code, status=answer.status)
        return None

    def _second(self, newest: Checkpoint, at: int) -> str:
        """Our own second signature, which a quantum computer does not forge. On what is shown alone: one on
        each commit would cost more than the commit.
        """
        return "".join(cosign(newest, self._origin, key, at) for key in self._signatory.keyring.trail_pq)

    async def _stop_if_behind(self) -> None:
        """A witness that was away when we started may know more than we do."""
        try:
            await self.verify_newest()
        except TrailError as problem:
            self._trail.halt(str(problem))

    async def _seen(self, witness: Witness) -> int:
        """How large the trail was that this witness signed last; 0 when it says nothing that we signed."""
        try:
            answer = await self._wire.send("GET", witness.address, _SEEN_PATH, timeout_s=self._timeout_s)
            return self._checkpoint(answer.body.decode()).size if answer.status == 200 else 0
        except (Unreachable, UnicodeDecodeError, VerifyError):
            return 0

    def _checkpoint(self, note: str) -> Checkpoint:
        return verify_checkpoint(note, self._origin, self._signatory.directory.trail_keys(BROKER))
