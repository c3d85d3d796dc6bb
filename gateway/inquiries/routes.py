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

from contract.codes import Ref
from contract.documents import Caller, CaseStatement, Inquiry, Receipt, Reply
from contract.problems import (
    CaseStatementStale,
    CaseUnknown,
    Conflict,
    NotSignedIn,
    PolicyUnavailable,
    RequestInvalid,
    invalid_params,
)
from gateway.broker import MAX_INQUIRIES, Broker, Presented, Report
from gateway.inquiries.inquiries import Accepted
from party.openapi import OF_DOCUMENTS, SIGNED_IN, body_of, jws, told

JWS = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"
_INQUIRY = "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f"
_SUBJECT = "c2a9e0d4-6b1f-4f5a-8e37-1d2c3b4a5f60"

BEARER = (
    f"Een ondertekend document `{Caller.typ}` van uw knooppunt, voor dit ene adres en ten hoogste een minuut "
    "geldig, in de kop `Authorization`."
)

STATES = {
    "refused": "De hand-out staat de vraag niet toe. Dit verandert niet meer.",
    "sent": "De vraag is vrijgegeven. Er is nog geen antwoord van de houder.",
    "waits_for_person": "Een medewerker van de houder moet kijken.",
    "answered": "Het antwoord is er. Dit verandert niet meer.",
    "refused_by_holder": "De houder geeft nu geen antwoord; `ground` zegt waarom. Dit verandert niet meer.",
    "late": "De uiterste tijd is voorbij. Het antwoord kan nog komen; bel het loket van de houder.",
    "undelivered": "De houder was al die tijd niet te bereiken. Dit verandert niet meer.",
}
"""Of one question, as `Progress.state_at` tells them."""

Authorization = Annotated[str | None, Header(include_in_schema=False)]


class Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class Statement(Body):
    """Een casusverklaring die wordt vastgelegd."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"statement": jws(CaseStatement.typ)}]})

    statement: str = Field(pattern=JWS, description="Casusverklaring, ondertekend door het knooppunt.")


class StatementReceipt(Body):
    """Dat een casusverklaring is vastgelegd, en met welke feiten."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"receipt": jws(Receipt.typ)}]})

    receipt: str = Field(description="Ontvangstbewijs: de regel in het spoor van de centrale, met bewijs.")


class PresentedInquiry(Body):
    """Een bevraging, met wat ernaast reist."""

    inquiry: str = Field(
        pattern=JWS,
        description="Bevraging, ondertekend.",
        json_schema_extra={"maxLength": Inquiry.max_bytes},  # a larger one is a document that is too large
    )
    identities: dict[Ref, str] = Field(
        max_length=12, description="Per betrokkene de vergrendelde gegevens, alleen te openen door de houder."
    )


class Inquiries(Body):
    """Alle bevragingen van één verrijking."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inquiries": [
                        {
                            "inquiry": jws(Inquiry.typ),
                            "identities": {_SUBJECT: "bG9ja2VkIGlkZW50aXR5IG9mIGEgc3ViamVjdA"},
                        }
                    ]
                }
            ]
        }
    )

    inquiries: list[PresentedInquiry] = Field(
        min_length=1, max_length=MAX_INQUIRIES, description="Eén bevraging per houder."
    )


class QuestionState(Body):
    """Hoe ver één vraag is."""

    index: int = Field(description="Plaats van de vraag in de bevraging.")
    state: str = Field(
        description="Hoe ver de vraag is.",
        json_schema_extra={
            "oneOf": [{"const": state, "description": meaning} for state, meaning in STATES.items()]
        },
    )
    ground: str | None = Field(description="Waarom de houder nu geen antwoord geeft.")
    due_at: int | None = Field(description="Uiterste tijd van de houder, in seconden sinds 1970.")


class InquiryReport(Body):
    """Hoe ver één bevraging is."""

    id: Ref = Field(description="Kenmerk van de bevraging.")
    version: int = Field(
        description="Stand van deze bevraging; geef hem mee bij de volgende vraag naar de stand."
    )
    questions: list[QuestionState] = Field(description="De vragen, in de volgorde van de bevraging.")
    replies: list[str] = Field(description="Antwoorden, verzegeld voor de vrager.")


class InquiriesReport(Body):
    """Hoe ver de bevragingen zijn, met het bewijs van elke beslissing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "receipt": jws(Receipt.typ),
                    "inquiries": [
                        {
                            "id": _INQUIRY,
                            "version": 2,
                            "questions": [
                                {"index": 0, "state": "answered", "ground": None, "dueAt": 1795694400},
                                {
                                    "index": 1,
                                    "state": "waits_for_person",
                                    "ground": None,
                                    "dueAt": 1795694400,
                                },
                                {"index": 2, "state": "refused", "ground": None, "dueAt": None},
                            ],
                            "replies": [jws(Reply.typ)],
                        }
                    ],
                }
            ]
        }
    )

    receipt: str = Field(description="Ontvangstbewijs met alle beslissingen en hun bewijs.")
    inquiries: list[InquiryReport] = Field(description="Per bevraging hoe ver zij is.")


class HandedIn(Body):
    """Een antwoord dat later is vrijgegeven."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reply": jws(Reply.typ)}]})

    reply: str = Field(
        pattern=JWS,
        description="Antwoord, ondertekend door de houder.",
        json_schema_extra={"maxLength": Reply.max_bytes},
    )


def routes(broker: Callable[[], Broker]) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.post(
        "/cases",
        status_code=201,
        summary="Leg de feiten van een casus vast",
        description="Een nieuwe verklaring vervangt de vorige. Er staat nooit in wie de betrokkenen zijn.",
        response_model=StatementReceipt,
        responses=told(*OF_DOCUMENTS),
    )
    async def state_case(body: Statement) -> Any:
        return StatementReceipt(receipt=await broker().state_case(body.statement))

    @router.get(
        "/cases/{id}",
        summary="Haal de nieuwste feiten van een casus op",
        description="De regel van de nieuwste verklaring. Alleen voor deelnemers van de regio van de casus.",
        response_model=StatementReceipt,
        responses=told(*OF_DOCUMENTS),
        openapi_extra=SIGNED_IN,
    )
    async def case(
        id: Annotated[Ref, Path(description="Kenmerk van de casus")],
        authorization: Authorization = None,
    ) -> Any:
        receipt = await broker().case(id, bearer_of(authorization), path=f"/v1/cases/{id}")
        return StatementReceipt(receipt=receipt)

    @router.post(
        "/inquiries",
        summary="Stel de vragen van één verrijking",
        description="Alle houders in één keer. Een weigering is een gewone uitkomst, met regel en redenen.",
        response_model=InquiriesReport,
        responses=told(*OF_DOCUMENTS, CaseUnknown, CaseStatementStale, PolicyUnavailable),
        openapi_extra=body_of(Inquiries),
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
        responses={**told(*OF_DOCUMENTS), 204: {"description": "Er is niets nieuws."}},
        openapi_extra=SIGNED_IN,
    )
    async def inquiry(
        id: Annotated[Ref, Path(description="Kenmerk van de bevraging")],
        version: Annotated[int, Query(ge=0, le=1_000_000, description="De stand die u al hebt")] = 0,
        authorization: Authorization = None,
    ) -> Response:
        report = await broker().report(id, bearer_of(authorization), path=f"/v1/inquiries/{id}", seen=version)
        return Response(status_code=204) if report is None else _report(report, broker().now_s())

    @router.post(
        "/replies",
        status_code=204,
        summary="Lever een antwoord dat een medewerker heeft vrijgegeven",
        description="Nog een keer hetzelfde antwoord leveren verandert niets.",
        responses=told(*OF_DOCUMENTS, Conflict),
    )
    async def reply(body: HandedIn) -> Response:
        await broker().take_reply(body.reply)
        return Response(status_code=204)

    return router


def bearer_of(authorization: str | None) -> str:
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
