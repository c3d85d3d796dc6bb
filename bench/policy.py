"""What a decision costs: 20 in one call at an OPA server and in this process, and the whole space as a table.

Remembered decisions are switched off: what is measured is deciding.
"""

import asyncio
import itertools
import time
from collections.abc import Callable

from bench.rounds import Rounds, in_turn
from policies import EmbeddedPolicy, OpaServerPolicy, Policy, Release
from policies.parts import Parts
from policies.table import cells, facts, table_of

_AT_ONCE = 20
_CALLS = 50


def table_seconds(release: Release) -> tuple[float, int]:
    """Seconds of one core, and the number of cells. Raises PolicyUnavailable."""
    started = time.process_time()
    table = table_of(Parts(release))
    return time.process_time() - started, len(table.decisions)


def server_beside_embedded(release: Release, url: str, rounds: int) -> Rounds:
    """Wall ms of a call with 20 questions: the server's, the embedded engine's. Raises PolicyUnavailable."""
    with asyncio.Runner() as runner:
        # the server allows us half a second; on a busy machine a measurement may wait longer
        opened = OpaServerPolicy.open(url, release.revision, release.catalogue, timeout_s=10)
        server = runner.run(opened)
        embedded = EmbeddedPolicy(release, remember=0)
        try:
            return in_turn(_calls(runner, server, release), _calls(runner, embedded, release), rounds)
        finally:
            runner.run(server.close())


def twenty_beside_one(release: Release, rounds: int) -> Rounds:
    """Wall ms of a call with 20 questions and of a call with one, in this process."""
    with asyncio.Runner() as runner:
        policy = EmbeddedPolicy(release, remember=0)
        return in_turn(_calls(runner, policy, release), _calls(runner, policy, release, 1), rounds)


def _calls(
    runner: asyncio.Runner, policy: Policy, release: Release, at_once: int = _AT_ONCE
) -> Callable[[], float]:
    every = itertools.cycle(
        facts(cell, release.catalogue) for cell in itertools.islice(cells(release.catalogue), 5000)
    )

    async def calls() -> float:
        asked = [list(itertools.islice(every, at_once)) for _ in range(_CALLS)]
        started = time.perf_counter()
        for inputs in asked:
            await policy.decide(inputs)
        return (time.perf_counter() - started) * 1000 / _CALLS

    return lambda: runner.run(calls())
