"""The policy engine as an OPA server, through opa-python-client.

Rules of this module; each fences something that the client or the server does otherwise:

- One session for the life of the policy, opened here: our TLS context, no proxies, no `.netrc`, no redirects.
- One call for all inputs, to a constant path. An undefined rule is a 200 without a result: no decision.
- The client repeats calls on some errors and has no limit per call: it may not repeat, and the limit is ours.
  Only a connection that could not be used is tried once more, within that limit.
- Whatever is raised becomes PolicyUnavailable, without the text of the error: that text may hold inputs.
- Policies come from the server's own bundle. This class never uploads, and refuses another revision.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from opa_client.opa_async import AsyncOpaClient  # type: ignore[import-untyped]

from policies.catalogue import Catalogue
from policies.engine import Decision, Reader
from policies.errors import PolicyUnavailable

_PACKAGE, _RULE = "handout", "batch"
_QUERY = {"strict-builtin-errors": "true", "provenance": "true"}
_BUNDLES_READY = {"bundles": "true"}


class OpaServerPolicy:
    """Decides at an OPA server that serves the bundle of this very release. Make it with `open`."""

    def __init__(self, client: "_Client", revision: str, catalogue: Catalogue, timeout_s: float) -> None:
        self.revision = revision
        self.engine = "opa"
        self._client: _Client | None = client
        self._reader = Reader(catalogue, revision)
        self._timeout_s = timeout_s

    @classmethod
    async def open(
        cls,
        url: str,
        revision: str,
        catalogue: Catalogue,
        *,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = 0.5,
        traceparent: Callable[[], str | None] = lambda: None,
    ) -> "OpaServerPolicy":
        """Connect and check that the server has this revision in force.

        `url`: `https://host:port`, or `http://` on loopback only. `timeout_s`: for one whole call.
        `traceparent`: the header of the trace that a call belongs to, if any. Raises PolicyUnavailable.
        """
        host, port, secure = _address(url)
        client = _Client(host=host, port=port, ssl=secure, token=token, retries=0, timeout=timeout_s)
        client.tls, client.traceparent = tls, traceparent
        policy = cls(client, revision, catalogue, timeout_s)
        try:
            await client.connect()
            async with asyncio.timeout(timeout_s):
                if not await client.check_health(_BUNDLES_READY):
                    raise PolicyUnavailable("The OPA server is not there, or has no bundle in force.")
            await policy.verify()
        except BaseException as error:
            await policy.close()
            if isinstance(error, TimeoutError):
                raise PolicyUnavailable("The OPA server does not answer in time.") from None
            raise
        return policy

    async def decide(self, inputs: Sequence[Mapping[str, object]]) -> list[Decision]:
        facts = [self._reader.facts(one) for one in inputs]
        if not facts:
            return []
        answer = await self._ask([self._reader.document(one) for one in facts])
        return self._reader.decisions(facts, answer.get("result"))

    async def verify(self) -> None:
        answer = await self._ask([{}])
        self.engine = f"opa {_version(answer)}"
        self._reader.decisions([self._reader.facts({})], answer.get("result"))

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close_connection()

    async def _ask(self, items: list[dict[str, object]]) -> dict[str, Any]:
        if self._client is None:
            raise PolicyUnavailable("The connection to the OPA server is closed.")
        try:
            async with asyncio.timeout(self._timeout_s):
                try:
                    answer = await self._client.query_rule({"items": items}, _PACKAGE, _RULE, _QUERY)
                except aiohttp.ClientConnectionError:  # such as a kept connection that the server has closed
                    answer = await self._client.query_rule({"items": items}, _PACKAGE, _RULE, _QUERY)
        except Exception as error:
            raise PolicyUnavailable(f"The OPA server gave no decision ({type(error).__name__}).") from None
        if not isinstance(answer, dict):
            raise PolicyUnavailable("The OPA server gave no decision.")
        return answer


class _Client(AsyncOpaClient):  # type: ignore[misc]
    """The client with a session of our own; it cannot name a private authority, and it follows redirects."""

    tls: ssl.SSLContext | None = None
    traceparent: Callable[[], str | None]

    async def connect(self) -> None:
        await self._init_session()

    async def _init_session(self) -> None:
        self._connector = aiohttp.TCPConnector(ssl=self.tls if self.tls is not None else True)
        self._session = aiohttp.ClientSession(
            headers=self.headers,
            connector=self._connector,
            timeout=aiohttp.ClientTimeout(total=self.timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    def _request(self, method: str, url: str, **kwargs: Any) -> AbstractAsyncContextManager[Any]:
        here = self.traceparent()
        headers = {**(kwargs.get("headers") or {}), **({} if here is None else {"traceparent": here})}
        asked: AbstractAsyncContextManager[Any] = super()._request(
            method, url, **{**kwargs, "headers": headers, "allow_redirects": False}
        )
        return asked


def _address(url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if (
        parts.scheme not in ("http", "https")
        or host is None
        or port is None
        or parts.path.strip("/")
        or parts.query
    ):
        raise PolicyUnavailable("The address of the OPA server must be like https://host:8181.")
    if parts.scheme == "http" and not _loopback(host):
        raise PolicyUnavailable("An OPA server on another machine needs https.")
    return (f"[{host}]" if ":" in host else host), port, parts.scheme == "https"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _version(answer: Mapping[str, Any]) -> str:
    provenance = answer.get("provenance")
    version = provenance.get("version") if isinstance(provenance, dict) else None
    return version if isinstance(version, str) else "of unknown version"
