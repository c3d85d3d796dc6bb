"""The releases of the hand-out that a party may decide by, each with its engine, and since when each
decides.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contract.days import day_of
from contract.releases import Turn, in_force
from party.events import Event, log
from policies import EmbeddedPolicy, Policy, PolicyUnavailable, Release
from policies.dates import DatedDecision, decide_on
from policies.errors import ReleaseError

CHANGEOVER_S = 60
"""What was decided just before a change is still answered under what was in force then."""


@dataclass(frozen=True)
class HandOut:
    """One release, and what decides by it."""

    release: Release
    policy: Policy

    async def decide(self, inputs: Sequence[Mapping[str, object]], now: datetime) -> list[DatedDecision]:
        """Each input decided, with its row within its dates or not on the day that it is in the Netherlands.

        Raises PolicyUnavailable.
        """
        return await decide_on(day_of(now), self.policy, self.release.catalogue, inputs)


class HandOuts:
    """What a party holds. `engine` opens the engine that the settings choose; it serves the release in force
    alone. What came before is decided in this process: both engines decide alike.
    """

    def __init__(self, first: Release, engine: Callable[[Release], Awaitable[Policy]]) -> None:
        self.first = first
        self._engine = engine
        self._releases: dict[str, Release] = {first.revision: first}
        self._turns: tuple[Turn, ...] = (Turn(0, first.revision),)
        self._opened: list[
            HandOut
        ] = []  # by the chosen engine, the last one decides; closed together at the end
        self._before: dict[str, HandOut] = {}
        self._opening = asyncio.Lock()

    def hold(self, releases: Mapping[str, Release], known: Sequence[Turn]) -> None:
        """From now on these releases too, and these turns."""
        self._releases |= releases
        self._turns = tuple(known) or (Turn(0, self.first.revision),)

    def revision(self, moment: int) -> str:
        """The release in force at this moment, held or not."""
        return in_force(self._turns, moment)

    def holds(self, revision: str) -> bool:
        return revision in self._releases

    def valid(self, revision: str, accepted_at: int) -> bool:
        """Whether an inquiry that the broker took at this moment may have been decided under this release."""
        first = max(accepted_at - CHANGEOVER_S, 0)
        meanwhile = {turn.release for turn in self._turns if first < turn.at <= accepted_at}
        return self.holds(revision) and revision in {self.revision(first), *meanwhile}

    def newest(self, moment: int) -> Release:
        """The newest release up to this moment that is held here."""
        for turn in reversed(self._turns):
            if turn.at <= moment and turn.release in self._releases:
                return self._releases[turn.release]
        return self.first

    async def now(self, moment: int) -> HandOut:
        """What decides now. Raises PolicyUnavailable, also when the release in force is not held here."""
        revision = self.revision(moment)
        if not self._opened or self._opened[-1].release.revision != revision:
            async with self._opening:
                await self._change_over(revision)
        return self._opened[-1]

    async def of(self, revision: str, moment: int) -> HandOut:
        """What decides under this release, which is held. Raises PolicyUnavailable."""
        if revision == self.revision(moment):
            return await self.now(moment)
        if revision not in self._before:
            release = self._releases.get(revision)
            if release is None:
                raise PolicyUnavailable("This release is not held here.")
            try:
                self._before[revision] = HandOut(release, EmbeddedPolicy(release))
            except ReleaseError as error:
                raise PolicyUnavailable(str(error)) from error
        return self._before[revision]

    async def verify(self, moment: int) -> None:
        """Raises PolicyUnavailable. A party that does not hold the release in force refuses, with its
        reason.
        """
        if self.holds(self.revision(moment)):
            await (await self.now(moment)).policy.verify()

    async def close(self) -> None:
        for held in (*self._opened, *self._before.values()):
            await held.policy.close()
        self._opened.clear()
        self._before.clear()

    async def _change_over(self, revision: str) -> None:
        if self._opened and self._opened[-1].release.revision == revision:
            return
        release = self._releases.get(revision)
        if release is None:
            raise PolicyUnavailable("The release in force is not held here.")
        self._opened.append(HandOut(release, await self._engine(release)))
        log(Event.RELEASE_READ, revision=revision, engine=self._opened[-1].policy.engine)
