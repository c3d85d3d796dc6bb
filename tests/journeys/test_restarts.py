"""What waits survives a restart of any party."""

import shutil
from pathlib import Path

import pytest

import policies
from contract.codes import BROKER
from demo.play import Play
from tests.journeys.watching import POLICE, SUPERVISED, WAITS, ask, place, release, taken, waiting, watch
from tests.world import LocalWorld


@pytest.mark.parametrize("party", [BROKER, "veilig_thuis", "politie"])
def test_a_waiting_question_survives_a_restart(party: str, play: Play, world: LocalWorld) -> None:
    """Whoever restarts, and when: the question still waits, and its answer reaches the chair."""
    asked = [ask(play, POLICE) for _ in range(3)]
    first, second, third = waiting(play)
    play.caller("politie", "official").post(f"{place(second)}/views")
    world.wire.cut = lambda method, address, path: "before" if path == "/v1/replies" else None
    release(play, third, "shareable")
    world.stop(party)
    world.start(party)
    world.wire.cut = lambda method, address, path: None
    release(play, first, "shareable")
    play.caller("politie", "official").post(f"{place(second)}/answers", {"codes": ["shareable"]})
    for one in asked:
        now = watch(play, one, lambda ends: ends[POLICE] not in WAITS)
        assert now == {POLICE: "answered:shareable"}


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


def test_a_question_stays_under_the_release_that_decided_on_it(
    tmp_path: Path, play: Play, world: LocalWorld
) -> None:
    """The broker restarts on a newer hand-out while a holder is down: the permit that then goes out says
    what was decided, and under which revision.
    """
    world.stop("reclassering")
    asked = ask(play, SUPERVISED)
    newer = Path(shutil.copytree(Path(policies.__file__).parent / "handout", tmp_path / "newer" / "handout"))
    decision = newer / "decision.rego"
    decision.write_text(decision.read_text(encoding="utf-8") + "\n# newer\n", encoding="utf-8")
    world.stop(BROKER)
    world._more = {BROKER: {"release": newer}}
    world.start(BROKER)
    world.start("reclassering")
    assert watch(play, asked, lambda ends: ends[SUPERVISED] != "sent") == {SUPERVISED: "answered:yes"}
