"""The broker's API for the nightly comparison of trails."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from contract.documents import DailyStatement
from gateway.trail.comparisons import Comparisons
from party.body import JWS, Body
from party.comparing import MOST_ITEMS
from party.openapi import OF_DOCUMENTS, jws, told
from party.parts import part

Digests = Annotated[list[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]], Field(max_length=MOST_ITEMS)]

_EXAMPLE: dict[str, Any] = {
    "statement": jws(DailyStatement.typ),
    "ofDay": ["0f1e2d3c4b5a69788796a5b4c3d2e1f0"],
    "around": [],
}


class StatementBody(Body):
    """Wat een organisatie op één dag over een andere vastlegde, als versleutelde kenmerken."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    statement: str = Field(
        pattern=JWS,
        description="De verklaring over de dag, ondertekend.",
        json_schema_extra={"maxLength": DailyStatement.max_bytes},
    )
    of_day: Digests = Field(description="Kenmerken van wat die dag is vastgelegd.")
    around: Digests = Field(description="Kenmerken van wat de dag ervoor, of daarna tot nu, is vastgelegd.")


ThisComparing = Annotated[Comparisons, part("comparing")]
router = APIRouter(prefix="/v1")


@router.post(
    "/daily-statements",
    summary="Vergelijk wat u op één dag vastlegde met wat de centrale vastlegde",
    description="Over een dag van ten minste twee en ten hoogste dertig dagen terug. Beide zeggen in hun "
    "spoor wat de ander mist.",
    response_model=StatementBody,
    responses=told(*OF_DOCUMENTS),
)
async def compare(body: StatementBody, comparing: ThisComparing) -> Any:
    said = await comparing.take(body.statement, body.of_day, body.around)
    return StatementBody(statement=said.token, of_day=list(said.of_day), around=list(said.around))
