"""A sealed reply stays at the broker until its delivery is confirmed, and a day at most (K0)."""

from datetime import timedelta

from demo.play import Play
from tests.journeys.watching import (
    POLICE,
    SUPERVISED,
    WAITS,
    accepted,
    ask,
    release,
    wait_for,
    waiting,
    watch,
)
from tests.world import LocalWorld


def kept(world: LocalWorld) -> int:
    """How many sealed replies lie at the broker."""
    return sum(reply["token"] is not None for one in accepted(world) for reply in one.replies)


def test_a_confirmed_reply_is_gone(play: Play, world: LocalWorld) -> None:
    """The requester names the version that it has when it asks again; what it has seen is no longer kept."""
    asked = ask(play, POLICE)
    assert kept(world) == 1
    assert wait_for(play, lambda: kept(world) == 0)
    release(play, waiting(play)[0], "shareable")
    assert watch(play, asked, lambda ends: ends[POLICE] not in WAITS) == {POLICE: "answered:shareable"}


def test_an_unconfirmed_reply_is_gone_after_a_day(play: Play, world: LocalWorld) -> None:
    """Nobody comes to say that it arrived: after 24 hours it goes by itself, and not an hour before."""
    asked = ask(play, SUPERVISED)
    assert kept(world) == 1
    world.clock.ahead += timedelta(hours=23)
    assert not wait_for(play, lambda: kept(world) == 0) or world.clock.ahead > timedelta(hours=24)
    world.clock.ahead += timedelta(hours=1)
    assert wait_for(play, lambda: kept(world) == 0)
    assert watch(Play(world), asked, lambda _: True) == {SUPERVISED: "answered:yes"}
