"""The node's API for the broker: a permit comes in, a reply goes out. It reads and writes raw bytes."""

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError

from adapters.node.callers import ThisNode
from contract.codes import Ref
from contract.documents import Inquiry, Permit, Reply
from contract.problems import (
    AnsweringPaused,
    CannotDecide,
    CannotLookUp,
    Conflict,
    DecisionDiffers,
    RequestInvalid,
    SealedForAnother,
    invalid_params,
)
from party.body import JWS, Body, shown
from party.openapi import OF_DOCUMENTS, body_of, jws, told

_SUBJECT = "c2a9e0d4-6b1f-4f5a-8e37-1d2c3b4a5f60"


class PermitIn(Body):
    model_config = shown(
        "Een vrijgave van de centrale, met de bevraging waar zij bij hoort.",
        {
            "permit": jws(Permit.typ),
            "inquiry": jws(Inquiry.typ),
            "identities": {_SUBJECT: "bG9ja2VkIGlkZW50aXR5IG9mIGEgc3ViamVjdA"},
        },
    )

    permit: str = Field(pattern=JWS, description="Vrijgave, ondertekend door de centrale.")
    inquiry: str = Field(
        pattern=JWS,
        description="Bevraging, ondertekend door de vrager.",
        json_schema_extra={"maxLength": Inquiry.max_bytes},
    )
    identities: dict[Ref, str] = Field(
        min_length=1, max_length=12, description="Vergrendelde gegevens van de betrokkenen."
    )


class ReplyOut(Body):
    model_config = shown("Het antwoord van de houder.", {"reply": jws(Reply.typ)})

    reply: str = Field(description="Antwoord, ondertekend en verzegeld voor de vrager.")


router = APIRouter(prefix="/v1")


@router.post(
    "/permits",
    summary="Beantwoord een bevraging die de centrale heeft vrijgegeven",
    description="De houder beslist opnieuw, zoekt in het eigen register en antwoordt met een code.",
    response_model=ReplyOut,
    responses=told(
        *OF_DOCUMENTS,
        SealedForAnother,
        DecisionDiffers,
        AnsweringPaused,
        Conflict,
        CannotDecide,
        CannotLookUp,
    ),
    openapi_extra=body_of(PermitIn),
)
async def permit(request: Request, node: ThisNode) -> Response:
    try:
        body = PermitIn.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestInvalid(invalid_params=invalid_params(error)) from None
    reply = await node.answering.answer(body.permit, body.inquiry, body.identities)
    return Response(orjson.dumps({"reply": reply}), media_type="application/json")
