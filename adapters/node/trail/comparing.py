"""A node's side of the nightly comparison: each day that is settled is held against the broker's trail."""

import os
from datetime import date, timedelta
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Date, Integer, Table, delete, insert, select

from adapters.node.broker_line import BrokerLine
from adapters.node.tables import metadata
from audit.comparison import item_at_node
from audit.trail import Trail
from contract.codes import BROKER
from contract.days import day_of
from contract.documents import DailyStatement
from contract.problems import DocumentMalformed
from contract.signatory import Signatory
from party.comparing import (
    LONGEST_AGO,
    SETTLED_AFTER,
    compare,
    remembered,
    stated,
    verify_statement,
)

compared = Table(
    "compared",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # one row
    Column("day", Date, nullable=False),  # the last one
)


class Comparing:
    def __init__(self, signatory: Signatory, broker: BrokerLine, trail: Trail) -> None:
        self._signatory = signatory
        self._broker = broker
        self._trail = trail

    async def begin(self) -> None:
        """At the first start: from this day on the trail is compared. Raises TrailUnavailable."""
        if await self._trail.read(_last) is None:
            before = day_of(self._signatory.now()) - timedelta(days=1)
            await self._trail.append([], lambda store, _: _save(store, before))

    async def look(self) -> int:
        """Compares the days that are settled and were not compared yet, oldest first; how many. Raises
        PartnerUnreachable, a document problem, TrailUnavailable.
        """
        today, count = day_of(self._signatory.now()), 0
        last = await self._trail.read(_last) or today
        day = max(last + timedelta(days=1), today - LONGEST_AGO)
        while day <= today - SETTLED_AFTER:
            await self._compare(day)
            day, count = day + timedelta(days=1), count + 1
        return count

    async def _compare(self, day: date) -> None:
        key = os.urandom(32)
        own = await remembered(self._trail, item_at_node, day)
        statement = stated(self._signatory, BROKER, day, key, own)
        told = {"statement": statement.token, "ofDay": statement.of_day, "around": statement.around}
        response = await self._broker.call("POST", "/v1/daily-statements", told)
        try:
            answer: dict[str, Any] = orjson.loads(response.body)
            token, of_day, around = answer["statement"], answer["ofDay"], answer["around"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise DocumentMalformed from None
        said = self._signatory.read(DailyStatement, token)
        if said.sender.code != BROKER or (said.document.day, said.document.key) != (day, key.hex()):
            raise DocumentMalformed
        verify_statement(said, of_day, around)
        await compare(self._trail, own, said, (of_day, around), lambda store: _save(store, day))


def _last(store: Connection) -> date | None:
    return store.execute(select(compared.c.day)).scalar()


def _save(store: Connection, day: date) -> None:
    store.execute(delete(compared))
    store.execute(insert(compared), {"number": 1, "day": day})
