"""A permit goes to its holder, and what comes back counts only as the reply to it."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contract.answers import envelope_bytes
from contract.codes import BROKER
from contract.documents import CaseFacts, Outcome, Permit, Reply
from contract.problems import DocumentMalformed
from contract.sealing import sealed_letters
from contract.signing import digest
from gateway.inquiries.courier import Courier
from gateway.inquiries.inquiries import Accepted, Progress
from party.wire import Response, Unreachable
from tests.parties import NOON, Parties

JTI, CASE, SUBJECT = (str(uuid.UUID(int=number, version=4)) for number in range(3))
HOLDER, ASKED = "reclassering", digest("the inquiry")
PERMITTED = {
    "rule": "A01",
    "mode": "automatic",
    "answer_codes": ["yes", "no", "not_determinable"],
    "desk": False,
    "due_at": int(NOON.timestamp()) + 3600,
    "repetition": {"asked_before": False, "over_budget": False},
    "re_roled": False,
}
FACTS = CaseFacts(
    kind="named",
    stage="enrichment",
    melding="registered",
    criteria="both",
    unsafety="acute",
    region="utrecht",
    regime="bilateral",
    own_region=True,
    accepted=False,
)


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


def accepted(*permitted: bool, **changes: Any) -> Accepted:
    """An inquiry with a question for each; of a refused one nothing is permitted."""
    questions = tuple(
        Progress(
            SUBJECT,
            "suspected_perpetrator",
            "reclassering.known",
            "enrich_referral",
            "sent" if one else "refused",
            position,
            None,
            permitted=PERMITTED if one else None,
        )
        for position, one in enumerate(permitted or (True,))
    )
    fields: dict[str, Any] = {
        "jti": JTI,
        "digest": ASKED,
        "case_ref": CASE,
        "requester": "veilig_thuis",
        "holder": HOLDER,
        "accepted_at": int(NOON.timestamp()),
        "revision": f"sha256:{'0' * 64}",
        "case_facts": FACTS.model_dump(),
        "positions": (0, 1),
        "token": "token",
        "identities": {SUBJECT: "locked"},
        "tried_until": PERMITTED["due_at"],
    }
    return Accepted(questions=questions, **{**fields, **changes})


class Holder:
    """A wire with one holder behind it, that says `reply` to every permit; None: it cannot be reached."""

    def __init__(self, parties: Parties, reply: Callable[["Holder"], Response | None]) -> None:
        self.parties = parties
        self.permits: list[Any] = []
        self.sent: list[dict[str, Any]] = []
        self._reply = reply

    async def send(self, method: str, address: str, path: str, **said: Any) -> Response:
        assert (method, address, path) == ("POST", "http://reclassering.example", "/v1/permits")
        self.sent.append(json.loads(said["body"]))
        self.permits.append(self.parties[HOLDER].read(Permit, self.sent[-1]["permit"]))
        response = self._reply(self)
        if response is None:
            raise Unreachable("down")
        return response

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def reply(self, *, by: str = HOLDER, status: int = 200, **changes: Any) -> Response:
        fields: dict[str, Any] = {
            "permit": self.permits[-1].digest,
            "inquiry": ASKED,
            "inquiry_jti": JTI,
            "outcomes": (Outcome(index=0, status="answered"),),
            "kid": "k" * 16,
            "sealed": "A" * sealed_letters(envelope_bytes(1)),
        }
        signed = self.parties[by].write(Reply, to=BROKER, **{**fields, **changes})
        return Response(status, json.dumps({"reply": signed.token}).encode())


def delivered(parties: Parties, reply: Callable[[Holder], Response | None], *some: Accepted) -> Any:
    """What came back, and the holder as it was spoken to."""
    holder = Holder(parties, reply)
    courier = Courier(parties[BROKER], holder, timeout_s=1)
    return asyncio.run(courier.deliver_all(some or (accepted(),))), holder


def test_a_permit_carries_what_was_decided_and_its_reply_comes_back(parties: Parties) -> None:
    """Only permitted questions, by their own index; the inquiry and its identities beside it."""
    told = Outcome(index=1, status="answered")
    [one], holder = delivered(parties, lambda holder: holder.reply(outcomes=(told,)), accepted(False, True))
    [permit] = holder.permits
    assert [question.index for question in permit.document.questions] == [1]
    assert (permit.document.inquiry, permit.document.case) == (ASKED, FACTS)
    assert permit.document.accepted_at == int(NOON.timestamp())
    assert (holder.sent[0]["inquiry"], holder.sent[0]["identities"]) == ("token", {SUBJECT: "locked"})
    assert (one.permit, one.reply.document.outcomes) == (permit.digest, (told,))


BAD: dict[str, Callable[[Holder], Response | None]] = {
    "cannot be reached": lambda holder: None,
    "says no": lambda holder: holder.reply(status=503),
    "says nothing": lambda holder: Response(200, b""),
    "says something else": lambda holder: Response(200, b'{"answer": "yes"}'),
    "says a list": lambda holder: Response(200, b"[]"),
    "answers with no document": lambda holder: Response(200, b'{"reply": "x"}'),
    "answers in another's name": lambda holder: holder.reply(by="rvdk"),
    "answers another inquiry": lambda holder: holder.reply(inquiry=digest("another")),
    "answers another permit": lambda holder: holder.reply(permit=digest("another")),
    "answers what was not asked": lambda holder: holder.reply(
        outcomes=(Outcome(index=1, status="answered"),)
    ),
    "seals more than an answer": lambda holder: holder.reply(
        sealed="A" * (sealed_letters(envelope_bytes(1)) + 1)
    ),
    "answers twice": lambda holder: holder.reply(outcomes=(Outcome(index=0, status="answered"),) * 2),
}


@pytest.mark.parametrize("name", BAD)
def test_a_holder_that_brings_no_reply_is_left_out(name: str, parties: Parties) -> None:
    """It spoils no other; it is tried again later."""
    assert delivered(parties, BAD[name])[0] == []


def test_one_that_is_down_hides_no_other(parties: Parties) -> None:
    turns = iter([None, 1])
    found, _ = delivered(
        parties, lambda holder: holder.reply() if next(turns) else None, accepted(), accepted()
    )
    assert len(found) == 1


def test_what_was_delivered_before_is_not_sent_again(parties: Parties) -> None:
    found, holder = delivered(parties, lambda holder: holder.reply(), replace(accepted(), token=None))
    assert (found, holder.sent) == ([], [])


def test_a_reply_to_an_earlier_permit_counts_too(parties: Parties) -> None:
    """Any of the permits that were given for the inquiry; no other."""
    holder = Holder(parties, lambda one: one.reply())
    courier = Courier(parties[BROKER], holder, timeout_s=1)
    [one] = asyncio.run(courier.deliver_all([accepted()]))
    assert courier.delivery(accepted(), one.reply, permits=["other", one.permit]).permit == one.permit
    with pytest.raises(DocumentMalformed):
        courier.delivery(accepted(), one.reply, permits=["other"])
    with pytest.raises(DocumentMalformed):
        courier.delivery(accepted(False), one.reply, permits=[one.permit])
