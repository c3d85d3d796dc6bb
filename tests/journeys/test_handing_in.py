"""An answer that an official let go, and a broker that does not take it: not lost, not tried for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse

from contract.codes import BROKER
from demo.caller import Refused
from demo.play import Play
from tests.journeys.watching import (
    POLICE,
    PROSECUTED,
    WAITS,
    accepted,
    ask,
    ends,
    kinds,
    pass_until,
    place,
    release,
    taken,
    wait_for,
    waiting,
    watch,
)
from tests.world import LocalWorld


@contextmanager
def broker_that_says(world: LocalWorld, status: int, code: str) -> Iterator[None]:
    """To every reply that is handed in; everything else it does as ever."""
    address = world.address(BROKER)
    real = world.apps[address]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        refused = JSONResponse({"code": code}, status)
        await (refused if scope["path"] == "/v1/replies" else real)(scope, receive, send)

    world.apps[address] = app
    try:
        yield
    finally:
        world.apps[address] = real


def test_a_reply_that_overtakes_its_permit_waits_for_it(play: Play, world: LocalWorld) -> None:
    """The first reply is lost and an official is quick: the broker knows no permit of it yet, and takes the
    answer as soon as it does.
    """
    world.wire.cut = lambda method, address, path: "after" if path == "/v1/permits" else None
    asked = ask(play, POLICE)
    release(play, waiting(play)[0], "shareable")
    assert wait_for(play, lambda: taken(world, "politie")[0].attempts >= 2)
    assert waiting(play) == []
    world.wire.cut = lambda method, address, path: None
    assert watch(play, asked, lambda now: now[POLICE].startswith("answered")) == {
        POLICE: "answered:shareable"
    }
    assert "failed" not in kinds(world, "politie")


def test_what_the_broker_will_never_take_is_shown_and_left(play: Play, world: LocalWorld) -> None:
    """The broker gave the question up before the official answered: she sees that it did not arrive, it is
    recorded once, and it is not tried again.
    """
    world.wire.cut = lambda method, address, path: "after" if path == "/v1/permits" else None
    asked = ask(play, PROSECUTED)
    play = pass_until(play, asked["items"][0]["dueAt"])
    assert watch(play, asked, lambda now: now[PROSECUTED] == "undelivered") == {PROSECUTED: "undelivered"}
    release(play, waiting(play, "om")[0], "yes", partner="om")
    assert wait_for(play, lambda: bool(waiting(play, "om")))
    [question] = waiting(play, "om")
    prosecution = play.caller("om", "official")
    assert question["state"] == "failed"
    [row] = taken(world, "om")
    assert (row.later[0]["problem"], row.later[0]["delivered"]) == ("document_malformed", False)
    assert (row.next_at, row.token, row.identities) == (None, None, None)
    assert kinds(world, "om").count("failed") == 1
    with pytest.raises(Refused, match="not_waiting"):
        prosecution.post(f"{place(question)}/views")
    prosecution.post(f"{place(question)}/looks")
    assert waiting(play, "om") == []
    assert taken(world, "om")[0].questions[0].state == "released"


@pytest.mark.parametrize(("status", "code"), [(401, "sender_unknown"), (404, "not_found")])
def test_a_problem_that_is_mended_in_time_loses_nothing(
    status: int, code: str, play: Play, world: LocalWorld
) -> None:
    """As long as the question is not due it is tried again; it stands on the list until it has arrived."""
    asked = ask(play, POLICE)
    with broker_that_says(world, status, code):
        release(play, waiting(play)[0], "shareable")
        assert wait_for(play, lambda: taken(world, "politie")[0].attempts >= 3)
        assert [one["state"] for one in waiting(play)] == ["failed"]
        assert kinds(world, "politie").count("failed") == 1
    assert watch(play, asked, lambda now: now[POLICE] not in WAITS) == {POLICE: "answered:shareable"}
    assert wait_for(play, lambda: waiting(play) == [])


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "conflict"),
        (409, "revision_unknown"),
        (429, "too_many_requests"),
        (500, "internal_error"),
        (400, "-"),
    ],
)
def test_only_a_reply_that_the_broker_has_counts_as_delivered(
    status: int, code: str, play: Play, world: LocalWorld
) -> None:
    """Any other refusal leaves it here; also one that is past its time goes once the broker can take it."""
    asked = ask(play, POLICE)
    with broker_that_says(world, status, code):
        release(play, waiting(play)[0], "shareable")
        assert wait_for(play, lambda: taken(world, "politie")[0].attempts >= 1)
        assert not taken(world, "politie")[0].later[0]["delivered"]
    assert watch(play, asked, lambda now: now[POLICE] not in WAITS) == {POLICE: "answered:shareable"}


def test_a_replayed_reply_is_delivered(play: Play, world: LocalWorld) -> None:
    """The broker has the answer, and its word for that was lost: the next try ends it."""
    asked = ask(play, POLICE)
    world.wire.cut = lambda method, address, path: "after" if path == "/v1/replies" else None
    release(play, waiting(play)[0], "shareable")
    assert watch(play, asked, lambda now: now[POLICE] not in WAITS) == {POLICE: "answered:shareable"}
    world.wire.cut = lambda method, address, path: None
    world.clock.ahead += timedelta(minutes=2)
    assert wait_for(play, lambda: taken(world, "politie")[0].later[0]["delivered"])
    assert waiting(play) == []
    assert ends(play.chair.get(f"/v1/enrichments/{asked['id']}")) == {POLICE: "answered:shareable"}
    assert len(accepted(world)[0].replies) == 2
