"""How many entries a second are durable, beside a plain insert of rows of the same size in batches of 20.

Both write to a database of the same kind with the same promise: a commit is on disk. The trail also claims
positions, hashes, seals what is about a subject, and signs a checkpoint; the peer only inserts and commits.
"""

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert

from audit.database import engine
from audit.entry import Entry
from audit.kinds import Kind
from audit.migration import KEYS, TRAIL, migrate
from audit.tables import entries
from audit.trail import Trail
from bench.rounds import Rounds, in_turn

BATCH = 20
_ROUND_S = 1.0
_FACTS: dict[str, Any] = {
    "case_ref": "6f1f5a0e-6f0c-4d53-9d0d-1f9f3a0f7c11",
    "requester": "veilig_thuis",
    "holder": "reclassering",
    "purpose": "enrich_referral",
    "question": "reclassering.known",
    "revision": "sha256:" + "0" * 64,
    "legal_bases": ["in_vt_criminal", "out_reclassering"],
    "obligations": ["inform_subject", "no_onward_use", "remind_of_secrecy"],
}


def measure(url: Callable[[], str], at_once: int, rounds: int) -> Rounds:
    """Entries and rows per second; `url` gives a fresh, empty database. `at_once` callers append 20 each."""
    with _trail(url(), url()) as trail, _rows(url()) as rows:
        return in_turn(lambda: trail(at_once), rows, rounds)


@contextmanager
def _trail(database: str, keys: str) -> Iterator[Callable[[int], float]]:
    migrate(database, TRAIL)
    migrate(keys, KEYS)
    with asyncio.Runner() as runner:
        trail = Trail(
            database,
            origin="grondslag.example/bench",
            keys=[Ed25519PrivateKey.generate()],
            keys_url=keys,
            kek=os.urandom(32),
            now=lambda: datetime.now(UTC),
        )
        runner.run(trail.open())

        async def appended(at_once: int) -> float:
            ends = time.perf_counter() + _ROUND_S

            async def caller() -> int:
                count = 0
                while time.perf_counter() < ends:
                    subject = str(uuid.uuid4())
                    about = [Entry(Kind.VIEW, _FACTS, subject_ref=subject) for _ in range(BATCH - 1)]
                    sealed = Entry(Kind.VIEW, _FACTS, subject_ref=subject, sealed={"input": "code"})
                    await trail.append([*about, sealed])
                    count += BATCH
                return count

            started = time.perf_counter()
            counts = await asyncio.gather(*(caller() for _ in range(at_once)))
            return sum(counts) / (time.perf_counter() - started)

        try:
            yield lambda at_once: runner.run(appended(at_once))
        finally:
            runner.run(trail.close())


@contextmanager
def _rows(database: str) -> Iterator[Callable[[], float]]:
    migrate(database, TRAIL)
    writer = engine(database, writes=True)
    position, statement = 0, insert(entries)

    def inserted() -> float:
        nonlocal position
        before, started = position, time.perf_counter()
        while time.perf_counter() - started < _ROUND_S:
            rows = [
                {"position": position + number, "hash": os.urandom(32), "leaf": os.urandom(650)}
                for number in range(BATCH)
            ]
            with writer.begin() as connection:
                connection.execute(statement, rows)
            position += BATCH
        return (position - before) / (time.perf_counter() - started)

    try:
        yield inserted
    finally:
        writer.dispose()
