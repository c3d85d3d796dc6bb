"""One trace over all hops: from the asker's node over the broker to the holder's node and its register."""

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from adapters.partners import rvdk
from adapters.registers.rest_register import RestRegister
from contract.identity import Identity
from demo.play import Play, PlayedStory, decide_standing
from demo.stories import stalking
from party import events, trace
from party.rounds import rounds
from policies import OpaServerPolicy, PolicyUnavailable, load_release
from tests.world import local_world


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    """What is logged, by every party of this process."""
    stream = io.BytesIO()
    events.configure(party="chain", strict=True, stream=stream)
    yield stream
    events.configure(party="chain", strict=True)


def test_one_enrichment_is_one_trace_in_all_logs(registers: Path, tmp_path: Path, lines: io.BytesIO) -> None:
    """Over HTTP: the requests at Veilig Thuis, at the broker and at the holders have one trace id."""
    with local_world(tmp_path, registers=registers, http=True) as world:
        play = Play(world)
        decide_standing(play)
        stalking(play, PlayedStory("stalking"))
    handled = [json.loads(line) for line in lines.getvalue().splitlines()]
    by_route: dict[str, list[str]] = {}
    for line in handled:
        if line["event"] == "request_handled":
            by_route.setdefault(line["route"], []).append(line["trace_id"])
    asked = set(by_route["/v1/enrichments"])
    at_broker = by_route["/v1/inquiries"]
    assert len(at_broker) == len(set(at_broker)) > 0
    assert set(at_broker) <= asked
    first = at_broker[0]
    assert by_route["/v1/permits"].count(first) > 1
    assert set(by_route["/v1/permits"]) <= asked


def test_each_turn_of_a_recurring_task_is_a_trace_of_its_own() -> None:
    """What is tried again later can be followed too, and is not taken for the first time."""
    seen: list[trace.Trace | None] = []
    enough = asyncio.Event()

    async def turn() -> None:
        seen.append(trace.current())
        if len(seen) == 3:
            enough.set()

    async def some() -> None:
        async with rounds(turn=(turn, 0.001)), asyncio.timeout(10):
            await enough.wait()

    asyncio.run(some())
    assert None not in seen
    assert len({one.trace_id for one in seen if one is not None}) == len(seen)


def test_the_register_and_the_policy_server_are_told_the_trace() -> None:
    """The other two hops that leave a process."""
    here = trace.continued(None)
    told: list[str | None] = []

    async def listen(request: web.Request) -> web.Response:
        told.append(request.headers.get("traceparent"))
        return web.Response(status=200 if request.path == "/health" else 503)

    async def both() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", listen)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        trace.enter(here)
        register = RestRegister(address, rvdk.records, today=lambda: datetime.now(UTC).date())
        release = load_release()
        try:
            with pytest.raises(Exception, match="503"):
                await register.find([Identity("Voorbeeld", "Proef", "1984-00-00")])
            with pytest.raises(PolicyUnavailable):
                await OpaServerPolicy.open(
                    address, release.revision, release.catalogue, traceparent=trace.header
                )
        finally:
            await register.close()
            await runner.cleanup()

    asyncio.run(both())
    assert len(told) >= 3
    assert set(told) == {here.traceparent}
