"""The engine in the process is no longer enough: the chain is started again with an OPA server beside it."""

from typing import Any

from contract.codes import BROKER
from demo.play import Play
from policies import load_release
from tests.journeys.watching import POLICE, SUPERVISED, WAITS, ask, release, trail, waiting, watch
from tests.opa import opa_server
from tests.world import LocalWorld


def permits(world: LocalWorld, question: str) -> list[dict[str, Any]]:
    """What the broker's trail says of each permit of this question."""

    async def read() -> list[dict[str, Any]]:
        return [
            dict(one.recorded.facts)
            async for one in trail(world, BROKER).entries()
            if one.recorded.kind == "permit" and one.recorded.facts["question"] == question
        ]

    found: list[dict[str, Any]] = world.do(read())
    return found


def test_from_one_day_to_the_next_an_opa_server_decides(play: Play, world: LocalWorld) -> None:
    """What waited is answered, what is asked after it is decided alike, under the same version."""
    waits, _ = ask(play, POLICE), ask(play, SUPERVISED)
    with opa_server(load_release()) as url:
        for party in (BROKER, *world.parties):
            world.stop(party)
        world._opa_url = url
        for party in (BROKER, *world.parties):
            world.start(party)
        release(play, waiting(play)[0], "shareable")
        assert watch(play, waits, lambda ends: ends[POLICE] not in WAITS) == {POLICE: "answered:shareable"}
        asked = ask(play, SUPERVISED)
        assert watch(play, asked, lambda ends: ends[SUPERVISED] not in WAITS) == {SUPERVISED: "answered:yes"}
        before, after = permits(world, SUPERVISED)
        assert (before["engine"].split()[0], after["engine"].split()[0]) == ("regorus", "opa")
        of_decision = ("effect", "rule", "mode", "answer_codes", "legal_bases", "obligations", "revision")
        assert {name: before[name] for name in of_decision} == {name: after[name] for name in of_decision}
        for party in (BROKER, *world.parties):
            world.stop(party)
