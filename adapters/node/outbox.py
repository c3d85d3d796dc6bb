"""What the broker is to hear of that was recorded here: it is told in order, again and again until it takes
it or says no. What it says no to stays here, and is counted (`grondslag_outbox_refused`).
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from prometheus_client import Gauge
from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, func, insert, select, update

from adapters.node.broker_line import BrokerLine
from adapters.node.tables import metadata
from audit.trail import Trail
from contract.problems import (
    Conflict,
    DocumentExpired,
    InternalError,
    PartnerUnreachable,
    Problem,
    StepNotTaken,
    TooManyRequests,
    Unavailable,
)
from party.events import Event, log

_MOST_AT_ONCE = 50

steps = Table(
    "obligation_steps",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),  # in our own trail
    Column("refused", String(64)),  # the code with which the broker did not take it
)

Message = Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]
"""The facts of an entry -> the broker's path and the body, signed anew."""


_WAITS = (Unavailable, PartnerUnreachable, Conflict, TooManyRequests, DocumentExpired, InternalError)
"""Away, busy, not that far yet, or a clock that differs: it is signed anew at the next turn."""

_refused = Gauge("grondslag_outbox_refused", "Recorded steps that the broker does not take.")


class Outbox:
    def __init__(self, broker: BrokerLine, trail: Trail) -> None:
        self._broker = broker
        self._trail = trail
        self._messages: dict[str, Message] = {}
        self._delivering = asyncio.Lock()

    def register(self, kinds: Collection[str], message: Message) -> None:
        """How entries of these kinds are told."""
        self._messages.update(dict.fromkeys(kinds, message))

    def put(self, store: Connection, kind: str, position: int) -> None:
        """An entry that was just recorded is to be told, if its kind is. Within the transaction of the
        entry.
        """
        if kind in self._messages:
            store.execute(insert(steps), {"position": position, "refused": None})

    async def deliver_due(self) -> int:
        """Tells what was not taken yet; how much was. Raises TrailUnavailable."""
        async with self._delivering:  # one after the other, or the broker hears them in another order
            return await self._deliver()

    async def deliver_quietly(self) -> None:
        """Tries now; the next turn tries again, and what is to be told is recorded."""
        with suppress(Exception):
            await self.deliver_due()

    async def _deliver(self) -> int:
        query = select(steps.c.position).where(steps.c.refused.is_(None)).order_by(steps.c.position)
        places = await self._trail.read(
            lambda store: store.execute(query.limit(_MOST_AT_ONCE)).scalars().all()
        )
        taken, waiting = 0, set[str]()
        for position in places:
            found = (await self._trail.at([position])).get(position)
            if found is None:  # pruned with its case: nobody waits for it
                await self._settle(position, None)
                continue
            kind, refused = found.recorded.kind, None
            path, body = self._messages[kind](found.recorded.facts)
            if path in waiting:
                continue
            try:
                await self._broker.call("POST", path, body)
                taken += 1
            except Problem as problem:
                if isinstance(problem, _WAITS) and not isinstance(problem, StepNotTaken):
                    waiting.add(path)  # the order counts: what comes after it on this way waits too
                    continue
                refused = problem.code
                log(Event.OUTBOX_REFUSED, kind=kind, code=refused)
            await self._settle(position, refused)
        count = select(func.count()).where(steps.c.refused.is_not(None))
        _refused.set(await self._trail.read(lambda store: store.execute(count).scalar() or 0))
        return taken

    async def _settle(self, position: int, refused: str | None) -> None:
        here = steps.c.position == position
        if refused is None:
            await self._trail.append([], lambda store, _: store.execute(delete(steps).where(here)))
        else:
            change = update(steps).where(here).values(refused=refused)
            await self._trail.append([], lambda store, _: store.execute(change))
