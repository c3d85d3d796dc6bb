"""The node's API for its own trail: reading it, and exports of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, Field

from adapters.node.callers import SignedIn, ThisNode
from adapters.node.trail.exports import Export
from adapters.node.trail.reading import MOST_READ, Line, ReadingPurpose
from audit.kinds import Kind
from audit.selection import Selection
from contract.codes import Ref, Revision
from contract.problems import CannotSignIn, NotFound
from contract.words import EXPORTS, described
from party.body import Body, shown
from party.openapi import SIGNED_IN, told

ExportId = Annotated[Ref, Path(alias="id", description="Kenmerk van de uitvoer")]
SelectedCode = Annotated[str, Field(pattern=r"^[a-z][a-z_.]{0,59}$")]
RowId = Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
ZIP = "application/zip"
_FILE = {"schema": {"type": "string", "format": "binary"}, "example": "PK…"}

_SELECTION: dict[str, Any] = {"since": "2026-11-01T00:00:00+01:00", "kinds": ["permit", "refusal"]}
_LINE: dict[str, Any] = {
    "position": 81,
    "facts": {"kind": "permit", "question": "reclassering.known"},
    "part": None,
    "erased": False,
    "damaged": False,
}
_EXPORT: dict[str, Any] = {
    "id": "3f1c2a9e-0000-4000-8000-000000000001",
    "state": "running",
    "purpose": "internal_control",
    "selection": _SELECTION,
    "askedAt": 1795000000,
    "done": 12000,
    "total": 48211,
    "lines": None,
    "digest": None,
}


class SelectionIn(Body):
    model_config = shown("Welke regels.", _SELECTION)

    since: AwareDatetime | None = Field(default=None, description="Vanaf dit moment.")
    until: AwareDatetime | None = Field(default=None, description="Tot dit moment.")
    cases: tuple[Ref, ...] = Field(default=(), max_length=50, description="Alleen van deze casussen.")
    partners: tuple[SelectedCode, ...] = Field(
        default=(), max_length=50, description="Alleen van of aan deze partijen."
    )
    questions: tuple[SelectedCode, ...] = Field(default=(), max_length=50, description="Alleen deze vragen.")
    kinds: tuple[Kind, ...] = Field(default=(), max_length=50, description="Alleen deze soorten regels.")
    rules: tuple[RowId, ...] = Field(default=(), max_length=50, description="Alleen onder deze regels.")
    releases: tuple[Revision, ...] = Field(
        default=(), max_length=50, description="Alleen onder deze versies."
    )

    def selection(self) -> Selection:
        return Selection(**self.model_dump())


class ReadIn(Body):
    model_config = shown(
        "Wat u wilt lezen, en waarvoor.", {"purpose": "internal_control", "selection": _SELECTION, "after": 0}
    )

    purpose: ReadingPurpose = Field(
        description="Waarvoor. Nooit om medewerkers te beoordelen, voor een profiel of opsporing."
    )
    selection: SelectionIn = Field(default=SelectionIn(), description="Welke regels.")
    after: int = Field(default=0, ge=0, le=2**53 - 1, description="Vanaf deze plaats in het spoor.")


class LineOut(Body):
    model_config = shown("Eén regel van het spoor.", _LINE)

    position: int = Field(description="Plaats in het spoor.")
    facts: dict[str, Any] = Field(
        description="Codes en kenmerken; geen naam en geen antwoord. Ook dit zijn persoonsgegevens."
    )
    part: dict[str, Any] | None = Field(description="Wat verzegeld is, voor wie dat mag lezen.")
    erased: bool = Field(description="Of wat verzegeld was, is gewist.")
    damaged: bool = Field(description="Of wat verzegeld is, niet meer is te openen. Meld dat.")


class LinesOut(Body):
    model_config = shown("Regels van het spoor.", {"lines": [_LINE], "nextAfter": None})

    lines: list[LineOut] = Field(description=f"Ten hoogste {MOST_READ}.")
    next_after: int | None = Field(description="Vanaf waar er meer kan zijn; leeg: dit was alles.")


class ExportIn(Body):
    model_config = shown("Wat u wilt uitvoeren, en waarvoor.", {"purpose": "internal_control"})

    purpose: ReadingPurpose = Field(description="Waarvoor; het staat in de uitvoer en in het spoor.")
    selection: SelectionIn = Field(default=SelectionIn(), description="Welke regels; zonder: het hele spoor.")


class ExportOut(Body):
    model_config = shown("Een uitvoer van het spoor.", _EXPORT)

    id: str = Field(description="Kenmerk.")
    state: str = Field(description="Hoe ver.", json_schema_extra=described(EXPORTS))
    purpose: str = Field(description="Waarvoor.")
    selection: dict[str, Any] = Field(description="Welke regels.")
    asked_at: int = Field(description="Wanneer gevraagd, in seconden sinds 1970.")
    done: int = Field(description="Hoeveel regels zijn bekeken.")
    total: int = Field(description="Van hoeveel.")
    lines: int | None = Field(description="Hoeveel regels erin staan, als het klaar is.")
    digest: str | None = Field(description="SHA-256 van het deel `sums`.")


router = APIRouter(prefix="/v1")


@router.post(
    "/entries/_search",
    summary="Lees in het eigen spoor",
    description="FG en privacy officer lezen alles, de security officer het technische, de "
    "voorzitter de eigen casussen. Wie wat las en waarvoor, wordt eerst vastgelegd.",
    response_model=LinesOut,
    responses=told(CannotSignIn),
    openapi_extra=SIGNED_IN,
)
async def search(body: ReadIn, node: ThisNode, person: SignedIn) -> Any:
    found = await node.reading.search(body.selection.selection(), body.purpose, body.after, person)
    return LinesOut(lines=[_line(one) for one in found.lines], next_after=found.next_after)


@router.post(
    "/exports",
    status_code=202,
    summary="Maak een uitvoer van het eigen spoor",
    description="Voor de FG. Het maken gebeurt op de achtergrond; het bestand blijft een dag.",
    response_model=ExportOut,
    responses=told(CannotSignIn, NotFound),
    openapi_extra=SIGNED_IN,
)
async def ask(body: ExportIn, node: ThisNode, person: SignedIn) -> Any:
    return _export(await node.exports.ask(body.selection.selection(), body.purpose, person))


@router.get(
    "/exports/{id}",
    summary="Bekijk hoe ver een uitvoer is",
    description="Hoeveel regels zijn bekeken, en hoe het afliep.",
    response_model=ExportOut,
    responses=told(CannotSignIn, NotFound),
    openapi_extra=SIGNED_IN,
)
async def state(export: ExportId, node: ThisNode, person: SignedIn) -> Any:
    return _export(await node.exports.get(export, person))


@router.get(
    "/exports/{id}/file",
    summary="Haal het bestand van een uitvoer op",
    description="Een zip die iedereen kan controleren. Met `Range` gaat u verder waar u bleef.",
    response_class=FileResponse,
    responses={
        **told(CannotSignIn, NotFound),
        200: {
            "description": "Het bestand.",
            "content": {ZIP: _FILE},
        },
    },
    openapi_extra=SIGNED_IN,
)
async def file(export: ExportId, node: ThisNode, person: SignedIn) -> Any:
    path = await node.exports.file(export, person)
    return FileResponse(path, media_type=ZIP)


@router.delete(
    "/exports/{id}",
    status_code=204,
    summary="Breek een uitvoer af",
    description="Dan is er geen bestand. Een uitvoer die klaar is, blijft.",
    responses=told(CannotSignIn, NotFound),
    openapi_extra=SIGNED_IN,
)
async def cancel(export: ExportId, node: ThisNode, person: SignedIn) -> Response:
    await node.exports.cancel(export, person)
    return Response(status_code=204)


def _line(one: Line) -> LineOut:
    return LineOut(**{**vars(one), "part": None if one.part is None else dict(one.part)})


def _export(one: Export) -> ExportOut:
    hidden = {"asked_by", "done_at"}
    return ExportOut(**{name: value for name, value in vars(one).items() if name not in hidden})
