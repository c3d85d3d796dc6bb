"""How far a question is, what was asked before, and what is kept of it how long. Pure values."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.documents import AskedQuestion
from gateway.inquiries.inquiries import FINAL, Accepted, Earlier, Progress, earlier
from policies import load_release

LIMITS = load_release().catalogue.parameters
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def ref(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def asked(subject: int = 0, **changes: Any) -> AskedQuestion:
    fields: dict[str, Any] = {
        "subject_ref": ref(subject),
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
    return AskedQuestion(**{**fields, **changes})


def progress(question: AskedQuestion, state: str = "sent", **changes: Any) -> Progress:
    permitted = None if state == "refused" else {"rule": "A06"}
    fields: dict[str, Any] = {"purpose": "interpret", "position": 0, "due_at": None, "permitted": permitted}
    return Progress(
        subject_ref=question.subject_ref,
        role=question.role,
        question=question.question,
        state=state,
        **{**fields, **changes},
    )


def accepted(*questions: Progress, **changes: Any) -> Accepted:
    fields: dict[str, Any] = {
        "jti": ref(99),
        "digest": "0" * 64,
        "case_ref": ref(98),
        "requester": "veilig_thuis",
        "holder": "rvdk",
        "accepted_at": 0,
        "revision": f"sha256:{'0' * 64}",
        "case_facts": {},
        "questions": questions,
        "positions": (0,),
        "token": "token",
        "identities": {},
        "tried_until": int(NOW.timestamp()) + 3600,
    }
    return Accepted(**{**fields, **changes})


def over_budget(before: Earlier, subject: int, *together: int) -> bool:
    everyone = [(ref(number), "child") for number in (together or (subject,))]
    return before.repetition(asked(subject), "rvdk", "interpret", LIMITS, together=everyone).over_budget


def test_the_same_question_for_the_same_purpose_was_asked_before() -> None:
    """Another person, question or purpose was not, nor another party of the same kind."""
    before = earlier([accepted(progress(asked()))])

    def again(question: AskedQuestion, purpose: str = "interpret", holder: str = "rvdk") -> bool:
        return before.repetition(
            question, holder, purpose, LIMITS, together=[(question.subject_ref, question.role)]
        ).asked_before

    assert again(asked())
    assert not again(asked(1))
    assert not again(asked(question="rvdk.measure_advised"))
    assert not again(asked(), "enrich_referral")
    assert not again(asked(), holder="rvdk_noord")


def test_what_was_refused_was_not_asked() -> None:
    """It reached nobody, and takes nothing from the budget."""
    before = earlier([accepted(*(progress(asked(number), "refused") for number in range(30)))])
    assert before == Earlier()


def test_a_question_may_be_repeated_twice() -> None:
    """The third repetition is over budget, new reason or not."""
    rows = [accepted(progress(asked())) for _ in range(LIMITS.max_repeats + 1)]
    assert not over_budget(earlier(rows[:-1]), 0)
    assert over_budget(earlier(rows), 0)


def test_a_case_has_at_most_twelve_subjects() -> None:
    """The thirteenth is over budget; the twelve may still be asked about."""
    before = earlier([accepted(*(progress(asked(number)) for number in range(LIMITS.max_subjects_per_case)))])
    assert over_budget(before, 50)
    assert not over_budget(before, 3)


@given(st.integers(0, 12), st.integers(1, 40))
@settings(max_examples=80, deadline=None)
def test_asking_about_many_at_once_does_not_stretch_the_budget(known: int, new: int) -> None:
    """However many new subjects stand in one request, never more than the budget gets through."""
    before = (
        earlier([accepted(*(progress(asked(number)) for number in range(known)))]) if known else Earlier()
    )
    together = list(range(100, 100 + new))
    through = [number for number in together if not over_budget(before, number, *together)]
    assert known + len(through) == min(known + new, LIMITS.max_subjects_per_case)


def test_a_reference_had_another_role_before() -> None:
    """The same role, or another reference, did not."""
    before = earlier([accepted(progress(asked()))])
    assert before.re_roled(asked(role="third_person"), together=[])
    assert not before.re_roled(asked(), together=[])
    assert not before.re_roled(asked(1, role="third_person"), together=[])
    both = asked(1, role="third_person")
    assert before.re_roled(
        both, together=[(both.subject_ref, "household_member"), (both.subject_ref, "third_person")]
    )


@pytest.mark.parametrize("state", ["sent", "waits_for_person", *sorted(FINAL)])
def test_what_is_not_there_after_its_time_is_late(state: str) -> None:
    """What is final stays what it is."""
    question = progress(asked(), state, due_at=100)
    assert question.state_at(99.9) == state
    assert question.state_at(100) == (state if state in FINAL else "late")


def test_what_the_requester_has_seen_is_not_kept() -> None:
    """The sealed reply goes; its digest stays, so that it is known when it comes again."""
    reply = {"digest": "d" * 64, "token": "sealed", "at": 0, "version": 2}
    row = accepted(progress(asked(), "answered"), token=None, replies=(reply,), next_at=5, version=2)
    assert row.seen(1) == row
    gone = row.seen(2)
    assert gone.replies == ({**reply, "token": None},)
    assert gone.next_at is None


def test_what_nobody_fetches_is_let_go() -> None:
    """After its time, seen or not."""
    reply = {"digest": "d" * 64, "token": "sealed", "at": 0, "version": 2}
    row = accepted(progress(asked(), "answered"), token=None, identities=None, replies=(reply,), version=2)
    assert row.postponed(NOW).replies[0]["token"] is None


def test_a_holder_that_is_down_is_tried_at_growing_pauses_until_the_time_is_over() -> None:
    """Given up, what was locked goes, and the entry that says so is among those that are proven."""
    row = accepted(progress(asked()))
    now, pauses = NOW, []
    for _ in range(12):
        row = row.postponed(now)
        assert row.next_at is not None
        assert row.token is not None
        pauses.append(row.next_at - int(now.timestamp()))
        now = datetime.fromtimestamp(row.next_at, UTC)
    assert 1 <= pauses[0] <= 3
    assert max(pauses) <= 73
    given_up = row.given_up(position=7)
    assert (given_up.token, given_up.identities, given_up.next_at) == (None, None, None)
    assert given_up.questions[0].state in FINAL
    assert given_up.positions == (*row.positions, 7)
    assert given_up.version == row.version + 1
