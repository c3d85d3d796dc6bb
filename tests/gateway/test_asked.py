"""What the trail records of an inquiry, and the row that it becomes."""

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from contract.base64url import encode
from contract.codes import BROKER
from contract.documents import AskedQuestion, CaseFacts, Inquiry
from contract.signing import digest
from gateway.inquiries.asked import AskedInquiry, accepted_as, entries_of
from gateway.inquiries.cases import Case
from gateway.inquiries.inquiries import FIRST_RETRY_S
from policies import Decision, load_release
from policies.engine import Reason
from tests.parties import NOON, Parties

CASE, MAN, WOMAN = (str(uuid.UUID(int=number, version=4)) for number in range(3))
NOON_S = int(NOON.timestamp())
LIMITS = load_release().catalogue.parameters
REVISION = f"sha256:{'0' * 64}"
PERMIT = Decision(
    effect="permit",
    rule="A01",
    mode="automatic",
    answer_codes=("yes", "no", "not_determinable"),
    desk=False,
    deadline="human_deadline",
    reasons=(),
    legal_bases=("in_vt",),
    obligations=(),
    transparency=("vt_informs",),
    retention=(),
    status="concept",
    revision=REVISION,
)
REFUSAL = replace(
    PERMIT,
    effect="refusal",
    rule="A04",
    mode=None,
    answer_codes=(),
    deadline=None,
    reasons=(Reason("reclassering_not_about_victims", ("Reclasseringsregeling 8",)),),
    legal_bases=(),
    transparency=("nothing_disclosed",),
)


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


def question(subject_ref: str, role: str) -> AskedQuestion:
    fields: dict[str, Any] = {
        "subject_ref": subject_ref,
        "role": role,
        "age_band": "adult",
        "consent": "not_asked_unsafe",
        "dual_role": False,
        "question": "reclassering.known",
        "motivated": True,
        "subsidiarity": True,
        "weighty_and_urgent": False,
        "new_reason": False,
    }
    return AskedQuestion(**fields)


def asked(parties: Parties, *decisions: Decision, **changes: Any) -> AskedInquiry:
    """About a man and a woman, each with a decision; about him it was asked before."""
    identities = {MAN: "his", WOMAN: "hers"}
    fields: dict[str, Any] = {
        "case_ref": CASE,
        "case_statement": digest("statement"),
        "holder": "reclassering",
        "purpose": "enrich_referral",
        "urgency": "normal",
        "requester_role": "chair",
        "mandated": True,
        "assigned": True,
        "questions": (question(MAN, "suspected_perpetrator"), question(WOMAN, "victim")),
        "identities": {subject: digest(text) for subject, text in identities.items()},
        "kid": "k" * 16,
        "sealed": encode(b"sealed"),
    }
    signed = parties["veilig_thuis"].write(Inquiry, to=BROKER, **fields)
    inputs = tuple(
        {
            "repetition": {"asked_before": before, "new_reason": False, "over_budget": False},
            "subject": {"re_roled": before},
        }
        for before in (True, False)
    )
    facts = CaseFacts(
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
    case = object.__new__(Case)  # neither reads it
    received = parties[BROKER].read(Inquiry, signed.token)
    of_all = {"decisions": decisions, "due": (NOON_S + 7200, NOON_S + 3600), "there": True, **changes}
    return AskedInquiry(received, identities, case, facts, inputs, **of_all)


def test_an_inquiry_is_one_entry_and_each_question_one(parties: Parties) -> None:
    """What a decision rested on is sealed apart, under the subject; only a permit has a time."""
    one = asked(parties, PERMIT, REFUSAL)
    inquiry, permit, refusal = entries_of(one, "regorus", LIMITS)
    assert [entry.kind for entry in (inquiry, permit, refusal)] == ["inquiry", "permit", "refusal"]
    assert (inquiry.facts["questions"], inquiry.facts["requester_role"]) == (2, "chair")
    assert inquiry.facts["inquiry_digest"] == one.received.digest
    assert (inquiry.subject_ref, permit.subject_ref, refusal.subject_ref) == (None, MAN, WOMAN)
    assert (permit.facts["index"], permit.facts["due_at"]) == (0, NOON_S + 7200)
    assert (refusal.facts["index"], "due_at" in refusal.facts) == (1, False)
    assert (permit.sealed, refusal.sealed) == ({"input": one.inputs[0]}, {"input": one.inputs[1]})
    assert (permit.facts["rule"], permit.facts["engine"]) == ("A01", "regorus")
    assert permit.facts["clocks"]["notice_days"] == LIMITS.notice_days
    assert "clocks" not in refusal.facts
    told = json.dumps([entry.facts for entry in (inquiry, permit, refusal)])
    assert "his" not in told
    assert one.received.token not in told


def test_what_is_refused_goes_no_further(parties: Parties) -> None:
    """The row has what the permit is to say, at its place in the trail; the woman's identity is not kept."""
    row = accepted_as(asked(parties, PERMIT, REFUSAL), [10, 11, 12], NOON)
    assert [(one.state, one.position, one.due_at) for one in row.questions] == [
        ("sent", 11, NOON_S + 7200),
        ("refused", 12, None),
    ]
    assert row.questions[1].permitted is None
    [permitted] = row.permitted()
    assert (permitted.index, permitted.position, permitted.rule) == (0, 11, "A01")
    assert (permitted.repetition.asked_before, permitted.re_roled) == (True, True)
    assert row.identities == {MAN: "his"}
    assert row.token is not None
    assert (row.tried_until, row.next_at) == (NOON_S + 7200, NOON_S + FIRST_RETRY_S)
    assert (row.accepted_at, row.positions, row.revision) == (NOON_S, (10, 11, 12), REVISION)
    assert not row.in_vain


def test_the_longest_term_says_how_long_it_is_tried(parties: Parties) -> None:
    row = accepted_as(asked(parties, PERMIT, PERMIT), [0, 1, 2], NOON)
    assert row.tried_until == NOON_S + 7200
    assert row.identities == {MAN: "his", WOMAN: "hers"}


def test_of_what_is_refused_whole_nothing_is_kept(parties: Parties) -> None:
    row = accepted_as(asked(parties, REFUSAL, REFUSAL), [0, 1, 2], NOON)
    assert (row.token, row.identities, row.next_at) == (None, None, None)
    assert row.tried_until == NOON_S


def test_a_holder_that_is_not_there_is_asked_in_vain(parties: Parties) -> None:
    """It is recorded; nobody is waited for."""
    row = accepted_as(asked(parties, PERMIT, REFUSAL, there=False), [0, 1, 2], NOON)
    assert (row.tried_until, row.in_vain) == (NOON_S, True)
