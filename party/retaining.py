"""A party destroys what it kept long enough, once a day and soon after a start."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from audit.retention import Retention
from party.events import Event, log

LOOK_EVERY_S = 600.0
_A_DAY = timedelta(days=1)


def daily(retention: Retention, now: Callable[[], datetime]) -> Callable[[], Awaitable[None]]:
    """A turn that runs it, if that is a day ago. Raises TrailUnavailable; then the next turn tries again."""
    ran: datetime | None = None

    async def turn() -> None:
        nonlocal ran
        if ran is not None and ran <= now() < ran + _A_DAY:
            return
        kept = await retention.run()
        ran = now()
        log(Event.RETAINED, pruned=kept.pruned, erased=kept.erased, held=kept.held)

    return turn
