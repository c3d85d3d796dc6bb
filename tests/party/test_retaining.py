"""A party looks often and destroys once a day; a run that failed is tried at the next look."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.errors import TrailUnavailable
from audit.retention import Kept
from party.retaining import daily

START = datetime(2026, 11, 23, tzinfo=UTC)


class Runs:
    def __init__(self) -> None:
        self.count, self.fails = 0, False

    async def run(self) -> Kept:
        self.count += 1
        if self.fails:
            raise TrailUnavailable("away")
        return Kept(0, 0, 0)


def test_once_a_day_and_again_when_it_failed() -> None:
    runs, times = Runs(), [START]
    retention: Any = runs
    turn = daily(retention, lambda: times[-1])
    for hours, expected in ((0, 1), (1, 1), (23, 1), (24, 2), (25, 2), (-2, 3)):
        times.append(START + timedelta(hours=hours))
        asyncio.run(turn())
        assert runs.count == expected, hours
    runs.fails = True
    times.append(START + timedelta(hours=72))
    for expected in (4, 5):
        with pytest.raises(TrailUnavailable):
            asyncio.run(turn())
        assert runs.count == expected
