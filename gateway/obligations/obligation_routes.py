"""The broker's API for the duty to inform: how far each obligation is, and what its receiver tells of it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field

from audit.obligations import Obligation
from contract.codes import Ref
from contract.documents import ObligationStep, Receipt
from contract.problems import NotFound, StepNotTaken
from contract.words import JOINT_OBLIGATIONS, described
from gateway.callers import Calling
from gateway.obligations.obligation_steps import ObligationSteps, ShownObligations
from party.body import JWS, Body
from party.openapi import OF_DOCUMENTS, SIGNED_IN, jws, told
from party.parts import part

JOINT = {"planned": "open", "sent": "open", "deferred": "postponed", "met_by_other": "met"}
"""How a state is called where all may see it; the others keep their name."""

_ONE: dict[str, Any] = {
    "id": "3f1c2a9e-0000-4000-8000-000000000001",
    "caseRef": "3f1c2a9e-0000-4000-8000-000000000002",
    "subjectRef": "3f1c2a9e-0000-4000-8000-000000000003",
    "receiver": "veilig_thuis",
    "state": "postponed",
    "openedAt": "2026-11-23T10:00:00Z",
    "dueAt": "2026-12-21T10:00:00Z",
    "until": "2026-12-07T10:00:00Z",
    "overdue": False,
    "breachedSince": None,
    "latestAt": "2026-12-21T22:59:59Z",
}


class ObligationStepIn(Body):
    """Hoe ver een informatieplicht is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"step": jws(ObligationStep.typ)}]})

    step: str = Field(
        pattern=JWS,
        description="De stap, ondertekend door wie moet informeren, of door het OM als het moet wachten.",
        json_schema_extra={"maxLength": ObligationStep.max_bytes},
    )


class ObligationTold(Body):
    """Eén informatieplicht."""

    id: str = Field(description="Kenmerk van de informatieplicht.")
    case_ref: str = Field(description="Kenmerk van de casus.")
    subject_ref: str = Field(description="Kenmerk van de betrokkene, alleen in deze casus.")
    receiver: str = Field(description="Welke organisatie moet informeren.")
    state: str = Field(description="Hoe ver.", json_schema_extra=described(JOINT_OBLIGATIONS))
    opened_at: datetime = Field(description="Vanaf wanneer.")
    due_at: datetime = Field(description="Voor wanneer.")
    until: datetime | None = Field(description="Tot wanneer het wacht.")
    overdue: bool = Field(description="Of de tijd voorbij is.")
    breached_since: datetime | None = Field(
        description="Sinds wanneer het te laat is, ook als daarna is uitgesteld."
    )
    latest_at: datetime = Field(description="De uiterste grens: vier weken, en twee per uitstel.")


class ObligationsTold(Body):
    """Informatieplichten, met bewijs van de stappen."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"obligations": [_ONE], "receipt": jws(Receipt.typ), "nextSince": 82}]
        }
    )

    obligations: list[ObligationTold] = Field(description="De plichten zoals ze nu zijn.")
    receipt: str = Field(description="Ontvangstbewijs met de stappen.")
    next_since: int = Field(description="Vanaf welke regel er daarna meer kan zijn.")


ThisInforming = Annotated[ObligationSteps, part("informing")]
CaseRef = Annotated[Ref, Path(alias="id", description="Kenmerk van de casus")]
router = APIRouter(prefix="/v1")


@router.get(
    "/obligations",
    summary="Haal op wat er met uw informatieplichten gebeurde",
    description="Alleen de plichten van wie het vraagt, met stappen vanaf `since`.",
    response_model=ObligationsTold,
    responses=told(*OF_DOCUMENTS),
    openapi_extra=SIGNED_IN,
)
async def own(
    informing: ThisInforming,
    caller: Calling,
    since: Annotated[int, Query(ge=0, le=2**53 - 1, description="Vanaf deze regel van het spoor")] = 0,
) -> Any:
    return _told(await informing.of_receiver(caller, since=since), informing.now())


@router.get(
    "/cases/{id}/obligations",
    summary="Haal de informatieplichten van een casus op",
    description="Voor deelnemers van de regio van de casus. Gronden en personen staan er niet in.",
    response_model=ObligationsTold,
    responses=told(*OF_DOCUMENTS),
    openapi_extra=SIGNED_IN,
)
async def of_case(case_ref: CaseRef, informing: ThisInforming, caller: Calling) -> Any:
    return _told(await informing.of_case(case_ref, caller), informing.now())


@router.post(
    "/obligation-steps",
    status_code=204,
    summary="Meld hoe ver een informatieplicht is",
    description="Uitgesteld tot een datum, gemeld aan de betrokkene, of weggelaten door de FG.",
    responses=told(*OF_DOCUMENTS, NotFound, StepNotTaken),
)
async def step(body: ObligationStepIn, informing: ThisInforming) -> Response:
    await informing.take(body.step)
    return Response(status_code=204)


def _told(shown: ShownObligations, now: datetime) -> ObligationsTold:
    return ObligationsTold(
        obligations=[_one(one, now) for one in shown.obligations],
        receipt=shown.receipt,
        next_since=shown.next_since,
    )


def _one(one: Obligation, now: datetime) -> ObligationTold:
    return ObligationTold(
        id=one.id,
        case_ref=one.case_ref,
        subject_ref=one.subject_ref,
        receiver=one.receiver,
        state=JOINT.get(one.state, one.state),
        opened_at=one.opened_at,
        due_at=one.due_at,
        until=one.until if one.state == "deferred" else None,
        overdue=one.overdue(now),
        breached_since=one.breached(now),
        latest_at=one.latest_at,
    )
