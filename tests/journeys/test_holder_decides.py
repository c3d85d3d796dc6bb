"""The holder decides what is answered automatically, and whether anything is answered at all."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contract.codes import BROKER
from demo.caller import Refused
from demo.play import Play
from tests.journeys.watching import (
    POLICE,
    SUPERVISED,
    WAITS,
    accepted,
    ask,
    ends,
    kinds,
    place,
    release,
    taken,
    wait_for,
    waiting,
    watch,
)
from tests.world import LocalWorld


def test_without_a_standing_decision_a_person_answers(world: LocalWorld) -> None:
    """What the hand-out allows to be automatic still waits for a person where the holder decided nothing."""
    assert ends(ask(Play(world), SUPERVISED)) == {SUPERVISED: "waits_for_person"}


def test_a_standing_decision_ends(play: Play) -> None:
    """Ended by the manager, the rule waits for a person from then on."""
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "answered:yes"}
    play.caller("reclassering", "manager").delete("/v1/standing-decisions/A02")
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "waits_for_person"}


def test_a_standing_decision_runs_out(play: Play, world: LocalWorld) -> None:
    """Past its date it holds no more, and nobody had to end it."""
    manager = play.caller("reclassering", "manager")
    soon = (world.clock() + timedelta(minutes=5)).isoformat()
    manager.post("/v1/standing-decisions", {"rule": "A02", "validUntil": soon})
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "answered:yes"}
    world.clock.ahead += timedelta(minutes=6)
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "waits_for_person"}


@pytest.mark.parametrize("rule", ["A06", "A09"])
def test_a_holder_decides_on_its_own_automatic_rules_only(rule: str, play: Play) -> None:
    """Neither another holder's rule nor one that needs a person can be made automatic."""
    manager = play.caller("reclassering", "manager")
    until = f"{play.world.today.year + 1}-{play.world.today:%m}-01T00:00:00Z"
    with pytest.raises(Refused, match="request_invalid"):
        manager.post("/v1/standing-decisions", {"rule": rule, "validUntil": until})


def test_a_pause_refuses_and_resuming_answers(play: Play) -> None:
    """While paused every question is refused on that ground; after, a new question is answered."""
    manager = play.caller("reclassering", "manager")
    manager.put("/v1/pause")
    assert manager.get("/v1/standing-decisions")["paused"]
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "refused_by_holder:holder_paused"}
    manager.delete("/v1/pause")
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "answered:yes"}


@pytest.mark.parametrize(
    ("decides", "end"),
    [
        (lambda manager: manager.put("/v1/pause"), "refused_by_holder:holder_paused"),
        (lambda manager: manager.delete("/v1/standing-decisions/A02"), "waits_for_person"),
    ],
    ids=["pause", "no standing decision"],
)
def test_what_the_holder_decides_while_its_register_is_asked_holds(
    decides: Callable[[Any], Any], end: str, play: Play, world: LocalWorld
) -> None:
    """The answer that was found under the old decision is not recorded and does not leave."""
    answering = world.apps[world.address("reclassering")].state.node.answering
    real, manager = answering._adapter, play.caller("reclassering", "manager")

    class Slow:
        async def look_up(self, asked: Any) -> Any:
            answering._adapter = real
            await asyncio.to_thread(decides, manager)
            return await real.look_up(asked)

    answering._adapter = Slow()
    asked = ask(play, SUPERVISED)
    assert ends(asked) == {SUPERVISED: "sent"}
    assert "answer" not in kinds(world, "reclassering")
    assert watch(play, asked, lambda now: now[SUPERVISED] != "sent") == {SUPERVISED: end}


def test_a_repeated_permit_leaves_no_answer_while_paused(play: Play, world: LocalWorld) -> None:
    """What was answered before the pause, and got lost on its way, does not leave until the pause ends."""
    world.wire.cut = lambda method, address, path: "after" if path == "/v1/permits" else None
    asked = ask(play, SUPERVISED)
    manager = play.caller("reclassering", "manager")
    manager.put("/v1/pause")
    world.wire.cut = lambda method, address, path: None
    assert wait_for(play, lambda: accepted(world)[0].attempts >= 3)
    assert ends(play.chair.get(f"/v1/enrichments/{asked['id']}")) == {SUPERVISED: "sent"}
    assert "reply_again" not in kinds(world, "reclassering")
    manager.delete("/v1/pause")
    assert watch(play, asked, lambda now: now[SUPERVISED] != "sent") == {SUPERVISED: "answered:yes"}


def test_nothing_is_released_by_hand_while_paused(play: Play) -> None:
    """The official hears why, the question stays open, and after the pause it is answered."""
    asked = ask(play, POLICE)
    [question] = waiting(play)
    manager, official = play.caller("politie", "manager"), play.caller("politie", "official")
    manager.put("/v1/pause")
    with pytest.raises(Refused, match="answering_paused"):
        official.post(f"{place(question)}/refusals")
    official.post(f"{place(question)}/views")
    with pytest.raises(Refused, match="answering_paused"):
        official.post(f"{place(question)}/answers", {"codes": ["shareable"]})
    assert [one["state"] for one in waiting(play)] == ["opened"]
    manager.delete("/v1/pause")
    official.post(f"{place(question)}/answers", {"codes": ["shareable"]})
    assert watch(play, asked, lambda now: now[POLICE] not in WAITS) == {POLICE: "answered:shareable"}


def test_what_was_released_is_not_handed_in_while_paused(play: Play, world: LocalWorld) -> None:
    """Released before the pause, not yet at the broker: it waits here, and goes when the pause ends."""
    asked = ask(play, POLICE)
    world.wire.cut = lambda method, address, path: "before" if path == "/v1/replies" else None
    release(play, waiting(play)[0], "shareable")
    manager = play.caller("politie", "manager")
    manager.put("/v1/pause")
    world.wire.cut = lambda method, address, path: None
    world.clock.ahead += timedelta(minutes=2)
    desk = world.apps[world.address("politie")].state.node.desk
    assert world.do(desk.deliver_due()) == 0
    assert [one["delivered"] for one in taken(world, "politie")[0].later] == [False]
    manager.delete("/v1/pause")
    assert watch(play, asked, lambda now: now[POLICE] not in WAITS) == {POLICE: "answered:shareable"}


def test_a_dry_run_sends_nothing(play: Play, world: LocalWorld) -> None:
    """What may be asked, and why not, is said here; the broker hears and records nothing."""
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", [SUPERVISED, POLICE], weighty=True)
    woman = play.subject("stalking.woman", "victim", ["reclassering.known"])
    before, sent = kinds(world, BROKER), len(world.wire.sent)
    tried = play.ask(play.chair, case, [man, woman], dryRun=True)
    told = {(item["subject"], item["question"]): (item["effect"], item["rule"]) for item in tried["items"]}
    assert told[0, SUPERVISED] == ("permit", "A02")
    assert told[0, POLICE][0] == "permit"
    assert told[1, "reclassering.known"][0] == "refusal"
    assert tried["id"] is None
    assert [reason["code"] for reason in tried["items"][2]["reasons"]] == ["reclassering_not_about_victims"]
    assert kinds(world, BROKER) == before
    assert len(world.wire.sent) == sent
