"""Two engines of different make decide on each question, and only what both say counts.

A server is a program of its own, that somebody can replace; the strict reader cannot tell whether a permit
that fits its row was decided at all. So the engine in this process decides by the same release, and a
difference is no decision: nothing leaves, and somebody hears of it.
"""

from collections.abc import Callable, Mapping, Sequence

from policies.embedded import EmbeddedPolicy
from policies.engine import Decision, Policy
from policies.errors import PolicyUnavailable


class TwoEngines:
    """Decides by another engine and in this process. `differ` hears how many decisions of a call differed.

    Raises PolicyUnavailable when they are not of one release.
    """

    def __init__(self, other: Policy, here: EmbeddedPolicy, differ: Callable[[int], None]) -> None:
        if other.revision != here.revision:
            raise PolicyUnavailable("The two engines work with different releases of the hand-out.")
        self.revision = here.revision
        self.engine = f"{other.engine} + {here.engine}"
        self._other, self._here, self._differ = other, here, differ

    async def decide(self, inputs: Sequence[Mapping[str, object]]) -> list[Decision]:
        told = await self._other.decide(inputs)
        own = await self._here.decide(inputs)
        differing = sum(one != another for one, another in zip(told, own, strict=True))
        if differing:
            self._differ(differing)
            raise PolicyUnavailable("The two policy engines decide differently.")
        return own

    async def verify(self) -> None:
        await self._other.verify()
        await self._here.verify()

    async def close(self) -> None:
        await self._here.close()
        await self._other.close()
