"""What was asked in acute danger is looked at afterwards: was the danger there (docs/law.md, C9, D05)?

- A review opens in the transaction in which the inquiry is recorded, at the requester's and at the holder's
  node, each for itself, under the rule's obligation `review_urgent_use`.
- It is due after so many working days. Nobody reviews what they asked, declared or let go themselves.
- What is late is an entry, once, and an alarm for the data protection officer until somebody has reviewed it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from prometheus_client import Gauge
from sqlalchemy import JSON, Boolean, Column, Connection, Integer, String, Table, insert, select, update

from adapters.node.tables import metadata
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.problems import NotAllowed, NotFound, PreconditionFailed
from contract.signing import moment
from contract.working_days import working_days_after
from party.bearer import FG, MANAGER, PRIVACY_OFFICER, Colleague
from party.events import Event, log

OBLIGATION = "review_urgent_use"

ReviewOutcome = Literal["justified", "not_justified"]

urgent_reviews = Table(
    "urgent_reviews",
    metadata,
    Column("inquiry", String(36), primary_key=True),
    Column("case_ref", String(36), nullable=False, index=True),
    Column("side", String(8), nullable=False),
    Column("other", String(32), nullable=False),
    Column("acted", JSON, nullable=False),
    Column("opened_at", Integer, nullable=False),
    Column("due_at", Integer, nullable=False),
    Column("outcome", String(16)),
    Column("alarmed", Boolean, nullable=False),
)

_late = Gauge("grondslag_urgent_reviews_late", "Uses of urgency that nobody reviewed in time.")
_OWNERS = frozenset({MANAGER, PRIVACY_OFFICER})


@dataclass(frozen=True)
class UrgentReview:
    """`side`: whether this node `asked` or `answered`; `other`: the party on the other side; `acted`: user
    references of who asked, declared the danger, or let an answer go here. Times in seconds.
    """

    inquiry: str
    case_ref: str
    side: Literal["asked", "answered"]
    other: str
    acted: tuple[str, ...]
    opened_at: int
    due_at: int
    outcome: str | None = None
    alarmed: bool = False

    def entry(self) -> Entry:
        facts = {"inquiry": self.inquiry, "case_ref": self.case_ref, "side": self.side}
        return Entry(Kind.URGENT_REVIEW, {**facts, "due_at": moment(self.due_at).isoformat()})

    def late(self, now: datetime) -> bool:
        return self.outcome is None and self.due_at < now.timestamp()


def opened(
    inquiry: str,
    case_ref: str,
    side: Literal["asked", "answered"],
    other: str,
    acted: Collection[str],
    *,
    now: datetime,
    working_days: int,
) -> UrgentReview:
    due = working_days_after(now, working_days)
    times = int(now.timestamp()), int(due.timestamp())
    return UrgentReview(inquiry, case_ref, side, other, tuple(acted), *times)


def save(store: Connection, reviews: Sequence[UrgentReview]) -> None:
    """In the transaction that records the inquiries."""
    if reviews:
        store.execute(insert(urgent_reviews), [_row(one) for one in reviews])


def note_actor(store: Connection, inquiry: str, user: str) -> None:
    """This person let an answer to it go; nothing where there is no review."""
    before = _load(store, inquiry)
    if before is not None and user not in before.acted:
        _update(store, replace(before, acted=(*before.acted, user)))


class UrgentReviews:
    def __init__(self, trail: Trail, now: Callable[[], datetime]) -> None:
        self._trail = trail
        self._now = now

    async def find(self, *, live: bool, person: Colleague) -> Sequence[UrgentReview]:
        """Soonest due first. Raises NotAllowed, TrailUnavailable."""
        _verify_may(person, _OWNERS | {FG})
        query = select(urgent_reviews).order_by(urgent_reviews.c.due_at, urgent_reviews.c.inquiry)
        if live:
            query = query.where(urgent_reviews.c.outcome.is_(None))
        return await self._trail.scan(lambda store: [_review(row) for row in store.execute(query).mappings()])

    async def close(self, inquiry: str, outcome: ReviewOutcome, why: str, person: Colleague) -> UrgentReview:
        """Says whether urgency was in its place, and why, sealed. Raises NotAllowed, also of who had a
        part in it; NotFound; PreconditionFailed when it was reviewed before; TrailUnavailable.
        """
        _verify_may(person, _OWNERS)
        facts = {"inquiry": inquiry, "outcome": outcome, "user": person.user}

        def reviewed(store: Connection, _: object) -> UrgentReview:
            before = _load(store, inquiry)
            if before is None:
                raise NotFound
            if before.outcome is not None:
                raise PreconditionFailed
            if person.user in before.acted:
                raise NotAllowed
            after = replace(before, outcome=outcome)
            _update(store, after)
            return after

        before = await self._trail.read(lambda store: _load(store, inquiry))
        case = {} if before is None else {"case_ref": before.case_ref}
        entry = Entry(Kind.URGENT_REVIEWED, {**facts, **case}, subject_ref=inquiry, sealed={"why": why})
        return (await self._trail.append([entry], reviewed)).result

    async def look(self) -> None:
        """Says what is late: an entry for each, once, and an alarm as long as it is. Raises
        TrailUnavailable.
        """
        now = self._now()
        table = urgent_reviews.c
        query = select(urgent_reviews).where(table.outcome.is_(None), table.due_at < int(now.timestamp()))
        late = await self._trail.read(lambda store: [_review(row) for row in store.execute(query).mappings()])
        fresh = [one for one in late if not one.alarmed]
        if fresh:
            entries = [
                Entry(Kind.URGENT_REVIEW_LATE, {"inquiry": one.inquiry, "case_ref": one.case_ref})
                for one in fresh
            ]
            said = update(urgent_reviews).where(table.inquiry.in_([one.inquiry for one in fresh]))
            await self._trail.append(entries, lambda store, _: store.execute(said.values(alarmed=True)))
        _late.set(len(late))
        if late:
            log(Event.URGENT_REVIEWS_LATE, count=len(late))


def _verify_may(person: Colleague, roles: Collection[str]) -> None:
    if not person.mandated or person.roles.isdisjoint(roles):
        raise NotAllowed


def _load(store: Connection, inquiry: str) -> UrgentReview | None:
    found = select(urgent_reviews).where(urgent_reviews.c.inquiry == inquiry)
    row = store.execute(found).mappings().first()
    return None if row is None else _review(row)


def _update(store: Connection, one: UrgentReview) -> None:
    here = urgent_reviews.c.inquiry == one.inquiry
    store.execute(update(urgent_reviews).where(here).values(**_row(one)))


def _row(one: UrgentReview) -> dict[str, Any]:
    return {**vars(one), "acted": list(one.acted)}


def _review(row: Any) -> UrgentReview:
    return UrgentReview(**{**row, "acted": tuple(row["acted"])})
