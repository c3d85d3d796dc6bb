"""What the OPA client and server do otherwise, shown against a server of our own that misbehaves."""

import asyncio
import contextlib
import inspect
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from opa_client.opa_async import AsyncOpaClient  # type: ignore[import-untyped]

from policies import Decision, EmbeddedPolicy, OpaServerPolicy, PolicyUnavailable, Release
from policies.opa_server import _Client
from tests.policies.conftest import asking

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Misbehaving:
    """Answers as an OPA server would; from the moment `answer` is set, as that says."""

    def __init__(self, release: Release) -> None:
        self.answer: Answer | None = None
        self.healthy = True
        self.asked: list[web.Request] = []
        self.bodies: list[dict[str, Any]] = []
        self._engine = EmbeddedPolicy(release)

    async def _data(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        body = await request.json()
        self.bodies.append(body)
        if self.answer is not None:
            return await self.answer(request)
        return web.json_response({"result": await self.documents(body), "provenance": {"version": "1.2.3"}})

    async def documents(self, body: dict[str, Any]) -> list[Any]:
        return [json.loads(one.as_json()) for one in await self._engine.decide(body["input"]["items"])]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        async def health(request: web.Request) -> web.Response:
            ready = self.healthy and request.query.get("bundles") == "true"
            return web.Response(status=200 if ready else 500)

        app = web.Application()
        app.router.add_get("/health", health)
        app.router.add_post("/v1/data/handout/batch", self._data)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def _asked_of(
    release: Release, answer: Answer | None, timeout_s: float = 2
) -> tuple[Misbehaving, list[Decision]]:
    """Open in good order, then ask two questions of a server that answers with `answer`."""
    server = Misbehaving(release)

    async def run() -> list[Decision]:
        async with server.serving() as url:
            policy = await OpaServerPolicy.open(
                url, release.revision, release.catalogue, token="secret", timeout_s=timeout_s
            )
            server.asked.clear()
            server.answer = answer
            try:
                return await policy.decide([asking({}), asking({"case.melding": "none"})])
            finally:
                await policy.close()

    try:
        return server, asyncio.run(run())
    except PolicyUnavailable as error:
        error.args = (*error.args, server)
        raise


def _says(status: int, body: object, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status,
            text=body if isinstance(body, str) else json.dumps(body),
            headers=headers,
            content_type="application/json",
        )

    return answer


def test_one_call_decides_all_and_carries_codes_in_the_body_only(release: Release) -> None:
    server, decisions = _asked_of(release, None)
    assert [one.effect for one in decisions] == ["permit", "refusal"]
    (request,) = server.asked
    assert request.headers["Authorization"] == "Bearer secret"
    assert dict(request.query) == {"strict-builtin-errors": "true", "provenance": "true"}
    assert len(server.bodies[-1]["input"]["items"]) == 2


@pytest.mark.parametrize(
    "answer",
    [
        _says(200, {}),  # an undefined rule
        _says(200, {"result": None}),
        _says(200, {"result": []}),
        _says(200, {"result": True}),
        _says(200, []),
        _says(200, "no json"),
        _says(200, '{"result": ['),
        _says(204, ""),
        _says(400, {"code": "invalid_parameter"}),
        _says(401, {}),
        _says(404, {}),
        _says(503, {}),
    ],
    ids=range(12),
)
def test_an_answer_that_is_no_decision_is_an_outage(release: Release, answer: Answer) -> None:
    with pytest.raises(PolicyUnavailable):
        _asked_of(release, answer)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failing_server_is_asked_once_and_not_again(release: Release, status: int) -> None:
    began = time.monotonic()
    with pytest.raises(PolicyUnavailable) as raised:
        _asked_of(release, _says(status, {"code": "internal_error"}))
    assert len(raised.value.args[1].asked) == 1
    assert time.monotonic() - began < 1.5


def test_a_slow_server_is_left_within_the_limit(release: Release) -> None:
    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1.5)
        return web.json_response({"result": []})

    with pytest.raises(PolicyUnavailable, match="TimeoutError"):
        _asked_of(release, slow, timeout_s=0.5)


def test_a_server_that_drips_is_left_within_the_limit(release: Release) -> None:
    """A limit per read would wait for ever."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(50):
                await response.write(b" ")
                await asyncio.sleep(0.1)
        return response

    began = time.monotonic()
    with pytest.raises(PolicyUnavailable):
        _asked_of(release, drip, timeout_s=0.5)
    assert time.monotonic() - began < 3


def test_a_redirect_is_not_followed(release: Release) -> None:
    """Else the inputs and the token would go where the answer says."""
    with pytest.raises(PolicyUnavailable) as raised:
        _asked_of(release, _says(307, {}, Location="/v1/data/handout/batch"))
    assert len(raised.value.args[1].asked) == 1


def test_a_connection_that_the_server_dropped_is_tried_once_more(release: Release) -> None:
    dropped = []

    server = Misbehaving(release)

    async def drop_once(request: web.Request) -> web.StreamResponse:
        if not dropped:
            dropped.append(1)
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.json_response({"result": await server.documents(await request.json())})

    _, decisions = _asked_of(release, drop_once)
    assert [one.effect for one in decisions] == ["permit", "refusal"]


def test_another_revision_is_refused_at_the_start(release: Release) -> None:
    async def run() -> None:
        async with Misbehaving(release).serving() as url:
            await OpaServerPolicy.open(url, "sha256:" + "0" * 64, release.catalogue)

    with pytest.raises(PolicyUnavailable, match="another revision"):
        asyncio.run(run())


def test_a_server_without_bundles_is_not_asked(release: Release) -> None:
    server = Misbehaving(release)
    server.healthy = False

    async def run() -> None:
        async with server.serving() as url:
            await OpaServerPolicy.open(url, release.revision, release.catalogue)

    with pytest.raises(PolicyUnavailable, match="no bundle"):
        asyncio.run(run())
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    ["http://opa.example:8181", "ftp://127.0.0.1:8181", "127.0.0.1:8181", "http://127.0.0.1", "https://a:b:c",
     "http://127.0.0.1:8181/v1/query"],
)  # fmt: skip
def test_an_unsafe_or_odd_address_is_refused(release: Release, url: str) -> None:
    with pytest.raises(PolicyUnavailable):
        asyncio.run(OpaServerPolicy.open(url, release.revision, release.catalogue))


def test_the_client_still_has_what_we_override_and_asks_through_it(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its methods are private, so an upgrade may move them; ours would then be passed over, and with it the
    authority that we trust, the redirects that we refuse and the trace.
    """
    own = {name for name, value in vars(_Client).items() if inspect.isfunction(value)}
    assert own - set(vars(AsyncOpaClient)) == {"connect"}
    for name in own - {"connect"}:
        ours, theirs = inspect.signature(getattr(_Client, name)), getattr(AsyncOpaClient, name)
        assert list(ours.parameters) == list(inspect.signature(theirs).parameters)

    sessions: list[dict[str, Any]] = []
    requests: list[dict[str, Any]] = []
    begin, request = aiohttp.ClientSession.__init__, aiohttp.ClientSession._request

    def begun(self: Any, **chosen: Any) -> None:
        sessions.append(chosen)
        begin(self, **chosen)

    async def requested(self: Any, method: str, url: Any, **chosen: Any) -> Any:
        requests.append(chosen)
        return await request(self, method, url, **chosen)

    monkeypatch.setattr(aiohttp.ClientSession, "__init__", begun)
    monkeypatch.setattr(aiohttp.ClientSession, "_request", requested)
    authority = ssl.create_default_context()
    server = Misbehaving(release)

    async def run() -> None:
        async with server.serving() as url:
            policy = await OpaServerPolicy.open(
                url, release.revision, release.catalogue, tls=authority, traceparent=lambda: "00-here"
            )
            await policy.decide([asking({})])
            await policy.close()

    asyncio.run(run())
    [chosen] = sessions
    assert chosen["connector"]._ssl is authority
    assert chosen["trust_env"] is False
    assert len(requests) == 3  # is it there, the same revision, the decision
    assert {one["allow_redirects"] for one in requests} == {False}
    assert {one["headers"]["traceparent"] for one in requests} == {"00-here"}


def test_proxies_of_the_environment_are_not_used(
    release: Release, opa_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def run() -> bool:
        policy = await OpaServerPolicy.open(opa_url, release.revision, release.catalogue, timeout_s=5)
        try:
            return (await policy.decide([asking({})]))[0].permitted
        finally:
            await policy.close()

    assert asyncio.run(run())
