"""Who asks what is recorded about them hears it: from who asked, from who answered, also years after, and
nothing of anybody else.
"""

from datetime import timedelta
from typing import Any

import pytest

from demo.caller import DemoCaller, Refused
from demo.play import Play
from tests.journeys.test_informing import FG, asked, deferral, owed, tell_all, turn
from tests.journeys.test_retention import retained, run
from tests.journeys.watching import INVITED, POLICE, ask, asked_for_access, named, overview
from tests.world import LocalWorld

NOT_FOUND = "Niet gevonden met deze gegevens"
ASKER = "Veilig Thuis Midden (DEMO)"


def fg(play: Play, partner: str = "veilig_thuis") -> DemoCaller:
    return play.caller(partner, FG)


def man(play: Play, **other: str) -> dict[str, str]:
    return {**named(play, "stalking.man"), **other}


@pytest.mark.parametrize(
    ("holder", "question"), [("politie", POLICE), ("reclassering", "reclassering.known")]
)
def test_who_answered_can_say_about_whom(play: Play, world: LocalWorld, holder: str, question: str) -> None:
    """The holder's own record leads back to the person (AVG 15, Wpg 25), whether a program answered it or it
    still waits for a person.
    """
    ask(play, question)
    made = overview(world, fg(play, holder), man(play))
    assert ASKER in made["html"]
    assert (made["near"], made["leftOut"]) == ([], 0)
    other = overview(world, fg(play, holder), named(play, "stalking.woman"))
    assert NOT_FOUND in other["html"]
    assert other["near"] == []


def test_a_child_at_the_raad(play: Play, world: LocalWorld) -> None:
    asked(play, "stalking.child_1")
    assert ASKER in overview(world, fg(play, "rvdk"), named(play, "stalking.child_1"))["html"]


def test_a_holder_shows_nothing_that_waits(play: Play, world: LocalWorld) -> None:
    """Untold, it is shown only when it was checked today that this is safe; postponed, never."""
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    holder = fg(play, "reclassering")
    unchecked = overview(world, holder, man(play), safe=False)
    assert NOT_FOUND in unchecked["html"]
    assert unchecked["leftOut"] == 1
    prosecutor = play.caller("om", "participant")
    prosecutor.post(f"/v1/cases/{case}/assignments", INVITED)
    place = f"/v1/cases/{case}/obligations/{one['id']}/steps"
    prosecutor.post(place, {"version": 0, **deferral(world, ground="criminal_investigation")})
    turn(world)
    waits = overview(world, holder, man(play))
    assert ASKER not in waits["html"].split("<h1>")[1]
    assert waits["leftOut"] == 1


@pytest.mark.parametrize(
    "other",
    [
        {"givenNames": "first"},
        {"birthDate": "no day"},
        {"birthDate": "other day"},
    ],
    ids=lambda other: "-".join([*other, *other.values()]),
)
@pytest.mark.parametrize("partner", ["veilig_thuis", "reclassering"])
def test_a_near_hit_is_put_before_the_fg(
    play: Play, world: LocalWorld, partner: str, other: dict[str, str]
) -> None:
    """Asked with a little less or a little else, nothing is shown before the FG says it is this person."""
    asked(play, "stalking.man")
    whole = man(play)
    year, month, day = whole["birthDate"].split("-")
    said = {
        "first": f"{whole['givenNames']} Johannes",
        "no day": f"{year}-{month}-00",
        "other day": f"{year}-{month}-{'01' if day != '01' else '02'}",
    }
    identity = {**whole, **{name: said[how] for name, how in other.items()}}
    made = overview(world, fg(play, partner), identity)
    assert NOT_FOUND in made["html"]
    [hit] = made["near"]
    states = {name: hit[name] for name in ("surname", "givenNames", "birthDate")}
    assert [name for name, state in states.items() if state != "equal"] == [*other]
    after = overview(world, fg(play, partner), identity, also=[hit["subjectRef"]])
    assert NOT_FOUND not in after["html"]
    assert after["near"] == []
    with pytest.raises(Refused) as refused:  # nobody who does not resemble the person is made that person
        overview(world, fg(play, partner), named(play, "stalking.child_1"), also=[hit["subjectRef"]])
    assert refused.value.code == "request_invalid"


def test_a_case_that_is_closed_and_forgotten_is_found(play: Play, world: LocalWorld) -> None:
    """What is recorded outlives what is kept of the case (K3); it goes with its entries (K1)."""
    case = asked(play, "stalking.man")
    tell_all(play, world, case)
    play.chair.post(f"/v1/cases/{case}/closures", None)
    world.clock.ahead += timedelta(days=200)
    assert retained(world, "veilig_thuis", run).erased == 1
    made = overview(world, fg(play), man(play))
    assert "Reclassering Midden (DEMO)" in made["html"]
    assert ASKER in overview(world, fg(play, "reclassering"), man(play))["html"]


def test_who_is_erased_on_request_is_found_no_more(play: Play, world: LocalWorld) -> None:
    asked(play, "stalking.man")
    [hit] = overview(world, fg(play, "reclassering"), man(play, birthDate="1984-00-00"))["near"]
    retained(world, "reclassering", lambda one: one.erase(hit["subjectRef"], reason="request", by="fg-0042"))
    assert NOT_FOUND in overview(world, fg(play, "reclassering"), man(play))["html"]


def test_each_overview_answers_a_request(play: Play, world: LocalWorld) -> None:
    """It names it, with its subject sealed; none is made without an open request for access."""
    asked(play, "stalking.man")
    caller = fg(play)
    request = asked_for_access(world, caller)
    told: dict[str, Any] = {"requestId": request["id"], "identity": man(play)}
    assert request["id"] in caller.post("/v1/overviews", told)["html"]
    [entry] = [one for one in kept(world, "overview") if one[0]["case_ref"] == request["id"]]
    facts, part = entry
    assert man(play)["surname"] not in str(facts)
    assert part["identity"]["surname"] == man(play)["surname"]
    step = {"step": "granted", "version": 0, "why": "Het overzicht is verstuurd."}
    caller.post(f"/v1/requests/{request['id']}/steps", step)
    for reference, code in ((request["id"], "request_invalid"), (entry[0]["id"], "not_found")):
        with pytest.raises(Refused) as refused:
            caller.post("/v1/overviews", {**told, "requestId": reference})
        assert refused.value.code == code


def kept(world: LocalWorld, kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    trail = world.apps[world.address("veilig_thuis")].state.node.trail

    async def found() -> list[tuple[dict[str, Any], dict[str, Any]]]:
        every = trail.entries()
        return [
            (one.recorded.facts, dict(one.part or {})) async for one in every if one.recorded.kind == kind
        ]

    return world.do(found())  # type: ignore[no-any-return]
