"""The time of a party: the machine's; in a demo, as far ahead as a file says, so that weeks can be played."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from party.settings import PartySettings

_LOOK_EVERY_S = 0.05


def clock_of(settings: PartySettings) -> Callable[[], datetime]:
    """The clock that these settings choose."""
    return utc_now if settings.demo_clock is None else _Ahead(settings.demo_clock)


def utc_now() -> datetime:
    return datetime.now(UTC)


class _Ahead:
    """Reads the file again and again: it holds seconds; no file is none."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._ahead = timedelta()
        self._looked = -1.0

    def __call__(self) -> datetime:
        moment = time.monotonic()
        if moment - self._looked >= _LOOK_EVERY_S:
            self._looked = moment
            with suppress(OSError, ValueError):  # it is being written: what it said before holds
                self._ahead = timedelta(seconds=int(self._place.read_text(encoding="ascii")))
        return utc_now() + self._ahead
