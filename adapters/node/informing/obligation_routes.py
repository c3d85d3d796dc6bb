"""The node's API for the duty to inform: who must be told, before when, and what was decided about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from adapters.node.callers import SignedIn, ThisNode
from adapters.node.informing.informing import Joint, Owed
from adapters.node.informing.page_body import PageOut, printed
from adapters.node.informing.steps import StepWish
from audit.obligations import Reminder, reminders
from contract.codes import Ref
from contract.problems import (
    NotFound,
    PartnerUnreachable,
    PreconditionFailed,
    StepNotTaken,
)
from contract.words import GROUNDS, JOINT_OBLIGATIONS, OBLIGATIONS, described
from party.body import Body, shown
from party.openapi import OF_DOCUMENTS, SIGNED_IN, told

ObligationId = Annotated[Ref, Path(alias="id", description="Kenmerk van de informatieplicht")]
CaseId = Annotated[Ref, Path(alias="case", description="Kenmerk van de casus")]

_ID = "3f1c2a9e-0000-4000-8000-000000000001"
_CASE = "3f1c2a9e-0000-4000-8000-000000000002"
_SUBJECT = "3f1c2a9e-0000-4000-8000-000000000003"
_DISCLOSURE = {
    "permit": _ID,
    "at": "2026-11-23T10:00:00Z",
    "holder": "reclassering",
    "question": "reclassering.known",
    "purpose": "enrich_referral",
    "rule": "A01",
    "legalBases": ["wmo_5_2_6"],
    "passedTo": [],
}
_JOINT = {
    "id": _ID,
    "caseRef": _CASE,
    "subjectRef": _SUBJECT,
    "receiver": "veilig_thuis",
    "state": "postponed",
    "openedAt": "2026-11-23T10:00:00Z",
    "dueAt": "2026-12-21T10:00:00Z",
    "until": "2026-12-07T10:00:00Z",
    "overdue": False,
    "breachedSince": None,
    "latestAt": "2026-12-21T22:59:59Z",
}
_OWED = {
    **_JOINT,
    "state": "deferred",
    "subjectRole": "suspected_perpetrator",
    "ageBand": "adult",
    "basis": "Wmo 5.3.1",
    "version": 1,
    "deferrals": 1,
    "disclosures": [_DISCLOSURE],
    "last": {
        "kind": "deferral",
        "ground": "safety_of_involved",
        "groundText": GROUNDS["safety_of_involved"].text,
    },
    "reminders": [],
}


class SearchIn(Body):
    model_config = shown("Welke informatieplichten u wilt zien.", {"caseRef": _CASE, "live": True})

    case_ref: Ref | None = Field(None, description="Van deze casus; zonder: alle, voor voorzitter en FG.")
    live: bool = Field(True, description="Alleen wat nog moet.")


class DisclosureOut(Body):
    model_config = shown("Eén vraag die aan een houder is gesteld.", _DISCLOSURE)

    permit: str = Field(description="Regel van de vrijgave in het spoor van de centrale.")
    at: datetime = Field(description="Wanneer.")
    holder: str = Field(description="Aan wie.")
    question: str = Field(description="Welke vraag.")
    purpose: str = Field(description="Voor welk doel.")
    rule: str = Field(description="Onder welke regel.")
    legal_bases: list[str] = Field(description="Op welke grondslag.")
    passed_to: list[str] = Field(description="Welke andere organisaties het antwoord daarna hoorden.")


class ReminderOut(Body):
    model_config = shown(
        "Een herinnering.",
        {"code": "overdue:2026-12-21", "at": "2026-12-21T10:00:00Z", "to": ["chair", "fg"]},
    )

    code: str = Field(description="Waarom.")
    at: datetime = Field(description="Sinds wanneer, of vanaf wanneer.")
    to: list[str] = Field(description="Voor wie.")


class JointOut(Body):
    model_config = shown("Een informatieplicht zoals alle organisaties haar kennen.", _JOINT)

    id: str = Field(description="Kenmerk.")
    case_ref: str = Field(description="Casus.")
    subject_ref: str = Field(description="Betrokkene, alleen in deze casus.")
    receiver: str = Field(description="Wie moet informeren.")
    state: str = Field(description="Hoe ver.", json_schema_extra=described(JOINT_OBLIGATIONS))
    opened_at: datetime = Field(description="Vanaf wanneer.")
    due_at: datetime = Field(description="Voor wanneer.")
    until: datetime | None = Field(description="Tot wanneer het wacht.")
    overdue: bool = Field(description="Of de tijd voorbij is.")
    breached_since: datetime | None = Field(
        description="Sinds wanneer het te laat is, ook als daarna is uitgesteld."
    )
    latest_at: datetime = Field(description="De uiterste grens: vier weken, en twee per uitstel.")


class OwedOut(JointOut):
    model_config = shown("Een informatieplicht van deze organisatie.", _OWED)

    state: str = Field(description="Hoe ver.", json_schema_extra=described(OBLIGATIONS))
    subject_role: str | None = Field(description="Rol in de casus; leeg als de persoon is gewist.")
    age_band: str = Field(description="Leeftijdsgroep, vandaag.")
    basis: str = Field(description="Artikel.")
    version: int = Field(description="Stand; geef haar mee bij een stap.")
    deferrals: int = Field(description="Hoe vaak is uitgesteld.")
    disclosures: list[DisclosureOut] = Field(description="Wat er moet worden verteld.")
    last: dict[str, Any] = Field(description="Wat het laatst is besloten.")
    reminders: list[ReminderOut] = Field(description="Wie nog wordt herinnerd, en wanneer.")


_STEP = {"step": "resumption", "version": 1, "reason": "ground_lifted"}
_STEP_EXAMPLE: dict[str, Any] = {
    **SIGNED_IN,
    "requestBody": {"content": {"application/json": {"example": _STEP}}},
}
StepIn = Annotated[StepWish, Field(discriminator="step")]


router = APIRouter(prefix="/v1")


@router.post(
    "/obligations/_search",
    summary="Zoek wie nog moet worden geïnformeerd",
    description="Van één casus, of van alle. Met wat er het laatst is besloten, en door wie.",
    response_model=list[OwedOut],
    openapi_extra=SIGNED_IN,
    responses=told(),
)
async def search(body: SearchIn, node: ThisNode, person: SignedIn) -> Any:
    found = await node.informing.owed(person, case_ref=body.case_ref, live=body.live)
    return [_owed(one, node.signatory.now()) for one in found]


@router.post(
    "/obligations/{id}/steps",
    status_code=201,
    summary="Zet een stap met een informatieplicht",
    description=(
        "Plannen, versturen, aangekomen, mislukt, uitstellen, hervatten, gedekt door een ander. "
        "Weglaten en heropenen doet alleen de FG."
    ),
    response_model=OwedOut,
    responses=told(NotFound, StepNotTaken, PreconditionFailed),
    openapi_extra=_STEP_EXAMPLE,
)
async def step(obligation: ObligationId, body: StepIn, node: ThisNode, person: SignedIn) -> Any:
    return _owed(await node.informing.step(obligation, body, person), node.signatory.now())


@router.post(
    "/obligations/{id}/letters",
    status_code=201,
    summary="Maak de brief voor wat is gepland",
    description="Met alles wat moet worden verteld, en niets over een ander. Het maken wordt vastgelegd.",
    response_model=PageOut,
    responses=told(NotFound, StepNotTaken),
    openapi_extra=SIGNED_IN,
)
async def letter(obligation: ObligationId, node: ThisNode, person: SignedIn) -> Any:
    return await printed(await node.informing.letter(obligation, person), node.release.catalogue)


@router.get(
    "/cases/{case}/obligations",
    summary="Bekijk de informatieplichten van alle organisaties in een casus",
    description="Open, uitgesteld tot, gemeld of weggelaten. Gronden staan bij wie besliste.",
    response_model=list[JointOut],
    responses=told(*OF_DOCUMENTS, NotFound, PartnerUnreachable),
    openapi_extra=SIGNED_IN,
)
async def of_case(case: CaseId, node: ThisNode, person: SignedIn) -> Any:
    return [_joint(one) for one in await node.informing.of_case(case, person)]


@router.post(
    "/cases/{case}/obligations/{id}/steps",
    status_code=204,
    openapi_extra=_STEP_EXAMPLE,
    summary="Laat de informatieplicht van een ander wachten, of hef dat op",
    description="Alleen voor het OM, zolang een onderzoek dat vraagt. De grond blijft hier.",
    responses=told(*OF_DOCUMENTS, NotFound, PartnerUnreachable),
)
async def let_wait(
    case: CaseId, obligation: ObligationId, body: StepIn, node: ThisNode, person: SignedIn
) -> Response:
    await node.informing.let_wait(obligation, case, body, person)
    return Response(status_code=204)


def _owed(owed: Owed, now: datetime) -> OwedOut:
    one = owed.obligation
    return OwedOut(
        id=one.id,
        case_ref=one.case_ref,
        subject_ref=one.subject_ref,
        subject_role=owed.subject_role,
        age_band=owed.age_band,
        receiver=one.receiver,
        basis=one.basis,
        state=one.state,
        version=one.version,
        opened_at=one.opened_at,
        due_at=one.due_at,
        until=one.until if one.state == "deferred" else None,
        overdue=one.overdue(now),
        breached_since=one.breached(now),
        latest_at=one.latest_at,
        deferrals=one.deferrals,
        disclosures=[
            DisclosureOut(
                **{**vars(row), "legal_bases": list(row.legal_bases), "passed_to": list(row.passed_to)}
            )
            for row in one.disclosures
        ],
        last=_last(owed.last),
        reminders=[_reminder(row) for row in sorted(reminders(one), key=lambda row: row.at)],
    )


def _last(step: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of the last step, and its ground in words, with the article."""
    shown_of = {name: value for name, value in step.items() if name in _SHOWN_OF_STEP}
    ground = GROUNDS.get(str(step.get("ground")))
    return shown_of if ground is None else {**shown_of, "groundText": ground.text}


_SHOWN_OF_STEP = frozenset(
    {
        "kind",
        "at",
        "by",
        "channel",
        "recipient",
        "circumstances",
        "language",
        "sender",
        "planned_on",
        "text_version",
        "safety_checked_on",
        "how",
        "delivered_on",
        "reason",
        "until",
        "ground",
        "decider",
        "notice",
    }
)
"""Of the entry of a step; who of the staff took it stays in the trail."""


def _reminder(row: Reminder) -> ReminderOut:
    return ReminderOut(code=row.code, at=row.at, to=list(row.to))


def _joint(one: Joint) -> JointOut:
    return JointOut(**vars(one))
