"""The NLGov API Design Rules 2.x over every app that answers HTTP for us (rule names without `/core/`).

`APPS` names the apps; each is made once per run, with its lifespan, and spoken to in process.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from adapters.node.answering.permit_routes import PermitIn
from adapters.node.app import app as node_app
from adapters.node.settings import NodeSettings
from contract.days import day_of
from demo.world import World, make_parties
from gateway.app import app as broker_app
from gateway.inquiries.inquiry_routes import Inquiries
from gateway.settings import BrokerSettings
from party.page import PAGE_CSP
from tests.sample_api import sample


def _world(folder: Path) -> World:
    world = World(folder, lambda _: None, day_of(datetime.now(UTC)))
    make_parties(world)
    return world


APPS: dict[str, Callable[[Path], FastAPI]] = {
    "sample": lambda _: sample(),
    "broker": lambda folder: broker_app(BrokerSettings(**_world(folder).settings("broker"))),
    "node": lambda folder: node_app(NodeSettings(**_world(folder).settings("reclassering"))),
}

PLANTED = "Wilhelmina-van-Testenburg"
ID = "00000000-0000-4000-8000-000000000000"
SECURITY = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Api:
    """An app in this process: its description, and a client."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner) -> None:
        self.app = app
        self.description: dict[str, Any] = app.openapi()
        self._runner = runner

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
                return await client.request(method, path, **more)

        return self._runner.run(one())

    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(method, concrete path, operation) of each operation."""
        return [
            (method.upper(), self._concrete(path, item), operation)
            for path, item in self.description["paths"].items()
            for method, operation in item.items()
            if method in {"get", "put", "post", "patch", "delete"}
        ]

    def _concrete(self, path: str, item: dict[str, Any]) -> str:
        prefix = "" if "servers" in item else "/v1"
        return prefix + re.sub(r"\{[^}]+\}", ID, path)


@pytest.fixture(scope="module", params=APPS)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    app = APPS[request.param](tmp_path_factory.mktemp("api"))
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        runner.run(opened.enter_async_context(app.router.lifespan_context(app)))
        yield Api(app, runner)
        runner.run(opened.aclose())


def all_kinds(api: Api) -> Iterator[httpx.Response]:
    """Each operation as it stands, and every kind of error that needs no knowledge of the app."""
    for method, path, _ in api.operations():
        yield api.ask(method, path)
        yield api.ask(method, path + "/")
        yield api.ask(method, path, params={"niemand": PLANTED})
        yield api.ask("TRACE", path)
        yield api.ask(method, path, content=b"{", headers={"Content-Type": "application/json"})
        yield api.ask(method, path, json={PLANTED: PLANTED})
    yield api.ask("GET", f"/v1/{PLANTED}")
    yield api.ask("GET", "/")


def test_every_response_says_the_version_and_how_to_treat_it(api: Api) -> None:
    """version-header, transport/security-headers: on each operation and each error."""
    for response in all_kinds(api):
        assert response.headers["api-version"] == api.description["info"]["version"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", response.headers["api-version"])
        assert {name: response.headers.get(name) for name in SECURITY} == SECURITY


def test_nothing_tells_what_it_is_made_with(api: Api) -> None:
    """hide-implementation: no server header, no library's words."""
    for response in all_kinds(api):
        assert "server" not in response.headers
        assert "x-powered-by" not in response.headers
        for word in ("pydantic", "fastapi", "starlette", "traceback", "sqlalchemy"):
            assert word not in response.text.lower()


def test_every_error_is_a_problem(api: Api) -> None:
    """error-handling/problem-details: one shape for all of them, never 422."""
    errors = [response for response in all_kinds(api) if response.status_code >= 400]
    assert errors
    for response in errors:
        body = response.json()
        assert response.headers["content-type"] == "application/problem+json"
        assert body["status"] == response.status_code != 422
        assert {"title", "status", "detail", "instance", "code", "traceId"} <= body.keys()
        assert re.fullmatch(r"[a-z_]+", body["code"])
        assert body["traceId"] in response.headers["traceparent"]
        if response.status_code == 401:
            assert response.headers["www-authenticate"]


def test_no_error_repeats_what_was_sent(api: Api) -> None:
    """error-handling/all-errors: neither a value, nor a field, nor a path of the sender's comes back."""
    for response in all_kinds(api):
        if response.status_code >= 400:
            assert PLANTED not in response.text + str(response.headers)


def test_an_address_with_a_slash_behind_it_does_not_exist(api: Api) -> None:
    """no-trailing-slash: 404, never a redirect."""
    for method, path, _ in api.operations():
        assert api.ask(method, path + "/").status_code == 404


def test_another_method_is_told_which_ones_there_are(api: Api) -> None:
    """http-methods: 405, and Allow has all methods of the address."""
    for path, operations in itertools.groupby(sorted(api.operations(), key=str), key=lambda row: row[1]):
        del operations
        response = api.ask("TRACE", path)
        assert response.status_code == 405
        expected = {method for method, place, _ in api.operations() if place == path}
        assert set(response.headers["allow"].split(", ")) == expected


def test_an_unknown_query_key_is_a_mistake(api: Api) -> None:
    """query-keys: 400, so that a misspelt filter is never silently left out."""
    for method, path, _ in api.operations():
        response = api.ask(method, path, params={"niemand": "1"})
        assert response.status_code == 400
        assert response.json()["invalidParams"][0]["code"] == "unknown_query_key"


def test_only_the_declared_content_is_read_and_given(api: Api) -> None:
    """Content types: 415 for what we do not read, 406 for what we cannot give."""
    for method, path, operation in api.operations():
        assert api.ask(method, path, headers={"Accept": "text/csv"}).status_code == 406
        if "requestBody" in operation:
            assert api.ask(method, path, content=b"{}").status_code == 415
            assert (
                api.ask(method, path, content=b"{}", headers={"Content-Type": "text/plain"}).status_code
                == 415
            )


def test_a_body_has_a_largest_size(api: Api) -> None:
    """413, whether the length is told beforehand or not, before anything is parsed."""
    chunk = b" " * 65536

    async def endless() -> Any:
        for _ in range(200):
            yield chunk

    for method, path, operation in api.operations():
        if "requestBody" in operation:
            kind = next(iter(operation["requestBody"]["content"]))
            for content in (chunk * 200, endless()):
                response = api.ask(method, path, content=content, headers={"Content-Type": kind})
                assert response.status_code == 413, path


def test_only_the_description_may_be_read_from_any_origin(api: Api) -> None:
    """transport/cors, publish-openapi."""
    origin = {"Origin": "https://elders.example"}
    told = api.ask("GET", "/v1/openapi.json", headers=origin)
    assert (told.status_code, told.headers["access-control-allow-origin"]) == (200, "*")
    assert told.json() == api.description
    for method, path, _ in api.operations():
        assert "access-control-allow-origin" not in api.ask(method, path, headers=origin).headers


def test_a_trace_goes_on_and_a_malformed_one_starts_anew(api: Api) -> None:
    """W3C Trace Context: ours continues the caller's, and nothing else of the caller's comes along."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    theirs = f"00-{trace_id}-b7ad6b7169203331-01"
    ours = api.ask("GET", "/v1/openapi.json", headers={"traceparent": theirs, "tracestate": PLANTED}).headers
    assert ours["traceparent"].split("-")[1] == trace_id
    assert ours["traceparent"] != theirs
    assert PLANTED not in str(ours)
    for malformed in (
        PLANTED,
        theirs.upper(),
        theirs.replace("0af7", "zzzz"),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
    ):
        other = api.ask("GET", "/v1/openapi.json", headers={"traceparent": malformed}).headers["traceparent"]
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", other)
        assert other.split("-")[1] != trace_id


def test_the_description_is_complete(api: Api) -> None:
    """doc-openapi, doc-openapi-contact, uri-version, semver, invalid-input."""
    description = api.description
    assert description["openapi"].startswith("3.1.")
    assert description["servers"] == [{"url": "/v1"}]
    assert {"name", "url", "email"} <= description["info"]["contact"].keys()
    assert "Afwijkingen" in description["info"]["description"]
    assert not {"HTTPValidationError", "ValidationError"} & description["components"]["schemas"].keys()
    for _, path, operation in api.operations():
        assert operation.get("summary"), path
        assert not re.search(r"[A-Z][a-z]+ [A-Z]", operation["summary"]), (
            "written by the framework, not by us"
        )
        responses = operation["responses"]
        assert "422" not in responses
        assert {"400", "401", "403", "429", "500", "503"} <= responses.keys()
        for status, response in responses.items():
            assert "API-Version" in response["headers"]
            assert response["description"] not in {"", "Successful Response"}
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]


def test_every_operation_is_explained_with_examples(api: Api) -> None:
    """doc-language: Dutch texts and an example wherever there is a body; deviations and glossary named."""
    description = api.description
    assert description["externalDocs"]["url"] == "/v1/glossary"
    for number in range(1, 8):
        assert f"**D{number}**" in description["info"]["description"]
    if description["info"]["title"] == "Voorbeeld":
        return
    for _, path, operation in api.operations():
        assert len(operation["description"]) > 20, path
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for kind, content in ((k, c) for one in contents for k, c in one.get("content", {}).items()):
            assert "schema" in content, path
            assert content.get("example") or kind == "application/problem+json", path
            if kind == "application/problem+json":
                assert all(example["value"]["code"] == code for code, example in content["examples"].items())


def test_every_reference_in_the_description_arrives(api: Api) -> None:
    """Also those of bodies that are read raw."""
    references = re.findall(r"'\$ref': '([^']+)'", str(api.description))
    assert references
    for reference in references:
        found: Any = api.description
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_the_examples_are_what_the_operations_take_and_give(api: Api) -> None:
    """Each example passes the model that the operation itself uses; a request after its JSON was read."""
    passed = 0
    for context in iter_route_contexts(api.app.routes):
        route: Any = context.original_route
        operation = api.description["paths"].get(str(getattr(route, "path", "")).removeprefix("/v1"), {})
        for method in (name.lower() for name in getattr(route, "methods", ()) if name.lower() in operation):
            for response in operation[method]["responses"].values():
                example = response.get("content", {}).get("application/json", {}).get("example")
                if example is not None:
                    TypeAdapter(route.response_model).validate_json(json.dumps(example))
                    passed += 1
            if route.body_field is not None:
                example = operation[method]["requestBody"]["content"]["application/json"].get("example")
                if example is not None:
                    TypeAdapter(route.body_field.field_info.annotation).validate_python(example)
                    passed += 1
    assert passed > 3 or api.description["info"]["title"] == "Voorbeeld"


def test_the_examples_of_raw_bodies_are_taken() -> None:
    """Broker and node read these bodies themselves."""
    for model in (Inquiries, PermitIn):
        [example] = model.model_json_schema()["examples"]
        model.model_validate_json(json.dumps(example))


def test_the_documentation_is_a_page_that_obeys_the_rules(api: Api) -> None:
    """HTML for who takes it, 406 for who does not; it may use its own stylesheet, its errors too."""
    for path in ("/v1/docs", "/v1/glossary"):
        for accept in ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html", "text/*"):
            response = api.ask("GET", path, headers={"Accept": accept})
            assert (response.status_code, response.headers["content-type"]) == (
                200,
                "text/html; charset=utf-8",
            )
            assert response.headers["content-security-policy"] == PAGE_CSP
            others = {name for name in SECURITY if name != "content-security-policy"}
            assert {name: response.headers[name] for name in others} == {
                name: SECURITY[name] for name in others
            }
        for response, status in (
            (api.ask("GET", path, headers={"Accept": "application/json"}), 406),
            (api.ask("GET", path, params={"niemand": "1"}), 400),
            (api.ask("POST", path), 405),
        ):
            assert response.status_code == status
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            assert response.headers["content-security-policy"] == PAGE_CSP


def test_addresses_and_query_keys_have_one_form(api: Api) -> None:
    """path-segments-kebab-case, query-keys-camel-case; `_search` only as the last segment."""
    for path, item in api.description["paths"].items():
        *others, last = path.strip("/").split("/")
        for segment in others:
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*|\{[a-zA-Z]+\}", segment), path
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*|\{[a-zA-Z]+\}|_search", last), path
        for operation in item.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                if parameter["in"] == "query":
                    assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", parameter["name"])
