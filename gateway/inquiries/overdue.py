"""A melding that was promised and did not come (C1b, D03): the case stands still, and chair and data
protection officer hear of it.

- That it is overdue is an entry, once, by the broker's clock. Stating something else does not end it; a
  melding that is registered does, whenever it comes.
- Who chairs in the region of the case hears of it, and who brought the case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from prometheus_client import Gauge
from sqlalchemy import Connection, and_, or_, select

from audit.entry import Entry, Recorded
from audit.kinds import Kind
from audit.trail import Trail
from contract.directory import Party
from contract.signatory import Signatory
from contract.signing import moment
from gateway.inquiries import cases
from gateway.inquiries.cases import Case, CaseRaced
from gateway.inquiries.receipts import receipt
from party.events import Event, log
from policies.catalogue import Catalogue

_MOST = 50
"""In one turn, or one response."""

_overdue = Gauge("grondslag_meldingen_overdue", "Cases whose melding did not come in time.")
_RAISED = cases.cases.c.overdue.is_not(None)


@dataclass(frozen=True)
class ShownOverdue:
    """Entries of meldingen that did not come, proven, and from which position there may be more."""

    receipt: str
    next_since: int


class OverdueAlarms:
    def __init__(self, signatory: Signatory, trail: Trail, *, catalogue: Callable[[], Catalogue]) -> None:
        self._signatory = signatory
        self._trail = trail
        self._catalogue = catalogue

    async def look(self) -> None:
        """Records what became overdue, and counts what is. Raises TrailUnavailable."""
        now_s = int(self._signatory.now().timestamp())
        columns = cases.cases.c
        late = (
            select(cases.cases)
            .where(
                columns.melding_due_at <= now_s,
                columns.overdue.is_(None),
                columns.facts["melding"].as_string() != "registered",
            )
            .order_by(columns.melding_due_at)
            .limit(_MOST)
        )
        for case in await self._trail.read(lambda store: cases.found(store, late)):
            await self._raise(case)
        raised = await self._trail.read(
            lambda store: len(store.execute(select(columns.case_ref).where(_RAISED)).all())
        )
        _overdue.set(raised)
        if raised:
            log(Event.MELDINGEN_OVERDUE, count=raised)

    async def told(self, caller: Party, *, since: int) -> ShownOverdue:
        """What became overdue at this position of the trail or later, and still is: of the cases that this
        party brought, or whose region it chairs. Raises TrailUnavailable.
        """
        columns, now = cases.cases.c, self._signatory.now()
        hears = columns.brought_by == caller.code
        if self._catalogue().has_duty(caller.partner, "chairs"):
            others = [
                one.code
                for one in self._signatory.directory.parties(now)
                if one.partner == caller.partner and one.code != caller.code
            ]
            chaired = and_(columns.region.in_(caller.regions), columns.brought_by.not_in(others))
            hears = or_(hears, chaired)
        query = (
            select(columns.overdue)
            .where(columns.overdue >= since, hears)
            .order_by(columns.overdue)
            .limit(_MOST)
        )
        positions = await self._trail.read(lambda store: list(store.execute(query).scalars()))
        return ShownOverdue(
            await receipt(self._signatory, self._trail, caller, positions),
            max([since, *(position + 1 for position in positions)]),
        )

    async def _raise(self, case: Case) -> None:
        facts = {
            "case_ref": case.case_ref,
            "region": case.region,
            "brought_by": case.brought_by,
            "due_at": moment(case.melding_due_at or 0).isoformat(),
        }

        def save(store: Connection, recorded: Sequence[Recorded]) -> None:
            after = replace(case, overdue=recorded[0].position, version=case.version + 1)
            cases.save(store, after, case)

        try:
            await self._trail.append([Entry(Kind.MELDING_OVERDUE, facts)], save)
        except CaseRaced:
            return  # it changed just now: looked at again in the next turn
