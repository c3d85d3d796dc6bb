"""The trail of a party as rows of Logboek Dataverwerkingen 0.8.0 (Logius): one row per subject and action.
Pure.

The trail is the record; these rows are a view of it for whoever collects such logs. They name no employee and
no answer. A subject is the reference in one case, which only the party itself can lead back to a person;
after an erasure the row stays, without it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from audit.kinds import KINDS, Kind

STANDARD = "Logboek Dataverwerkingen 0.8.0"

_FAILED = frozenset(kind for kind, one in KINDS.items() if one.row == "error")
_WHOLE = frozenset(kind for kind, one in KINDS.items() if one.row in {"whole", "error"})
"""Actions that are about no subject, or about several: each of those has a row of its own below it."""
_TRACED_BY = ("inquiry", "enrichment", "obligation", "id")


def row(
    facts: Mapping[str, Any], *, party: str, register: str, erased: Collection[str] = ()
) -> dict[str, Any] | None:
    """The row of this entry, None for one that processes nobody's data. `register`: address of the party's
    register of processing activities, to which the purpose, or the kind of the entry, is added; `erased`:
    references of subjects who were.
    """
    kind, subject_ref = facts["kind"], facts.get("subject_ref")
    if subject_ref is None and kind not in _WHOLE:
        return None
    at = milliseconds(facts["at"])
    attributes = {"dpl.core.processing_activity_id": f"{register}#{facts.get('purpose', kind)}"}
    if subject_ref is not None and subject_ref not in erased:
        attributes["dpl.core.data_subject_id"] = subject_ref
        attributes["dpl.core.data_subject_id_type"] = f"{register}#subject_ref"
    trace = next(facts[name] for name in _TRACED_BY if name in facts)
    parent = {} if kind == Kind.INQUIRY or "inquiry" not in facts else {"parent_span_id": span_of(trace)}
    return {
        "trace_id": trace.replace("-", ""),
        "span_id": span_of(trace if kind == Kind.INQUIRY else facts["id"]),
        **parent,
        "status": "Error" if kind in _FAILED else "Unset",
        "name": kind,
        "start_time": at,
        "end_time": at,
        "resource": {"attributes": {"name": "grondslag", "party": party, "standard": STANDARD}},
        "attributes": attributes,
    }


def milliseconds(at: str) -> int:
    """A moment as a leaf has it, in milliseconds since 1970."""
    return round(datetime.fromisoformat(at).timestamp() * 1000)


def span_of(identifier: str) -> str:
    """Eight bytes of a random UUID, in hexadecimal."""
    return identifier.replace("-", "")[-16:]
