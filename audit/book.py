"""The obligations of a trail, kept beside it so that they need not be folded anew each time.

The trail is what counts: the book is read from it, forgets nothing that is not in it, and can be thrown away
and made again. Whoever takes a step has the book read up to its own entry in the same transaction, so two
who decide on one obligation at once cannot both be right.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from audit.entry import Entry, Recorded
from audit.errors import StepRaced, StepRefused
from audit.kinds import OF_DUTIES, Kind, unknown
from audit.obligations import (
    Disclosure,
    Obligation,
    Obligations,
    Reminder,
    clocks_of,
    in_order,
    next_reminder,
    reminders,
)
from audit.tables import entries, head, metadata
from audit.trail import Trail

_obligations = Table(
    "trail_obligations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_ref", String(64), nullable=False),
    Column("subject_ref", String(64), nullable=False),
    Column("receiver", String(32), nullable=False),
    Column("live", Boolean, nullable=False),
    Column("waits_until", BigInteger),  # nobody is late before that moment; None: it has ended
    Column("next_at", BigInteger),
    Column("last_at", BigInteger),
    Column("facts", Text, nullable=False),
)
_read = Table(
    "trail_obligations_read",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
)

_BY_SUBJECT = frozenset({Kind.PERMIT, Kind.ONWARD_SHARE})
"""What names no obligation, but the case and the subject."""

_PAGE = 2_000
# two statements: a database that is asked for either at once reads the whole table
_BY_ID = select(_obligations.c.id, _obligations.c.facts).where(
    _obligations.c.id.in_(bindparam("ids", expanding=True))
)
_BY_CASE = select(_obligations.c.id, _obligations.c.facts).where(
    _obligations.c.case_ref.in_(bindparam("cases", expanding=True))
)
_FORGET = delete(_obligations).where(_obligations.c.id.in_(bindparam("ids", expanding=True)))
_INSERT = insert(_obligations)


class Book:
    """`joint`: of the joint trail; else of the receiver's own. `strange` hears how many entries were read of
    kinds that this version does not know.
    """

    def __init__(
        self,
        trail: Trail,
        *,
        joint: bool,
        strange: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._trail = trail
        self._joint = joint
        self._strange = strange

    async def catch_up(self) -> int:
        """Reads on to the end of the trail, a page in a transaction; how many leaves were read. Raises
        TrailUnavailable.
        """
        count = 0
        while True:
            read = (await self._trail.append([], lambda store, _: self._advance(store, _PAGE))).result
            count += read
            if read < _PAGE:
                return count

    async def find(
        self,
        *,
        case_ref: str | None = None,
        receiver: str | None = None,
        live: bool | None = None,
        since: int | None = None,
    ) -> list[Obligation]:
        """Those that fit, oldest first, up to the end of the trail; `since`: with a step at that position or
        later. Raises TrailUnavailable.
        """
        await self.catch_up()
        query = select(_obligations.c.facts)
        for column, value in (("case_ref", case_ref), ("receiver", receiver), ("live", live)):
            if value is not None:
                query = query.where(_obligations.c[column] == value)
        if since is not None:
            query = query.where(_obligations.c.last_at >= since)
        rows = await self._trail.scan(lambda store: store.execute(query).scalars().all())
        return sorted(map(_obligation, rows), key=in_order)

    async def get(self, obligation_id: str) -> Obligation | None:
        """Raises TrailUnavailable."""
        await self.catch_up()
        query = select(_obligations.c.facts).where(_obligations.c.id == obligation_id)
        facts = await self._trail.read(lambda store: store.execute(query).scalar())
        return None if facts is None else _obligation(facts)

    async def step(
        self,
        entry: Entry,
        *,
        version: int | None = None,
        change: Callable[[Connection, Sequence[Recorded]], None] | None = None,
    ) -> Obligation:
        """Records a step about `entry.facts["obligation"]`, if it changes something; the obligation as it is
        then. `version`: the one that whoever decided had seen. `change` is made in the same transaction.

        Raises StepRaced, StepRefused: nothing was recorded. Raises TrailUnavailable.
        """
        obligation_id = str(entry.facts["obligation"])

        def take(store: Connection, recorded: Sequence[Recorded]) -> Obligation:
            own = recorded[0].position  # what others record in the same commit stands before or after it
            while self._advance(store, _PAGE, stop=own) == _PAGE:
                pass
            before = _one(store, obligation_id)
            if before is None:
                raise StepRefused("There is no such obligation.")
            if version is not None and version != before.version:
                raise StepRaced("Somebody else took a step since.")
            self._advance(store, _PAGE, stop=own + 1)
            after = _one(store, obligation_id)
            if after is None or after == before:
                raise StepRefused("In its state this obligation does not take that step.")
            if change is not None:
                change(store, recorded)
            return after

        return (await self._trail.append([entry], take)).result

    async def due(self, now: datetime, most: int = 500) -> list[tuple[Obligation, list[Reminder]]]:
        """The obligations of which somebody must be reminded by now, and of what. Raises
        TrailUnavailable.
        """
        await self.catch_up()
        query = (
            select(_obligations.c.facts)
            .where(_obligations.c.next_at <= int(now.timestamp()))
            .order_by(_obligations.c.next_at)
            .limit(most)
        )
        rows = await self._trail.read(lambda store: store.execute(query).scalars().all())
        found = map(_obligation, rows)
        return [(one, [row for row in reminders(one) if row.at <= now]) for one in found]

    async def overdue(self, now: datetime) -> dict[str, int]:
        """How many are overdue, by receiver; who has none is not in it. Raises TrailUnavailable."""
        await self.catch_up()
        query = (
            select(_obligations.c.receiver, func.count().label("late"))
            .where(_obligations.c.waits_until <= int(now.timestamp()))
            .group_by(_obligations.c.receiver)
        )
        rows = await self._trail.scan(lambda store: store.execute(query).all())
        return {row.receiver: row.late for row in rows}

    def live_cases(self, store: Connection) -> set[str]:
        """The cases in which somebody must still be told; of a book that was read to the end."""
        query = select(_obligations.c.case_ref).where(_obligations.c.live).distinct()
        return set(store.execute(query).scalars())

    def forget(self, store: Connection, case_refs: Collection[str]) -> None:
        """Lets go of what these cases hold, within a transaction that prunes them."""
        store.execute(delete(_obligations).where(_obligations.c.case_ref.in_(sorted(case_refs))))

    def _advance(self, store: Connection, most: int, *, stop: int | None = None) -> int:
        """Reads on by at most this many leaves, within the caller's transaction, and not past `stop`."""
        # the head is locked: no two processes may read on at once
        size = store.execute(select(head.c.size).with_for_update()).scalar() or 0
        position = store.execute(select(_read.c.position)).scalar()
        stop = min((position or 0) + most, size if stop is None else stop)
        if position is not None and position >= stop:
            return 0
        start = position or 0
        query = (
            select(entries.c.position, entries.c.leaf)
            .where(entries.c.position.between(start, stop - 1), entries.c.leaf != b"")
            .order_by(entries.c.position)
        )
        leaves, kinds = [], Counter[str]()
        for row in store.execute(query):
            facts = Recorded(row.position, row.leaf).facts
            kinds[facts["kind"]] += 1
            if facts["kind"] in OF_DUTIES:
                leaves.append((row.position, facts))
        if strange := unknown(kinds):
            self._strange(sum(kinds[kind] for kind in strange))
        if leaves:
            self._write(store, leaves)
        if position is None:
            store.execute(insert(_read), {"number": 1, "position": stop})
        else:
            store.execute(update(_read).values(position=stop))
        return stop - start

    def _write(self, store: Connection, leaves: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        fold = Obligations(self._joint)
        for one in _loaded(store, [leaf for _, leaf in leaves]):
            fold.put(one)
        known = set(fold.by_id)
        for position, leaf in leaves:
            fold.take(leaf, position)
        changed = fold.settle()
        gone = [one.id for one in changed if one.id in known]
        if gone:
            store.execute(_FORGET, {"ids": gone})
        if changed:
            store.execute(_INSERT, [_row(one) for one in changed])


def _loaded(store: Connection, leaves: Sequence[Mapping[str, Any]]) -> Iterator[Obligation]:
    """The obligations that these leaves may touch."""
    ids = {str(leaf.get(name)) for leaf in leaves for name in ("obligation", "notice") if leaf.get(name)}
    cases = {str(leaf["case_ref"]) for leaf in leaves if leaf["kind"] in _BY_SUBJECT}
    found = {row.id: row.facts for row in store.execute(_BY_ID, {"ids": sorted(ids)})}
    found |= {row.id: row.facts for row in store.execute(_BY_CASE, {"cases": sorted(cases)})}
    yield from map(_obligation, found.values())


def _one(store: Connection, obligation_id: str) -> Obligation | None:
    facts = store.execute(select(_obligations.c.facts).where(_obligations.c.id == obligation_id)).scalar()
    return None if facts is None else _obligation(facts)


def _row(one: Obligation) -> dict[str, Any]:
    following = next_reminder(one)
    return {
        "id": one.id,
        "case_ref": one.case_ref,
        "subject_ref": one.subject_ref,
        "receiver": one.receiver,
        "live": one.live,
        "waits_until": int(max(one.due_at, one.until or one.due_at).timestamp()) if one.live else None,
        "next_at": None if following is None else int(following.timestamp()),
        "last_at": max(one.places, default=None),
        "facts": orjson.dumps(one).decode(),
    }


def _obligation(text: str) -> Obligation:
    facts = orjson.loads(text)
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()
    }
    for name in ("due_at", "changed_at", "until", "breached_since"):
        value = values.get(name)  # what an older version kept, was never found too late
        values[name] = None if value is None else datetime.fromisoformat(value)
    values["clocks"] = clocks_of(facts.get("clocks"))
    values["disclosures"] = tuple(
        Disclosure(
            **{
                **row,
                "at": datetime.fromisoformat(row["at"]),
                "legal_bases": tuple(row["legal_bases"]),
                "passed_to": tuple(row.get("passed_to", ())),
            }
        )
        for row in facts["disclosures"]
    )
    return Obligation(**values)
