"""The broker's API: what comes in is turned into a call of the one path, what it gives into JSON. Nothing is
decided here.

The hot route reads raw bytes and writes raw bytes; its bodies are described for the OpenAPI document by the
models below.
"""

from collections.abc import Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from adapters.contract.codes import Ref
from adapters.contract.documents import Inquiry, Reply
from adapters.contract.problems import NotSignedIn, RequestInvalid, invalid_params
from gateway.broker import MAX_INQUIRIES, Broker, Presented, Report
from gateway.inquiries import Accepted

_JWS = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"
_EXAMPLE = "eyJhbGciOiJFUzI1NiIsImtpZCI6Ij…"


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )


class Statement(_Body):
    statement: str = Field(
        pattern=_JWS, description="Casusverklaring, ondertekend door het knooppunt.", examples=[_EXAMPLE]
    )


class StatementReceipt(_Body):
    receipt: str = Field(
        description="Ontvangstbewijs: de regel in het spoor van de centrale, met bewijs.", examples=[_EXAMPLE]
    )


class PresentedInquiry(_Body):
    inquiry: str = Field(
        pattern=_JWS,
        description="Bevraging, ondertekend.",
        examples=[_EXAMPLE],
        json_schema_extra={"maxLength": Inquiry.max_bytes},  # a larger one is a document that is too large
    )
    identities: dict[Ref, str] = Field(
        max_length=12, description="Per betrokkene de vergrendelde gegevens, alleen te openen door de houder."
    )


class Inquiries(_Body):
    inquiries: list[PresentedInquiry] = Field(
        min_length=1, max_length=MAX_INQUIRIES, description="Eén bevraging per houder."
    )


class QuestionState(_Body):
    index: int = Field(description="Plaats van de vraag in de bevraging.", examples=[0])
    state: str = Field(
        description="refused, sent, waits_for_person, answered, refused_by_holder, late of undelivered.",
        examples=["answered"],
    )
    ground: str | None = Field(description="Waarom de houder nu geen antwoord geeft.", examples=[None])
    due_at: int | None = Field(
        description="Uiterste tijd van de houder, in seconden sinds 1970.", examples=[1795694400]
    )


class InquiryReport(_Body):
    id: Ref
    version: int = Field(
        description="Stand van deze bevraging; geef hem mee bij de volgende vraag naar de stand.",
        examples=[2],
    )
    questions: list[QuestionState]
    replies: list[str] = Field(description="Antwoorden, verzegeld voor de vrager.", examples=[[_EXAMPLE]])


class InquiriesReport(_Body):
    receipt: str = Field(
        description="Ontvangstbewijs met alle beslissingen en hun bewijs.", examples=[_EXAMPLE]
    )
    inquiries: list[InquiryReport]


class HandedIn(_Body):
    reply: str = Field(
        pattern=_JWS,
        description="Antwoord, ondertekend door de houder.",
        examples=[_EXAMPLE],
        json_schema_extra={"maxLength": Reply.max_bytes},
    )


class CaseState(_Body):
    case_ref: Ref
    statement: str = Field(description="Kenmerk van de nieuwste casusverklaring.")
    facts: dict[str, Any] = Field(description="De feiten daaruit, als codes.")


def routes(broker: Callable[[], Broker]) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.post(
        "/cases",
        status_code=201,
        summary="Leg de feiten van een casus vast",
        description="Een nieuwe verklaring vervangt de vorige. Er staat nooit in wie de betrokkenen zijn.",
        response_model=StatementReceipt,
    )
    async def state_case(body: Statement) -> Any:
        return StatementReceipt(receipt=await broker().state_case(body.statement))

    @router.get(
        "/cases/{id}",
        summary="Haal de nieuwste feiten van een casus op",
        description="Alleen voor deelnemers van de regio van de casus.",
        response_model=CaseState,
    )
    async def case(
        id: Annotated[Ref, Path(description="Kenmerk van de casus")],
        authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Any:
        found = await broker().case(id, _bearer(authorization), path=f"/v1/cases/{id}")
        return CaseState(
            case_ref=found.case_ref, statement=found.statement, facts={"region": found.region, **found.facts}
        )

    @router.post(
        "/inquiries",
        summary="Stel de vragen van één verrijking",
        description="Alle houders in één keer. Een weigering is een gewone uitkomst, met regel en redenen.",
        response_model=InquiriesReport,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": Inquiries.model_json_schema()}},
            }
        },
    )
    async def ask(request: Request) -> Response:
        try:
            body = Inquiries.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestInvalid(invalid_params=invalid_params(error)) from None
        presented = [Presented(one.inquiry, one.identities) for one in body.inquiries]
        return _report(await broker().handle(presented), broker().now_s())

    @router.get(
        "/inquiries/{id}",
        summary="Haal de stand van een bevraging op",
        description="Met `version` laat u weten wat u al hebt. Dat wordt dan niet langer bewaard.",
        response_model=InquiriesReport,
        responses={204: {"description": "Er is niets nieuws."}},
    )
    async def inquiry(
        id: Annotated[Ref, Path(description="Kenmerk van de bevraging")],
        version: Annotated[int, Query(ge=0, le=1_000_000, description="De stand die u al hebt")] = 0,
        authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Response:
        report = await broker().report(id, _bearer(authorization), path=f"/v1/inquiries/{id}", seen=version)
        return Response(status_code=204) if report is None else _report(report, broker().now_s())

    @router.post(
        "/replies",
        status_code=204,
        summary="Lever een antwoord dat een medewerker heeft vrijgegeven",
        description="Nog een keer hetzelfde antwoord leveren verandert niets.",
    )
    async def reply(body: HandedIn) -> Response:
        await broker().take_reply(body.reply)
        return Response(status_code=204)

    return router


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    return token


def _report(report: Report, now_s: float) -> Response:
    body = {"receipt": report.receipt, "inquiries": [_inquiry(one, now_s) for one in report.inquiries]}
    return Response(orjson.dumps(body), media_type="application/json")


def _inquiry(accepted: Accepted, now_s: float) -> dict[str, Any]:
    return {
        "id": accepted.jti,
        "version": accepted.version,
        "questions": [
            {
                "index": index,
                "state": question.state_at(now_s),
                "ground": question.ground,
                "dueAt": question.due_at,
            }
            for index, question in enumerate(accepted.questions)
        ],
        "replies": [reply["token"] for reply in accepted.replies if reply["token"]],
    }
