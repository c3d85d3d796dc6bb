"""The trail: an append-only log of entries in a database, with a signed checkpoint after every batch. The only module that knows a database.

- One writer thread. It takes what has gathered, claims the next positions with its first statement, inserts all rows, commits once, and
  answers everybody. A caller is answered only when its entries are durable.
- The claim names the size that the writer believes; if another process wrote, it fails, the tree is caught up and the batch tried again.
  So two writers cannot fork the log, and no lock is held while anybody waits.
- A state change that belongs to entries runs in their transaction. If it raises, these entries are not recorded, its caller alone hears
  of it, and the rest of the batch is recorded without it.
- If the database cannot be written, nobody's entries are recorded: TrailUnavailable.
"""

import asyncio
import os
import queue
import threading
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from audit.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from audit.entry import Entry, Part, Recorded, leaf_of, open_part, seal_part
from audit.errors import TrailError, TrailUnavailable, VerifyError
from audit.merkle import TILE, Stretch, Tree, inclusion_proofs, leaf_hash
from audit.subject_keys import SubjectKeys

metadata = MetaData()

head = Table(
    "trail_head",
    metadata,
    Column("number", Integer, primary_key=True),  # one row
    Column("size", Integer, nullable=False),
    Column("checkpoint", Text, nullable=False),
)
entries = Table(
    "trail_entries",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
)
parts = Table(
    "trail_parts",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("subject_ref", String(64), nullable=False, index=True),
    Column("key_id", Integer, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
tiles = Table(
    "trail_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
subjects = Table(
    "trail_subjects",
    metadata,
    Column("subject_ref", String(64), primary_key=True),
    Column("key_id", Integer, nullable=False),
)

T = TypeVar("T")
Change = Callable[[Connection, Sequence[Recorded]], T]

MAX_BATCH = 2_000
"""Entries in one commit at most: some megabytes, some tens of milliseconds."""

_RECENT_LEAVES = 8_192
_RECENT_TILES = 64
_RECENT_KEYS = 4_096
_PAGE = 1_000
_TRIES = 8
_CLOSE_WITHIN_S = 30


@dataclass(frozen=True)
class Appended(Generic[T]):
    recorded: tuple[Recorded, ...]
    result: T


@dataclass(frozen=True)
class Proven:
    """Leaves and inclusion proofs of some entries, all at one checkpoint."""

    checkpoint: str
    leaves: tuple[bytes, ...]
    proofs: tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True)
class Opened:
    """An entry with its sealed part: the content, None where there never was one, or ERASED."""

    recorded: Recorded
    part: Mapping[str, Any] | None
    erased: bool = False


@dataclass(frozen=True)
class _State:
    tree: Tree
    checkpoint: str


@dataclass(frozen=True)
class _Job:
    entries: tuple[Entry, ...]
    change: Change[Any] | None
    answer: Callable[[Any, BaseException | None], None]


class _BehindError(Exception):
    """Another process wrote since we last looked."""


class _ChangeError(Exception):
    """A caller's change raised."""


class Trail:
    def __init__(
        self,
        url: str,
        *,
        origin: str,
        key: Ed25519PrivateKey,
        keys_url: str,
        kek: bytes,
        now: Callable[[], datetime],
        max_waiting: int = 1_000,
    ) -> None:
        """`kek` (32 bytes) wraps the subject keys. At most `max_waiting` callers wait; more get TrailUnavailable."""
        self._origin = origin
        self._key = key
        self._now = now
        self._engine = _engine(url, writes=True)
        self._readers_engine = _engine(url, writes=False)
        self._keys_engine = _engine(keys_url, writes=True)
        self._keys = SubjectKeys(self._keys_engine, kek)
        self._known_keys: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._waiting: queue.Queue[_Job | None] = queue.Queue(max_waiting)
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="trail-read")
        self._writer = threading.Thread(target=self._write_forever, name="trail-write", daemon=True)
        self._state = _State(Tree(), "")
        self._leaves: OrderedDict[int, bytes] = OrderedDict()
        self._tiles: OrderedDict[tuple[int, int], tuple[bytes, ...]] = OrderedDict()
        self._lock = threading.Lock()

    async def open(self) -> None:
        """Reads the tree and starts the writer.

        Raises TrailError when the tables are not there, or the stored checkpoint is not the one of the stored tree under our key.
        """
        await asyncio.get_running_loop().run_in_executor(self._readers, self._read_state)
        self._writer.start()

    async def close(self) -> None:
        """Finishes what waits, then lets go."""
        if self._writer.is_alive():
            self._waiting.put(None)
            await asyncio.to_thread(self._writer.join, _CLOSE_WITHIN_S)
        self._readers.shutdown(wait=True)
        for engine in (self._engine, self._readers_engine, self._keys_engine):
            engine.dispose()

    async def append(self, entries: Sequence[Entry], change: Change[T] | None = None) -> Appended[T]:
        """Records the entries, and makes the change in their transaction: `change(connection, recorded)`.

        Both are durable when this returns. Whatever `change` raises comes back, and then nothing of this call was recorded. Raises
        TrailUnavailable when the trail cannot be written or too many wait, ValueError for an entry that is too large.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Appended[T]] = loop.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        def answer(result: Any, error: BaseException | None) -> None:
            with suppress(RuntimeError):  # the loop is gone: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        try:
            self._waiting.put_nowait(_Job(tuple(entries), change, answer))
        except queue.Full:
            raise TrailUnavailable("too many entries wait to be recorded") from None
        return await future

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Runs a query on the same database, in a thread of the readers. Raises TrailUnavailable when it cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._query, query)

    def checkpoint(self) -> str:
        """The newest signed checkpoint that is durable."""
        return self._state.checkpoint

    async def prove(self, positions: Sequence[int]) -> Proven:
        """Raises ValueError for a position that is not in the trail, TrailUnavailable."""
        state = self._state
        return await self.read(lambda connection: self._proven(connection, state, positions))

    async def parts(self, positions: Sequence[int]) -> dict[int, Mapping[str, Any] | None]:
        """The sealed parts at these positions, opened; None where it was erased or never was. Raises VerifyError, TrailUnavailable."""
        if not positions:
            return {}
        opened = await self.read(
            lambda connection: self._opened(connection, entries.c.position.in_(list(positions)))
        )
        return {one.recorded.position: one.part for one in opened}

    async def entries(self, start: int = 0, stop: int | None = None) -> AsyncIterator[Opened]:
        """Entries in their order, with their parts opened. Raises VerifyError, TrailUnavailable."""
        end = self._state.tree.size if stop is None else min(stop, self._state.tree.size)
        while start < end:
            page = min(start + _PAGE, end)
            where = entries.c.position.between(start, page - 1)
            for one in await self.read(lambda connection, where=where: self._opened(connection, where)):  # type: ignore[misc]
                yield one
            start = page

    async def erase(self, subject_ref: str, reason: str) -> Recorded:
        """Destroys the key and the sealed parts of this subject; the erasure is an entry that names nobody.

        Root and proofs stay as they are. Raises TrailUnavailable.
        """

        def destroy(connection: Connection, _: object) -> int | None:
            number = connection.execute(
                subjects.delete().where(subjects.c.subject_ref == subject_ref).returning(subjects.c.key_id)
            ).scalar()
            connection.execute(parts.delete().where(parts.c.subject_ref == subject_ref))
            return number

        appended = await self.append([Entry("erasure", {"reason": reason})], destroy)
        if appended.result is not None:
            self._known_keys.pop(subject_ref, None)
            await asyncio.to_thread(self._keys.destroy, appended.result)
        return appended.recorded[0]

    # ── the writer's thread ──

    def _write_forever(self) -> None:
        while (job := self._waiting.get()) is not None:
            batch, count, stop = [job], len(job.entries), False
            while count < MAX_BATCH:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    stop = True
                    break
                batch.append(more)
                count += len(more.entries)
            self._write(batch)
            if stop:
                return

    def _write(self, batch: Sequence[_Job]) -> None:
        try:
            for job, appended in zip(batch, self._commit(batch), strict=True):
                job.answer(appended, None)
        except Exception as error:  # whatever it is, everybody who waits must hear
            if len(batch) > 1:
                for job in batch:
                    self._write([job])
                return
            cause = (
                error.__cause__ if isinstance(error, _ChangeError) and error.__cause__ is not None else error
            )
            if isinstance(cause, SQLAlchemyError):
                cause = TrailUnavailable(f"the trail cannot be written: {type(cause).__name__}")
            batch[0].answer(None, cause)

    def _commit(self, batch: Sequence[_Job]) -> list[Appended[Any]]:
        for _ in range(_TRIES):
            try:
                with self._engine.begin() as connection:
                    state, appended, keys = self._attempt(connection, batch)
            except _BehindError:
                self._read_state()
                continue
            self._state = state
            self._remember(appended, keys)
            return appended
        raise TrailUnavailable("other writers were always first")

    def _attempt(
        self, connection: Connection, batch: Sequence[_Job]
    ) -> tuple[_State, list[Appended[Any]], Mapping[str, tuple[int, bytes]]]:
        """One transaction: claim, insert, change. The claim carries the checkpoint of the tree as it will be."""
        keys, fresh = self._keys_for(connection, batch)
        at, before = self._now(), self._state
        position = before.tree.size
        rows: list[dict[str, Any]] = []
        part_rows: list[dict[str, Any]] = []
        recorded: list[tuple[Recorded, ...]] = []
        for job in batch:
            own = []
            for entry in job.entries:
                entry_id = str(uuid.uuid4())
                part = self._part(entry, keys, entry_id)
                leaf = leaf_of(entry, entry_id=entry_id, at=at, part=part)
                rows.append({"position": position, "hash": leaf_hash(leaf), "leaf": leaf})
                if part is not None:
                    part_rows.append({"position": position, "subject_ref": entry.subject_ref, **vars(part)})
                own.append(Recorded(position, leaf))
                position += 1
            recorded.append(tuple(own))
        state = before
        if rows:
            tree, full = before.tree.extended([row["hash"] for row in rows])
            signed = sign_checkpoint(Checkpoint(self._origin, tree.size, tree.root()), self._key)
            state = _State(tree, signed)
            claim = (
                update(head).where(head.c.size == before.tree.size).values(size=tree.size, checkpoint=signed)
            )
            if connection.execute(claim).rowcount != 1:
                raise _BehindError
            connection.execute(insert(entries), rows)
            if part_rows:
                connection.execute(insert(parts), part_rows)
            if fresh:
                connection.execute(
                    insert(subjects),
                    [{"subject_ref": ref, "key_id": number} for ref, number in fresh.items()],
                )
            if full:
                connection.execute(
                    insert(tiles), [{"level": one[0], "number": one[1], "hash": one[2]} for one in full]
                )
        appended = [
            Appended(own, _changed(job.change, connection, own))
            for job, own in zip(batch, recorded, strict=True)
        ]
        return state, appended, keys

    def _part(self, entry: Entry, keys: Mapping[str, tuple[int, bytes]], entry_id: str) -> Part | None:
        if entry.sealed is None or entry.subject_ref is None:
            return None
        number, key = keys[entry.subject_ref]
        salt, nonce = os.urandom(32), os.urandom(12)
        return seal_part(entry.sealed, key_id=number, key=key, salt=salt, nonce=nonce, entry_id=entry_id)

    def _keys_for(
        self, connection: Connection, batch: Sequence[_Job]
    ) -> tuple[dict[str, tuple[int, bytes]], dict[str, int]]:
        """The key of every subject in the batch, and the assignments that are new."""
        refs = {entry.subject_ref for job in batch for entry in job.entries if entry.sealed is not None}
        keys = {ref: self._known_keys[ref] for ref in refs if ref is not None and ref in self._known_keys}
        unknown = [ref for ref in refs if ref is not None and ref not in keys]
        fresh: dict[str, int] = {}
        if unknown:
            assigned = {
                row.subject_ref: row.key_id
                for row in connection.execute(select(subjects).where(subjects.c.subject_ref.in_(unknown)))
            }
            stored = self._keys.read(set(assigned.values()))
            for ref in unknown:
                if ref in assigned:
                    keys[ref] = (assigned[ref], stored[assigned[ref]])
                else:
                    keys[ref] = self._keys.take()
                    fresh[ref] = keys[ref][0]
        return keys, fresh

    def _remember(self, appended: Sequence[Appended[Any]], keys: Mapping[str, tuple[int, bytes]]) -> None:
        self._known_keys.update(keys)
        while len(self._known_keys) > _RECENT_KEYS:
            self._known_keys.popitem(last=False)
        with self._lock:
            for one in appended:
                self._leaves.update((entry.position, entry.leaf) for entry in one.recorded)
            while len(self._leaves) > _RECENT_LEAVES:
                self._leaves.popitem(last=False)

    # ── reading ──

    def _query(self, query: Callable[[Connection], T]) -> T:
        try:
            with self._readers_engine.connect() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            raise TrailUnavailable(f"the trail cannot be read: {type(error).__name__}") from None

    def _read_state(self) -> None:
        try:
            with self._engine.begin() as connection:
                row = connection.execute(select(head)).first()
                if row is None:
                    tree = Tree()
                    signed = sign_checkpoint(Checkpoint(self._origin, 0, tree.root()), self._key)
                    connection.execute(insert(head), {"number": 1, "size": 0, "checkpoint": signed})
                    self._state = _State(tree, signed)
                    return
                edge = _edge(connection, row.size)
        except SQLAlchemyError as error:
            raise TrailUnavailable(f"the trail cannot be read: {type(error).__name__}") from None
        tree = Tree(row.size, edge)
        try:
            stored = verify_checkpoint(row.checkpoint, self._origin, [self._key.public_key()])
        except VerifyError:
            raise TrailError(
                "The trail was not signed with our key. Put back the key, or the right database."
            ) from None
        if stored != Checkpoint(self._origin, tree.size, tree.root()):
            raise TrailError(
                "The trail is not the one of its checkpoint. Restore it from a back-up and verify that first."
            )
        self._state = _State(tree, row.checkpoint)

    def _proven(self, connection: Connection, state: _State, positions: Sequence[int]) -> Proven:
        with self._lock:
            leaves = {position: self._leaves[position] for position in positions if position in self._leaves}
        missing = [position for position in positions if position not in leaves]
        if missing:
            query = select(entries.c.position, entries.c.leaf).where(entries.c.position.in_(missing))
            leaves |= {row.position: row.leaf for row in connection.execute(query)}
        size = state.tree.size
        proofs = inclusion_proofs(
            positions, size, lambda stretch: self._hashes(connection, state.tree, stretch)
        )
        return Proven(state.checkpoint, tuple(leaves[position] for position in positions), tuple(proofs))

    def _hashes(self, connection: Connection, tree: Tree, stretch: Stretch) -> Sequence[bytes]:
        level, first, stop = stretch
        number = first // TILE
        base = number * TILE
        if level < len(tree.edge) and number == (tree.size // TILE**level) // TILE:
            return tree.edge[level][first - base : stop - base]
        with self._lock:
            tile = self._tiles.get((level, number))
        if tile is None:
            tile = _stored(connection, level, base, base + TILE)
            with self._lock:
                self._tiles[level, number] = tile
                while len(self._tiles) > _RECENT_TILES:
                    self._tiles.popitem(last=False)
        return tile[first - base : stop - base]

    def _opened(self, connection: Connection, where: Any) -> list[Opened]:
        query = (
            select(entries.c.position, entries.c.leaf, parts.c.key_id, parts.c.salt, parts.c.sealed)
            .outerjoin_from(entries, parts, entries.c.position == parts.c.position)
            .where(where)
            .order_by(entries.c.position)
        )
        rows = connection.execute(query).all()
        keys = self._keys.read({row.key_id for row in rows if row.key_id is not None})
        opened = []
        for row in rows:
            recorded = Recorded(row.position, row.leaf)
            facts = recorded.facts
            if "part" not in facts:
                opened.append(Opened(recorded, None))
            elif row.key_id is None or row.key_id not in keys:
                opened.append(Opened(recorded, None, erased=True))
            else:
                part = Part(row.key_id, row.salt, row.sealed)
                content = open_part(part, keys[row.key_id], entry_id=facts["id"], commitment=facts["part"])
                opened.append(Opened(recorded, content))
        return opened


def _changed(change: Change[Any] | None, connection: Connection, recorded: Sequence[Recorded]) -> Any:
    if change is None:
        return None
    try:
        return change(connection, recorded)
    except Exception as error:
        raise _ChangeError from error


def _edge(connection: Connection, size: int) -> tuple[tuple[bytes, ...], ...]:
    edge, level = [], 0
    while True:
        count = size // TILE**level
        edge.append(_stored(connection, level, count - count % TILE, count))
        if count < TILE:
            return tuple(edge)
        level += 1


def _stored(connection: Connection, level: int, first: int, stop: int) -> tuple[bytes, ...]:
    if level == 0:
        column, where, order = entries.c.hash, entries.c.position.between(first, stop - 1), entries.c.position
    else:
        where, order = (tiles.c.level == level) & tiles.c.number.between(first, stop - 1), tiles.c.number
        column = tiles.c.hash
    return tuple(connection.execute(select(column).where(where).order_by(order)).scalars())


def _engine(url: str, *, writes: bool) -> Engine:
    """SQLite: write-ahead log, every commit on disk, what is deleted is overwritten. PostgreSQL: its defaults, commit on disk."""
    engine = create_engine(url, pool_size=1 if writes else 4, max_overflow=0)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connected(connection: Any, _: object) -> None:
            connection.isolation_level = None  # we begin transactions ourselves
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=5000"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            # taking the write lock at once spares a failed upgrade later
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
