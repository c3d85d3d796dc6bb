"""Until when a holder's people may take (docs/law.md)."""

from datetime import date, datetime, timedelta

from contract.days import day_of
from contract.working_days import working_day_before, working_days_after


def due_at(
    code: str | None, *, now: datetime, meeting_on: date | None, working_days: int, fast_hours: int
) -> datetime:
    """When a question is due: within the fast deadline, else after so many working days or a working day
    before the meeting, if earlier.

    A meeting that is too near for that leaves the fast deadline.
    """
    fast = now + timedelta(hours=fast_hours)
    if code == "fast_deadline":
        return fast
    due = working_days_after(now, working_days)
    if meeting_on is not None and meeting_on <= day_of(due):
        due = working_day_before(max(meeting_on, day_of(now)))
    return max(due, fast)
