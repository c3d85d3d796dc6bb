"""What a person may want to ask: everything that is wrong at once, and nothing of it repeated."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.node.asking.wish import Wish, WishedCase, WishedQuestion, filled_in
from contract.problems import QuestionUnknown, RequestInvalid

REF = "00000000-0000-4000-8000-000000000000"
IDENTITY = {"surname": "Testenaar", "givenNames": "Jan", "birthDate": "1984-03-12", "houseNumber": "7b"}


def wish(*identities: Any, **changes: Any) -> Wish:
    subjects = [
        {"role": "child", "questions": [{"question": "rvdk.known"}], **({"identity": one} if one else {})}
        for one in identities
    ]
    body = {"caseRef": REF, "purpose": "interpret", "subjects": subjects, **changes}
    return Wish.model_validate(body)


def problems(asked: Wish, *, named: bool = True) -> list[tuple[str, str]]:
    with pytest.raises(RequestInvalid) as told:
        asked.identities(named=named)
    return [(row["name"], row["code"]) for row in told.value.invalid_params]


def test_identities_are_read_in_their_order() -> None:
    """Names of fields in the API are in camel case, ours are not."""
    first, second = wish(IDENTITY, {**IDENTITY, "surname": "Proefstra"}).identities(named=True)
    assert first is not None
    assert second is not None
    assert (first.surname, first.house_number, second.surname) == ("Testenaar", "7b", "Proefstra")


def test_every_mistake_is_named_at_once() -> None:
    """By subject and field, without a value."""
    wrong = wish(
        {"surname": "12345", "givenNames": "Jan", "birthDate": "31-02-1984"}, None, {**IDENTITY, "bsn": "1"}
    )
    assert problems(wrong) == [
        ("subjects.0.identity.surname", "characters"),
        ("subjects.0.identity.birthDate", "date"),
        ("subjects.1.identity", "missing"),
        ("subjects.2.identity.-", "unknown_field"),
    ]


def test_an_anonymous_case_takes_no_identity() -> None:
    """Not even one that is right (D04)."""
    assert problems(wish(IDENTITY), named=False) == [("subjects.0", "extra_forbidden")]
    assert wish(None).identities(named=False) == [None]


def test_a_dry_run_needs_no_identity() -> None:
    """What may be asked does not depend on who it is; an identity that is given is still checked."""
    assert wish(None, dryRun=True).identities(named=True) == [None]
    assert problems(wish({"surname": "1"}, dryRun=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "curiosity"},
        {"caseRef": "1"},
        {"subjects": []},
        {"remark": "x"},
        {"urgency": "very"},
        {"case_ref": REF},
    ],
)
def test_what_is_no_wish_is_refused(changes: dict[str, Any]) -> None:
    """No word that the hand-out does not know, no field that we do not know."""
    with pytest.raises(ValidationError):
        wish(IDENTITY, **changes)


OFFICER = {"user": "piketleider-1", "role": "duty_officer"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"urgency": "acute_danger"}, ("urgencyDeclaredBy", "missing")),
        ({"urgencyDeclaredBy": OFFICER}, ("urgencyDeclaredBy", "without_urgency")),
        (
            {"urgency": "acute_danger", "urgencyDeclaredBy": {**OFFICER, "role": "minute_taker"}},
            ("urgencyDeclaredBy.role", "not_for_this_role"),
        ),
        (
            {"urgency": "acute_danger", "urgencyDeclaredBy": {**OFFICER, "user": "who-asks"}},
            ("urgencyDeclaredBy.role", "not_for_this_role"),
        ),
    ],
)
def test_acute_danger_is_declared_by_somebody_who_may(changes: dict[str, Any], told: tuple[str, str]) -> None:
    """A named official, in a role that may; whoever asks has no other role than the own one (C9)."""
    with pytest.raises(RequestInvalid) as wrong:
        wish(IDENTITY, **changes).verify_urgency("who-asks", "chair", {"chair", "duty_officer"}.__contains__)
    assert [(row["name"], row["code"]) for row in wrong.value.invalid_params] == [told]


def test_who_asks_may_have_declared_it() -> None:
    """In the own role, or a colleague on duty did."""
    for who in (OFFICER, {"user": "who-asks", "role": "chair"}):
        urgent = wish(IDENTITY, urgency="acute_danger", urgencyDeclaredBy=who)
        urgent.verify_urgency("who-asks", "chair", {"chair", "duty_officer"}.__contains__)


@pytest.mark.parametrize("user", ["", "Jan de Tester", "999999990", "x" * 65, "Jan\nTester"])
def test_who_declared_it_is_a_reference_and_no_name(user: str) -> None:
    with pytest.raises(ValidationError):
        wish(IDENTITY, urgency="acute_danger", urgencyDeclaredBy={**OFFICER, "user": user})


def test_at_most_twelve_subjects() -> None:
    """More is another case (docs/law.md, Vocabulary)."""
    assert len(wish(*[IDENTITY] * 12).subjects) == 12
    with pytest.raises(ValidationError):
        wish(*[IDENTITY] * 13)


@pytest.mark.parametrize("field", ["necessity", "subsidiarity", "weightyInterest", "newReason"])
def test_a_reason_is_short(field: str) -> None:
    """Three hundred characters; a longer one is no reason but a file."""
    WishedQuestion.model_validate({"question": "rvdk.known", field: "x" * 300})
    with pytest.raises(ValidationError):
        WishedQuestion.model_validate({"question": "rvdk.known", field: "x" * 301})


@pytest.mark.parametrize("reason", ["", "x", "zie dossier", "nodig" + " " * 40, "veertien tekens"])
def test_a_few_letters_are_no_reason(reason: str) -> None:
    """Spaces do not count; twenty characters are filled in, and no machine weighs what they say."""
    assert not filled_in(reason)
    assert filled_in("Zij woont bij de man.")


def test_the_text_for_the_holder_holds_what_was_written() -> None:
    """And nothing where nothing was."""
    asked = WishedQuestion.model_validate(
        {"question": "rvdk.known", "necessity": " Omdat. ", "newReason": "Nieuw."}
    )
    assert asked.text() == "Omdat.\nNieuw."


@pytest.mark.parametrize(
    "day",
    ["2026-13-01", "2026-02-30", "26-01-01", "2026-1-1", 0, 1.5, "2026-01-01T00:00:00", "٢٠٢٦-01-01", ""],
)
def test_a_meeting_is_on_a_day_that_exists(day: object) -> None:
    """Written as a day, not as a number or a moment."""
    with pytest.raises(ValidationError):
        WishedCase.model_validate(_case(day))


def test_a_day_that_exists_is_taken() -> None:
    """Also none."""
    assert str(WishedCase.model_validate(_case("2026-12-01")).meeting_on) == "2026-12-01"
    assert WishedCase.model_validate(_case(None)).meeting_on is None


def _case(day: object) -> dict[str, Any]:
    """As a route reads it: what the JSON of a request says, already read."""
    read: dict[str, Any] = json.loads(json.dumps({"region": "utrecht", "meetingOn": day}))
    return read


def test_a_question_that_does_not_exist_is_named_by_its_place() -> None:
    """Every one of them, without what was written."""
    asked = wish(None, None)
    with pytest.raises(QuestionUnknown) as told:
        asked.verify_questions({"rvdk.measure_advised"})
    assert [(row["name"], row["code"]) for row in told.value.invalid_params] == [
        ("subjects.0.questions.0.question", "unknown_question"),
        ("subjects.1.questions.0.question", "unknown_question"),
    ]
    asked.verify_questions({"rvdk.known"})
