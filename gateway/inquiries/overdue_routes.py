"""The broker's API for meldingen that did not come in time."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from contract.documents import Receipt
from gateway.callers import Calling
from gateway.inquiries.overdue import OverdueAlarms
from party.body import Body
from party.openapi import OF_DOCUMENTS, SIGNED_IN, jws, told
from party.parts import part


class OverdueTold(Body):
    """Meldingen die niet op tijd kwamen."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"receipt": jws(Receipt.typ), "nextSince": 82}]}
    )

    receipt: str = Field(description="Ontvangstbewijs: per casus de regel dat de melding te laat is.")
    next_since: int = Field(description="Vanaf welke regel er daarna meer kan zijn.")


router = APIRouter(prefix="/v1")


@router.get(
    "/overdue-meldingen",
    summary="Haal op welke meldingen niet op tijd kwamen",
    description="Van casussen die u inbracht, of in uw regio voorzit. Wat intussen is gemeld, staat er niet "
    "bij.",
    response_model=OverdueTold,
    responses=told(*OF_DOCUMENTS),
    openapi_extra=SIGNED_IN,
)
async def overdue(
    alarms: Annotated[OverdueAlarms, part("overdue")],
    caller: Calling,
    since: Annotated[int, Query(ge=0, le=2**53 - 1, description="Vanaf deze regel van het spoor")] = 0,
) -> Any:
    shown = await alarms.told(caller, since=since)
    return OverdueTold(receipt=shown.receipt, next_since=shown.next_since)
