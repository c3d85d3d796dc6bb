"""What came of one question after it was decided, as people read it. Pure: from the leaves of the trail."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from audit.kinds import Kind
from audit.obligations import Obligation
from contract.days import ZONE
from contract.documents import Outcome
from contract.signing import moment
from contract.words import EFFECTS, OBLIGATIONS, QUESTIONS, label

_TAKEN_BACK = "antwoord teruggenomen: het was niet juist"


def course(own: Mapping[str, Any], later: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each thing that the holder did; `own` is the leaf of the decision, `later` are leaves of the
    same inquiry, in their order.
    """
    if own["kind"] == Kind.REFUSAL:  # the others of its inquiry went their way
        return
    for facts in later:
        at = told_at(facts["at"])
        if facts["kind"] == Kind.UNDELIVERED:
            yield f"{at}: {label(QUESTIONS, 'undelivered')}"
        if facts["kind"] == Kind.RECTIFICATION and facts["index"] == own["index"]:
            yield f"{at}: {_TAKEN_BACK}"
        for outcome in map(Outcome.model_validate, facts.get("outcomes", ())):
            if outcome.index == own["index"]:
                yield f"{at}: {label(QUESTIONS, outcome.state)}"


def whole_course(
    own: Mapping[str, Any], later: Iterable[Mapping[str, Any]], duty: Obligation | None, now: datetime
) -> Iterator[str]:
    """From the decision on: with the holder's time, and how far telling the person is (`duty`; None: nobody
    has to be told).
    """
    until = f"; de houder heeft tot {_when(moment(own['due_at']))}" if own.get("due_at") else ""
    yield f"{told_at(own['at'])}: {label(EFFECTS, own['kind'])}{until}"
    yield from course(own, later)
    if duty is None:
        yield "informeren: hoeft niet, er is niets gedeeld"
        return
    one = duty.at(now)
    waits = f" tot {_when(one.until)}" if one.state == "deferred" and one.until is not None else ""
    late = "; TE LAAT" if one.overdue(now) else ""
    yield (
        f"informeren: {one.receiver}, vóór {_when(one.due_at)}: {label(OBLIGATIONS, one.state)}{waits}{late}"
    )


def told_at(at: str) -> str:
    """The moment of a leaf, to the second, in Dutch time."""
    return f"{datetime.fromisoformat(at).astimezone(ZONE):%d-%m-%Y %H.%M.%S}"


def _when(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d-%m-%Y %H.%M}"
