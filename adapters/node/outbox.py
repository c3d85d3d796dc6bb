"""What the broker is to hear of that was recorded here: it is told in order, again and again until it takes
it or says no. What it says no to stays until somebody has looked at it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, insert, select, update

from adapters.contract.events import Event, log
from adapters.contract.problems import DocumentMalformed, NotAllowed, NotFound, Problem, StepNotTaken
from adapters.node.broker_line import BrokerLine
from adapters.node.inbox import metadata
from audit.trail import Trail

_MOST_AT_ONCE = 50

steps = Table(
    "obligation_steps",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),  # in our own trail
    Column("refused", String(64)),  # the code with which the broker did not take it
)

Message = Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]
"""The facts of an entry -> the broker's path and the body, signed anew."""


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
        taken = 0
        for position in places:
            found = (await self._trail.at([position])).get(position)
            if found is None:  # pruned with its case: nobody waits for it
                await self._settle(position, None)
                continue
            kind, refused = found.recorded.kind, None
            path, body = self._messages[kind](found.recorded.facts)
            try:
                await self._broker.call("POST", path, body)
                taken += 1
            except (StepNotTaken, NotFound, NotAllowed, DocumentMalformed) as problem:
                refused = problem.code
                log(Event.OBLIGATION_STEP_REFUSED, step=kind, code=refused)
            except Problem:  # away, or a clock that differs: it is signed anew at the next turn
                return taken  # the order counts: what comes after it waits too
            await self._settle(position, refused)
        return taken

    async def _settle(self, position: int, refused: str | None) -> None:
        here = steps.c.position == position
        change = (
            delete(steps).where(here)
            if refused is None
            else update(steps).where(here).values(refused=refused)
        )
        await self._trail.append([], lambda store, _: store.execute(change))
