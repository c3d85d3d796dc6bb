"""What waits survives a restart of any party."""

import pytest

from adapters.contract.codes import BROKER
from grondslag.demo.stories import Play
from tests.journeys.watching import POLICE, SUPERVISED, ask, release, taken, waiting, watch
from tests.world import LocalWorld


@pytest.mark.parametrize("when", ["while it waits", "when it was opened", "before it is handed in"])
@pytest.mark.parametrize("party", [BROKER, "veilig_thuis", "politie"])
def test_a_waiting_question_survives_a_restart(party: str, when: str, play: Play, world: LocalWorld) -> None:
    """Whoever restarts, and when: the question still waits, and its answer reaches the chair."""
    asked = ask(play, POLICE)
    [question] = waiting(play)

    def restart() -> None:
        world.stop(party)
        world.start(party)

    if when == "before it is handed in":
        world.wire.cut = lambda method, address, path: "before" if path == "/v1/replies" else None
        release(play, question, "shareable")
        restart()
        world.wire.cut = lambda method, address, path: None
    else:
        if when == "when it was opened":
            play.caller("politie", "official").post(f"/v1/questions/{question['inquiry']}/0/views")
        restart()
        release(play, question, "shareable")
    assert watch(play, asked, lambda ends: ends[POLICE].startswith("answered")) == {
        POLICE: "answered:shareable"
    }


@pytest.mark.parametrize("party", [BROKER, "veilig_thuis"])
def test_an_undelivered_question_survives_a_restart(party: str, play: Play, world: LocalWorld) -> None:
    """A holder is down; others restart meanwhile; when it is back it gets the question once, and answers."""
    world.stop("reclassering")
    asked = ask(play, SUPERVISED)
    world.stop(party)
    world.start(party)
    world.start("reclassering")
    assert watch(play, asked, lambda ends: ends[SUPERVISED] == "answered:yes") == {SUPERVISED: "answered:yes"}
    assert len(taken(world, "reclassering")) == 1
