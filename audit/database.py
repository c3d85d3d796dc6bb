"""Connections to a database of the trail: what makes a commit durable, and what is deleted gone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import Connection, Engine, Insert, Update, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
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

    def __init__(self, statement: Insert | Update, *names: str) -> None:
        """`names`: the values that each row brings."""
        self._statement = statement
        self._names = names
        self._texts: dict[str, tuple[str, Sequence[str] | None]] = {}

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs it for each row; how many it touched, where that is asked for one. Raises SQLAlchemyError."""
        dialect = connection.dialect
        if dialect.name not in self._texts:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
            self._texts[dialect.name] = str(compiled), getattr(compiled, "positiontup", None)
        text, order = self._texts[dialect.name]
        values: Any = [tuple(row[name] for name in order) for row in rows] if order is not None else [*rows]
        return connection.exec_driver_sql(text, values if len(values) > 1 else values[0]).rowcount


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
        connection.exec_driver_sql(begin)  # taking the write lock at once spares a failed upgrade later


def _prepare_postgresql(made: Engine) -> None:
    @event.listens_for(made, "connect")
    def connected(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.commit()
