"""What was asked in acute danger is reviewed afterwards, on both sides, by somebody who had no part in it."""

from datetime import timedelta

import pytest

from demo.caller import DemoCaller, Refused
from demo.play import Play
from party.events import Event
from tests.journeys.test_duties import KIND
from tests.journeys.watching import SUPERVISED, URGENT, ask, kinds, place, waiting
from tests.world import AsgiCaller, LocalWorld

WHY = "De dreiging bleek uit de melding van die avond."


def somebody(world: LocalWorld, party: str, role: str, user: str = "iemand") -> DemoCaller:
    return AsgiCaller(world, party, world.token(party, role, sub=user, roles=[role]))


def to_review(world: LocalWorld, party: str, role: str = "manager") -> list[tuple[str, str, bool]]:
    """What stands on the list: which side, of whom, and whether it is late."""
    listed = somebody(world, party, role).post("/v1/urgent-reviews/_search", {})
    return [(row["side"], row["other"], row["late"]) for row in listed]


def look(world: LocalWorld, party: str) -> None:
    world.do(world.apps[world.address(party)].state.node.reviews.look())


def test_a_review_opens_on_both_sides_and_is_closed_by_another(play: Play, world: LocalWorld) -> None:
    """An ordinary question opens none. Who asked, and who let the answer go, do not review it."""
    ask(play, SUPERVISED)
    assert to_review(world, "veilig_thuis") == to_review(world, "reclassering") == []
    ask(play, KIND, **URGENT)
    assert to_review(world, "veilig_thuis") == [("asked", "reclassering", False)]
    assert to_review(world, "reclassering") == [("answered", "veilig_thuis", False)]
    [question] = waiting(play, "reclassering")
    official = somebody(world, "reclassering", "official", "wie-antwoordt")
    opened = official.post(f"{place(question)}/views")
    stated = {one["code"]: WHY for one in opened["toState"]}
    official.post(f"{place(question)}/answers", {"codes": ["none"], "stated": stated})
    path = f"/v1/urgent-reviews/{question['inquiry']}/outcomes"
    had_a_part = {
        "reclassering": ["wie-antwoordt"],
        "veilig_thuis": ["test-veilig_thuis-chair-1", URGENT["urgencyDeclaredBy"]["user"]],
    }
    for party, users in had_a_part.items():
        said = {"outcome": "justified", "why": WHY}
        for user in users:
            with pytest.raises(Refused, match="not_allowed"):
                somebody(world, party, "manager", user).post(path, said)
        another = somebody(world, party, "privacy_officer")
        assert another.post(path, said)["outcome"] == "justified"
        with pytest.raises(Refused, match="precondition_failed"):
            another.post(path, said)
        assert to_review(world, party) == []
        assert kinds(world, party)[-1] == "urgent_reviewed"


def test_what_nobody_reviews_alarms_the_fg_once_in_the_trail_and_until_it_is_done(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A working day later it is late: the FG sees it, the log says it, the trail has it."""
    said: list[Event] = []
    monkeypatch.setattr("adapters.node.reviewing.reviews.log", lambda event, **_: said.append(event))
    ask(play, SUPERVISED, **URGENT)
    look(world, "reclassering")
    assert said == []
    world.clock.ahead += timedelta(days=7)
    fg = "data_protection_officer"
    look(world, "reclassering")
    look(world, "reclassering")
    assert said == [Event.URGENT_REVIEWS_LATE] * 2
    assert kinds(world, "reclassering").count("urgent_review_late") == 1
    assert to_review(world, "reclassering", fg) == [("answered", "veilig_thuis", True)]
