"""The cases that the broker knows: for each, the facts of its newest statement. Codes only; a reference is
random per case.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    literal_column,
    select,
    update,
)

from audit.database import Prepared
from contract.directory import Party
from contract.documents import CaseFacts, CaseStatement
from contract.problems import CaseNotYours, NotAttested
from gateway.tables import metadata

cases = Table(
    "cases",
    metadata,
    Column("case_ref", String(36), primary_key=True),
    Column("statement", String(64), nullable=False),  # digest of the newest statement
    Column("brought_by", String(32), nullable=False),
    Column("region", String(64), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("meeting_on", Date),
    Column("melding_due_at", Integer),  # seconds; from the first time that it was stated to be due
    Column(
        "version", Integer, nullable=False
    ),  # counts statements and accepted inquiries: fences decisions against each other
    Column("position", Integer, nullable=False),  # of the entry of the newest statement
    Column("accepted", Integer),  # the position of the entry of its acceptance
    Column("overdue", Integer),  # the position of the entry that its melding did not come; none: no alarm
)

# statements are built once: building one costs more than running it
_SOME = select(cases).where(cases.c.case_ref.in_(bindparam("case_refs", expanding=True)))
_REF = bindparam("ref", type_=cases.c.case_ref.type)
_BEFORE = bindparam("before", type_=cases.c.version.type)
_ADVANCE = Prepared(
    update(cases)
    .where(cases.c.case_ref == _REF, cases.c.version == _BEFORE)
    .values(version=cases.c.version + literal_column("1")),
    _REF,
    _BEFORE,
)

_FACTS = ("kind", "stage", "melding", "criteria", "unsafety")


@dataclass(frozen=True)
class Case:
    case_ref: str
    statement: str
    brought_by: str
    region: str
    facts: dict[str, str]
    meeting_on: date | None
    melding_due_at: int | None
    version: int
    position: int | None = None
    """Of the entry of its newest statement; None until that is recorded."""
    accepted: int | None = None
    """Where it was accepted stands at this position of the trail (C22); None: nobody accepted it."""
    overdue: int | None = None
    """That its melding did not come in time stands at this position, until one is registered (D03)."""

    def facts_for(self, *, now: datetime, regime: Literal["bilateral", "zvh"], own_region: bool) -> CaseFacts:
        """What policy sees. A melding that is due becomes overdue by the broker's clock alone (C1b)."""
        overdue = self.melding_due_at is not None and now.timestamp() >= self.melding_due_at
        melding = "overdue" if overdue and self.facts["melding"] == "due" else self.facts["melding"]
        return CaseFacts.model_validate(
            {
                **self.facts,
                "melding": melding,
                "regime": regime,
                "region": self.region,
                "own_region": own_region,
                "accepted": self.accepted is not None,
            }
        )


def verify_attested(said: CaseStatement, *, asking: Collection[str], urgent: Collection[str]) -> None:
    """That who vouched for these facts may: with a mandate, and in one of the roles in which somebody of this
    kind of partner asks; in one that may only in acute danger (`urgent`), while the unsafety is acute.

    Raises NotAttested.
    """
    roles = {said.attested.melding, said.attested.criteria, said.attested.unsafety}
    may = {*asking, *(urgent if said.unsafety == "acute" else ())}
    if not said.attested.mandated or not roles <= may:
        raise NotAttested


def another_chairs(by: Party, kept_by: Party, *, chairs: bool, now: datetime) -> bool:
    """Whether a party of the same kind as this one chairs the case, so that this one does not. `chairs`:
    whether parties of that kind do; one that left chairs nothing.
    """
    same = kept_by.partner == by.partner and kept_by.code != by.code
    return chairs and same and kept_by.takes_part(now)


def stated(
    said: CaseStatement,
    digest: str,
    by: Party,
    before: Case | None,
    kept_by: Party | None,
    *,
    chairs: bool,
    now: datetime,
    due: timedelta,
) -> Case:
    """The case after this statement; `kept_by`: who stated it last; `chairs`: whether `by` is of the kind of
    partner that does (Veilig Thuis).

    Each party may replace its own, and that of one that left. A Veilig Thuis may state a new case and take
    over one that another kind of partner brought, never one of another Veilig Thuis. Any other partner may
    only bring one that is anonymous, or whose melding is due or missing. Raises CaseNotYours.
    """
    own = kept_by is None or kept_by.code == by.code or not kept_by.takes_part(now)
    if chairs:
        if kept_by is not None and another_chairs(by, kept_by, chairs=chairs, now=now):
            raise CaseNotYours
    elif not own or said.melding == "registered":
        raise CaseNotYours
    if before is not None and (before.region != said.region or before.facts["kind"] != said.kind):
        raise CaseNotYours  # another region or a named case needs a reference of its own (D04)
    # the clock starts once: stating something else in between does not give more time (C1b)
    due_at = before.melding_due_at if before is not None else None
    if said.melding == "due" and due_at is None:
        due_at = int((now + due).timestamp())
    return Case(
        case_ref=said.case_ref,
        statement=digest,
        brought_by=by.code,
        region=said.region,
        facts={name: getattr(said, name) for name in _FACTS},
        meeting_on=said.meeting_on,
        melding_due_at=due_at,
        version=0 if before is None else before.version + 1,
        accepted=None if before is None else before.accepted,
        overdue=None if before is None or said.melding == "registered" else before.overdue,
    )


def load(connection: Connection, case_refs: Sequence[str]) -> dict[str, Case]:
    rows = connection.execute(_SOME, {"case_refs": list(case_refs)}).mappings()
    return {row["case_ref"]: Case(**row) for row in rows}


def found(connection: Connection, query: Select[Any]) -> list[Case]:
    """The cases of a query on `cases`, in its order."""
    return [Case(**row) for row in connection.execute(query).mappings()]


class CaseRaced(Exception):
    """Somebody else changed the case since it was read: read it again."""


def save(connection: Connection, case: Case, before: Case | None) -> None:
    """Raises CaseRaced."""
    values = vars(case)
    if before is None:
        if (
            connection.execute(select(cases.c.case_ref).where(cases.c.case_ref == case.case_ref)).first()
            is not None
        ):
            raise CaseRaced
        connection.execute(cases.insert(), values)
        return
    done = connection.execute(
        update(cases)
        .where(cases.c.case_ref == case.case_ref, cases.c.version == before.version)
        .values(**values)
    )
    if done.rowcount != 1:
        raise CaseRaced


def advance(connection: Connection, case: Case) -> None:
    """Notes that decisions were recorded on this version of the case, so that no two rest on the same.
    Raises CaseRaced.
    """
    if _ADVANCE(connection, [{"ref": case.case_ref, "before": case.version}]) != 1:
        raise CaseRaced
