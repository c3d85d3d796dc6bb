"""The shell of both APIs, on a sample app: what the rules shared by all apps do not show."""

import asyncio
import io
import json
from collections.abc import Iterator
from html import escape
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from contract.problems import NotSignedIn
from party import events
from party.http import BrokenOff
from party.kinds import pages
from party.page import PAGE_CSP
from tests.sample_api import sample

PLANTED = "Wilhelmina-van-Testenburg"


@pytest.fixture
def log() -> Iterator[io.BytesIO]:
    lines = io.BytesIO()
    events.configure(party="sample", strict=True, stream=lines)
    yield lines
    events.configure(party="sample", strict=True)


def ask(method: str, path: str, app: FastAPI | None = None, **more: Any) -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app or sample(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
            return await client.request(method, path, **more)

    return asyncio.run(one())


def test_all_mistakes_come_back_at_once() -> None:
    """Two wrong fields, two rows, in Dutch."""
    response = ask("POST", "/v1/things", json={"size": PLANTED, "name": PLANTED})
    assert (response.status_code, response.json()["invalidParams"]) == (
        400,
        [
            {"name": "size", "code": "int_parsing", "reason": "Dit moet een heel getal zijn."},
            {"name": "name", "code": "string_too_long", "reason": "Deze tekst is te lang."},
        ],
    )


def test_broken_json_is_a_mistake_in_the_body() -> None:
    """400 as for any other mistake."""
    response = ask("POST", "/v1/things", content=b'{"size":', headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["invalidParams"][0]["name"] == "body"


def test_a_mistake_of_ours_is_opaque(log: io.BytesIO) -> None:
    """500 without the exception's text, which is nowhere in the log either; the trace id is in both."""
    response = ask("GET", "/v1/mistakes")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert PLANTED not in response.text
    written = log.getvalue().decode()
    assert PLANTED not in written
    found, handled = (json.loads(line) for line in written.splitlines())
    assert (found["event"], found["error"], found["route"]) == ("mistake_found", "ValueError", "/v1/mistakes")
    assert found["where"].startswith("tests/sample_api.py:")
    assert found["trace_id"] == handled["trace_id"] == response.json()["traceId"]


def test_an_error_of_another_package_is_told_as_its_problem() -> None:
    """Also out of a task group; its text stays inside."""
    response = ask("GET", "/v1/outages")
    assert (response.status_code, response.json()["code"]) == (503, "policy_unavailable")
    assert PLANTED not in response.text


def test_a_problem_that_a_route_raises_is_the_response() -> None:
    """The route raises, the shell renders."""
    assert ask("GET", "/v1/refusals").json()["code"] == "not_allowed"


def test_half_a_response_does_not_look_whole(log: io.BytesIO) -> None:
    """An error after the first byte breaks the connection off."""

    async def start() -> list[str]:
        sent: list[str] = []

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()  # the caller stays
            return {}

        async def send(message: Any) -> None:
            sent.append(message["type"] + str(message.get("more_body", "")))

        scope = {"type": "http", "method": "GET", "path": "/v1/halves", "headers": [], "query_string": b""}
        with pytest.raises(BrokenOff) as caught:
            await sample()(scope, receive, send)
        assert caught.value.__cause__ is None
        return sent

    assert asyncio.run(start()) == ["http.response.start", "http.response.bodyTrue"]
    assert b"policy_unavailable" in log.getvalue()


def test_what_only_a_proxy_may_say_is_dropped() -> None:
    """No header of the caller's can pass for one of our own proxy's; ours of every day come through."""
    forged = {
        "X-Forwarded-For": PLANTED,
        "X-Forwarded-Client-Cert": PLANTED,
        "Forwarded": PLANTED,
        "Fsc-Authorization": PLANTED,
        "X-Client-Cert": PLANTED,
        "Client-Cert": PLANTED,
        "SSL-Client-S-DN": PLANTED,
        "X-SSL-Client-Verify": PLANTED,
        "X-Real-IP": PLANTED,
        "baggage": PLANTED,
        "tracestate": PLANTED,
    }
    seen = ask("GET", "/v1/headers", headers=forged | {"Authorization": "Bearer abc"}).json()
    assert PLANTED not in str(seen)
    assert seen["authorization"] == "Bearer abc"


def test_the_log_holds_templates_and_no_addresses(log: io.BytesIO) -> None:
    """transport/no-sensitive-uris: neither a path parameter, nor a query, nor an unknown path is written."""
    ask("GET", f"/v1/things/{PLANTED}")
    ask("GET", f"/v1/things?niemand={PLANTED}")
    ask("GET", f"/v1/{PLANTED}")
    ask(PLANTED, "/v1/things")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/v1/things/{name}", 200),
        ("GET", "/v1/things", 400),
        ("GET", "none", 404),
        ("OTHER", "/v1/things", 405),
    ]
    assert PLANTED not in log.getvalue().decode()


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/*;q=0.5", 200),
        ("text/html, application/json;q=0.1", 200),
        ("APPLICATION/JSON", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
    ],
)
def test_accept_is_read_as_rfc_9110_says(accept: str, status: int) -> None:
    """Types, ranges and a weight of nought (RFC 9110 12.5.1)."""
    assert ask("GET", "/v1/things", headers={"Accept": accept}).status_code == status


def test_a_known_query_key_is_taken() -> None:
    """By its camelCase name only."""
    assert ask("GET", "/v1/things?atMost=2").json() == {"atMost": 2}
    assert ask("GET", "/v1/things?at_most=2").status_code == 400


def of_two_kinds() -> FastAPI:
    """An app whose every address is there for programs, under `/v1`, and as a page."""
    app = sample()
    for router in (APIRouter(prefix="/v1/kinds"), pages(prefix="/pages")):

        @router.get("/good")
        async def good() -> str:
            return "goed"

        @router.get("/problem")
        async def problem() -> str:
            raise NotSignedIn

        @router.get("/mistake")
        async def mistake() -> str:
            raise RuntimeError(PLANTED)

        app.include_router(router)
    return app


@pytest.mark.parametrize(("path", "status"), [("problem", 401), ("mistake", 500)])
def test_an_error_is_told_to_a_program_and_shown_to_a_person(path: str, status: int) -> None:
    """The same words, reference and headers: as problem+json, and as a page of ours."""
    told, shown = (ask("GET", f"{root}/{path}", of_two_kinds()) for root in ("/v1/kinds", "/pages"))

    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
    assert (shown.status_code, shown.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert shown.text.startswith('<!doctype html>\n<html lang="nl">')
    assert f"<h1>{escape(told.json()['title'])}</h1>" in shown.text
    assert escape(told.json()["detail"]) in shown.text
    assert shown.headers["traceparent"].split("-")[1] in shown.text
    assert PLANTED not in shown.text + told.text
    assert shown.headers["content-security-policy"] == PAGE_CSP
    assert told.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    for header in ("cache-control", "x-frame-options", "referrer-policy"):
        assert shown.headers[header] == told.headers[header]
    assert shown.headers.get("www-authenticate") == told.headers.get("www-authenticate")


def test_what_goes_well_may_load_what_its_kind_needs() -> None:
    """A page its own stylesheet, what programs read nothing; and only the latter is described."""
    app = of_two_kinds()
    told, shown = (ask("GET", f"{root}/good", app) for root in ("/v1/kinds", "/pages"))

    assert (told.json(), shown.text) == ("goed", "goed")
    assert told.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert shown.headers["content-security-policy"] == PAGE_CSP
    assert [path for path in app.openapi()["paths"] if path.endswith("good")] == ["/kinds/good"]


def test_what_is_not_there_is_told_as_to_a_program() -> None:
    """Also beside pages: without a route there is no kind."""
    response = ask("GET", "/pages/nowhere", of_two_kinds())
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
