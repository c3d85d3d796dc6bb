"""The decisions in the broker's trail as records of the Authorization Decision Log 0.0.1 (Logius, a draft).
Pure.

One record per decision, at level 3: with the hand-out's revision and all that the decision rested on, so that
it can be decided again (`given_of`). An inquiry is the span above its decisions. A refusal is an outcome, not
an error. The request has the shape of AuthZEN 1.0 (subject, action, resource, context); what a decision
rested on holds no person, and is gone after an erasure.
"""

from collections.abc import Mapping
from typing import Any

from audit.kinds import DECISIONS, Kind
from audit.ldv import milliseconds, span_of

STANDARD = "Authorization Decision Log 0.0.1"

_RESPONSE = (
    "rule",
    "mode",
    "reasons",
    "obligations",
    "transparency",
    "retention",
    "legal_bases",
    "answer_codes",
    "desk",
    "deadline",
)
_ELSEWHERE = ("requester", "question", "purpose", "subject")


def record(facts: Mapping[str, Any], given: Mapping[str, Any] | None, *, party: str) -> dict[str, Any] | None:
    """The record of this entry, None for one that is no decision. `given`: what it rested on, None when that
    was erased.
    """
    if facts["kind"] not in DECISIONS:
        return None
    body: dict[str, Any] = {
        "adl.core.response": {
            "decision": facts["kind"] == Kind.PERMIT,
            "context": {name: facts[name] for name in _RESPONSE if name in facts},
        }
    }
    if given is not None:
        body["adl.core.request"] = _request(facts, given)
    return {
        "trace_id": facts["inquiry"].replace("-", ""),
        "span_id": span_of(facts["id"]),
        "parent_span_id": span_of(facts["inquiry"]),
        "event_name": "adl.access_evaluation",
        "timestamp": milliseconds(facts["at"]),
        "status": "Unset",
        "attributes": {
            "adl.core.policies": {"hand_out": facts["revision"]},
            "adl.core.information": {"trail": facts["id"]},
            "adl.core.configuration": {"engine": facts["engine"]},
        },
        "resource": {"name": "grondslag", "party": party, "standard": STANDARD},
        "body": body,
    }


def given_of(recorded: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the decision of this record rested on, as policy takes it; None when it was erased."""
    request = recorded["body"].get("adl.core.request")
    if request is None:
        return None
    return {
        **request["context"],
        "requester": request["subject"]["properties"],
        "question": request["action"]["name"],
        "purpose": request["action"]["properties"]["purpose"],
        "subject": request["resource"]["properties"],
    }


def _request(facts: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "subject": {"type": "partner", "id": facts["requester"], "properties": given["requester"]},
        "action": {"name": given["question"], "properties": {"purpose": given["purpose"]}},
        "resource": {"type": "subject_in_case", "id": facts["subject_ref"], "properties": given["subject"]},
        "context": {name: value for name, value in given.items() if name not in _ELSEWHERE},
    }
