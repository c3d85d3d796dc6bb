"""Attacks by asking again: fresh cases, fresh references, other addresses, all at once. What a person at the
holder has to look at, no machine tells.
"""

import asyncio
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import adapters.node.app
import gateway.app
from adapters.node.answering import answering
from contract.answers import Answer
from contract.codes import BROKER
from contract.identity import Identity
from contract.signing import digest
from demo.caller import Refused
from demo.cast import cast
from demo.play import Play, decide_standing
from gateway.inquiries import inquiries
from party.events import Event
from party.wire import Response
from tests.attacks.conftest import none
from tests.attacks.insider import SOMEBODY, Asked, Door, Insider, code_of
from tests.world import LocalWorld, local_world


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[LocalWorld]:
    """A running chain in which Reclassering counts, as holders do; nothing happens by itself in it."""
    with pytest.MonkeyPatch.context() as patch:
        for app in (adapters.node.app, gateway.app):
            patch.setattr(app, "rounds", none)
        settings = {
            "broker": {"partner_timeout_s": 20},
            "reclassering": {"count_attempts": "P28D"},
        }
        folder = tmp_path_factory.mktemp("fishing")
        with local_world(folder, registers=registers, settings=settings) as world:
            decide_standing(Play(world))
            yield world


def state(response: Response) -> str:
    assert response.status == 200, response.body
    [row] = json.loads(response.body)["inquiries"]
    [question] = row["questions"]
    return str(question["state"])


def asked(vt: Insider, identities: Sequence[Identity]) -> list[str]:
    """How each question ends, each in a fresh case about a fresh reference."""
    return [state(vt.present(vt.inquiry(vt.case(), identity=identity))) for identity in identities]


def somebody(chain: LocalWorld, known: bool, number: int) -> Identity:
    """Somebody under supervision, or nobody that the register knows; another person for each number."""
    if not known:
        surname = f"Herhaal{'bcdfghj'[number]}oma"
        return replace(
            SOMEBODY, surname=surname, birth_date=f"19{60 + number}-10-19", house_number=f"{number + 1}a"
        )
    return cast(chain.today)["stalking.man"].identity


@pytest.mark.parametrize("known", [True, False])
def test_fresh_cases_and_references_do_not_stretch_the_budget(
    known: bool, chain: LocalWorld, vt: Insider
) -> None:
    """Twenty times about one person: three answers, then a person has to look; alike for who is known and who
    is not.
    """
    assert asked(vt, [somebody(chain, known, 1)] * 20) == ["answered"] * 3 + ["waits_for_person"] * 17


def test_a_street_is_not_tried(chain: LocalWorld, vt: Insider) -> None:
    """Seven addresses for one name and date: one is answered."""
    street = [replace(somebody(chain, False, 2), house_number=str(number)) for number in range(1, 8)]
    assert asked(vt, street) == ["answered"] + ["waits_for_person"] * 6


@pytest.mark.parametrize("known", [True, False])
def test_somebody_written_down_in_part_is_counted_too(known: bool, chain: LocalWorld, vt: Insider) -> None:
    """A name and a date without an address, with another partner's surname each time: it stays one person."""
    bare = replace(somebody(chain, known, 6), postcode="", house_number="")
    others = [replace(bare, partner_surname=f"{letter}ellema") for letter in "bdfghk"]
    assert asked(vt, others) == ["answered"] * 3 + ["waits_for_person"] * 3


def test_asking_at_once_does_not_stretch_the_budget(chain: LocalWorld, vt: Insider) -> None:
    """Ten fresh cases at the same moment: nothing is answered beyond the budget."""
    person = somebody(chain, False, 3)
    bodies = [
        json.dumps({"inquiries": [vt.inquiry(vt.case(), identity=person).body()]}).encode() for _ in range(10)
    ]

    async def race() -> list[Response]:
        sends = [
            chain.wire.send("POST", chain.address(BROKER), "/v1/inquiries", body=body, timeout_s=60)
            for body in bodies
        ]
        return await asyncio.gather(*sends)

    ends = [state(one) for one in chain.do(race())]
    assert 1 <= ends.count("answered") <= 3
    assert set(ends) <= {"answered", "waits_for_person", "sent"}  # sent: tried again, and then it waits


def test_an_official_sees_that_it_was_asked_often(chain: LocalWorld, vt: Insider) -> None:
    """On the list of what waits; the trail of the holder says so too."""
    inquiry = [vt.inquiry(vt.case(), identity=somebody(chain, False, 4)) for _ in range(4)]
    assert [state(vt.present(one)) for one in inquiry][-1] == "waits_for_person"
    rows: list[dict[str, Any]] = chain.caller("reclassering", "official").get("/v1/questions")
    often = {row["inquiry"]: row["often"] for row in rows}
    assert often[inquiry[-1].signed.document.jti] is True


def test_after_its_time_the_same_is_answered_again(chain: LocalWorld, vt: Insider) -> None:
    """Twenty-eight days later, and what was counted is gone."""
    person = somebody(chain, False, 5)
    assert asked(vt, [person] * 4)[-1] == "waits_for_person"
    with later(chain, timedelta(days=29)):
        decide_standing(Play(chain))
        assert asked(vt, [person]) == ["answered"]
        chain.do(chain.apps[chain.address("reclassering")].state.node.answering.forget())
        assert asked(vt, [person] * 3) == ["answered"] * 2 + ["waits_for_person"]


def test_acute_danger_without_end_is_noticed(chain: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A melding that is always due, a danger that is always acute, another person each time: it is answered,
    for danger does not wait; the eleventh case in four weeks is an event for the FG.
    """
    urgent: dict[str, Any] = {
        "purpose": "immediate_safety",
        "urgency": "acute_danger",
        "urgency_attested": "duty_officer",
        "requester_role": "duty_officer",
    }
    om = Insider(chain, "om")

    def ask(number: int) -> str:
        name = f"{'bcdfghjklmnp'[number]}oma"
        born, house = f"19{70 + number}-02-03", f"{number + 1}c"
        person = replace(SOMEBODY, surname=name, given_names=name, birth_date=born, house_number=house)
        case = om.case(melding="due", unsafety="acute")
        question = "reclassering.under_supervision"
        return state(om.present(om.inquiry(case, question, identity=person, **urgent)))

    told: list[Event] = []
    monkeypatch.setattr(answering, "log", lambda event, **_: told.append(event))
    assert [ask(number) for number in range(10)] == ["answered"] * 10
    assert told == []
    assert ask(10) == "answered"
    assert told == [Event.URGENT_OFTEN]


# ── what is kept ──

A_LONG_TIME = timedelta(days=300)


@contextmanager
def later(chain: LocalWorld, passed: timedelta) -> Iterator[None]:
    chain.clock.ahead += passed
    try:
        yield
    finally:
        chain.clock.ahead -= passed


def test_a_kept_inquiry_dies(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """A broker that kept an inquiry gives it a fresh permit: after the longest deadline the holder answers
    nothing, whatever the permit says of when it was taken and until when it may.
    """
    kept = vt.inquiry(vt.case(), identity=somebody(chain, False, 0))
    taken_at = int(chain.clock().timestamp())
    for days, status in ((300, 400), (15, 400), (1, 200)):
        with later(chain, timedelta(days=days)):
            due = {"due_at": taken_at + 3600}
            permit = broker.permit(kept, accepted_at=taken_at, question=due).token
            told = broker.show_permit("reclassering", permit, kept)
        assert (told.status, code_of(told)[1]) == (status, None if status == 200 else "document_expired"), (
            days
        )


def test_nothing_is_taken_before_its_time(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """A permit for what the broker has yet to take, or with a deadline that no question has."""
    asked = vt.inquiry(vt.case(), identity=somebody(chain, False, 0))
    now = int(chain.clock().timestamp())
    ahead = broker.permit(asked, accepted_at=now + 200).token
    assert code_of(broker.show_permit("reclassering", ahead, asked)) == (400, "document_expired")
    endless = broker.permit(asked, question={"due_at": now + int(A_LONG_TIME.total_seconds())}).token
    assert code_of(broker.show_permit("reclassering", endless, asked)) == (400, "document_malformed")


def test_what_waited_too_long_is_answered_by_nobody(chain: LocalWorld, vt: Insider) -> None:
    """An official who opens it after six weeks cannot let an answer go; called about, it leaves the list. A
    reply that was kept as long is refused by the broker.
    """
    question = "om.safety_measure_in_force"
    asked = vt.inquiry(vt.case(), question, purpose="interpret", identity=somebody(chain, False, 0))
    assert state(vt.present(asked)) == "waits_for_person"
    jti = asked.signed.document.jti
    om, place = Insider(chain, "om"), f"/v1/questions/{jti}/0"
    trail = chain.apps[chain.address(BROKER)].state.broker._trail
    permit = chain.do(trail.read(lambda store: inquiries.load_one(store, jti))).permits[0]
    with later(chain, timedelta(days=43)):
        official = chain.caller("om", "official")
        official.post(f"{place}/views")
        with pytest.raises(Refused, match="not_waiting"):
            official.post(f"{place}/answers", {"codes": ["none"]})
        reply = om.reply(asked.signed, permit, [None])
        assert code_of(om.hand_in(reply.token)) == (400, "document_expired")
        official.post(f"{place}/looks")
        assert jti not in {row["inquiry"] for row in official.get("/v1/questions")}


# ── sizes and references ──


def test_the_broker_passes_on_nothing_that_is_longer(chain: LocalWorld, vt: Insider) -> None:
    """Three million letters instead of an identity, a letter more or less, other sealed keys: refused at the
    door, though the inquiry commits to them; nothing is recorded or sent.
    """
    case = vt.case()
    whole = vt.inquiry(case)
    [(ref, text)] = whole.identities.items()
    for other in (text * 600, text + "A", text[:-1], "A"):
        longer = vt.inquiry(case, subject_ref=ref, identities={ref: digest(other)})
        before = Door(chain)
        assert code_of(vt.present(Asked(longer.signed, {ref: other}))) == (400, "document_malformed"), len(
            other
        )
        assert before.quiet()
    for sealed in (whole.signed.document.sealed + "A", "A" * 40_000):
        keys = vt.inquiry(case, sealed=sealed)
        before = Door(chain)
        assert code_of(vt.present(keys))[0] in {400, 413}
        assert before.quiet()


def test_a_holder_opens_nothing_that_is_longer(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """Also where the broker passed it on."""
    ref = str(uuid.uuid4())
    longer = "A" * 10_000
    asked = vt.inquiry(vt.case(), subject_ref=ref, identities={ref: digest(longer)})
    permit = broker.permit(asked).token
    told = broker.show_permit("reclassering", permit, Asked(asked.signed, {ref: longer}))
    assert code_of(told) == (400, "document_malformed")


def test_a_holder_whose_yes_is_longer_than_its_no_is_noticed_at_the_broker(
    chain: LocalWorld, vt: Insider
) -> None:
    """A byte, or a slot: the reply is no reply, and nothing of it is recorded."""
    question = "om.safety_measure_in_force"
    asked = vt.inquiry(vt.case(), question, purpose="interpret", identity=somebody(chain, False, 0))
    assert state(vt.present(asked)) == "waits_for_person"
    trail, jti = chain.apps[chain.address(BROKER)].state.broker._trail, asked.signed.document.jti
    permit = chain.do(trail.read(lambda store: inquiries.load_one(store, jti))).permits[0]
    om = Insider(chain, "om")
    answer = Answer(codes=("none",), as_of=chain.today, source="official")
    for longer in (b" ", b" " * 1024):
        reply = om.reply(asked.signed, permit, [answer], plaintext=lambda whole, more=longer: whole + more)
        before = Door(chain)
        assert code_of(om.hand_in(reply.token)) == (400, "document_malformed")
        assert before.quiet()
    assert om.hand_in(om.reply(asked.signed, permit, [answer]).token).status == 204


NOT_RANDOM = {
    "a number of a person": "99990000-6000-0000-0000-000999900006",
    "of another version": "5f0c9f1e-2b74-1c58-9d0e-6a7b8c9d0e1f",
    "of another variant": "5f0c9f1e-2b74-4c58-cd0e-6a7b8c9d0e1f",
    "nil": "00000000-0000-0000-0000-000000000000",
    "in capitals": "5F0C9F1E-2B74-4C58-9D0E-6A7B8C9D0E1F",
}


@pytest.mark.parametrize("ref", NOT_RANDOM)
def test_a_reference_is_random(ref: str, chain: LocalWorld, vt: Insider) -> None:
    """Of a case, a subject, an inquiry: a UUID of version 4 and its variant, or it is refused unseen."""
    case = vt.case()
    before = Door(chain)
    with_ref = [
        (BROKER, "/v1/cases", {"statement": vt.forged(vt.statement(), case_ref=NOT_RANDOM[ref])}),
        (BROKER, "/v1/cases", {"statement": vt.forged(vt.statement(), jti=NOT_RANDOM[ref])}),
    ]
    inquiry = vt.inquiry(case)
    beside = {"identities": inquiry.identities}
    for name in ("case_ref", "jti"):
        token = vt.forged(inquiry.signed, **{name: NOT_RANDOM[ref]})
        with_ref.append((BROKER, "/v1/inquiries", {"inquiries": [{"inquiry": token, **beside}]}))
    for to, path, body in with_ref:
        assert code_of(vt.post(to, path, body)) == (400, "document_malformed"), path
    assert before.quiet()
