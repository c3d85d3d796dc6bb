"""Answers that their holder takes back: at the node of the holder, and at that of who got them.

The one who got it sees that the answer no longer counts, and asks again. What was answered stays in the
trail, for whoever has to account for what was done with it.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy import Connection, delete, insert, select

from adapters.node.answering import inbox
from adapters.node.answering.inbox import Taken
from adapters.node.asking import enrichments
from adapters.node.asking.enrichments import Enrichment
from adapters.node.broker_line import BrokerLine
from adapters.node.informing.informing import RECTIFICATIONS, heard
from adapters.node.outbox import Outbox
from audit.entry import Entry, Recorded
from audit.kinds import Kind
from audit.trail import Trail
from contract.codes import BROKER
from contract.documents import Receipt, Rectification
from contract.problems import DocumentMalformed, NotFound, NotWaiting
from contract.receipts import proven_entries
from contract.signatory import Signatory
from party.bearer import OFFICIAL, Colleague
from party.events import Event, log

_ANSWERED = frozenset({"answered", "released"})


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    receipt: str
    next_since: int


class Rectifying:
    def __init__(self, signatory: Signatory, broker: BrokerLine, outbox: Outbox, trail: Trail) -> None:
        self._signatory = signatory
        self._broker = broker
        self._outbox = outbox
        self._trail = trail
        outbox.register([Kind.RECTIFICATION], self._told_as)

    async def take_back(self, jti: str, index: int, person: Colleague) -> None:
        """An official takes back the answer to this question. Raises NotAllowed, NotFound, NotWaiting when it
        was not answered, TrailUnavailable.
        """
        person.needs(OFFICIAL)
        taken = await self._trail.read(lambda store: inbox.load(store, jti))
        question = None if taken is None else taken.question(index)
        if taken is None or question is None:
            raise NotFound
        if question.state not in _ANSWERED:
            raise NotWaiting
        facts = {
            "inquiry": jti,
            "index": index,
            "case_ref": taken.case_ref,
            "requester": taken.requester,
            "question": question.question,
            "user": person.user,
            "step": str(uuid.uuid4()),
        }

        def put(store: Connection, recorded: Sequence[Recorded]) -> None:
            def taken_back(one: Taken) -> Taken:
                current = one.question(index)
                if current is None or current.state not in _ANSWERED:
                    raise NotWaiting  # a colleague was first
                return one.with_question(index, state="taken_back")

            inbox.change(store, jti, taken_back)
            self._outbox.put(store, Kind.RECTIFICATION, recorded[0].position)

        await self._trail.append([Entry(Kind.RECTIFICATION, facts, subject_ref=question.subject_ref)], put)
        await self._outbox.deliver_quietly()

    async def follow(self) -> int:
        """Hears which answers to us were taken back; how many. Raises PartnerUnreachable, a document problem,
        TrailUnavailable.
        """
        mine = select(heard.c.since).where(heard.c.number == RECTIFICATIONS)
        since = await self._trail.read(lambda store: store.execute(mine).scalar()) or 0
        response = await self._broker.call("GET", "/v1/rectifications", query=f"?since={since}")
        try:
            told = _Told.model_validate_json(response.body)
        except ValidationError:
            raise DocumentMalformed from None
        receipt = self._signatory.read(Receipt, told.receipt)
        count = 0
        for position, facts in proven_entries(receipt.document, self._signatory.directory):
            if facts["kind"] == Kind.RECTIFICATION and facts["requester"] == self._signatory.party.code:
                count += await self._note(position, facts)
        if told.next_since != since:
            await self._trail.append([], lambda store, _: _hear(store, told.next_since))
        return count

    async def _note(self, position: int, facts: Mapping[str, Any]) -> int:
        """The answer no longer counts; once."""
        asked = await self._trail.read(lambda store: enrichments.load_of_case(store, facts["case_ref"]))
        found = [(one, sent) for one in asked for sent in one.inquiries if sent.jti == facts["inquiry"]]
        if not found:
            return 0
        enrichment, sent = found[0]
        items = [item for item in sent.items if item.index == facts["index"]]
        if not items or items[0].rectified:
            return 0
        here = {
            "inquiry": sent.jti,
            "index": facts["index"],
            "case_ref": enrichment.case_ref,
            "holder": sent.holder,
            "position": position,
        }

        def rectified(one: Enrichment) -> Enrichment:
            current, index = next(each for each in one.inquiries if each.jti == sent.jti), facts["index"]
            changed = tuple(
                replace(item, rectified=True) if item.index == index else item for item in current.items
            )
            return one.updated({sent.jti: replace(current, items=changed)})

        await self._trail.append(
            [Entry(Kind.RECTIFICATION, here, subject_ref=items[0].subject_ref)],
            lambda store, _: enrichments.change(store, enrichment.id, rectified),
        )
        log(Event.RECTIFIED, partner=sent.holder)
        return 1

    def _told_as(self, facts: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        said = self._signatory.write(
            Rectification, to=BROKER, jti=facts["step"], inquiry=facts["inquiry"], index=facts["index"]
        )
        return "/v1/rectifications", {"rectification": said.token}


def _hear(store: Connection, since: int) -> None:
    store.execute(delete(heard).where(heard.c.number == RECTIFICATIONS))
    store.execute(insert(heard), {"number": RECTIFICATIONS, "since": since})
