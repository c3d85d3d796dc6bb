"""What a holder has decided itself: which rules may be answered automatically, and whether it answers at all
now.

A standing decision is dated, made by a mandated official, and ends by itself (docs/law.md, C11).
Without one, an automatic rule waits for a person. A pause refuses what is new until it is lifted, and keeps
what was answered but has not left. Each change is an entry in the holder's own trail.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, Connection, bindparam, null, select, union_all
from sqlmodel import Field, Session, SQLModel, col

from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.problems import AnsweringPaused

LONGEST = timedelta(days=366)
"""A standing decision is looked at again within a year."""


class StandingDecision(SQLModel, table=True):
    """One rule that may be answered automatically, until when (seconds), decided by whom (a user reference,
    not a name).
    """

    __tablename__ = "standing_decisions"

    rule: str = Field(primary_key=True, max_length=8)
    decided_by: str = Field(max_length=64)
    decided_at: int
    valid_until: int


class Pause(SQLModel, table=True):
    """The switch: as long as this row is there, the holder answers nothing."""

    __tablename__ = "pauses"

    number: int = Field(default=1, primary_key=True)
    decided_by: str = Field(max_length=64)
    since: int


_HOLDING: CompoundSelect[Any] = union_all(
    select(col(StandingDecision.rule)).where(col(StandingDecision.valid_until) > bindparam("now")),
    select(null()).select_from(Pause),  # a pause reads as a row without a rule
)

_PAUSED = select(col(Pause.number))


@dataclass(frozen=True)
class Standing:
    """What holds at a moment."""

    automatic: frozenset[str]
    paused: bool


def load(store: Connection, now: datetime) -> Standing:
    """One small read in the caller's transaction."""
    rows = store.execute(_HOLDING, {"now": int(now.timestamp())}).scalars().all()
    return Standing(frozenset(rule for rule in rows if rule is not None), paused=None in rows)


def verify_answering(store: Connection) -> None:
    """Raises AnsweringPaused. Called in the transaction in which an answer would be let go."""
    if store.execute(_PAUSED).first() is not None:
        raise AnsweringPaused


async def decide(trail: Trail, rule: str, *, by: str, now: datetime, valid_until: datetime) -> None:
    """This rule may be answered automatically until then. Raises ValueError when that is past, or further
    than `LONGEST`.
    """
    if not now < valid_until <= now + LONGEST:
        raise ValueError("a standing decision ends within a year")
    row = StandingDecision(
        rule=rule, decided_by=by, decided_at=int(now.timestamp()), valid_until=int(valid_until.timestamp())
    )
    await _change(
        trail,
        Entry(Kind.STANDING_DECISION, {"rule": rule, "by": by, "valid_until": row.valid_until}),
        put=row,
    )


async def end(trail: Trail, rule: str, *, by: str) -> None:
    await _change(
        trail, Entry(Kind.STANDING_DECISION_ENDED, {"rule": rule, "by": by}), drop=(StandingDecision, rule)
    )


async def pause(trail: Trail, *, by: str, now: datetime) -> None:
    await _change(trail, Entry(Kind.PAUSE, {"by": by}), put=Pause(decided_by=by, since=int(now.timestamp())))


async def resume(trail: Trail, *, by: str) -> None:
    await _change(trail, Entry(Kind.RESUME, {"by": by}), drop=(Pause, 1))


async def _change(
    trail: Trail,
    entry: Entry,
    *,
    put: SQLModel | None = None,
    drop: tuple[type[SQLModel], object] | None = None,
) -> None:
    def change(store: Connection, _: object) -> None:
        with Session(store) as session:
            if put is not None:
                session.merge(put)
            if drop is not None and (row := session.get(*drop)) is not None:
                session.delete(row)
            session.flush()

    await trail.append([entry], change)
