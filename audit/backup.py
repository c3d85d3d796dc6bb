"""A back-up of one database as one encrypted file, and how it is put back: on the same kind of database or
another.

The file is an age file (age-encryption.org/v1) for one `ssh-ed25519` key. In it is gzip: a line per table
with its name and columns, then a line per row. age seals piece after piece, each bound to its number and to
whether it is the last, so a file that was cut short does not open. The file shows one moment of the database;
the key is not in it.
"""

import base64
import errno
import io
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import Connection, MetaData, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from audit.database import engine
from audit.errors import TrailError, TrailUnavailable
from audit.migration import migrate, version_tables

_GZIP = 31  # what zlib calls a window of 32 KiB within a gzip header and trailer
_ROWS = 1_000


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
            packed = _Packed(connection)
            try:
                pyrage.encrypt_io(packed, file, [_recipient(key)])
            except pyrage.EncryptError as error:  # it keeps only the text of what stopped it
                raise packed.failed or OSError(errno.EIO, str(error)) from None
            os.fsync(file.fileno())
        fresh.replace(path)
    except SQLAlchemyError as error:
        raise TrailUnavailable(f"the database cannot be read: {type(error).__name__}") from None
    finally:
        opened.dispose()
        fresh.unlink(missing_ok=True)
    return packed.rows


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
        with path.open("rb") as file, opened.begin() as connection:
            unpacked = _Unpacked(connection, version_tables(scripts))
            try:
                pyrage.decrypt_io(file, unpacked, [_identity(key)])
                return unpacked.end()
            except (pyrage.DecryptError, zlib.error, OSError, ValueError, KeyError) as error:
                raise TrailError(f"The back-up cannot be read: {type(error).__name__}.") from None
    except SQLAlchemyError as error:
        raise TrailUnavailable(f"the database cannot be written: {type(error).__name__}") from None
    finally:
        opened.dispose()


def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return found.sorted_tables


def _identity(key: bytes) -> Any:
    """The key as age takes it, made in memory: a key pair of which nobody is told the public half."""
    private = Ed25519PrivateKey.from_private_bytes(key)
    return pyrage.ssh.Identity.from_buffer(
        private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    )


def _recipient(key: bytes) -> Any:
    public = Ed25519PrivateKey.from_private_bytes(key).public_key()
    return pyrage.ssh.Recipient.from_str(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())


class _Packed(io.RawIOBase):
    """A database, table after table, as a compressed file to read. `failed` is what stopped it."""

    def __init__(self, connection: Connection) -> None:
        self.rows = 0
        self.failed: Exception | None = None
        self._pieces = self._compressed(connection)
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            while not self._held and (piece := next(self._pieces, None)) is not None:
                self._held = memoryview(piece)
        except Exception as error:
            self.failed = error
            raise
        given = self._held[: len(buffer)]
        buffer[: len(given)] = given
        self._held = self._held[len(given) :]
        return len(given)

    def _compressed(self, connection: Connection) -> Iterator[bytes]:
        packing = zlib.compressobj(wbits=_GZIP)
        for table in _tables(connection):
            columns = [column.name for column in table.columns]
            yield packing.compress(_line({"table": table.name, "columns": columns}))
            found = connection.execution_options(yield_per=_ROWS).execute(select(table))
            for rows in found.partitions():
                self.rows += len(rows)
                lines = [_line([_plain(value) for value in row]) for row in rows]
                yield packing.compress(b"".join(lines))
        yield packing.flush()


class _Unpacked(io.RawIOBase):
    """A compressed file to write, whose rows go into an empty database. Raises ValueError, KeyError,
    zlib.error, TrailError.
    """

    def __init__(self, connection: Connection, versions: Sequence[str]) -> None:
        self._connection = connection
        self._versions = versions
        self._tables = {table.name: table for table in _tables(connection)}
        for name, table in self._tables.items():
            if name not in versions and connection.execute(select(table).limit(1)).first():
                raise TrailError("The database is not empty. Name an empty one, so that nothing is lost.")
        self._packing = zlib.decompressobj(wbits=_GZIP)
        self._rest = b""
        self._table: Table | None = None
        self._columns: list[str] = []
        self._waiting: list[dict[str, Any]] = []
        self._count = 0

    def writable(self) -> bool:
        return True

    def write(self, given: Any) -> int:
        *lines, self._rest = (self._rest + self._packing.decompress(given)).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        return len(given)

    def end(self) -> int:
        """Puts in what waits; the number of rows."""
        if not self._packing.eof or self._packing.unused_data or self._rest:
            raise ValueError("not whole")
        self._put()
        return self._count

    def _take(self, told: Any) -> None:
        if isinstance(told, dict):
            self._put()
            self._table, self._columns = self._tables[told["table"]], told["columns"]
            return
        self._waiting.append(dict(zip(self._columns, told, strict=True)))
        self._count += 1
        if len(self._waiting) == _ROWS:
            self._put()

    def _put(self) -> None:
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        if self._table is None:
            raise ValueError("rows of no table")
        if self._table.name in self._versions:
            held = {tuple(row) for row in self._connection.execute(select(self._table))}
            if held != {tuple(row.values()) for row in rows}:
                raise TrailError(
                    "The back-up is of another version of this program. Restore it with that one."
                )
            return
        kinds = {column.name: column.type.python_type for column in self._table.columns}
        values = [{name: _typed(value, kinds[name]) for name, value in row.items()} for row in rows]
        self._connection.execute(insert(self._table), values)


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
