"""Invariant 9: an obligation ends only by being met, or omitted with a signature; time alone raises it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.obligations import Obligation, obligations

T0 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def at(day: int) -> str:
    return (T0 + timedelta(days=day)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def permit(day: int = 0, **chosen: Any) -> dict[str, Any]:
    told = {
        "kind": "permit",
        "at": at(day),
        "case_ref": "case",
        "subject_ref": "man",
        "requester": "veilig_thuis",
        "holder": "reclassering",
        "question": "reclassering.under_supervision",
        "transparency": ["vt_informs", "holder_records"],
    }
    return {**told, **chosen}


def ending(kind: str, day: int, **chosen: Any) -> dict[str, Any]:
    told = {"kind": kind, "at": at(day), "case_ref": "case", "subject_ref": "man", "receiver": "veilig_thuis"}
    return {**told, **chosen}


def fold(*entries: dict[str, Any]) -> list[Obligation]:
    return obligations(entries, notice_days=28)


def test_a_permit_opens_one_and_the_earliest_sets_the_clock() -> None:
    expected = Obligation("case", "man", "veilig_thuis", "Wmo 5.3.1", T0, T0 + timedelta(days=28))
    assert fold(permit(), permit(3, holder="rvdk"), permit(5, holder="politie")) == [expected]


def test_each_subject_and_each_receiver_has_its_own() -> None:
    found = fold(
        permit(),
        permit(1, subject_ref="woman"),
        permit(2, requester="rvdk", transparency=["avg_informs"]),
        permit(3, requester="om", transparency=["general_notice"]),
        permit(4, case_ref="case-2"),
    )
    assert [(one.case_ref, one.subject_ref, one.receiver, one.basis) for one in found] == [
        ("case", "man", "veilig_thuis", "Wmo 5.3.1"),
        ("case", "woman", "veilig_thuis", "Wmo 5.3.1"),
        ("case", "man", "rvdk", "AVG 14(3)"),
        ("case", "man", "om", "Wpg 24a; Wjsg 17a"),
        ("case-2", "man", "veilig_thuis", "Wmo 5.3.1"),
    ]


def test_a_refusal_and_other_entries_open_none() -> None:
    refusal = permit(kind="refusal", transparency=["nothing_disclosed"])
    assert fold(refusal, {"kind": "started", "at": at(0)}, permit(transparency=["holder_records"])) == []


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (ending("notice", 3, proof="sha256:aa"), "met"),
        (ending("notice", 3), "open"),
        (ending("notice", 3, proof=""), "open"),
        (ending("notice", 3, proof=None, fg_signature="sha256:aa"), "open"),
        (ending("omission", 3, fg_signature="sha256:aa"), "omitted"),
        (ending("omission", 3), "open"),
        (ending("omission", 3, proof="sha256:aa"), "open"),
        (ending("deferral", 3, proof="sha256:aa", fg_signature="sha256:aa"), "open"),
        (ending("erasure", 3, proof="sha256:aa"), "open"),
        (ending("notice", 3, proof="sha256:aa", subject_ref="woman"), "open"),
        (ending("notice", 3, proof="sha256:aa", receiver="rvdk"), "open"),
        (ending("notice", 3, proof="sha256:aa", case_ref="case-2"), "open"),
    ],
)
def test_it_ends_only_by_proof_or_signature_about_itself(entry: dict[str, Any], state: str) -> None:
    assert [one.state for one in fold(permit(), entry)] == [state]


def test_a_notice_before_the_question_ends_nothing_and_a_question_after_the_end_opens_again() -> None:
    notice = ending("notice", 3, proof="sha256:aa")
    assert [one.state for one in fold(notice, permit(4))] == ["open"]
    assert [(one.state, one.opened_at) for one in fold(permit(), notice, permit(5))] == [
        ("met", T0),
        ("open", T0 + timedelta(days=5)),
    ]


@given(st.integers(0, 20_000))
def test_time_alone_raises_it_and_never_ends_it(days: int) -> None:
    (one,) = fold(permit())
    assert one.state == "open"
    assert one.overdue(T0 + timedelta(days=days)) == (days >= 28)


def test_what_is_ended_is_never_overdue() -> None:
    (one,) = fold(permit(), ending("notice", 40, proof="sha256:aa"))
    assert not one.overdue(T0 + timedelta(days=400))


@given(st.lists(st.sampled_from(["permit", "notice", "unsigned", "omission", "view"]), max_size=12))
def test_every_disclosure_is_owed_until_something_with_proof_follows_it(kinds: list[str]) -> None:
    entries = {
        "permit": permit(),
        "notice": ending("notice", 0, proof="sha256:aa"),
        "unsigned": ending("omission", 0),
        "omission": ending("omission", 0, fg_signature="sha256:aa"),
        "view": {"kind": "view", "at": at(0)},
    }
    still_open = any(one.state == "open" for one in fold(*(entries[kind] for kind in kinds)))
    last_permit = max((place for place, kind in enumerate(kinds) if kind == "permit"), default=-1)
    ended = any(kind in ("notice", "omission") for kind in kinds[last_permit + 1 :])
    assert still_open == (last_permit >= 0 and not ended)
