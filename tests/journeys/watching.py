"""What the tests of journeys look at: how a question ends, and what the parties keep of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from adapters.node.answering import inbox
from adapters.node.answering.inbox import Taken
from audit.trail import Trail
from contract.codes import BROKER
from contract.days import day_of
from demo.caller import DemoCaller, Json
from demo.play import Play, ended
from gateway.inquiries import inquiries
from gateway.inquiries.inquiries import Accepted
from tests.world import LocalWorld

POLICE = "politie.relevant_registrations"
PROSECUTED = "om.ongoing_prosecution"
SUPERVISED = "reclassering.under_supervision"
STATED = "Dit is voor deze vraag afgewogen en in orde bevonden."
LOOKS = 200
INVITED = {"why": "invited"}
"""Why the first of a party takes up a case."""

URGENT: Json = {
    "purpose": "immediate_safety",
    "urgency": "acute_danger",
    "urgencyDeclaredBy": {"user": "piketleider-1", "role": "duty_officer"},
}
"""Acute danger, declared by who may."""

WAITS = {"sent", "waits_for_person"}  # the second also shows as the first, until the holder's reply is in


def ask(play: Play, *questions: str, name: str = "stalking.man", **more: Any) -> Json:
    """The chair asks these questions about one suspect, in a case of its own."""
    case = play.case(play.chair)
    man = play.subject(name, "suspected_perpetrator", list(questions), weighty=True)
    return play.ask(play.chair, case, [man], **more)


def ends(enrichment: Json) -> dict[str, str]:
    """By question, how it ended or where it is."""
    return {item["question"]: ended(item) for item in enrichment["items"]}


def watch(play: Play, asked: Json, done: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """Looks again, some seconds of the chain's time later each time, until it is done; the last ends."""
    world = _world(play)
    for _ in range(LOOKS):
        now = ends(play.chair.get(f"/v1/enrichments/{asked['id']}"))
        if done(now):
            break
        world.clock.ahead += timedelta(seconds=2)
        time.sleep(0.03)
    return now


def wait_for(play: Play, done: Callable[[], bool]) -> bool:
    """Lets the chain's time pass until it is so."""
    for _ in range(LOOKS):
        if done():
            return True
        _world(play).clock.ahead += timedelta(seconds=2)
        time.sleep(0.03)
    return False


def pass_until(play: Play, moment: str) -> Play:
    """It becomes a minute past this moment; everybody signs in anew."""
    world = _world(play)
    world.clock.ahead += datetime.fromisoformat(moment) - world.clock() + timedelta(minutes=1)
    return Play(world)


def official(play: Play) -> DemoCaller:
    return play.caller("politie", "official")


def waiting(play: Play, partner: str = "politie") -> list[Json]:
    listed: list[Json] = play.caller(partner, "official").get("/v1/questions")
    return listed


def place(question: Json) -> str:
    return f"/v1/questions/{question['inquiry']}/{question['index']}"


def release(play: Play, question: Json, *codes: str, partner: str = "politie") -> None:
    """An official looks, and lets these codes go, with all that the rule asks beside them."""
    somebody = play.caller(partner, "official")
    opened = somebody.post(f"{place(question)}/views")
    beside: Json = {"stated": {one["code"]: STATED for one in opened["toState"]}}
    if "prosecutor_agrees" in opened["obligations"]:
        beside["prosecutor"] = agreement(_world(play))
    somebody.post(f"{place(question)}/answers", {"codes": list(codes), **beside})


def agreement(world: LocalWorld) -> Json:
    """A prosecutor agrees, now."""
    return {"user": "ovj-0117", "role": "prosecutor", "at": world.clock().isoformat()}


def trail(world: LocalWorld, party: str) -> Trail:
    state = world.apps[world.address(party)].state
    made: Trail = state.broker._trail if party == BROKER else state.node.trail
    return made


def kinds(world: LocalWorld, party: str) -> list[str]:
    """The kind of every entry in this party's trail."""

    async def read() -> list[str]:
        return [one.recorded.kind async for one in trail(world, party).entries()]

    found: list[str] = world.do(read())
    return found


def accepted(world: LocalWorld) -> list[Accepted]:
    """The broker's inquiries."""
    rows: list[Accepted] = world.do(
        trail(world, BROKER).read(
            lambda store: [
                inquiries._accepted(row) for row in store.execute(select(inquiries.inquiries)).mappings()
            ]
        )
    )
    return rows


def taken(world: LocalWorld, partner: str) -> list[Taken]:
    """What this holder took in."""
    rows: list[Taken] = world.do(
        trail(world, partner).read(
            lambda store: [inbox._taken(row) for row in store.execute(select(inbox.inbox)).mappings()]
        )
    )
    return rows


def _world(play: Play) -> LocalWorld:
    assert isinstance(play.world, LocalWorld)
    return play.world


def named(play: Play, name: str) -> dict[str, str]:
    """Who somebody of the cast is, as the API has it."""
    who = play.cast[name].identity
    every = {
        "surname": who.surname,
        "prefix": who.prefix,
        "givenNames": who.given_names,
        "birthDate": who.birth_date,
    }
    return {field: value for field, value in every.items() if value}


def asked_for_access(world: LocalWorld, fg: DemoCaller) -> Json:
    """A person asked this party what is recorded about them."""
    told = {"receivedOn": day_of(world.clock()).isoformat(), "name": "Anna Voorbeeld", "words": "Wat weet u?"}
    found: Json = fg.post("/v1/requests", {"asked": "access", **told})
    return found


def overview(
    world: LocalWorld,
    fg: DemoCaller,
    identity: Mapping[str, str],
    *,
    safe: bool = True,
    also: Sequence[str] = (),
) -> Json:
    """What the FG makes for a person who asks, and what only the FG sees; `safe`: checked today."""
    told = {"requestId": asked_for_access(world, fg)["id"], "identity": identity, "also": list(also)}
    checked = {"safetyCheckedOn": day_of(world.clock()).isoformat()} if safe else {}
    made: Json = fg.post("/v1/overviews", {**told, **checked})
    return made
