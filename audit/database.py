"""Connections to a database of the trail: what makes a commit durable, and what is deleted gone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Dialect,
    Engine,
    Insert,
    Update,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

_READERS = 4


def engine(url: str, *, writes: bool) -> Engine:
    """One connection that writes, or a few that read. The text of an error never shows what was written.

    SQLite: write-ahead log, every commit on disk, what is deleted is overwritten. PostgreSQL: every commit on
    disk, whatever the server's default is.
    """
    made = create_engine(
        url,
        pool_size=1 if writes else _READERS,
        max_overflow=0,
        hide_parameters=True,
        json_serializer=_json,
        json_deserializer=orjson.loads,
    )
    if made.dialect.name == "sqlite":
        _prepare_sqlite(made, "BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        _prepare_postgresql(made)
    return made


def onlooker(url: str) -> Engine | None:
    """Connections that change nothing, not even which files there are; None: SQLite has no such file yet.

    Raises SQLAlchemyError, and FileNotFoundError when the folder of an SQLite file is not there.
    """
    place = make_url(url)
    if place.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool, hide_parameters=True)
    file = Path(place.database or "")
    if not file.exists():
        file.parent.resolve(strict=True)
        return None
    # reading a write-ahead log makes files beside it; without such a log nobody has it open for writing
    still = {} if file.with_name(f"{file.name}-wal").exists() else {"immutable": "1"}
    place = place.set(database=f"file:{quote(str(file))}", query={"uri": "true", "mode": "ro", **still})
    return create_engine(place, poolclass=NullPool, hide_parameters=True)


class Prepared:
    """A statement that writes, as the driver takes it: SQLAlchemy writes its text once for each kind of
    database, and the rows go past it. Letting it prepare each row costs more than storing the row.
    """

    def __init__(self, statement: Insert | Update, *values: Column[Any] | BindParameter[Any]) -> None:
        """`values`: what each row brings, by name."""
        self._statement = statement
        self._types = {one.key: one.type for one in values}
        self._ready: dict[str, _Text] = {}

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs it for each row; how many it touched. Raises SQLAlchemyError."""
        dialect = connection.dialect
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = self._written(dialect)
        given: list[Any] = [
            [row[name] if write is None else write(row[name]) for name, write in ready.columns]
            for row in rows
        ]
        if not ready.by_position:
            given = [dict(zip(self._types, one, strict=True)) for one in given]
        try:
            cursor = connection.connection.cursor()
            try:
                if len(given) == 1:
                    cursor.execute(ready.text, given[0])
                else:
                    cursor.executemany(ready.text, given)
                return cursor.rowcount
            finally:
                cursor.close()
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, None, None):
                connection.invalidate(error)
            raise _told(error, ready.text, dialect) from None

    def _written(self, dialect: Dialect) -> "_Text":
        compiled = self._statement.compile(dialect=dialect, column_keys=[*self._types])
        order = getattr(compiled, "positiontup", None)
        kinds = {name: self._types[name].dialect_impl(dialect) for name in order or self._types}
        columns = [(name, kinds[name].bind_processor(dialect)) for name in order or self._types]
        return _Text(str(compiled), columns, order is not None)


@dataclass(frozen=True)
class _Text:
    """A statement in the words of one kind of database, and how each value is written in it."""

    text: str
    columns: Sequence[tuple[str, Callable[[Any], Any] | None]]
    by_position: bool


def _told(error: Exception, text: str, dialect: Dialect) -> Exception:
    """An error of the driver as one of SQLAlchemy, without what was written."""
    kind = dialect.loaded_dbapi.Error
    return DBAPIError.instance(text, None, error, kind, hide_parameters=True, dialect=dialect)


def wipe(engine: Engine) -> None:
    """Takes what was deleted out of SQLite's write-ahead log too, where it would stand until it is
    overwritten.

    Best effort: a reader that is busy leaves it for the next time.
    """
    if engine.dialect.name != "sqlite":
        return
    try:
        connection = engine.raw_connection()
    except SQLAlchemyError:
        return
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except engine.dialect.loaded_dbapi.Error:
        connection.invalidate()
    finally:
        connection.close()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(made: Engine, begin: str) -> None:
    @event.listens_for(made, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver would begin and commit by itself
        for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(made, "begin")
    def begun(connection: Connection) -> None:
        # taking the write lock at once spares a failed upgrade later
        try:
            connection.connection.cursor().execute(begin).close()
        except made.dialect.loaded_dbapi.Error as error:
            raise _told(error, begin, made.dialect) from None


def _prepare_postgresql(made: Engine) -> None:
    @event.listens_for(made, "connect")
    def connected(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.commit()
