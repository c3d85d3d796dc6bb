"""A disk that fills up while an entry is written: a named end, nothing half, and on again with room."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from audit.book import Book
from audit.entry import Entry
from audit.errors import TrailUnavailable
from audit.kinds import Kind
from audit.report import WHOLE
from audit.trail import Trail
from tests.audit.books import Books
from tests.audit.test_book import deferral, permit

_PAGES = 40
_MANY = 1_000_000


class Disk:
    """The database may grow by some pages and no more: SQLite answers as on a full disk (SQLITE_FULL)."""

    def __init__(self, trail: Trail) -> None:
        self.most: int | None = None

        @event.listens_for(trail._engine, "begin")
        def begun(connection: Any) -> None:
            if self.most is None:
                self.most = connection.exec_driver_sql("PRAGMA page_count").scalar() + _PAGES
            connection.exec_driver_sql(f"PRAGMA max_page_count={self.most}")


async def fill(trail: Trail) -> int:
    """Appends until the disk is full; how many entries were recorded."""
    for number in range(1_000):
        about = [
            Entry(Kind.VIEW, {"n": number}, subject_ref="s", sealed={"text": "x" * 500}) for _ in range(5)
        ]
        try:
            await trail.append(about)
        except TrailUnavailable as error:
            assert "cannot be written" in str(error)  # noqa: PT017 - which of many appends it is, is not known
            return number * 5
    raise AssertionError("it never filled up")


def test_a_full_disk_records_nothing_half(sqlite_books: Books) -> None:
    """Callers hear it, the state stays the one that is durable, and reading goes on."""

    async def go(trail: Trail) -> None:
        disk = Disk(trail)
        recorded = await fill(trail)
        assert 0 < recorded == trail.size()
        assert len([one async for one in trail.entries()]) == recorded
        await trail.prove([0, recorded - 1])
        long = Entry(Kind.VIEW, {"text": "x" * 60_000})
        many = await asyncio.gather(*(trail.append([long]) for _ in range(20)), return_exceptions=True)
        assert {type(one) for one in many} == {TrailUnavailable}
        disk.most = _MANY
        await trail.append([long])
        assert trail.size() == recorded + 1

    sqlite_books.run(go)
    assert sqlite_books.verified().outcome == WHOLE


def test_a_step_on_a_full_disk_is_not_taken(sqlite_books: Books) -> None:
    """Neither the entry nor the book: nobody is forgotten, or thought to have been told."""

    async def go(trail: Trail) -> None:
        book = Book(trail, joint=False)
        await trail.append([permit()])
        [one] = await book.find()
        disk = Disk(trail)
        await fill(trail)
        step = deferral(one)
        with pytest.raises(TrailUnavailable):
            await book.step(Entry(Kind.DEFERRAL, {**step.facts, "text": "x" * 60_000}))
        disk.most = _MANY
        assert await book.find() == [one]
        after = await book.step(step)
        assert (after.state, after.version) == ("deferred", 1)

    sqlite_books.run(go)
    assert sqlite_books.verified().outcome == WHOLE
