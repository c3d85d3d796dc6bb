"""The kinds of entries, all of them, and what each of them is to whoever reads a trail. Pure.

A kind that is not here was written by another version. Its entries stand, are proven and exported like all
others; what they say is not known here, and whoever checks or reads the trail is told so (`unknown`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Literal


@unique
class Kind(StrEnum):
    """A kind, as leaves have it."""

    # of the party itself
    STARTED = "started"
    RELEASE = "release"
    TIMESTAMP = "timestamp"
    MISDEED = "misdeed"
    COMPARISON = "comparison"
    # of the trail
    EXPORT = "export"
    READING = "reading"
    ATTEMPT = "attempt"
    HOLD = "hold"
    HOLD_LIFTED = "hold_lifted"
    ERASURE = "erasure"
    PRUNING = "pruning"
    # of a case
    CASE = "case"
    ACCEPTANCE = "acceptance"
    ASSIGNMENT = "assignment"
    CLOSURE = "closure"
    MELDING_OVERDUE = "melding_overdue"
    MELDING_ARRIVED = "melding_arrived"
    # of a question
    INQUIRY = "inquiry"
    SUBJECT = "subject"
    PERSON = "person"
    PERMIT = "permit"
    REFUSAL = "refusal"
    REPLY = "reply"
    REPLY_AGAIN = "reply_again"
    ANSWER = "answer"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECTIFICATION = "rectification"
    # of who answers
    VIEW = "view"
    ONWARD_SHARE = "onward_share"
    LOOKED = "looked"
    PROPOSAL = "proposal"
    URGENT_REVIEW = "urgent_review"
    URGENT_REVIEWED = "urgent_reviewed"
    URGENT_REVIEW_LATE = "urgent_review_late"
    STANDING_DECISION = "standing_decision"
    STANDING_DECISION_ENDED = "standing_decision_ended"
    PAUSE = "pause"
    RESUME = "resume"
    # of a duty to inform
    PLAN = "plan"
    NOTICE = "notice"
    DELIVERY = "delivery"
    FAILURE = "failure"
    DEFERRAL = "deferral"
    RESUMPTION = "resumption"
    COVERAGE = "coverage"
    OMISSION = "omission"
    REOPENING = "reopening"
    REMINDER = "reminder"
    LETTER = "letter"
    # of a person who asks
    OVERVIEW = "overview"
    REQUEST = "request"
    REQUEST_STEP = "request_step"


Writer = Literal["broker", "node"]
ReadingRole = Literal["chair", "security_officer"]


@dataclass(frozen=True)
class Meaning:
    """What a kind is. `readers`: roles that may read it besides those who read all (FG, privacy officer).

    `row`: in Logboek Dataverwerkingen it is a row about one subject (`subject`), or also about none or
    several (`whole`), and then perhaps one of what went wrong (`error`); None: it is about nobody.
    `decision`: it is a record of the Authorization Decision Log. `exhibit`: it stands in the exhibit of a
    question. `duty`: what it does to an obligation. `passing`: without a case it goes by its own age.
    """

    what: str
    writers: tuple[Writer, ...]
    readers: tuple[ReadingRole, ...] = ()
    row: Literal["subject", "whole", "error"] | None = None
    decision: bool = False
    exhibit: bool = False
    duty: Literal["opens", "moves", "hastens", "reminds"] | None = None
    passing: bool = False


_BOTH: tuple[Writer, ...] = ("broker", "node")
_BROKER: tuple[Writer, ...] = ("broker",)
_NODE: tuple[Writer, ...] = ("node",)
_CHAIR: tuple[ReadingRole, ...] = ("chair",)
_SECURITY: tuple[ReadingRole, ...] = ("security_officer",)


def _moves(what: str, writers: tuple[Writer, ...] = _BOTH) -> Meaning:
    """A step about an obligation."""
    return Meaning(what, writers, _CHAIR, row="subject", duty="moves")


KINDS: Mapping[Kind, Meaning] = {
    Kind.STARTED: Meaning(
        "The process started, under this directory and hand-out.", _BOTH, _SECURITY, passing=True
    ),
    Kind.RELEASE: Meaning("A step in the life of a release of the hand-out.", _BOTH, _SECURITY),
    Kind.TIMESTAMP: Meaning("An authority outside stamped the trail.", _BROKER, _SECURITY),
    Kind.MISDEED: Meaning("The broker signed or told what cannot be.", _NODE, _SECURITY),
    Kind.COMPARISON: Meaning("What one of two trails lacks of a day.", _BOTH, _SECURITY, passing=True),
    Kind.EXPORT: Meaning("The trail, or a selection of it, was exported.", _BOTH, _SECURITY, passing=True),
    Kind.READING: Meaning(
        "Somebody read in the trail or what is owed to people, or fetched an export.",
        _NODE,
        _SECURITY,
        passing=True,
    ),
    Kind.ATTEMPT: Meaning(
        "Somebody of the party was refused what is about a case.", _NODE, _SECURITY, passing=True
    ),
    Kind.HOLD: Meaning("Nothing of this case is destroyed from now on.", _BOTH),
    Kind.HOLD_LIFTED: Meaning("A hold was taken back.", _BOTH),
    Kind.ERASURE: Meaning("What was sealed about a subject is destroyed.", _BOTH, _SECURITY),
    Kind.PRUNING: Meaning("Entries that were kept long enough are destroyed.", _BOTH, _SECURITY),
    Kind.CASE: Meaning("A chair stated a case.", _BOTH, _CHAIR),
    Kind.ACCEPTANCE: Meaning("A case was accepted, where several partners decide together.", _BOTH, _CHAIR),
    Kind.ASSIGNMENT: Meaning("Somebody took up the work on a case.", _NODE, _CHAIR),
    Kind.CLOSURE: Meaning("The work on a case is done.", _NODE, _CHAIR),
    Kind.MELDING_OVERDUE: Meaning("The melding of a case did not come in time.", _BOTH, _CHAIR),
    Kind.MELDING_ARRIVED: Meaning("It came after all.", _NODE, _CHAIR),
    Kind.INQUIRY: Meaning("An inquiry was made, or taken.", _BOTH, row="whole", exhibit=True),
    Kind.SUBJECT: Meaning("Who is asked about, sealed.", _NODE, row="subject"),
    Kind.PERSON: Meaning(
        "Who is asked about, as keyed digests, for who asks what is recorded.", _NODE, row="subject"
    ),
    Kind.PERMIT: Meaning(
        "A question may be put.", _BOTH, _CHAIR, row="subject", decision=True, exhibit=True, duty="opens"
    ),
    Kind.REFUSAL: Meaning(
        "A question may not be put.", _BOTH, _CHAIR, row="subject", decision=True, exhibit=True
    ),
    Kind.REPLY: Meaning("A holder's reply came in, or was told again.", _BROKER, exhibit=True),
    Kind.REPLY_AGAIN: Meaning("A permit that was answered before was answered again.", _NODE),
    Kind.ANSWER: Meaning("An answer left, or came in, sealed.", _NODE, row="subject"),
    Kind.UNDELIVERED: Meaning("A holder could not be reached in time.", _BROKER, row="error", exhibit=True),
    Kind.FAILED: Meaning("What was to be handed in was not taken.", _NODE, row="error"),
    Kind.RECTIFICATION: Meaning("A holder took back an answer.", _BOTH, row="subject", exhibit=True),
    Kind.VIEW: Meaning(
        "An official looked at a question, or somebody who works on the case at its answers.",
        _NODE,
        row="subject",
    ),
    Kind.ONWARD_SHARE: Meaning(
        "An answer was passed on to somebody else.", _NODE, _CHAIR, row="subject", duty="hastens"
    ),
    Kind.LOOKED: Meaning("An official dealt with a question outside.", _NODE, row="subject"),
    Kind.PROPOSAL: Meaning("An official would let an answer go; another has to agree.", _NODE, row="subject"),
    Kind.URGENT_REVIEW: Meaning("What was asked in acute danger is to be reviewed.", _NODE),
    Kind.URGENT_REVIEWED: Meaning("Somebody reviewed it.", _NODE, row="subject"),
    Kind.URGENT_REVIEW_LATE: Meaning("Nobody reviewed it in time.", _NODE),
    Kind.STANDING_DECISION: Meaning("A rule may be answered without a person.", _NODE),
    Kind.STANDING_DECISION_ENDED: Meaning("A rule may no longer.", _NODE),
    Kind.PAUSE: Meaning("A holder answers nothing for now.", _NODE),
    Kind.RESUME: Meaning("A holder answers again.", _NODE),
    Kind.PLAN: _moves("Who will tell the person, how and when.", _NODE),
    Kind.NOTICE: _moves("The person is being told.", _NODE),
    Kind.DELIVERY: _moves("It is proven that the person knows."),
    Kind.FAILURE: _moves("A notice did not reach the person."),
    Kind.DEFERRAL: _moves("Telling the person waits, until then."),
    Kind.RESUMPTION: _moves("It waits no longer."),
    Kind.COVERAGE: _moves("Another's notice covered it."),
    Kind.OMISSION: _moves("The person is not told, with the FG's signature."),
    Kind.REOPENING: _moves("The person is to be told after all."),
    Kind.REMINDER: Meaning(
        "Somebody had to be reminded of a duty.", _NODE, _CHAIR, row="subject", duty="reminds"
    ),
    Kind.LETTER: Meaning("The letter to a person was made.", _NODE, row="subject"),
    Kind.OVERVIEW: Meaning(
        "A person was shown what was asked about them.", _NODE, row="subject", passing=True
    ),
    Kind.REQUEST: Meaning("A person asked something about their own data.", _NODE, row="subject"),
    Kind.REQUEST_STEP: Meaning("How far such a request is.", _NODE, row="subject"),
}

DECISIONS = frozenset(kind for kind, one in KINDS.items() if one.decision)
PASSING = frozenset(kind for kind, one in KINDS.items() if one.passing)
"""Entries without a case that go by their own age."""

OF_DUTIES = frozenset(kind for kind, one in KINDS.items() if one.duty is not None)
"""What opens or moves an obligation, or reminds of it."""

_KNOWN = frozenset(map(str, Kind))


def readable(role: ReadingRole) -> frozenset[Kind]:
    """What this role may read."""
    return frozenset(kind for kind, one in KINDS.items() if role in one.readers)


def unknown(kinds: Iterable[str]) -> list[str]:
    """Those that this version does not know, sorted."""
    return sorted(set(kinds) - _KNOWN)
