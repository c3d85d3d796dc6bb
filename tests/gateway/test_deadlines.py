"""Until when a holder's people may take: working days of the Netherlands, and never a mistake on any day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.working_days import (
    open_hours_after,
    working_day_from,
    working_days_after,
    working_days_before,
)
from gateway.inquiries.deadlines import due_at


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "days", "closing"),
    [
        ("2026-11-24T12:00", 3, "2026-11-27T16:00"),  # Tuesday to Friday, winter time
        ("2026-11-26T12:00", 3, "2026-12-01T16:00"),  # over a weekend
        ("2026-11-27T23:30", 1, "2026-11-30T16:00"),  # Saturday already in the Netherlands
        ("2026-12-24T12:00", 1, "2026-12-28T16:00"),  # Christmas: Friday and Saturday
        ("2027-04-25T12:00", 1, "2027-04-26T15:00"),  # Monday, summer time
        ("2027-04-26T12:00", 1, "2027-04-28T15:00"),  # King's day
        ("2026-05-13T12:00", 1, "2026-05-15T15:00"),  # Ascension day
        ("2027-05-04T12:00", 1, "2027-05-07T15:00"),  # 5 May, every year, and then Ascension day
        ("2027-03-25T12:00", 1, "2027-03-30T15:00"),  # Good Friday and Easter Monday
    ],
)
def test_working_days_are_those_of_the_netherlands(moment: str, days: int, closing: str) -> None:
    """Until five in the afternoon there, in UTC here."""
    assert working_days_after(at(moment), days) == at(closing)


def test_the_working_day_before_a_meeting() -> None:
    """Over a weekend and a holiday."""
    assert working_days_before(date(2026, 11, 30), 1) == at("2026-11-27T16:00")
    assert working_days_before(date(2026, 12, 28), 1) == at("2026-12-24T16:00")


NOW = at("2026-11-24T12:00")


def due(code: str | None, meeting_on: date | None) -> datetime:
    return due_at(code, now=NOW, meeting_on=meeting_on, working_days=3, before_meeting=1, fast_hours=2)


def test_a_question_is_due_before_its_meeting() -> None:
    """After three working days, or a working day before the meeting, or fast."""
    assert due("human_deadline", None) == at("2026-11-27T16:00")
    assert due("human_deadline", date(2026, 11, 26)) == at("2026-11-25T16:00")
    assert due("human_deadline", date(2026, 12, 24)) == at("2026-11-27T16:00")
    assert due("fast_deadline", date(2026, 12, 24)) == NOW + timedelta(hours=2)


def test_more_days_before_the_meeting_is_earlier() -> None:
    """Each of the three limits moves its own moment."""
    limits = {"working_days": 3, "before_meeting": 1, "fast_hours": 2}
    meeting = date(2026, 11, 27)
    found = {
        name: due_at(code, now=NOW, meeting_on=day, **{**limits, name: more})
        for name, more, code, day in (
            ("working_days", 2, "human_deadline", None),
            ("before_meeting", 2, "human_deadline", meeting),
            ("fast_hours", 1, "fast_deadline", meeting),
        )
    }
    assert found == {
        "working_days": at("2026-11-26T16:00"),
        "before_meeting": at("2026-11-25T16:00"),
        "fast_hours": NOW + timedelta(hours=1),
    }
    assert due_at("human_deadline", now=NOW, meeting_on=meeting, **limits) == at("2026-11-26T16:00")


def test_a_meeting_that_is_too_near_or_past_leaves_the_fast_deadline() -> None:
    """Nobody is asked to have answered yesterday."""
    for meeting_on in (date(2026, 11, 24), date(2026, 11, 1), date(1, 1, 1)):
        assert due("human_deadline", meeting_on) == NOW + timedelta(hours=2)


@given(st.dates() | st.none(), st.integers(0, 2**31))
@settings(max_examples=150, deadline=None)
def test_every_meeting_gives_a_moment_that_is_not_past(meeting_on: date | None, seconds: int) -> None:
    """Any day of any year: at least the fast deadline, at most three working days, which never is two
    weeks.
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    found = due_at(
        "human_deadline", now=moment, meeting_on=meeting_on, working_days=3, before_meeting=1, fast_hours=2
    )
    assert timedelta(hours=2) <= found - moment < timedelta(days=14)


@pytest.mark.parametrize(
    ("asked", "hours", "over"),
    [
        ("2026-11-28T11:00", 4, "2026-11-30T12:00"),  # Saturday: Monday 13.00 here
        ("2026-11-29T22:30", 4, "2026-11-30T12:00"),  # Sunday night
        ("2026-11-27T15:00", 4, "2026-11-30T11:00"),  # Friday 16.00: one hour, and three on Monday
        ("2026-11-24T12:00", 2, "2026-11-24T14:00"),
        ("2026-11-24T05:00", 2, "2026-11-24T10:00"),  # before it opens
        ("2026-12-24T15:30", 1, "2026-12-28T08:30"),  # half an hour before Christmas
    ],
)
def test_hours_of_a_desk_are_hours_in_which_it_is_open(asked: str, hours: int, over: str) -> None:
    assert open_hours_after(at(asked), hours) == at(over)


def test_a_desk_that_is_asked_on_saturday_for_monday_gets_an_hour_at_which_it_is_open() -> None:
    """Two hours after it opens; in acute danger the clock runs on, whoever is there."""
    limits = {"working_days": 3, "before_meeting": 1, "fast_hours": 2}
    saturday, monday = at("2026-11-28T11:00"), date(2026, 11, 30)
    assert due_at(None, now=saturday, meeting_on=monday, **limits) == at("2026-11-30T10:00")
    assert due_at("fast_deadline", now=saturday, meeting_on=monday, **limits) == at("2026-11-28T13:00")


@pytest.mark.parametrize(
    ("ends", "rolls_to"),
    [
        (
            date(2026, 12, 26),
            date(2026, 12, 28),
        ),  # 42 days after 14 November at the police; Saturday, Christmas
        (date(2026, 12, 25), date(2026, 12, 28)),
        (date(2027, 3, 26), date(2027, 3, 30)),  # Good Friday, to the Tuesday after Easter
        (date(2026, 12, 24), date(2026, 12, 24)),
    ],
)
def test_a_term_of_law_that_ends_on_a_day_off_goes_on(ends: date, rolls_to: date) -> None:
    """Algemene termijnenwet 1."""
    assert working_day_from(ends) == rolls_to
