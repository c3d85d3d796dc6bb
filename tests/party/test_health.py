"""The management port: alive, ready with reasons, metrics without persons."""

import asyncio

import httpx
from fastapi import FastAPI

from party.health import HealthCheck, health
from tests.sample_api import sample


async def _well() -> str | None:
    return None


async def _ill() -> str | None:
    return "the policy is not loaded"


async def _broken() -> str | None:
    raise ConnectionError("Wilhelmina-van-Testenburg")


def ask(app: FastAPI, path: str, **checks: HealthCheck) -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(health(app, checks))
        async with httpx.AsyncClient(transport=transport, base_url="http://management.example") as client:
            return await client.get(path)

    return asyncio.run(one())


def _serving() -> FastAPI:
    app = sample()
    app.state.phase = "serving"
    return app


def test_a_process_that_is_starting_is_alive_and_not_ready() -> None:
    """Live is about the process, ready about its work."""
    assert ask(sample(), "/healthz/live").status_code == 200
    response = ask(sample(), "/healthz/ready", trail=_well)
    assert (response.status_code, response.json()["reasons"]) == (
        503,
        [{"check": "process", "reason": "starting"}],
    )


def test_ready_is_when_all_is_well() -> None:
    """200 without reasons."""
    response = ask(_serving(), "/healthz/ready", trail=_well, policy=_well)
    assert (response.status_code, response.json()) == (200, {"status": "ready", "reasons": []})


def test_every_reason_is_told_and_a_failing_check_is_one() -> None:
    """All at once; of an exception only its kind."""
    response = ask(_serving(), "/healthz/ready", trail=_broken, policy=_ill, register=_well)
    assert response.status_code == 503
    assert response.json()["reasons"] == [
        {"check": "trail", "reason": "ConnectionError"},
        {"check": "policy", "reason": "the policy is not loaded"},
    ]


def test_metrics_count_requests_by_template() -> None:
    """Labels are method, route and status; no address, no person."""

    async def some() -> None:
        transport = httpx.ASGITransport(sample())
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
            await client.get("/v1/things/Testenburg")

    asyncio.run(some())
    text = ask(sample(), "/metrics").text
    assert 'grondslag_requests_total{method="GET",route="/v1/things/{name}",status="200"}' in text
    assert "Testenburg" not in text
