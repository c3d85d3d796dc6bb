"""The node's API for enrichments: all questions of one case, and what became of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from adapters.node.asking.texts import EnrichmentOut, Texts
from adapters.node.asking.wish import Wish
from adapters.node.callers import SignedIn, ThisNode
from contract.codes import Ref
from contract.problems import (
    CannotDecide,
    CannotSignIn,
    CaseStatementStale,
    CaseUnknown,
    PartnerUnreachable,
    QuestionUnknown,
)
from party.openapi import SIGNED_IN, told

EnrichmentId = Annotated[Ref, Path(alias="id", description="Kenmerk van de verrijking")]
router = APIRouter(prefix="/v1")


@router.post(
    "/enrichments",
    status_code=201,
    summary="Stel de vragen van één verrijking, of kijk wat mag",
    description="Met `dryRun` wordt niets verstuurd: u ziet per vraag wat mag en waarom niet.",
    response_model=EnrichmentOut,
    responses=told(
        CannotSignIn,
        CaseUnknown,
        CaseStatementStale,
        QuestionUnknown,
        PartnerUnreachable,
        CannotDecide,
    ),
    openapi_extra=SIGNED_IN,
)
async def ask(body: Wish, node: ThisNode, person: SignedIn) -> Any:
    if not body.dry_run:
        return Texts(node).enrichment(await node.asking.ask(body, person))
    texts = Texts(node)
    region, allowed = await node.asking.may_ask(body, person)
    items = [texts.allowed(one, region) for one in allowed]
    return EnrichmentOut(id=None, case_ref=body.case_ref, items=items, problems=[], receipts=[])


@router.get(
    "/enrichments/{id}",
    summary="Haal een verrijking op",
    description="Wat er nu is: antwoorden, weigeringen en wat nog wacht.",
    response_model=EnrichmentOut,
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn),
)
async def enrichment(enrichment_id: EnrichmentId, node: ThisNode, person: SignedIn) -> Any:
    return Texts(node).enrichment(await node.asking.show(enrichment_id, person))
