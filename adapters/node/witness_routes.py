"""The node as a witness, for the broker. Statuses and bodies are those of C2SP tlog-witness."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from adapters.node.node import Node
from audit.witness import SubmissionRefused

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": "old 0\n\ngrondslag.example/…\n1\n…\n\n— grondslag.example/… …\n",
            },
        },
    }
}


def witness_routes(node: Callable[[], Node]) -> APIRouter:
    router = APIRouter(prefix="/v1/witness")

    @router.post(
        "/add-checkpoint",
        summary="Teken mee dat het spoor van de centrale alleen is gegroeid",
        description=(
            "Volgens C2SP tlog-witness: de vorige grootte, het bewijs van groei, een lege regel en de stand "
            "van het spoor. Het antwoord is de regel waarmee dit knooppunt meetekent."
        ),
        response_class=Response,
        responses={
            200: {"description": "Meegetekend.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            403: {"description": "De stand is niet getekend met een sleutel van de centrale."},
            404: {"description": "Dit knooppunt tekent voor dit spoor niet mee."},
            409: {
                "description": "De vorige grootte is een andere; de grootte die hier bekend is staat erin.",
                "content": {"text/x.tlog.size": {"schema": {"type": "string"}}},
            },
        },
        openapi_extra=_BODY,
    )
    async def add_checkpoint(request: Request) -> Response:
        try:
            line = await node().witness.add(await request.body())
        except SubmissionRefused as refused:
            known = "" if refused.size is None else f"{refused.size}\n"
            kind = "text/plain" if refused.size is None else "text/x.tlog.size"
            return Response(known, status_code=refused.status, media_type=kind)
        return Response(line, media_type="text/plain")

    return router
