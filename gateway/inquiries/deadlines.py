"""Until when a holder's people may take (docs/law.md)."""

from datetime import date, datetime, timedelta

from contract.days import day_of
from contract.working_days import open_hours_after, working_days_after, working_days_before


def due_at(
    code: str | None,
    *,
    now: datetime,
    meeting_on: date | None,
    working_days: int,
    before_meeting: int,
    fast_hours: int,
) -> datetime:
    """When a question is due: within the fast deadline, else after so many working days, or so many working
    days before the meeting if that is earlier.

    A meeting that is too near for that leaves as many hours as the fast deadline has, of those in which a
    desk is open.
    """
    if code == "fast_deadline":
        return now + timedelta(hours=fast_hours)
    due = working_days_after(now, working_days)
    if meeting_on is not None:
        due = min(due, working_days_before(max(meeting_on, day_of(now)), before_meeting))
    return max(due, open_hours_after(now, fast_hours))
