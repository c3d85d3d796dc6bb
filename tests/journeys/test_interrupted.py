"""A request is lost, a trail cannot be written: nothing is asked or answered twice, or forgotten."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, create_engine, text

from contract.codes import BROKER
from contract.documents import Inquiry
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
    release,
    taken,
    trail,
    wait_for,
    waiting,
    watch,
)
from tests.world import LocalWorld


def lose(world: LocalWorld, path: str, how: str, times: int) -> None:
    """The next so many requests to this path are lost: before they arrive, or after, with their response."""
    left = [times]

    def cut(method: str, address: str, asked: str) -> str | None:
        if asked != path or left[0] == 0:
            return None
        left[0] -= 1
        return how

    world.wire.cut = cut


@contextmanager
def unwritable(world: LocalWorld, party: str, kind: str) -> Iterator[None]:
    """This party's database refuses every entry of this kind."""
    engine = create_engine(world.settings(party)["database"])
    with engine.begin() as store:
        store.execute(
            text(
                "CREATE TRIGGER broken BEFORE INSERT ON trail_entries "
                f'WHEN instr(CAST(NEW.leaf AS TEXT), \'"kind":"{kind}"\') '
                "BEGIN SELECT RAISE(ABORT, 'broken by a test'); END"
            )
        )
    try:
        yield
    finally:
        with engine.begin() as store:
            store.execute(text("DROP TRIGGER broken"))
        engine.dispose()


@pytest.mark.parametrize("how", ["before", "after"])
def test_the_request_of_the_asker_is_lost(how: str, play: Play, world: LocalWorld) -> None:
    """The asker does not know whether it was taken; it sends the same bytes again, and it is taken once."""
    lose(world, "/v1/inquiries", how, times=2)
    asked = ask(play, SUPERVISED)
    assert [item["status"] for item in asked["items"]] == ["draft"]
    assert watch(play, asked, lambda now: now[SUPERVISED] == "answered:yes") == {SUPERVISED: "answered:yes"}
    assert len(accepted(world)) == 1
    assert Counter(kinds(world, "reclassering"))["answer"] == 1


def test_a_question_that_is_half_its_life_old_is_not_sent_again(play: Play, world: LocalWorld) -> None:
    """The broker's clock may already call it expired: it is asked after instead, and shown as not sent."""
    lose(world, "/v1/inquiries", "before", times=1000)
    asked = ask(play, SUPERVISED)
    assert ends(asked) == {SUPERVISED: "draft"}
    world.clock.ahead += timedelta(seconds=Inquiry.lifetime_s / 2 + 1)
    assert watch(play, asked, lambda now: now[SUPERVISED] != "draft") == {SUPERVISED: "failed"}
    assert accepted(world) == []


def test_a_younger_one_is(play: Play, world: LocalWorld) -> None:
    lose(world, "/v1/inquiries", "before", times=1000)
    asked = ask(play, SUPERVISED)
    world.clock.ahead += timedelta(seconds=Inquiry.lifetime_s / 6)
    world.wire.cut = lambda method, address, path: None
    assert watch(play, asked, lambda now: now[SUPERVISED] != "draft") == {SUPERVISED: "answered:yes"}
    assert len(accepted(world)) == 1


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_permit_is_lost(how: str, play: Play, world: LocalWorld) -> None:
    """The broker sends a fresh permit; the holder answers once, and repeats that answer."""
    lose(world, "/v1/permits", how, times=2)
    asked = ask(play, SUPERVISED)
    assert [item["status"] for item in asked["items"]] == ["sent"]
    assert watch(play, asked, lambda now: now[SUPERVISED] != "sent") == {SUPERVISED: "answered:yes"}
    assert Counter(kinds(world, "reclassering"))["answer"] == 1
    [row] = taken(world, "reclassering")
    assert len(row.permits) == (1 if how == "before" else 3)


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_released_answer_is_lost(how: str, play: Play, world: LocalWorld) -> None:
    """It is handed in until the broker has it; the broker records it once."""
    asked = ask(play, POLICE)
    lose(world, "/v1/replies", how, times=2)
    release(play, waiting(play)[0], "shareable")
    assert watch(play, asked, lambda now: now[POLICE] not in WAITS) == {POLICE: "answered:shareable"}
    assert Counter(kinds(world, BROKER))["reply"] == 2
    assert wait_for(play, lambda: all(one["delivered"] for one in taken(world, "politie")[0].later))


def test_the_asker_cannot_record(play: Play, world: LocalWorld) -> None:
    """What it asks is not recorded, so it is not asked."""
    sent = len(world.wire.sent)
    with unwritable(world, "veilig_thuis", "inquiry"), pytest.raises(Refused, match="503 trail_unavailable"):
        ask(play, SUPERVISED)
    assert [path for _, _, path, _ in world.wire.sent[sent:]] == ["/v1/cases"]


def test_the_broker_cannot_record_the_question(play: Play, world: LocalWorld) -> None:
    """503, no holder hears of it, and it is not asked later either."""
    sent = len(world.wire.sent)
    with unwritable(world, BROKER, "inquiry"), pytest.raises(Refused, match="503 trail_unavailable"):
        ask(play, SUPERVISED)
    assert "/v1/permits" not in [path for _, _, path, _ in world.wire.sent[sent:]]
    assert accepted(world) == []


def test_the_broker_cannot_record_the_reply(play: Play, world: LocalWorld) -> None:
    """The answer does not reach the asker without its entry; the question stands, and is answered once."""
    with unwritable(world, BROKER, "reply"):
        asked = ask(play, SUPERVISED)
        assert ends(asked) == {SUPERVISED: "sent"}
        assert asked["items"][0]["answer"] is None
    assert watch(play, asked, lambda now: now[SUPERVISED] != "sent") == {SUPERVISED: "answered:yes"}
    assert Counter(kinds(world, "reclassering"))["answer"] == 1


@pytest.mark.parametrize("kind", ["inquiry", "answer"])
def test_the_holder_cannot_record(kind: str, play: Play, world: LocalWorld) -> None:
    """The holder says nothing while it cannot record; it is asked again, and answers."""
    with unwritable(world, "reclassering", kind):
        asked = ask(play, SUPERVISED)
        assert ends(asked) == {SUPERVISED: "sent"}
        assert taken(world, "reclassering") == []
    assert watch(play, asked, lambda now: now[SUPERVISED] != "sent") == {SUPERVISED: "answered:yes"}


@pytest.mark.parametrize("kind", ["permit", "answer"])
def test_the_asker_cannot_record_the_answer(kind: str, play: Play, world: LocalWorld) -> None:
    """What came back is not shown before it is recorded; then it is."""
    with unwritable(world, "veilig_thuis", kind), pytest.raises(Refused, match="503 trail_unavailable"):
        ask(play, SUPERVISED)
    [row] = world.do(_enrichments(world))
    asked = {"id": row}
    assert watch(play, asked, lambda now: now[SUPERVISED] == "answered:yes") == {SUPERVISED: "answered:yes"}
    assert Counter(kinds(world, "veilig_thuis"))["answer"] == 1


async def _enrichments(world: LocalWorld) -> list[str]:
    def query(store: Connection) -> list[str]:
        return list(store.execute(text("SELECT id FROM enrichments")).scalars())

    return await trail(world, "veilig_thuis").read(query)
