"""Own staff and well-known persons (D14): few see the question, two let the answer go, and nobody outside can
tell.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.codes import BROKER
from demo.caller import DemoCaller, Refused
from demo.cast import cast
from demo.play import Play
from party.bearer import Colleague
from tests.journeys.watching import POLICE, SUPERVISED, WAITS, ask, kinds, place, trail, watch
from tests.world import AsgiCaller, LocalWorld, local_world


@pytest.fixture
def world(tmp_path: Path, registers: Path) -> Iterator[LocalWorld]:
    """A chain in which police and Reclassering have one of the cast on their list."""
    chain = tmp_path / "chain"
    chain.mkdir()
    path = tmp_path / "marked.csv"
    lists = {"marked_persons": str(path)}
    path.write_text("surname,given_names,birth_date,prefix,partner_surname\n", encoding="utf-8")
    with local_world(chain, registers=registers, settings={"politie": lists, "reclassering": lists}) as made:
        who = cast(made.today)["stalking.man"].identity
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{who.surname},,{who.birth_date},{who.prefix},\n")
        for party in ("politie", "reclassering"):
            made.stop(party)
            made.start(party)
        yield made


def somebody(world: LocalWorld, user: str, *roles: str) -> DemoCaller:
    return AsgiCaller(world, "politie", world.token("politie", "official", sub=user, roles=list(roles)))


def test_two_who_may_look_let_it_go_and_others_do_not_see_it(play: Play, world: LocalWorld) -> None:
    """One proposes; the same person again, who did not look, and who answers otherwise let nothing go."""
    asked = ask(play, POLICE)
    ordinary = somebody(world, "gewoon", "official")
    first, second = (somebody(world, user, "official", "restricted_official") for user in ("een", "twee"))
    assert ordinary.get("/v1/questions") == []
    [question] = first.get("/v1/questions")
    assert (question["restricted"], question["proposed"]) == (True, False)
    codes = {"codes": ["stalking"]}
    for path, body in (("views", None), ("refusals", None), ("looks", None), ("answers", codes)):
        with pytest.raises(Refused, match="not_allowed"):
            ordinary.post(f"{place(question)}/{path}", body)
    assert kinds(world, "politie").count("attempt") == 4
    none = {"codes": ["none_shareable"]}
    assert first.post(f"{place(question)}/views")["proposed"] is None
    first.post(f"{place(question)}/answers", none)
    first.post(f"{place(question)}/answers", none)
    with pytest.raises(Refused, match="not_waiting"):
        second.post(f"{place(question)}/answers", none)
    assert second.post(f"{place(question)}/views")["proposed"]["codes"] == ["none_shareable"]
    second.post(f"{place(question)}/answers", {"codes": ["shareable", "stalking"]})
    assert first.post(f"{place(question)}/views")["proposed"]["codes"] == ["shareable", "stalking"]
    assert kinds(world, "politie").count("answer") == 1  # that it waits
    first.post(f"{place(question)}/answers", {"codes": ["shareable", "stalking"]})
    assert watch(play, asked, lambda ends: ends[POLICE] not in WAITS) == {
        POLICE: "answered:shareable+stalking"
    }


def test_what_only_few_may_see_takes_no_place_on_the_list(play: Play, world: LocalWorld) -> None:
    """However many wait for others, the next that this official may answer is there."""
    ask(play, POLICE)
    ask(play, POLICE, name="uncertain_match.man")
    desk = world.apps[world.address("politie")].state.node.desk
    ordinary = Colleague("gewoon", frozenset({"official"}), mandated=True)
    [(_, question)] = world.do(desk.waiting(ordinary, most=1))
    assert not question.restricted


def test_nothing_outside_tells_that_somebody_is_marked(play: Play, world: LocalWorld) -> None:
    """By hand it waits as everybody does; by the register it is answered at once, as of everybody."""
    marked = ask(play, SUPERVISED, POLICE)
    before = told_to_the_broker(world)
    other = ask(play, SUPERVISED, POLICE, name="acute_danger.man")
    assert told_to_the_broker(world) == sorted(before * 2, key=str)
    for asked in (marked, other):
        states = {item["question"]: item["status"] for item in asked["items"]}
        assert states[SUPERVISED] == "answered"
        assert states[POLICE] in WAITS
    for party in (BROKER, "veilig_thuis"):
        assert "restricted" not in everything(world, party)


def told_to_the_broker(world: LocalWorld) -> list[tuple[str, list[dict[str, Any]]]]:
    """What holders said to the broker of each inquiry: the outcomes, by holder."""

    async def read() -> list[tuple[str, list[dict[str, Any]]]]:
        said = [
            (one.recorded.facts["holder"], one.recorded.facts["outcomes"])
            async for one in trail(world, BROKER).entries()
            if one.recorded.kind == "reply"
        ]
        return sorted(said, key=str)

    found: list[tuple[str, list[dict[str, Any]]]] = world.do(read())
    return found


def everything(world: LocalWorld, party: str) -> str:
    async def read() -> str:
        return " ".join([str((one.recorded.facts, one.part)) async for one in trail(world, party).entries()])

    text: str = world.do(read())
    return text
