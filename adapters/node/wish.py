"""What a partner's person or software wants to ask: the bodies of the node's API, checked all at once, never
repeating a value.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from adapters.contract.codes import (
    AgeBand,
    CaseKind,
    Code,
    Consent,
    Criteria,
    Melding,
    Purpose,
    Question,
    Ref,
    Stage,
    SubjectRole,
    Unsafety,
    Urgency,
)
from adapters.contract.identity import Identity, IdentityError
from adapters.contract.problems import RequestInvalid, invalid_param

Reason = Annotated[str, Field(max_length=300)]
"""A short text for the holder's eyes alone; empty is missing."""


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )


class WishedQuestion(_Body):
    """`necessity`: why this question about this person; `subsidiarity`: why not with less; both are sealed
    to the holder.
    """

    question: Question
    necessity: Reason = ""
    subsidiarity: Reason = ""
    weighty_interest: Reason = ""
    new_reason: Reason = ""

    def text(self) -> str:
        parts = (self.necessity, self.subsidiarity, self.weighty_interest, self.new_reason)
        return "\n".join(part.strip() for part in parts if part.strip())


class WishedSubject(_Body):
    """One person in one role. `age_band` counts only where the birth date leaves it open."""

    role: SubjectRole
    age_band: AgeBand = "unknown"
    consent: Consent = "not_recorded"
    dual_role: bool = False
    identity: Mapping[str, Any] | None = None
    questions: Annotated[tuple[WishedQuestion, ...], Field(min_length=1, max_length=20)]


class Wish(_Body):
    """All questions of one case and one purpose, to any number of holders. `dry_run`: say what may be asked,
    and ask nothing.
    """

    case_ref: Ref
    purpose: Purpose
    urgency: Urgency = "normal"
    dry_run: bool = False
    subjects: Annotated[tuple[WishedSubject, ...], Field(min_length=1, max_length=12)]

    def identities(self, *, named: bool) -> list[Identity | None]:
        """The identity of each subject, in order. In an anonymous case no field may hold one (D04); a dry
        run needs none.

        Raises RequestInvalid with every problem, without values.
        """
        problems: list[dict[str, str]] = []
        identities: list[Identity | None] = []
        for number, subject in enumerate(self.subjects):
            where = ("subjects", number, "identity")
            identities.append(None)
            if subject.identity is None:
                if named and not self.dry_run:
                    problems.append(invalid_param(where, "missing"))
                continue
            if not named:
                problems.append(invalid_param(where, "extra_forbidden"))
                continue
            try:
                identities[-1] = Identity.parse(
                    {_snake(key): value for key, value in subject.identity.items()}
                )
            except IdentityError as error:
                problems += [invalid_param((*where, to_camel(path)), code) for path, code in error.problems]
        if problems:
            raise RequestInvalid(invalid_params=problems)
        return identities


class WishedCase(_Body):
    """The facts of a case, as codes, each vouched for by the caller in its role. `case_ref`: a case that was
    stated before.
    """

    case_ref: Ref | None = None
    region: Code
    kind: CaseKind = "named"
    stage: Stage = "referral"
    melding: Melding = "none"
    criteria: Criteria = "none"
    unsafety: Unsafety = "none"
    meeting_on: Annotated[date, Field(strict=True)] | None = None


def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
