"""Invariant 9: an obligation ends only by being met, or omitted with a signature; time alone raises it."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.obligations import (
    ENDED,
    STEPS,
    NoticeClocks,
    Obligation,
    Obligations,
    next_reminder,
    obligations,
    reminders,
)
from audit.terms import last_of

T0 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

# what each state may become, as docs/law.md, Telling has it; the steps that make it so
TABLE = {
    ("open", "plan"): "planned",
    ("open", "deferral"): "deferred",
    ("open", "coverage"): "met_by_other",
    ("open", "omission"): "omitted",
    ("planned", "plan"): "planned",
    ("planned", "notice"): "sent",
    ("planned", "deferral"): "deferred",
    ("planned", "coverage"): "met_by_other",
    ("planned", "omission"): "omitted",
    ("sent", "delivery"): "met",
    ("sent", "failure"): "open",
    ("deferred", "deferral"): "deferred",
    ("deferred", "resumption"): "open",
    ("deferred", "coverage"): "met_by_other",
    ("deferred", "omission"): "omitted",
    ("met_by_other", "failure"): "open",
    ("omitted", "reopening"): "open",
}
WAYS: dict[str, list[str]] = {  # steps that lead to each state
    "open": [],
    "planned": ["plan"],
    "sent": ["plan", "notice"],
    "deferred": ["deferral"],
    "met": ["plan", "notice", "delivery"],
    "met_by_other": ["coverage"],
    "omitted": ["omission"],
}


def at(days: float) -> str:
    return (T0 + timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def end(days: int) -> datetime:
    """The end of the day in the Netherlands, so many days after T0."""
    return datetime.combine(T0.date() + timedelta(days=days), time(22, 59, 59), UTC)


def permit(day: float = 0, **chosen: Any) -> dict[str, Any]:
    told = {
        "id": f"permit-{day}",
        "kind": "permit",
        "at": at(day),
        "case_ref": "case",
        "subject_ref": "man",
        "requester": "veilig_thuis",
        "holder": "reclassering",
        "question": "reclassering.under_supervision",
        "purpose": "enrich_referral",
        "rule": "A02",
        "transparency": ["vt_informs", "holder_records"],
    }
    return {**told, **chosen}


def step(kind: str, day: float, obligation: str = "permit-0", **chosen: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"id": f"{kind}-{day}", "kind": kind, "at": at(day), "obligation": obligation}
    more = {
        "notice": {"covers": ["permit-0"]},
        "delivery": {"proof": "aa"},
        "coverage": {"notice": "other"},
        "omission": {"fg_signature": "aa"},
        "reopening": {"fg_signature": "aa"},
        "deferral": {"until": at(day + 14)},
    }
    return {**told, **more.get(kind, {}), **chosen}


def fold(*entries: dict[str, Any], joint: bool = False) -> list[Obligation]:
    return obligations(entries, joint=joint)


def states(*entries: dict[str, Any], joint: bool = False) -> list[str]:
    return [one.state for one in fold(*entries, joint=joint)]


def test_a_permit_opens_one_and_the_earliest_sets_the_clock() -> None:
    (one,) = fold(permit(), permit(3, holder="rvdk"), permit(5, holder="politie"))
    assert (one.id, one.basis, one.opened_at, one.due_at) == (
        "permit-0",
        "Wmo 5.3.1",
        T0,
        end(28),
    )
    assert [row.holder for row in one.disclosures] == ["reclassering", "rvdk", "politie"]


def share(day: float, **chosen: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"id": f"share-{day}", "kind": "onward_share", "at": at(day), "case_ref": "case"}
    answer = {"inquiry": "i", "index": 0, "holder": "reclassering", "question": permit()["question"]}
    return {**told, "subject_ref": "man", "receiver": "politie", "own": False, "answers": [answer], **chosen}


@pytest.mark.parametrize(("code", "days"), [("avg_informs", 3), ("vt_informs", 28), ("general_notice", 28)])
def test_the_first_onward_share_ends_the_clock_where_the_law_says_so(code: str, days: float) -> None:
    """AVG 14(3)(c); whoever heard it stands at the question, in whichever state."""
    opened = permit(requester="rvdk", transparency=[code])
    (one,) = fold(opened, permit(1, requester="rvdk", holder="om", transparency=[code]), share(3), share(5))
    assert one.due_at == (T0 + timedelta(days=days) if days == 3 else end(28))
    assert [row.passed_to for row in one.disclosures] == [("politie",), ()]
    (one,) = fold(opened, *(step(kind, 1) for kind in WAYS["met"]), share(3), share(4, receiver="om"))
    assert (one.state, one.due_at) == ("met", end(28))
    assert [row.passed_to for row in one.disclosures] == [("politie", "om")]


@pytest.mark.parametrize(
    "changes", [{"own": True}, {"subject_ref": "woman"}, {"case_ref": "other"}, {"answers": []}]
)
def test_a_colleague_or_another_answer_is_no_onward_share_of_this(changes: dict[str, Any]) -> None:
    opened = permit(transparency=["avg_informs"])
    assert fold(opened, share(3, **changes)) == fold(opened)


def test_in_the_receivers_own_trail_the_joint_trail_sets_the_clock() -> None:
    (one,) = fold(permit(2, joint_id="joint-id", joint_at=at(0)))
    assert (one.id, one.opened_at) == ("joint-id", T0)


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
        ("case", "man", "om", "Wpg 24a, 24b(3)-(4), 27; Wjsg 17a-17b"),
        ("case-2", "man", "veilig_thuis", "Wmo 5.3.1"),
    ]


def test_a_refusal_and_other_entries_open_none() -> None:
    refusal = permit(kind="refusal", transparency=["nothing_disclosed"])
    assert fold(refusal, {"kind": "started", "at": at(0)}, permit(transparency=["holder_records"])) == []


@pytest.mark.parametrize("kind", sorted(STEPS))
@pytest.mark.parametrize("state", sorted(WAYS))
def test_each_step_is_taken_from_the_states_of_the_table_alone(state: str, kind: str) -> None:
    way = [step(one, day) for day, one in enumerate(WAYS[state], 1)]
    assert states(permit(), *way, step(kind, 9)) == [TABLE.get((state, kind), state)]


@pytest.mark.parametrize("kind", sorted(STEPS))
@pytest.mark.parametrize("state", ["open", "deferred", "met", "omitted"])
def test_the_joint_trail_knows_nothing_between_open_and_met(state: str, kind: str) -> None:
    way = {"deferred": ["deferral"], "met": ["delivery"], "omitted": ["omission"]}.get(state, [])
    told = {"covers": ["permit-0"]}
    history = [permit(), *(step(one, 1, **told if one == "delivery" else {}) for one in way)]
    taken = {**TABLE, ("open", "delivery"): "met"}
    none = {"plan", "notice", "coverage"}  # of coverage below
    expected = state if kind in none else taken.get((state, kind), state)
    assert states(*history, step(kind, 9, **told), joint=True) == [expected]


@pytest.mark.parametrize(
    ("way", "bad"),
    [
        (["plan", "notice"], step("delivery", 9, proof="")),
        (["plan", "notice"], step("delivery", 9, proof=None, fg_signature="aa")),
        (["plan", "notice"], step("delivery", 9, obligation="permit-1")),
        (["plan", "notice"], step("delivery", 9, covers=["permit-of-somebody-else"])),
        (["plan"], step("notice", 9, covers=[])),
        ([], step("coverage", 9, notice="")),
        ([], step("omission", 9, fg_signature="")),
        ([], step("omission", 9, fg_signature=None, proof="aa")),
        (["omission"], step("reopening", 9, fg_signature="")),
        ([], step("deferral", 9, until=at(9 + 14.6))),
        ([], step("deferral", 9, until=at(9))),
        ([], step("deferral", 9, until=at(8))),
        ([], step("deferral", 9, until="next week")),
        ([], step("deferral", 9, until="2026-12-03T10:00:00")),
        ([], step("deferral", 9, until=None)),
        ([], {"id": "x", "kind": "erasure", "at": at(9), "obligation": "permit-0"}),
    ],
)
def test_without_its_proof_signature_or_bounds_a_step_changes_nothing(
    way: list[str], bad: dict[str, Any]
) -> None:
    history = [permit(), *(step(one, day) for day, one in enumerate(way, 1))]
    assert fold(*history, bad) == fold(*history)


def test_a_deferral_ends_by_itself_on_its_date_and_earlier_when_its_ground_is_lifted() -> None:
    (one,) = fold(permit(), step("deferral", 5))
    assert one.at(T0 + timedelta(days=18.99)).state == "deferred"
    assert one.at(T0 + timedelta(days=19)).state == "open"
    assert states(permit(), step("deferral", 5), step("resumption", 6)) == ["open"]
    assert states(permit(), step("deferral", 5), step("plan", 18)) == ["deferred"]
    assert states(permit(), step("deferral", 5), step("plan", 19)) == ["planned"]


@pytest.mark.parametrize(
    ("days", "due"),
    [
        ([], end(28)),
        ([1], T0 + timedelta(days=29)),  # until day 15, and two weeks
        ([5], T0 + timedelta(days=33)),
        ([20], end(42)),  # until day 34; at most 4 weeks and 2 for each deferral
        ([1, 15, 29], T0 + timedelta(days=57)),
        ([60], T0 + timedelta(days=74)),  # never before the deferral itself ends
    ],
)
def test_the_clock_of_a_deferral(days: list[int], due: datetime) -> None:
    (one,) = fold(permit(), *(step("deferral", day) for day in days))
    assert one.due_at == due
    assert one.deferrals == len(days)


def test_what_was_asked_after_the_notice_was_written_is_owed_still() -> None:
    found = fold(permit(), step("plan", 1), step("notice", 2), permit(3), step("delivery", 4))
    assert [(one.id, one.state, one.opened_at) for one in found] == [
        ("permit-0", "met", T0),
        ("permit-3", "open", T0 + timedelta(days=3)),
    ]
    assert [[row.permit for row in one.disclosures] for one in found] == [["permit-0"], ["permit-3"]]


def test_the_joint_trail_takes_the_notice_of_another_only_when_it_covers_this_one_and_was_delivered() -> None:
    other = permit(1, requester="politie", transparency=["general_notice"])
    covered = step("coverage", 9, obligation="permit-1", notice="permit-0")
    told = {"covers": ["permit-0"], "covers_others": ["permit-1"]}
    assert states(permit(), other, step("delivery", 4, **told), covered, joint=True) == [
        "met",
        "met_by_other",
    ]
    assert states(permit(), other, covered, joint=True) == ["open", "open"]
    assert states(permit(), other, step("delivery", 4, covers=["permit-0"]), covered, joint=True) == [
        "met",
        "open",
    ]


def test_a_clock_that_jumps_back_undoes_nothing() -> None:
    back = fold(permit(), step("plan", 9), step("deferral", 2, until=at(4)))
    assert [one.state for one in back] == ["planned"]


# ── whatever happens ──

_KINDS = [*sorted(STEPS), "permit", "permit", "view", "refusal"]
_moves = st.lists(
    st.tuples(
        st.sampled_from(_KINDS),
        st.floats(-3, 12, allow_nan=False),  # days since the move before; a clock may jump back
        st.integers(0, 3),  # which obligation
        st.booleans(),  # with what it needs
        st.sampled_from(["man", "woman"]),
        st.sampled_from(["veilig_thuis", "rvdk"]),
    ),
    max_size=25,
)


def history(moves: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    day, permits = 0.0, []
    for number, (kind, days, which, whole, subject, receiver) in enumerate(moves):
        day += days
        if kind in {"permit", "refusal"}:
            entry = permit(day, id=f"p{number}", kind=kind, subject_ref=subject, requester=receiver)
            permits += [entry["id"]] if kind == "permit" else []
        else:
            named = permits[which % len(permits)] if permits else "nobody"
            entry = step(kind, day, named, id=f"s{number}", covers=permits[: which + 1])
            if not whole:
                entry |= {"proof": "", "fg_signature": "", "notice": "", "until": at(day - 1)}
        entries.append(entry)
    return entries


@pytest.mark.parametrize("joint", [False, True])
@given(moves=_moves)
def test_no_obligation_ever_vanishes(moves: list[tuple[Any, ...]], joint: bool) -> None:
    entries = history(moves)
    seen = Obligations(joint)
    asked: list[str] = []
    before: dict[str, Obligation] = {}
    for position, entry in enumerate(entries):
        seen.take(entry, position)
        asked += [entry["id"]] if entry["kind"] == "permit" else []
        # each question that was put to a holder stands in exactly one obligation
        stands = [row.permit for one in seen.by_id.values() for row in one.disclosures]
        assert sorted(stands) == sorted(asked)
        assert before.keys() <= seen.by_id.keys()
        for one in seen.by_id.values():
            earlier = before.get(one.id)
            if earlier is None or earlier.state == one.state:
                continue
            # what ended, ended by a step about it that proves so
            if one.state in ENDED:
                assert entry["obligation"] == one.id
                assert entry.get("proof") or entry.get("fg_signature") or entry.get("notice")
            assert one.version == earlier.version + 1
        before = dict(seen.by_id)
    assert sorted(seen.by_id.values(), key=lambda one: one.id) == sorted(
        fold(*entries, joint=joint), key=lambda one: one.id
    )


@given(moves=_moves, days=st.lists(st.floats(0, 4_000, allow_nan=False), min_size=1, max_size=8))
def test_time_alone_raises_it_and_never_ends_it(moves: list[tuple[Any, ...]], days: list[float]) -> None:
    for one in fold(*history(moves)):
        raised = False
        for day in sorted(days):
            now = one.changed_at + timedelta(days=day)
            assert one.at(now).live == one.live
            assert one.overdue(now) or not raised
            raised = raised or one.overdue(now)
        assert one.overdue(one.changed_at + timedelta(days=5_000)) == one.live


# ── who is reminded ──


def due(one: Obligation, day: float) -> list[str]:
    now = T0 + timedelta(days=day)
    return [row.code.partition(":")[0] for row in sorted(reminders(one), key=lambda r: r.at) if row.at <= now]


def test_the_sender_is_reminded_on_day_14_21_and_25_and_chair_and_fg_on_day_28() -> None:
    (one,) = fold(permit())
    assert [due(one, day) for day in (13.8, 14, 21, 25)] == [
        [],
        ["14_days_left"],
        ["14_days_left", "7_days_left"],
        ["14_days_left", "7_days_left", "3_days_left"],
    ]
    assert "overdue" not in due(one, 28.4)
    assert due(one, 29)[-1] == "overdue"
    assert {row.code.partition(":")[0]: row.to for row in reminders(one)}["overdue"] == ("chair", "fg")
    assert due(one, 70)[-1] == "week_10"
    assert next_reminder(one) == end(14) - timedelta(hours=15, minutes=59, seconds=59)


def test_nobody_is_reminded_while_it_waits_and_at_once_when_that_passes() -> None:
    (one,) = fold(permit(), step("deferral", 5))
    assert due(one, 18.9) == []
    assert due(one, 19)[0] == "deferral_ended"
    assert next_reminder(one) == T0 + timedelta(days=19)


def test_the_third_deferral_goes_to_the_fg() -> None:
    (one,) = fold(permit(), *(step("deferral", day) for day in (1, 15, 29)))
    assert ("deferral_3", ("fg",)) in {(row.code, row.to) for row in reminders(one)}


def test_a_reminder_that_was_given_is_not_given_again_and_none_after_the_end() -> None:
    (one,) = fold(permit())
    first = min(reminders(one), key=lambda row: row.at)
    told = {"id": "r", "kind": "reminder", "at": at(14), "obligation": "permit-0", "reminder": first.code}
    (after,) = fold(permit(), told)
    assert due(after, 14) == []
    (ended,) = fold(permit(), step("omission", 1))
    assert list(reminders(ended)) == []
    assert next_reminder(ended) is None


# ── the clocks that the hand-out had ──


TIGHT = {
    "notice_days": 20,
    "deferral_max_days": 7,
    "notice_reminder_days": [5, 18],
    "fg_review_deferral": 1,
    "fg_review_week": 4,
}


def test_the_clocks_of_the_permit_count_whatever_the_hand_out_is_now() -> None:
    """Each of the five: when it is due, how long it may wait, who is reminded when, and when the FG looks."""
    (one,) = fold(permit(clocks=TIGHT))
    assert one.due_at == end(20)
    assert [due(one, day) for day in (4.8, 5, 18, 28)] == [
        [],
        ["15_days_left"],
        ["15_days_left", "2_days_left"],
        ["15_days_left", "2_days_left", "overdue", "week_4"],
    ]
    assert states(permit(clocks=TIGHT), step("deferral", 1, until=at(8.6))) == ["open"]
    (waits,) = fold(permit(clocks=TIGHT), step("deferral", 1, until=at(8)))
    assert waits.state == "deferred"
    assert ("deferral_1", ("fg",)) in {(row.code, row.to) for row in reminders(waits)}
    (late,) = fold(permit(clocks=TIGHT), step("deferral", 18, until=at(25)))
    assert late.due_at == end(27)


def test_a_permit_that_grants_more_time_than_the_law_grants_none() -> None:
    """A broker that tells other clocks than the law's moves nothing: each falls back on the law's own."""
    wide = {
        "notice_days": 280,
        "deferral_max_days": 140,
        "notice_reminder_days": ["never"],
        "fg_review_deferral": 30,
        "fg_review_week": 100,
    }
    for told in (wide, dict.fromkeys(wide), dict.fromkeys(wide, True), "later", None, 28):
        (one,) = fold(permit(clocks=told))
        assert one.clocks == NoticeClocks()
        assert one.due_at == end(28)


def test_what_was_asked_after_a_notice_is_owed_by_the_same_clocks() -> None:
    told = [permit(clocks=TIGHT), step("plan", 1), step("notice", 2), permit(3, id="later", clocks=TIGHT)]
    found = fold(*told, step("delivery", 4))
    assert [one.due_at for one in found if one.state == "open"] == [end(23)]


@pytest.mark.parametrize(("seconds", "over"), [(-1, False), (0, False), (1, True)])
def test_an_obligation_is_overdue_after_its_last_second(seconds: int, over: bool) -> None:
    [one] = fold(permit())
    assert one.overdue(one.due_at + timedelta(seconds=seconds)) == over


def test_a_trail_is_a_receivers_own_unless_it_is_said_to_be_joint() -> None:
    """In the joint one nothing is planned: a plan there does nothing."""
    entries = [permit(), step("plan", 1)]
    assert [one.state for one in obligations(entries)] == ["planned"]
    assert [one.state for one in obligations(entries, joint=True)] == ["open"]
    bare = Obligations()
    for entry in entries:
        bare.take(entry)
    assert [(one.state, one.places) for one in bare.by_id.values()] == [("planned", (0,))]


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        ("2026-03-10T23:30:00+01:00", "2026-04-07T23:59:59+02:00"),
        ("2026-10-10T00:30:00+02:00", "2026-11-07T23:59:59+01:00"),
        ("2026-11-27T10:00:00+01:00", "2026-12-25T23:59:59+01:00"),
        ("2028-02-01T12:00:00+01:00", "2028-02-29T23:59:59+01:00"),
        ("2026-03-01T02:30:00+01:00", "2026-03-29T23:59:59+02:00"),
    ],
)
def test_four_weeks_are_days_of_the_calendar_here(asked: str, last: str) -> None:
    """By hand: whatever hour it was asked, the person is told before the end of the last day."""
    assert last_of(datetime.fromisoformat(asked), 28) == datetime.fromisoformat(last)


def test_a_deferral_may_last_until_the_end_of_its_fourteenth_day() -> None:
    """And not a second longer."""
    last = end(5 + 14)
    (one,) = fold(permit(), step("deferral", 5, until=last.isoformat()))
    assert one.state == "deferred"
    (one,) = fold(permit(), step("deferral", 5, until=(last + timedelta(seconds=1)).isoformat()))
    assert one.state == "open"


def test_six_deferrals_of_an_hour_extend_by_six_hours() -> None:
    """How long it waited counts, not how often that was decided."""
    hour = 1 / 24
    deferred = [step("deferral", 27 + day * hour, until=at(27 + (day + 1) * hour)) for day in range(6)]
    (one,) = fold(permit(), *deferred)
    assert (one.deferrals, one.waited_s) == (6, 6 * 3600)
    assert one.due_at == end(28) + timedelta(hours=6)
    assert one.latest_at == end(28 + 6 * 14)


def test_a_deferral_that_is_lifted_gives_back_what_was_left_of_it() -> None:
    (one,) = fold(permit(), step("deferral", 20), step("resumption", 21))
    assert one.due_at == end(28) + timedelta(days=1)


def test_a_breach_stays_a_breach() -> None:
    """A deferral after the term does not hide that it was over, in the joint trail neither."""
    for joint in (False, True):
        (one,) = fold(permit(), step("deferral", 30), joint=joint)
        now = T0 + timedelta(days=31)
        assert (one.at(now).state, one.overdue(now)) == ("deferred", False)
        assert one.breached(now) == one.breached_since == end(28)
        (one,) = fold(permit(), step("deferral", 30), step("deferral", 40), joint=joint)
        assert one.breached_since == end(28)
    (in_time,) = fold(permit(), step("deferral", 20))
    assert in_time.breached(T0 + timedelta(days=21)) is None


def test_after_three_deferrals_or_ten_weeks_the_fg_decides() -> None:
    (one,) = fold(permit(), *(step("deferral", day) for day in (1, 15)))
    assert not one.for_the_fg(T0 + timedelta(days=29))
    assert one.for_the_fg(T0 + timedelta(weeks=10))
    (third,) = fold(permit(), *(step("deferral", day) for day in (1, 15, 29)))
    assert third.for_the_fg(T0 + timedelta(days=30))
