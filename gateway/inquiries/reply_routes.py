"""The broker's API for replies that a holder's person released later."""

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from contract.documents import Reply
from contract.problems import (
    Conflict,
)
from gateway.callers import ThisBroker
from party.body import JWS, Body
from party.openapi import OF_DOCUMENTS, jws, told


class HandedIn(Body):
    """Een antwoord dat later is vrijgegeven."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reply": jws(Reply.typ)}]})

    reply: str = Field(
        pattern=JWS,
        description="Antwoord, ondertekend door de houder.",
        json_schema_extra={"maxLength": Reply.max_bytes},
    )


router = APIRouter(prefix="/v1")


@router.post(
    "/replies",
    status_code=204,
    summary="Lever een antwoord dat een medewerker heeft vrijgegeven",
    description="Nog een keer hetzelfde antwoord leveren verandert niets.",
    responses=told(*OF_DOCUMENTS, Conflict),
)
async def reply(body: HandedIn, broker: ThisBroker) -> Response:
    await broker.take_reply(body.reply)
    return Response(status_code=204)
