"""One contract for both wires: in process over ASGI, and HTTP on loopback."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from demo.world import free_ports
from party import trace
from party.health import health
from party.server import serve
from party.wire import MAX_REPLY_BYTES, HttpWire, Unreachable, Wire
from tests.world import AsgiWire

Opened = Callable[[], AbstractAsyncContextManager[tuple[Wire, str]]]
"""A wire, and the address of the other party."""


def other_party() -> FastAPI:
    """Tells what it was asked; misbehaves where the path says so."""
    app = FastAPI(openapi_url=None)
    app.state.asked = []

    @app.middleware("http")
    async def count(request: Request, follow: Callable[[Request], Awaitable[Any]]) -> Any:
        app.state.asked.append(request.url.path)
        return await follow(request)

    @app.api_route("/echo", methods=["GET", "POST", "PUT"])
    async def echo(request: Request) -> dict[str, Any]:
        body = (await request.body()).decode("latin-1")
        return {"method": request.method, "headers": dict(request.headers), "body": body}

    @app.get("/elsewhere")
    async def elsewhere() -> Response:
        return RedirectResponse("/echo", 307)

    @app.get("/cookie")
    async def cookie() -> Response:
        return Response(headers={"Set-Cookie": "session=1; Path=/"})

    @app.get("/refused")
    async def refused() -> Response:
        return Response(b'{"code":"forbidden"}', 403, media_type="application/problem+json")

    @app.get("/packed")
    async def packed() -> Response:
        return Response(gzip.compress(b"x" * 1000), headers={"Content-Encoding": "gzip"})

    @app.get("/bytes/{count}")
    async def many(count: int) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for start in range(0, count, 1 << 16):
                yield b"x" * min(1 << 16, count - start)

        return StreamingResponse(parts())

    @app.get("/never")
    async def never() -> None:
        await asyncio.sleep(60)

    return app


class _Contract:
    """What every implementation of the seam promises."""

    @pytest.fixture
    def opened(self) -> Opened:
        raise NotImplementedError

    def ask(self, opened: Opened, *paths: str, **more: Any) -> list[Any]:
        """The responses of these paths, one after another; of one that does not come, the exception."""

        async def run() -> list[Any]:
            async with opened() as (wire, address):
                asked = {"method": "GET", "timeout_s": 20.0, **more}
                method = asked.pop("method")
                found: list[Any] = []
                for path in paths:
                    try:
                        found.append(await wire.send(method, address, path, **asked))
                    except Unreachable as away:
                        found.append(away)
                return found

        return asyncio.run(run())

    def test_what_is_sent_arrives_as_it_is(self, opened: Opened) -> None:
        sent = {"method": "POST", "body": b"a.b.c\x00", "content_type": "application/jose", "bearer": "t"}
        (response,) = self.ask(opened, "/echo", **sent)
        seen = json.loads(response.body)
        assert (seen["method"], seen["body"]) == ("POST", "a.b.c\x00")
        assert seen["headers"]["content-type"] == "application/jose"
        assert seen["headers"]["authorization"] == "Bearer t"

    def test_without_a_token_or_body_none_is_told(self, opened: Opened) -> None:
        (response,) = self.ask(opened, "/echo")
        assert not {"authorization", "content-type", "cookie"} & set(json.loads(response.body)["headers"])

    def test_a_refusal_is_a_response(self, opened: Opened) -> None:
        (response,) = self.ask(opened, "/refused")
        assert (response.status, response.body) == (403, b'{"code":"forbidden"}')

    def test_a_redirect_is_never_followed(self, opened: Opened) -> None:
        """Whoever answers for a party could else send our documents, and our token, anywhere."""
        (response,) = self.ask(opened, "/elsewhere", bearer="t")
        assert (response.status, response.body) == (307, b"")

    def test_no_cookie_is_kept(self, opened: Opened) -> None:
        _, response = self.ask(opened, "/cookie", "/echo")
        assert "cookie" not in json.loads(response.body)["headers"]

    def test_what_is_packed_is_not_unpacked(self, opened: Opened) -> None:
        """A small response cannot become a large one here."""
        (response,) = self.ask(opened, "/packed")
        assert gzip.decompress(response.body) == b"x" * 1000

    def test_a_response_has_a_largest_size(self, opened: Opened) -> None:
        largest, larger = self.ask(opened, f"/bytes/{MAX_REPLY_BYTES}", f"/bytes/{MAX_REPLY_BYTES + 1}")
        assert len(largest.body) == MAX_REPLY_BYTES
        assert isinstance(larger, Unreachable)

    def test_who_does_not_answer_in_time_is_away(self, opened: Opened) -> None:
        (away,) = self.ask(opened, "/never", timeout_s=0.2)
        assert isinstance(away, Unreachable)

    def test_nothing_is_asked_twice(self, opened: Opened) -> None:
        """Neither what fails nor what takes too long."""

        async def run() -> list[str]:
            async with opened() as (wire, address):
                for path in ("/refused", "/never", f"/bytes/{MAX_REPLY_BYTES + 1}"):
                    try:
                        await wire.send("GET", address, path, timeout_s=2)
                    except Unreachable:
                        continue
                return list(self.other.state.asked)

        assert asyncio.run(run()) == ["/refused", "/never", f"/bytes/{MAX_REPLY_BYTES + 1}"]

    def test_nobody_there_is_a_value_for_the_caller(self, opened: Opened) -> None:
        """As every failure: one exception, which says nothing of what was sent."""

        async def run() -> str:
            async with opened() as (wire, _):
                nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
                with pytest.raises(Unreachable) as raised:
                    await wire.send("POST", nobody, "/echo", body=b"Jansen", bearer="secret", timeout_s=5)
                return str(raised.value)

        assert not {"Jansen", "secret", "127.0.0.1"} & set(asyncio.run(run()).split())

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_a_proxy_of_the_environment_gets_nothing(
        self, opened: Opened, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
            (response,) = self.ask(opened, "/echo", timeout_s=5)
            assert response.status == 200
            proxy.settimeout(0)
            with pytest.raises(BlockingIOError):
                proxy.accept()

    def test_a_password_of_the_environment_is_not_sent(
        self, opened: Opened, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = tmp_path / "netrc"
        place.write_text("default login somebody password secret\n", encoding="ascii")
        place.chmod(0o600)
        monkeypatch.setenv("NETRC", str(place))
        (response,) = self.ask(opened, "/echo")
        assert "authorization" not in json.loads(response.body)["headers"]

    @pytest.fixture(autouse=True)
    def _other(self) -> None:
        self.other = other_party()


class TestAsgiWire(_Contract):
    @pytest.fixture
    def opened(self) -> Opened:
        @asynccontextmanager
        async def wire() -> AsyncIterator[tuple[Wire, str]]:
            yield AsgiWire({"http://other.example": self.other}), "http://other.example"

        return wire


class TestHttpWire(_Contract):
    @pytest.fixture
    def opened(self) -> Opened:
        @asynccontextmanager
        async def wire() -> AsyncIterator[tuple[Wire, str]]:
            port, management_port = free_ports(2)
            stop, up = asyncio.Event(), asyncio.Event()
            serving = asyncio.create_task(
                serve(
                    self.other,
                    health(self.other, {}),
                    port=port,
                    management_port=management_port,
                    shutdown=stop,
                    started=lambda *_: up.set(),
                )
            )
            await up.wait()
            made = HttpWire()
            await made.open()
            try:
                yield made, f"http://localhost:{port}"  # an address of numbers never gets a cookie back
            finally:
                await made.close()
                stop.set()
                await serving

        return wire

    def test_a_request_is_part_of_its_trace(self, opened: Opened) -> None:
        here = trace.continued(None)

        async def run() -> bytes:
            trace.enter(here)
            async with opened() as (wire, address):
                return (await wire.send("GET", address, "/echo", timeout_s=20)).body

        assert json.loads(asyncio.run(run()))["headers"]["traceparent"] == here.traceparent
