"""The whole chain as it runs: real processes on loopback, asked over HTTP.

CPU of each process from /proc, latency as the asker sees it. What the chain uses at rest is measured first
and taken off; what an enrichment sets in motion within seconds is waited for, and counts. After each round
the requester no longer asks after what is still open, so that it is not counted in later ones. Nor is it
counted that receipts are held against the shown trail, once a minute and many at once.
"""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bench.machine import cpu_s
from bench.workload import Workload, wrong
from contract.codes import BROKER
from contract.days import day_of
from demo.caller import sign_in
from demo.members import FIVE
from demo.world import World, build_registers, make_parties

Wishes = Callable[[str], dict[str, Any]]

_TURN_S = 4
"""How often each party looks after its duties to inform: the fastest that leaves most of the time at rest."""
_LOOKED_S = 12


@dataclass(frozen=True)
class Cost:
    """Some enrichments: CPU in ms per enrichment by process, above what it uses at rest; latencies in ms,
    wall time in s.
    """

    count: int
    at_once: int
    cpu_ms: Mapping[str, float]
    latencies_ms: tuple[float, ...]
    wall_s: float

    @property
    def total_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.latencies_ms)


class BenchChain:
    def __init__(self, world: World) -> None:
        self._world = world
        self.workload = Workload(world)
        self._token = sign_in(f"{world.address('issuer')}/veilig_thuis/token", "chair")
        self._rest: Mapping[str, float] = {}

    def look_at_rest(self) -> float:
        """Measures what every process uses while nobody asks; CPU ms a second over all."""
        before = self._cpu_s()
        time.sleep(_LOOKED_S)
        after = self._cpu_s()
        self._rest = {party: (after[party] - before[party]) * 1000 / _LOOKED_S for party in before}
        return sum(self._rest.values())

    def run(self, wish: Wishes, count: int, at_once: int) -> Cost:
        """Closed loop: `at_once` askers on kept connections. Raises RuntimeError on a wrong answer."""
        wishes = [wish(case) for case in self.workload.cases(count)]
        time.sleep(_TURN_S)
        before = self._cpu_s()
        started = time.perf_counter()
        latencies = asyncio.run(self._asked(wishes, at_once))
        wall = time.perf_counter() - started
        time.sleep(_TURN_S)  # what the answer set in motion belongs to it
        after, over = self._cpu_s(), wall + _TURN_S
        self._follow_no_more()
        used = {party: (after[party] - before[party]) * 1000 for party in before}
        cpu = {party: (used[party] - self._rest.get(party, 0) * over) / count for party in before}
        return Cost(count, at_once, cpu, tuple(latencies), wall)

    async def _asked(self, wishes: Sequence[dict[str, Any]], at_once: int) -> list[float]:
        latencies: list[float] = []
        todo = iter(wishes)
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        address = self._world.address("veilig_thuis") + "/v1/enrichments"

        async def asker(client: aiohttp.ClientSession) -> None:
            for body in todo:
                started = time.perf_counter()
                async with client.post(address, json=body, headers=headers) as response:
                    answer = await response.json()
                latencies.append((time.perf_counter() - started) * 1000)
                if response.status != 201 or wrong(answer):
                    raise RuntimeError(f"went wrong: {response.status} {answer.get('code') or wrong(answer)}")

        async with aiohttp.ClientSession() as client:
            await asyncio.gather(*(asker(client) for _ in range(at_once)))
        return latencies

    def _follow_no_more(self) -> None:
        with closing(sqlite3.connect(self._world.folder / "veilig_thuis" / "trail.sqlite")) as database:
            database.execute("UPDATE enrichments SET next_at = NULL")
            database.commit()

    def _cpu_s(self) -> dict[str, float]:
        return {party: cpu_s(process.pid) for party, process in self._world.running.items()}


class _World(World):
    def settings(self, party: str) -> dict[str, Any]:
        """As a party sets them, not as a demo that is in a hurry."""
        values = super().settings(party) | {"obligations_every_s": _TURN_S}
        for name in ("demo_clock", "witness_every_s", "stamp_look_every_s"):
            values.pop(name, None)
        if party == BROKER:
            return values
        # the same persons are asked about hundreds of times
        return values | {"poll_s": 60, "releases_s": 3600, "count_attempts": "PT0S"}


@contextmanager
def running_chain(folder: Path, *, size: float) -> Iterator[BenchChain]:
    """The demo's chain in this folder, with registers of `size` times the demo's. Raises WorldProblem."""
    world = _World(folder, lambda _: None, day_of(datetime.now(UTC)), members=FIVE)
    everyone = ("issuer", "rvdk_register", BROKER, *world.parties)
    build_registers(world, size)
    make_parties(world)
    try:
        for party in everyone:
            world.start(party)
        for party in everyone:
            world.wait_ready(party)
        chain = BenchChain(world)
        chain.workload.decide_standing()
        yield chain
    finally:
        world.stop_all()
