"""The book of obligations is the fold of the trail, on each database, however it was read."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection, delete

import audit.book
from audit.book import Book
from audit.entry import Entry
from audit.errors import StepRaced, StepRefused, TrailUnavailable
from audit.kinds import Kind
from audit.obligations import Obligation, obligations
from audit.trail import Trail
from tests.audit.books import AT, Books
from tests.audit.test_obligations import _moves, history

PERMIT: dict[str, Any] = {
    "case_ref": "case",
    "requester": "veilig_thuis",
    "holder": "reclassering",
    "question": "reclassering.known",
    "purpose": "enrich_referral",
    "rule": "A02",
    "transparency": ["vt_informs"],
}


def permit(subject: str = "man") -> Entry:
    return Entry(Kind.PERMIT, PERMIT, subject_ref=subject)


def book_of(trail: Trail, *, joint: bool = False) -> Book:
    return Book(trail, joint=joint)


async def remade(trail: Trail, book: Book) -> int:
    """The book is thrown away, and the whole trail is read again; how many leaves that were."""

    def forget(store: Connection, _: object) -> None:
        store.execute(delete(audit.book._obligations))
        store.execute(delete(audit.book._read))

    await trail.append([], forget)
    return await book.catch_up()


async def folded(trail: Trail, *, joint: bool = False) -> list[Obligation]:
    leaves = [one.recorded.facts async for one in trail.entries()]
    return obligations(leaves, joint=joint)


async def opened(trail: Trail, book: Book, subject: str = "man") -> Obligation:
    await trail.append([permit(subject)])
    return next(one for one in await book.find() if one.subject_ref == subject)


def deferral(one: Obligation, days: float = 14) -> Entry:
    return Entry(Kind.DEFERRAL, {"obligation": one.id, "until": (AT + timedelta(days=days)).isoformat()})


def omission(one: Obligation) -> Entry:
    return Entry(Kind.OMISSION, {"obligation": one.id, "fg_signature": "aa"})


def test_a_step_is_recorded_and_the_book_says_so(books: Books) -> None:
    async def go(trail: Trail) -> None:
        book = book_of(trail)
        one = await opened(trail, book)
        after = await book.step(deferral(one), version=0)
        assert (after.state, after.version, trail.size()) == ("deferred", 1, 2)
        assert await book.find() == await folded(trail) == [after]
        assert await book.get(one.id) == after

    books.run(go)


def test_a_step_that_changes_nothing_is_not_recorded(books: Books) -> None:
    async def go(trail: Trail) -> None:
        book = book_of(trail)
        one = await opened(trail, book)
        size = trail.size()
        for bad in (
            Entry(Kind.DELIVERY, {"obligation": one.id, "proof": "aa"}),
            Entry(Kind.OMISSION, {"obligation": one.id, "fg_signature": ""}),
            Entry(Kind.OMISSION, {"obligation": "nobody", "fg_signature": "aa"}),
            deferral(one, days=15),
        ):
            with pytest.raises(StepRefused):
                await book.step(bad)
        assert trail.size() == size
        assert await book.find() == [one]

    books.run(go)


def test_two_officers_who_decide_on_one_obligation_at_once(books: Books) -> None:
    """One of them is told; nothing of the other's is recorded."""

    async def go(trail: Trail) -> None:
        book, other = book_of(trail), book_of(trail)
        one = await opened(trail, book)
        both = await asyncio.gather(
            book.step(deferral(one), version=one.version),
            other.step(omission(one), version=one.version),
            return_exceptions=True,
        )
        raced = [type(result) for result in both if isinstance(result, BaseException)]
        assert raced == [StepRaced]
        (after,) = await book.find()
        assert after.version == 1
        assert trail.size() == 2

    books.run(go)


def test_steps_and_readers_in_one_commit_do_not_hide_each_other(books: Books) -> None:
    """Each step is judged at its own place in the trail, whatever else the commit holds."""

    async def go(trail: Trail) -> None:
        book, other = book_of(trail), book_of(trail)
        ones = [await opened(trail, book, f"subject-{number}") for number in range(6)]
        for version in (0, 2, 4):  # a deferral is renewed: each is a step of its own
            async with asyncio.TaskGroup() as group:
                steps = []
                for one in ones:
                    group.create_task(other.catch_up())
                    steps.append(group.create_task(book.step(deferral(one, 3), version=version)))
                    group.create_task(trail.append([permit("somebody-else")]))
                    steps.append(group.create_task(other.step(deferral(one, 5), version=version + 1)))
                    group.create_task(book.find())
            assert [step.result().version for step in steps] == [version + 1, version + 2] * len(ones)
        assert await book.find() == await folded(trail)

    books.run(go)


def test_a_reminder_is_due_once(books: Books) -> None:
    async def go(trail: Trail) -> None:
        book = book_of(trail)
        one = await opened(trail, book)
        assert await book.due(AT + timedelta(days=13)) == []
        [(late, told)] = await book.due(AT + timedelta(days=15))
        assert (late.id, [row.to for row in told]) == (one.id, [("sender",)])
        await book.step(Entry(Kind.REMINDER, {"obligation": one.id, "reminder": told[0].code}))
        assert await book.due(AT + timedelta(days=15)) == []
        assert len(await book.due(AT + timedelta(days=22))) == 1

    books.run(go)


def test_the_book_can_be_thrown_away(books: Books) -> None:
    async def go(trail: Trail) -> None:
        book = book_of(trail)
        ones = [await opened(trail, book, f"subject-{number}") for number in range(5)]
        await book.step(deferral(ones[0]))
        await book.step(omission(ones[1]))
        before = await book.find()
        assert await remade(trail, book) == trail.size()
        assert await book.find() == before

    books.run(go)


@pytest.mark.parametrize("joint", [False, True])
@given(moves=_moves)
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_read_in_any_pages_it_is_the_fold(
    sqlite_books: Books, monkeypatch: pytest.MonkeyPatch, joint: bool, moves: list[tuple[Any, ...]]
) -> None:
    """The leaves keep their ids and times: a trail of its own would give them others."""
    monkeypatch.setattr("audit.book._PAGE", 3)

    async def go(trail: Trail) -> None:
        before = trail.size()
        book = book_of(trail, joint=joint)
        for entry in history(moves):
            facts = {
                name: value
                for name, value in entry.items()
                if name not in {"id", "at", "kind", "subject_ref"}
            }
            if entry["kind"] == "permit":
                facts |= {"joint_id": f"{before}-{entry['id']}", "joint_at": entry["at"]}
                facts["case_ref"] = f"case-{before}"
            named = {name: f"{before}-{facts[name]}" for name in ("obligation",) if name in facts}
            covers = {"covers": [f"{before}-{one}" for one in facts["covers"]]} if "covers" in facts else {}
            await trail.append(
                [
                    Entry(
                        Kind(entry["kind"]),
                        {**facts, **named, **covers},
                        subject_ref=entry.get("subject_ref"),
                    )
                ]
            )
        assert await book.find() == await folded(trail, joint=joint)

    sqlite_books.run(go)


def test_a_trail_that_cannot_be_written_takes_no_step(sqlite_books: Books) -> None:
    async def go(trail: Trail) -> None:
        book = book_of(trail)
        one = await opened(trail, book)
        await trail.close()
        with pytest.raises(TrailUnavailable):
            await book.step(deferral(one))

    sqlite_books.run(go)
