"""The duty to inform, as all may know it: which obligations are open, wait until a date, were met or left
out.

Every obligation comes from the permits in the trail, whatever anybody does. Its receiver tells how far it is;
the prosecutor may let it wait. Grounds, persons and channels stay with whoever decided.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Gauge

from audit.book import Book
from audit.entry import Entry
from audit.errors import StepRefused
from audit.kinds import Kind
from audit.obligations import Obligation
from audit.trail import Trail
from contract.directory import Party
from contract.documents import ObligationStep
from contract.problems import NotAllowed, NotFound, StepNotTaken
from contract.signatory import Signatory
from contract.signing import moment
from gateway.inquiries import cases
from gateway.inquiries.receipts import receipt
from party.events import Event, log
from policies.catalogue import Catalogue

MOST_SHOWN = 200
"""Obligations in one answer; more follow under a later `since`."""

_overdue = Gauge("grondslag_obligations_overdue", "Obligations whose time is over.", ["party"])


@dataclass(frozen=True)
class ShownObligations:
    """Obligations as they are now, with a receipt of the entries of their steps; `next_since`: from which
    position on there may be more.
    """

    obligations: tuple[Obligation, ...]
    receipt: str
    next_since: int


class ObligationSteps:
    def __init__(
        self, signatory: Signatory, trail: Trail, book: Book, *, catalogue: Callable[[], Catalogue]
    ) -> None:
        """`catalogue`: of the release that is in force, which says who prosecutes."""
        self._signatory = signatory
        self._trail = trail
        self._book = book
        self._catalogue = catalogue

    async def take(self, token: str) -> None:
        """Records a step. Handing the same step in again changes nothing.

        Raises a document problem, NotFound, NotAllowed, StepNotTaken, TrailUnavailable.
        """
        received = self._signatory.read(ObligationStep, token)
        said, sender = received.document, received.sender
        before = await self._book.get(said.obligation)
        if before is None:
            raise NotFound
        if sender.code != before.receiver:
            await self._verify_may_let_wait(said, sender, before)
        if said.jti in before.taken:
            return
        facts = {
            "obligation": said.obligation,
            "case_ref": before.case_ref,
            "receiver": before.receiver,
            "by": sender.code,
            "step": said.jti,
            "document": received.digest,
            **({"until": moment(said.until).isoformat()} if said.until is not None else {}),
            **({"covers": said.covers} if said.covers else {}),
            **({"covers_others": said.covers_others} if said.covers_others else {}),
            **({"proof": said.proof} if said.proof else {}),
            **({"notice": said.notice} if said.notice else {}),
            **({"fg_signature": received.digest, "fg": said.fg} if said.fg else {}),
        }
        entry = Entry(Kind(said.step), facts, subject_ref=before.subject_ref)
        try:
            await self._book.step(entry)
        except StepRefused:
            by_then = await self._book.get(said.obligation)
            if by_then is None or said.jti not in by_then.taken:  # else the same came in twice at once
                raise StepNotTaken from None
            return
        log(Event.OBLIGATION_STEP, step=said.step, partner=sender.code)

    async def of_receiver(self, caller: Party, *, since: int) -> ShownObligations:
        """The caller's own obligations with a step at this position of the trail or later. Raises
        TrailUnavailable.
        """
        found = await self._book.find(receiver=caller.code, since=since)
        found.sort(key=lambda one: one.places[-1])
        return await self._shown(caller, found[:MOST_SHOWN], since)

    async def of_case(self, case_ref: str, caller: Party) -> ShownObligations:
        """All obligations of a case, for partners of its region. Raises NotFound: unknown and another's look
        alike.
        """
        if not await self._in_region(case_ref, caller):
            raise NotFound
        return await self._shown(caller, await self._book.find(case_ref=case_ref), 0)

    async def look(self) -> None:
        """Counts what is overdue, by receiver. Raises TrailUnavailable."""
        late = await self._book.overdue(self._signatory.now())
        for party in self._signatory.directory.parties():
            _overdue.labels(party.code).set(late.get(party.code, 0))
        if late:
            log(Event.OBLIGATIONS_OVERDUE, count=sum(late.values()))

    def now(self) -> datetime:
        return self._signatory.now()

    async def _in_region(self, case_ref: str, party: Party) -> bool:
        case = (await self._trail.read(lambda store: cases.load(store, [case_ref]))).get(case_ref)
        return case is not None and party.serves(case.region, self._signatory.now())

    async def _verify_may_let_wait(self, said: ObligationStep, sender: Party, one: Obligation) -> None:
        """Raises NotFound for who may not know of it, NotAllowed for who may not take this step."""
        if not await self._in_region(one.case_ref, sender):
            raise NotFound
        prosecutes = self._catalogue().has_duty(sender.partner, "prosecutes")
        if not prosecutes or said.step not in {"deferral", "resumption"}:
            raise NotAllowed

    async def _shown(self, to: Party, found: Sequence[Obligation], since: int) -> ShownObligations:
        positions = sorted({place for one in found for place in one.places if place >= since})
        last = max((one.places[-1] for one in found if one.places), default=since - 1)
        now = self._signatory.now()
        return ShownObligations(
            tuple(one.at(now) for one in found),
            await receipt(self._signatory, self._trail, to, positions),
            max(since, last + 1),
        )
