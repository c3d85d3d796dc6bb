"""The policy engine in this process: regorus, the interpreter.

Rules of this module:

- One engine, one thread: it answers another thread with a panic, so another thread gets PolicyUnavailable.
  Make it where it is used (an app: in its lifespan). A decision takes under a millisecond and runs inline.
- Decisions are pure, so they are remembered, by their facts; the memory is bounded and dies with the release.
- A panic is a BaseException; everything but the end of the process becomes PolicyUnavailable.
"""

import asyncio
import json
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import regorus  # type: ignore[import-untyped]

from policies.engine import Decision, Facts, Reader
from policies.errors import PolicyUnavailable, ReleaseError
from policies.release import Release

_ENTRY_POINT = "data.handout.decision"
_YIELD_EVERY = 32  # decisions, some 10 ms: other tasks of the loop get their turn


class EmbeddedPolicy:
    """Decides in this process and thread. Raises ReleaseError when the engine cannot use the release."""

    def __init__(self, release: Release, remember: int = 65536) -> None:
        self.revision = release.revision
        self.engine = f"regorus {version('gordon-to-regorus')}"
        self._reader = Reader(release.catalogue, release.revision)
        self._remember = remember
        self._remembered: dict[Facts, Decision] = {}
        self._thread = threading.get_ident()
        try:
            self._engine: regorus.Engine | None = _engine(release)
            self._fresh(
                self._reader.facts({})
            )  # the first evaluation analyses: here, not in the first request
        except BaseException as error:
            _let_go(error)
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
        self._engine = None
        self._remembered.clear()

    def _fresh(self, facts: Facts) -> Decision:
        if self._engine is None or threading.get_ident() != self._thread:
            raise PolicyUnavailable(
                "The policy engine is closed, or was asked from another thread than its own."
            )
        try:
            self._engine.set_input_json(json.dumps(self._reader.document(facts)))
            answer = json.loads(self._engine.eval_rule_as_json(_ENTRY_POINT))
        except BaseException as error:
            _let_go(error)
            raise PolicyUnavailable("The policy engine failed.") from None
        return self._reader.decision(facts, answer)

    def _keep(self, facts: Facts, decision: Decision) -> None:
        if self._remember <= 0:
            return
        while len(self._remembered) >= self._remember:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[facts] = decision


def _engine(release: Release) -> regorus.Engine:
    engine = regorus.Engine()
    for path, source in release.rego().items():
        engine.add_policy(path, source)
    engine.add_data_json(json.dumps(release.data()))
    return engine


def _let_go(error: BaseException) -> None:
    """Re-raise what ends a process or a task; a panic of the engine is a BaseException too."""
    if isinstance(
        error, KeyboardInterrupt | SystemExit | asyncio.CancelledError | GeneratorExit | ReleaseError
    ):
        raise error
