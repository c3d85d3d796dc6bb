"""The broker's API for answers that their holder takes back."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from contract.documents import Receipt, Rectification
from contract.problems import NotFound
from gateway.callers import Calling
from gateway.inquiries.rectifications import Rectifications
from party.body import JWS, Body
from party.openapi import OF_DOCUMENTS, SIGNED_IN, jws, told
from party.parts import part


class RectificationIn(Body):
    """Een antwoord dat de houder terugneemt."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rectification": jws(Rectification.typ)}]})

    rectification: str = Field(
        pattern=JWS,
        description="Om welk antwoord het gaat, ondertekend door de houder. Niet wat het was, of is.",
        json_schema_extra={"maxLength": Rectification.max_bytes},
    )


class RectificationsTold(Body):
    """Antwoorden aan u die zijn teruggenomen."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"receipt": jws(Receipt.typ), "nextSince": 82}]}
    )

    receipt: str = Field(description="Ontvangstbewijs met de regels daarover.")
    next_since: int = Field(description="Vanaf welke regel er daarna meer kan zijn.")


ThisRectifying = Annotated[Rectifications, part("rectifying")]
router = APIRouter(prefix="/v1")


@router.post(
    "/rectifications",
    status_code=204,
    summary="Neem een antwoord terug",
    description="Door de houder, als wat hij wist niet juist was. Wie het kreeg, hoort dat.",
    responses=told(*OF_DOCUMENTS, NotFound),
)
async def take(body: RectificationIn, rectifying: ThisRectifying) -> Response:
    await rectifying.take(body.rectification)
    return Response(status_code=204)


@router.get(
    "/rectifications",
    summary="Hoor welke antwoorden aan u zijn teruggenomen",
    description="Vanaf `since`. Vraag wat u nog nodig hebt opnieuw.",
    response_model=RectificationsTold,
    responses=told(*OF_DOCUMENTS),
    openapi_extra=SIGNED_IN,
)
async def own(
    rectifying: ThisRectifying,
    caller: Calling,
    since: Annotated[int, Query(ge=0, le=2**53 - 1, description="Vanaf deze regel van het spoor")] = 0,
) -> Any:
    found = await rectifying.of_requester(caller, since=since)
    return RectificationsTold(receipt=found.receipt, next_since=found.next_since)
