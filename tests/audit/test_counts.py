"""What recording costs, as counts that do not move with the machine's mood."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from audit import checkpoint
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from tests.audit.books import Books, played
from tests.statements import statements


@contextmanager
def watched(trail: Trail) -> Iterator[Counter[str]]:
    """Commits and statements in this block, by connection."""
    seen: Counter[str] = Counter()
    engines = {
        trail._engine: "",
        trail._keys._engine: "keys ",
        trail._readers_engine: "read ",
        **({trail._at_once: "read "} if trail._at_once is not None else {}),
    }
    for one, name in engines.items():
        event.listen(one, "commit", lambda _, name=name: seen.update([f"{name}commits"]))
    with statements(lambda connection, _: seen.update([f"{engines[connection.engine]}statements"])):
        yield seen


def about(n: int, subjects: int) -> Entry:
    return Entry(Kind.PERMIT, {"n": n}, subject_ref=f"s{n % subjects}", sealed={"input": n})


@pytest.mark.parametrize("count", [1, 20, 200])
def test_a_commit_has_a_constant_number_of_statements(books: Books, count: int) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            await trail.append([about(n, 5) for n in range(5)])  # warm: subjects and their keys are known
            with watched(trail) as seen:
                await trail.append([about(n, 5) for n in range(count)])
            assert seen == {"commits": 1, "statements": 3}  # claim, entries, parts

    played(run())


def test_new_subjects_cost_two_statements_more_and_no_commit(books: Books) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            await trail.append([about(0, 1)])
            with watched(trail) as seen:
                await trail.append([about(n, 100) for n in range(50, 70)])
            assert seen == {"commits": 1, "statements": 5}  # and: whose keys are known, whose are new

    played(run())


def test_a_batch_is_signed_once(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[Any] = []
    sign = checkpoint.sign_checkpoint
    monkeypatch.setattr("audit.trail.sign_checkpoint", lambda *given: signed.append(1) or sign(*given))

    async def run() -> None:
        async with books.opened() as trail:
            signed.clear()
            with watched(trail) as seen:
                await asyncio.gather(*(trail.append([about(n, 1)]) for n in range(100)))
            assert len(signed) == seen["commits"] <= 4

    played(run())


def test_proving_what_was_just_written_reads_nothing(books: Books) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            appended = await trail.append([about(n, 5) for n in range(20)])
            with watched(trail) as seen:
                await trail.prove([one.position for one in appended.recorded])
            assert seen == {}

    played(run())


def test_proving_reads_each_old_tile_once(sqlite_books: Books) -> None:
    async def run() -> None:
        async with sqlite_books.opened() as trail:
            await trail.append([Entry(Kind.CASE, {"n": n}) for n in range(1_000)])
            with watched(trail) as seen:
                await trail.prove(list(range(100)))
                await trail.prove(list(range(100, 200)))
            assert seen == {"read statements": 1}

    played(run())
