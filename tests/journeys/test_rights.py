"""What persons may ask: their requests with a term, and answers that are taken back where they went."""

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from audit.exhibit import verify_exhibit
from contract.codes import BROKER
from demo.caller import Refused
from demo.play import Play
from tests.journeys.test_accountability import exhibit, questions
from tests.journeys.watching import POLICE, SUPERVISED, ask
from tests.world import AsgiCaller, LocalWorld

FG, PRIVACY = "data_protection_officer", "privacy_officer"
WHY = "Uitgezocht en met de betrokkene besproken."


# ── answers that are taken back ──


def hear(world: LocalWorld, partner: str = "veilig_thuis") -> int:
    return world.do(world.apps[world.address(partner)].state.node.rectifying.follow())  # type: ignore[no-any-return]


def taken(world: LocalWorld, partner: str) -> list[tuple[str, int]]:
    """Inquiries that this holder answered, as its trail has them."""
    trail = world.apps[world.address(partner)].state.node.trail

    async def found() -> list[tuple[str, int]]:
        return [
            (one.recorded.facts["inquiry"], one.recorded.facts["index"])
            async for one in trail.entries()
            if one.recorded.kind == "answer"
        ]

    return world.do(found())  # type: ignore[no-any-return]


def shown(play: Play, enrichment: str) -> dict[str, bool]:
    return {
        item["question"]: item["rectified"]
        for item in play.chair.get(f"/v1/enrichments/{enrichment}")["items"]
    }


def test_an_answer_that_was_not_right_is_taken_back(play: Play, world: LocalWorld) -> None:
    asked = ask(play, SUPERVISED, "reclassering.known")
    [(inquiry, index), *_] = taken(world, "reclassering")
    official = play.caller("reclassering", "official")
    assert hear(world) == 0
    official.post(f"/v1/questions/{inquiry}/{index}/rectifications", None)
    assert hear(world) == 1
    assert hear(world) == 0
    after = shown(play, asked["id"])
    assert sorted(after.values()) == [False, True]
    # whoever was not told hears nothing
    assert hear(world, "om") == 0
    for party, count in ((BROKER, 1), ("veilig_thuis", 1), ("reclassering", 1), ("om", 0)):
        assert len(entries(world, party, "rectification")) == count, party
    # what was answered is in no entry of it
    for party in (BROKER, "veilig_thuis", "reclassering"):
        [facts] = entries(world, party, "rectification")
        assert "codes" not in facts
        assert "part" not in facts


def entries(world: LocalWorld, party: str, kind: str) -> list[dict[str, Any]]:
    state = world.apps[world.address(party)].state
    trail = state.informing._trail if party == BROKER else state.node.trail

    async def found() -> list[dict[str, Any]]:
        return [one.recorded.facts async for one in trail.entries() if one.recorded.kind == kind]

    return world.do(found())  # type: ignore[no-any-return]


def test_a_broker_that_is_away_hears_of_it_later(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    [(inquiry, index)] = taken(world, "reclassering")
    broker = world.address(BROKER)
    for how in ("before", "after"):  # the second time it recorded that, and its answer was lost
        world.wire.cut = lambda method, address, path, how=how: how if address == broker else None
        if how == "before":
            official = play.caller("reclassering", "official")
            official.post(f"/v1/questions/{inquiry}/{index}/rectifications", None)
        else:
            world.do(world.apps[world.address("reclassering")].state.node.outbox.deliver_due())
    world.wire.cut = lambda method, address, path: None
    world.inform("reclassering")
    world.inform("reclassering")
    assert len(entries(world, BROKER, "rectification")) == 1
    assert hear(world) == 1


def test_only_who_answered_takes_back_and_only_an_answer(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED, POLICE)
    [(inquiry, index)] = taken(world, "reclassering")
    path = f"/v1/questions/{inquiry}/{index}/rectifications"
    for caller in (
        AsgiCaller(world, "reclassering", world.token("reclassering", "manager")),
        AsgiCaller(world, "reclassering", world.token("reclassering", "official", mandated=False)),
    ):
        with pytest.raises(Refused, match="not_allowed"):
            caller.post(path, None)
    with pytest.raises(Refused, match="404"):
        play.caller("om", "official").post(path, None)
    police = play.caller("politie", "official")
    [waiting] = police.get("/v1/questions")
    with pytest.raises(Refused, match="not_waiting"):
        police.post(f"/v1/questions/{waiting['inquiry']}/{waiting['index']}/rectifications", None)
    # a partner that signs for an answer of another is told that there is none
    om = world.apps[world.address("om")].state.node
    path, body = om.rectifying._told_as({"step": inquiry, "inquiry": inquiry, "index": index})
    with pytest.raises(Exception, match="not_found"):
        world.do(om.outbox._broker.call("POST", path, body))
    assert entries(world, BROKER, "rectification") == []


def test_a_taking_back_that_overtakes_its_answer_waits_for_it(play: Play, world: LocalWorld) -> None:
    """The official let it go, the reply is not at the broker yet: it must not be lost."""
    asked = ask(play, POLICE)
    police = play.caller("politie", "official")
    [waiting] = police.get("/v1/questions")
    path = f"/v1/questions/{waiting['inquiry']}/{waiting['index']}"
    broker = world.address(BROKER)
    police.post(f"{path}/views")
    world.wire.cut = lambda method, address, way: "before" if address == broker and "replies" in way else None
    police.post(f"{path}/answers", {"codes": ["none_shareable"]})
    police.post(f"{path}/rectifications", None)
    world.inform("politie")
    assert entries(world, BROKER, "rectification") == []
    world.wire.cut = lambda method, address, way: None
    world.clock.ahead += timedelta(minutes=3)
    node = world.apps[world.address("politie")].state.node
    world.do(node.desk.deliver_due())
    world.inform("politie")
    assert len(entries(world, BROKER, "rectification")) == 1
    world.do(world.apps[world.address("veilig_thuis")].state.node.asking.follow_due())
    assert hear(world) == 1
    chair = world.caller("veilig_thuis", "chair")
    [item] = chair.get(f"/v1/enrichments/{asked['id']}")["items"]
    assert (item["status"], item["rectified"]) == ("answered", True)


def test_an_answer_is_taken_back_once(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    [(inquiry, index)] = taken(world, "reclassering")
    official = play.caller("reclassering", "official")
    official.post(f"/v1/questions/{inquiry}/{index}/rectifications", None)
    with pytest.raises(Refused, match="not_waiting"):
        official.post(f"/v1/questions/{inquiry}/{index}/rectifications", None)
    node = world.apps[world.address("reclassering")].state.node
    for _ in range(3):  # whoever has the key of the holder signs it anew
        path, body = node.rectifying._told_as({"step": str(uuid.uuid4()), "inquiry": inquiry, "index": index})
        world.do(node.outbox._broker.call("POST", path, body))
    assert len(entries(world, BROKER, "rectification")) == 1


def test_what_was_taken_back_stays_so_whatever_was_read_before(play: Play, world: LocalWorld) -> None:
    """A reply that is opened at the same time does not write the old state back."""
    from adapters.node.asking.enrichments import Enrichment, Item, Sent

    item = Item(0, "ref", "child", "rvdk.known", state="answered")
    sent = Sent("jti", "digest", "rvdk", (item, replace(item, index=1)), None, None, "sent")
    before = Enrichment("id", "case", "utrecht", "interpret", 1, "user", (sent,))
    back = replace(sent, items=(replace(item, rectified=True), sent.items[1]))
    after = before.updated({"jti": back}).updated({"jti": sent})
    assert [one.rectified for one in after.inquiries[0].items] == [True, False]


def test_an_exhibit_says_that_the_answer_was_taken_back(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    [(inquiry, index)] = taken(world, "reclassering")
    play.caller("reclassering", "official").post(f"/v1/questions/{inquiry}/{index}/rectifications", None)
    [(position, _)] = questions(world)
    document = json.loads(exhibit(world, position).read_bytes())
    assert "teruggenomen" in document["told"]["Wat de houder deed"]
    assert verify_exhibit(json.dumps(document).encode()).kinds["rectification"] == 1
