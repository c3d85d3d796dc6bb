"""The node's API for cases: the facts of one, who works on it, its end."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from adapters.node.addresses import CaseRef
from adapters.node.asking.enrichments import OwnCase
from adapters.node.asking.wish import TakingUpWish, WishedCase
from adapters.node.callers import SignedIn, ThisNode
from contract.codes import Ref
from contract.problems import (
    AcceptanceNotNeeded,
    AcceptanceNotYours,
    CannotSignIn,
    CaseNotYours,
    CaseStatementStale,
    CaseUnknown,
    PartnerUnreachable,
)
from party.body import Body, shown
from party.openapi import SIGNED_IN, told

_CASE = "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10"


class CaseOut(Body):
    model_config = shown(
        "Een casus zoals dit knooppunt haar kent.",
        {
            "caseRef": _CASE,
            "statement": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "facts": {"region": "utrecht", "kind": "named", "stage": "enrichment", "melding": "registered"},
            "accepted": False,
        },
    )

    case_ref: Ref = Field(description="Kenmerk van de casus; het staat in geen ander systeem.")
    statement: str = Field(description="Kenmerk van de nieuwste casusverklaring.")
    facts: dict[str, Any] = Field(description="De feiten daaruit, als codes.")
    accepted: bool = Field(
        description="Of politie, OM of Raad de casus heeft aangenomen; dat telt alleen in een regio met een "
        "Zorg- en Veiligheidshuis."
    )


router = APIRouter(prefix="/v1")


@router.post(
    "/cases",
    status_code=201,
    summary="Leg een casus vast",
    description="Met de feiten als codes, en zonder persoon. Met `caseRef` vervangt u wat er eerder lag.",
    response_model=CaseOut,
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn, CaseNotYours, CaseUnknown, PartnerUnreachable),
)
async def state_case(body: WishedCase, node: ThisNode, person: SignedIn) -> Any:
    return _out(await node.cases.state(body, person))


@router.post(
    "/cases/{id}/assignments",
    status_code=201,
    summary="Ga aan een casus werken",
    description="Daarna mag u er vragen in stellen. Het kenmerk kennen is niet genoeg: u zegt waarom, en dat "
    "staat in het spoor. De casus komt zo nodig van de centrale.",
    response_model=CaseOut,
    responses=told(CannotSignIn, CaseUnknown, PartnerUnreachable),
    openapi_extra=SIGNED_IN,
)
async def take_up(case_ref: CaseRef, body: TakingUpWish, node: ThisNode, person: SignedIn) -> Any:
    return _out(await node.cases.take_up(case_ref, body.why, person))


@router.post(
    "/cases/{id}/acceptances",
    status_code=201,
    summary="Neem een casus aan",
    description="Nodig in een regio met een Zorg- en Veiligheidshuis, voordat er iets mag worden gevraagd. "
    "Een deelnemer van politie, OM of Raad doet dit, en neemt de casus daarvoor eerst op. U neemt aan wat u "
    "toen zag: is de casus daarna veranderd, dan neemt u haar opnieuw op. Nog eens aannemen verandert niets.",
    response_model=CaseOut,
    responses=told(
        CannotSignIn,
        CaseUnknown,
        AcceptanceNotYours,
        AcceptanceNotNeeded,
        CaseStatementStale,
        PartnerUnreachable,
    ),
    openapi_extra=SIGNED_IN,
)
async def accept(case_ref: CaseRef, node: ThisNode, person: SignedIn) -> Any:
    return _out(await node.cases.accept(case_ref, person))


@router.post(
    "/cases/{id}/closures",
    status_code=204,
    summary="Sluit een casus af",
    description="Wat hier over personen staat, wordt na de bewaartermijn gewist, tenzij iemand de casus "
    "weer opneemt of nog moet worden geïnformeerd. Wat is vastgelegd, blijft voor zijn eigen termijn.",
    responses=told(CannotSignIn, CaseUnknown),
    openapi_extra=SIGNED_IN,
)
async def close(case_ref: CaseRef, node: ThisNode, person: SignedIn) -> None:
    await node.cases.close(case_ref, person)


def _out(case: OwnCase) -> CaseOut:
    return CaseOut(case_ref=case.case_ref, statement=case.statement, facts=case.facts, accepted=case.accepted)
