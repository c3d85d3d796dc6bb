"""Exports of the node's own trail, made in the background for the data protection officer.

    running ──► done ──► gone       the file is kept for a day
       └──► canceled, failed

What was underway at a stop begins anew at the next start. That it was made is an entry before there is a
file, and so is each time that somebody fetches it. One is made at a time.
"""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from adapters.node.tables import metadata
from adapters.node.trail.reading import ReadingPurpose
from audit.checkpoint import verifier_key
from audit.entry import Entry
from audit.errors import TrailError
from audit.export import ExportCanceled, Exported, export, export_entry
from audit.kinds import Kind
from audit.selection import Selection
from audit.trail import Trail
from contract.problems import NotFound
from contract.signatory import Signatory, trail_origin
from party.bearer import FG, Colleague
from party.events import Event, log

KEPT_S = 24 * 3600
_KNOWN_S = 30 * KEPT_S

exports = Table(
    "exports",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", Integer, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("selection", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("lines", BigInteger),
    Column("digest", String(64)),
    Column("done_at", Integer),
)


@dataclass(frozen=True)
class Export:
    id: str
    asked_by: str
    asked_at: int
    purpose: str
    selection: dict[str, Any]
    state: str
    lines: int | None = None
    digest: str | None = None
    done_at: int | None = None
    done: int = 0
    total: int = 0
    """Positions looked at, and of how many; while it runs."""


class Exports:
    """`folder`: where files are made; None: not here. `url`: of the trail's database."""

    def __init__(self, signatory: Signatory, trail: Trail, url: str, folder: Path | None) -> None:
        self._signatory = signatory
        self._trail = trail
        self._url = url
        self._folder = folder
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, tuple[int, int]] = {}
        self._canceled: set[str] = set()
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Begins anew what was underway. Raises TrailUnavailable."""
        if self._folder is not None:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            for one in await self._trail.read(lambda store: _load(store, exports.c.state == "running")):
                self._begin(one)

    async def close(self) -> None:
        """Stops what is underway; it begins anew at the next start."""
        self._canceled.update(self._tasks)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def ask(self, selection: Selection, purpose: ReadingPurpose, person: Colleague) -> Export:
        """Begins an export. Raises NotAllowed, NotFound when this node makes none, TrailUnavailable."""
        person.needs(FG)
        if self._folder is None:
            raise NotFound
        now = int(self._signatory.now().timestamp())
        one = Export(str(uuid.uuid4()), person.user, now, purpose, selection.as_json(), "running")
        row = {name: value for name, value in vars(one).items() if name in exports.c}
        await self._trail.append([], lambda store, _: store.execute(insert(exports), row))
        self._begin(one)
        return one

    async def get(self, export_id: str, person: Colleague) -> Export:
        """Raises NotAllowed, NotFound, TrailUnavailable."""
        person.needs(FG)
        found = await self._trail.read(lambda store: _load(store, exports.c.id == export_id))
        if not found:
            raise NotFound
        done, total = self._progress.get(export_id, (0, 0))
        return replace(found[0], done=done, total=total)

    async def cancel(self, export_id: str, person: Colleague) -> None:
        """Stops it if it runs; else its file goes. Raises NotAllowed, NotFound, TrailUnavailable, OSError."""
        one = await self.get(export_id, person)
        self._canceled.add(one.id)
        if one.id in self._tasks:
            await asyncio.gather(self._tasks[one.id], return_exceptions=True)
        after = await self.get(export_id, person)
        if after.state in {"done", "running"} and self._folder is not None:
            await asyncio.to_thread(self._place(one.id).unlink, missing_ok=True)
            await self._settle(one, state="canceled")

    async def file(self, export_id: str, person: Colleague) -> Path:
        """The file of one that is done; that it is fetched, and by whom, is an entry. Raises NotAllowed,
        NotFound, TrailUnavailable.
        """
        one = await self.get(export_id, person)
        if one.state != "done" or self._folder is None:
            raise NotFound
        facts = {"user": person.user, "purpose": one.purpose, "export": one.id, "sums": one.digest}
        await self._trail.append([Entry(Kind.READING, facts)])
        return self._place(one.id)

    async def sweep(self) -> None:
        """Removes files that are a day old, and what is known of exports of long ago. Raises
        TrailUnavailable, OSError.
        """
        now = int(self._signatory.now().timestamp())
        old = (exports.c.state == "done") & (exports.c.done_at < now - KEPT_S)
        for one in await self._trail.read(lambda store: _load(store, old)):
            await asyncio.to_thread(self._place(one.id).unlink, missing_ok=True)
            await self._settle(one, state="gone")
        forgotten = delete(exports).where(
            exports.c.state.not_in(["running", "done"]), exports.c.asked_at < now - _KNOWN_S
        )
        await self._trail.append([], lambda store, _: store.execute(forgotten))

    def _begin(self, one: Export) -> None:
        task = asyncio.create_task(self._make(one))
        self._tasks[one.id] = task
        task.add_done_callback(lambda _: self._forget(one.id))

    def _forget(self, export_id: str) -> None:
        self._tasks.pop(export_id, None)
        self._progress.pop(export_id, None)
        self._canceled.discard(export_id)

    async def _make(self, one: Export) -> None:
        loop = asyncio.get_running_loop()
        party = self._signatory.party
        origin = trail_origin(party.oin)
        keys = [verifier_key(origin, key) for key in self._signatory.directory.trail_keys(party.code)]
        selection = _selection(one.selection)

        def told(done: int, total: int) -> bool:
            self._progress[one.id] = done, total
            return one.id not in self._canceled

        def record(made: Exported) -> None:
            entry = export_entry(made, purpose=one.purpose, by=one.asked_by, selection=selection)
            asyncio.run_coroutine_threadsafe(self._trail.append([entry]), loop).result()

        def work() -> Exported:
            return export(
                self._url,
                self._place(one.id),
                keys,
                selection=selection,
                purpose=one.purpose,
                progress=told,
                before=record,
            )

        try:
            async with self._turn:
                made = await asyncio.to_thread(work)
        except ExportCanceled:
            await self._settle(one, state="canceled")
        except Exception as error:  # whatever it is, whoever waits must hear
            log(Event.EXPORT_FAILED, error=type(error).__name__)
            with suppress(TrailError):
                await self._settle(one, state="failed")
        else:
            now = int(self._signatory.now().timestamp())
            await self._settle(one, state="done", lines=made.lines, digest=made.digest, done_at=now)

    async def _settle(self, one: Export, **values: Any) -> None:
        change = update(exports).where(exports.c.id == one.id).values(**values)
        await self._trail.append([], lambda store, _: store.execute(change))

    def _place(self, export_id: str) -> Path:
        assert self._folder is not None  # noqa: S101 - none is made without
        return self._folder / f"{export_id}.zip"


def _load(store: Connection, where: Any) -> Sequence[Export]:
    return [Export(**row) for row in store.execute(select(exports).where(where)).mappings()]


def _selection(told: dict[str, Any]) -> Selection:
    """The selection that was kept as `as_json` writes it."""
    values: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in {"since", "until"} else tuple(value)
        for name, value in told.items()
    }
    return Selection(**values)
