"""Meldingen that did not come in time (C1b, D03), for the chair and the data protection officer.

- That one is overdue is heard from the joint trail, proven, and is an entry here too, once. It is an alarm as
  long as it lasts.
- Only a melding that Veilig Thuis registered ends it, proven as well; time does not, nor a silent broker.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from prometheus_client import Gauge
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Boolean, Column, Connection, Integer, String, Table, delete, func, insert, select

from adapters.node.asking.opening import Opening
from adapters.node.broker_line import BrokerLine
from adapters.node.tables import metadata
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.problems import DocumentMalformed, NotFound
from party.events import Event, log

overdue_meldingen = Table(
    "overdue_meldingen",
    metadata,
    Column("case_ref", String(36), primary_key=True),
    Column("region", String(64), nullable=False),
    Column("brought_by", String(32), nullable=False),
    Column("due_at", Integer, nullable=False),
    Column("position", Integer, nullable=False),  # of its entry in the broker's trail
    Column("live", Boolean, nullable=False),
)

_live = Gauge("grondslag_meldingen_missed", "Cases of this party whose melding did not come in time.")


@dataclass(frozen=True)
class OverdueMelding:
    """Of which case; who brought it, and since when the melding is due (seconds)."""

    case_ref: str
    region: str
    brought_by: str
    due_at: int
    position: int
    live: bool = True


class OverdueMeldingen:
    def __init__(self, broker: BrokerLine, trail: Trail, opening: Opening) -> None:
        self._broker = broker
        self._trail = trail
        self._opening = opening

    async def find(self) -> Sequence[OverdueMelding]:
        """What is overdue as far as this node heard, longest first. Raises TrailUnavailable."""
        query = select(overdue_meldingen).where(overdue_meldingen.c.live).order_by(overdue_meldingen.c.due_at)
        return await self._trail.read(
            lambda store: [OverdueMelding(**row) for row in store.execute(query).mappings()]
        )

    async def follow(self) -> None:
        """Hears what became overdue, and which melding came after all; an alarm as long as one is missing.

        Raises PartnerUnreachable, a document problem, TrailUnavailable.
        """
        try:
            await self._hear()
            for one in await self.find():
                await self._look_again(one)
        finally:
            still = len(await self.find())
            _live.set(still)
            if still:
                log(Event.MELDINGEN_OVERDUE, count=still)

    async def _hear(self) -> None:
        last = select(func.max(overdue_meldingen.c.position))
        known = await self._trail.read(lambda store: store.execute(last).scalar())
        since = 0 if known is None else known + 1
        response = await self._broker.call("GET", "/v1/overdue-meldingen", query=f"?since={since}")
        try:
            told = _Told.model_validate_json(response.body)
        except ValidationError:
            raise DocumentMalformed from None
        for position, facts in self._opening.proven(told.receipt):
            one = _melding(position, facts)
            if position >= since:
                entry = Entry(Kind.MELDING_OVERDUE, {**_facts(one), "due_at": facts["due_at"]})
                await self._record(entry, one)

    async def _look_again(self, one: OverdueMelding) -> None:
        with suppress(NotFound):  # the broker has forgotten the case, or another chairs it: not ours to end
            response = await self._broker.call("GET", f"/v1/cases/{one.case_ref}")
            case = self._opening.case(one.case_ref, response.body)
            if case.facts["melding"] == "registered":
                entry = Entry(Kind.MELDING_ARRIVED, {**_facts(one), "statement": case.statement})
                await self._record(entry, replace(one, live=False))

    async def _record(self, entry: Entry, one: OverdueMelding) -> None:
        await self._trail.append([entry], lambda store, _: _save(store, one))


def _facts(one: OverdueMelding) -> dict[str, str]:
    return {"case_ref": one.case_ref, "region": one.region, "brought_by": one.brought_by}


def _save(store: Connection, one: OverdueMelding) -> None:
    store.execute(delete(overdue_meldingen).where(overdue_meldingen.c.case_ref == one.case_ref))
    store.execute(insert(overdue_meldingen), vars(one))


def _melding(position: int, facts: Mapping[str, Any]) -> OverdueMelding:
    """Raises DocumentMalformed for an entry that says something else."""
    try:
        if facts["kind"] != Kind.MELDING_OVERDUE:
            raise DocumentMalformed
        due_at = int(datetime.fromisoformat(facts["due_at"]).timestamp())
        return OverdueMelding(facts["case_ref"], facts["region"], facts["brought_by"], due_at, position)
    except (KeyError, TypeError, ValueError):
        raise DocumentMalformed from None


class _Told(BaseModel):
    """What the broker says. A response may have more fields."""

    model_config = ConfigDict(strict=True)

    receipt: str
