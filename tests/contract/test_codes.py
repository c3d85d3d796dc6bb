"""The codes in documents are those of the hand-out: neither knows a word that the other does not."""

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from contract import codes
from contract.documents import Ground
from policies import load_release
from policies.catalogue.facts import VALUES

CATALOGUE = load_release().catalogue

FIELDS: dict[str, Any] = {
    "requester.role": codes.Role,
    "purpose": codes.PurposeCode,
    "case.kind": codes.CaseKind,
    "case.stage": codes.Stage,
    "case.criteria": codes.Criteria,
    "case.unsafety": codes.Unsafety,
    "case.urgency": codes.Urgency,
    "subject.role": codes.SubjectRole,
    "subject.age_band": codes.AgeBand,
    "subject.consent": codes.Consent,
}


@pytest.mark.parametrize("path", FIELDS)
def test_documents_and_handout_know_the_same_codes(path: str) -> None:
    """Field by field."""
    assert set(get_args(FIELDS[path])) == set(CATALOGUE.vocabulary[path])


def test_nobody_states_that_a_melding_is_overdue() -> None:
    """That one word is the broker's own, from its clock."""
    assert set(CATALOGUE.vocabulary["case.melding"]) - set(get_args(codes.MeldingState)) == {"overdue"}


def test_every_question_and_answer_of_the_handout_can_be_written() -> None:
    """Each question names its kind of partner, each answer is a code."""
    question, code = TypeAdapter(codes.QuestionCode), TypeAdapter(codes.Code)
    for one in CATALOGUE.questions.values():
        assert question.validate_python(one.code) == one.code
        assert codes.partner_of(one.code) == one.holder
        for answer in one.answer_codes:
            code.validate_python(answer)


def test_every_kind_of_partner_can_be_written_also_one_that_the_handout_does_not_name_yet() -> None:
    """Which kinds there are, the catalogue says; here they have a form."""
    partner, question = TypeAdapter(codes.Partner), TypeAdapter(codes.QuestionCode)
    for one in (*CATALOGUE.partners, "gemeente", "ggz"):
        assert partner.validate_python(one) == one
        assert question.validate_python(f"{one}.known") == f"{one}.known"


def test_every_ground_of_a_holder_has_a_text() -> None:
    """What a holder may refuse on is explained to who asked."""
    assert set(get_args(Ground)) <= CATALOGUE.reasons.keys()


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (codes.Oin, ["", "9" * 19, "9" * 21, "a" * 20, "٣" * 20, "9" * 20 + "\n"]),
        (codes.Partner, ["", "a", "Rvdk", "1a", "ggz-instelling", "a" * 33, "rvdk\n", "é" * 3]),
        (codes.QuestionCode, ["rvdk", "rvdk.", ".known", "a" * 33 + ".known", "Rvdk.known", "broker.known"]),
        (codes.QuestionCode, ["rvdk.KNOWN", "rvdk.known\n", "rvdk.known.x"]),
        (codes.Ref, ["", "0" * 36, "00000000-0000-4000-8000-00000000000A", "{" + "0" * 34 + "}"]),
        (codes.Digest, ["0" * 63, "G" * 64, "0" * 64 + "\n"]),
        (codes.Kid, ["short", "a" * 65, "../../../etc"]),
        (codes.Revision, ["sha256:" + "0" * 63, "md5:" + "0" * 32, "0" * 64]),
        (codes.Base64Url, ["", "AA==", "a b", "+/"]),
        (codes.Code, ["", "Yes", "a b", "1a", "a" * 65, "é"]),
        (codes.Seconds, [-1, 253_402_300_800, "0", 1.5, True]),
    ],
    ids=lambda value: "" if isinstance(value, list) else str(value)[:24],
)
def test_what_is_no_code_is_refused(kind: Any, wrong: list[object]) -> None:
    """Nothing that could hold a name or a number of a person, or a path."""
    adapter = TypeAdapter(kind)
    for value in wrong:
        with pytest.raises(ValidationError):
            adapter.validate_python(value, strict=True)


def test_the_hand_out_speaks_of_what_the_program_hands_in() -> None:
    """Facts and values that are code; the four that are left are said by a release itself."""
    assert {path: set(values) for path, values in VALUES.items()} == {
        path: set(values)
        for path, values in CATALOGUE.vocabulary.items()
        if path not in {"requester.partner", "holder", "question", "case.region"}
    }
    for path, known in FIELDS.items():
        assert set(get_args(known)) == set(VALUES[path])
