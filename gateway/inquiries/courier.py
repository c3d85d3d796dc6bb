"""Brings an accepted inquiry to its holder under a fresh permit, and the holder's reply back. Knows no
database.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from prometheus_client import Counter

from contract.documents import Permit, Reply
from contract.problems import DocumentMalformed, Problem
from contract.signatory import Received, Signatory
from gateway.inquiries.inquiries import Accepted
from party.events import Event, log
from party.wire import Unreachable, Wire

_failed = Counter(
    "grondslag_deliveries_failed_total", "Permits that brought no reply; they are tried again.", ["partner"]
)


@dataclass(frozen=True)
class DeliveredReply:
    """A reply of a holder to a permit for an accepted inquiry, checked against both."""

    accepted: Accepted
    permit: str
    reply: Received[Reply]


class Courier:
    def __init__(self, signatory: Signatory, wire: Wire, *, timeout_s: float) -> None:
        self._signatory = signatory
        self._wire = wire
        self._timeout_s = timeout_s

    async def deliver_all(self, accepted: Sequence[Accepted]) -> list[DeliveredReply]:
        """All at once, each within the same time. A holder that is down, busy or wrong is left out."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._deliver(one)) for one in accepted if one.token is not None]
        return [delivery for task in tasks if (delivery := task.result()) is not None]

    def delivery(
        self, accepted: Accepted, reply: Received[Reply], *, permits: Sequence[str]
    ) -> DeliveredReply:
        """A reply that answers this inquiry: from its holder, to one of these permits, about permitted
        questions, each once, sealed in the one length.

        Raises DocumentMalformed.
        """
        said = reply.document
        permitted = {
            index for index, question in enumerate(accepted.questions) if question.permitted is not None
        }
        indexes = [outcome.index for outcome in said.outcomes]
        ours = (
            reply.sender.code == accepted.holder
            and said.inquiry == accepted.digest
            and said.permit in permits
        )
        if not ours or len(set(indexes)) != len(indexes) or not permitted.issuperset(indexes):
            raise DocumentMalformed
        if not said.even:
            raise DocumentMalformed  # its length could tell what the centre must not know
        return DeliveredReply(accepted, said.permit, reply)

    async def _deliver(self, accepted: Accepted) -> DeliveredReply | None:
        delivery = await self._attempt(accepted)
        if delivery is None:
            _failed.labels(accepted.holder).inc()
        return delivery

    async def _attempt(self, accepted: Accepted) -> DeliveredReply | None:
        try:
            holder = self._signatory.directory.party(accepted.holder)
            permit = self._signatory.write(
                Permit,
                to=accepted.holder,
                inquiry=accepted.digest,
                accepted_at=accepted.accepted_at,
                revision=accepted.revision,
                case=accepted.facts(),
                questions=accepted.permitted(),
            )
            body = orjson.dumps(
                {"permit": permit.token, "inquiry": accepted.token, "identities": accepted.identities}
            )
            response = await self._wire.send(
                "POST", holder.address, "/v1/permits", body=body, timeout_s=self._timeout_s
            )
            if response.status != 200:
                log(Event.PERMIT_NOT_TAKEN, partner=accepted.holder, status=response.status)
                return None
            reply = self._signatory.read(Reply, str(orjson.loads(response.body)["reply"]))
            return self.delivery(accepted, reply, permits=[permit.digest])
        except Unreachable:
            log(Event.PARTNER_UNREACHABLE, partner=accepted.holder)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            log(Event.REPLY_REFUSED, partner=accepted.holder, code=DocumentMalformed.code)
        except Problem as problem:
            log(Event.REPLY_REFUSED, partner=accepted.holder, code=problem.code)
        return None
