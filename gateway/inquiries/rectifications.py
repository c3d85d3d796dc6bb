"""A holder that takes back an answer, and who got it and hears of that (Wpg 4(4), 28(5); AVG 19). What was
answered, and what is right, the broker does not know.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from audit.entry import Entry, Recorded
from audit.kinds import Kind
from audit.tables import entries, leaves
from audit.trail import Trail
from contract.directory import Party
from contract.documents import Rectification
from contract.problems import Conflict, NotFound
from contract.signatory import Signatory
from gateway.inquiries import inquiries
from gateway.inquiries.inquiries import Accepted
from gateway.inquiries.receipts import receipt
from party.events import Event, log

_LOOKED_AT = 5_000
"""Entries in one answer; more follow under a later `since`."""

_MOST_SHOWN = 200  # of them in one receipt: it stays well within what a reader takes


class _KnownError(Exception):
    """It was taken back before."""


@dataclass(frozen=True)
class Rectified:
    """A receipt of the entries; `next_since`: from which position on there may be more."""

    receipt: str
    next_since: int


class Rectifications:
    def __init__(self, signatory: Signatory, trail: Trail) -> None:
        self._signatory = signatory
        self._trail = trail

    async def take(self, token: str) -> None:
        """Records that an answer was taken back, once.

        Raises a document problem, NotFound for a question that this party does not answer, Conflict when it
        has not yet, TrailUnavailable.
        """
        received = self._signatory.read(Rectification, token)
        said, sender = received.document, received.sender
        accepted = await self._trail.read(lambda store: inquiries.load_one(store, said.inquiry))
        if accepted is None or accepted.holder != sender.code or said.index >= len(accepted.questions):
            raise NotFound
        question = accepted.questions[said.index]
        if question.permitted is None:
            raise NotFound
        if question.state != "answered":
            raise Conflict  # its reply may still be on the way: it is told again
        facts = {
            "inquiry": said.inquiry,
            "index": said.index,
            "case_ref": accepted.case_ref,
            "requester": accepted.requester,
            "holder": accepted.holder,
            "question": question.question,
            "step": said.jti,
            "document": received.digest,
        }

        def take(store: Connection, recorded: Sequence[Recorded]) -> None:
            def rectified(one: Accepted) -> Accepted:
                questions = list(one.questions)
                if questions[said.index].rectified_at is not None:
                    raise _KnownError
                questions[said.index] = replace(questions[said.index], rectified_at=recorded[0].position)
                return replace(one, questions=tuple(questions))

            inquiries.change(store, [said.inquiry], rectified)

        entry = Entry(Kind.RECTIFICATION, facts, subject_ref=question.subject_ref)
        with suppress(_KnownError):
            await self._trail.append([entry], take)
            log(Event.RECTIFIED, partner=sender.code)

    async def of_requester(self, caller: Party, *, since: int) -> Rectified:
        """The answers to the caller that were taken back, from this position of the trail on. Raises
        TrailUnavailable.
        """
        stop = min(since + _LOOKED_AT, self._trail.size())
        here = entries.c.position.between(since, stop - 1)
        found = await self._trail.read(
            lambda store: [
                one.position
                for one in leaves(store, here)
                if one.kind == Kind.RECTIFICATION and one.facts["requester"] == caller.code
            ]
        )
        if len(found) > _MOST_SHOWN:
            found = found[:_MOST_SHOWN]
            stop = found[-1] + 1
        told = await receipt(self._signatory, self._trail, caller, found)
        return Rectified(told, max(since, stop))
