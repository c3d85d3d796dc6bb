"""A long trail beside a short one: whether appending stays flat, what a proof costs at the end, and what the
duties to inform cost to work out and to keep up with.
"""

import asyncio
import os
import random
import statistics
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.book import Book
from audit.entry import Entry
from audit.kinds import Kind
from audit.migration import KEYS, TRAIL, migrate
from audit.obligations import obligations
from audit.trail import Trail

_AT_ONCE = 2_000
_PROOFS = 200
_STEPS = 50
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Long:
    """`growth`: seconds for the last tenth of the entries / for the first tenth; `proof_ms`: p50 of one proof
    of a random entry, and p99.
    """

    entries: int
    growth: float
    per_second: float
    proof_ms: float
    proof_p99_ms: float


@dataclass(frozen=True)
class OwedSince:
    """`fold_s`: all obligations from their leaves; `step_ms`: p50 of one step more, durable, in the book."""

    subjects: int
    fold_s: float
    book_s: float
    step_ms: float


def grown(database: str, keys: str, count: int) -> Long:
    """Appends this many small entries to an empty trail, and proves some of them."""
    return asyncio.run(_grown(database, keys, count))


def owed(database: str, keys: str, subjects: int) -> OwedSince:
    """Two questions about each subject; folded, read into the book, and some of them told."""
    return asyncio.run(_owed(database, keys, subjects))


@asynccontextmanager
async def _trail(database: str, keys: str) -> AsyncIterator[Trail]:
    migrate(database, TRAIL)
    migrate(keys, KEYS)
    trail = Trail(
        database,
        origin="grondslag.example/bench",
        keys=[Ed25519PrivateKey.generate()],
        keys_url=keys,
        kek=os.urandom(32),
        now=lambda: _START,
    )
    await trail.open()
    try:
        yield trail
    finally:
        await trail.close()


async def _grown(database: str, keys: str, count: int) -> Long:
    batch = [Entry(Kind.VIEW, {"case_ref": "case"})] * _AT_ONCE
    async with _trail(database, keys) as trail:
        times = []
        for _ in range(10):
            started = time.perf_counter()
            for _ in range(count // 10 // _AT_ONCE):
                await trail.append(batch)
            times.append(time.perf_counter() - started)
        proofs = []
        for position in random.Random(1).sample(range(trail.size()), _PROOFS):  # noqa: S311 - a sample, no secret
            started = time.perf_counter()
            await trail.prove([position])
            proofs.append((time.perf_counter() - started) * 1000)
        proofs.sort()
        middle = statistics.median(proofs)
        return Long(trail.size(), times[-1] / times[0], trail.size() / sum(times), middle, proofs[-2])


async def _owed(database: str, keys: str, subjects: int) -> OwedSince:
    facts = {
        "requester": "veilig_thuis",
        "holder": "reclassering",
        "question": "reclassering.known",
        "purpose": "enrich_referral",
        "rule": "A02",
        "transparency": ["vt_informs"],
    }
    async with _trail(database, keys) as trail:
        refs = [str(uuid.uuid4()) for _ in range(subjects)]
        asked = [
            Entry(Kind.PERMIT, {**facts, "case_ref": ref}, subject_ref=ref) for ref in refs for _ in range(2)
        ]
        for first in range(0, len(asked), _AT_ONCE):
            await trail.append(asked[first : first + _AT_ONCE])
        leaves = [one.recorded.facts async for one in trail.entries()]
        started = time.perf_counter()
        found = obligations(leaves, joint=True)
        folded = time.perf_counter() - started
        book = Book(trail, joint=True)
        started = time.perf_counter()
        await book.catch_up()
        read = time.perf_counter() - started
        steps = []
        until = (_START + timedelta(days=7)).isoformat()
        for one in found[:_STEPS]:
            started = time.perf_counter()
            await book.step(Entry(Kind.DEFERRAL, {"obligation": one.id, "until": until}))
            steps.append((time.perf_counter() - started) * 1000)
        return OwedSince(len(found), folded, read, statistics.median(steps))
