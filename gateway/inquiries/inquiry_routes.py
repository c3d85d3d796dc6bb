"""The broker's API for inquiries: what comes in is turned into a call of the one path, what it gives into
JSON. Nothing is decided here.

The hot route reads raw bytes and writes raw bytes; its bodies are described for the OpenAPI document by the
models below.
"""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field, ValidationError

from contract.codes import Ref
from contract.documents import MAX_INQUIRIES, Inquiry, Receipt, Reply
from contract.problems import (
    CannotDecide,
    CaseStatementStale,
    CaseUnknown,
    RequestInvalid,
    invalid_params,
)
from contract.words import AT_BROKER, QUESTIONS, described
from gateway.broker import Presented, RequesterView
from gateway.callers import Calling, ThisBroker
from gateway.inquiries.inquiries import Accepted
from party.body import JWS, Body
from party.openapi import OF_DOCUMENTS, SIGNED_IN, body_of, jws, told

_INQUIRY = "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f"
_SUBJECT = "c2a9e0d4-6b1f-4f5a-8e37-1d2c3b4a5f60"


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
        json_schema_extra=described(QUESTIONS, AT_BROKER),
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


router = APIRouter(prefix="/v1")


@router.post(
    "/inquiries",
    summary="Stel de vragen van één verrijking",
    description="Alle houders in één keer. Een weigering is een gewone uitkomst, met regel en redenen.",
    response_model=InquiriesReport,
    responses=told(*OF_DOCUMENTS, CaseUnknown, CaseStatementStale, CannotDecide),
    openapi_extra=body_of(Inquiries),
)
async def ask(request: Request, broker: ThisBroker) -> Response:
    try:
        body = Inquiries.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestInvalid(invalid_params=invalid_params(error)) from None
    presented = [Presented(one.inquiry, one.identities) for one in body.inquiries]
    return _report(await broker.handle(presented), broker.now_s())


@router.get(
    "/inquiries/{id}",
    summary="Haal de stand van een bevraging op",
    description="Met `version` laat u weten wat u al hebt. Dat wordt dan niet langer bewaard.",
    response_model=InquiriesReport,
    responses={**told(*OF_DOCUMENTS), 204: {"description": "Er is niets nieuws."}},
    openapi_extra=SIGNED_IN,
)
async def inquiry(
    broker: ThisBroker,
    caller: Calling,
    inquiry: Annotated[Ref, Path(alias="id", description="Kenmerk van de bevraging")],
    version: Annotated[int, Query(ge=0, le=1_000_000, description="De stand die u al hebt")] = 0,
) -> Response:
    report = await broker.report(inquiry, caller, seen=version)
    return Response(status_code=204) if report is None else _report(report, broker.now_s())


def _report(report: RequesterView, now_s: float) -> Response:
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
