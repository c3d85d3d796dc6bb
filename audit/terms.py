"""Terms of law in days: days of the calendar in the Netherlands, each until the end of the last."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")


def day_of(moment: datetime) -> date:
    """The day that it is in the Netherlands at this moment. Raises ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone has no day.")
    return moment.astimezone(ZONE).date()


def last_of(moment: datetime, days: int) -> datetime:
    """The last second, in UTC, of the day that comes so many days after the day of this moment: asked on 10
    March at 23.30, a term of 28 days lasts until 7 April 23.59.59.
    """
    last = day_of(moment) + timedelta(days=days)
    return datetime.combine(last, time(23, 59, 59), ZONE).astimezone(UTC)
