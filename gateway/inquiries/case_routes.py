"""The broker's API for cases: their facts, as they were stated."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from contract.codes import Ref
from contract.documents import CaseAcceptance, CaseStatement, Receipt
from contract.problems import (
    AcceptanceNotNeeded,
    AcceptanceNotYours,
    CaseNotYours,
    CaseStatementStale,
    CaseUnknown,
    NotAttested,
)
from gateway.callers import Calling, ThisBroker
from party.body import JWS, Body
from party.openapi import OF_DOCUMENTS, SIGNED_IN, jws, told


class CaseStatementIn(Body):
    """Een casusverklaring die wordt vastgelegd."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"statement": jws(CaseStatement.typ)}]})

    statement: str = Field(pattern=JWS, description="Casusverklaring, ondertekend door het knooppunt.")


class CaseAcceptanceIn(Body):
    """Dat een ketenpartner een casus aanneemt."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"acceptance": jws(CaseAcceptance.typ)}]})

    acceptance: str = Field(
        pattern=JWS, description="Dat de casus is aangenomen, ondertekend door het knooppunt."
    )


class StatementReceipt(Body):
    """Dat een casusverklaring is vastgelegd, en met welke feiten."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"receipt": jws(Receipt.typ)}]})

    receipt: str = Field(
        description="Ontvangstbewijs: de regel van de verklaring in het spoor van de centrale, met bewijs. "
        "Is de casus aangenomen, dan ook die regel."
    )


CaseRef = Annotated[Ref, Path(alias="id", description="Kenmerk van de casus")]
router = APIRouter(prefix="/v1")


@router.post(
    "/cases",
    status_code=201,
    summary="Leg de feiten van een casus vast",
    description="Een nieuwe verklaring vervangt de vorige. Er staat nooit in wie de betrokkenen zijn.",
    response_model=StatementReceipt,
    responses=told(*OF_DOCUMENTS, CaseNotYours, NotAttested, CaseStatementStale),
)
async def state_case(body: CaseStatementIn, broker: ThisBroker) -> Any:
    return StatementReceipt(receipt=await broker.state_case(body.statement))


@router.get(
    "/cases/{id}",
    summary="Haal de nieuwste feiten van een casus op",
    description="De regel van de nieuwste verklaring. Alleen voor deelnemers van de regio van de casus.",
    response_model=StatementReceipt,
    responses=told(*OF_DOCUMENTS),
    openapi_extra=SIGNED_IN,
)
async def case(case_ref: CaseRef, broker: ThisBroker, caller: Calling) -> Any:
    receipt = await broker.case(case_ref, caller)
    return StatementReceipt(receipt=receipt)


@router.post(
    "/acceptances",
    status_code=201,
    summary="Leg vast dat een casus is aangenomen",
    description="In een Zorg- en Veiligheidshuis mag er pas iets worden gevraagd als politie, OM of Raad de "
    "casus heeft aangenomen. Nog eens aannemen verandert niets.",
    response_model=StatementReceipt,
    responses=told(*OF_DOCUMENTS, AcceptanceNotYours, CaseUnknown, AcceptanceNotNeeded, CaseStatementStale),
)
async def accept_case(body: CaseAcceptanceIn, broker: ThisBroker) -> Any:
    return StatementReceipt(receipt=await broker.accept_case(body.acceptance))
