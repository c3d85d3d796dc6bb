"""The broker's API for versions of the hand-out: what is proposed, who agrees, since when each is in
force.
"""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from contract.documents import ReleaseStep
from contract.problems import (
    AlreadyAgreed,
    Conflict,
    MomentPast,
    NotAgreed,
    NotFound,
    NotInvolved,
    OwnProposal,
    ReleaseKnown,
    ReleaseStale,
    ReleaseUnfit,
    RequestInvalid,
    StillInForce,
    invalid_param,
)
from contract.releases import Life
from contract.words import RELEASES, described
from gateway.callers import Calling
from gateway.handout.agreement import Agreement
from party.body import JWS, Body
from party.openapi import OF_DOCUMENTS, SIGNED_IN, jws, told
from party.parts import part

Hex = Annotated[
    str, Path(alias="id", pattern=r"^[0-9a-f]{64}$", description="Kenmerk van de versie, zonder `sha256:`")
]


_RELEASE: dict[str, Any] = {
    "release": f"sha256:{'3f' * 32}",
    "state": "in_force",
    "base": None,
    "name": "eerste versie",
    "changelog": "",
    "steps": [],
    "examined": None,
    "missing": [],
}


class Proposed(Body):
    """Een voorstel voor een nieuwe versie van de hand-out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"step": jws(ReleaseStep.typ), "bundle": "H4sIAAAAAAAC", "certificate": "{}"}]
        }
    )

    step: str = Field(pattern=JWS, description="Voorstel, ondertekend door het knooppunt.")
    bundle: str = Field(max_length=2 * 1024 * 1024, description="De ondertekende bundel voor OPA, in base64.")
    certificate: str = Field(
        max_length=1024 * 1024, description="Wat `grondslag policy check --json` van deze versie vond."
    )


class KnownStep(Body):
    """Een stap met een versie die bekend is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"step": jws(ReleaseStep.typ)}]})

    step: str = Field(
        pattern=JWS, description="Akkoord, afwijzing, inwerkingtreding of intrekking, ondertekend."
    )


class StepTold(Body):
    """Een stap die is vastgelegd."""

    step: str = Field(description="Welke stap.")
    party: str = Field(description="Welke organisatie de stap zette.")
    officer: str = Field(description="Kenmerk van de functionaris; alleen de eigen organisatie kent de naam.")
    recorded_at: int = Field(description="Wanneer, in seconden sinds 1970.")
    position: int = Field(description="Regel in het spoor van de centrale.")
    effective: int | None = Field(description="Moment waarop de versie gaat gelden.")
    document: str = Field(description="Het ondertekende document.")


class ReleaseTold(Body):
    """Eén versie van de hand-out."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RELEASE]})

    release: str = Field(description="Kenmerk: `sha256:` met de inhoud.")
    state: str = Field(description="Hoe ver deze versie is.", json_schema_extra=described(RELEASES))
    base: str | None = Field(description="De versie die zij verandert.")
    name: str = Field(description="Korte naam, van de indiener.")
    changelog: str = Field(description="Wat er verandert en waarom, in woorden van de indiener.")
    steps: list[StepTold] = Field(description="Alle stappen, in hun volgorde.")
    examined: dict[str, Any] | None = Field(
        description="Het gevolg van deze versie, door de centrale berekend."
    )
    missing: list[str] = Field(description="Organisaties die nog akkoord moeten geven.")


class ReleasesTold(Body):
    """Alle versies van de hand-out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"releases": [_RELEASE]}]})

    releases: list[ReleaseTold] = Field(description="Elke versie die de centrale kent.")


class BundleTold(Body):
    """Eén versie, zoals zij is ondertekend."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"bundle": "H4sIAAAAAAAC", "certificate": None}]}
    )

    bundle: str = Field(description="De ondertekende bundel voor OPA, in base64.")
    certificate: str | None = Field(description="Het certificaat dat erbij hoort.")


ThisAgreement = Annotated[Agreement, part("agreement")]
router = APIRouter(prefix="/v1")


@router.get(
    "/releases",
    summary="Haal de versies van de hand-out op",
    description="Met elke stap, zoals zij is ondertekend: een knooppunt controleert die zelf.",
    response_model=ReleasesTold,
    responses=told(*OF_DOCUMENTS),
    openapi_extra=SIGNED_IN,
)
async def listed(agreement: ThisAgreement, _: Calling) -> Any:
    lives = agreement.listed()
    return ReleasesTold(releases=[_told(life, agreement) for life in lives])


@router.get(
    "/releases/{id}",
    summary="Haal de ondertekende bundel van een versie op",
    description="Een OPA-server kan haar zo lezen.",
    response_model=BundleTold,
    responses=told(*OF_DOCUMENTS, NotFound),
    openapi_extra=SIGNED_IN,
)
async def bundle(release: Hex, agreement: ThisAgreement, _: Calling) -> Any:
    raw, certificate = await agreement.bundle(f"sha256:{release}")
    return BundleTold(bundle=base64.b64encode(raw).decode(), certificate=certificate)


@router.post(
    "/releases",
    status_code=201,
    summary="Dien een nieuwe versie van de hand-out in",
    description="De centrale rekent zelf uit wat er verandert. Daaruit volgt wie akkoord moet geven.",
    response_model=ReleaseTold,
    responses=told(*OF_DOCUMENTS, ReleaseUnfit, ReleaseKnown, ReleaseStale),
)
async def propose(body: Proposed, agreement: ThisAgreement) -> Any:
    try:
        raw = base64.b64decode(body.bundle, validate=True)
    except (binascii.Error, ValueError):
        raise RequestInvalid(invalid_params=[invalid_param(("bundle",), "malformed")]) from None
    return _told(await agreement.propose(body.step, raw, body.certificate), agreement)


@router.post(
    "/release-steps",
    status_code=201,
    summary="Zet een stap met een versie van de hand-out",
    description="Akkoord, afwijzing, inwerkingtreding (ook om terug te gaan) of intrekking.",
    response_model=ReleaseTold,
    responses=told(
        *OF_DOCUMENTS,
        NotFound,
        NotInvolved,
        OwnProposal,
        AlreadyAgreed,
        NotAgreed,
        ReleaseStale,
        MomentPast,
        StillInForce,
        Conflict,
    ),
)
async def step(body: KnownStep, agreement: ThisAgreement) -> Any:
    return _told(await agreement.step(body.step), agreement)


def _told(life: Life, agreement: Agreement) -> ReleaseTold:
    examined = life.examined
    return ReleaseTold(
        release=life.release,
        state=agreement.state(life),
        base=life.base,
        name=life.name,
        changelog=life.changelog,
        steps=[
            StepTold(
                step=step.step,
                party=step.party,
                officer=step.officer,
                recorded_at=step.recorded_at,
                position=step.position,
                effective=step.at,
                document=step.token,
            )
            for step in life.steps
        ],
        examined=None if examined is None else vars(examined),
        missing=sorted(life.missing),
    )
