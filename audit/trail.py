"""The trail: an append-only log of entries in a database, with a signed checkpoint after every batch.

- One writer thread. It takes what has gathered, claims the next positions with its first write, inserts all
  rows, commits once, and answers everybody. A caller is answered only when its entries are durable.
- The claim names the size that the writer believes, and carries the new checkpoint. If another process wrote
  meanwhile it matches no row; then the head is locked, the tree caught up from the database, and the batch
  laid out again, in the same transaction. So two writers cannot fork the log, and nothing is locked while
  anybody waits.
- A state change that belongs to entries runs in their transaction. If it raises, these entries are not
  recorded, its caller alone hears of it, and the rest of the batch is recorded without it.
- If the database cannot be written, everybody in the batch hears TrailUnavailable. Only when the connection
  broke during the commit itself can the entries stand in the trail all the same: recorded, not acknowledged.
"""

import asyncio
import os
import queue
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from prometheus_client import Counter, Histogram
from sqlalchemy import Connection, Engine, bindparam, insert, make_url, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from audit.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from audit.database import Prepared, engine, wipe
from audit.entry import Entry, Recorded, kept_ref, leaf_of, time_of
from audit.erasure import RacedError, erase, held, prune, runs_of
from audit.errors import TrailError, TrailUnavailable, VerifyError
from audit.kinds import Kind
from audit.merkle import TILE, Rows, Tree, consistency_proof, inclusion_proofs, leaf_hash, tile
from audit.migration import TRAIL, verify_migrated
from audit.part import Part, open_part, seal_part
from audit.subject_keys import SubjectKeys
from audit.tables import (
    doomed,
    edge,
    entries,
    hashes,
    head,
    parts,
    stored,
    stored_head,
    subjects,
    tiles,
)

# statements are built once: building one costs more than running it
_BELIEVED = bindparam("believed", type_=head.c.size.type)
_CLAIM = Prepared(update(head).where(head.c.size == _BELIEVED), _BELIEVED, head.c.size, head.c.checkpoint)
_KEYS_OF = select(subjects).where(subjects.c.subject_ref.in_(bindparam("refs", expanding=True)))
_INSERT_ENTRIES, _INSERT_PARTS, _INSERT_SUBJECTS, _INSERT_TILES = (
    Prepared(insert(table), *table.columns) for table in (entries, parts, subjects, tiles)
)
T = TypeVar("T")
StateChange = Callable[[Connection, Sequence[Recorded]], T]

MAX_BATCH = 2_000
"""Entries in one commit at most: some megabytes, some tens of milliseconds."""

_recorded = Counter("grondslag_trail_entries_total", "Entries that are durable.")
_appends = Counter("grondslag_trail_appends_total", "Calls to append, by how they ended.", ["outcome"])
_append_seconds = Histogram(
    "grondslag_trail_append_seconds",
    "From the call until its entries were durable, waiting for others included.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

_RECENT_LEAVES = 8_192
_RECENT_TILES = 64
_RECENT_KEYS = 4_096
_PAGE = 1_000
_MAX_NAMED = 1_500  # positions or runs named in one entry, well within the size of a leaf
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
    """An entry with the content of its sealed part: None where there never was one, or it was erased."""

    recorded: Recorded
    part: Mapping[str, Any] | None
    erased: bool = False


@dataclass(frozen=True)
class _State:
    tree: Tree
    checkpoint: str


@dataclass(frozen=True, eq=False)
class _Job:
    entries: tuple[Entry, ...]
    change: StateChange[Any] | None
    answer: Callable[[Any, BaseException | None], None]
    forgets: bool = False


class _JobError(Exception):
    """What one caller handed in cannot be recorded; the others are not to blame."""

    def __init__(self, job: _Job, cause: Exception) -> None:
        super().__init__()
        self.job = job
        self.cause = cause


_Keys = dict[str, tuple[int, bytes]]


@dataclass(frozen=True)
class _Written:
    """What is known once a transaction is durable."""

    state: _State
    keys: _Keys
    appended: list[Appended[Any]]


class Trail:
    """A log in one database, and the keys of its sealed parts in another."""

    def __init__(
        self,
        url: str,
        *,
        origin: str,
        keys: Sequence[Ed25519PrivateKey],
        known: Sequence[Ed25519PublicKey] = (),
        keys_url: str,
        kek: bytes,
        now: Callable[[], datetime],
        max_waiting: int = 1_000,
    ) -> None:
        """Every one of `keys` signs; what is stored may also be signed by one that is `known` from earlier.
        `kek` (32 bytes) wraps the subject keys. At most `max_waiting` callers wait; more get
        TrailUnavailable.
        """
        self._origin = origin
        self._signing = tuple(keys)
        self._known = (*known, *(key.public_key() for key in keys))
        self._now = now
        self._engine = engine(url, writes=True)
        self._readers_engine = engine(url, writes=False)
        self._keys = SubjectKeys(keys_url, kek)
        self._known_keys: OrderedDict[str, tuple[int, bytes]] = OrderedDict()  # of the writer's thread alone
        self._waiting: queue.Queue[_Job | None] = queue.Queue(max_waiting)
        self._accepting = False
        self._halted: str | None = None
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="trail-read")
        files = all(make_url(one).get_backend_name() == "sqlite" for one in (url, keys_url))
        # of its own: it never waits for those that scan
        self._at_once = engine(url, writes=False) if files else None
        self._writer = threading.Thread(target=self._write_forever, name="trail-write", daemon=True)
        self._state = _State(Tree(), "")
        self._leaves: OrderedDict[int, bytes] = OrderedDict()
        self._tiles: OrderedDict[tuple[int, int], Rows] = OrderedDict()
        self._lock = threading.Lock()

    async def open(self) -> None:
        """Reads the tree, finishes an erasure that was cut short, and starts the writer.

        Raises TrailError when the tables are not those of this version, the stored checkpoint is not the one
        of the stored tree under our key, or the subject keys are wrapped under another key.
        """
        try:
            await asyncio.get_running_loop().run_in_executor(self._readers, self._opened_state)
        except BaseException:
            self._dispose()
            raise
        self._accepting = True
        self._writer.start()

    async def close(self) -> None:
        """Finishes what waits, then lets go. Whoever appends later gets TrailUnavailable."""
        with self._lock:
            was_open, self._accepting = self._accepting, False
        if was_open:
            await asyncio.to_thread(self._waiting.put, None)
            await asyncio.to_thread(self._writer.join, _CLOSE_WITHIN_S)
        self._dispose()

    def halt(self, reason: str) -> None:
        """From now on nothing is added; reading goes on. Whoever appends gets TrailUnavailable."""
        with self._lock:
            self._halted = reason

    async def append(self, entries: Sequence[Entry], change: StateChange[T] | None = None) -> Appended[T]:
        """Records the entries, and makes the change in their transaction: `change(connection, recorded)`.

        Both are durable when this returns. Whatever `change` raises comes back, and then nothing of this call
        was recorded. `change` may run more than once, each time in a transaction that knows nothing of the
        time before. Raises TrailUnavailable when the trail cannot be written or too many wait, ValueError for
        an entry that is too large or holds what a leaf cannot.
        """
        started = time.perf_counter()
        try:
            appended = await self._put(tuple(entries), change)
        except TrailUnavailable:
            _appends.labels("unavailable").inc()
            raise
        _append_seconds.observe(time.perf_counter() - started)
        _appends.labels("recorded").inc()
        _recorded.inc(len(appended.recorded))
        return appended

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Runs a query on the same database that finds a few rows by a key: in SQLite at once, for a thread
        takes longer than the query; else as `scan` does.

        Raises TrailUnavailable when it cannot be read.
        """
        if self._at_once is not None:
            return self._query(self._at_once, query)
        return await self.scan(query)

    async def scan(self, query: Callable[[Connection], T]) -> T:
        """Runs a query that may take long on the same database, in a thread of the readers.

        Raises TrailUnavailable when it cannot be read.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._readers, self._query, self._readers_engine, query
            )
        except RuntimeError:  # the readers are gone
            raise TrailUnavailable("the trail is closed") from None

    async def verify(self) -> None:
        """Looks whether entries could be recorded now, and records none. Raises TrailUnavailable."""
        if self._halted is not None:
            raise TrailUnavailable(self._halted)
        if not self._accepting or not self._writer.is_alive():
            raise TrailUnavailable("the writer of the trail has stopped")
        if self._waiting.full():
            raise TrailUnavailable("too many entries wait to be recorded")

        def look(connection: Connection) -> None:
            stored_head(connection)
            self._keys.verify()

        await self.read(look)

    def checkpoint(self) -> str:
        """The newest signed checkpoint that is durable, as this process knows."""
        return self._state.checkpoint

    def size(self) -> int:
        """How many entries the newest checkpoint counts."""
        return self._state.tree.size

    def state(self) -> tuple[int, bytes]:
        """Size and root of the tree that the newest checkpoint is of."""
        tree = self._state.tree
        return tree.size, tree.root()

    async def prove(self, positions: Sequence[int]) -> Proven:
        """Inclusion proofs (RFC 6962 2.1.1) at the newest checkpoint.

        Raises ValueError for a position that is not in the trail, TrailUnavailable.
        """
        state = self._state
        return await self.read(lambda connection: self._proven(connection, state, positions))

    async def prove_growth(self, earlier: Sequence[int], size: int) -> list[tuple[bytes, ...]]:
        """That the tree of `size` entries begins with that of each of these sizes (RFC 6962 2.1.2).

        Raises ValueError when they are not the sizes of earlier trees, TrailUnavailable.
        """
        tree = self._state.tree
        if size > tree.size or any(before > size for before in earlier):
            raise ValueError("not an earlier tree")

        def proofs(store: Connection) -> list[tuple[bytes, ...]]:
            def of(level: int, number: int) -> Rows:
                return self._tile(store, tree, level, number)

            grown = {*earlier} - {0, size}
            found = {before: tuple(consistency_proof(before, size, of)) for before in grown}
            return [found.get(before, ()) for before in earlier]

        return await (self.read if len(earlier) <= 1 else self.scan)(proofs)

    async def at(self, positions: Sequence[int]) -> dict[int, Opened]:
        """The entries at these positions, with their parts opened. Raises VerifyError, TrailUnavailable."""
        if not positions:
            return {}
        opened = await self.scan(
            lambda connection: self._opened(connection, entries.c.position.in_(list(positions)))
        )
        return {one.recorded.position: one for one in opened}

    async def about(self, kind: Kind, subject_refs: Collection[str]) -> dict[str, Opened]:
        """The newest entry of this kind with a part about each subject; who was erased is not in it. Raises
        VerifyError, TrailUnavailable.
        """
        if not subject_refs:
            return {}
        query = select(parts.c.position).where(parts.c.subject_ref.in_(list(subject_refs)))
        opened = await self.scan(lambda connection: self._opened(connection, entries.c.position.in_(query)))
        return {one.recorded.facts["subject_ref"]: one for one in opened if one.recorded.kind == kind}

    async def entries(self, start: int = 0, stop: int | None = None) -> AsyncIterator[Opened]:
        """Entries in their order, with their parts opened. Raises VerifyError, TrailUnavailable."""
        end = self._state.tree.size if stop is None else min(stop, self._state.tree.size)
        for first in range(start, end, _PAGE):
            where = entries.c.position.between(first, min(first + _PAGE, end) - 1)
            for one in await self.scan(lambda connection, where=where: self._opened(connection, where)):  # type: ignore[misc]
                yield one

    async def erase(
        self,
        subject_ref: str,
        reason: str,
        change: Callable[[Connection], None] | None = None,
        *,
        kept: bool = True,
        by: str | None = None,
    ) -> Recorded:
        """Destroys the keys and the sealed parts of this subject, also what is `kept` (`Entry`). The erasure
        is an entry, which names nobody of whom it is: only the positions whose part is gone, and who decided
        (`by`; None: its time was over). Root and proofs stay as they are. `change` takes away in the same
        transaction what others keep.

        Raises TrailUnavailable: nothing is recorded and nothing gone, or all is done but the key, which goes
        at the next erasure or start. Asking again does no harm.
        """
        appended = None
        refs = [subject_ref, kept_ref(subject_ref)] if kept else [subject_ref]
        while appended is None:
            known = await self.read(lambda connection: held(connection, refs))
            groups = [known[place : place + _MAX_NAMED] for place in range(0, len(known), _MAX_NAMED)]
            why = {"reason": reason} if by is None else {"reason": reason, "by": by}
            erasures = tuple(Entry(Kind.ERASURE, {**why, "erased": one}) for one in groups or [[]])

            def gone(connection: Connection, _: object, known: list[int] = known) -> None:
                erase(connection, refs, known)
                if change is not None:
                    change(connection)

            with suppress(RacedError):
                appended = await self._put(erasures, gone, forgets=True)
        await self._destroy()
        return appended.recorded[0]

    async def prune(
        self, positions: Collection[int], facts: Mapping[str, Any], change: StateChange[None]
    ) -> tuple[Recorded, ...]:
        """Destroys the leaves and sealed parts at these positions, and the key of each subject who has no
        part left. Hashes stay: root and all proofs of other entries are as they were. It is an entry, or
        more, with these facts and the runs of positions. `change` belongs to it.

        Raises what `change` raises, and TrailUnavailable: then nothing is gone, or all but the keys (see
        `erase`).
        """
        runs = runs_of(positions)
        groups = [runs[place : place + _MAX_NAMED] for place in range(0, len(runs), _MAX_NAMED)] or [[]]
        prunings = tuple(Entry(Kind.PRUNING, {**facts, "pruned": one}) for one in groups)

        def gone(connection: Connection, recorded: Sequence[Recorded]) -> None:
            change(connection, recorded)
            prune(connection, runs)

        appended = await self._put(prunings, gone, forgets=True)
        await self._destroy()
        return appended.recorded

    async def _destroy(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._readers, self._destroy_doomed)
        except SQLAlchemyError as error:
            raise TrailUnavailable(f"a key cannot be destroyed: {type(error).__name__}") from None

    async def _put(
        self, entries: tuple[Entry, ...], change: StateChange[T] | None, *, forgets: bool = False
    ) -> Appended[T]:
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

        with self._lock:  # after the mark of `close` nothing may follow in the queue: nobody would answer it
            if self._halted is not None or not self._accepting:
                raise TrailUnavailable(self._halted or "the trail is not open")
            try:
                self._waiting.put_nowait(_Job(entries, change, answer, forgets))
            except queue.Full:
                raise TrailUnavailable("too many entries wait to be recorded") from None
        return await future

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

    def _write(self, batch: list[_Job]) -> None:
        while batch:
            try:
                appended = self._commit(batch)
            except _JobError as failed:
                batch.remove(failed.job)
                failed.job.answer(None, _told(failed.cause))
            except Exception as error:  # whatever it is, everybody who waits must hear
                for job in batch:
                    job.answer(None, TrailUnavailable(f"the trail cannot be written: {type(error).__name__}"))
                return
            else:
                for job, one in zip(batch, appended, strict=True):
                    job.answer(one, None)
                return

    def _commit(self, jobs: Sequence[_Job]) -> list[Appended[Any]]:
        """One transaction for all; whatever it raises, nothing is recorded. Raises _JobError when one of them
        is to blame.
        """
        with self._engine.begin() as connection:
            written = self._attempt(connection, jobs)
        self._state = written.state
        self._remember(written, forget=any(job.forgets for job in jobs))
        return written.appended

    def _attempt(self, connection: Connection, jobs: Sequence[_Job]) -> _Written:
        """Claims, inserts, and lets each caller change what belongs to its entries. Who records nothing comes
        first: it must not see what is not durable yet.
        """
        early = {job: _changed(job, connection, ()) for job in jobs if not job.entries}
        state, keys, recorded = self._inserted(connection, jobs)
        appended = [
            Appended(own, _changed(job, connection, own) if job.entries else early[job])
            for job, own in zip(jobs, recorded, strict=True)
        ]
        return _Written(state, keys, appended)

    def _inserted(
        self, connection: Connection, jobs: Sequence[_Job]
    ) -> tuple[_State, _Keys, list[tuple[Recorded, ...]]]:
        """Claims the positions of these entries and inserts them, their parts and what the tree needs."""
        at, state = time_of(self._now()), self._state
        if not any(job.entries for job in jobs):
            return state, {}, [() for _ in jobs]
        for caught_up in (False, True):
            if caught_up:
                state = self._stored_state(connection, lock=True)
                self._known_keys.clear()  # the other process may have erased a subject
            keys, fresh = self._keys_for(connection, jobs)
            rows, part_rows, recorded = self._laid_out(jobs, keys, at, state.tree.size)
            tree, full = state.tree.extended([row["hash"] for row in rows])
            signed = sign_checkpoint(Checkpoint(self._origin, tree.size, tree.root()), *self._signing)
            claim = {"believed": state.tree.size, "size": tree.size, "checkpoint": signed}
            if _CLAIM(connection, [claim]) == 1:
                break
        else:
            raise TrailUnavailable("the head of the trail cannot be claimed")
        _INSERT_ENTRIES(connection, rows)
        if part_rows:
            _INSERT_PARTS(connection, part_rows)
        if fresh:
            _INSERT_SUBJECTS(
                connection, [{"subject_ref": ref, "key_id": number} for ref, number in fresh.items()]
            )
        if full:
            _INSERT_TILES(connection, [{"level": one[0], "number": one[1], "hash": one[2]} for one in full])
        return _State(tree, signed), keys, recorded

    def _laid_out(
        self, jobs: Sequence[_Job], keys: _Keys, at: str, position: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[tuple[Recorded, ...]]]:
        """The rows of entries and of parts, and per caller what was recorded, from this position on."""
        rows: list[dict[str, Any]] = []
        part_rows: list[dict[str, Any]] = []
        recorded: list[tuple[Recorded, ...]] = []
        for job in jobs:
            own = []
            for entry in job.entries:
                entry_id = str(uuid.uuid4())
                try:
                    part = _part(entry, keys, entry_id)
                    leaf = leaf_of(entry, entry_id=entry_id, at=at, part=part)
                except Exception as error:
                    raise _JobError(job, error) from None
                rows.append({"position": position, "hash": leaf_hash(leaf), "leaf": leaf})
                if part is not None:
                    part_rows.append({"position": position, "subject_ref": entry.sealed_for, **vars(part)})
                own.append(Recorded(position, leaf))
                position += 1
            recorded.append(tuple(own))
        return rows, part_rows, recorded

    def _keys_for(self, connection: Connection, jobs: Sequence[_Job]) -> tuple[_Keys, dict[str, int]]:
        """The key of every subject in the batch, and the assignments that are new."""
        refs = {
            entry.sealed_for
            for job in jobs
            for entry in job.entries
            if entry.sealed is not None and entry.sealed_for is not None
        }
        keys = {ref: self._known_keys[ref] for ref in refs if ref in self._known_keys}
        unknown = sorted(refs - keys.keys())
        fresh: dict[str, int] = {}
        if unknown:
            rows = connection.execute(_KEYS_OF, {"refs": unknown})
            assigned = {row.subject_ref: row.key_id for row in rows}
            stored = self._keys.read(set(assigned.values()))
            for ref in unknown:
                if ref not in assigned:
                    keys[ref] = self._keys.take()
                    fresh[ref] = keys[ref][0]
                elif assigned[ref] in stored:
                    keys[ref] = assigned[ref], stored[assigned[ref]]
                # else its key is lost: what is about this subject cannot be recorded until it is restored
        return keys, fresh

    def _remember(self, written: _Written, *, forget: bool) -> None:
        if forget:  # of what was destroyed nothing may be remembered; the rest is read again
            self._known_keys.clear()
            with self._lock:
                self._leaves.clear()
            return
        self._known_keys.update(written.keys)
        _shorten(self._known_keys, _RECENT_KEYS)
        with self._lock:
            for appended in written.appended:
                self._leaves.update((one.position, one.leaf) for one in appended.recorded)
            _shorten(self._leaves, _RECENT_LEAVES)

    # ── reading ──

    def _query(self, readers: Engine, query: Callable[[Connection], T]) -> T:
        try:
            with readers.connect() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            raise TrailUnavailable(f"the trail cannot be read: {type(error).__name__}") from None
        except TrailError as error:
            raise TrailUnavailable(str(error)) from None

    def _opened_state(self) -> None:
        try:
            with suppress(IntegrityError), self._engine.begin() as connection:
                verify_migrated(connection, TRAIL)
                self._begin(connection)  # unless another process just did
            with self._readers_engine.connect() as connection:
                self._state = self._stored_state(connection, lock=False)
            self._keys.verify()
            self._destroy_doomed()
        except SQLAlchemyError as error:
            raise TrailUnavailable(f"the trail cannot be opened: {type(error).__name__}") from None

    def _begin(self, connection: Connection) -> None:
        """Signs the empty log, if there is no head yet."""
        if connection.execute(select(head.c.number)).first() is not None:
            return
        if connection.execute(select(entries.c.position).limit(1)).first() is not None:
            raise TrailError("The trail has entries and no checkpoint. Restore it from a back-up.")
        empty = sign_checkpoint(Checkpoint(self._origin, 0, Tree().root()), *self._signing)
        connection.execute(insert(head), {"number": 1, "size": 0, "checkpoint": empty})

    def _stored_state(self, connection: Connection, *, lock: bool) -> _State:
        """The tree as it is stored, and its checkpoint. Raises TrailError when they are not of each other."""
        query = select(head).with_for_update() if lock else select(head)
        row = connection.execute(query).one()
        tree = Tree(row.size, edge(connection, row.size))
        try:
            stored = verify_checkpoint(row.checkpoint, self._origin, self._known)
        except VerifyError:
            raise TrailError(
                "The trail was not signed with our key. Put back the key, or the right database."
            ) from None
        if stored != Checkpoint(self._origin, tree.size, tree.root()):
            raise TrailError(
                "The trail is not the one of its checkpoint. Restore it from a back-up and verify that first."
            )
        return _State(tree, row.checkpoint)

    def _destroy_doomed(self) -> None:
        """Destroys the keys that erasures left for it, and then forgets that they did."""
        with self._engine.begin() as connection:
            ids = list(connection.execute(select(doomed.c.key_id)).scalars())
        if ids:
            self._keys.destroy(ids)
            with self._engine.begin() as connection:
                connection.execute(doomed.delete().where(doomed.c.key_id.in_(ids)))
        wipe(self._readers_engine)

    def _proven(self, connection: Connection, state: _State, positions: Sequence[int]) -> Proven:
        if any(position >= state.tree.size for position in positions):
            state = self._stored_state(connection, lock=False)  # another process wrote them
        proofs = inclusion_proofs(
            positions,
            state.tree.size,
            lambda level, number: self._tile(connection, state.tree, level, number),
        )
        with self._lock:
            leaves = {position: self._leaves[position] for position in positions if position in self._leaves}
        missing = [position for position in positions if position not in leaves]
        if missing:
            query = select(entries.c.position, entries.c.leaf).where(entries.c.position.in_(missing))
            leaves |= {row.position: row.leaf for row in connection.execute(query)}
        if not all(leaves[position] for position in positions):
            raise ValueError("not in the trail any more")
        return Proven(state.checkpoint, tuple(leaves[position] for position in positions), tuple(proofs))

    def _tile(self, connection: Connection, tree: Tree, level: int, number: int) -> Rows:
        if level < len(tree.edge) and number == (tree.size // TILE**level) // TILE:
            return tree.edge[level]
        with self._lock:
            known = self._tiles.get((level, number))
        if known is None:
            known = tile(hashes(connection, level, number * TILE, (number + 1) * TILE))
            with self._lock:
                self._tiles[level, number] = known
                _shorten(self._tiles, _RECENT_TILES)
        return known

    def _opened(self, connection: Connection, where: Any) -> list[Opened]:
        found = [one for one in stored(connection, where) if one.leaf]
        keys = self._keys.read({one.part.key_id for one in found if one.part is not None})
        opened = []
        for one in found:
            recorded = Recorded(one.position, one.leaf)
            facts = recorded.facts
            if "part" not in facts:
                opened.append(Opened(recorded, None))
            elif one.part is None or one.part.key_id not in keys:
                opened.append(Opened(recorded, None, erased=True))
            else:
                key = keys[one.part.key_id]
                content = open_part(one.part, key, entry_id=facts["id"], committed=facts["part"])
                opened.append(Opened(recorded, content))
        return opened

    def _dispose(self) -> None:
        at_once, self._at_once = self._at_once, None  # from here on a reader hears that the trail is closed
        self._readers.shutdown(wait=True)
        self._keys.close()
        for one in (self._readers_engine, self._engine, at_once):
            if one is not None:
                one.dispose()


def _part(entry: Entry, keys: _Keys, entry_id: str) -> Part | None:
    if entry.sealed is None or entry.sealed_for is None:
        return None
    if entry.sealed_for not in keys:
        raise TrailUnavailable("the key of a subject is not in the database of keys: restore that")
    number, key = keys[entry.sealed_for]
    salt, nonce = os.urandom(32), os.urandom(12)
    plain = orjson.dumps(entry.sealed)
    return seal_part(plain, key_id=number, key=key, salt=salt, nonce=nonce, entry_id=entry_id)


def _changed(job: _Job, connection: Connection, recorded: Sequence[Recorded]) -> Any:
    if job.change is None:
        return None
    try:
        return job.change(connection, recorded)
    except Exception as error:
        raise _JobError(job, error) from None


def _told(error: Exception) -> Exception:
    """What a caller hears: a database that fails is a trail that fails."""
    if isinstance(error, SQLAlchemyError):
        return TrailUnavailable(f"the trail cannot be written: {type(error).__name__}")
    return error


def _shorten(known: OrderedDict[Any, Any], most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)
