"""The documents hold together by themselves: what contradicts itself is not one."""

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.documents import (
    MAX_QUESTIONS,
    AskedQuestion,
    Asker,
    Caller,
    CaseAcceptance,
    CaseFacts,
    CaseStatement,
    Inquiry,
    Outcome,
    Permit,
    PermittedQuestion,
    Receipt,
    Repetition,
    Reply,
    decision_input,
)
from policies import load_release

REF = "00000000-0000-4000-8000-000000000000"
HEAD = {"iss": "9" * 20, "aud": "8" * 20, "iat": 0, "exp": 60, "jti": REF}
QUESTION: dict[str, Any] = {
    "subject_ref": REF,
    "role": "child",
    "age_band": "under_12",
    "consent": "given",
    "dual_role": False,
    "question": "rvdk.known",
    "motivated": True,
    "subsidiarity": True,
    "weighty_and_urgent": False,
    "new_reason": False,
}
INQUIRY: dict[str, Any] = {
    **HEAD,
    "case_ref": REF,
    "case_statement": "0" * 64,
    "holder": "rvdk",
    "purpose": "interpret",
    "urgency": "normal",
    "requester_role": "chair",
    "mandated": True,
    "assigned": True,
    "questions": (AskedQuestion(**QUESTION),),
    "identities": {REF: "0" * 64},
    "kid": "k" * 16,
    "sealed": "AAAA",
}
PERMITTED: dict[str, Any] = {
    "index": 0,
    "position": 0,
    "rule": "A06",
    "mode": "automatic",
    "answer_codes": ("yes", "no"),
    "desk": False,
    "due_at": 0,
    "repetition": Repetition(asked_before=False, over_budget=False),
    "re_roled": False,
}
KINDS = (CaseStatement, CaseAcceptance, Inquiry, Permit, Reply, Receipt, Caller)


def test_each_kind_has_a_type_of_its_own() -> None:
    """So that none can stand for another (RFC 8725 3.11)."""
    assert len({kind.typ for kind in KINDS}) == len(KINDS)


def test_each_kind_lives_minutes_and_has_a_limit() -> None:
    """At most five minutes, at most a megabyte."""
    for kind in KINDS:
        assert 0 < kind.lifetime_s <= 300
        assert 0 < kind.max_bytes <= 1024 * 1024


def test_a_whole_inquiry_is_one() -> None:
    """So that each below fails on what is changed."""
    assert Inquiry(**INQUIRY).holder == "rvdk"


def _asked(**changes: Any) -> AskedQuestion:
    return AskedQuestion(**{**QUESTION, **changes})


def _letters(number: int) -> str:
    return chr(97 + number // 26) + chr(97 + number % 26)


@pytest.mark.parametrize(
    "changes",
    [
        {"questions": ()},
        {"questions": (_asked(), _asked())},
        {"questions": tuple(_asked(question=f"rvdk.q{_letters(n)}") for n in range(MAX_QUESTIONS + 1))},
        {"questions": (_asked(), _asked(question="om.antecedents"))},
        {"identities": {}},
        {"identities": {REF: "0" * 64, str(uuid.uuid4()): "0" * 64}},
        {"identities": {REF: "no digest"}},
        {"identities": {"Jan de Tester": "0" * 64}},
        {"mandated": "true"},
        {"purpose": "curiosity"},
        {"urgency": "acute_danger"},
        {"urgency_attested": "chair"},
        {"sealed": ""},
        {"sealed": "AA=="},
    ],
)
def test_an_inquiry_that_contradicts_itself_is_none(changes: dict[str, Any]) -> None:
    """The same question twice, some of another kind of partner, an identity too many or too few, no code, no
    boolean.
    """
    with pytest.raises(ValidationError):
        Inquiry(**{**INQUIRY, **changes})


def test_one_person_may_stand_in_two_roles() -> None:
    """A boy may be asked about as a child and as a suspect: two questions about one reference."""
    both = (_asked(), _asked(role="suspected_perpetrator"))
    assert len(Inquiry(**{**INQUIRY, "questions": both}).questions) == 2


@pytest.mark.parametrize(
    "outcome",
    [
        {"index": 0, "status": "refused"},
        {"index": 0, "status": "answered", "ground": "holder_paused"},
        {"index": 0, "status": "waits_for_person", "ground": "holder_paused"},
        {"index": 0, "status": "refused", "ground": "person_not_known"},
        {"index": 0, "status": "unknown"},
        {"index": -1, "status": "answered"},
        {"index": MAX_QUESTIONS, "status": "answered"},
    ],
)
def test_a_refusal_has_a_ground_and_nothing_else_has(outcome: dict[str, Any]) -> None:
    """And no ground depends on a register."""
    with pytest.raises(ValidationError):
        Outcome(**outcome)


@pytest.mark.parametrize(
    "changes",
    [
        {"answer_codes": ()},
        {"answer_codes": ("a code",)},
        {"rule": "A6"},
        {"rule": "A06; A07"},
        {"mode": "machine"},
        {"due_at": -1},
        {"due_at": 10**15},
        {"position": -1},
        {"desk": 1},
    ],
)
def test_a_permitted_question_is_whole(changes: dict[str, Any]) -> None:
    """A rule, a mode, codes and a moment that a calendar knows."""
    PermittedQuestion(**PERMITTED)
    with pytest.raises(ValidationError):
        PermittedQuestion(**{**PERMITTED, **changes})


@pytest.mark.parametrize("path", ["", "v1/cases", "/v1/../x", "/v1/cases?x=1", "/V1", "/v1/" + "a" * 100])
def test_a_caller_names_a_path_of_ours(path: str) -> None:
    """No query, no dots, no capitals, no end."""
    with pytest.raises(ValidationError):
        Caller(**{**HEAD, "path": path})


def test_nothing_in_a_document_changes_after_it_was_read() -> None:
    """Values are frozen."""
    with pytest.raises(ValidationError):
        Inquiry(**INQUIRY).holder = "om"  # type: ignore[misc]


FACTS = {
    "kind": st.sampled_from(["named", "anonymous"]),
    "stage": st.sampled_from(["referral", "enrichment", "meeting", "follow_up", "closed"]),
    "melding": st.sampled_from(["registered", "due", "overdue", "none"]),
    "criteria": st.sampled_from(["both", "relevance_only", "factors_only", "none"]),
    "unsafety": st.sampled_from(["acute", "structural", "none"]),
    "regime": st.sampled_from(["bilateral", "zvh"]),
    "region": st.just("utrecht"),
    "own_region": st.booleans(),
    "accepted": st.booleans(),
}


@given(st.fixed_dictionaries(FACTS), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_policy_sees_has_exactly_the_fields_of_the_vocabulary(
    facts: dict[str, Any], flag: bool, other: bool
) -> None:
    """None more, none less, each with a word that the hand-out knows: reference, number and time stay
    outside.
    """
    given_facts = decision_input(
        Asker("veilig_thuis", "chair", mandated=flag, assigned=other),
        _asked(motivated=flag, new_reason=other),
        purpose="interpret",
        urgency="normal",
        case=CaseFacts(**facts),
        repetition=Repetition(asked_before=flag, over_budget=other),
        re_roled=flag,
    )
    seen = {
        f"{group}.{name}" if name else group: value
        for group, fields in given_facts.items()
        for name, value in (fields.items() if isinstance(fields, dict) else [("", fields)])
    }
    vocabulary = load_release().catalogue.vocabulary
    assert seen.keys() == vocabulary.keys()
    assert all(value in vocabulary[path] for path, value in seen.items())
