"""Attacks on a running chain by who owns one partner's keys or accounts: each gets its problem, and does
nothing.
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from contract.answers import SLOT_BYTES, Answer
from contract.codes import BROKER
from contract.directory import Desk
from contract.documents import Inquiry, Outcome, Repetition
from contract.sealing import lock
from contract.signing import Signed, digest
from demo.caller import Refused
from demo.play import Play
from gateway.inquiries import cases, inquiries
from party.wire import Response
from tests.attacks.insider import (
    Asked,
    Case,
    Door,
    Insider,
    claims_of,
    code_of,
    es256,
    header_of,
    jws,
    trail_sizes,
    without_values,
)
from tests.world import AsgiCaller, LocalWorld

YES = Answer(codes=("yes",), as_of=date(2026, 11, 23), source="register")


def states(response: Response) -> list[str]:
    """How each question of the only inquiry in a report stands."""
    assert response.status == 200, response.body
    [row] = json.loads(response.body)["inquiries"]
    return [question["state"] for question in row["questions"]]


def kept(chain: LocalWorld, jti: str) -> Any:
    """The broker's row of an inquiry."""
    trail = chain.apps[chain.address(BROKER)].state.broker._trail
    return chain.do(trail.read(lambda store: inquiries.load_one(store, jti)))


@contextmanager
def holder_that(chain: LocalWorld, party: str, does: Callable[[Mapping[str, Any]], Any]) -> Iterator[None]:
    """As long as the block lasts, this stands at the address of the party's node: what it gives is the
    response's body.
    """
    address = chain.address(party)
    real = chain.apps[address]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = json.loads(await Request(scope, receive).body())
        told = does(body)
        response = JSONResponse(await told if asyncio.iscoroutine(told) else told)
        await response(scope, receive, send)

    chain.apps[address] = app
    try:
        yield
    finally:
        chain.apps[address] = real


# ── the same again ──


def test_an_inquiry_again_gets_its_state_and_does_nothing(chain: LocalWorld, vt: Insider) -> None:
    """The same bytes: answered as before, not asked again, not recorded again."""
    asked = vt.inquiry(vt.case())
    first = vt.present(asked)
    before = Door(chain)
    again = vt.present(asked)
    assert (states(first), states(again)) == (["answered"], ["answered"])
    assert json.loads(first.body)["inquiries"] == json.loads(again.body)["inquiries"]
    assert before.quiet()


def test_other_bytes_under_a_taken_id_are_refused(chain: LocalWorld, vt: Insider) -> None:
    """Signed once more under the same id: replayed, whatever it asks."""
    case = vt.case()
    asked = vt.inquiry(case)
    vt.present(asked)
    before = Door(chain)
    other = vt.inquiry(case, jti=asked.signed.document.jti, subject_ref=str(uuid.uuid4()))
    assert code_of(vt.present(other)) == (409, "document_replayed")
    assert before.quiet()


def test_an_old_inquiry_beside_a_new_one_is_refused(chain: LocalWorld, vt: Insider) -> None:
    """A request is new or a repetition, never half of each."""
    case = vt.case()
    asked = vt.inquiry(case)
    vt.present(asked)
    before = Door(chain)
    response = vt.present(
        asked, vt.inquiry(case, "rvdk.known", question_changes={"role": "child", "age_band": "under_12"})
    )
    assert code_of(response) == (409, "document_replayed")
    assert before.quiet()


def test_another_partners_id_cannot_be_taken(chain: LocalWorld, vt: Insider) -> None:
    """The id of somebody else's inquiry is replayed too; what stands under it is not told."""
    asked = vt.inquiry(vt.case())
    vt.present(asked)
    om = Insider(chain, "om")
    case = om.case(melding="none", stage="referral")
    before = Door(chain)
    stolen = om.inquiry(
        case, "veilig_thuis.earlier_report", jti=asked.signed.document.jti, requester_role="participant"
    )
    assert code_of(om.present(stolen)) == (409, "document_replayed")
    assert before.quiet()


def test_the_same_question_cannot_be_asked_twice_by_asking_at_once(chain: LocalWorld, vt: Insider) -> None:
    """Ten identical questions at the same moment: at most one is permitted; the others come back, or were
    asked before.
    """
    case, ref = vt.case(), str(uuid.uuid4())
    bodies = [
        json.dumps({"inquiries": [vt.inquiry(case, subject_ref=ref).body()]}).encode() for _ in range(10)
    ]

    async def race() -> list[Response]:
        sends = [
            chain.wire.send("POST", chain.address(BROKER), "/v1/inquiries", body=body, timeout_s=60)
            for body in bodies
        ]
        return await asyncio.gather(*sends)

    ends = [code_of(one)[1] or states(one)[0] for one in chain.do(race())]
    assert ends.count("answered") == 1
    assert set(ends) <= {"answered", "refused", "too_busy"}


def test_an_inquiry_twice_in_one_request_is_refused(chain: LocalWorld, vt: Insider) -> None:
    """Also two inquiries to one holder for one case: repetition would not be seen between them."""
    case = vt.case()
    asked, other = vt.inquiry(case), vt.inquiry(case)
    before = Door(chain)
    assert code_of(vt.present(asked, asked)) == (400, "document_malformed")
    assert code_of(vt.present(asked, other)) == (400, "document_malformed")
    assert before.quiet()


# ── what travels beside the document ──


def _swapped(asked: Asked, chain: LocalWorld) -> dict[str, str]:
    [ref] = asked.identities
    _, text = lock(b"x" * 4096, inquiry=asked.signed.document.jti, subject_ref=ref)
    return {ref: text}


BLOBS: dict[str, Callable[[Asked, LocalWorld], dict[str, str]]] = {
    "swapped": _swapped,
    "missing": lambda asked, chain: {},
    "one more": lambda asked, chain: {**asked.identities, str(uuid.uuid4()): "AAAA"},
    "under another reference": lambda asked, chain: {
        str(uuid.uuid4()): text for text in asked.identities.values()
    },
    "a byte longer": lambda asked, chain: {ref: text + "A" for ref, text in asked.identities.items()},
    "empty": lambda asked, chain: dict.fromkeys(asked.identities, ""),
}


@pytest.mark.parametrize("blobs", BLOBS)
def test_locked_identities_are_those_of_the_inquiry(blobs: str, chain: LocalWorld, vt: Insider) -> None:
    """At the broker's door: the inquiry says which locked texts belong to it."""
    asked = vt.inquiry(vt.case())
    before = Door(chain)
    assert code_of(vt.present(Asked(asked.signed, BLOBS[blobs](asked, chain)))) == (400, "document_malformed")
    assert before.quiet()


@pytest.mark.parametrize("blobs", BLOBS)
def test_a_holder_opens_only_the_identities_of_the_inquiry(
    blobs: str, chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """A broker that swaps, drops or adds gets nothing."""
    asked = vt.inquiry(vt.case())
    permit = broker.permit(asked).token
    before = Door(chain)
    response = broker.show_permit("reclassering", permit, asked, identities=BLOBS[blobs](asked, chain))
    # an empty object does not even have the form of a permit's body
    assert code_of(response) == (400, "request_invalid" if blobs == "missing" else "document_malformed")
    assert before.quiet()


def test_who_asks_itself_is_refused(chain: LocalWorld, vt: Insider) -> None:
    """By the broker, whatever the own node let through."""
    asked = vt.inquiry(vt.case(), "veilig_thuis.earlier_report", holder="veilig_thuis")
    before = Door(chain)
    assert code_of(vt.present(asked)) == (400, "party_is_own")
    assert before.quiet()


def test_a_question_to_a_party_of_another_kind_is_refused(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """By the broker, and by the holder when the broker lets it through."""
    asked = vt.inquiry(vt.case(), "reclassering.known", holder="politie")
    before = Door(chain)
    assert code_of(vt.present(asked)) == (400, "document_malformed")
    response = broker.show_permit("politie", broker.permit(asked, to="politie").token, asked)
    assert code_of(response) == (400, "document_malformed")
    assert before.quiet()


def test_a_holder_that_is_asked_by_itself_answers_nothing(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """Nor when the broker permits it."""
    asked = vt.inquiry(vt.case(), "veilig_thuis.earlier_report", holder="veilig_thuis")
    before = Door(chain)
    permit = broker.permit(asked, to="veilig_thuis").token
    assert code_of(broker.show_permit("veilig_thuis", permit, asked)) == (400, "document_malformed")
    assert before.quiet()


def test_a_sealed_part_for_another_partner_is_refused_by_the_holder(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """Sealed to RvdK, asked of Reclassering: the broker cannot know, the holder says so."""
    case, ref = vt.case(), str(uuid.uuid4())
    elsewhere = vt.inquiry(case, "rvdk.known", subject_ref=ref).signed.document
    asked = vt.inquiry(case, subject_ref=ref, kid=elsewhere.kid, sealed=elsewhere.sealed)
    before = Door(chain)
    response = broker.show_permit("reclassering", broker.permit(asked).token, asked)
    assert code_of(response) == (400, "sealed_for_another")
    assert before.quiet()


def test_a_sealed_part_of_another_inquiry_is_refused_by_the_holder(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """The right key, another inquiry, case or purpose: it does not open in this context."""
    ref = str(uuid.uuid4())
    case = vt.case()
    for other in (
        vt.inquiry(case, subject_ref=ref),
        vt.inquiry(vt.case(), subject_ref=ref),
        vt.inquiry(case, subject_ref=ref, purpose="decide_attendance"),
    ):
        document = other.signed.document
        asked = vt.inquiry(case, subject_ref=ref, kid=document.kid, sealed=document.sealed)
        before = Door(chain)
        response = broker.show_permit("reclassering", broker.permit(asked).token, asked)
        assert code_of(response) == (400, "sealed_for_another")
        assert before.quiet()


# ── permits ──


def test_a_permit_shown_twice_is_replayed(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """The first is answered, the second is not, and the register is not asked again."""
    asked = vt.inquiry(vt.case())
    permit = broker.permit(asked).token
    assert broker.show_permit("reclassering", permit, asked).status == 200
    before = Door(chain)
    assert code_of(broker.show_permit("reclassering", permit, asked)) == (409, "document_replayed")
    assert before.quiet()


def test_a_fresh_permit_for_an_answered_inquiry_gets_the_same_answer(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """What was sealed for the first permit is handed out again, and the holder records under which permit."""
    asked = vt.inquiry(vt.case())
    first = broker.show_permit("reclassering", broker.permit(asked).token, asked)
    before = trail_sizes(chain)
    second = broker.show_permit("reclassering", broker.permit(asked).token, asked)
    sealed = [claims_of(json.loads(one.body)["reply"])["sealed"] for one in (first, second)]
    assert sealed[0] == sealed[1]
    assert trail_sizes(chain) == {**before, "reclassering": before["reclassering"] + 1}


def test_a_permit_for_another_holder_is_refused(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """Addressed to RvdK, or about a question of RvdK: Reclassering answers neither."""
    case = vt.case()
    asked, others = vt.inquiry(case), vt.inquiry(case, "rvdk.known")
    before = Door(chain)
    response = broker.show_permit("reclassering", broker.permit(asked, to="rvdk").token, asked)
    assert code_of(response) == (400, "addressee_wrong")
    response = broker.show_permit("reclassering", broker.permit(others).token, others)
    assert code_of(response) == (400, "addressee_wrong")
    assert before.quiet()


def test_another_inquiry_under_a_permit_is_refused(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """A permit is for the inquiry whose digest it names."""
    case = vt.case()
    permit = broker.permit(vt.inquiry(case)).token
    before = Door(chain)
    assert code_of(broker.show_permit("reclassering", permit, vt.inquiry(case))) == (
        400,
        "document_malformed",
    )
    assert before.quiet()


def test_a_permit_signed_by_a_partner_is_refused(chain: LocalWorld, vt: Insider) -> None:
    """The requester cannot let its own inquiry through; nor can any other partner."""
    asked = vt.inquiry(vt.case())
    for party in ("veilig_thuis", "om"):
        before = Door(chain)
        permit = Insider(chain, party).permit(asked).token
        assert code_of(vt.show_permit("reclassering", permit, asked)) == (400, "document_malformed")
        assert before.quiet()


def test_an_inquiry_that_the_broker_made_up_is_refused(
    chain: LocalWorld, broker: Insider, vt: Insider
) -> None:
    """Two signatures are needed: the broker cannot ask by itself, nor in the name of Veilig Thuis."""
    case = vt.case()
    made_up = broker.inquiry(case)
    response = broker.show_permit("reclassering", broker.permit(made_up).token, made_up)
    assert response.status >= 400, "the broker asked by itself"
    claims = {**claims_of(made_up.signed.token), "iss": vt.signatory.party.oin}
    key = broker.signatory.keyring.signing[0].private
    forged = jws(header_of(made_up.signed.token), claims, es256(key))
    again = Asked(Signed(made_up.signed.document, forged, digest(forged)), made_up.identities)
    before = Door(chain)
    response = broker.show_permit("reclassering", broker.permit(again).token, again)
    assert code_of(response) == (401, "sender_unknown")
    assert before.quiet()


def test_an_index_beyond_the_inquiry_is_refused(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """A permit about a question that was not asked."""
    asked = vt.inquiry(vt.case())
    before = Door(chain)
    response = broker.show_permit("reclassering", broker.permit(asked, question={"index": 1}).token, asked)
    assert code_of(response) == (400, "document_malformed")
    assert before.quiet()


def test_a_permit_accepted_outside_the_inquirys_life_is_refused(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """The broker cannot keep an inquiry and use it later, nor say that it took it at another time."""
    asked = vt.inquiry(vt.case())
    now = int(chain.clock().timestamp())
    for accepted_at in (now - 3600, now + 3600, 0, 253_402_300_799):
        before = Door(chain)
        response = broker.show_permit(
            "reclassering", broker.permit(asked, accepted_at=accepted_at).token, asked
        )
        # at another time the requester's key may not have been valid either
        assert code_of(response) in {(400, "document_expired"), (401, "sender_unknown")}
        assert before.quiet()


WIDER: dict[str, dict[str, Any]] = {
    "another rule": {"question": {"rule": "A02"}},
    "a mode that is looser": {"question": {"mode": "human"}},
    "one code more": {"question": {"answer_codes": ("yes", "no", "not_determinable", "contact_ban")}},
    "one code less": {"question": {"answer_codes": ("yes", "no")}},
    "a desk": {"question": {"desk": True}},
    "asked before": {"question": {"repetition": Repetition(asked_before=True, over_budget=False)}},
    "over budget": {"question": {"repetition": Repetition(asked_before=False, over_budget=True)}},
    "another role before": {"question": {"re_roled": True}},
}


@pytest.mark.parametrize("wider", WIDER)
def test_a_permit_that_does_not_follow_here_is_not_answered(
    wider: str, chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """The holder decides again on the same facts: any other decision than the permit's, and nothing is
    answered.
    """
    asked = vt.inquiry(vt.case())
    before = Door(chain)
    response = broker.show_permit("reclassering", broker.permit(asked, **WIDER[wider]).token, asked)
    assert code_of(response) == (409, "decision_differs")
    assert before.quiet()


NOT_ENOUGH: dict[str, dict[str, Any]] = {
    "no melding": {"melding": "none"},
    "a melding that is overdue": {"melding": "overdue"},
    "no criteria": {"criteria": "none"},
    "an anonymous case": {"kind": "anonymous"},
    "another region": {"own_region": False},
    "a closed case": {"stage": "closed"},
}


@pytest.mark.parametrize("facts", NOT_ENOUGH)
def test_a_permit_that_the_facts_do_not_carry_is_not_answered(
    facts: str, chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """A broker that permits in spite of the facts that it hands over finds a holder that does not."""
    asked = vt.inquiry(vt.case())
    case = broker.permit(asked).document.case.model_copy(update=NOT_ENOUGH[facts])
    before = Door(chain)
    response = broker.show_permit("reclassering", broker.permit(asked, case=case).token, asked)
    assert code_of(response) == (409, "decision_differs")
    assert before.quiet()


def test_what_was_asked_here_before_is_remembered_by_the_holder(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """A broker that forgets cannot have the same person asked about twice."""
    case, ref = vt.case(), str(uuid.uuid4())
    first, second = vt.inquiry(case, subject_ref=ref), vt.inquiry(case, subject_ref=ref)
    assert broker.show_permit("reclassering", broker.permit(first).token, first).status == 200
    before = Door(chain)
    response = broker.show_permit("reclassering", broker.permit(second).token, second)
    assert code_of(response) == (409, "decision_differs")
    assert before.quiet()


def test_another_version_of_the_handout_is_refused_on_a_ground(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """No answer, and the ground says why: it never depends on the register."""
    asked = vt.inquiry(vt.case())
    permit = broker.permit(asked, revision="sha256:" + "0" * 64).token
    response = broker.show_permit("reclassering", permit, asked)
    [outcome] = claims_of(json.loads(response.body)["reply"])["outcomes"]
    assert (outcome["status"], outcome["ground"]) == ("refused", "holder_revision_differs")


def test_a_holder_that_pauses_answers_nothing(chain: LocalWorld, vt: Insider) -> None:
    """Refused on a ground by the switch, and answered again when it is lifted."""
    manager = chain.caller("reclassering", "manager")
    manager.put("/v1/pause")
    try:
        response = vt.present(vt.inquiry(vt.case()))
        [row] = json.loads(response.body)["inquiries"]
        assert row["questions"][0]["state"] == "refused_by_holder"
        assert row["questions"][0]["ground"] == "holder_paused"
    finally:
        manager.delete("/v1/pause")
    assert states(vt.present(vt.inquiry(vt.case()))) == ["answered"]


# ── replies ──


def waiting(vt: Insider, *questions: str, **changes: Any) -> tuple[Asked, str]:
    """An inquiry whose question waits for a person at the police, and the permit under which it does."""
    asked = vt.inquiry(vt.case(), *(questions or ("politie.relevant_registrations",)), **changes)
    assert states(vt.present(asked)) == ["waits_for_person"] * len(questions or (1,))
    return asked, kept(vt.world, asked.signed.document.jti).permits[0]


SHAREABLE = Answer(codes=("shareable", "stalking"), as_of=date(2026, 11, 23), source="official")


def test_a_reply_of_another_partner_is_refused(chain: LocalWorld, vt: Insider) -> None:
    """OM cannot answer for the police."""
    asked, permit = waiting(vt)
    om = Insider(chain, "om")
    before = Door(chain)
    assert code_of(om.hand_in(om.reply(asked.signed, permit, [SHAREABLE]).token)) == (
        400,
        "document_malformed",
    )
    assert before.quiet()


def test_another_partner_does_not_learn_how_far_an_inquiry_is(chain: LocalWorld, vt: Insider) -> None:
    """A reply of the wrong holder gets the same problem for a question that waits, is answered, or
    never was.
    """
    om = Insider(chain, "om")
    open_one, permit = waiting(vt)
    done = vt.inquiry(vt.case())
    vt.present(done)
    unknown = vt.inquiry(Case(str(uuid.uuid4()), "0" * 64))
    told = [om.hand_in(om.reply(one.signed, permit, [YES]).token) for one in (open_one, done, unknown)]
    assert len({(one.status, without_values(one.body.decode())) for one in told}) == 1


def _wrong_replies(asked: Asked, permit: str) -> dict[str, dict[str, Any]]:
    answered = Outcome(index=0, status="answered")
    return {
        "to another permit": {"permit": "0" * 64},
        "to another inquiry's digest": {"inquiry": "0" * 64},
        "to an inquiry that is not there": {"inquiry_jti": str(uuid.uuid4())},
        "about a question that was not asked": {"outcomes": (Outcome(index=59, status="answered"),)},
        "about the same question twice": {"outcomes": (answered, answered)},
    }


@pytest.mark.parametrize("wrong", sorted(_wrong_replies(None, "")))  # type: ignore[arg-type]
def test_a_reply_answers_its_permit_and_nothing_else(wrong: str, chain: LocalWorld, vt: Insider) -> None:
    """Each is refused, and the question still waits."""
    asked, permit = waiting(vt)
    police = Insider(chain, "politie")
    changes = {"permit": permit, **_wrong_replies(asked, permit)[wrong]}
    before = Door(chain)
    reply = police.reply(asked.signed, answers=[SHAREABLE], **changes)
    assert code_of(police.hand_in(reply.token)) == (400, "document_malformed")
    assert before.quiet()
    assert kept(chain, asked.signed.document.jti).questions[0].state == "waits_for_person"


def test_a_question_that_was_not_permitted_cannot_be_answered(chain: LocalWorld, vt: Insider) -> None:
    """A refusal is final; also for the holder that would have answered."""
    asked = vt.inquiry(
        vt.case(),
        "politie.relevant_registrations",
        "politie.staff_safety_alert",
        question_changes={"role": "household_member", "age_band": "from_12_to_15"},
    )
    assert states(vt.present(asked)) == ["refused", "refused"]
    police = Insider(chain, "politie")
    before = Door(chain)
    reply = police.reply(asked.signed, "0" * 64, [SHAREABLE])
    assert code_of(police.hand_in(reply.token)) == (400, "document_malformed")
    assert before.quiet()


def test_a_second_answer_is_refused(chain: LocalWorld, vt: Insider) -> None:
    """What was answered stays answered; the first reply handed in again changes nothing."""
    asked, permit = waiting(vt)
    police = Insider(chain, "politie")
    first = police.reply(asked.signed, permit, [SHAREABLE]).token
    assert police.hand_in(first).status == 204
    before = Door(chain)
    assert police.hand_in(first).status == 204
    other = police.reply(
        asked.signed, permit, [Answer(**{**SHAREABLE.model_dump(), "codes": ("none_shareable",)})]
    )
    assert code_of(police.hand_in(other.token)) == (409, "document_replayed")
    assert before.quiet()


def test_two_answers_at_once_are_one(chain: LocalWorld, vt: Insider) -> None:
    """Eight different answers at the same moment: one is recorded."""
    asked, permit = waiting(vt)
    police = Insider(chain, "politie")
    bodies = [
        json.dumps({"reply": police.reply(asked.signed, permit, [SHAREABLE]).token}).encode()
        for _ in range(8)
    ]

    async def race() -> list[Response]:
        address = chain.address(BROKER)
        return await asyncio.gather(
            *(chain.wire.send("POST", address, "/v1/replies", body=body, timeout_s=60) for body in bodies)
        )

    ends = sorted(code_of(one) for one in chain.do(race()))
    assert ends == [(204, None)] + [(409, "document_replayed")] * 7
    assert len(kept(chain, asked.signed.document.jti).replies) == 2  # "waits", and one answer


# ── a holder that goes wrong, seen by the chair ──

ASKED_OF_BOTH = ("reclassering.known", "rvdk.known")


def chair_asks(chain: LocalWorld, name: str = "stalking.man") -> Any:
    """The chair asks Reclassering about a man and RvdK about a child, through her own node."""
    play = Play(chain)
    case = play.case(play.chair)
    man = play.subject(name, "suspected_perpetrator", ["reclassering.known"])
    child = play.subject("stalking.child_1", "child", ["rvdk.known"])
    return play.ask(play.chair, case, [man, child])


def _evil(reclassering: Insider, **wrong: Any) -> Callable[[Mapping[str, Any]], Any]:
    """A holder that answers yes to everything, with what is wrong in it."""

    def does(body: Mapping[str, Any]) -> Any:
        claims = claims_of(body["inquiry"])
        inquiry = Signed(
            Inquiry.model_validate_json(json.dumps(claims)), body["inquiry"], digest(body["inquiry"])
        )
        changes = {"permit": digest(body["permit"]), "answers": [YES], **wrong}
        return {"reply": reclassering.reply(inquiry, **changes).token}

    return does


def _desk(name: str) -> Answer:
    return YES.model_copy(update={"desk": Desk(name=name, phone="088-000 00 00", hours="altijd")})


NOT_OPENED: dict[str, dict[str, Any]] = {
    "a code that the permit does not allow": {
        "answers": [YES.model_copy(update={"codes": ("contact_ban",)})]
    },
    "a code of our own": {"answers": [YES.model_copy(update={"codes": ("yes", "dangerous")})]},
    "sealed for another": {"sealed_for": "om"},
    "an envelope of another inquiry": {
        "plaintext": lambda whole: whole.replace(b'"inquiry":"', b'"inquiry":"0')[: len(whole)]
    },
    "a text in a slot": {
        "plaintext": lambda whole: whole.replace(b'"yes"', b'"Jan de Tester"')[: len(whole)]
    },
    "an unknown field in a slot": {
        "plaintext": lambda whole: whole.replace(b'"kind":"fact"', b'"note":"fact"')
    },
    "not JSON": {"plaintext": lambda whole: whole.replace(b"{", b"[")},
    "not text": {"plaintext": lambda whole: b"\xff" * len(whole)},
    "an answer where a person must look": {"outcomes": (Outcome(index=0, status="waits_for_person"),)},
}


@pytest.mark.parametrize("wrong", NOT_OPENED)
def test_what_a_holder_may_not_say_is_not_shown(wrong: str, chain: LocalWorld, reclassering: Insider) -> None:
    """That holder's reply is not opened, and its question failed; the answers of the others are there."""
    with holder_that(chain, "reclassering", _evil(reclassering, **NOT_OPENED[wrong])):
        shown = chair_asks(chain)
    ours, theirs = shown["items"]
    assert ours["answer"] is None
    assert ours["status"] == (
        "waits_for_person" if wrong == "an answer where a person must look" else "failed"
    )
    assert shown["problems"] in (["document_malformed"], ["sealed_for_another"])
    assert (theirs["status"], theirs["answer"]["codes"]) == ("answered", ["no"])


ANOTHER_LENGTH: dict[str, Callable[[bytes], bytes]] = {
    "a byte more": lambda whole: whole + b" ",
    "one slot more": lambda whole: whole + whole[-SLOT_BYTES:],
    "no slot": lambda whole: whole[:-SLOT_BYTES],
    "nothing": lambda whole: b"",
}


@pytest.mark.parametrize("wrong", ANOTHER_LENGTH)
def test_a_reply_of_another_length_is_not_passed_on(
    wrong: str, chain: LocalWorld, reclassering: Insider
) -> None:
    """The broker drops it, for a length can tell a yes from a no; the answers of the others are there."""
    with holder_that(chain, "reclassering", _evil(reclassering, plaintext=ANOTHER_LENGTH[wrong])):
        shown = chair_asks(chain)
    assert [item["status"] for item in shown["items"]] == ["sent", "answered"]
    assert shown["problems"] == []


def test_a_holder_that_answers_as_it_must_is_shown(chain: LocalWorld, reclassering: Insider) -> None:
    """The same holder without anything wrong: so each reply above fails on what is wrong in it."""
    with holder_that(chain, "reclassering", _evil(reclassering)):
        shown = chair_asks(chain)
    assert (shown["items"][0]["answer"]["codes"], shown["problems"]) == (["yes"], [])


def test_a_desk_is_shown_as_the_directory_has_it(chain: LocalWorld, reclassering: Insider) -> None:
    """A holder's own text cannot ride along as a desk."""
    with holder_that(
        chain, "reclassering", _evil(reclassering, answers=[_desk("Jan de Tester, woont op 12")])
    ):
        shown = chair_asks(chain)
    desk = shown["items"][0]["answer"]["desk"]
    assert desk == reclassering.signatory.party.desk.model_dump()


NOT_A_REPLY: dict[str, Any] = {
    "no reply": {},
    "a list": [],
    "a text": "yes",
    "a number as reply": {"reply": 5},
    "no signed document": {"reply": "yes"},
}


@pytest.mark.parametrize("said", NOT_A_REPLY)
def test_a_holder_that_says_anything_else_is_not_reached(said: str, chain: LocalWorld) -> None:
    """The broker drops it and tries again later; the other holder's answer comes at once."""
    with holder_that(chain, "reclassering", lambda body: NOT_A_REPLY[said]):
        shown = chair_asks(chain)
    assert [item["status"] for item in shown["items"]] == ["sent", "answered"]


def test_a_reply_to_an_earlier_permit_does_not_count_for_this_one(
    chain: LocalWorld, vt: Insider, reclassering: Insider
) -> None:
    """A holder that answers with an old reply has not answered."""
    old: list[str] = []

    def first(body: Mapping[str, Any]) -> Any:
        said = _evil(reclassering)(body)
        old.append(said["reply"])
        return said

    with holder_that(chain, "reclassering", first):
        assert states(vt.present(vt.inquiry(vt.case()))) == ["answered"]
    with holder_that(chain, "reclassering", lambda body: {"reply": old[0]}):
        assert states(vt.present(vt.inquiry(vt.case()))) == ["sent"]


# ── cases ──


def test_a_statement_again_is_stale(chain: LocalWorld, vt: Insider) -> None:
    """Each statement follows the newest one; so none counts twice, and an old one does not come back."""
    first = vt.statement()
    body = {"statement": first.token}
    assert vt.post(BROKER, "/v1/cases", body).status == 201
    before = Door(chain)
    assert code_of(vt.post(BROKER, "/v1/cases", body)) == (409, "case_statement_stale")
    assert before.quiet()
    case_ref = first.document.case_ref
    second = vt.statement(case_ref=case_ref, replaces=first.digest, melding="none")
    assert vt.post(BROKER, "/v1/cases", {"statement": second.token}).status == 201
    before = Door(chain)
    for replaces in (first.digest, None, "0" * 64):
        late = vt.statement(case_ref=case_ref, replaces=replaces)
        assert code_of(vt.post(BROKER, "/v1/cases", {"statement": late.token})) == (
            409,
            "case_statement_stale",
        )
    assert before.quiet()


def test_an_inquiry_on_an_old_statement_is_stale(chain: LocalWorld, vt: Insider) -> None:
    """Nobody asks on facts that were replaced."""
    case = vt.case()
    vt.case(case_ref=case.case_ref, replaces=case.statement, criteria="none")
    before = Door(chain)
    assert code_of(vt.present(vt.inquiry(case))) == (409, "case_statement_stale")
    assert before.quiet()


def test_an_inquiry_in_an_unknown_case_is_refused(chain: LocalWorld, vt: Insider) -> None:
    """A case reference that the broker never saw."""
    before = Door(chain)
    assert code_of(vt.present(vt.inquiry(Case(str(uuid.uuid4()), "0" * 64)))) == (404, "case_unknown")
    assert before.quiet()


def test_another_partner_cannot_restate_a_case_of_veilig_thuis(chain: LocalWorld, vt: Insider) -> None:
    """Nor bring in one with a melding of its own making."""
    case = vt.case()
    om = Insider(chain, "om")
    before = Door(chain)
    for statement in (
        om.statement(case_ref=case.case_ref, replaces=case.statement, melding="none"),
        om.statement(melding="registered"),
    ):
        response = om.post(BROKER, "/v1/cases", {"statement": statement.token})
        assert code_of(response) == (403, "case_not_yours")
    assert before.quiet()


def test_a_case_keeps_its_region_and_its_kind(chain: LocalWorld, vt: Insider) -> None:
    """An anonymous case does not become a named one under the same reference (D04)."""
    case = vt.case(kind="anonymous")
    before = Door(chain)
    named = vt.statement(case_ref=case.case_ref, replaces=case.statement, kind="named")
    assert code_of(vt.post(BROKER, "/v1/cases", {"statement": named.token})) == (403, "case_not_yours")
    nowhere = vt.statement(region="nergens")
    assert code_of(vt.post(BROKER, "/v1/cases", {"statement": nowhere.token})) == (400, "document_malformed")
    assert before.quiet()


def test_a_melding_that_is_due_cannot_be_put_off_by_stating_something_else(chain: LocalWorld) -> None:
    """The broker's clock starts with the first statement that says so, and is not started again (C1b)."""
    om = Insider(chain, "om")

    def due_at(case: Case) -> int:
        trail = chain.apps[chain.address(BROKER)].state.broker._trail
        stored = chain.do(trail.read(lambda store: cases.load(store, [case.case_ref])))[case.case_ref]
        assert stored.melding_due_at is not None
        return int(stored.melding_due_at)

    first = om.case(melding="due", stage="referral")
    began = due_at(first)
    none = om.case(case_ref=first.case_ref, replaces=first.statement, melding="none", stage="referral")
    chain.clock.ahead += timedelta(hours=5)
    try:
        again = om.case(case_ref=first.case_ref, replaces=none.statement, melding="due", stage="referral")
        assert due_at(again) == began
    finally:
        chain.clock.ahead -= timedelta(hours=5)


# ── asking after ──


def test_a_caller_token_is_for_one_path(chain: LocalWorld, vt: Insider) -> None:
    """A token for one inquiry does not open another, nor a case."""
    case = vt.case()
    one, other = vt.inquiry(case), vt.inquiry(vt.case())
    vt.present(one)
    vt.present(other)
    token = vt.caller(f"/v1/inquiries/{one.signed.document.jti}").token
    assert vt.get(BROKER, f"/v1/inquiries/{one.signed.document.jti}", token).status == 200
    assert code_of(vt.get(BROKER, f"/v1/inquiries/{other.signed.document.jti}", token)) == (404, "not_found")
    assert code_of(vt.get(BROKER, f"/v1/cases/{case.case_ref}", token)) == (404, "not_found")
    assert code_of(vt.get(BROKER, f"/v1/inquiries/{one.signed.document.jti}", None)) == (401, "not_signed_in")


def test_anothers_inquiry_looks_like_one_that_is_not_there(chain: LocalWorld, vt: Insider) -> None:
    """To the byte, but for the ids of the request; for the holder that was asked too."""
    asked = vt.inquiry(vt.case())
    vt.present(asked)
    for party in ("om", "reclassering"):
        insider = Insider(chain, party)
        there, nowhere = (f"/v1/inquiries/{jti}" for jti in (asked.signed.document.jti, uuid.uuid4()))
        told = [insider.get(BROKER, path, insider.caller(path).token) for path in (there, nowhere)]
        assert [one.status for one in told] == [404, 404]
        assert without_values(told[0].body.decode()) == without_values(told[1].body.decode())


def test_a_document_of_another_kind_is_no_caller_token(chain: LocalWorld, vt: Insider) -> None:
    """An inquiry shown as a token opens nothing."""
    asked = vt.inquiry(vt.case())
    vt.present(asked)
    path = f"/v1/inquiries/{asked.signed.document.jti}"
    assert code_of(vt.get(BROKER, path, asked.signed.token)) in {
        (400, "document_malformed"),
        (413, "document_too_large"),
    }


# ── too much at once ──


def test_past_the_limit_the_rest_must_come_back(chain: LocalWorld, vt: Insider) -> None:
    """Sixteen enrichments wait for a slow holder; the next one hears when to come back, and nothing of it was
    recorded.
    """
    slow = threading.Event()

    async def wait(body: Mapping[str, Any]) -> Any:
        return await asyncio.to_thread(slow.wait, 20) and {}

    bodies = [json.dumps({"inquiries": [vt.inquiry(vt.case()).body()]}).encode() for _ in range(17)]
    address = chain.address(BROKER)

    async def crowd() -> tuple[httpx.Response, list[Response]]:
        first = [
            asyncio.create_task(chain.wire.send("POST", address, "/v1/inquiries", body=body, timeout_s=60))
            for body in bodies[:16]
        ]
        inside = chain.apps[address].state.broker
        async with asyncio.timeout(20):
            while inside._room > 0 or len(chain.wire.sent) < before + 32:  # noqa: ASYNC110 - until all wait
                await asyncio.sleep(0.01)
        asked = Door(chain)
        transport = httpx.ASGITransport(chain.apps[address])
        async with httpx.AsyncClient(transport=transport, base_url=address) as client:
            headers = {"Content-Type": "application/json"}
            refused = await client.post("/v1/inquiries", content=bodies[16], headers=headers)
        assert asked.quiet()
        slow.set()
        return refused, await asyncio.gather(*first)

    before = len(chain.wire.sent)
    with holder_that(chain, "reclassering", wait):
        try:
            refused, others = chain.do(crowd())
        finally:
            slow.set()
    assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert [one.status for one in others] == [200] * 16


# ── people ──


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.status, refused.value.code


def _as(chain: LocalWorld, partner: str, **claims: Any) -> Any:
    return AsgiCaller(chain, partner, chain.token(partner, claims.pop("role", "chair"), **claims))


NOT_SIGNED_IN: dict[str, dict[str, Any]] = {
    "of another partner's issuer": {"iss": "https://idp.example/om"},
    "for another audience": {"aud": "grondslag-om"},
    "for nobody": {"aud": []},
    "expired": {"iat": 1_700_000_000, "exp": 1_700_003_600},
    "without an end": {"exp": None},
    "that lasts a day": {"exp": 4_000_000_000},
    "with its end as text": {"exp": "4000000000"},
    "of a number of the state": {"sub": "999900006"},
    "of nobody": {"sub": ""},
    "with roles as text": {"roles": "chair"},
    "without roles": {"roles": None},
    "with a role that is a number": {"roles": [1]},
}


@pytest.mark.parametrize("token", NOT_SIGNED_IN)
def test_a_token_that_does_not_hold_opens_nothing(token: str, chain: LocalWorld) -> None:
    """The same problem for all, with nothing that helps to guess."""
    caller = _as(chain, "veilig_thuis", **NOT_SIGNED_IN[token])
    before = Door(chain)
    assert refusal(lambda: Play(chain).case(caller)) == (401, "not_signed_in")
    assert before.quiet()


def test_another_partners_token_opens_nothing(chain: LocalWorld) -> None:
    """Signed by OM's own identity provider, shown at Veilig Thuis; also when it names the issuer of Veilig
    Thuis.
    """
    for claims in ({}, {"iss": "https://idp.example/veilig_thuis", "aud": "grondslag-veilig_thuis"}):
        caller = AsgiCaller(chain, "veilig_thuis", chain.token("om", "chair", **claims))
        assert refusal(lambda caller=caller: Play(chain).case(caller)) == (401, "not_signed_in")


def test_a_role_that_the_token_does_not_give_is_not_had(chain: LocalWorld) -> None:
    """No role, a role of the desk, two asking roles, a role in another claim or in capitals: none asks."""
    for roles in ([], ["official"], ["manager"], ["chair", "participant"], ["Chair"], ["admin", "*"]):
        caller = _as(chain, "veilig_thuis", roles=roles, role="chair", groups=["chair"])
        before = Door(chain)
        assert refusal(lambda caller=caller: Play(chain).case(caller)) == (403, "not_allowed")
        assert before.only_attempts()


def test_who_lost_the_role_does_not_see_the_answers_any_more(chain: LocalWorld) -> None:
    """The same person, without a role that asks: her own enrichments stay closed."""
    shown = chair_asks(chain)
    path = f"/v1/enrichments/{shown['id']}"
    assert chain.caller("veilig_thuis", "chair").get(path)["id"] == shown["id"]
    for roles in ([], ["official"], ["manager"]):
        former = _as(chain, "veilig_thuis", sub="test-veilig_thuis-chair", roles=roles)
        assert refusal(lambda former=former: former.get(path)) == (403, "not_allowed")


def test_a_colleague_who_does_not_work_on_the_case_sees_nothing(chain: LocalWorld) -> None:
    """Neither the enrichment, nor may she ask in the case, not even to try."""
    shown = chair_asks(chain)
    colleague = _as(chain, "veilig_thuis", sub="iemand-anders")
    assert refusal(lambda: colleague.get(f"/v1/enrichments/{shown['id']}")) == (403, "not_allowed")
    play = Play(chain)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    for dry_run in (True, False):
        ask = {
            "caseRef": shown["caseRef"],
            "purpose": "enrich_referral",
            "subjects": [man],
            "dryRun": dry_run,
        }
        before = Door(chain)
        assert refusal(lambda ask=ask: colleague.post("/v1/enrichments", ask)) == (403, "not_allowed")
        assert before.only_attempts()


def test_who_is_not_mandated_states_no_case(chain: LocalWorld) -> None:
    """A mandate that the token does not give is not there; also when it is written as text."""
    for mandated in (False, None, "true", 1):
        caller = _as(chain, "veilig_thuis", sub="zonder-mandaat", mandated=mandated)
        assert refusal(lambda caller=caller: Play(chain).case(caller)) == (403, "not_allowed")


@pytest.mark.parametrize(
    "changes", [{"mandated": False}, {"assigned": False}, {"requester_role": "executor"}]
)
def test_what_a_node_says_of_its_asker_is_decided_by_the_handout(
    changes: dict[str, Any], vt: Insider
) -> None:
    """A node that lets anybody ask gets a refusal."""
    assert states(vt.present(vt.inquiry(vt.case(), **changes))) == ["refused"]


def _police_question(chain: LocalWorld) -> str:
    """The address of a question that waits at the police."""
    vt = Insider(chain, "veilig_thuis")
    asked, _ = waiting(vt)
    return f"/v1/questions/{asked.signed.document.jti}/0"


def test_only_an_official_opens_and_releases(chain: LocalWorld) -> None:
    """Not who manages, not who asks, not an official without a mandate."""
    place = _police_question(chain)
    for claims in ({"roles": ["manager"]}, {"roles": ["chair"]}, {"roles": ["official"], "mandated": False}):
        caller = _as(chain, "politie", **claims)
        before = Door(chain)
        for call in (
            lambda caller=caller: caller.get("/v1/questions"),
            lambda caller=caller: caller.post(f"{place}/views"),
            lambda caller=caller: caller.post(f"{place}/answers", {"codes": ["shareable"]}),
            lambda caller=caller: caller.post(f"{place}/refusals"),
            lambda caller=caller: caller.post(f"{place}/looks"),
        ):
            assert refusal(call) == (403, "not_allowed")
        assert before.only_attempts("politie")


def test_an_official_releases_only_what_was_opened_and_permitted(chain: LocalWorld) -> None:
    """Not unseen, not another code, not two that exclude each other, not twice; and "more reason" only before
    looking.
    """
    official, place = chain.caller("politie", "official"), _police_question(chain)

    def release(*codes: str) -> Callable[[], Any]:
        return lambda: official.post(f"{place}/answers", {"codes": list(codes)})

    assert refusal(release("shareable")) == (409, "not_waiting")
    official.post(f"{place}/views")
    assert refusal(release("yes")) == (400, "request_invalid")
    assert refusal(release("none_shareable", "stalking")) == (400, "request_invalid")
    assert refusal(release()) == (400, "request_invalid")
    assert refusal(lambda: official.post(f"{place}/refusals")) == (409, "not_waiting")
    release("shareable")()
    assert refusal(release("none_shareable")) == (409, "not_waiting")
    assert refusal(lambda: official.post(f"{place}/views")) == (409, "not_waiting")


def test_a_question_that_is_not_there_is_not_found(chain: LocalWorld) -> None:
    """An unknown inquiry, or a place in it that was not permitted."""
    official = chain.caller("politie", "official")
    place = _police_question(chain)[:-1]
    assert refusal(lambda: official.post(f"{place}1/views")) == (404, "not_found")
    assert refusal(lambda: official.post(f"/v1/questions/{uuid.uuid4()}/0/views")) == (404, "not_found")


def test_a_standing_decision_is_only_for_a_rule_that_is_automatic_here(chain: LocalWorld) -> None:
    """Not for a rule of another partner, nor one that the law leaves to a person, nor one that is not there,
    nor for ever.
    """
    soon = (chain.clock() + timedelta(days=30)).isoformat()
    late = (chain.clock() + timedelta(days=400)).isoformat()
    past = (chain.clock() - timedelta(days=1)).isoformat()
    manager = chain.caller("reclassering", "manager")
    before = Door(chain)
    for rule, until in (
        ("A06", soon),
        ("A03", soon),
        ("Z99", soon),
        ("A01", late),
        ("A01", past),
        ("A01", soon[:19]),
    ):
        body = {"rule": rule, "validUntil": until}
        assert refusal(lambda body=body: manager.post("/v1/standing-decisions", body)) == (
            400,
            "request_invalid",
        )
    for role in ("official", "chair"):
        caller = chain.caller("reclassering", role)
        body = {"rule": "A01", "validUntil": soon}
        for call in (
            lambda caller=caller, body=body: caller.post("/v1/standing-decisions", body),
            lambda caller=caller: caller.get("/v1/standing-decisions"),
            lambda caller=caller: caller.delete("/v1/standing-decisions/A01"),
            lambda caller=caller: caller.put("/v1/pause"),
            lambda caller=caller: caller.delete("/v1/pause"),
        ):
            assert refusal(call) == (403, "not_allowed")
    assert before.quiet()


def test_the_police_cannot_decide_to_answer_by_machine(chain: LocalWorld) -> None:
    """The law gives them no machine answer: no rule of theirs can be made automatic."""
    soon = (chain.clock() + timedelta(days=30)).isoformat()
    for party in ("politie", "om"):
        manager = chain.caller(party, "manager")
        for rule in chain.apps[chain.address(party)].state.node.release.catalogue.rules:
            body = {"rule": rule, "validUntil": soon}
            ended = refusal(lambda manager=manager, body=body: manager.post("/v1/standing-decisions", body))
            assert ended == (400, "request_invalid")


def test_without_a_standing_decision_a_person_must_look(chain: LocalWorld, vt: Insider) -> None:
    """An automatic rule waits; when the decision is there again, it is answered."""
    manager = chain.caller("reclassering", "manager")
    soon = (chain.clock() + timedelta(days=30)).isoformat()
    manager.delete("/v1/standing-decisions/A01")
    try:
        assert states(vt.present(vt.inquiry(vt.case()))) == ["waits_for_person"]
    finally:
        manager.post("/v1/standing-decisions", {"rule": "A01", "validUntil": soon})
    assert states(vt.present(vt.inquiry(vt.case()))) == ["answered"]


def test_a_standing_decision_ends_by_itself(chain: LocalWorld, vt: Insider) -> None:
    """On its day a person must look again, without anybody doing anything."""
    manager = chain.caller("reclassering", "manager")
    until = chain.clock() + timedelta(minutes=30)
    manager.post("/v1/standing-decisions", {"rule": "A01", "validUntil": until.isoformat()})
    assert states(vt.present(vt.inquiry(vt.case()))) == ["answered"]
    chain.clock.ahead += timedelta(minutes=31)
    try:
        assert states(vt.present(vt.inquiry(vt.case()))) == ["waits_for_person"]
    finally:
        chain.clock.ahead -= timedelta(minutes=31)
        soon = (chain.clock() + timedelta(days=30)).isoformat()
        manager.post("/v1/standing-decisions", {"rule": "A01", "validUntil": soon})


def test_asking_of_two_holders_at_once_does_not_stretch_the_budget(chain: LocalWorld, vt: Insider) -> None:
    """Eleven subjects are known; two new ones in one request, to two holders: one of them is over budget."""
    case = vt.case()
    for _ in range(11):
        assert states(vt.present(vt.inquiry(case))) == ["answered"]
    child = {"role": "child", "age_band": "under_12"}
    both = vt.present(vt.inquiry(case), vt.inquiry(case, "rvdk.known", question_changes=child))
    rows = json.loads(both.body)["inquiries"]
    ends = sorted(question["state"] for row in rows for question in row["questions"])
    assert ends == ["answered", "refused"]


def test_more_reason_is_asked_for_only_before_looking(chain: LocalWorld, vt: Insider) -> None:
    """And then the question is over: the ground does not depend on what the register holds (docs/law.md)."""
    official, place = chain.caller("politie", "official"), _police_question(chain)
    official.post(f"{place}/refusals")
    for what in ("views", "refusals", "looks"):
        assert refusal(lambda what=what: official.post(f"{place}/{what}")) == (409, "not_waiting")
    assert refusal(lambda: official.post(f"{place}/answers", {"codes": ["shareable"]})) == (
        409,
        "not_waiting",
    )


def test_a_rule_that_asks_for_the_prosecutor_waits_for_the_prosecutor(chain: LocalWorld, vt: Insider) -> None:
    """Without a prosecutor who agreed since the question came nothing is released (C16)."""
    asked = vt.inquiry(vt.case(), "om.safety_measure_in_force", purpose="interpret", requester_role="chair")
    assert states(vt.present(asked)) == ["waits_for_person"]
    official, place = chain.caller("om", "official"), f"/v1/questions/{asked.signed.document.jti}/0"
    needed = official.post(f"{place}/views")["obligations"]
    release = {"codes": ["contact_ban"]}
    assert "prosecutor_agrees" in needed
    agreed = {"user": "ovj-0117", "role": "prosecutor", "at": chain.clock().isoformat()}
    before = (chain.clock() - timedelta(days=1)).isoformat()
    for prosecutor in (None, {**agreed, "at": before}, {**agreed, "user": "999990019"}):
        wrong = {**release, "prosecutor": prosecutor}
        assert refusal(lambda wrong=wrong: official.post(f"{place}/answers", wrong)) == (
            400,
            "request_invalid",
        )
    official.post(f"{place}/answers", {**release, "prosecutor": agreed})


def test_two_officials_release_once(chain: LocalWorld) -> None:
    """A colleague was first: the second hears so, and one answer leaves."""
    place = _police_question(chain)
    first = _as(chain, "politie", role="official", sub="eerste")
    second = _as(chain, "politie", role="official", sub="tweede")
    first.post(f"{place}/views")
    second.post(f"{place}/views")
    first.post(f"{place}/answers", {"codes": ["shareable"]})
    assert refusal(lambda: second.post(f"{place}/answers", {"codes": ["none_shareable"]})) == (
        409,
        "not_waiting",
    )
