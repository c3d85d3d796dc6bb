"""What came of a question, as the broker's trail has it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.obligations import Obligation, obligations
from gateway.inquiries.course import course, whole_course

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
PERMIT: dict[str, Any] = {
    "kind": "permit",
    "id": "p1",
    "at": AT.isoformat(),
    "inquiry": "i1",
    "index": 1,
    "due_at": int((AT + timedelta(days=3)).timestamp()),
    "transparency": ["vt_informs"],
    "holder": "reclassering_midden",
    "question": "reclassering.known",
    "purpose": "enrich_referral",
    "rule": "A01",
    "case_ref": "c",
    "subject_ref": "s",
    "requester": "veilig_thuis_midden",
}


def reply(index: int, status: str, **more: str) -> dict[str, Any]:
    return {
        "kind": "reply",
        "at": (AT + timedelta(hours=1)).isoformat(),
        "outcomes": [{"index": index, "status": status, **more}],
    }


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (reply(1, "answered"), ["24-11-2026 11.00.00: beantwoord"]),
        (reply(1, "waits_for_person"), ["24-11-2026 11.00.00: ligt bij een medewerker"]),
        (
            reply(1, "refused", ground="holder_paused"),
            ["24-11-2026 11.00.00: de houder geeft geen antwoord"],
        ),
        (reply(0, "answered"), []),
        ({"kind": "undelivered", "at": AT.isoformat()}, ["24-11-2026 10.00.00: niet bezorgd"]),
        ({"kind": "rectification", "at": AT.isoformat(), "index": 0}, []),
    ],
    ids=str,
)
def test_what_the_holder_did_is_told_of_this_question_alone(later: dict[str, Any], told: list[str]) -> None:
    assert list(course(PERMIT, [later])) == told


def test_a_refused_question_has_no_course() -> None:
    """Though another question of its inquiry could not be delivered."""
    refused = {**PERMIT, "kind": "refusal"}
    assert list(course(refused, [{"kind": "undelivered", "at": AT.isoformat()}])) == []


@pytest.mark.parametrize(
    ("days", "end"), [(1, "vóór 22-12-2026 23.59: open"), (40, "vóór 22-12-2026 23.59: open; TE LAAT")]
)
def test_the_whole_course_has_the_terms_and_who_informs(days: int, end: str) -> None:
    """When the holder had to answer, who tells the person and before when, and whether that is over."""
    [duty] = obligations([PERMIT], joint=True)
    assert isinstance(duty, Obligation)
    lines = list(whole_course(PERMIT, [reply(1, "answered")], duty, AT + timedelta(days=days)))
    assert lines == [
        "24-11-2026 10.00.00: toegestaan; de houder heeft tot 27-11-2026 10.00",
        "24-11-2026 11.00.00: beantwoord",
        f"informeren: veilig_thuis_midden, {end}",
    ]
