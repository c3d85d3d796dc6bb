"""The operational log: JSON lines about events from a closed list, with the fields that each may have.

- It is for operators: lossy, without persons, never evidence (the trail is).
- A field outside an event's list raises while `strict` (tests, development); in production it is dropped and
  counted, and the event stays.
- A value is a number or a short code without spaces. A full name, a birth date or a BSN does not fit, should
  the wrong variable ever be passed.
- Of what other libraries say, only who said it and the kind of exception are kept: their texts may quote
  anything.
"""

import logging
import re
import sys
from enum import Enum, unique
from typing import BinaryIO, Final

import orjson
import structlog
from prometheus_client import Counter
from structlog.processors import JSONRenderer, TimeStamper, add_log_level
from structlog.typing import FilteringBoundLogger

from party import trace

_DATE_OR_NUMBER = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}")
_CODE = re.compile(r"[A-Za-z0-9_./:{}+-]{1,160}")
_IDENTIFIER = re.compile(
    r"(?:sha256:)?[0-9a-f]{16,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[a-z]+ [0-9]+(?:\.[0-9]+)+(?: \+ [a-z]+ [0-9]+(?:\.[0-9]+)+)?"  # what decides
)
_LARGEST = 10_000_000  # eight digits could be a number or a birth date of a person
_NAME = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
_dropped = Counter(
    "grondslag_log_fields_dropped_total", "Fields that an event may not have, dropped.", ["event"]
)

Value = str | int | float | bool | None


@unique
class Event(Enum):
    """An event: how serious it is, what it means, which fields it may have."""

    # the process
    STARTED = "info", "The process takes requests.", "port", "management_port", "version"
    STOPPING = "info", "A stop was asked for: no new requests, the running ones finish.", "signal"
    STOPPED = "info", "Everything is closed."
    LIBRARY_SPOKE = "warning", "A library wrote to its own log; its text is not kept.", "logger", "error"
    # requests
    REQUEST_HANDLED = "info", "A request was answered.", "method", "route", "status", "duration_ms", "code"
    MISTAKE_FOUND = "error", "Something failed that must not: a mistake of ours.", "route", "error", "where"
    # partners
    PERMIT_NOT_TAKEN = "warning", "A holder's node did not take a permit.", "partner", "status", "code"
    PARTNER_UNREACHABLE = "warning", "A partner could not be reached; it is tried again.", "partner"
    REPLY_REFUSED = "warning", "A holder's reply is not a reply to our permit.", "partner", "code"
    REPLY_NOT_TAKEN = (
        "warning",
        "The broker did not take a reply that a person released; it is tried again.",
        "status",
    )
    DECISION_DIFFERS = (
        "error",
        "A permit does not follow from the hand-out here; nothing was answered.",
        "question",
        "rule",
    )
    ENGINES_DIFFER = (
        "error",
        "The OPA server decides otherwise than the engine in this process; nothing left. Look at the server.",
        "count",
    )
    ENGINE_ALONE = (
        "warning",
        "An OPA server decides and nothing here checks it (setting `policy_engine`).",
        "engine",
    )
    ASKED_OFTEN = (
        "warning",
        "The same was asked here more often than a machine answers; it waits for a person. Tell the FG.",
        "partner",
        "question",
    )
    URGENT_OFTEN = (
        "error",
        "A party goes on asking in acute danger, in many cases that have no melding yet. Tell the FG.",
        "partner",
    )
    FOLLOWING_FAILED = (
        "warning",
        "The state of an enrichment could not be fetched; it is tried again.",
        "code",
    )
    ROUND_FAILED = "error", "A recurring task failed; it is tried again at its next turn.", "task", "error"
    # what must work
    IDENTITY_PROVIDER_UNAVAILABLE = (
        "error",
        "The keys of the identity provider (setting `jwks`) could not be fetched; nobody can sign in.",
        "error",
    )
    LOG_MISDEED = (
        "error",
        "The broker signed a state of its trail that cannot be; the evidence is in our trail. Tell the FG.",
        "misdeed",
        "size",
    )
    LOG_UNSEEN = (
        "error",
        "The broker has not shown its trail for too long; nobody here can say that it only grew.",
        "since_s",
    )
    TRAIL_BEHIND = (
        "error",
        "Others signed a longer trail than this one: an old back-up was put back. Nothing is added to it.",
        "size",
        "seen",
    )
    RECTIFIED = "info", "A holder took back an answer; whoever got it hears of that.", "partner"
    REQUESTS_OVERDUE = "error", "The term of some requests of persons is over. The FG has to act.", "count"
    URGENT_REVIEWS_LATE = (
        "error",
        "What was asked in acute danger was not reviewed in time. The FG has to act.",
        "count",
    )
    EXPORT_FAILED = "error", "An export of the trail could not be made; ask for it again.", "error"
    RETAINED = (
        "info",
        "What was kept long enough is destroyed: entries, what is about subjects; cases that are held.",
        "pruned",
        "erased",
        "held",
    )
    TRAILS_DIFFER = (
        "error",
        "On one day, one of two parties recorded what the other did not; our trail says what. Tell the FG.",
        "partner",
        "only_here",
        "only_there",
    )
    WITNESS_REFUSED = (
        "error",
        "A witness did not sign the newest state of the trail.",
        "witness",
        "status",
    )
    WITNESSES_TOO_FEW = (
        "error",
        "Too few witnesses signed the newest state of the trail.",
        "signed",
        "needed",
    )
    STAMP_REFUSED = (
        "warning",
        "There is no time stamp on the newest state of the trail; it is asked again.",
        "error",
    )
    STAMPS_MISSING = (
        "error",
        "For too long no authority outside put a time stamp on the trail (setting `time_stamp_authority`).",
        "age_s",
    )
    OBLIGATION_STEP = "info", "How far a duty to inform is, was recorded.", "step", "partner"
    OUTBOX_REFUSED = (
        "warning",
        "The broker does not take a step that was recorded here; it stays until somebody has looked at it.",
        "kind",
        "code",
    )
    OBLIGATIONS_OVERDUE = (
        "error",
        "The time of some duties to inform is over. Chair and FG have been told.",
        "count",
    )
    MELDINGEN_OVERDUE = (
        "error",
        "The melding of some cases did not come in time; they stand still. Chair and FG have to act.",
        "count",
    )
    REMINDED = "warning", "Somebody must be reminded of a duty to inform.", "reminder", "to"
    KINDS_UNKNOWN = (
        "error",
        "The trail holds entries of kinds that this version does not know; nothing is done with them.",
        "count",
    )
    DIRECTORY_READ = "info", "The list of parties and keys was read.", "digest", "parties"
    RELEASE_READ = "info", "A release of the hand-out was read.", "revision", "engine"
    REGISTER_ODD = (
        "warning",
        "A row of the own register cannot be read; a person looks at whom it is about.",
        "file",
        "line",
        "column",
    )
    RELEASE_STEP = "info", "A step in the life of a release was recorded.", "step", "revision", "partner"
    RELEASE_UNREADABLE = (
        "warning",
        "What the broker tells of a release cannot be read; what was heard of it before holds.",
        "code",
    )
    RELEASE_STEP_GONE = (
        "error",
        "The broker leaves out a signed step with a release that it told before. It holds; tell the FG.",
        "revision",
    )
    RELEASE_WAITS = (
        "warning",
        "A release that is planned or in force was not accepted here; without it nothing is answered.",
        "revision",
    )

    def __init__(self, level: str, meaning: str, *fields: str) -> None:
        if not _NAME.fullmatch(self._name_):
            raise ValueError("an event is named by words in capitals")
        self.level: Final = level
        self.meaning: Final = meaning
        self.fields: Final = fields


class FieldNotAllowed(Exception):
    """A field that this event may not have, or a value that is no code; raised while `strict` only."""


def configure(*, party: str, strict: bool, stream: BinaryIO | None = None) -> None:
    """Sets where lines go (standard error unless given), who writes them, and what an unknown field does."""
    global _strict, _logger  # noqa: PLW0603  # the one thing that every module reaches without being given it
    _strict = strict
    _logger = _bound(party, stream)
    root = logging.getLogger()
    root.handlers[:] = [_Foreign(logging.WARNING)]
    root.setLevel(logging.WARNING)


def log(event: Event, **fields: Value) -> None:
    """Writes one line. Raises FieldNotAllowed while `strict`."""
    kept: dict[str, Value] = {}
    for name, value in fields.items():
        if name in event.fields and _plain(value):
            kept[name] = value
        elif _strict:
            raise FieldNotAllowed(f"{event.name} may not have the field {name}, or its value is no code")
        else:
            _dropped.labels(event.name.lower()).inc()
    here = trace.current()
    if here is not None:
        kept["trace_id"] = here.trace_id
    getattr(_logger, event.level)(event.name.lower(), **kept)


def catalogue() -> str:
    """`docs/events.md`: every event, for operators."""
    lines = [
        "# Events in the operational log",
        "",
        "One JSON object per line. Every line has `timestamp` (UTC), `level`, `event` and `party`; within a",
        "request also `trace_id`. Values are numbers or codes; nothing about a person, a case or an answer",
        "is ever written.",
        "This page is made from the code: `python -m party.events > docs/events.md`.",
        "",
        "| event | level | meaning | fields |",
        "|---|---|---|---|",
    ]
    for event in Event:
        names = ", ".join(f"`{name}`" for name in event.fields) or "–"
        lines.append(f"| `{event.name.lower()}` | {event.level} | {event.meaning} | {names} |")
    return "\n".join(lines) + "\n"


class _Foreign(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        name = record.name if _plain(record.name) else "unnamed"
        log(Event.LIBRARY_SPOKE, logger=name, error=kind.__name__ if kind else None)


def _plain(value: object) -> bool:
    if isinstance(value, str):
        if _IDENTIFIER.fullmatch(value):
            return True
        return _CODE.fullmatch(value) is not None and _DATE_OR_NUMBER.search(value) is None
    return value is None or (isinstance(value, bool | int | float) and abs(value) < _LARGEST)


def _bound(party: str | None, stream: BinaryIO | None) -> FilteringBoundLogger:
    unbound: FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger(stream or sys.stderr.buffer),
        processors=[add_log_level, TimeStamper(fmt="iso", utc=True), JSONRenderer(serializer=orjson.dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        context_class=dict,
    )
    return unbound.bind(party=party)


_strict = True
_logger = _bound(None, None)

if __name__ == "__main__":
    sys.stdout.write(catalogue())
