"""The management port: is the process alive, can it take requests and if not why, and its metrics.

Never through the public proxy. Reasons are short texts of our own; nothing about a person or a case.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import orjson
from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HealthCheck = Callable[[], Awaitable[str | None]]
"""None when all is well, else the reason in one short sentence."""

_PATIENCE_S = 2.0


def working(verify: Callable[[], Awaitable[None]], *failures: type[Exception]) -> HealthCheck:
    """All is well when `verify` returns; of these failures the text is the reason, so it holds no values."""

    async def check() -> str | None:
        try:
            await verify()
        except failures as failure:
            return str(failure)
        return None

    return check


def health(app: FastAPI, checks: Mapping[str, HealthCheck]) -> Starlette:
    """`/healthz/live`; `/healthz/ready`, 503 with every reason, or while starting, stopping; `/metrics`."""

    async def live(_: Request) -> Response:
        return _json(200, {"status": "live"})

    async def ready(_: Request) -> Response:
        phase: str = app.state.phase
        reasons = [] if phase == "serving" else [{"check": "process", "reason": phase}]
        if phase == "serving":
            told = await asyncio.gather(*(_told(check) for check in checks.values()))
            reasons = [{"check": n, "reason": r} for n, r in zip(checks, told, strict=True) if r is not None]
        return _json(
            503 if reasons else 200, {"status": "not_ready" if reasons else "ready", "reasons": reasons}
        )

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST, **_PRIVATE})

    return Starlette(
        routes=[Route("/healthz/live", live), Route("/healthz/ready", ready), Route("/metrics", metrics)]
    )


_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def _told(check: HealthCheck) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await check()
    except TimeoutError:
        return "no answer in time"
    except Exception as error:  # a check that fails is a reason, whatever it fails on
        return type(error).__name__


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, _PRIVATE, media_type="application/json")
