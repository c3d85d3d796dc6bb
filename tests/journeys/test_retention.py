"""Kept no longer than needed, over the whole chain: from a closed case to nothing left of it."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.node.settings import NodeSettings
from audit.errors import CaseHeld
from audit.retention import Kept, Retention
from contract.codes import BROKER
from demo.caller import Refused
from demo.play import Play
from gateway.settings import BrokerSettings
from party.commands.retention import retain
from tests.journeys.test_informing import asked, owed, tell_all
from tests.world import LocalWorld

Act = Callable[[Retention], Awaitable[Any]]


def retained(world: LocalWorld, party: str, act: Act) -> Any:
    """As the command does it, beside the party that runs; the clock is the world's."""
    ahead = world.folder / "ahead"
    ahead.write_text(str(int(world.clock.ahead.total_seconds())), encoding="utf-8")
    values = {**world.settings(party), "demo_clock": str(ahead)}
    found: list[Any] = []

    async def kept(retention: Retention) -> None:
        found.append(await act(retention))

    settings = BrokerSettings(**values) if party == BROKER else NodeSettings(**values)
    world.do(retain(settings, kept))
    return found[0]


def rows(world: LocalWorld, party: str) -> dict[str, int]:
    """How many rows each table of this party has."""
    with sqlite3.connect(world.settings(party)["database"].removeprefix("sqlite:///")) as store:
        names = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: store.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def run(retention: Retention) -> Awaitable[Kept]:
    return retention.run()


def test_from_a_closed_case_to_nothing(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man", "stalking.child_1")
    enrichment = play.chair.get(f"/v1/cases/{case}/obligations")
    assert len(enrichment) == 2
    tell_all(play, world, case)
    play.chair.post(f"/v1/cases/{case}/closures", None)
    assert retained(world, "veilig_thuis", run) == Kept(0, 0, 0)
    assert rows(world, "veilig_thuis")["subjects"] == 2

    world.clock.ahead += timedelta(days=184)
    for party in (BROKER, "reclassering", "rvdk"):  # each run leaves an entry, and shows later how old all is
        retained(world, party, run)
    assert retained(world, "veilig_thuis", run).erased == 2
    left = rows(world, "veilig_thuis")
    # by keyed digests they can still be told what is recorded about them
    assert (left["subjects"], left["trail_parts"], left["trail_subjects"]) == (0, 2, 2)
    assert left["enrichments"] == 1  # what was asked and decided is a record, without anybody in it
    assert rows(world, "reclassering")["trail_parts"] > 0  # the holder's record has its own time

    world.clock.ahead += timedelta(days=1_828)
    for party in (BROKER, "veilig_thuis", "reclassering", "rvdk"):
        assert retained(world, party, run).pruned > 0, party
        left = rows(world, party)
        names = ("cases", "inquiries", "enrichments", "own_cases", "subjects", "inbox")
        names += ("trail_parts", "trail_obligations", "trail_subjects")
        assert {name: left[name] for name in names if left.get(name)} == {}, party
        files = [file for file in Path(world.folder / party).rglob("*") if file.suffix.startswith(".sqlite")]
        assert files
        assert not any(case.encode() in file.read_bytes() for file in files), party
    chair = world.caller("veilig_thuis", "chair")
    with pytest.raises(Refused) as refused:
        chair.get(f"/v1/cases/{case}/obligations")
    assert refused.value.status == 403  # of nobody, like a case that never was


def test_a_request_while_the_case_is_held(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    [one] = owed(play, case)

    def hold(retention: Retention) -> Awaitable[None]:
        return retention.hold(case, by="fg-1", ground="complaint")

    def lift(retention: Retention) -> Awaitable[None]:
        return retention.lift(case, by="fg-1")

    def erase(retention: Retention) -> Awaitable[Any]:
        return retention.erase(one["subjectRef"], reason="request", by="fg-0042")

    retained(world, "veilig_thuis", hold)
    with pytest.raises(CaseHeld):
        retained(world, "veilig_thuis", erase)
    assert rows(world, "veilig_thuis")["subjects"] == 1
    retained(world, "veilig_thuis", lift)
    retained(world, "veilig_thuis", erase)
    assert rows(world, "veilig_thuis")["subjects"] == 0
    # the duty to tell is not erased with it, and asking again is about somebody new
    assert [row["state"] for row in owed(play, case)] == ["open"]
    play.ask(
        play.chair, case, [play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])]
    )
    assert len({row["subjectRef"] for row in owed(play, case)}) == 2
