"""The OpenAPI document as the NLGov API Design Rules 2.x ask: what FastAPI writes, put right.

FastAPI documents 422, which is never sent (error-handling/invalid-input); leaves out the problems that every
operation can give; and puts the version in each path (uri-version). Each problem stands in the document with
its code, as an example: programs and the page of `page.py` read them from there.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha512
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.routing import BaseRoute

from contract import base64url, problems
from contract.problems import Problem

VERSION_HEADER: Final = "API-Version"
PROBLEM_JSON: Final = "application/problem+json"
GLOSSARY_PATH: Final = "/v1/glossary"
_PREFIX = "/v1"

# docs/decisions/0010
_DEVIATIONS = """

## Afwijkingen van de API Design Rules en hun buren

- **D1** Namen zijn Engels, teksten zijn Nederlands: één woordenlijst voor code, API en regels.
- **D2** Een antwoord is altijd een code. Ook "nee" wordt nooit weggelaten.
- **D3** Berichten tussen partijen zijn ondertekende documenten (JWS) van een eigen soort.
- **D4** Adressen van het spoor staan buiten `/v1`; hun vorm ligt vast: `/witness/add-checkpoint`.
- **D5** Binnen een ondertekend document staan namen met lage streepjes, daarbuiten niet.
- **D6** Een regel over een beslissing heeft geen kenmerk van een persoon: wie beslist, ziet geen personen.
- **D7** Een beslissing mag worden onthouden per versie van de hand-out. Elk gebruik staat apart in het spoor.
"""

SIGNED_IN: Final[dict[str, Any]] = {"security": [{"bearer": []}]}
"""For `openapi_extra` of a route that wants a token; the others take documents that are signed themselves."""

_ALWAYS: tuple[type[Problem], ...] = (
    problems.RequestInvalid,
    problems.NotSignedIn,
    problems.NotAllowed,
    problems.NotAcceptable,
    problems.TooManyRequests,
    problems.InternalError,
    problems.CannotRecord,
    problems.TooBusy,
)
_WITH_BODY: tuple[type[Problem], ...] = (
    problems.Conflict,
    problems.DocumentTooLarge,
    problems.ContentTypeUnsupported,
)
OF_DOCUMENTS: Final[tuple[type[Problem], ...]] = (
    problems.DocumentMalformed,
    problems.DocumentExpired,
    problems.AddresseeWrong,
    problems.SignatureInvalid,
    problems.SenderUnknown,
    problems.DocumentReplayed,
)
"""What whoever hands in a signed document may be told."""

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


def told(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route: the problems that it can give besides those that every operation can."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        response = responses.setdefault(kind.status, {"description": kind.title})
        _add(response, kind)
    return responses


def described(
    routes: Iterable[BaseRoute],
    *,
    title: str,
    description: str,
    version: str,
    contact: Mapping[str, str],
    bearer: str,
) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes; `bearer` says which token is wanted where one is."""
    document = get_openapi(
        title=title,
        version=version,
        description=description + _DEVIATIONS,
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        routes=list(routes),
        servers=[{"url": _PREFIX}],
    )
    document["info"]["contact"] = dict(contact)
    document["externalDocs"] = {"description": "Woordenlijst", "url": GLOSSARY_PATH}
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
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": bearer}
    }
    operations = [
        (path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]
    for _, operation in operations:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schemas.update(content["schema"].pop("$defs", {}))
    for schema in schemas.values():
        if "examples" in schema:
            schema["examples"] = [_whole(example, schema, schemas) for example in schema["examples"]]
    for path, operation in operations:
        _complete(path, operation, schemas)
    return document


def jws(typ: str) -> str:
    """For examples: the shape of a signed document of this `typ`; it verifies under no key."""
    head = orjson.dumps({"alg": "ES256", "kid": "voorbeeld-2026", "typ": typ})
    body = orjson.dumps({"jti": "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f"})
    parts = (head, body, sha512(typ.encode()).digest())
    return ".".join(base64url.encode(part) for part in parts)


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads raw bytes: its body, as FastAPI would write it."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    whole = {**schema.pop("$defs", {}), model.__name__: schema}
    reference = {"$ref": f"#/components/schemas/{model.__name__}", "$defs": whole}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": reference}}}}


def _placed(path: str, item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if path.startswith(_PREFIX + "/"):
        return path.removeprefix(_PREFIX), item
    return path, {**item, "servers": [{"url": "/"}]}  # D4: fixed by the formats of the log


def _complete(path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _show(content, schemas)
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)
    possible = list(_ALWAYS)
    if "{" in path:
        possible.append(problems.NotFound)
    if "requestBody" in operation:
        possible.extend(_WITH_BODY)
    for kind in possible:
        _add(responses.setdefault(str(kind.status), {"description": kind.title}), kind)
    for status, response in responses.items():
        if PROBLEM_JSON in response.get("content", {}):
            response["content"][PROBLEM_JSON]["schema"] = {"$ref": "#/components/schemas/Problem"}
            if len(response["content"][PROBLEM_JSON]["examples"]) > 1:
                response["description"] = _BY_STATUS.get(status, response["description"])
    for response in responses.values():
        if response.get("description") == "Successful Response":
            response["description"] = "Gelukt."
        response.setdefault("headers", {})[VERSION_HEADER] = {
            "$ref": f"#/components/headers/{VERSION_HEADER}"
        }
    for response in responses.values():
        for kind, content in response.get("content", {}).items():
            if kind != PROBLEM_JSON:
                _show(content, schemas)
    operation["responses"] = dict(sorted(responses.items()))


def _whole(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """An example with its fields in order, also those that are null: FastAPI leaves them out."""
    for one in schema.get("anyOf", ()):
        if "$ref" in one:
            schema = one
    schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [_whole(one, schema.get("items", {}), schemas) for one in value]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    return {
        name: _whole(value.get(name), inner, schemas)
        for name, inner in schema["properties"].items()
        if name in value or name in schema.get("required", ())
    }


def _show(content: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Puts the example of the schema where it is used: many readers look only there."""
    schema = content.get("schema", {})
    many = schema.get("type") == "array"
    name = (schema["items"] if many else schema).get("$ref", "").rpartition("/")[2]
    for example in schemas.get(name, {}).get("examples", ())[:1]:
        content.setdefault("example", [example] if many else example)


def _add(response: dict[str, Any], kind: type[Problem]) -> None:
    content = response.setdefault("content", {}).setdefault(PROBLEM_JSON, {})
    content.setdefault("examples", {})[kind.code] = {"summary": kind.title, "value": _example(kind)}


def _example(kind: type[Problem]) -> dict[str, object]:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    wrong = [problems.invalid_param(("subjects", 0, "role"), "missing")]
    problem = kind(invalid_params=wrong) if kind is problems.RequestInvalid else kind()
    return problem.body(instance=UUID(trace_id).urn, trace_id=trace_id)


_BY_STATUS = {
    "400": "Het verzoek of het document klopt niet.",
    "401": "Wij weten niet wie u bent.",
    "403": "Dit mag u hier niet.",
    "404": "Dit is er niet.",
    "409": "Dit past niet bij de stand van nu.",
    "503": "Iets dat moet werken, werkt nu niet. Er ging niets uit.",
}
