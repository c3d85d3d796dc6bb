"""How one party reaches another: the seam, and HTTP behind it."""

import ssl
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from party import trace

MAX_REPLY_BYTES = 4 * 1024 * 1024


class Unreachable(Exception):
    """The other party could not be reached, or did not answer in time. An ordinary event: the caller makes a
    value of it.
    """


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes


class Wire(Protocol):
    """Carries a request to a party's address and brings its response back, whatever its status.

    Never follows a redirect, keeps no cookies, takes no proxy from the environment, never repeats a request
    by itself.
    """

    async def send(
        self,
        method: str,
        address: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        bearer: str | None = None,
        timeout_s: float,
    ) -> Response:
        """Raises Unreachable."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class HttpWire:
    """One aiohttp client per process: connections and TLS contexts are kept. `tls`: whom we believe, and the
    certificate that we show.
    """

    _client: aiohttp.ClientSession

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls

    async def open(self) -> None:
        tls = self._tls if self._tls is not None else True
        connector = aiohttp.TCPConnector(limit_per_host=16, keepalive_timeout=75, ssl=tls)
        self._client = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        )

    async def send(
        self,
        method: str,
        address: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        bearer: str | None = None,
        timeout_s: float,
    ) -> Response:
        headers = {"Accept": "application/json, application/problem+json, text/plain"}
        traceparent = trace.header()
        if traceparent is not None:
            headers["traceparent"] = traceparent
        if body is not None:
            headers["Content-Type"] = content_type
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            async with self._client.request(
                method,
                address + path,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                content = await response.content.read(MAX_REPLY_BYTES + 1)
                while len(content) <= MAX_REPLY_BYTES and not response.content.at_eof():
                    content += await response.content.read(MAX_REPLY_BYTES + 1 - len(content))
                if len(content) > MAX_REPLY_BYTES:
                    raise Unreachable("the response is too large")
                return Response(response.status, content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(type(error).__name__) from None

    async def close(self) -> None:
        await self._client.close()
