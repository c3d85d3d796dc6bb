"""Each inquiry that a holder took in, and how far its answers are. One row per inquiry; its questions and
later replies stand inside.

    answered        by the register, at once
    waits  ──► opened ──► released     a person looks, then lets an answer go
    waits  ──► declined                a person asks for more reason, before the register was opened
    waits, opened  ──► lapsed          nobody answered while an answer still counted: a person calls
    released, declined ◄──► failed     the broker does not take it: a person is to call the requester
    refused         paused, or another version of the hand-out

What is locked stays as long as a person has to look at it. An answer never stands here in the clear: in
`sealed` for the requester, and in the detachable part of an entry in the holder's own trail.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    Text,
    bindparam,
    or_,
    select,
    update,
)

from adapters.node.tables import metadata
from audit.database import Prepared
from contract.documents import ANSWERED_WITHIN, Outcome, PermittedQuestion
from contract.sealing import Sealed

inbox = Table(
    "inbox",
    metadata,
    Column("jti", String(36), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("case_ref", String(36), nullable=False, index=True),
    Column("requester", String(32), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("requester_role", String(32), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("accepted_at", Integer, nullable=False),
    Column("received_at", Integer, nullable=False),
    Column("permits", JSON, nullable=False),
    Column("questions", JSON, nullable=False),
    Column("outcomes", JSON, nullable=False),
    Column("sealed", JSON, nullable=False),
    Column("token", Text),
    Column("identities", JSON),
    Column("later", JSON, nullable=False),
    Column("listed", Boolean, nullable=False, index=True),
    Column("next_at", Integer, index=True),
    Column("attempts", Integer, nullable=False),
)


_PAGE = 100

# statements are built once: building one costs more than running it
_ONE = select(inbox).where(inbox.c.jti == bindparam("jti"))
_KNOWN = select(inbox).where(or_(inbox.c.jti == bindparam("jti"), inbox.c.case_ref == bindparam("case_ref")))
_OUTGOING = select(inbox).where(inbox.c.next_at <= bindparam("now")).limit(bindparam("most"))
_INSERT = Prepared(inbox.insert(), *inbox.columns)
_CHANGED = bindparam("changed", type_=inbox.c.jti.type)
_CHANGE = Prepared(update(inbox).where(inbox.c.jti == _CHANGED), _CHANGED, *inbox.columns)


@dataclass(frozen=True)
class Waiting:
    """One permitted question at the holder. `doubtful`: answered as not determinable, and a person has yet
    to look. `often`: the same was asked more often than a machine answers. `restricted`: it may be about own
    staff or somebody well-known; then `seen_by` are who opened it, `proposed_by` who would let an answer go,
    which stands in the own trail at `proposed_at`.
    """

    index: int
    subject_ref: str
    subject_role: str
    age_band: str
    permitted: dict[str, Any]
    question: str
    state: str
    doubtful: bool = False
    often: bool = False
    obligations: tuple[str, ...] = ()
    restricted: bool = False
    seen_by: tuple[str, ...] = ()
    proposed_by: str | None = None
    proposed_at: int | None = None

    @property
    def to_look_at(self) -> bool:
        return self.state in {"waits", "opened"} or self.doubtful

    @property
    def listed(self) -> bool:
        """Whether it stands on the desk's list: to look at, or to call about."""
        return self.to_look_at or self.state == "failed"

    def permit(self) -> PermittedQuestion:
        return PermittedQuestion.model_validate(self.permitted, strict=False)


@dataclass(frozen=True)
class Taken:
    """An inquiry in the holder's hands. `outcomes` and `sealed` are those of its first reply; `later` are
    replies that came after.
    """

    jti: str
    digest: str
    case_ref: str
    requester: str
    purpose: str
    requester_role: str
    urgency: str
    accepted_at: int  # by the broker: the time as of which the inquiry's signature and life are checked
    received_at: int
    permits: tuple[str, ...]
    questions: tuple[Waiting, ...]
    outcomes: tuple[dict[str, Any], ...]
    sealed: dict[str, str]
    token: str | None
    identities: dict[str, str] | None
    later: tuple[dict[str, Any], ...] = ()
    """Each: `outcomes`, `sealed`, if it is `delivered`, and which `problem` the broker has with it."""
    next_at: int | None = None
    attempts: int = 0

    @property
    def waiting(self) -> bool:
        return any(question.to_look_at for question in self.questions)

    def lapsed(self, now: datetime) -> bool:
        """Whether it was taken so long ago that no answer counts any more."""
        return now.timestamp() > self.accepted_at + ANSWERED_WITHIN.total_seconds()

    @property
    def due_at(self) -> int:
        """When the last of its questions is due; the broker sends no permit after that."""
        return max(int(question.permitted["due_at"]) for question in self.questions)

    def first(self) -> tuple[tuple[Outcome, ...], Sealed]:
        return tuple(Outcome.model_validate(outcome) for outcome in self.outcomes), Sealed(**self.sealed)

    def question(self, index: int) -> Waiting | None:
        return next((question for question in self.questions if question.index == index), None)

    def under(self, permit: str) -> "Taken":
        return replace(self, permits=(*self.permits, permit))

    def with_question(self, index: int, **changes: Any) -> "Taken":
        """The inquiry with this question changed; what is locked goes when nothing waits any more."""
        questions = tuple(
            replace(question, **changes) if question.index == index else question
            for question in self.questions
        )
        after = replace(self, questions=questions)
        return after if after.waiting else replace(after, token=None, identities=None)

    def with_later(self, outcome: Outcome, sealed: Sealed, now: datetime) -> "Taken":
        reply = {
            "outcomes": [outcome.model_dump(exclude_none=True)],
            "sealed": vars(sealed),
            "delivered": False,
            "problem": None,
        }
        return replace(self, later=(*self.later, reply), next_at=int(now.timestamp()), attempts=0)

    def handed_in(self, number: int, problem: str | None) -> "Taken":
        """The inquiry after the broker took this later reply, or had this problem with it. A problem that
        is new puts its questions on the desk's list.
        """
        before = self.later[number]
        after = {**before, "delivered": problem is None, "problem": problem}
        taken = replace(self, later=(*self.later[:number], after, *self.later[number + 1 :]))
        if problem != before["problem"]:
            for outcome in before["outcomes"]:
                state = gone(outcome["status"]) if problem is None else "failed"
                taken = taken.with_question(outcome["index"], state=state)
        return taken


def gone(status: str) -> str:
    """The state of a question whose later reply has this outcome."""
    return "released" if status == "answered" else "declined"


def load(store: Connection, jti: str) -> Taken | None:
    row = store.execute(_ONE, {"jti": jti}).mappings().first()
    return None if row is None else _taken(row)


def load_known(store: Connection, jti: str, case_ref: str) -> list[Taken]:
    """Everything that was asked in this case, and what stands under this id."""
    rows = store.execute(_KNOWN, {"jti": jti, "case_ref": case_ref}).mappings()
    return [_taken(row) for row in rows]


def load_waiting(store: Connection) -> Iterator[Taken]:
    """What waits for a person, oldest first, read as it is asked for."""
    rows = store.execute(select(inbox).where(inbox.c.listed).order_by(inbox.c.received_at))
    return (_taken(row) for row in rows.mappings().yield_per(_PAGE))


def count_waiting(store: Connection, now: datetime) -> tuple[int, int]:
    """How many questions wait for a person within their time, and how many after it."""
    now_s = int(now.timestamp())
    rows = store.execute(select(inbox.c.questions).where(inbox.c.listed)).scalars()
    late = [
        question["permitted"]["due_at"] <= now_s
        for questions in rows
        for question in questions
        if question["state"] in {"waits", "opened"}
    ]
    return len(late) - sum(late), sum(late)


def load_outgoing(store: Connection, now: datetime, most: int) -> list[Taken]:
    rows = store.execute(_OUTGOING, {"now": int(now.timestamp()), "most": most}).mappings()
    return [_taken(row) for row in rows]


def insert(store: Connection, taken: Taken) -> None:
    _INSERT(store, [_row(taken)])


def change(store: Connection, jti: str, to: Callable[[Taken], Taken]) -> Taken:
    """Reads, changes and writes one inquiry within the caller's transaction. Raises KeyError when it is not
    there.
    """
    before = load(store, jti)
    if before is None:
        raise KeyError(jti)
    after = to(before)
    _CHANGE(store, [{"changed": jti, **_row(after)}])
    return after


def _row(taken: Taken) -> dict[str, Any]:
    values = {**vars(taken), "listed": any(question.listed for question in taken.questions)}
    return {**values, "questions": [vars(question) for question in taken.questions]}


def _taken(row: RowMapping) -> Taken:
    values = {name: value for name, value in row.items() if name != "listed"}
    questions = tuple(_waiting(question) for question in values["questions"])
    lists: dict[str, Sequence[Any]] = {name: tuple(values[name]) for name in ("permits", "outcomes", "later")}
    return Taken(**{**values, **lists, "questions": questions})


def _waiting(values: Mapping[str, Any]) -> Waiting:
    lists = {name: tuple(values.get(name, ())) for name in ("obligations", "seen_by")}
    return Waiting(**{**values, **lists})
