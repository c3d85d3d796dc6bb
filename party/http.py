"""The shell around an app's routes: what the NLGov API Design Rules 2.x ask of every request and response.

    request ──► headers only a proxy may set are dropped ──► trace ──► size ──► route: query keys, Accept,
    Content-Type ──► the route ──► response ──► API-Version, security headers, trace ──► one line in the log

Errors are rendered in one place, here, from the class of the problem: nothing of the exception's own text
leaves. A mistake of ours is an opaque 500 with the trace id.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson
from fastapi import Depends, FastAPI, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute, iter_route_contexts
from prometheus_client import Counter, Histogram
from pydantic import BaseModel
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract import problems
from contract.problems import Problem, RequestInvalid, invalid_param
from party import events, trace
from party.events import Event
from party.health import health
from party.kinds import kind_of, pages
from party.openapi import GLOSSARY_PATH, PROBLEM_JSON, VERSION_HEADER, described
from party.page import glossary, page
from party.server import serve

__all__ = ["OPENAPI_PATH", "api", "health", "serve"]

OPENAPI_PATH: Final = "/v1/openapi.json"
DOCS_PATH: Final = "/v1/docs"
CONTACT: Final = {
    "name": "Beheer van Grondslag",
    "url": "https://grondslag.example",
    "email": "beheer@grondslag.example",
}

_SECURITY = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_CSP = b"content-security-policy"
_SET_HERE = frozenset(name for name, _ in _SECURITY) | {_CSP, b"server", b"access-control-allow-origin"}

# Only a proxy of ours could set these, and it hands over what it knows in another way; tracestate and baggage
# may carry anything.
_DROPPED = (b"x-forwarded-", b"fsc-", b"x-client-cert", b"x-ssl-", b"ssl-", b"x-original-", b"client-cert")
_DROPPED_WHOLE = frozenset({b"forwarded", b"x-real-ip", b"x-tls-client-cert", b"tracestate", b"baggage"})

_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_JSON = "application/json"

_requests = Counter("grondslag_requests_total", "Requests that were answered.", ["method", "route", "status"])
_seconds = Histogram(
    "grondslag_request_seconds",
    "How long a request took.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def api(
    *,
    title: str,
    description: str,
    version: str,
    lifespan: Lifespan | None = None,
    problems: Mapping[type[Exception], type[Problem]],
    max_body_bytes: int = 4 * 1024 * 1024,
    contact: Mapping[str, str] = CONTACT,
    bearer: str = "Een toegangstoken van uw eigen organisatie, in de kop `Authorization`.",
) -> FastAPI:
    """An app without routes; add them with `app.include_router`, with their whole path (`/v1/…`).

    `version` is the API's semantic version; `problems` says as which problem another package's exception is
    told. A route that reads raw bytes names its content types in `openapi_extra["requestBody"]["content"]`,
    else they are JSON.
    """
    app = FastAPI(
        title=title,
        version=version,
        lifespan=_phases(lifespan),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_obey)],
        exception_handlers={HTTPException: _pass_on, RequestValidationError: _pass_on},
        # spans and records of FastAPI's own would hold addresses and exception texts
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.phase = "starting"
    app.state.checks = {}  # of readiness; the lifespan puts in what it opens
    app.state.rules = _Rules(app)
    app.add_middleware(_Shell, app=app, known=problems, max_body_bytes=max_body_bytes)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = described(
                app.routes,
                title=title,
                description=description,
                version=version,
                contact=contact,
                bearer=bearer,
            )
        return app.openapi_schema

    @cache
    def documentation() -> str:
        return page(openapi())

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to change the document

    @app.get(OPENAPI_PATH, include_in_schema=False)
    async def document() -> Response:
        return Response(orjson.dumps(openapi()), media_type=_JSON)

    public = pages()

    @public.get(DOCS_PATH)
    async def docs() -> str:
        return documentation()

    @public.get(GLOSSARY_PATH)
    async def words() -> str:
        return glossary()

    app.include_router(public)
    return app


def _phases(lifespan: Lifespan | None) -> Lifespan:
    @asynccontextmanager
    async def phased(app: FastAPI) -> AsyncIterator[None]:
        if lifespan is None:
            app.state.phase = "serving"
            yield
        else:
            async with lifespan(app):
                app.state.phase = "serving"
                yield
        app.state.phase = "stopped"

    return phased


async def _pass_on(_: Request, error: Exception) -> NoReturn:
    raise error  # to the shell, where all errors are rendered


@dataclass(frozen=True)
class _Rule:
    path: str
    query: frozenset[str]
    consumes: frozenset[str]
    produces: frozenset[str]


class _Rules:
    """What each route takes and gives, read once from how it is declared."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._by_route: dict[int, _Rule] = {}

    def of(self, route: object) -> _Rule | None:
        if id(route) not in self._by_route:
            self._by_route = {
                id(context.original_route): _rule(context)
                for context in iter_route_contexts(self._app.routes)
                if isinstance(context.original_route, APIRoute)
            }
        return self._by_route.get(id(route))

    def allowed(self, path: str) -> str:
        """RFC 9110 10.2.1: all methods of this address, not only those of the first route that fits."""
        methods: set[str] = set()
        for context in iter_route_contexts(self._app.routes):
            if context.path_regex.match(path):
                methods |= context.methods or set()
        return ", ".join(sorted(methods))


def _rule(route: Any) -> _Rule:
    query: set[str] = set()
    for field in get_flat_params(route.dependant):
        if isinstance(field.field_info, Query):
            shape = field.field_info.annotation
            if isinstance(shape, type) and issubclass(shape, BaseModel):
                query |= {inner.alias or name for name, inner in shape.model_fields.items()}
            else:
                query.add(field.alias)
    declared = (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
    responses = (content.get("content", {}) for content in (route.responses or {}).values())
    produced = {kind for content in responses for kind in content} - {PROBLEM_JSON}
    return _Rule(
        path=route.path_format,
        query=frozenset(query),
        consumes=frozenset(declared or {_JSON}),
        produces=frozenset(produced or {_JSON}),
    )


async def _obey(request: Request) -> None:
    """Holds a request to what its route declares.

    Raises RequestInvalid, NotAcceptable, ContentTypeUnsupported.
    """
    scope = request.scope
    rule = scope["app"].state.rules.of(scope.get("route"))
    if rule is None:
        return
    if scope["query_string"] and not rule.query.issuperset(request.query_params):
        # the key itself is not repeated: it is the sender's
        raise RequestInvalid(invalid_params=[invalid_param(("query",), "unknown_query_key")])
    content_type, accept, has_body = None, None, False
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = value.split(b";", 1)[0].strip().lower().decode("latin-1")
        elif name == b"accept":
            accept = value.decode("latin-1")
        elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            has_body = True
    if has_body and content_type not in rule.consumes:
        raise problems.ContentTypeUnsupported
    if accept is not None and not _acceptable(accept, rule.produces):
        raise problems.NotAcceptable


def _acceptable(accept: str, produces: frozenset[str]) -> bool:
    for offer in accept.lower().split(","):
        kind, _, parameters = offer.partition(";")
        kind = kind.strip()
        if parameters.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            continue
        if kind == "*/*" or kind in produces or any(made.split("/")[0] + "/*" == kind for made in produces):
            return True
    return not accept.strip()


class _Shell:
    """Plain ASGI: one frame around the router, a few microseconds."""

    def __init__(
        self,
        inner: ASGIApp,
        *,
        app: FastAPI,
        known: Mapping[type[Exception], type[Problem]],
        max_body_bytes: int,
    ) -> None:
        self._inner = inner
        self._state: State = app.state
        self._known = known
        self._max_body_bytes = max_body_bytes
        self._headers = [*_SECURITY, (VERSION_HEADER.lower().encode(), app.version.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started = time.perf_counter()
        scope["headers"] = [pair for pair in scope["headers"] if not _from_a_proxy(pair[0])]
        here = trace.continued(_one(scope["headers"], b"traceparent"))
        trace.enter(here)
        status: int | None = None
        extra = [*self._headers, (b"traceparent", here.traceparent.encode())]
        if scope["path"] == OPENAPI_PATH:
            extra.append((b"access-control-allow-origin", b"*"))

        async def dress(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                policy = kind_of(scope.get("route")).policy
                kept = [p for p in message.get("headers", ()) if p[0] not in _SET_HERE]
                message["headers"] = [*kept, *extra, (_CSP, policy)]
            await send(message)

        code = None
        try:
            await self._inner(scope, self._bounded(scope, receive), dress)
        except Exception as error:  # the one place where errors end
            problem = self._problem(scope, error)
            code = problem.code
            if isinstance(problem, problems.InternalError):
                events.log(
                    Event.MISTAKE_FOUND,
                    route=self._route(scope),
                    error=type(error).__name__,
                    where=_where(error),
                )
            if status is not None:
                raise BrokenOff from None  # the connection is closed: half a response must not look whole
            members = problem.body(instance=UUID(here.trace_id).urn, trace_id=here.trace_id)
            await kind_of(scope.get("route")).told(problem, members)(scope, receive, dress)
        finally:
            self._note(scope, status, code, time.perf_counter() - started)

    def _problem(self, scope: Scope, error: BaseException) -> Problem:
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        if isinstance(error, Problem):
            return error
        for kind in type(error).__mro__:
            if kind in self._known:
                return self._known[kind]()
        if isinstance(error, RequestValidationError):
            rows = error.errors()[:20]
            return RequestInvalid(
                invalid_params=[
                    invalid_param(
                        row["loc"][:1] if row["type"] == "json_invalid" else row["loc"][1:], row["type"]
                    )
                    for row in rows
                ]
            )
        if isinstance(error, HTTPException):
            if isinstance(error.__cause__, Problem):  # raised while FastAPI was reading the body
                return error.__cause__
            return self._of_status(scope, error)
        return problems.InternalError()

    def _of_status(self, scope: Scope, error: HTTPException) -> Problem:
        if error.status_code == 405:
            return problems.MethodNotAllowed(headers={"Allow": self._state.rules.allowed(scope["path"])})
        kind = _BY_STATUS.get(error.status_code, problems.InternalError)
        return kind(headers=error.headers)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        declared = _one(scope["headers"], b"content-length")
        left = self._max_body_bytes
        too_large = declared is not None and (not declared.isdecimal() or int(declared) > left)

        async def bounded() -> Message:
            nonlocal left
            if too_large:
                raise problems.DocumentTooLarge
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    raise problems.DocumentTooLarge
            return message

        return bounded

    def _route(self, scope: Scope) -> str:
        rule = self._state.rules.of(scope["route"]) if "route" in scope else None
        return rule.path if rule is not None else "none"

    def _note(self, scope: Scope, status: int | None, code: str | None, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _KNOWN_METHODS else "OTHER"
        route = self._route(scope)
        _requests.labels(method, route, status or 0).inc()
        _seconds.labels(route).observe(seconds)
        events.log(
            Event.REQUEST_HANDLED,
            method=method,
            route=route,
            status=status or 0,
            duration_ms=round(seconds * 1000, 1),
            code=code,
        )


_BY_STATUS: dict[int, type[Problem]] = {
    400: problems.RequestInvalid,
    401: problems.NotSignedIn,
    403: problems.NotAllowed,
    404: problems.NotFound,
    406: problems.NotAcceptable,
    413: problems.DocumentTooLarge,
    415: problems.ContentTypeUnsupported,
}


class BrokenOff(Exception):
    """A response that had begun could not be finished."""


def _from_a_proxy(name: bytes) -> bool:
    return name.startswith(_DROPPED) or name in _DROPPED_WHOLE


def _one(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    for name, value in headers:
        if name == wanted:
            return value.decode("latin-1")
    return None


def _where(error: BaseException) -> str | None:
    """File and line of the innermost frame; never a value."""
    step, place = error.__traceback__, None
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        place = f"{path.parent.name}/{path.name}:{step.tb_lineno}"
        step = step.tb_next
    return place
