"""The node's API for standing decisions: what is answered automatically, and the pause."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from adapters.node.answering import standing
from adapters.node.callers import SignedIn, ThisNode
from contract.problems import (
    CannotSignIn,
    RequestInvalid,
    invalid_param,
)
from party.body import Body, shown
from party.openapi import SIGNED_IN, told


class StandingIn(Body):
    model_config = shown("Een staand besluit.", {"rule": "A02", "validUntil": "2027-06-30T22:00:00Z"})

    rule: str = Field(pattern=r"^[A-Z][0-9]{2}$", description="Regel van de hand-out.")
    valid_until: datetime = Field(description="Tot wanneer; ten hoogste een jaar.")


class StandingOut(Body):
    model_config = shown("Wat nu automatisch gaat.", {"automatic": ["A01", "A02"], "paused": False})

    automatic: list[str] = Field(description="Regels die automatisch worden beantwoord.")
    paused: bool = Field(description="Of alles stilstaat.")


router = APIRouter(prefix="/v1")


@router.get(
    "/standing-decisions",
    summary="Wat automatisch wordt beantwoord",
    description="De regels met een staand besluit dat nu geldt.",
    response_model=StandingOut,
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn),
)
async def standing_now(node: ThisNode, _: SignedIn) -> Any:
    now = await node.trail.read(lambda store: standing.load(store, node.signatory.now()))
    return StandingOut(automatic=sorted(now.automatic), paused=now.paused)


@router.post(
    "/standing-decisions",
    status_code=204,
    summary="Besluit dat een regel automatisch wordt beantwoord",
    description="Zonder besluit kijkt altijd een medewerker. Een besluit geldt ten hoogste een jaar.",
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn),
)
async def decide(body: StandingIn, node: ThisNode, person: SignedIn) -> Response:
    rule = node.release.catalogue.rules.get(body.rule)
    if rule is None or rule.mode != "automatic" or not _ours(rule.cells, str(node.signatory.party.partner)):
        raise RequestInvalid(invalid_params=[invalid_param(("rule",), "not_automatic_here")])
    try:
        await standing.decide(
            node.trail,
            body.rule,
            by=person.user,
            now=node.signatory.now(),
            valid_until=body.valid_until,
        )
    except (ValueError, TypeError):
        raise RequestInvalid(invalid_params=[invalid_param(("validUntil",), "within_a_year")]) from None
    return Response(status_code=204)


@router.delete(
    "/standing-decisions/{rule}",
    status_code=204,
    summary="Beëindig een staand besluit",
    description="Vanaf nu kijkt bij deze regel een medewerker.",
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn),
)
async def end(
    rule: Annotated[str, Path(pattern=r"^[A-Z][0-9]{2}$", description="Regel")],
    node: ThisNode,
    person: SignedIn,
) -> Response:
    await standing.end(node.trail, rule, by=person.user)
    return Response(status_code=204)


@router.put(
    "/pause",
    status_code=204,
    summary="Pauzeer: nu wordt niets beantwoord",
    description="De vrager hoort dat de houder pauzeert, en wie hij kan bellen.",
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn),
)
async def pause(node: ThisNode, person: SignedIn) -> Response:
    await standing.pause(node.trail, by=person.user, now=node.signatory.now())
    return Response(status_code=204)


@router.delete(
    "/pause",
    status_code=204,
    summary="Hervat",
    description="Vanaf nu wordt weer geantwoord.",
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn),
)
async def resume(node: ThisNode, person: SignedIn) -> Response:
    await standing.resume(node.trail, by=person.user)
    return Response(status_code=204)


def _ours(cells: frozenset[tuple[str, str]], partner: str) -> bool:
    return any(question.startswith(f"{partner}.") for _, question in cells)
