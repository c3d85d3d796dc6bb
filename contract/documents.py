"""The documents on the wire. Each is signed, lives shortly, and names the digest of what it answers: a
chain that a stranger can check.

    case statement ◄── inquiry ◄── permit ◄── reply        receipt: the entries of all of them, proven to be
    in the broker's trail

Identities and answers are sealed or locked inside; the broker has no key that opens either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contract.answers import envelope_bytes
from contract.codes import (
    AgeBand,
    Base64Url,
    CaseKind,
    Code,
    Consent,
    Criteria,
    Digest,
    Kid,
    MeldingState,
    Mode,
    PurposeCode,
    QuestionCode,
    Ref,
    ReleaseName,
    ReleaseReason,
    Revision,
    Role,
    Seconds,
    Stage,
    SubjectRole,
    Unsafety,
    Urgency,
    partner_of,
)
from contract.sealing import KEYS_BYTES, LOCKED_LETTERS, sealed_letters
from contract.signing import Document, digest

MAX_INQUIRIES = 16
"""In one request: one for each party that is asked in a case, of all kinds in a region together."""

ANSWERED_WITHIN = timedelta(days=42)
"""How old an inquiry may be when an answer to it still counts, late as it is. Holder, broker and requester
each count it by their own clock.
"""

MAX_QUESTIONS = 60
"""Per inquiry: twelve subjects (`max_subjects_per_case`) and at most five questions that one holder knows.
"""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Attested(_Part):
    """In which role somebody vouched for the facts of a case, and whether with a mandate; who it was stays at
    that node.
    """

    melding: Role
    criteria: Role
    unsafety: Role
    mandated: bool


class CaseStatement(Document):
    """The facts of a case that decisions rest on, as codes. A new statement replaces the one before it."""

    typ: ClassVar[str] = "grondslag-case+jwt"
    max_bytes: ClassVar[int] = 8 * 1024

    case_ref: Ref
    region: Code
    kind: CaseKind
    stage: Stage
    melding: MeldingState
    criteria: Criteria
    unsafety: Unsafety
    attested: Attested
    meeting_on: date | None = None
    replaces: Digest | None = None


class CaseAcceptance(Document):
    """A partner accepts a case in a Zorg- en Veiligheidshuis (WGS 2.31): the case as this statement has it.
    `attested`: in which role somebody did, and whether with a mandate; who it was stays at that node.
    """

    typ: ClassVar[str] = "grondslag-acceptance+jwt"
    max_bytes: ClassVar[int] = 2 * 1024

    case_ref: Ref
    case_statement: Digest
    attested: Role
    mandated: bool


class AskedQuestion(_Part):
    """One code from the catalogue about one subject, with the facts of that subject and of the necessity, as
    codes.
    """

    subject_ref: Ref
    role: SubjectRole
    age_band: AgeBand
    consent: Consent
    dual_role: bool
    question: QuestionCode
    motivated: bool
    subsidiarity: bool
    weighty_and_urgent: bool
    new_reason: bool


class Inquiry(Document):
    """One requester asks one holder (`aud` is the broker; `holder` answers) for one case and one purpose.

    `urgency_attested`: in which role somebody of the requester declared the acute danger; who it was stays at
    that node. `identities` commits to the locked identity of each subject, which travels beside the document;
    `sealed` holds their keys, for the holder alone.
    """

    typ: ClassVar[str] = "grondslag-inquiry+jwt"
    max_bytes: ClassVar[int] = 48 * 1024

    case_ref: Ref
    case_statement: Digest
    holder: Code
    purpose: PurposeCode
    urgency: Urgency
    urgency_attested: Role | None = None
    requester_role: Role
    mandated: bool
    assigned: bool
    questions: Annotated[tuple[AskedQuestion, ...], Field(min_length=1, max_length=MAX_QUESTIONS)]
    identities: Annotated[Mapping[Ref, Digest], Field(max_length=12)]
    kid: Kid
    sealed: Base64Url

    def locks(self, texts: Mapping[str, str]) -> bool:
        """Whether these, by subject reference, are locked identities of this inquiry, each of the one length,
        and its sealed keys are of theirs.
        """
        return len(self.sealed) == sealed_letters(KEYS_BYTES) and all(
            len(text) == LOCKED_LETTERS and digest(text) == self.identities.get(ref)
            for ref, text in texts.items()
        )

    @property
    def asks(self) -> str:
        """The kind of partner that all its questions are for."""
        return partner_of(self.questions[0].question)

    def asker(self, partner: str) -> "Asker":
        return Asker(partner, self.requester_role, self.mandated, self.assigned)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        asked = {(question.subject_ref, question.role, question.question) for question in self.questions}
        if len(asked) != len(self.questions):
            raise ValueError("the same question about the same subject in the same role stands twice")
        if (self.urgency == "acute_danger") != (self.urgency_attested is not None):
            raise ValueError("acute danger, and nothing else, was declared by somebody")
        if set(self.identities) != {question.subject_ref for question in self.questions}:
            raise ValueError("each subject has exactly one locked identity")
        if any(partner_of(question.question) != self.asks for question in self.questions):
            raise ValueError("the questions are for one kind of partner")
        return self


class CaseFacts(_Part):
    """What policy sees of a case, as the broker knows it (docs/law.md, Vocabulary)."""

    kind: CaseKind
    stage: Stage
    melding: Literal["registered", "due", "overdue", "none"]
    criteria: Criteria
    unsafety: Unsafety
    regime: Literal["bilateral", "zvh"]
    region: Code
    own_region: bool
    accepted: bool


class Repetition(_Part):
    asked_before: bool
    over_budget: bool


class PermittedQuestion(_Part):
    """The broker's decision on one question of the inquiry (`index`), and where it stands in the broker's
    trail.
    """

    index: int = Field(ge=0, lt=MAX_QUESTIONS)
    position: int = Field(ge=0)
    rule: str = Field(pattern=r"^[A-Z][0-9]{2}$")
    mode: Mode
    answer_codes: Annotated[tuple[Code, ...], Field(min_length=1, max_length=12)]
    desk: bool
    due_at: Seconds
    repetition: Repetition
    re_roled: bool


class Permit(Document):
    """The broker lets these questions of an inquiry through. `accepted_at` is when it took the inquiry: in
    its time, not today's.
    """

    typ: ClassVar[str] = "grondslag-permit+jwt"
    max_bytes: ClassVar[int] = 96 * 1024

    inquiry: Digest
    accepted_at: Seconds
    revision: Revision
    case: CaseFacts
    questions: Annotated[tuple[PermittedQuestion, ...], Field(min_length=1, max_length=MAX_QUESTIONS)]


Ground = Literal["holder_paused", "holder_revision_differs", "holder_needs_more_reason"]
"""Why a holder refuses; never anything that depends on its register (docs/law.md, Answers)."""


class Outcome(_Part):
    """What the broker may know of one answer: that it is there, waits for a person, or is refused on a
    ground.
    """

    index: int = Field(ge=0, lt=MAX_QUESTIONS)
    status: Literal["answered", "waits_for_person", "refused"]
    ground: Ground | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.ground is not None) != (self.status == "refused"):
            raise ValueError("a refusal has a ground, and nothing else has")
        return self

    @property
    def state(self) -> str:
        """What the question becomes by it; `refused` alone is the hand-out's word."""
        return "refused_by_holder" if self.status == "refused" else self.status


class Reply(Document):
    """The holder's answer to a permit. `sealed` has one slot per outcome, in their order, for the requester
    alone.
    """

    typ: ClassVar[str] = "grondslag-reply+jwt"
    max_bytes: ClassVar[int] = 128 * 1024

    permit: Digest
    inquiry: Digest
    inquiry_jti: Ref
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1, max_length=MAX_QUESTIONS)]
    kid: Kid
    sealed: Base64Url

    @property
    def even(self) -> bool:
        """Whether what is sealed has the one length that its number of outcomes gives: a yes is no longer
        than a no.
        """
        return len(self.sealed) == sealed_letters(envelope_bytes(len(self.outcomes)))


class ProvenEntry(_Part):
    """An entry of the broker's trail: its leaf as text, and the hashes that lead from it to the checkpoint
    (RFC 6962 2.1.1), 32 bytes each, one after the other.
    """

    position: int = Field(ge=0)
    leaf: str = Field(max_length=16_384)
    proof: str = Field(pattern=r"^[A-Za-z0-9_-]*$", max_length=2_752)


class Receipt(Document):
    """Proof that the steps are in the trail: the entries of one request, with one checkpoint."""

    typ: ClassVar[str] = "grondslag-receipt+jwt"
    max_bytes: ClassVar[int] = 1024 * 1024

    checkpoint: str = Field(max_length=4_096)
    entries: tuple[ProvenEntry, ...]


class ReleaseStep(Document):
    """An officer of a partner takes a step in the life of a release: brings it, agrees, refuses, puts it in
    force, takes it back.

    `officer` is who it was, so that two can be told apart; only the own partner knows whom it means.
    `proposal`: the digest of the step that brought the release. `at`: when it comes in force; of a proposal,
    the earliest moment. Who agrees says what was shown: its digest, as the own node worked it out; and how
    the officer had signed in (`acr`, OpenID Connect), where the identity provider tells.
    """

    typ: ClassVar[str] = "grondslag-release+jwt"
    max_bytes: ClassVar[int] = 16 * 1024

    step: Literal["propose", "approve", "reject", "activate", "retire"]
    release: Revision
    officer: Digest
    proposal: Digest | None = None
    at: Seconds | None = None
    base: Revision | None = None
    bundle: Digest | None = None
    certificate: Revision | None = None
    name: ReleaseName | None = None
    changelog: ReleaseReason | None = None
    shown: Digest | None = None
    acr: Annotated[str, Field(pattern=r"^[!-~]{1,80}$")] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        told = {name for name in (*_OF_PROPOSAL, "name") if getattr(self, name) is not None}
        if told - {"name"} != (_OF_PROPOSAL if self.step == "propose" else frozenset()):
            raise ValueError("a proposal, and nothing else, says what it brings")
        if (self.at is None) != (self.step not in {"propose", "activate"}):
            raise ValueError("a proposal and a coming in force, and nothing else, have a moment")
        if self.step == "propose" and self.proposal is not None:
            raise ValueError("a proposal answers nothing")
        if self.step != "propose" and self.name is not None:
            raise ValueError("a proposal alone has a name")
        if self.step != "approve" and (self.shown is not None or self.acr is not None):
            raise ValueError("who agrees, and nobody else, says what was shown")
        return self


_OF_PROPOSAL = frozenset({"base", "bundle", "certificate", "changelog"})


class ObligationStep(Document):
    """The receiver of an obligation tells how far it is; or the prosecutor that it must wait.

    Never on which ground, and never by whom: these stay in the own trail of whoever decided. `jti` is the id
    of the entry there. `proof`: the digest of what shows that the person was told; `fg`: which data
    protection officer signed, known to the own partner alone.
    """

    typ: ClassVar[str] = "grondslag-obligation+jwt"
    max_bytes: ClassVar[int] = 32 * 1024

    step: Literal["deferral", "resumption", "delivery", "failure", "coverage", "omission", "reopening"]
    obligation: Ref
    until: Seconds | None = None
    covers: Annotated[tuple[Ref, ...], Field(max_length=MAX_QUESTIONS * 5)] = ()
    covers_others: Annotated[tuple[Ref, ...], Field(max_length=20)] = ()
    proof: Digest | None = None
    notice: Ref | None = None
    fg: Digest | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = _OF_STEP.get(self.step)
        told = {name for name in ("until", "proof", "notice", "fg") if getattr(self, name) is not None}
        if told != ({needed} if needed else set()):
            raise ValueError("a step says what it proves or until when, and nothing else")
        if bool(self.covers) != (self.step == "delivery") or (self.covers_others and not self.covers):
            raise ValueError("what was told to the person covers something, and nothing else does")
        return self


_OF_STEP: Mapping[str, str] = {
    "deferral": "until",
    "delivery": "proof",
    "coverage": "notice",
    "omission": "fg",
    "reopening": "fg",
}


class Rectification(Document):
    """A holder takes back an answer that it gave: what it knew was not right (Wpg 28(5), AVG 19). Never what
    was, or is. `jti` is the id of the entry in its own trail.
    """

    typ: ClassVar[str] = "grondslag-rectification+jwt"
    max_bytes: ClassVar[int] = 2 * 1024

    inquiry: Ref
    index: int = Field(ge=0, lt=MAX_QUESTIONS)


class DailyStatement(Document):
    """What a party recorded of another on one day in the Netherlands: sums of two lists of keyed digests,
    which travel beside it (audit/comparison.py). `key` is chosen by who begins; the other answers under it.
    """

    typ: ClassVar[str] = "grondslag-statement+jwt"
    max_bytes: ClassVar[int] = 2 * 1024

    day: date
    key: Digest
    of_day: Digest
    around: Digest


class Caller(Document):
    """Who asks for the state of something of its own: a bearer token between parties, for one path."""

    typ: ClassVar[str] = "grondslag-caller+jwt"
    lifetime_s: ClassVar[int] = 60
    max_bytes: ClassVar[int] = 2 * 1024

    path: str = Field(pattern=r"^/[a-z0-9/-]{1,100}$")


@dataclass(frozen=True)
class Asker:
    """Who asks, as policy sees it: a partner and a role, never a person."""

    partner: str
    role: Role
    mandated: bool
    assigned: bool


def decision_input(
    asker: Asker,
    question: AskedQuestion,
    *,
    purpose: PurposeCode,
    urgency: Urgency,
    case: CaseFacts,
    repetition: Repetition,
    re_roled: bool,
) -> dict[str, object]:
    """What policy sees of one question: a closed vocabulary, nothing personal, no number, no time
    (docs/law.md, Vocabulary).

    The requester's node, the broker and the holder's node all build it here, so that they can only differ in
    the facts. That its row is within its dates is presumed: who decides looks (`HandOut.decide`).
    """
    return {
        "requester": vars(asker),
        "holder": partner_of(question.question),
        "question": question.question,
        "purpose": purpose,
        "rule": {"in_force": True},
        "case": {**vars(case), "urgency": urgency},
        "subject": {
            "role": question.role,
            "age_band": question.age_band,
            "consent": question.consent,
            "dual_role": question.dual_role,
            "re_roled": re_roled,
        },
        "necessity": {
            "motivated": question.motivated,
            "subsidiarity": question.subsidiarity,
            "weighty_and_urgent": question.weighty_and_urgent,
        },
        "repetition": {**vars(repetition), "new_reason": question.new_reason},
    }
