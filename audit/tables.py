"""The tables of a trail, and what is read from them without a writer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
    select,
)

from audit.entry import Recorded
from audit.errors import TrailError
from audit.kinds import Kind
from audit.merkle import TILE, Rows, tile
from audit.part import Part

metadata = MetaData()

head = Table(
    "trail_head",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # one row
    Column("size", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
)
entries = Table(
    "trail_entries",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("leaf", LargeBinary, nullable=False),  # empty: it was kept long enough, and pruned
)
parts = Table(
    "trail_parts",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("subject_ref", String(64), nullable=False, index=True),
    Column("key_id", BigInteger, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
tiles = Table(
    "trail_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
subjects = Table(
    "trail_subjects",
    metadata,
    Column("subject_ref", String(64), primary_key=True),
    Column("key_id", BigInteger, nullable=False),
)
doomed = Table(
    "trail_doomed_keys",  # erased with their parts; to be destroyed in the database of keys
    metadata,
    Column("key_id", BigInteger, primary_key=True, autoincrement=False),
)

_WITH_PARTS = (
    select(entries, parts.c.key_id, parts.c.salt, parts.c.sealed)
    .outerjoin_from(entries, parts, entries.c.position == parts.c.position)
    .order_by(entries.c.position)
)

_PAGE = 1_000
_RECENT_TILES = 64


@dataclass(frozen=True)
class Stored:
    """An entry as it stands in the database; its part stays sealed. An empty leaf was pruned."""

    position: int
    hash: bytes
    leaf: bytes
    part: Part | None


def stored_entries(connection: Connection, size: int) -> Iterator[Stored]:
    """The entries below this position as they are stored, in their order."""
    for first in range(0, size, _PAGE):
        yield from stored(connection, entries.c.position.between(first, min(first + _PAGE, size) - 1))


def leaves(connection: Connection, where: ColumnElement[bool]) -> Iterator[Recorded]:
    """The entries where this holds, in their order; those that were pruned are left out."""
    query = select(entries.c.position, entries.c.leaf).where(where, entries.c.leaf != b"")
    for row in connection.execute(query.order_by(entries.c.position)):
        yield Recorded(row.position, row.leaf)


def leaves_of(connection: Connection, kind: Kind) -> Iterator[Recorded]:
    """The entries of one kind, in their order; those that were pruned are left out. Looks at every entry."""
    name = f'"kind":"{kind}"'.encode()
    if connection.dialect.name == "sqlite":
        has = func.instr(entries.c.leaf, name) > 0
    else:
        has = entries.c.leaf.bool_op("LIKE")(b"%" + name + b"%")
    return (one for one in leaves(connection, has) if one.kind == kind)


def first_since(connection: Connection, moment: datetime, size: int) -> int:
    """A position before which everything was recorded before this moment, by the times that entries have. A
    clock that jumped back may put it too early, or past what bears an earlier time than its neighbours.
    """
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        here = entries.c.position.between(middle, high - 1)
        found = connection.execute(
            select(entries.c.position, entries.c.leaf)
            .where(here, entries.c.leaf != b"")
            .order_by(entries.c.position)
            .limit(1)
        ).first()
        if (
            found is None
            or datetime.fromisoformat(Recorded(found.position, found.leaf).facts["at"]) >= moment
        ):
            high = middle
        else:
            low = found.position + 1
    return low


def stored_tiles(connection: Connection, size: int) -> Callable[[int, int], Rows]:
    """The tiles of the tree of the first `size` entries, for proofs; the last few are kept at hand."""

    @lru_cache(maxsize=_RECENT_TILES)
    def read(level: int, number: int) -> Rows:
        count = size // TILE**level
        return tile(hashes(connection, level, number * TILE, min((number + 1) * TILE, count)))

    return read


def stored_head(connection: Connection) -> tuple[int, str]:
    """How many entries the trail has, and its signed checkpoint. Raises TrailError for a trail without."""
    row = connection.execute(select(head)).first()
    if row is None:
        raise TrailError("There is no checkpoint in this database: it holds no trail yet.")
    return row.size, row.checkpoint


def stored(connection: Connection, where: Any) -> Iterator[Stored]:
    """The entries where this holds."""
    for row in connection.execute(_WITH_PARTS.where(where)):
        part = None if row.key_id is None else Part(row.key_id, row.salt, row.sealed)
        yield Stored(row.position, row.hash, row.leaf, part)


def edge(connection: Connection, size: int) -> tuple[Rows, ...]:
    """The right edge of the tree of this size. Raises TrailError when a hash is missing."""
    found, level = [], 0
    while True:
        count = size // TILE**level
        found.append(tile(hashes(connection, level, count - count % TILE, count)))
        if count < TILE:
            return tuple(found)
        level += 1


def hashes(connection: Connection, level: int, first: int, stop: int) -> Sequence[bytes]:
    """The hashes of a stretch of one tile level. Raises TrailError when one is missing."""
    query = (
        select(entries.c.hash).where(entries.c.position.between(first, stop - 1)).order_by(entries.c.position)
    )
    if level > 0:
        here = tiles.c.level == level
        query = (
            select(tiles.c.hash).where(here, tiles.c.number.between(first, stop - 1)).order_by(tiles.c.number)
        )
    found = connection.execute(query).scalars().all()
    if len(found) != stop - first:
        raise TrailError("The trail misses entries. Restore it from a back-up and verify that first.")
    return found
