"""The node's API for meldingen that did not come in time."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from adapters.node.callers import SignedIn, ThisNode
from contract.problems import CannotSignIn
from contract.signing import moment
from party.body import Body, shown
from party.openapi import SIGNED_IN, told


class OverdueMeldingOut(Body):
    model_config = shown(
        "Een casus waarvan de melding niet op tijd kwam. Alle vragen staan stil tot zij er is.",
        {
            "caseRef": "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10",
            "region": "utrecht",
            "broughtBy": "politie",
            "dueAt": "2026-11-24T10:00:00Z",
        },
    )

    case_ref: str = Field(description="Kenmerk van de casus.")
    region: str = Field(description="Regio van de casus.")
    brought_by: str = Field(description="De organisatie die de casus inbracht.")
    due_at: datetime = Field(description="Wanneer de melding er uiterlijk had moeten zijn.")


router = APIRouter(prefix="/v1")


@router.get(
    "/overdue-meldingen",
    summary="Bekijk welke meldingen niet op tijd kwamen",
    description="Voor voorzitter en FG. Een casus gaat van de lijst af zodra Veilig Thuis de melding "
    "vastlegt.",
    response_model=list[OverdueMeldingOut],
    responses=told(CannotSignIn),
    openapi_extra=SIGNED_IN,
)
async def find(node: ThisNode, _: SignedIn) -> Any:
    return [
        OverdueMeldingOut(
            case_ref=one.case_ref, region=one.region, brought_by=one.brought_by, due_at=moment(one.due_at)
        )
        for one in await node.overdue.find()
    ]
