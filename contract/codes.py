"""The codes that stand in documents, as types.

The hand-out's catalogue (`policies/handout/catalogue`) is where a lawyer reads and changes their meaning; a
test holds the closed lists here equal to it. Which kinds of partner and which questions there are, the
catalogue alone says: here they have a form, and what the release in force does not name is refused by policy.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

Partner = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,31}$")]
"""A kind of partner: what policy sees. The catalogue says which there are."""
Role = Literal[
    "chair", "participant", "duty_officer", "case_holder", "confidential_doctor", "minute_taker", "executor"
]
PurposeCode = Literal[
    "enrich_referral", "decide_attendance", "interpret", "immediate_safety", "carry_out_and_monitor"
]
CaseKind = Literal["named", "anonymous"]
Stage = Literal["referral", "enrichment", "meeting", "follow_up", "closed"]
MeldingState = Literal[
    "registered", "due", "none"
]  # `overdue` is the broker's, from its clock: nobody states it
Criteria = Literal["both", "relevance_only", "factors_only", "none"]
Unsafety = Literal["acute", "structural", "none"]
Urgency = Literal["normal", "acute_danger"]
SubjectRole = Literal[
    "suspected_perpetrator", "victim", "child", "parent", "household_member", "third_person"
]
AgeBand = Literal["under_12", "from_12_to_15", "from_16_to_17", "adult", "unknown"]
Consent = Literal["given", "refused", "not_asked_unsafe", "not_asked_impossible", "not_recorded"]
Mode = Literal["automatic", "human"]

BROKER = "broker"

_QUESTION = re.compile(r"[a-z][a-z0-9_]{1,31}\.[a-z_]{2,40}")
_CODE = r"^[a-z][a-z0-9_]{0,63}$"


def _question(value: str) -> str:
    if not _QUESTION.fullmatch(value) or partner_of(value) == BROKER:
        raise ValueError("a question is the code of a kind of partner, a dot and a name")
    return value


def _oin(value: str) -> str:
    if not re.fullmatch(r"[0-9]{20}", value):
        raise ValueError("an OIN has 20 digits")
    return value


QuestionCode = Annotated[str, AfterValidator(_question)]
Oin = Annotated[str, AfterValidator(_oin)]
Code = Annotated[str, StringConstraints(pattern=_CODE)]
Ref = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
"""A random reference: a UUID of version 4 and its variant (RFC 9562), in the one way it is written."""
Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""A moment, in whole seconds since 1970, up to the year 9999."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Kid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Revision = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
ReleaseName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9 .-]{1,38}[a-z0-9])$")]
"""What people call a release of the hand-out, beside its revision."""
ReleaseReason = Annotated[
    str,
    StringConstraints(
        min_length=10,
        max_length=4_000,
        pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
    ),
]
"""What changes in a release and why, in its author's words: whoever signs reads it as it is, so without signs
that a terminal or a page acts on, or that nobody sees.
"""
Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]


def partner_of(question: str) -> str:
    """The kind of partner whose register a question is about: the part before the dot."""
    return question.partition(".")[0]
