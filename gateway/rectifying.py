"""A holder that takes back an answer, and who got it and hears of that (Wpg 4(4), 28(5); AVG 19). What was
answered, and what is right, the broker does not know.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.contract.documents import Caller, Rectification
from adapters.contract.events import Event, log
from adapters.contract.problems import NotFound
from adapters.contract.signatory import Signatory
from audit.entry import Entry
from audit.tables import entries, leaves
from audit.trail import Trail
from gateway import inquiries
from gateway.receipts import receipt

_LOOKED_AT = 5_000
"""Entries in one answer; more follow under a later `since`."""


@dataclass(frozen=True)
class Rectified:
    """A receipt of the entries; `next_since`: from which position on there may be more."""

    receipt: str
    next_since: int


class Rectifying:
    def __init__(self, signatory: Signatory, trail: Trail) -> None:
        self._signatory = signatory
        self._trail = trail

    async def take(self, token: str) -> None:
        """Records that an answer was taken back. Handing the same in again soon changes nothing.

        Raises a document problem, NotFound for a question that this party did not answer, TrailUnavailable.
        """
        received = self._signatory.read(Rectification, token)
        said, sender = received.document, received.sender
        accepted = await self._trail.read(lambda store: inquiries.load_one(store, said.inquiry))
        if accepted is None or accepted.holder != sender.code or said.index >= len(accepted.questions):
            raise NotFound
        if accepted.questions[said.index].state != "answered":
            raise NotFound
        size = self._trail.size()
        if await self._trail.read(lambda store: _known(store, said.jti, size)):
            return
        facts = {
            "inquiry": said.inquiry,
            "index": said.index,
            "case_ref": accepted.case_ref,
            "requester": accepted.requester,
            "holder": accepted.holder,
            "question": accepted.questions[said.index].question,
            "step": said.jti,
            "document": received.digest,
        }
        subject_ref = accepted.questions[said.index].subject_ref
        await self._trail.append([Entry("rectification", facts, subject_ref=subject_ref)])
        log(Event.RECTIFIED, partner=sender.code)

    async def of_requester(self, bearer: str, *, since: int) -> Rectified:
        """The answers to the caller that were taken back, from this position of the trail on. Raises a
        document problem, TrailUnavailable.
        """
        caller = self._signatory.read(Caller, bearer)
        if caller.document.path != "/v1/rectifications":
            raise NotFound
        stop = min(since + _LOOKED_AT, self._trail.size())
        here = entries.c.position.between(since, stop - 1)
        found = await self._trail.read(
            lambda store: [
                one.position
                for one in leaves(store, here)
                if one.kind == "rectification" and one.facts["requester"] == caller.sender.code
            ]
        )
        return Rectified(await receipt(self._signatory, self._trail, caller.sender, found), max(since, stop))


def _known(store: Connection, step: str, size: int) -> bool:
    here = entries.c.position.between(max(0, size - _LOOKED_AT), size - 1)
    return any(one.kind == "rectification" and one.facts["step"] == step for one in leaves(store, here))
