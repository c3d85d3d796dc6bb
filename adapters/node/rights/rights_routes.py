"""The node's API for the rights of persons: their requests, and answers that are taken back."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field

from adapters.node.addresses import Index, InquiryId
from adapters.node.asking.wish import wished_identity
from adapters.node.callers import SignedIn, ThisNode
from adapters.node.informing.page_body import PageOut, printed
from adapters.node.node import Node
from adapters.node.persons import PartState
from adapters.node.rights.requests import Request, RequestOutcome
from contract.codes import Ref
from contract.problems import CannotSignIn, NotFound, NotWaiting, PartnerUnreachable, PreconditionFailed
from party.body import Body, shown
from party.openapi import OF_DOCUMENTS, SIGNED_IN, told
from policies.catalogue import RequestedRight

RequestId = Annotated[Ref, Path(alias="id", description="Kenmerk van het verzoek")]

_WHY = "De gegevens staan in een andere casus, en worden daar gewist."
_REQUEST: dict[str, Any] = {
    "id": "3f1c2a9e-0000-4000-8000-000000000001",
    "asked": "access",
    "receivedOn": "2026-11-23",
    "dueOn": "2026-12-23",
    "extended": False,
    "outcome": None,
    "version": 0,
    "overdue": False,
}


class RequestIn(Body):
    model_config = shown(
        "Een verzoek van een betrokkene.",
        {
            "asked": "access",
            "receivedOn": "2026-11-23",
            "name": "Anna Voorbeeld",
            "words": "Wat is er gevraagd?",
        },
    )

    asked: RequestedRight = Field(description="Wat de betrokkene vraagt.")
    received_on: date = Field(description="Wanneer het binnenkwam; de termijn telt vanaf die dag.")
    name: str = Field(min_length=1, max_length=200, description="Wie het vroeg; staat verzegeld.")
    words: str = Field(max_length=4_000, description="Wat er is gevraagd; staat verzegeld.")


class RequestSearchIn(Body):
    model_config = shown("Welke verzoeken u wilt zien.", {"live": True})

    live: bool = Field(default=True, description="Alleen wat nog moet worden beantwoord.")


class RequestStepIn(Body):
    model_config = shown("Hoe een verzoek verder gaat.", {"step": "granted", "version": 0, "why": _WHY})

    step: Literal["extension"] | RequestOutcome = Field(description="Verlengd, of hoe het is beantwoord.")
    version: int = Field(ge=0, description="De stand die u zag, zodat niemand een ander overschrijft.")
    why: str = Field(min_length=10, max_length=2_000, description="Waarom; staat verzegeld.")


_OVERVIEW: dict[str, Any] = {
    "requestId": _REQUEST["id"],
    "identity": {"surname": "Voorbeeld", "givenNames": "Anna", "birthDate": "1984-05-00"},
}
_NEAR: dict[str, Any] = {
    "subjectRef": "3f1c2a9e-0000-4000-8000-000000000003",
    "caseRef": "3f1c2a9e-0000-4000-8000-000000000002",
    "since": "2026-11-23",
    "asker": "veilig_thuis",
    "surname": "equal",
    "givenNames": "equal",
    "birthDate": "partly",
}


class OverviewIn(Body):
    model_config = shown("Wie om een overzicht vraagt.", _OVERVIEW)

    request_id: Ref = Field(description="Het verzoek om inzage dat dit overzicht beantwoordt.")
    identity: dict[str, Any] = Field(
        description="Wie het is: `surname`, `prefix`, `givenNames`, `birthDate`."
    )
    also: list[Ref] = Field(
        default_factory=list,
        max_length=100,
        description="Wie hierop lijkt (`near`), en volgens u dezelfde persoon is: `subjectRef`.",
    )
    safety_checked_on: date | None = Field(
        None, description="Wanneer is nagegaan dat het veilig is te zien wat nog niet is verteld: vandaag."
    )


class NearHitOut(Body):
    model_config = shown("Iemand die op deze persoon lijkt, en een ander kan zijn.", _NEAR)

    subject_ref: str = Field(description="Betrokkene, alleen in deze casus.")
    case_ref: str = Field(description="Casus.")
    since: date = Field(description="Wanneer voor het eerst is gevraagd.")
    asker: str = Field(description="Wie vroeg.")
    surname: PartState = Field(description="Achternaam: gelijk, deels, niet te vergelijken of anders.")
    given_names: PartState = Field(description="Voornamen.")
    birth_date: PartState = Field(description="Geboortedatum.")


class OverviewOut(PageOut):
    model_config = shown(
        "Een overzicht om af te drukken, en wat alleen de FG ziet.",
        {"html": "<!DOCTYPE html>…", "pdf": None, "pdfProblem": None, "near": [_NEAR], "leftOut": 0},
    )

    near: list[NearHitOut] = Field(description="Wie hierop lijkt. Beslis of het dezelfde persoon is.")
    left_out: int = Field(description="Hoeveel is gevonden dat de betrokkene nu niet mag zien.")


class RequestOut(Body):
    model_config = shown("Een verzoek van een betrokkene, met zijn termijn.", _REQUEST)

    id: str = Field(description="Kenmerk.")
    asked: str = Field(description="Wat is gevraagd.")
    received_on: date = Field(description="Wanneer het binnenkwam.")
    due_on: date = Field(description="Wanneer het uiterlijk moet zijn beantwoord.")
    extended: bool = Field(description="Of de termijn is verlengd.")
    outcome: str | None = Field(description="Hoe het is beantwoord; leeg: nog niet.")
    version: int = Field(description="Hoeveel stappen er waren.")
    overdue: bool = Field(description="Of de termijn voorbij is.")


router = APIRouter(prefix="/v1")


@router.post(
    "/requests",
    status_code=201,
    summary="Leg een verzoek van een betrokkene vast",
    description="Voor FG en privacy officer. De termijn volgt uit de wet van deze organisatie.",
    response_model=RequestOut,
    responses=told(CannotSignIn),
    openapi_extra=SIGNED_IN,
)
async def receive(body: RequestIn, node: ThisNode, person: SignedIn) -> Any:
    who = {"name": body.name, "words": body.words}
    return _request(node, await node.requests.receive(body.asked, body.received_on, who, person))


@router.post(
    "/requests/_search",
    summary="Bekijk de verzoeken van betrokkenen",
    description="Wat het eerst moet worden beantwoord, staat vooraan.",
    response_model=list[RequestOut],
    responses=told(CannotSignIn),
    openapi_extra=SIGNED_IN,
)
async def find(body: RequestSearchIn, node: ThisNode, person: SignedIn) -> Any:
    return [_request(node, one) for one in await node.requests.find(live=body.live, person=person)]


@router.post(
    "/requests/{id}/steps",
    status_code=201,
    summary="Verleng de termijn van een verzoek, of sluit het af",
    description="Verlengen kan één keer, niet overal, en alleen vóór de termijn voorbij is. Laat de "
    "betrokkene dan weten dat u verlengt, en waarom. Waarom, staat verzegeld in het spoor.",
    response_model=RequestOut,
    responses=told(CannotSignIn, NotFound, PreconditionFailed),
    openapi_extra=SIGNED_IN,
)
async def step(request: RequestId, body: RequestStepIn, node: ThisNode, person: SignedIn) -> Any:
    requests = node.requests
    if body.step == "extension":
        return _request(node, await requests.extend(request, body.version, body.why, person))
    return _request(node, await requests.close(request, body.version, body.step, body.why, person))


@router.post(
    "/overviews",
    status_code=201,
    summary="Maak het overzicht waar iemand om vraagt",
    description="Voor de FG. Wat deze organisatie vroeg, en wat aan haar is gevraagd. Wat nog niet is "
    "verteld, staat er alleen in als vandaag is nagegaan dat dit veilig is; wat is uitgesteld, nooit. Wie op "
    "deze persoon lijkt, legt het knooppunt eerst aan u voor. Dit wordt vastgelegd, bij het verzoek.",
    response_model=OverviewOut,
    responses=told(*OF_DOCUMENTS, CannotSignIn, NotFound, PartnerUnreachable),
    openapi_extra=SIGNED_IN,
)
async def overview(body: OverviewIn, node: ThisNode, person: SignedIn) -> Any:
    made = await node.overviews.make(
        body.request_id,
        wished_identity(body.identity),
        person,
        also=body.also,
        safety_checked_on=body.safety_checked_on,
    )
    page = await printed(made.overview, node.release.catalogue)
    near = [NearHitOut(**vars(one)) for one in made.near]
    return OverviewOut(**page.model_dump(), near=near, left_out=made.left_out)


@router.post(
    "/questions/{id}/{index}/rectifications",
    status_code=204,
    summary="Neem een antwoord terug",
    description="Omdat het niet juist was. De organisatie die het vroeg, hoort dat het niet meer telt. "
    "Vertel het zelf aan wie het in een overleg hoorde.",
    responses=told(CannotSignIn, NotFound, NotWaiting),
    openapi_extra=SIGNED_IN,
)
async def take_back(inquiry: InquiryId, index: Index, node: ThisNode, person: SignedIn) -> Response:
    await node.rectifying.take_back(inquiry, index, person)
    return Response(status_code=204)


def _request(node: Node, one: Request) -> RequestOut:
    return RequestOut(**vars(one), overdue=one.overdue(node.requests.today()))
