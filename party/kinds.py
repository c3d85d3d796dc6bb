"""Two kinds of routes: for programs, and for people.

| | for programs | for people |
|---|---|---|
| may load | nothing | the stylesheet of our own pages |
| an error | problem+json (RFC 9457) | a page with the same words |
| in the OpenAPI document | yes | no |
| who calls | by `Authorization` (party/bearer.py) | by what the page's room asks; so far all are public |

A route is for programs, unless its router was made by `pages`. What is raised in either is a `Problem`; how
it is told follows from the route, in the one place where errors end (party/http.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute

from contract.problems import Problem
from party.openapi import PROBLEM_JSON
from party.page import PAGE_CSP, problem_page


class _PageRoute(APIRoute):
    """A route for people."""


def pages(**more: Any) -> APIRouter:
    """A router for pages; `more` as for an APIRouter."""
    html: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}}}
    return APIRouter(
        route_class=_PageRoute,
        default_response_class=HTMLResponse,
        include_in_schema=False,
        responses=html,
        **more,
    )


@dataclass(frozen=True)
class RouteKind:
    """`policy` is the content-security policy; `told` renders the members of a problem, with its status and
    headers.
    """

    policy: bytes
    told: Callable[[Problem, Mapping[str, object]], Response]


def kind_of(route: object) -> RouteKind:
    """Also of no route at all: whoever asks for what is not there is taken for a program."""
    return _PAGE if isinstance(route, _PageRoute) else _PROGRAM


def _as_json(problem: Problem, members: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(members), problem.status, problem.headers, media_type=PROBLEM_JSON)


def _as_page(problem: Problem, members: Mapping[str, object]) -> Response:
    return HTMLResponse(problem_page(members), problem.status, problem.headers)


_PROGRAM: Final = RouteKind(b"default-src 'none'; frame-ancestors 'none'", _as_json)
_PAGE: Final = RouteKind(PAGE_CSP.encode(), _as_page)
