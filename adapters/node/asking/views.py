"""What each person was shown lately, so that looking again within one working session is no new reading.

A session is an hour from the first look: as long as one sign-in can last. What is new in it is recorded.
Kept in memory alone; after a restart a look is recorded once more than it had to be.
"""

from collections.abc import Callable, Collection, Hashable
from datetime import datetime
from typing import TypeVar

from party.bearer import LONGEST_LIFE_S

_Item = TypeVar("_Item", bound=Hashable)


class Views:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._shown: dict[tuple[str, str], tuple[float, frozenset[Hashable]]] = {}

    def fresh(self, user: str, what: str, items: Collection[_Item]) -> frozenset[_Item]:
        """Those that this person was not shown yet in this session. `what`: what they are part of."""
        ends, shown = self._shown.get((user, what), (0.0, frozenset[Hashable]()))
        return frozenset(items) - (shown if self._now().timestamp() < ends else frozenset())

    def note(self, user: str, what: str, items: Collection[Hashable]) -> None:
        """These were recorded as shown."""
        now = self._now().timestamp()
        self._shown = {key: one for key, one in self._shown.items() if one[0] > now}
        ends, shown = self._shown.get((user, what), (now + LONGEST_LIFE_S, frozenset[Hashable]()))
        self._shown[user, what] = ends, shown | frozenset(items)
