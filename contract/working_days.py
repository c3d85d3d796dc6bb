"""Working days of the Netherlands, by which people have to act (docs/law.md)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import holidays

from contract.days import ZONE, day_of

_OPENING, _CLOSING = time(9, 0), time(17, 0)


@cache
def _feast_days(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("NL", years=year)) | {date(year, 5, 5)}


def _days_off(day: date) -> bool:
    """Weekends, and the days of Algemene termijnenwet 3: Good Friday and 5 May too."""
    return day.weekday() >= 5 or day in _feast_days(day.year)


def working_days_after(
    moment: datetime, days: int, is_day_off: Callable[[date], bool] = _days_off
) -> datetime:
    """Closing time (17.00 in the Netherlands) of the n-th working day after this moment, in UTC."""
    day = day_of(moment)
    while days > 0:
        day += timedelta(days=1)
        days -= not is_day_off(day)
    return datetime.combine(day, _CLOSING, ZONE).astimezone(UTC)


def working_days_since(day: date, until: date, is_day_off: Callable[[date], bool] = _days_off) -> int:
    """How many working days came after this day, up to and with the other: from Friday to Monday one."""
    between = (day + timedelta(days=number) for number in range(1, (until - day).days + 1))
    return sum(not is_day_off(one) for one in between)


def working_day_from(day: date, is_day_off: Callable[[date], bool] = _days_off) -> date:
    """This day, or the first working day after it: a term of law that ends on a day off goes on until then
    (Algemene termijnenwet 1).
    """
    while is_day_off(day):
        day += timedelta(days=1)
    return day


def open_hours_after(
    moment: datetime, hours: int, is_day_off: Callable[[date], bool] = _days_off
) -> datetime:
    """When so many hours have passed in which a desk is open, 9.00 to 17.00 on working days, in UTC: asked on
    Saturday, four hours are over on Monday at 13.00.
    """
    here, left = moment.astimezone(ZONE), timedelta(hours=hours)
    while True:
        opens, closes = (datetime.combine(here.date(), one, ZONE) for one in (_OPENING, _CLOSING))
        start = max(here, opens)
        if not is_day_off(here.date()) and start < closes:
            if left <= closes - start:
                return (start + left).astimezone(UTC)
            left -= closes - start
        here = datetime.combine(here.date() + timedelta(days=1), time(0), ZONE)


def working_days_before(day: date, days: int, is_day_off: Callable[[date], bool] = _days_off) -> datetime:
    """Closing time of the n-th working day before this day, in UTC."""
    while days > 0:
        day -= timedelta(days=1)
        days -= not is_day_off(day)
    return datetime.combine(day, _CLOSING, ZONE).astimezone(UTC)
