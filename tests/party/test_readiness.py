"""Readiness of real parties: what must work is looked at, and what is wrong is told."""

import asyncio
import json
import shutil
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from contract.keys import KeyProblem
from party.health import health
from tests.world import LocalWorld


def ready(world: LocalWorld, party: str) -> tuple[int, dict[str, str]]:
    """The status, and the reasons by check."""
    app = world.apps[world.address(party)]

    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(health(app, app.state.checks))
        async with httpx.AsyncClient(transport=transport, base_url="http://management.example") as client:
            return await client.get("/healthz/ready")

    response = world.do(one())
    return response.status_code, {row["check"]: row["reason"] for row in response.json()["reasons"]}


def test_every_party_is_ready_and_looks_at_what_it_needs(world: LocalWorld) -> None:
    """Trail, policy and clock; a node also its identity provider and its register, of any kind."""
    for party in ("broker", "veilig_thuis", "politie", "om", "reclassering", "rvdk"):
        expected = {"trail", "policy", "clock"}
        expected |= set() if party == "broker" else {"register", "identity_provider"}
        assert world.apps[world.address(party)].state.checks.keys() == expected
        assert ready(world, party) == (200, {}), party


def test_another_party_that_is_down_is_no_reason(world: LocalWorld) -> None:
    """A node without its broker still shows what it has; a broker without a holder still decides."""
    world.stop("broker")
    world.stop("rvdk")
    for party in ("veilig_thuis", "reclassering"):
        assert ready(world, party) == (200, {})


def test_a_trail_that_cannot_be_read_is_a_reason(world: LocalWorld) -> None:
    """The tables are gone."""
    trail = world.apps[world.address("rvdk")].state.node.trail
    with trail._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE trail_head")
    status, reasons = ready(world, "rvdk")
    assert status == 503
    assert reasons.keys() == {"trail"}
    assert reasons["trail"].startswith("the trail cannot be read")


def test_a_writer_that_has_stopped_is_a_reason(world: LocalWorld) -> None:
    """The thread that records is gone; whatever is asked now would wait for ever."""
    trail = world.apps[world.address("om")].state.node.trail
    trail._waiting.put(None)
    trail._writer.join(10)
    assert ready(world, "om") == (503, {"trail": "the writer of the trail has stopped"})
    trail._accepting = False  # so that closing does not wait for it


def test_a_policy_that_does_not_decide_is_a_reason(world: LocalWorld) -> None:
    """Looked at past what it remembers."""
    world.do(world.apps[world.address("broker")].state.broker._hand_outs._opened[-1].policy.close())
    status, reasons = ready(world, "broker")
    assert (status, reasons.keys()) == (503, {"policy"})


def test_a_register_that_is_gone_is_a_reason(world: LocalWorld, tmp_path: Path) -> None:
    """An extract of which a file is missing."""
    world.stop("politie")
    copy = tmp_path / "extracts"
    [url] = [world.settings("politie")["register_url"]]
    shutil.copytree(Path(str(url).removeprefix("file://")), copy)
    world._more = {"politie": {"register_url": copy.as_uri()}}
    world.start("politie")
    assert ready(world, "politie") == (200, {})
    (copy / "extract.json").unlink()
    status, reasons = ready(world, "politie")
    assert (status, reasons.keys()) == (503, {"register"})


def test_an_identity_provider_that_is_gone_is_a_reason_and_is_told_to_who_signs_in(world: LocalWorld) -> None:
    """A 503 with a code of its own, not a 401 that sends people to look at their password."""
    world.stop("om")
    world._more = {"om": {"jwks": str(world.folder / "none.json")}}
    world.start("om")
    status, reasons = ready(world, "om")
    assert (status, reasons.keys()) == (503, {"identity_provider"})
    assert "jwks" in reasons["identity_provider"]
    refused = world.caller("om", "official").raw("GET", "/v1/questions", None)
    assert (refused.status, json.loads(refused.body)["code"]) == (503, "identity_provider_unavailable")


@pytest.mark.parametrize("party", ["broker", "reclassering"])
def test_looking_leaves_no_trace_in_the_trail(world: LocalWorld, party: str) -> None:
    """A probe every few seconds must not fill a log that is kept for years."""
    state = world.apps[world.address(party)].state
    trail = state.broker._trail if party == "broker" else state.node.trail
    before = trail.size()
    for _ in range(3):
        ready(world, party)
    assert trail.size() == before
    assert asyncio.iscoroutinefunction(trail.verify)


def test_a_clock_behind_the_first_key_is_a_reason_and_never_a_mistake_of_ours(world: LocalWorld) -> None:
    """503 with a sentence; at a start the same sentence, and no traceback."""
    chair = world.caller("veilig_thuis", "chair")
    world.clock.ahead -= timedelta(days=30)
    status, reasons = ready(world, "veilig_thuis")
    assert (status, [*reasons]) == (503, ["clock"])
    assert "is behind the first key" in reasons["clock"]
    case = {"region": "utrecht", "stage": "enrichment", "melding": "registered", "criteria": "both"}
    answer = chair.raw("POST", "/v1/cases", json.dumps(case).encode())
    assert answer.status in {401, 503}  # never 500: a token of the future is none either
    world.stop("veilig_thuis")
    with pytest.raises(KeyProblem, match="Set the clock"):
        world.start("veilig_thuis")
    world.clock.ahead += timedelta(days=30)
    world.start("veilig_thuis")
    assert ready(world, "veilig_thuis")[0] == 200
