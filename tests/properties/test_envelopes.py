"""Yes, no and "not determinable" have one length and one shape, whatever else is answered; in nothing
sealed does length tell anything.
"""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.node.answering.answering import answer_of
from adapters.node.locked import Locked, lock_subjects
from adapters.partners import Finding
from contract import base64url
from contract.answers import SLOT_BYTES, Answer, envelope, opened
from contract.directory import Desk
from contract.documents import Outcome, PermittedQuestion, Repetition, Reply
from contract.identity import Identity
from contract.problems import DocumentMalformed
from contract.sealing import LOCKED_BYTES, Context, seal
from demo.members import PARTIES
from policies import load_release
from tests.parties import NOON, Parties

OIN, INQUIRY = "99999990000000000000", "00000000-0000-4000-8000-000000000000"
CATALOGUE = load_release().catalogue

LETTERS = st.characters(codec="utf-8", categories=("L", "N", "Zs", "P"))
DESKS = st.builds(
    Desk,
    name=st.text(LETTERS, min_size=2, max_size=60),
    phone=st.text("0123456789+()- ", min_size=5, max_size=20),
    hours=st.text(LETTERS, max_size=60),
)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Any answer that any question of the hand-out can have."""
    question = draw(st.sampled_from(list(CATALOGUE.questions.values())))
    flags = st.lists(st.sampled_from(question.flag_codes), min_size=1, max_size=5, unique=True)
    single = st.sampled_from(question.answer_codes).map(lambda code: [code])
    return Answer(
        codes=tuple(draw(flags | single if question.flag_codes else single)),
        as_of=draw(st.dates(min_value=date(2020, 1, 1))),
        kind=draw(st.sampled_from(["fact", "judgement"])),
        source=draw(st.sampled_from(["register", "official"])),
        desk=draw(st.none() | DESKS),
        valid_until=draw(st.none() | st.dates(min_value=date(2020, 1, 1))),
    )


@given(st.dictionaries(st.integers(0, 5), answers(), max_size=6))
@settings(max_examples=150, deadline=None)
def test_every_envelope_of_six_has_one_length(given_answers: dict[int, Answer]) -> None:
    """Whichever are answered, and how: and what goes in comes out."""
    whole = envelope(oin=OIN, inquiry=INQUIRY, slots=6, answers=given_answers)
    assert len(whole) == len(envelope(oin=OIN, inquiry=INQUIRY, slots=6, answers={}))
    assert opened(whole, oin=OIN, inquiry=INQUIRY) == given_answers


def test_the_longest_answer_of_the_handout_fits() -> None:
    """All flags of the longest question, the fullest desk in letters of four bytes, both dates."""
    flags = max((q.flag_codes for q in CATALOGUE.questions.values()), key=lambda codes: len("".join(codes)))
    desk = Desk(name="𝔘" * 60, phone="0" * 20, hours="𝔘" * 60)
    last = date(2026, 12, 31)
    longest = Answer(
        codes=("shareable", *flags),
        as_of=last,
        kind="judgement",
        source="official",
        desk=desk,
        valid_until=last,
    )
    envelope(oin=OIN, inquiry=INQUIRY, slots=1, answers={0: longest})


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_envelope_opens_to_the_same_shape_or_not_at_all(data: st.DataObject) -> None:
    """Any byte otherwise: other answers of the closed shape, or malformed; no other exception."""
    whole = bytearray(envelope(oin=OIN, inquiry=INQUIRY, slots=2, answers={0: data.draw(answers())}))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(whole), len(whole) - 1, len(whole) - SLOT_BYTES, 0]))
    try:
        found = opened(bytes(whole[:cut]), oin=OIN, inquiry=INQUIRY)
    except DocumentMalformed:
        return
    assert all(isinstance(answer, Answer) for answer in found.values())


@pytest.mark.parametrize("holder", PARTIES)
def test_yes_and_no_replies_have_equal_length_in_bytes(holder: str, parties: Parties) -> None:
    """The whole signed reply, as the broker and the network see it, for every holder."""
    permitted = PermittedQuestion(
        index=0,
        position=0,
        rule="A01",
        mode="automatic",
        answer_codes=("yes", "no", "not_determinable"),
        desk=True,
        due_at=0,
        repetition=Repetition(asked_before=False, over_budget=False),
        re_roled=False,
    )
    lengths = set()
    signatory = parties[holder]
    for codes, doubtful in ((("yes",), False), (("no",), False), (("not_determinable",), True), ((), False)):
        finding = Finding(codes, NOON.date(), date(2027, 1, 1), doubtful=doubtful)
        answer = answer_of(finding, permitted, signatory.party.desk, source="register")
        whole = envelope(oin=signatory.party.oin, inquiry=INQUIRY, slots=1, answers={0: answer})
        context = Context("reply", INQUIRY, "enrich_referral", "veilig_thuis", holder, INQUIRY)
        sealed = seal(whole, parties.directory.sealing_key("veilig_thuis", NOON), context)
        reply = signatory.write(
            Reply,
            to="broker",
            permit="0" * 64,
            inquiry="0" * 64,
            inquiry_jti=INQUIRY,
            outcomes=(Outcome(index=0, status="answered"),),
            kid=sealed.kid,
            sealed=sealed.text,
        )
        lengths.add(
            (len(reply.token), json.dumps(sorted(reply.document.model_dump(exclude={"sealed", "jti"}))))
        )
    assert len(lengths) == 1


NAMES = st.text(st.characters(codec="utf-8", categories=("L",)), min_size=1, max_size=200)


@given(NAMES, NAMES, st.lists(st.text(max_size=300), max_size=5))
@settings(max_examples=60, deadline=None)
def test_every_locked_text_has_one_size(
    keys_made: Parties, surname: str, given_names: str, reasons: list[str]
) -> None:
    """A long name or a long reason tells nothing; what does not fit is refused before anything is sent."""
    necessity = {f"reclassering.q{chr(97 + number)}": reason for number, reason in enumerate(reasons)}
    identity = Identity(surname, given_names, "1984-03-12")
    where = {"holder": "rvdk", "case_ref": INQUIRY, "purpose": "interpret", "jti": INQUIRY}
    try:
        texts, sealed = lock_subjects(
            {INQUIRY: Locked(identity, necessity)}, signatory=keys_made["veilig_thuis"], **where
        )
    except ValueError:
        assert len((surname + given_names + "".join(reasons)).encode("utf-8", "replace")) > LOCKED_BYTES / 6
        return
    shortest, other = lock_subjects(
        {INQUIRY: Locked(Identity("A", "", "0000-00-00"), {})}, signatory=keys_made["veilig_thuis"], **where
    )
    assert len(texts[INQUIRY]) == len(shortest[INQUIRY])
    assert len(base64url.decode(texts[INQUIRY])) == LOCKED_BYTES + 16
    assert len(sealed.text) == len(other.text)
