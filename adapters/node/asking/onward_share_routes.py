"""The node's API for answers that whoever asked passes on."""

from fastapi import APIRouter, Response

from adapters.node.asking.enrichment_routes import EnrichmentId
from adapters.node.asking.onward_shares import OnwardShareWish
from adapters.node.callers import SignedIn, ThisNode
from contract.problems import CannotSignIn, NotFound
from party.openapi import SIGNED_IN, told

router = APIRouter(prefix="/v1")


@router.post(
    "/enrichments/{id}/onward-shares",
    status_code=204,
    summary="Leg vast dat u antwoorden doorgaf",
    description="Een antwoord is voor wie het vroeg. Vertelt u het een ander, in het overleg of daarbuiten? "
    "Dan legt u vast aan wie en waarom. Er gaat niets uit: dat doet u zelf. De betrokkene hoort het later.",
    responses=told(CannotSignIn, NotFound),
    openapi_extra=SIGNED_IN,
)
async def share(
    enrichment_id: EnrichmentId, body: OnwardShareWish, node: ThisNode, person: SignedIn
) -> Response:
    await node.onward_shares.record(enrichment_id, body, person)
    return Response(status_code=204)
