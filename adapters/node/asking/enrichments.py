"""What a requester asked and how far it has come: one row per enrichment, with its inquiries inside. No
identity and no answer in the clear.

draft ──► sent ──► (per question) answered | waits_for_person | refused | refused_by_holder
                                  failed   the holder's reply did not hold, and was not opened
          sent ──► failed   the broker refused the documents, or could not decide or record; nothing was asked
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    RowMapping,
    String,
    Table,
    bindparam,
    delete,
    select,
    update,
)

from adapters.node.tables import metadata
from audit.database import Prepared

enrichments = Table(
    "enrichments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("case_ref", String(36), nullable=False, index=True),
    Column("region", String(64), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("urgency_declared_by", String(64)),
    Column("inquiries", JSON, nullable=False),
    Column("unreached", JSON, nullable=False),
    Column("next_at", Integer, index=True),
    Column("attempts", Integer, nullable=False),
)

own_cases = Table(
    "own_cases",
    metadata,
    Column("case_ref", String(36), primary_key=True),
    Column("position", Integer, nullable=False),  # of the statement's entry in the broker's trail
    Column("statement", String(64), nullable=False),
    Column("facts", JSON, nullable=False),  # as in the statement; codes only
    Column("assigned", JSON, nullable=False),  # user references
    Column("accepted", Boolean, nullable=False),  # in a Zorg- en Veiligheidshuis (C22)
)

subjects = Table(
    "subjects",
    metadata,
    Column("case_ref", String(36), primary_key=True),
    Column(
        "fingerprint", String(64), primary_key=True
    ),  # keyed, per case: it recognises nobody in another case
    Column("subject_ref", String(36), nullable=False, unique=True),
)

# statements are built once: building one costs more than running it
_ONE = select(enrichments).where(enrichments.c.id == bindparam("id"))
_DUE = (
    select(enrichments)
    .where(enrichments.c.next_at <= bindparam("now"))
    .order_by(enrichments.c.next_at)
    .limit(bindparam("most"))
)
_INSERT = Prepared(enrichments.insert(), *enrichments.columns)
_CHANGED = bindparam("changed", type_=enrichments.c.id.type)
_CHANGE = Prepared(update(enrichments).where(enrichments.c.id == _CHANGED), _CHANGED, *enrichments.columns)
_CASE = select(own_cases).where(own_cases.c.case_ref == bindparam("case_ref"))
_SUBJECTS = select(subjects).where(subjects.c.case_ref == bindparam("case_ref"))

OPEN = frozenset({"sent", "waits_for_person", "late"})
"""What may still change; an answer that is late may still come."""


@dataclass(frozen=True)
class Item:
    """One question. `decision` are the facts of its permit or refusal in the broker's trail; `answer_at`, the
    position of the entry in our own trail whose sealed part holds the answer; `rectified`: its holder took it
    back."""

    index: int
    subject_ref: str
    subject_role: str
    question: str
    state: str = "sent"
    ground: str | None = None
    decision: dict[str, Any] | None = None
    position: int | None = None
    answer_at: int | None = None
    rectified: bool = False

    def state_at(self, now_s: float) -> str:
        """What is not there after its time is late (as the broker says it)."""
        due_at = (self.decision or {}).get("due_at")
        return "late" if due_at is not None and now_s >= due_at and self.state in OPEN else self.state


@dataclass(frozen=True)
class Sent:
    """One inquiry. `token` and `identities` stay only until the broker has taken it; `state`: draft, sent,
    failed.
    """

    jti: str
    digest: str
    holder: str
    items: tuple[Item, ...]
    token: str | None
    identities: dict[str, str] | None
    state: str = "draft"
    problem: str | None = None
    version: int = 0
    receipt: str | None = None

    @property
    def open(self) -> bool:
        return self.state == "draft" or (
            self.state == "sent" and any(item.state in OPEN for item in self.items)
        )

    def taken_back(self, before: "Sent") -> "Sent":
        """With what was taken back in it, or had been before."""
        known = {item.index for item in before.items if item.rectified}
        return replace(
            self,
            items=tuple(
                replace(item, rectified=item.rectified or item.index in known) for item in self.items
            ),
        )

    def failed(self, problem: str) -> "Sent":
        return replace(self, state="failed", problem=problem, token=None, identities=None)


@dataclass(frozen=True)
class Unreached:
    """A question that went nowhere: no party of this kind takes part in the region of the case."""

    partner: str
    subject_ref: str
    subject_role: str
    question: str


@dataclass(frozen=True)
class Enrichment:
    id: str
    case_ref: str
    region: str
    purpose: str
    created_at: int
    created_by: str
    inquiries: tuple[Sent, ...]
    unreached: tuple[Unreached, ...] = ()
    next_at: int | None = None
    attempts: int = 0
    urgency_declared_by: str | None = None

    def failed(self, problem: str) -> "Enrichment":
        """What was not sent yet never will be. What the broker took in the meantime stays as it is."""
        inquiries = tuple(one.failed(problem) if one.state == "draft" else one for one in self.inquiries)
        waiting = any(one.open for one in inquiries)
        return replace(self, inquiries=inquiries, next_at=self.next_at if waiting else None)

    def versions(self) -> dict[str, tuple[int, str]]:
        """How far each inquiry is known, by id."""
        return {one.jti: (one.version, one.state) for one in self.inquiries}

    def updated(self, changed: Mapping[str, Sent]) -> "Enrichment":
        """With these inquiries as they are now; it is followed as long as one of all is open. What was taken
        back stays so, whatever was read before.
        """
        inquiries = tuple(
            changed[one.jti].taken_back(one) if one.jti in changed else one for one in self.inquiries
        )
        waiting = any(one.open for one in inquiries)
        return replace(self, inquiries=inquiries, next_at=self.next_at if waiting else None)


@dataclass(frozen=True)
class OwnCase:
    case_ref: str
    position: int
    statement: str
    facts: dict[str, Any]
    assigned: tuple[str, ...]
    accepted: bool = False

    def merged(self, other: "OwnCase") -> "OwnCase":
        """The newest statement of the two, and everybody who is assigned in either; accepted stays so."""
        newest = max(self, other, key=lambda case: case.position)
        assigned = tuple(sorted({*self.assigned, *other.assigned}))
        return replace(newest, assigned=assigned, accepted=self.accepted or other.accepted)


class EnrichmentRaced(Exception):
    """Something newer of these inquiries was recorded since they were read: read them again."""


def insert(store: Connection, enrichment: Enrichment) -> None:
    _INSERT(store, [_row(enrichment)])


def load(store: Connection, enrichment_id: str) -> Enrichment | None:
    row = store.execute(_ONE, {"id": enrichment_id}).mappings().first()
    return None if row is None else _enrichment(row)


def load_of_case(store: Connection, case_ref: str) -> list[Enrichment]:
    query = select(enrichments).where(enrichments.c.case_ref == case_ref)
    return [_enrichment(row) for row in store.execute(query).mappings()]


def load_due(store: Connection, now: datetime, most: int) -> list[Enrichment]:
    rows = store.execute(_DUE, {"now": int(now.timestamp()), "most": most}).mappings()
    return [_enrichment(row) for row in rows]


def change(store: Connection, enrichment_id: str, to: Callable[[Enrichment], Enrichment]) -> Enrichment:
    """Reads, changes and writes one enrichment within the caller's transaction. Raises KeyError."""
    before = load(store, enrichment_id)
    if before is None:
        raise KeyError(enrichment_id)
    after = to(before)
    _CHANGE(store, [{"changed": enrichment_id, **_row(after)}])
    return after


def load_case(store: Connection, case_ref: str) -> OwnCase | None:
    row = store.execute(_CASE, {"case_ref": case_ref}).mappings().first()
    return None if row is None else OwnCase(**{**row, "assigned": tuple(row["assigned"])})


def save_case(store: Connection, case: OwnCase, *, alone: bool = False) -> OwnCase:
    """Adds this to what is known of the case, within the caller's transaction; the case as it is now.
    `alone`: whoever was assigned before is no more.
    """
    before = load_case(store, case.case_ref)
    after = case if before is None else before.merged(case)
    if alone:
        after = replace(after, assigned=case.assigned)
    store.execute(delete(own_cases).where(own_cases.c.case_ref == case.case_ref))
    store.execute(own_cases.insert(), {**vars(after), "assigned": list(after.assigned)})
    return after


def load_subjects(store: Connection, case_ref: str) -> dict[str, str]:
    """Subject references of a case by fingerprint."""
    rows = store.execute(_SUBJECTS, {"case_ref": case_ref})
    return {row.fingerprint: row.subject_ref for row in rows}


def save_subjects(store: Connection, case_ref: str, by_fingerprint: Mapping[str, str]) -> None:
    rows = [
        {"case_ref": case_ref, "fingerprint": fingerprint, "subject_ref": subject_ref}
        for fingerprint, subject_ref in by_fingerprint.items()
    ]
    if rows:
        store.execute(subjects.insert(), rows)


def _row(enrichment: Enrichment) -> dict[str, Any]:
    inquiries = [{**vars(one), "items": [vars(item) for item in one.items]} for one in enrichment.inquiries]
    return {
        **vars(enrichment),
        "inquiries": inquiries,
        "unreached": [vars(one) for one in enrichment.unreached],
    }


def _enrichment(row: RowMapping) -> Enrichment:
    inquiries = tuple(
        Sent(**{**one, "items": tuple(Item(**item) for item in one["items"])}) for one in row["inquiries"]
    )
    unreached = tuple(Unreached(**one) for one in row["unreached"])
    return Enrichment(**{**row, "inquiries": inquiries, "unreached": unreached})
