"""What an enrichment costs in things whose number does not depend on how busy the machine is: commits,
requests, signatures, statements. Warm: the second and later of its kind.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from bench.workload import Workload, wrong
from contract.codes import BROKER
from contract.directory import Directory
from demo.members import PARTIES
from tests.performance.counts import Counts, counted
from tests.world import LocalWorld, local_world

REQUESTER = "veilig_thuis"
HOLDERS = ("politie", "om", "reclassering", "rvdk")
E = len(HOLDERS)
_QUIET = {"poll_s": 60, "releases_s": 3600, "beat_s": 0.01}  # nobody asks after what is open while we count

# Per enrichment, whatever the number of questions; docs/decisions/0301-statements.md says what each is for.
STATEMENTS_BROKER = 13
STATEMENTS_HOLDER_ASKING_ITS_REGISTER = 9
STATEMENTS_OF_COUNTING = 3


@pytest.fixture(params=[False, True], ids=["in process", "over HTTP"])
def workload(request: pytest.FixtureRequest, tmp_path: Path, registers: Path) -> Iterator[Workload]:
    settings = {BROKER: {"retry_every_s": 60}, **dict.fromkeys(PARTIES, _QUIET)}
    with local_world(tmp_path, registers=registers, http=request.param, settings=settings) as world:
        made = Workload(world)
        made.decide_standing()
        for wish in (made.enrichment, made.small):
            _ask(made, wish)  # warm
        yield made


def _ask(workload: Workload, wish: Callable[[str], dict[str, Any]]) -> Counts:
    (case,) = workload.cases(1)
    world = workload.play.world
    assert isinstance(world, LocalWorld)
    with counted(world) as counts:
        enrichment = workload.play.chair.post("/v1/enrichments", wish(case))
    assert wrong(enrichment) == []
    assert {item["holder"] for item in enrichment["items"]} == set(HOLDERS)
    return counts


@pytest.mark.parametrize("questions", [4, 20])
def test_an_enrichment_costs_what_the_gate_says(workload: Workload, questions: int) -> None:
    """An enrichment of 4 or 20 questions to four partners stays within every count of the gate."""
    counts = _ask(workload, workload.enrichment if questions == 20 else workload.small)
    once = dict.fromkeys(HOLDERS, 1)

    # durable before it counts: the requester before it asks, the broker before it lets go, each holder before
    # it answers, the broker before it reports, the requester before it shows
    assert counts.commits[:2] == [REQUESTER, BROKER]
    assert sorted(counts.commits[2:-2]) == sorted(HOLDERS)
    assert counts.commits[-2:] == [BROKER, REQUESTER]
    assert counts.checkpoints == {REQUESTER: 2, BROKER: 2, **once}

    assert counts.requests == {REQUESTER: 1, BROKER: 1, **once}  # the first is the chair's own
    assert counts.connections == 0
    assert counts.policy_calls == {BROKER: 1, **once}

    assert counts.signed == {REQUESTER: E, BROKER: E + 1, **once}
    assert counts.verified == {REQUESTER: E + 1, BROKER: 2 * E, **dict.fromkeys(HOLDERS, 2)}
    assert counts.ecdsa_signatures == counts.signed.total()
    assert counts.ecdsa_verifications == counts.verified.total() + 1  # the caller's access token

    assert counts.sealed_to == {REQUESTER: E, **once}
    assert counts.opened_by == {REQUESTER: E, **once}

    assert counts.tls_contexts == 0
    assert counts.key_parses == 0
    assert counts.database_connections == 0
    assert counts.tasks_left == 0


def test_statements_do_not_grow_with_the_questions(workload: Workload) -> None:
    """Broker and holder run as many statements for 4 questions as for 20."""
    few, many = _ask(workload, workload.small), _ask(workload, workload.enrichment)
    for party in (BROKER, *HOLDERS):
        assert few.statements[party] == many.statements[party], party
    assert many.statements[BROKER] == STATEMENTS_BROKER
    for holder in ("reclassering", "rvdk"):
        assert many.statements[holder] == STATEMENTS_HOLDER_ASKING_ITS_REGISTER


def test_what_counting_costs_does_not_grow_with_the_questions(tmp_path: Path, registers: Path) -> None:
    """A holder that counts how often it is asked looks before, looks again when it records, and notes."""
    settings = dict.fromkeys(PARTIES, _QUIET | {"count_attempts": "P28D"})
    with local_world(tmp_path, registers=registers, settings=settings) as world:
        made = Workload(world)
        made.decide_standing()
        _ask(made, made.small)  # warm
        few, many = _ask(made, made.small), _ask(made, made.enrichment)
    for holder in ("reclassering", "rvdk"):
        expected = STATEMENTS_HOLDER_ASKING_ITS_REGISTER + STATEMENTS_OF_COUNTING
        assert (few.statements[holder], many.statements[holder]) == (expected, expected)


def test_what_must_be_zero_would_be_counted(workload: Workload) -> None:
    """A new connection, TLS context, parsed key, database connection and forgotten task each show."""
    world = workload.play.world
    assert isinstance(world, LocalWorld)

    async def forget() -> "asyncio.Task[None]":
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
        return asyncio.create_task(asyncio.sleep(60))

    async def end(task: "asyncio.Task[None]") -> None:
        task.cancel()

    with counted(world) as counts:
        forgotten = world.do(forget())
        ssl.create_default_context()
        Directory.read(world.folder / "directory.json")
        with create_engine("sqlite://").connect():
            pass
    world.do(end(forgotten))
    assert counts.connections == 1
    assert counts.tls_contexts == 1
    assert counts.key_parses > 0
    assert counts.database_connections == 1
    assert counts.tasks_left == 1
