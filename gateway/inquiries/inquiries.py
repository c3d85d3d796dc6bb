"""Each inquiry that the broker accepted, and how far it has come. One row per inquiry; its questions and
replies stand inside the row.

    sent ──► answered | waits_for_person | refused_by_holder
    waits_for_person ──► answered | refused_by_holder
    refused: by the hand-out, final; whatever is not final after its time reads as late
    sent ──► undelivered: the holder was not reached within its time

A sealed reply stays until it has been delivered, at most a day (K0, `no_answer_at_broker`); locked identities
stay until delivered, or until the last deadline, which may be days.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    or_,
    select,
    update,
)

from audit.database import Prepared
from contract.documents import (
    AskedQuestion,
    CaseFacts,
    Inquiry,
    PermittedQuestion,
    Repetition,
    Reply,
)
from contract.signatory import Received
from gateway.tables import metadata
from party.backoff import pause_s
from policies import Parameters

inquiries = Table(
    "inquiries",
    metadata,
    Column("jti", String(36), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("case_ref", String(36), nullable=False, index=True),
    Column("requester", String(32), nullable=False),
    Column("holder", String(32), nullable=False),
    Column("accepted_at", Integer, nullable=False),
    Column("revision", String(71), nullable=False),
    Column("case_facts", JSON, nullable=False),
    Column("questions", JSON, nullable=False),
    Column("positions", JSON, nullable=False),
    Column("token", Text),
    Column("identities", JSON),
    Column("permits", JSON, nullable=False),
    Column("replies", JSON, nullable=False),
    Column("next_at", Integer),
    Column("attempts", Integer, nullable=False),
    Column("tried_until", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
Index("inquiries_due", inquiries.c.next_at)

_CHANGING = (
    "questions",
    "positions",
    "token",
    "identities",
    "permits",
    "replies",
    "next_at",
    "attempts",
    "version",
)

# statements are built once: building one costs more than running it
_THESE = inquiries.c.jti.in_(bindparam("jtis", expanding=True))
_SOME = select(inquiries).where(_THESE)
_KNOWN = select(inquiries).where(or_(inquiries.c.case_ref.in_(bindparam("refs", expanding=True)), _THESE))
_DUE = (
    select(inquiries)
    .where(inquiries.c.next_at <= bindparam("now"))
    .order_by(inquiries.c.next_at)
    .limit(bindparam("most"))
)
_INSERT = Prepared(inquiries.insert(), *inquiries.columns)
_OLD = bindparam("_jti", type_=inquiries.c.jti.type)
_CHANGE = Prepared(
    update(inquiries).where(inquiries.c.jti == _OLD), _OLD, *(inquiries.c[name] for name in _CHANGING)
)

FINAL = frozenset({"refused", "answered", "refused_by_holder", "undelivered"})

FIRST_RETRY_S = 5


@dataclass(frozen=True)
class Progress:
    """One question of an inquiry. `position` is that of its permit or refusal in the trail; `permitted` is
    None for a refusal. `rectified_at`: the position of the entry with which its holder took the answer back.
    """

    subject_ref: str
    role: str
    question: str
    purpose: str
    state: str
    position: int
    due_at: int | None
    ground: str | None = None
    permitted: dict[str, Any] | None = None
    rectified_at: int | None = None

    def state_at(self, now_s: float) -> str:
        """What is not there after its time is late; it may still come."""
        overdue = self.due_at is not None and now_s >= self.due_at
        return "late" if overdue and self.state not in FINAL else self.state


@dataclass(frozen=True)
class Accepted:
    """An inquiry in the broker's hands."""

    jti: str
    digest: str
    case_ref: str
    requester: str
    holder: str
    accepted_at: int
    revision: str  # of the hand-out that was decided on; a permit carries it, also after a newer one came
    case_facts: dict[str, Any]
    questions: tuple[Progress, ...]
    positions: tuple[int, ...]
    token: str | None
    identities: dict[str, str] | None
    tried_until: int
    permits: tuple[str, ...] = ()
    replies: tuple[
        dict[str, Any], ...
    ] = ()  # {"digest", "token", "at", "version"}; the token goes when it was delivered
    next_at: int | None = None
    attempts: int = 0
    version: int = 1

    @property
    def in_vain(self) -> bool:
        """Whether it can reach nobody: its holder does not take part."""
        return self.token is not None and self.tried_until <= self.accepted_at

    def permitted(self) -> tuple[PermittedQuestion, ...]:
        return tuple(
            PermittedQuestion.model_validate(
                {**question.permitted, "index": index, "position": question.position}, strict=False
            )
            for index, question in enumerate(self.questions)
            if question.permitted is not None
        )

    def facts(self) -> CaseFacts:
        return CaseFacts.model_validate(self.case_facts)

    def answered(self, reply: Received[Reply]) -> bool:
        """Whether this reply is about a question that is final already."""
        return any(self.questions[outcome.index].state in FINAL for outcome in reply.document.outcomes)

    def after(self, reply: Received[Reply], *, position: int, now: datetime, keep: timedelta) -> "Accepted":
        """The inquiry after a reply, which waits this long for its requester at most; what was final stays as
        it was.
        """
        questions = list(self.questions)
        for outcome in reply.document.outcomes:
            before = questions[outcome.index]
            if before.state in FINAL:
                continue
            questions[outcome.index] = replace(before, state=outcome.state, ground=outcome.ground)
        version = self.version + 1
        arrived = int(now.timestamp())
        kept = {"digest": reply.digest, "token": reply.token, "at": arrived, "version": version}
        permit = reply.document.permit
        return replace(
            self,
            questions=tuple(questions),
            positions=(*self.positions, position),
            permits=self.permits if permit in self.permits else (*self.permits, permit),
            replies=(*self.replies, kept),
            token=None,
            identities=None,
            next_at=arrived + int(keep.total_seconds()),
            version=version,
        )

    def seen(self, version: int) -> "Accepted":
        """The inquiry after its requester has seen this version: what it saw is delivered, and goes."""
        replies = tuple(
            {**reply, "token": None} if reply["version"] <= version else reply for reply in self.replies
        )
        waiting = self.token is not None or any(reply["token"] for reply in replies)
        return replace(self, replies=replies, next_at=self.next_at if waiting else None)

    def postponed(self, now: datetime) -> "Accepted":
        """The inquiry after its holder was not reached in a try, or after what was kept for its requester was
        kept long enough.
        """
        moment = int(now.timestamp())
        if self.token is None:
            return replace(self.seen(self.version), next_at=None)
        later = moment + 1 + int(pause_s(self.attempts))
        return replace(self, next_at=min(later, self.tried_until), attempts=self.attempts + 1)

    def given_up(self, *, position: int) -> "Accepted":
        """The inquiry after its holder was not reached in all its time; what was locked goes. `position` is
        that of the entry that says so.
        """
        return replace(
            self,
            questions=tuple(
                replace(one, state="undelivered") if one.state == "sent" else one for one in self.questions
            ),
            positions=(*self.positions, position),
            token=None,
            identities=None,
            next_at=None,
            version=self.version + 1,
        )


Together = Sequence[tuple[str, str]]
"""Subject reference and role of every question of one request in one case."""


@dataclass(frozen=True)
class Earlier:
    """What was asked before in a case."""

    times: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def repetition(
        self,
        question: AskedQuestion,
        holder: str,
        purpose: str,
        limits: Parameters,
        *,
        together: Together,
    ) -> Repetition:
        """Whether this holder was asked the same before. `together`: subject and role of all that is asked in
        this case at once: the budget is one.
        """
        times = self.times.get((holder, question.subject_ref, question.question, purpose), 0)
        known = dict.fromkeys([*self.roles, *(ref for ref, _ in together)])
        within = [*known][: limits.max_subjects_per_case]
        over = times > limits.max_repeats or question.subject_ref not in within
        return Repetition(asked_before=times > 0, over_budget=over)

    def re_roled(self, question: AskedQuestion, *, together: Together) -> bool:
        """Whether this reference has, or had, another role in the case: earlier, or in what is asked now
        (D07).
        """
        at_once = {role for ref, role in together if ref == question.subject_ref}
        return bool((self.roles.get(question.subject_ref, frozenset()) | at_once) - {question.role})


def earlier(known: Iterable[Accepted]) -> Earlier:
    """Only what was permitted counts as asked; a refusal reached nobody."""
    times: dict[tuple[str, str, str, str], int] = {}
    roles: dict[str, frozenset[str]] = {}
    for accepted in known:
        for question in accepted.questions:
            if question.permitted is not None:
                key = (accepted.holder, question.subject_ref, question.question, question.purpose)
                times[key] = times.get(key, 0) + 1
                roles[question.subject_ref] = roles.get(question.subject_ref, frozenset()) | {question.role}
    return Earlier(times, roles)


def load_known(connection: Connection, documents: Sequence[Inquiry]) -> list[Accepted]:
    """Everything that was accepted for the cases of these inquiries, or under their ids."""
    refs = {document.case_ref for document in documents}
    jtis = {document.jti for document in documents}
    rows = connection.execute(_KNOWN, {"refs": list(refs), "jtis": list(jtis)}).mappings()
    return [_accepted(row) for row in rows]


def load_one(connection: Connection, jti: str) -> Accepted | None:
    return next(iter(_load(connection, [jti])), None)


def load_due(connection: Connection, now: datetime, most: int) -> list[Accepted]:
    rows = connection.execute(_DUE, {"now": int(now.timestamp()), "most": most}).mappings()
    return [_accepted(row) for row in rows]


def insert(connection: Connection, accepted: Sequence[Accepted]) -> None:
    _INSERT(connection, [_row(one) for one in accepted])


def change(connection: Connection, jtis: Sequence[str], to: Callable[[Accepted], Accepted]) -> list[Accepted]:
    """Reads these inquiries, changes each and writes it, all within the caller's transaction; as they are
    now.
    """
    changed = [to(one) for one in _load(connection, jtis)]
    rows = [_row(one) for one in changed]
    if rows:
        _CHANGE(connection, [{**row, "_jti": row["jti"]} for row in rows])
    return changed


def _load(connection: Connection, jtis: Sequence[str]) -> list[Accepted]:
    return [_accepted(row) for row in connection.execute(_SOME, {"jtis": list(jtis)}).mappings()]


def _row(accepted: Accepted) -> dict[str, Any]:
    return {
        **vars(accepted),
        "questions": [vars(question) for question in accepted.questions],
        "positions": list(accepted.positions),
        "permits": list(accepted.permits),
        "replies": list(accepted.replies),
    }


def _accepted(row: RowMapping) -> Accepted:
    values = dict(row)
    return Accepted(
        **{
            **values,
            "questions": tuple(Progress(**question) for question in values["questions"]),
            "positions": tuple(values["positions"]),
            "permits": tuple(values["permits"]),
            "replies": tuple(values["replies"]),
        }
    )
