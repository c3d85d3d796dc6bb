"""Each night broker and node hold their trails against each other, and name what one of them lacks."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from audit.comparison import Remembered, differences, digests
from contract.codes import BROKER
from contract.days import day_of
from contract.documents import DailyStatement
from contract.problems import DocumentMalformed
from demo.play import Play, decide_standing
from party.comparing import _sum, stated
from tests.journeys.test_informing import asked, delivery, notice, owed, plan, step
from tests.journeys.watching import SUPERVISED, ask
from tests.world import LocalWorld

DAYS = timedelta(days=2)


def look(world: LocalWorld, partner: str) -> int:
    return world.do(world.apps[world.address(partner)].state.node.comparing.look())  # type: ignore[no-any-return]


def comparisons(world: LocalWorld, party: str) -> list[dict[str, Any]]:
    state = world.apps[world.address(party)].state
    trail = state.informing._trail if party == BROKER else state.node.trail

    async def found() -> list[dict[str, Any]]:
        return [one.recorded.facts async for one in trail.entries() if one.recorded.kind == "comparison"]

    return world.do(found())  # type: ignore[no-any-return]


def entries(world: LocalWorld, party: str, kind: str) -> list[int]:
    """Positions, as the database has them."""
    with sqlite3.connect(database(world, party)) as store:
        like = f'%"kind":"{kind}"%'
        rows = store.execute("SELECT position FROM trail_entries WHERE CAST(leaf AS TEXT) LIKE ?", (like,))
        return [position for (position,) in rows]


def database(world: LocalWorld, party: str) -> str:
    return world.settings(party)["database"].removeprefix("sqlite:///")  # type: ignore[no-any-return]


def pruned(world: LocalWorld, party: str, position: int) -> None:
    """As somebody with rights on the database would: the leaf is gone."""
    with sqlite3.connect(database(world, party)) as store:
        store.execute("UPDATE trail_entries SET leaf = x'' WHERE position = ?", (position,))


def test_what_both_recorded_agrees_each_day(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    for wish in (plan(world), notice(world), delivery(world)):
        one = step(play, one, **wish)
    assert look(world, "veilig_thuis") == 0  # today is not settled
    world.clock.ahead += timedelta(days=1)
    ask(Play(world), SUPERVISED)
    world.clock.ahead += timedelta(days=2)
    for partner in ("veilig_thuis", "reclassering", "om"):
        assert look(world, partner) == 2
        assert look(world, partner) == 0
    for party in (BROKER, "veilig_thuis", "reclassering", "om"):
        told = comparisons(world, party)
        assert len(told) == (6 if party == BROKER else 2)
        assert {(tuple(one["only_here"]), one["only_there"]) for one in told} == {((), 0)}, party
    assert [one["recorded"] for one in comparisons(world, "veilig_thuis")] == [2, 1]  # with the step


LOST = [
    (BROKER, "permit", "veilig_thuis"),
    (BROKER, "reply", "reclassering"),
    (BROKER, "delivery", "veilig_thuis"),
    ("veilig_thuis", "permit", "veilig_thuis"),
    ("reclassering", "inquiry", "reclassering"),
    ("veilig_thuis", "delivery", "veilig_thuis"),
]


def test_what_one_side_lacks_is_named_by_the_other(world: LocalWorld) -> None:
    """Each kind of entry, on either side; one a day."""
    for party, kind, partner in LOST:
        play = Play(world)
        decide_standing(play)
        case = asked(play, "stalking.man")
        [one] = owed(play, case)
        for wish in (plan(world), notice(world), delivery(world)):
            one = step(play, one, **wish)
        lost, other = entries(world, party, kind)[-1], partner if party == BROKER else BROKER
        pruned(world, party, lost)
        world.clock.ahead += timedelta(days=3)
        assert look(world, partner) > 0
        lacks = [row for row in comparisons(world, party) if row["with"] in {partner, BROKER}]
        has = [row for row in comparisons(world, other) if row["with"] in {partner, BROKER}]
        day = max(row["day"] for row in has if row["only_here"])
        [mine] = [row for row in lacks if row["day"] == day]
        [theirs] = [row for row in has if row["day"] == day]
        assert (mine["only_here"], mine["only_there"]) == ([], 1), (party, kind)
        assert (len(theirs["only_here"]), theirs["only_there"]) == (1, 0), (party, kind)
        kinds = {"inquiry": "reply", "reply": "inquiry"}
        assert theirs["only_here"][0] in entries(world, other, kinds.get(kind, kind))


def test_a_broker_that_is_away_or_whose_answer_is_lost_is_asked_again(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    world.clock.ahead += DAYS
    broker = world.address(BROKER)
    world.wire.cut = lambda method, address, path: "before" if address == broker else None
    with pytest.raises(Exception, match="partner_unreachable"):
        look(world, "veilig_thuis")
    assert comparisons(world, "veilig_thuis") == []
    world.wire.cut = lambda method, address, path: "after" if address == broker else None
    with pytest.raises(Exception, match="partner_unreachable"):
        look(world, "veilig_thuis")
    world.wire.cut = lambda method, address, path: None
    assert look(world, "veilig_thuis") == 1
    assert len(comparisons(world, "veilig_thuis")) == 1
    assert len(comparisons(world, BROKER)) == 1  # the one whose answer was lost


def test_a_broker_that_hands_over_other_lists_than_it_signed(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could deny later what it said: nothing is recorded, and the day is asked for again."""
    ask(play, SUPERVISED)
    world.clock.ahead += DAYS
    comparing = world.apps[world.address(BROKER)].state.comparing
    honest = comparing.take

    async def lying(*said: Any) -> Any:
        return replace(await honest(*said), around=("00" * 16,))

    monkeypatch.setattr(comparing, "take", lying)
    with pytest.raises(DocumentMalformed):
        look(world, "veilig_thuis")
    assert comparisons(world, "veilig_thuis") == []
    monkeypatch.undo()
    assert look(world, "veilig_thuis") == 1


def test_a_day_that_is_not_settled_and_lists_that_were_not_signed(play: Play, world: LocalWorld) -> None:
    comparing = world.apps[world.address(BROKER)].state.comparing
    signatory = world.apps[world.address("veilig_thuis")].state.node.signatory
    today = day_of(world.clock())
    nothing = Remembered({}, {})
    for ago in (-1, 0, 1, 31):
        said = stated(signatory, BROKER, today - timedelta(days=ago), bytes(32), nothing)
        with pytest.raises(DocumentMalformed):
            world.do(comparing.take(said.token, said.of_day, said.around))
    said = stated(signatory, BROKER, today - DAYS, bytes(32), nothing)
    for lists in ((["00" * 16], []), ([], ["00" * 16])):
        with pytest.raises(DocumentMalformed):
            world.do(comparing.take(said.token, *lists))
    assert comparisons(world, BROKER) == []


def test_what_was_told_cannot_be_told_back(play: Play, world: LocalWorld) -> None:
    """A partner that lacks entries says nothing, hears ours, and says that: the first time counts."""
    ask(play, SUPERVISED)
    world.clock.ahead += DAYS
    comparing = world.apps[world.address(BROKER)].state.comparing
    signatory = world.apps[world.address("veilig_thuis")].state.node.signatory
    day = day_of(world.clock()) - DAYS
    said = stated(signatory, BROKER, day, bytes(32), Remembered({}, {}))
    answer = world.do(comparing.take(said.token, [], []))
    assert len(answer.of_day) == 1
    echo = signatory.write(
        DailyStatement,
        to=BROKER,
        day=day,
        key=bytes(32).hex(),
        of_day=_sum(list(answer.of_day)),
        around=_sum(list(answer.around)),
    )
    world.do(comparing.take(echo.token, list(answer.of_day), list(answer.around)))
    [told] = comparisons(world, BROKER)
    assert len(told["only_here"]) == 1


def test_digests_tell_nothing_of_what_one_does_not_have() -> None:
    key, other = bytes(32), bytes([1]) * 32
    assert set(digests(["a", "b"], key)).isdisjoint(digests(["a", "b"], other))
    own = Remembered({"a": 1, "b": 2}, {"c": 3})
    found = differences(own, digests(["a", "c", "d"], key), digests(["x"], key), key)
    assert (found.only_here, found.only_there, found.any) == ((2,), 1, True)
    assert differences(own, digests(["a"], key), digests(["b"], key), key).only_here == ()
