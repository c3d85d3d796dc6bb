"""What the broker sends back is believed as far as the trail proves it, and no further."""

import copy
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.node.asking.enrichments import Enrichment, Item, Sent
from adapters.node.asking.opening import Arrived, Opening
from audit.checkpoint import Checkpoint, sign_checkpoint
from audit.entry import Recorded
from audit.merkle import leaf_hash, node_hash
from contract import base64url
from contract.answers import Answer, envelope
from contract.codes import BROKER
from contract.documents import Outcome, ProvenEntry, Receipt, Reply
from contract.problems import DocumentMalformed
from contract.sealing import Context, seal
from contract.signatory import trail_origin
from contract.signing import digest
from tests.parties import NOON, Parties

JTI, CASE, SUBJECT = (str(uuid.UUID(int=number, version=4)) for number in range(3))
ASKED = digest("the inquiry")
QUESTIONS = ("reclassering.known", "reclassering.under_supervision")
HOLDER, ASKER = "reclassering", "veilig_thuis"
PURPOSE = "enrich_referral"

Leaf = dict[str, Any]
Change = Callable[[list[Leaf]], None]


class Told:
    """The broker's trail about one inquiry of two questions, and the holder's reply to both."""

    def __init__(self, parties: Parties) -> None:
        self.parties = parties
        self.me = parties[ASKER]
        self.noted: list[str] = []
        self.ago = timedelta()
        self.opening = Opening(self.me, self.noted.append)
        self.answers = {0: self.answer("yes"), 1: self.answer("no")}
        self.outcomes = [Outcome(index=0, status="answered"), Outcome(index=1, status="answered")]

    def answer(self, *codes: str) -> Answer:
        return Answer(codes=codes, as_of=date(2026, 11, 20), source="register")

    def sent(self) -> Sent:
        items = tuple(Item(index, SUBJECT, "victim", code) for index, code in enumerate(QUESTIONS))
        return Sent(JTI, ASKED, HOLDER, items, token="t", identities={SUBJECT: "x"})

    def enrichment(self, *sent: Sent) -> Enrichment:
        made = (sent or (self.sent(),), int((NOON - self.ago).timestamp()))
        return Enrichment("e", CASE, "utrecht", PURPOSE, made[1], "u", made[0])

    def reply(self, *, by: str = HOLDER, purpose: str = PURPOSE, inquiry: str = ASKED) -> str:
        holder, asker = self.parties[by], self.parties.directory.party(ASKER)
        text = envelope(oin=holder.party.oin, inquiry=JTI, slots=len(self.outcomes), answers=self.answers)
        key = self.parties.directory.sealing_key(asker.code, NOON)
        sealed = seal(text, key, Context("reply", CASE, purpose, ASKER, by, JTI))
        signed = holder.write(
            Reply,
            to=BROKER,
            permit=digest("a permit"),
            inquiry=inquiry,
            inquiry_jti=JTI,
            outcomes=tuple(self.outcomes),
            kid=sealed.kid,
            sealed=sealed.text,
        )
        return signed.token

    def leaves(self, *replies: str) -> list[Leaf]:
        leaves: list[Leaf] = [{"kind": "inquiry", "inquiry_digest": ASKED}]
        leaves += [
            {
                "kind": "permit",
                "index": index,
                "question": question,
                "subject_ref": SUBJECT,
                "answer_codes": ["yes", "no", "not_determinable"],
            }
            for index, question in enumerate(QUESTIONS)
        ]
        told = [one.model_dump(exclude_none=True) for one in self.outcomes]
        leaves += [{"kind": "reply", "reply": digest(token), "outcomes": told} for token in replies]
        return [
            {"v": 1, "id": str(uuid.uuid4()), "at": NOON.isoformat(), "inquiry": JTI, **leaf}
            for leaf in leaves
        ]

    def report(self, leaves: Sequence[Leaf], *replies: str, version: int = 1) -> bytes:
        raw = [json.dumps(leaf).encode() for leaf in leaves]
        hashes = [leaf_hash(one) for one in raw]
        origin = trail_origin(self.parties.directory.party(BROKER).oin)
        checkpoint = Checkpoint(origin, len(raw), root(hashes))
        receipt = self.parties[BROKER].write(
            Receipt,
            to=ASKER,
            checkpoint=sign_checkpoint(checkpoint, *self.parties.keyrings[BROKER].trail),
            entries=tuple(
                ProvenEntry(
                    position=place, leaf=one.decode(), proof=base64url.encode(b"".join(path(place, hashes)))
                )
                for place, one in enumerate(raw)
            ),
        )
        row = {"id": JTI, "version": version, "replies": list(replies), "questions": []}
        return json.dumps({"receipt": receipt.token, "inquiries": [row]}).encode()

    def arrived(self, change: Change = lambda _: None, *replies: str) -> Arrived:
        replies = replies or (self.reply(),)
        leaves = self.leaves(*replies)
        change(leaves)
        [arrived] = self.opening.read(self.enrichment(), self.report(leaves, *replies))
        return arrived


def root(hashes: Sequence[bytes]) -> bytes:
    """RFC 6962 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    half = split(len(hashes))
    return node_hash(root(hashes[:half]), root(hashes[half:]))


def path(place: int, hashes: Sequence[bytes]) -> list[bytes]:
    """RFC 6962 2.1.1."""
    if len(hashes) == 1:
        return []
    half = split(len(hashes))
    if place < half:
        return [*path(place, hashes[:half]), root(hashes[half:])]
    return [*path(place - half, hashes[half:]), root(hashes[:half])]


def split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


@pytest.fixture
def told(parties: Parties) -> Told:
    return Told(parties)


def test_an_answer_that_comes_after_six_weeks_is_not_shown(told: Told) -> None:
    """Whoever kept it, and whatever the trail says of when it came: it is no answer of today."""
    told.ago = timedelta(days=41)
    assert states(told.arrived()) == ["answered", "answered"]
    told.ago = timedelta(days=43)
    late = told.arrived()
    assert (states(late), late.answers, late.sent.problem) == (["failed"] * 2, {}, "document_expired")


def states(arrived: Arrived) -> list[str]:
    return [item.state for item in arrived.sent.items]


def test_what_is_proven_is_opened_and_recorded(told: Told) -> None:
    """Both answers, each with its decision; the token and the identities go, and the checkpoint is noted."""
    arrived = told.arrived()
    assert {index: one.codes for index, one in arrived.answers.items()} == {0: ("yes",), 1: ("no",)}
    assert states(arrived) == ["answered", "answered"]
    assert [item.position for item in arrived.sent.items] == [1, 2]
    assert (arrived.sent.token, arrived.sent.identities, arrived.sent.problem) == (None, None, None)
    assert (arrived.sent.state, arrived.sent.version) == ("sent", 1)
    assert [entry.kind for entry in arrived.entries] == ["permit", "answer", "permit", "answer"]
    assert [entry.sealed is None for entry in arrived.entries] == [True, False, True, False]
    assert arrived.entries[0].facts["joint_at"] == NOON.isoformat()
    assert len(told.noted) == 1


def test_answers_know_their_place_once_they_are_in_the_own_trail(told: Told) -> None:
    arrived = told.arrived()
    recorded = [Recorded(10 + number, b"{}") for number in range(len(arrived.entries))]
    assert [item.answer_at for item in arrived.placed_at(recorded).items] == [11, 13]


def test_what_is_known_already_is_not_opened_again(told: Told) -> None:
    """A report that is not newer is passed over; an answer that stands is neither recorded nor replaced."""
    reply = told.reply()
    leaves = told.leaves(reply)
    seen = replace(told.arrived().sent, version=1)
    assert told.opening.read(told.enrichment(seen), told.report(leaves, reply)) == []
    placed = replace(seen, items=tuple(replace(item, answer_at=7) for item in seen.items))
    [again] = told.opening.read(told.enrichment(placed), told.report(leaves, reply, version=2))
    assert (again.entries, again.answers) == ((), {})
    assert [item.answer_at for item in again.sent.items] == [7, 7]


def of(index: int, **changes: Any) -> Change:
    """The leaf at this place, changed."""
    return lambda leaves: leaves[index].update(changes)


WHOLE: dict[str, Change] = {
    "another inquiry": of(0, inquiry_digest=digest("another")),
    "no inquiry": lambda leaves: leaves.pop(0) and None,
    "an inquiry twice": lambda leaves: leaves.append(copy.deepcopy(leaves[0])),
    "a decision is missing": lambda leaves: leaves.pop(2) and None,
    "a decision too many": lambda leaves: leaves.append({**leaves[2], "index": 2}),
    "another question": of(1, question="reclassering.supervision_kind"),
    "another person": of(1, subject_ref=CASE),
    "a reply to what was refused": of(1, kind="refusal"),
    "an outcome that is none": of(3, outcomes=[{"index": 0, "status": "perhaps"}]),
    "an outcome of no question": of(3, outcomes=[{"index": 2, "status": "answered"}]),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_report_that_does_not_fit_is_refused_whole(name: str, told: Told) -> None:
    """Nothing of it is believed: the trail does not say what was asked."""
    with pytest.raises(DocumentMalformed):
        told.arrived(WHOLE[name])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"receipt": 1, "inquiries": []}', b'{"inquiries": []}'])
def test_what_is_no_report_is_refused(body: bytes, told: Told) -> None:
    with pytest.raises(DocumentMalformed):
        told.opening.read(told.enrichment(), body)


def test_an_inquiry_of_another_enrichment_is_passed_over(told: Told) -> None:
    reply = told.reply()
    other = replace(told.sent(), jti=CASE)
    assert told.opening.read(told.enrichment(other), told.report(told.leaves(reply), reply)) == []


REPLIES: dict[str, Callable[[Told], str]] = {
    "of another holder": lambda told: told.reply(by="rvdk"),
    "to another inquiry": lambda told: told.reply(inquiry=digest("another")),
    "for another purpose": lambda told: told.reply(purpose="interpret"),
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_does_not_hold_spoils_itself_alone(name: str, told: Told) -> None:
    """The decisions stand; what should have been answered failed, with the problem told."""
    arrived = told.arrived(lambda _: None, REPLIES[name](told))
    assert (arrived.answers, states(arrived)) == ({}, ["failed", "failed"])
    assert arrived.sent.problem is not None
    assert [entry.kind for entry in arrived.entries] == ["permit", "permit"]


def test_a_reply_that_the_trail_does_not_have_is_not_opened(told: Told) -> None:
    """Nor one that stands there twice, or with other outcomes."""
    changes: list[Change] = [
        of(3, reply=digest("another")),
        lambda leaves: leaves.append(copy.deepcopy(leaves[3])),
        of(3, outcomes=[{"index": 0, "status": "answered"}]),
    ]
    for change in changes:
        arrived = told.arrived(change)
        assert arrived.answers == {}
        assert arrived.sent.problem == "document_malformed"


def test_a_code_outside_the_permit_opens_nothing(told: Told) -> None:
    told.answers[1] = told.answer("contact_ban")
    arrived = told.arrived()
    assert (arrived.answers, states(arrived)) == ({}, ["failed", "failed"])


def test_an_answer_in_a_slot_of_what_is_not_answered_opens_nothing(told: Told) -> None:
    told.outcomes[1] = Outcome(index=1, status="waits_for_person")
    arrived = told.arrived()
    assert (arrived.answers, states(arrived)) == ({}, ["failed", "waits_for_person"])


def test_the_first_answer_stands(told: Told) -> None:
    """A second reply about the same question changes nothing."""
    first = told.reply()
    told.answers[0] = told.answer("no")
    arrived = told.arrived(lambda _: None, first, told.reply())
    assert arrived.answers[0].codes == ("yes",)


def test_a_desk_is_that_of_the_directory(told: Told) -> None:
    """What the holder wrote there is not shown; that there is one is."""
    told.answers[0] = told.answers[0].model_copy(
        update={"desk": told.parties.directory.party("rvdk").desk_in("utrecht")}
    )
    arrived = told.arrived()
    assert arrived.answers[0].desk == told.parties.directory.party(HOLDER).desk_in("utrecht")
    assert arrived.answers[1].desk is None


def test_what_could_not_be_delivered_is_so_unless_it_was_answered(told: Told) -> None:
    told.outcomes = told.outcomes[:1]
    told.answers = {0: told.answers[0]}
    gone = {"v": 1, "id": "x", "at": NOON.isoformat(), "inquiry": JTI, "kind": "undelivered"}
    arrived = told.arrived(lambda leaves: leaves.append(gone))
    assert states(arrived) == ["answered", "undelivered"]


def test_a_refusal_of_the_holder_has_its_ground(told: Told) -> None:
    told.outcomes = [
        Outcome(index=0, status="refused", ground="holder_paused"),
        Outcome(index=1, status="waits_for_person"),
    ]
    told.answers = {}
    arrived = told.arrived()
    assert states(arrived) == ["refused_by_holder", "waits_for_person"]
    assert [item.ground for item in arrived.sent.items] == ["holder_paused", None]


def test_what_is_final_stays_as_it_was(told: Told) -> None:
    """But what failed may come right after all."""
    items = told.sent().items
    before = replace(
        told.sent(), items=(replace(items[0], state="undelivered"), replace(items[1], state="failed"))
    )
    reply = told.reply()
    [arrived] = told.opening.read(told.enrichment(before), told.report(told.leaves(reply), reply))
    assert states(arrived) == ["undelivered", "answered"]


def case_body(told: Told, *leaves: Leaf) -> bytes:
    whole = [
        {"v": 1, "id": str(number), "at": NOON.isoformat(), **leaf} for number, leaf in enumerate(leaves)
    ]
    return json.dumps({"receipt": json.loads(told.report(whole))["receipt"]}).encode()


STATED: Leaf = {
    "kind": "case",
    "case_ref": CASE,
    "statement": digest("statement"),
    "region": "utrecht",
    "facts": {"stage": "meeting"},
}
ACCEPTED: Leaf = {"kind": "acceptance", "case_ref": CASE}


@pytest.mark.parametrize(("more", "accepted"), [((), False), ((ACCEPTED,), True)])
def test_a_case_is_as_its_newest_statement_says(more: tuple[Leaf, ...], accepted: bool, told: Told) -> None:
    """And accepted only where that stands in the trail beside it; nobody works on it by reading it."""
    one = told.opening.case(CASE, case_body(told, STATED, *more))
    assert (one.case_ref, one.statement, one.position) == (CASE, STATED["statement"], 0)
    assert one.facts == {"region": "utrecht", "stage": "meeting"}
    assert (one.assigned, one.accepted) == ((), accepted)


NO_CASES: dict[str, Callable[[Told], bytes]] = {
    "no JSON": lambda told: b"",
    "no receipt": lambda told: b"{}",
    "of another kind": lambda told: case_body(told, {**STATED, "kind": "closure"}),
    "of another case": lambda told: case_body(told, {**STATED, "case_ref": JTI}),
    "accepted for another case": lambda told: case_body(told, STATED, {**ACCEPTED, "case_ref": JTI}),
    "accepted twice": lambda told: case_body(told, STATED, ACCEPTED, ACCEPTED),
    "two statements": lambda told: case_body(told, STATED, STATED),
}


@pytest.mark.parametrize("name", NO_CASES)
def test_what_is_no_statement_of_the_case_is_refused(name: str, told: Told) -> None:
    with pytest.raises(DocumentMalformed):
        told.opening.case(CASE, NO_CASES[name](told))
