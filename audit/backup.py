"""A back-up of one database as one encrypted file, and how it is put back: on the same kind of database or
another.

    grondslag/1 backup ‖ nonce (8) ‖ chunk ‖ chunk …     each chunk: length (4), AES-256-GCM of at most 1 MiB

Inside, compressed: a line per table with its name and columns, then a line per row. The number of a chunk and
whether it is the last are bound to it, so a file that was cut short does not open. The file shows one moment
of the database; the key is not in it.
"""

import base64
import gzip
import io
import json
import os
import struct
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, MetaData, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from audit.database import engine
from audit.errors import TrailError, TrailUnavailable
from audit.migration import migrate, version_tables

_MAGIC = b"grondslag/1 backup\n"
_CHUNK = 1 << 20
_ROWS = 1_000
_LENGTH = struct.Struct(">I")


def back_up(url: str, path: Path, key: bytes) -> int:
    """Writes every table of this database to a new file; the number of rows. `key`: 32 bytes.

    The database may be in use. Raises TrailUnavailable, OSError; then there is no file.
    """
    fresh = path.with_name(f"{path.name}.new")
    opened = engine(url, writes=False)
    try:
        with opened.connect() as connection, fresh.open("xb") as file:
            if opened.dialect.name != "sqlite":  # there a reading transaction always sees one moment
                connection.execution_options(isolation_level="REPEATABLE READ")
            with _Sealing(file, key) as sealing, gzip.GzipFile(fileobj=sealing, mode="wb", mtime=0) as lines:
                count = sum([_write_table(connection, table, lines) for table in _tables(connection)])
            os.fsync(file.fileno())
        fresh.replace(path)
    except SQLAlchemyError as error:
        raise TrailUnavailable(f"the database cannot be read: {type(error).__name__}") from None
    finally:
        opened.dispose()
        fresh.unlink(missing_ok=True)
    return count


def restore(path: Path, url: str, key: bytes, scripts: Sequence[Path]) -> int:
    """Fills an empty database with a back-up, all or nothing; the number of rows. `scripts`: the migrations
    of what stands in it.

    Raises TrailError when the file is not whole, was sealed under another key, or is of another version of
    this program, and when the database is not empty; OSError.
    """
    for folder in scripts:
        migrate(url, folder)
    opened = engine(url, writes=True)
    try:
        with opened.begin() as connection, path.open("rb") as file:
            tables = {table.name: table for table in _tables(connection)}
            filled = [
                name
                for name, table in tables.items()
                if name not in version_tables(scripts) and connection.execute(select(table).limit(1)).first()
            ]
            if filled:
                raise TrailError("The database is not empty. Name an empty one, so that nothing is lost.")
            with gzip.GzipFile(fileobj=io.BufferedReader(_Opening(file, key)), mode="rb") as lines:
                return _read_tables(connection, lines, tables, version_tables(scripts))
    except (ValueError, KeyError, EOFError, gzip.BadGzipFile) as error:
        raise TrailError(f"The back-up cannot be read: {type(error).__name__}.") from None
    except SQLAlchemyError as error:
        raise TrailUnavailable(f"the database cannot be written: {type(error).__name__}") from None
    finally:
        opened.dispose()


def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return found.sorted_tables


def _write_table(connection: Connection, table: Table, lines: gzip.GzipFile) -> int:
    columns = [column.name for column in table.columns]
    lines.write(_line({"table": table.name, "columns": columns}))
    count = 0
    for row in connection.execution_options(yield_per=_ROWS).execute(select(table)):
        lines.write(_line([_plain(value) for value in row]))
        count += 1
    return count


def _read_tables(
    connection: Connection, lines: gzip.GzipFile, tables: dict[str, Table], versions: Sequence[str]
) -> int:
    count = 0
    table: Table | None = None
    columns: list[str] = []
    rows: list[dict[str, Any]] = []
    for line in lines:
        told = json.loads(line)
        if isinstance(told, list):
            rows.append(dict(zip(columns, told, strict=True)))
            count += 1
        if rows and (isinstance(told, dict) or len(rows) == _ROWS):
            _insert(connection, table, rows, versions)
            rows = []
        if isinstance(told, dict):
            table, columns = tables[told["table"]], told["columns"]
    if rows:
        _insert(connection, table, rows, versions)
    return count


def _insert(
    connection: Connection, table: Table | None, rows: list[dict[str, Any]], versions: Sequence[str]
) -> None:
    if table is None:
        raise ValueError("rows of no table")
    if table.name in versions:
        held = {tuple(row) for row in connection.execute(select(table))}
        if held != {tuple(row.values()) for row in rows}:
            raise TrailError("The back-up is of another version of this program. Restore it with that one.")
        return
    values = [
        {name: _typed(value, table.columns[name].type.python_type) for name, value in row.items()}
        for row in rows
    ]
    connection.execute(insert(table), values)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _typed(value: Any, kind: type) -> Any:
    if isinstance(value, dict) and set(value) == {"bytes"} and kind is bytes:
        return base64.b64decode(value["bytes"], validate=True)
    if isinstance(value, str) and kind in {date, datetime}:
        return kind.fromisoformat(value)
    if isinstance(value, int) and kind is bool:
        return bool(value)
    return value


def _line(told: Any) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


class _Sealing(io.RawIOBase):
    """What is written goes to the file in sealed chunks; the last is marked when this is closed well."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._nonce = os.urandom(8)
        self._number = 0
        self._waiting = bytearray()
        file.write(_MAGIC + self._nonce)

    def writable(self) -> bool:
        return True

    def write(self, given: Any) -> int:
        self._waiting += given
        while len(self._waiting) > _CHUNK:
            self._put(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]
        return len(given)

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind is None:
            self._put(bytes(self._waiting), last=True)
        super().__exit__(kind, *rest)

    def _put(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(*_bound(self._nonce, self._number, plain, last=last))
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


class _Opening(io.RawIOBase):
    """Reads what `_Sealing` wrote. Raises ValueError at whatever does not hold."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError("no back-up")
        self._nonce = file.read(8)
        self._file = file
        self._cipher = AESGCM(key)
        self._number = 0
        self._held = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held and not self._ended:
            self._held = self._next()
        given = self._held[: len(buffer)]
        buffer[: len(given)] = given
        self._held = self._held[len(given) :]
        return len(given)

    def _next(self) -> bytes:
        length = self._file.read(_LENGTH.size)
        if len(length) != _LENGTH.size:
            raise ValueError("cut short")
        size = _LENGTH.unpack(length)[0]
        if size > _CHUNK + 16:
            raise ValueError("too long")
        sealed = self._file.read(size)
        for last in (False, True):
            try:
                plain = self._cipher.decrypt(*_bound(self._nonce, self._number, sealed, last=last))
            except InvalidTag:
                continue
            self._number += 1
            self._ended = last
            if last and self._file.read(1):
                raise ValueError("something after the end")
            return plain
        raise ValueError("another key, or not what was written")


def _bound(nonce: bytes, number: int, content: bytes, *, last: bool) -> tuple[bytes, bytes, bytes]:
    return nonce + _LENGTH.pack(number), content, _MAGIC + _LENGTH.pack(number) + bytes([last])
