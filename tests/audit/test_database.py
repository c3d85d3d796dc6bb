"""What goes past SQLAlchemy to the driver is written as SQLAlchemy would, and fails as it would."""

import asyncio
import sqlite3
import threading
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from audit.database import Prepared, engine
from audit.errors import TrailUnavailable
from tests.audit.books import Books

THINGS = Table(
    "things",
    MetaData(),
    Column("name", String(20), primary_key=True),
    Column("number", Integer),
    Column("known", Boolean, nullable=False),
    Column("facts", JSON),
)
ROWS: list[dict[str, Any]] = [
    {"name": "a", "number": 1, "known": True, "facts": {"list": [1, "é", None], "nested": {"yes": True}}},
    {"name": "b", "number": None, "known": False, "facts": None},
    {"name": "c", "number": -7, "known": True, "facts": []},
]
_OLD = bindparam("old", type_=THINGS.c.name.type)
INSERT = Prepared(insert(THINGS), *THINGS.columns)
RENAME = Prepared(update(THINGS).where(THINGS.c.name == _OLD), _OLD, THINGS.c.name, THINGS.c.facts)


@pytest.mark.parametrize("count", [1, 3])
def test_rows_are_stored_as_sqlalchemy_stores_them(books: Books, count: int) -> None:
    made = engine(books.url, writes=True)
    try:
        found = []
        for one in (INSERT, lambda connection, rows: connection.execute(insert(THINGS), rows)):
            with made.begin() as connection:
                THINGS.create(connection)
                one(connection, ROWS[:count])
                stored = select(THINGS, THINGS.c.facts.cast(String).label("text")).order_by(THINGS.c.name)
                found.append([dict(row) for row in connection.execute(stored).mappings()])
                THINGS.drop(connection)
        assert found[0] == found[1]
        assert [{name: row[name] for name in ROWS[0]} for row in found[0]] == ROWS[:count]
    finally:
        made.dispose()


def test_a_change_says_how_many_rows_it_touched(books: Books) -> None:
    made = engine(books.url, writes=True)
    try:
        with made.begin() as connection:
            THINGS.create(connection)
            assert INSERT(connection, ROWS) == 3
            assert RENAME(connection, [{"old": "a", "name": "z", "facts": [1]}]) == 1
            assert RENAME(connection, [{"old": "a", "name": "y", "facts": [1]}]) == 0
            many = [{"old": old, "name": old.upper(), "facts": None} for old in ("b", "c", "nobody")]
            assert RENAME(connection, many) == 2
            assert set(connection.execute(select(THINGS.c.name)).scalars()) == {"z", "B", "C"}
            THINGS.drop(connection)
    finally:
        made.dispose()


def test_an_error_of_the_driver_is_one_of_sqlalchemy_and_shows_no_value(books: Books) -> None:
    made = engine(books.url, writes=True)
    secret = {"name": "Aagje-Verzonnen", "number": 1, "known": True, "facts": None}
    try:
        with made.begin() as connection:
            THINGS.create(connection)
        with pytest.raises(IntegrityError) as failed, made.begin() as connection:
            INSERT(connection, [secret, secret])
        with made.begin() as connection:
            assert connection.execute(select(THINGS.c.name)).all() == []
            THINGS.drop(connection)
    finally:
        made.dispose()
    assert failed.value.params is None
    assert failed.value.hide_parameters


def test_a_database_that_another_holds_is_an_error_of_sqlalchemy(sqlite_books: Books) -> None:
    made = engine(sqlite_books.url, writes=True)
    holder = sqlite3.connect(sqlite_books.folder / "trail.sqlite", isolation_level=None)
    try:
        with made.begin() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=1")
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError), made.begin():
            pass
        holder.execute("ROLLBACK")
        with made.begin():  # and the connection serves again
            pass
    finally:
        holder.close()
        made.dispose()


def test_a_short_read_waits_for_none_of_those_that_take_long(sqlite_books: Books) -> None:
    async def read() -> None:
        async with sqlite_books.opened() as trail:
            ended = threading.Event()
            scans = [asyncio.create_task(trail.scan(lambda _: ended.wait(20))) for _ in range(6)]
            await asyncio.sleep(0.2)
            assert await trail.read(lambda _: 1) == 1
            assert not any(one.done() for one in scans)
            ended.set()
            assert all(await asyncio.gather(*scans))

    asyncio.run(read())


def test_a_closed_trail_is_not_read(books: Books) -> None:
    async def read() -> None:
        async with books.opened() as trail:
            assert await trail.read(lambda _: 1) == await trail.scan(lambda _: 1) == 1
        for reading in (trail.read, trail.scan):
            with pytest.raises(TrailUnavailable):
                await reading(lambda _: 1)

    asyncio.run(read())
