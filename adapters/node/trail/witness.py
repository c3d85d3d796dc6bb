"""This node as a witness of the broker's trail: it signs that the trail only grew, keeps the evidence when it
did not, and notices when it is shown nothing.

What it signs is what the broker shows to all. So the receipts that the broker gives to this node alone are
held against that too: each must be an earlier state of what this witness signed.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from prometheus_client import Counter
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from adapters.node.broker_line import BrokerLine
from adapters.node.tables import metadata
from audit.checkpoint import Checkpoint, verify_checkpoint
from audit.entry import Entry
from audit.errors import VerifyError
from audit.kinds import Kind
from audit.merkle import verify_consistency
from audit.trail import Trail
from audit.witness import Submission, SubmissionRefused, accept, cosign, cosigned_at, read_submission
from contract.codes import BROKER
from contract.problems import DocumentMalformed, Problem, RequestInvalid
from contract.receipts import MOST_HELD
from contract.signatory import Signatory, trail_origin, witness_name
from party.events import Event, log

witnessed = Table(
    "witnessed",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("misdeeds", JSON, nullable=False),
)

UNSEEN_S = 1_800
"""How long the broker may show nothing: it shows its trail at least every ten minutes."""

_MOST_RECEIPTS = 10_000  # some minutes of the whole country
_LONGEST_PROOF = 64  # hashes; a proof that is none is no evidence, and must not be too long to keep
_MOST_MISDEEDS = 50  # of which the evidence is kept; the first says it all

_misdeeds = Counter("grondslag_log_misdeeds_total", "Signed states of the trail that cannot be.", ["misdeed"])


@dataclass(frozen=True)
class _Seen:
    checkpoint: str
    at: int
    misdeeds: tuple[str, ...]


class Witnessing:
    def __init__(self, signatory: Signatory, broker: BrokerLine, trail: Trail) -> None:
        self._signatory = signatory
        self._broker = broker
        self._trail = trail
        self._log = trail_origin(signatory.directory.party(BROKER).oin)
        self._since = self._now()
        self._receipts: dict[str, tuple[str, int]] = {}  # not held against the shown trail yet; since when

    def note(self, checkpoint: str) -> None:
        """A receipt stands at this checkpoint, which the broker signed."""
        self._receipts.setdefault(_body(checkpoint), (checkpoint, self._now()))
        while len(self._receipts) > _MOST_RECEIPTS:
            del self._receipts[next(iter(self._receipts))]

    async def add(self, body: bytes) -> str:
        """The line of this witness for a checkpoint of the broker, which is from then on what was seen.

        Raises SubmissionRefused, TrailUnavailable.
        """
        submitted = read_submission(body)
        seen = await self._trail.read(self._load)
        before = None if seen is None else self._checkpoint(seen)
        try:
            given = accept(submitted, before, origin=self._log, keys=self._keys_now())
        except SubmissionRefused as refused:
            if refused.misdeed is not None:
                await self._keep(refused.misdeed, submitted, seen)
            raise
        now = self._now()

        def save(store: Connection, _: object) -> None:
            current = self._load(store)
            if (current and current.checkpoint) != (seen and seen.checkpoint):
                raise SubmissionRefused(409, size=self._checkpoint(current).size if current else 0)
            row = {"size": given.size, "checkpoint": submitted.checkpoint, "at": now}
            if current is None:
                store.execute(insert(witnessed), {**row, "log": self._log, "misdeeds": []})
            else:
                store.execute(update(witnessed).where(witnessed.c.log == self._log), row)

        await self._trail.append([], save)
        name = witness_name(self._signatory.party.oin)
        return "".join(cosign(given, name, key, now) for key in self._signatory.keyring.witness)

    async def newest(self) -> str | None:
        """The newest state of the broker's trail that this witness signed, as the broker signed it: what a
        broker that was restored must not fall behind. Raises TrailUnavailable.
        """
        seen = await self._trail.read(self._load)
        return None if seen is None else seen.checkpoint

    async def look(self) -> None:
        """Says so when the broker has shown nothing for too long, and holds receipts against what was shown.
        Raises PartnerUnreachable, a problem of the broker, TrailUnavailable.
        """
        seen = await self._trail.read(self._load)
        signed = self._checkpoint(seen).size if seen else 0
        # those that count more were not shown to us yet; the smallest come first
        known = sorted((note for note, _ in self._receipts.values() if _size(note) <= signed), key=_size)
        failed: Problem | None = None
        for first in range(0, len(known), MOST_HELD):
            try:
                await self._hold(known[first : first + MOST_HELD])
            except Problem as problem:  # the others are held all the same, and what is unseen is told
                failed = failed or problem
        shown_at = max(self._since, seen.at if seen else 0)
        since = self._now() - min([shown_at, *(noted_at for _, noted_at in self._receipts.values())])
        if since > UNSEEN_S:
            log(Event.LOG_UNSEEN, since_s=since)
        if failed is not None:
            raise failed

    async def _hold(self, notes: Sequence[str]) -> None:
        """Settles those that are earlier states of what we signed, and those that are not: these are kept."""
        query = "&".join(f"since={_size(note)}" for note in notes)
        try:
            answer = await self._broker.call("GET", "/v1/checkpoint", query=f"?{query}")
        except RequestInvalid:  # what is shown counts less than one of them: half of them, then
            if len(notes) > 1:
                await self._hold(notes[: len(notes) // 2])
            return
        try:
            told = orjson.loads(answer.body)
            shown = verify_checkpoint(told["checkpoint"], self._log, self._keys_now())
            proofs = [[base64.b64decode(node, validate=True) for node in one] for one in told["proofs"]]
            pairs = list(zip(notes, proofs, strict=True))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, VerifyError):
            raise DocumentMalformed from None
        if not self._signed(shown, told["checkpoint"]):
            return  # not shown to us yet
        for note, proof in pairs:
            given = verify_checkpoint(note, self._log, self._any_keys())
            if given.size > shown.size:
                continue
            try:
                verify_consistency(given.size, given.root, shown.size, shown.root, proof)
            except ValueError:
                kept = tuple(proof) if len(proof) <= _LONGEST_PROOF and {*map(len, proof)} <= {32} else ()
                await self._record("receipt", told["checkpoint"], Submission(given.size, kept, note))
            self._receipts.pop(_body(note), None)

    def _signed(self, checkpoint: Checkpoint, lines: str) -> bool:
        name, keys = witness_name(self._signatory.party.oin), self._signatory.keyring.witness
        return bool(cosigned_at(checkpoint, lines, [(name, key.public_key()) for key in keys]))

    async def _keep(self, misdeed: str, submitted: Submission, seen: _Seen | None) -> None:
        body = _body(submitted.checkpoint)
        if seen is None or body in seen.misdeeds or len(seen.misdeeds) >= _MOST_MISDEEDS:
            return

        def save(store: Connection, _: object) -> None:
            known = {"misdeeds": [*seen.misdeeds, body]}
            store.execute(update(witnessed).where(witnessed.c.log == self._log), known)

        await self._record(misdeed, seen.checkpoint, submitted, save)

    async def _record(
        self,
        misdeed: str,
        seen: str,
        given: Submission,
        save: Callable[[Connection, object], None] | None = None,
    ) -> None:
        """The evidence: both checkpoints as the log signed them, and the proof."""
        log(Event.LOG_MISDEED, misdeed=misdeed, size=_size(given.checkpoint))
        _misdeeds.labels(misdeed).inc()
        facts = {"log": self._log, "misdeed": misdeed, "seen": seen, "given": given.text()}
        await self._trail.append([Entry(Kind.MISDEED, facts)], save)

    def _load(self, store: Connection) -> _Seen | None:
        row = store.execute(select(witnessed).where(witnessed.c.log == self._log)).first()
        return None if row is None else _Seen(row.checkpoint, row.at, tuple(row.misdeeds))

    def _checkpoint(self, seen: _Seen) -> Checkpoint:
        return verify_checkpoint(seen.checkpoint, self._log, self._any_keys())

    def _keys_now(self) -> Sequence[Ed25519PublicKey]:
        return self._signatory.directory.trail_keys(BROKER, self._signatory.now())

    def _any_keys(self) -> Sequence[Ed25519PublicKey]:
        """Also of keys that were rotated: for what was signed before."""
        return self._signatory.directory.trail_keys(BROKER)

    def _now(self) -> int:
        return int(self._signatory.now().timestamp())


def _size(note: str) -> int:
    """Of a checkpoint whose signature was verified when it came."""
    return int(note.split("\n", 2)[1])


def _body(checkpoint: str) -> str:
    return checkpoint.partition("\n\n")[0]
