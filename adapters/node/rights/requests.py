"""Requests of persons about their own data, with the term in which this partner must answer (docs/law.md).

    open ──► extended ──► granted, partly_granted, refused, forwarded
      └───────────────────►

Who asked and what they said stands in the sealed part of the entry. A request is kept, held and destroyed as
a case is, under a reference of its own.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from prometheus_client import Gauge
from sqlalchemy import Boolean, Column, Connection, Date, Integer, String, Table, func, insert, select, update

from adapters.node.tables import metadata
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.days import day_of
from contract.problems import NotAllowed, NotFound, PreconditionFailed, RequestInvalid, invalid_param
from contract.signatory import Signatory
from contract.working_days import working_day_from
from party.bearer import FG, PRIVACY_OFFICER, Colleague
from party.events import Event, log
from policies.catalogue import Catalogue, RequestedRight, Term

RequestOutcome = Literal["granted", "partly_granted", "refused", "forwarded"]

requests = Table(
    "requests",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("asked", String(16), nullable=False),
    Column("received_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("extended", Boolean, nullable=False),
    Column("outcome", String(16)),
    Column("version", Integer, nullable=False),
)

_overdue = Gauge("grondslag_requests_overdue", "Requests of persons whose term is over.")


@dataclass(frozen=True)
class Request:
    id: str
    asked: RequestedRight
    received_on: date
    due_on: date
    extended: bool = False
    outcome: str | None = None
    version: int = 0

    def overdue(self, today: date) -> bool:
        return self.outcome is None and today > self.due_on


class Requests:
    def __init__(self, signatory: Signatory, trail: Trail, *, catalogue: Callable[[], Catalogue]) -> None:
        """`catalogue`: of the release that is in force, which has the terms."""
        self._signatory = signatory
        self._trail = trail
        self._catalogue = catalogue

    async def receive(
        self, asked: RequestedRight, received_on: date, who: Mapping[str, Any], person: Colleague
    ) -> Request:
        """Logs a request: `who` asked and in which words, sealed. Raises NotAllowed, RequestInvalid,
        TrailUnavailable.
        """
        _verify_may(person)
        if received_on > self.today():
            raise RequestInvalid(invalid_params=[invalid_param(("receivedOn",), "in_the_future")])
        term = self._term(asked)
        one = Request(str(uuid.uuid4()), asked, received_on, working_day_from(term.due(received_on)))
        facts = {
            "case_ref": one.id,  # kept, held and destroyed as a case is
            "asked": asked,
            "received_on": received_on.isoformat(),
            "due_on": one.due_on.isoformat(),
            "basis": term.basis,
            "user": person.user,
        }
        entry = Entry(Kind.REQUEST, facts, subject_ref=one.id, sealed=dict(who))
        await self._trail.append([entry], lambda store, _: store.execute(insert(requests), vars(one)))
        return one

    async def find(self, *, live: bool, person: Colleague) -> Sequence[Request]:
        """Soonest due first. Raises NotAllowed, TrailUnavailable."""
        _verify_may(person)
        query = select(requests).order_by(requests.c.due_on, requests.c.id)
        if live:
            query = query.where(requests.c.outcome.is_(None))
        return await self._trail.scan(
            lambda store: [Request(**row) for row in store.execute(query).mappings()]
        )

    async def extend(self, request_id: str, version: int, why: str, person: Colleague) -> Request:
        """Extends the term, once. Raises NotAllowed, NotFound, PreconditionFailed, RequestInvalid when it
        cannot be, TrailUnavailable.
        """

        def extended(one: Request) -> Request:
            term = self._term(one.asked)
            over = one.overdue(self.today())  # what is too late stays too late
            later = working_day_from(term.extended(one.received_on))
            if over or one.extended or later == one.due_on:
                raise RequestInvalid(invalid_params=[invalid_param(("step",), "not_extendable")])
            return replace(one, extended=True, due_on=later)

        return await self._step(request_id, version, extended, ("extension", why), person)

    async def close(
        self, request_id: str, version: int, outcome: RequestOutcome, why: str, person: Colleague
    ) -> Request:
        """Says how it was answered. Raises NotAllowed, NotFound, PreconditionFailed, TrailUnavailable."""

        def closed(one: Request) -> Request:
            return replace(one, outcome=outcome)

        return await self._step(request_id, version, closed, (outcome, why), person)

    async def verify_access(self, request_id: str) -> None:
        """Raises NotFound, RequestInvalid when this is no open request for access, TrailUnavailable."""
        one = await self._trail.read(lambda store: _load(store, request_id))
        if one is None:
            raise NotFound
        if one.asked != "access" or one.outcome is not None:
            raise RequestInvalid(invalid_params=[invalid_param(("requestId",), "no_open_request_for_access")])

    async def look(self) -> None:
        """Counts what is overdue, and says so. Raises TrailUnavailable."""
        query = select(func.count()).where(requests.c.outcome.is_(None), requests.c.due_on < self.today())
        late = await self._trail.read(lambda store: store.execute(query).scalar()) or 0
        _overdue.set(late)
        if late:
            log(Event.REQUESTS_OVERDUE, count=late)

    async def _step(
        self,
        request_id: str,
        version: int,
        to: Callable[[Request], Request],
        said: tuple[str, str],
        person: Colleague,
    ) -> Request:
        """`said`: the step, and why."""
        _verify_may(person)
        before = await self._trail.read(lambda store: _load(store, request_id))
        if before is None:
            raise NotFound
        if before.version != version or before.outcome is not None:
            raise PreconditionFailed
        after = replace(to(before), version=version + 1)
        told = {
            "case_ref": request_id,
            "step": said[0],
            "due_on": after.due_on.isoformat(),
            "user": person.user,
        }
        entry = Entry(Kind.REQUEST_STEP, told, subject_ref=request_id, sealed={"why": said[1]})

        def save(store: Connection, _: object) -> None:
            here = (requests.c.id == request_id) & (requests.c.version == version)
            if store.execute(update(requests).where(here).values(**vars(after))).rowcount != 1:
                raise PreconditionFailed  # a colleague was first

        await self._trail.append([entry], save)
        return after

    def _term(self, asked: RequestedRight) -> Term:
        return self._catalogue().partners[str(self._signatory.party.partner)].term(asked)

    def today(self) -> date:
        return day_of(self._signatory.now())


def _verify_may(person: Colleague) -> None:
    if not person.mandated or not person.roles & {FG, PRIVACY_OFFICER}:
        raise NotAllowed


def _load(store: Connection, request_id: str) -> Request | None:
    row = store.execute(select(requests).where(requests.c.id == request_id)).mappings().first()
    return None if row is None else Request(**row)
