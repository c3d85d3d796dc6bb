"""The node's API for what was asked in acute danger, and is looked at afterwards."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from adapters.node.callers import SignedIn, ThisNode
from adapters.node.node import Node
from adapters.node.reviewing.reviews import ReviewOutcome, UrgentReview
from contract.codes import Ref
from contract.problems import CannotSignIn, NotFound, PreconditionFailed
from contract.signing import moment
from party.body import Body, shown
from party.openapi import SIGNED_IN, told

_REVIEW: dict[str, Any] = {
    "inquiry": "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f",
    "caseRef": "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10",
    "side": "answered",
    "other": "veilig_thuis_midden",
    "openedAt": "2026-11-24T10:00:00Z",
    "dueAt": "2026-11-25T16:00:00Z",
    "outcome": None,
    "late": False,
}


class ReviewSearchIn(Body):
    model_config = shown("Welke toetsingen van spoed u wilt zien.", {"live": True})

    live: bool = Field(default=True, description="Alleen wat nog niet is getoetst.")


class ReviewIn(Body):
    model_config = shown(
        "Of de spoed terecht was.",
        {"outcome": "justified", "why": "De dreiging bleek uit de melding van die avond."},
    )

    outcome: ReviewOutcome = Field(description="Terecht, of niet.")
    why: str = Field(min_length=10, max_length=2_000, description="Waarom; staat verzegeld.")


class ReviewOut(Body):
    model_config = shown("Een bevraging bij acuut gevaar die iemand achteraf toetst.", _REVIEW)

    inquiry: str = Field(description="Kenmerk van de bevraging.")
    case_ref: str = Field(description="Kenmerk van de casus.")
    side: Literal["asked", "answered"] = Field(
        description="`asked`: hier is gevraagd. `answered`: hier is geantwoord."
    )
    other: str = Field(description="De organisatie aan de andere kant.")
    opened_at: datetime = Field(description="Sinds wanneer de toetsing openstaat.")
    due_at: datetime = Field(description="Wanneer de toetsing uiterlijk is gedaan.")
    outcome: ReviewOutcome | None = Field(description="Of de spoed terecht was; leeg: nog niet getoetst.")
    late: bool = Field(description="Of dat te laat is. De FG weet dat dan.")


router = APIRouter(prefix="/v1")


@router.post(
    "/urgent-reviews/_search",
    summary="Bekijk welke spoed nog moet worden getoetst",
    description="Voor leidinggevende, privacy officer en FG. Wat het eerst moet gebeuren, staat vooraan.",
    response_model=list[ReviewOut],
    responses=told(CannotSignIn),
    openapi_extra=SIGNED_IN,
)
async def find(body: ReviewSearchIn, node: ThisNode, person: SignedIn) -> Any:
    return [_review(node, one) for one in await node.reviews.find(live=body.live, person=person)]


@router.post(
    "/urgent-reviews/{id}/outcomes",
    status_code=201,
    summary="Zeg of de spoed terecht was",
    description="Voor leidinggevende en privacy officer. Niet voor wie zelf vroeg of antwoordde. Waarom, "
    "staat verzegeld in het spoor.",
    response_model=ReviewOut,
    responses=told(CannotSignIn, NotFound, PreconditionFailed),
    openapi_extra=SIGNED_IN,
)
async def close(
    inquiry: Annotated[Ref, Path(alias="id", description="Kenmerk van de bevraging")],
    body: ReviewIn,
    node: ThisNode,
    person: SignedIn,
) -> Any:
    return _review(node, await node.reviews.close(inquiry, body.outcome, body.why, person))


def _review(node: Node, one: UrgentReview) -> ReviewOut:
    return ReviewOut.model_validate(
        {
            "inquiry": one.inquiry,
            "case_ref": one.case_ref,
            "side": one.side,
            "other": one.other,
            "opened_at": moment(one.opened_at),
            "due_at": moment(one.due_at),
            "outcome": one.outcome,
            "late": one.late(node.signatory.now()),
        }
    )
