"""The broker's API for whoever holds it to what it once said: the state of its trail, and who signed that."""

import base64
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from contract.problems import RequestInvalid, invalid_param
from contract.receipts import MOST_HELD
from gateway.trail.witnesses import Witnesses
from party.body import Body
from party.openapi import told
from party.parts import part

_SHOWN: dict[str, Any] = {
    "checkpoint": "grondslag.example/00000001000000000000\n81\n…=\n\n— grondslag.example/… …\n",
    "witnesses": ["grondslag.example/00000001000000000001/witness"],
    "proofs": [["PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="]],
}


class CheckpointOut(Body):
    """De stand van het spoor van de centrale."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOWN]})

    checkpoint: str = Field(
        description="De stand, met de regels van wie haar tekenden (C2SP tlog-checkpoint)."
    )
    witnesses: list[str] = Field(description="Wie meetekenden dat het spoor alleen is gegroeid.")
    proofs: list[list[str]] = Field(
        description="Bewijs dat het spoor groeide, voor elke `since` (RFC 6962 2.1.2), in base64."
    )


class StampOut(Body):
    """Een tijdstempel van buiten op een stand van het spoor."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "size": 81,
                    "at": "2026-11-23T10:00:00Z",
                    "checkpoint": _SHOWN["checkpoint"],
                    "response": "MIIC",
                }
            ]
        }
    )

    size: int = Field(description="Hoeveel regels het spoor toen had.")
    at: datetime = Field(description="Wanneer, volgens de dienst.")
    checkpoint: str = Field(description="De stand.")
    response: str = Field(description="Antwoord van de dienst (RFC 3161, DER), in base64.")


TheseWitnesses = Annotated[Witnesses, part("witnesses")]
router = APIRouter(prefix="/v1")


@router.get(
    "/checkpoint",
    summary="Haal de stand van het spoor op, met wie er meetekende",
    description=(
        "De nieuwste stand die genoeg knooppunten meetekenden. Met `since`, de grootte in een "
        "ontvangstbewijs, krijgt u het bewijs dat het spoor daarna alleen groeide; voor hoogstens "
        f"{MOST_HELD} ontvangstbewijzen tegelijk."
    ),
    response_model=CheckpointOut,
    responses=told(),
)
async def checkpoint(
    since: Annotated[
        list[Annotated[int, Field(ge=0, le=2**53 - 1)]],
        Query(max_length=MOST_HELD, description="Eerdere grootten", default_factory=list),
    ],
    witnesses: TheseWitnesses,
) -> Any:
    try:
        shown = await witnesses.shown(since)
    except ValueError:
        raise RequestInvalid(invalid_params=[invalid_param(("since",), "too_large")]) from None
    proofs = [[base64.b64encode(node).decode() for node in proof] for proof in shown.proofs]
    return CheckpointOut(checkpoint=shown.checkpoint, witnesses=list(shown.witnesses), proofs=proofs)


@router.get(
    "/stamps",
    summary="Haal de tijdstempels op het spoor op",
    description="De nieuwste van een dienst van buiten (RFC 3161), elk met de stand waar zij over gaat.",
    response_model=list[StampOut],
    responses=told(),
)
async def stamps(witnesses: TheseWitnesses) -> Any:
    return [
        StampOut(
            size=one.size,
            at=one.at,
            checkpoint=one.checkpoint,
            response=base64.b64encode(one.response).decode(),
        )
        for one in await witnesses.stamps()
    ]
