"""The OpenAPI document as the NLGov API Design Rules 2.x ask: what FastAPI writes, put right.

FastAPI documents 422, which is never sent (error-handling/invalid-input); leaves out the problems that every
operation can give; and puts the version in each path (uri-version).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from adapters.contract import problems
from adapters.contract.problems import Problem

VERSION_HEADER: Final = "API-Version"
_PREFIX = "/v1"

_DEVIATIONS = """

**Afwijkingen van de API Design Rules.** Namen zijn Engels (D1). Een antwoord is altijd een code, ook als het
"nee" is (D2). Berichten zijn ondertekende documenten van een eigen soort (D3). De adressen van het spoor
staan buiten `/v1` (D4). Binnen een ondertekend document staan namen met lage streepjes (D5)."""

_ALWAYS: tuple[type[Problem], ...] = (
    problems.RequestInvalid,
    problems.NotSignedIn,
    problems.NotAllowed,
    problems.NotAcceptable,
    problems.TooManyRequests,
    problems.InternalError,
    problems.TooBusy,
)
_WITH_BODY: tuple[type[Problem], ...] = (
    problems.Conflict,
    problems.DocumentTooLarge,
    problems.ContentTypeUnsupported,
)
_METHODS = frozenset({"get", "put", "post", "patch", "delete"})

_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Waarom een verzoek niet is uitgevoerd (RFC 9457).",
    "required": ["title", "status", "detail", "instance", "code", "traceId"],
    "properties": {
        "title": {"type": "string", "description": "Wat er aan de hand is."},
        "status": {"type": "integer", "description": "De HTTP-status.", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "Wat u kunt doen."},
        "instance": {"type": "string", "format": "uri", "description": "Kenmerk van dit voorval."},
        "code": {"type": "string", "pattern": "^[a-z_]+$", "description": "Vaste code, voor programma's."},
        "traceId": {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "description": "Geef dit door als u belt.",
        },
        "invalidParams": {
            "type": "array",
            "description": "Elke fout in het verzoek; nooit de waarde zelf.",
            "items": {
                "type": "object",
                "required": ["name", "code", "reason"],
                "properties": {
                    "name": {"type": "string", "description": "Plaats van het veld."},
                    "code": {"type": "string", "description": "Vaste code, voor programma's."},
                    "reason": {"type": "string", "description": "Wat er niet klopt."},
                },
            },
        },
    },
}


def described(
    routes: Iterable[BaseRoute], *, title: str, description: str, version: str, contact: Mapping[str, str]
) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    document = get_openapi(
        title=title,
        version=version,
        description=description + _DEVIATIONS,
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        routes=list(routes),
        servers=[{"url": _PREFIX}],
    )
    document["info"]["contact"] = dict(contact)
    document["paths"] = dict(_placed(path, item) for path, item in document.get("paths", {}).items())
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for never_sent in ("HTTPValidationError", "ValidationError"):
        schemas.pop(never_sent, None)
    schemas["Problem"] = _PROBLEM_SCHEMA
    document["components"]["headers"] = {
        VERSION_HEADER: {
            "description": "De volledige versie van deze API.",
            "schema": {"type": "string", "examples": [version]},
        }
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                _complete(path, operation)
    return document


def _placed(path: str, item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if path.startswith(_PREFIX + "/"):
        return path.removeprefix(_PREFIX), item
    return path, {**item, "servers": [{"url": "/"}]}  # D4: fixed by the formats of the log


def _complete(path: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)
    possible = list(_ALWAYS)
    if "{" in path:
        possible.append(problems.NotFound)
    if "requestBody" in operation:
        possible.extend(_WITH_BODY)
    for kind in possible:
        responses.setdefault(
            str(kind.status),
            {
                "description": kind.title,
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )
    for response in responses.values():
        if response.get("description") == "Successful Response":
            response["description"] = "Gelukt."
        response.setdefault("headers", {})[VERSION_HEADER] = {
            "$ref": f"#/components/headers/{VERSION_HEADER}"
        }
    operation["responses"] = dict(sorted(responses.items()))
