"""The node's API for privacy officers: versions of the hand-out, what each would change, and who agrees."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field

from adapters.node.callers import SignedIn, ThisNode
from adapters.node.handout.releases import Known
from contract.codes import Digest, ReleaseName, ReleaseReason
from contract.problems import (
    AlreadyAgreed,
    Conflict,
    MomentPast,
    NotAgreed,
    NotFound,
    NothingBefore,
    NotInvolved,
    NotShown,
    OwnProposal,
    PartnerUnreachable,
    ReleaseKnown,
    ReleaseStale,
    ReleaseUnfit,
    StillInForce,
)
from contract.signing import moment
from contract.words import RELEASES, described
from party.body import Body, shown
from party.openapi import SIGNED_IN, told
from policies.cards import CardKind
from policies.showing import Verdict

Hex = Annotated[
    str, Path(alias="id", pattern=r"^[0-9a-f]{64}$", description="Kenmerk van de versie, zonder `sha256:`")
]
_RELEASE = f"sha256:{'3f' * 32}"


_SHOWN: dict[str, Any] = {
    "release": _RELEASE,
    "state": "in_force",
    "name": "eerste versie",
    "base": None,
    "changelog": "",
    "accepted": True,
    "steps": [],
    "verdict": None,
    "changed": None,
    "needed": [],
    "missing": [],
    "unfit": None,
}
_CARD: dict[str, Any] = {
    "kind": "row",
    "code": "A06",
    "title": "Regel A06 · raakt Raad, Veilig Thuis",
    "partners": ["rvdk", "veilig_thuis"],
    "before": ["doel: aanmelding verrijken vóór het overleg"],
    "after": ["doel: aanmelding verrijken vóór het overleg; samen duiden"],
    "decisions": ["Veilig Thuis mag Raad voortaan ook vragen: bekend bij de Raad? (A06)"],
    "data": ['rules.A06.purposes: ["enrich_referral"] → ["enrich_referral","interpret"]'],
}


class ProposalIn(Body):
    model_config = shown(
        "Een voorstel voor een nieuwe versie.",
        {
            "files": {"handout/matrix/data.json": "{}"},
            "certificate": "{}",
            "name": "raad bij het duiden",
            "changelog": "De Raad mag voortaan ook bij het duiden laten weten of hij iemand kent.",
        },
    )

    files: dict[str, str] = Field(
        max_length=64, description="De bestanden van de hand-out: pad in de bundel en inhoud."
    )
    certificate: str = Field(max_length=1024 * 1024, description="Wat `grondslag policy check --json` vond.")
    name: ReleaseName = Field(description="Korte naam, waaraan mensen de versie herkennen.")
    changelog: ReleaseReason = Field(description="Wat er verandert, en waarom.")
    not_before: datetime | None = Field(None, description="Niet eerder dan; nu, als dit ontbreekt.")


class ReleaseStepIn(Body):
    model_config = shown("Een stap met een versie.", {"step": "approve", "shown": "3f" * 32})

    step: Literal["approve", "reject", "activate", "retire"] = Field(
        description="Akkoord, afwijzen, in werking laten treden of intrekken."
    )
    at: datetime | None = Field(None, description="Moment van inwerkingtreding; nu, als dit ontbreekt.")
    shown: Digest | None = Field(
        None, description="Bij een akkoord: het kenmerk van wat het knooppunt liet zien (`shown`)."
    )


class StepOut(Body):
    model_config = shown("Een stap die is gezet.")

    step: str = Field(description="Welke stap.")
    party: str = Field(description="Welke organisatie.")
    at: datetime = Field(description="Wanneer de stap is vastgelegd.")
    effective: datetime | None = Field(description="Moment van inwerkingtreding, of het vroegste moment.")
    position: int = Field(description="Regel in het spoor van de centrale.")


class ReleaseOut(Body):
    model_config = shown(
        "Eén versie van de hand-out.",
        _SHOWN,
    )

    release: str = Field(description="Kenmerk: `sha256:` met de inhoud.")
    state: str = Field(description="Hoe ver deze versie is.", json_schema_extra=described(RELEASES))
    name: str = Field(description="Korte naam, van de indiener.")
    base: str | None = Field(description="De versie die zij verandert.")
    changelog: str = Field(description="Wat er verandert en waarom, in woorden van de indiener.")
    accepted: bool = Field(description="Of dit knooppunt onder deze versie antwoordt.")
    steps: list[StepOut] = Field(description="Alle stappen.")
    verdict: Verdict | None = Field(
        description="Ruimer, strenger, anders, of alleen de toetsing; `null`: dit knooppunt rekent nog."
    )
    changed: int | None = Field(
        description="Hoeveel beslissingen veranderen, zoals dit knooppunt uitrekende."
    )
    needed: list[str] = Field(description="Wie akkoord moeten zijn.")
    missing: list[str] = Field(description="Wie nog akkoord moeten zijn.")
    unfit: str | None = Field(description="Waarom dit geen versie kan worden.")


class CardOut(Body):
    model_config = shown("Eén ding dat verandert.", _CARD)

    kind: CardKind = Field(description="Wat voor ding: een regel, een termijn, een grondslag, ...")
    code: str = Field(description="Welke.")
    title: str = Field(description="Kop van de kaart.")
    partners: list[str] = Field(description="Soorten organisaties die dit raakt, en dus moeten tekenen.")
    before: list[str] = Field(description="Zoals het nu is, heel.")
    after: list[str] = Field(description="Zoals het wordt, heel.")
    decisions: list[str] = Field(description="Welke beslissingen hierdoor veranderen.")
    data: list[str] = Field(description="Elk gegeven dat verschilt, precies.")


class ReleaseShown(ReleaseOut):
    model_config = shown(
        "Eén versie, met alles wat zij verandert. Dit knooppunt rekende het zelf uit.",
        {
            **_SHOWN,
            "shown": "3f" * 32,
            "head": ["RUIMER: er komt iets bij dat mag, of er valt iets weg dat nodig was."],
            "cards": [_CARD],
            "elsewhere": [],
            "gates": [],
            "same": "De rest is precies hetzelfde: 30 van de 31 regels, de logica.",
        },
    )

    shown: str | None = Field(description="Kenmerk van alles wat hier staat; een akkoord noemt het.")
    head: list[str] = Field(description="Het oordeel, wie moet tekenen, en de status van de versie.")
    cards: list[CardOut] = Field(description="Elk ding dat verandert. Niets is weggelaten.")
    elsewhere: list[str] = Field(description="Beslissingen die veranderen door wat iedereen raakt.")
    gates: list[str] = Field(description="Feiten die iets anders doen dan nu.")
    same: str = Field(description="Wat precies hetzelfde blijft.")


class ReleasesOut(Body):
    model_config = shown("Alle versies van de hand-out.", {"releases": [_SHOWN]})

    releases: list[ReleaseOut] = Field(description="Elke versie.")


class RevisionOut(Body):
    model_config = shown("Een versie.", {"release": _RELEASE})

    release: str = Field(description="Kenmerk van de versie.")


router = APIRouter(prefix="/v1")


@router.get(
    "/releases",
    summary="Bekijk de versies van de hand-out",
    description="Wat voorgesteld is, wat het verandert, wie akkoord is en wat geldt.",
    response_model=ReleasesOut,
    responses=told(PartnerUnreachable),
    openapi_extra=SIGNED_IN,
)
async def listed(node: ThisNode, person: SignedIn) -> Any:
    known = node.releases.listed(person)
    await node.releases.hear()
    known = node.releases.listed(person)
    return ReleasesOut(releases=[_told(one) for one in known])


@router.get(
    "/releases/{id}",
    summary="Bekijk wat een versie van de hand-out verandert",
    description="Kaart voor kaart, voor en na, zoals dit knooppunt het zelf uitrekende.",
    response_model=ReleaseShown,
    responses=told(NotFound, PartnerUnreachable),
    openapi_extra=SIGNED_IN,
)
async def one(release: Hex, node: ThisNode, person: SignedIn) -> Any:
    known = node.releases.one(f"sha256:{release}", person)
    found = None if known.effect is None else known.effect.shown
    return ReleaseShown(
        **dict(_told(known)),
        shown=known.shown,
        head=[] if found is None else list(found.head),
        cards=[] if found is None else [CardOut(**asdict(card)) for card in found.cards],
        elsewhere=[] if found is None else list(found.elsewhere),
        gates=[] if found is None else list(found.gates),
        same="" if found is None else found.same,
    )


@router.post(
    "/releases",
    status_code=201,
    summary="Stel een nieuwe versie van de hand-out voor",
    description="Het knooppunt ondertekent haar. De centrale rekent uit wie akkoord moet geven.",
    response_model=RevisionOut,
    responses=told(ReleaseUnfit, ReleaseKnown, ReleaseStale, Conflict, PartnerUnreachable),
    openapi_extra=SIGNED_IN,
)
async def propose(body: ProposalIn, node: ThisNode, person: SignedIn) -> Any:
    revision = await node.releases.propose(
        {path: content.encode() for path, content in body.files.items()},
        body.certificate,
        body.name,
        body.changelog,
        not_before=None if body.not_before is None else int(body.not_before.timestamp()),
        person=person,
    )
    return RevisionOut(release=revision)


@router.post(
    "/releases/{id}/steps",
    status_code=204,
    summary="Zet een stap met een versie van de hand-out",
    description="Met een akkoord antwoordt dit knooppunt ook onder deze versie, zodra zij geldt.",
    responses=told(
        NotFound,
        ReleaseUnfit,
        NotShown,
        NotInvolved,
        OwnProposal,
        AlreadyAgreed,
        NotAgreed,
        ReleaseStale,
        MomentPast,
        StillInForce,
        Conflict,
        PartnerUnreachable,
    ),
    openapi_extra=SIGNED_IN,
)
async def step(release: Hex, body: ReleaseStepIn, node: ThisNode, person: SignedIn) -> Response:
    at = None if body.at is None else int(body.at.timestamp())
    await node.releases.step(body.step, f"sha256:{release}", person, at=at, shown=body.shown)
    return Response(status_code=204)


@router.post(
    "/release-rollbacks",
    status_code=201,
    summary="Ga terug naar de vorige versie van de hand-out",
    description="De vorige versie geldt meteen weer. Alles wat gebeurde blijft bewaard.",
    response_model=RevisionOut,
    responses=told(NotFound, NothingBefore, NotInvolved, NotAgreed, Conflict, PartnerUnreachable),
    openapi_extra=SIGNED_IN,
)
async def roll_back(node: ThisNode, person: SignedIn) -> Any:
    return RevisionOut(release=await node.releases.roll_back(person))


def _told(known: Known) -> ReleaseOut:
    life, found = known.life, known.effect
    told_unfit = None if life.examined is None else life.examined.unfit
    return ReleaseOut(
        release=life.release,
        state=known.state,
        name=life.name,
        base=life.base,
        changelog=life.changelog,
        accepted=known.accepted,
        steps=[
            StepOut(
                step=step.step,
                party=step.party,
                at=moment(step.recorded_at),
                effective=None if step.at is None else moment(step.at),
                position=step.position,
            )
            for step in life.steps
        ],
        verdict=None if found is None else found.shown.verdict,
        changed=None if found is None else found.changed,
        needed=sorted(life.needed),
        missing=sorted(life.missing),
        unfit=known.unfit or told_unfit,
    )
