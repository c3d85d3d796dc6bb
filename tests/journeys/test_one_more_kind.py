"""The recipe of adapters/registers/README.md, to the letter: one more kind is data and an adapter."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.partners import verify_questions
from contract.days import day_of
from contract.working_days import working_day_from
from demo.members import FIVE, Member
from demo.play import Play, ended
from policies import ReleaseError, load_release
from tests.guardian import PARTNER, example, extract, hand_out, name_it
from tests.journeys.test_informing import plan
from tests.journeys.watching import INVITED, overview
from tests.world import LocalWorld, local_world

GUARDIAN = Member("gi_midden", "guardian", "Jeugdbescherming Midden (DEMO)", "GI", 0)
CHILD, OTHER = "stalking.child_1", "stalking.child_2"


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[Play]:
    """A running chain of the five and one more; each begins with the hand-out that names it."""
    folder = tmp_path_factory.mktemp("one_more")
    extracts = folder / "extracts"
    extracts.mkdir()
    chain = folder / "chain"
    chain.mkdir()
    release = hand_out(folder, name_it)
    today = LocalWorld(folder / "nothing").today
    adapter = example()["adapter"](extracts, today)
    with local_world(
        chain,
        registers=registers,
        members=(*FIVE, GUARDIAN),
        adapters={GUARDIAN.code: adapter},
        settings={"*": {"release": str(release)}},
    ) as world:
        play = Play(world)
        extract(extracts, {CHILD: play.cast[CHILD].identity}, today)
        until = f"{today.year + 1}-01-01T00:00:00Z"
        manager = play.caller(GUARDIAN.code, "manager")
        manager.post("/v1/standing-decisions", {"rule": "G01", "validUntil": until})
        yield play


def asked(play: Play) -> tuple[str, dict[str, Any]]:
    case = play.case(play.chair)
    children = [play.subject(name, "child", ["guardian.known"]) for name in (CHILD, OTHER)]
    return case, play.ask(play.chair, case, children)


def test_it_is_asked_and_answers_by_its_standing_decision(play: Play) -> None:
    """Yes for who is in the extract, no for who is not; beside its own name."""
    _, enrichment = asked(play)
    assert sorted(ended(item) for item in enrichment["items"]) == ["answered:no", "answered:yes"]
    assert {(item["holder"], item["rule"]) for item in enrichment["items"]} == {(GUARDIAN.code, "G01")}


def test_who_was_asked_about_is_told_by_letter_and_in_an_overview(play: Play) -> None:
    """In the words that the catalogue has for the kind."""
    case, _ = asked(play)
    found = play.chair.post("/v1/obligations/_search", {"caseRef": case})
    assert len(found) == 2
    world: Any = play.world
    for one in found:
        recipient = "representative" if one["ageBand"] == "under_12" else "child_and_representative"
        step = {"version": one["version"], **plan(world, recipient=recipient)}
        play.chair.post(f"/v1/obligations/{one['id']}/steps", step)
        letter = play.chair.post(f"/v1/obligations/{one['id']}/letters")["html"]
        assert PARTNER["in_sentence"] in letter
        assert PARTNER["asked_about"] in letter
    who = play.cast[CHILD].identity
    identity = {"surname": who.surname, "givenNames": who.given_names, "birthDate": who.birth_date}
    fg = play.caller("veilig_thuis", "data_protection_officer")
    assert GUARDIAN.name in overview(world, fg, identity)["html"]


def test_it_asks_and_tells_itself(play: Play) -> None:
    """Its own letter names it as who would have received the answer."""
    officer = play.caller(GUARDIAN.code, "participant")
    case = play.case(play.chair)
    officer.post(f"/v1/cases/{case}/assignments", INVITED)
    enrichment = play.ask(officer, case, [play.subject(CHILD, "child", ["rvdk.known"])], purpose="interpret")
    assert [ended(item) for item in enrichment["items"]] == ["waits_for_person"]
    [one] = officer.post("/v1/obligations/_search", {"caseRef": case})
    recipient = "representative" if one["ageBand"] == "under_12" else "child_and_representative"
    world: Any = play.world
    step = {"version": one["version"], **plan(world, recipient=recipient, sender=GUARDIAN.code)}
    officer.post(f"/v1/obligations/{one['id']}/steps", step)
    letter = officer.post(f"/v1/obligations/{one['id']}/letters")["html"]
    assert f"Dat was {PARTNER['in_sentence']}" in letter


def test_a_person_asks_it_about_the_own_data(play: Play) -> None:
    """In the term that the catalogue has for the kind."""
    world: Any = play.world
    today = day_of(world.clock())
    fg = play.caller(GUARDIAN.code, "data_protection_officer")
    told = {
        "asked": "access",
        "receivedOn": today.isoformat(),
        "name": "Anna Voorbeeld",
        "words": "Wat weet u?",
    }
    one = fg.post("/v1/requests", told)
    assert (
        one["dueOn"]
        == working_day_from(load_release().catalogue.partners["rvdk"].term("access").due(today)).isoformat()
    )


def test_a_node_does_not_start_for_a_kind_that_the_hand_out_does_not_name(tmp_path: Path, play: Play) -> None:
    """Nor with an adapter that leaves a question of its kind unanswered; each is said."""
    adapter = example()["adapter"](tmp_path, play.world.today)
    with pytest.raises(ReleaseError, match=r"names no partner guardian: add it to catalogue\.partners"):
        verify_questions(adapter, load_release())
    adapter.questions = frozenset()
    with pytest.raises(ReleaseError, match=r"guardian\.known, which the adapter of guardian does not"):
        verify_questions(adapter, load_release(hand_out(tmp_path, name_it)))
