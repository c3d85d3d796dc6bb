"""The node's API for enrichments: all questions of one case, and what became of them."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path

from adapters.node.asking.texts import EnrichmentOut, Texts
from adapters.node.asking.wish import Wish
from adapters.node.node import Node
from contract.codes import Ref
from contract.problems import (
    CaseStatementStale,
    CaseUnknown,
    IdentityProviderUnavailable,
    PartnerUnreachable,
    PolicyUnavailable,
)
from party.bearer import Authorization
from party.openapi import SIGNED_IN, told


def enrichment_routes(node: Callable[[], Node]) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.post(
        "/enrichments",
        status_code=201,
        summary="Stel de vragen van één verrijking, of kijk wat mag",
        description="Met `dryRun` wordt niets verstuurd: u ziet per vraag wat mag en waarom niet.",
        response_model=EnrichmentOut,
        responses=told(
            IdentityProviderUnavailable,
            CaseUnknown,
            CaseStatementStale,
            PartnerUnreachable,
            PolicyUnavailable,
        ),
        openapi_extra=SIGNED_IN,
    )
    async def ask(body: Wish, authorization: Authorization = None) -> Any:
        person = await node().people.person(authorization)
        if not body.dry_run:
            return Texts(node()).enrichment(await node().asking.ask(body, person))
        allowed = await node().asking.may_ask(body, person)
        items = [Texts(node()).allowed(one, body.subjects[one.subject].role) for one in allowed]
        return EnrichmentOut(id=None, case_ref=body.case_ref, items=items, problems=[], receipts=[])

    @router.get(
        "/enrichments/{id}",
        summary="Haal een verrijking op",
        description="Wat er nu is: antwoorden, weigeringen en wat nog wacht.",
        response_model=EnrichmentOut,
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def enrichment(
        id: Annotated[Ref, Path(description="Kenmerk van de verrijking")],
        authorization: Authorization = None,
    ) -> Any:
        person = await node().people.person(authorization)
        return Texts(node()).enrichment(await node().asking.show(id, person))

    return router
