"""The policy engine in this process. A decision takes under a millisecond and runs inline.

Decisions are pure, so they are remembered, by their facts; the memory is bounded and dies with the release.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence

from policies.engine import Decision, Facts, Reader
from policies.errors import PolicyUnavailable, ReleaseError
from policies.evaluator import NAME, Evaluator
from policies.graph import ENTRY_POINT
from policies.release import Release

_YIELD_EVERY = 32  # decisions, some 10 ms: other tasks of the loop get their turn


class EmbeddedPolicy:
    """Decides in this process and thread. Raises ReleaseError when the engine cannot use the release."""

    engine = NAME

    def __init__(self, release: Release, remember: int = 65536) -> None:
        self.revision = release.revision
        self._reader = Reader(release.catalogue, release.revision)
        self._remember = remember
        self._remembered: dict[Facts, Decision] = {}
        self._evaluator = Evaluator(release)
        try:  # the first evaluation analyses: here, not in the first request
            self._fresh(self._reader.facts({}))
        except PolicyUnavailable as error:
            raise ReleaseError("The policy engine cannot use this release of the hand-out.") from error

    async def decide(self, inputs: Sequence[Mapping[str, object]]) -> list[Decision]:
        decided = []
        asked = [self._reader.facts(one) for one in inputs]
        for fresh, facts in enumerate(asked, start=1):
            known = self._remembered.get(facts)
            if known is None:
                known = self._fresh(facts)
                self._keep(facts, known)
            decided.append(known)
            if fresh % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return decided

    async def verify(self) -> None:
        self._fresh(self._reader.facts({}))

    async def close(self) -> None:
        self._evaluator.close()
        self._remembered.clear()

    def _fresh(self, facts: Facts) -> Decision:
        told = self._evaluator.value(ENTRY_POINT, json.dumps(self._reader.document(facts)))
        return self._reader.decision(facts, json.loads(told))

    def _keep(self, facts: Facts, decision: Decision) -> None:
        if self._remember <= 0:
            return
        while len(self._remembered) >= self._remember:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[facts] = decision
