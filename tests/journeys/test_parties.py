"""Parties are many: several of a kind in one region, one in many, one that joins, one that leaves."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.codes import BROKER
from contract.directory import DirectoryProblem, directory_text
from demo.caller import Json, Refused
from demo.members import FIVE, MEMBERS, OTHER_REGION
from demo.play import Play, decide_standing, ended
from party.settings import SettingsProblem
from tests.journeys.test_releases import chain, listed, propose, step
from tests.journeys.watching import INVITED, POLICE, SUPERVISED, ask, ends
from tests.releases import Prepared
from tests.world import LocalWorld, local_world

REPORT = "veilig_thuis.earlier_report"
CHILD = "rvdk.known"


@pytest.fixture
def many(tmp_path: Path, registers: Path) -> Iterator[Play]:
    """The whole chain of the demo."""
    with local_world(tmp_path, registers=registers, members=MEMBERS) as world:
        play = Play(world)
        decide_standing(play)
        yield play


def world_of(play: Play) -> LocalWorld:
    assert isinstance(play.world, LocalWorld)
    return play.world


def relist(world: LocalWorld, change: Callable[[dict[str, Json]], None]) -> None:
    """The directory with some parties changed, taken up by everybody who runs."""
    path = world.folder / "directory.json"
    contents = json.loads(path.read_text(encoding="utf-8"))
    change({row["code"]: row for row in contents["parties"]})
    path.write_bytes(directory_text(contents))
    for party in (BROKER, *world.parties):
        if world.address(party) in world.apps:
            world.stop(party)
            world.start(party)


def asked_in_flevoland(play: Play, *questions: str, **more: Any) -> Json:
    chair = play.caller("veilig_thuis_flevoland", "chair")
    man = play.subject("another_region.man", "suspected_perpetrator", list(questions))
    return play.ask(chair, play.case(chair, region=OTHER_REGION), [man], **more)


def by_holder(asked: Json) -> dict[str | None, str]:
    return {item["holder"]: ended(item) for item in asked["items"]}


def test_one_that_is_away_hides_no_other_ones_answer(many: Play) -> None:
    """Each party of a kind gets an inquiry of its own, and its answer stands beside its name."""
    world_of(many).stop("reclassering")
    asked = asked_in_flevoland(many, SUPERVISED)
    assert by_holder(asked) == {"reclassering": "sent", "verslavingsreclassering": "answered:yes"}
    names = {item["holder"]: item["holderName"] for item in asked["items"]}
    assert names["verslavingsreclassering"] == "Verslavingsreclassering (DEMO)"
    rows = many.caller("veilig_thuis_flevoland", "chair").post(
        "/v1/obligations/_search", {"caseRef": asked["caseRef"], "live": False}
    )
    assert [row["receiver"] for row in rows] == ["veilig_thuis_flevoland"]


def test_who_is_asked_follows_from_the_case_and_the_directory(many: Play) -> None:
    """A dry run says the same as what is asked; a party may be named, where it serves the region."""
    dry = asked_in_flevoland(many, SUPERVISED, POLICE, dryRun=True)
    assert {(item["question"], item["holder"]) for item in dry["items"]} == {
        (SUPERVISED, "reclassering"),
        (SUPERVISED, "verslavingsreclassering"),
        (POLICE, "politie"),
    }
    chair = many.caller("veilig_thuis_flevoland", "chair")
    case = many.case(chair, region=OTHER_REGION)
    man = many.subject("another_region.man", "suspected_perpetrator", [SUPERVISED])
    man["questions"][0]["holder"] = "verslavingsreclassering"
    assert by_holder(many.ask(chair, case, [man])) == {"verslavingsreclassering": "answered:yes"}
    for wrong in ("veilig_thuis", "politie", "gemeente", BROKER):
        man["questions"][0]["holder"] = wrong
        with pytest.raises(Refused, match="request_invalid"):
            many.ask(chair, case, [man])
    here = many.case(many.chair)
    man["questions"][0]["holder"] = "verslavingsreclassering"  # it does not serve this region
    with pytest.raises(Refused, match="request_invalid"):
        many.ask(many.chair, here, [man])


def test_another_region_does_not_state_our_case(many: Play) -> None:
    """Neither as its own, nor by taking it up."""
    case = many.case(many.chair)
    other = many.caller("veilig_thuis_flevoland", "chair")
    with pytest.raises(Refused, match="request_invalid"):
        many.case(other)
    with pytest.raises(Refused, match="not_found"):
        other.post(f"/v1/cases/{case}/assignments", INVITED)


def test_the_same_question_to_another_party_was_not_asked_before(many: Play) -> None:
    """Repetition counts per holder, so that a late one can be asked alone."""
    chair = many.caller("veilig_thuis_flevoland", "chair")
    case = many.case(chair, region=OTHER_REGION)
    man = many.subject("another_region.man", "suspected_perpetrator", [SUPERVISED])
    man["questions"][0]["holder"] = "reclassering"
    assert by_holder(many.ask(chair, case, [man])) == {"reclassering": "answered:no"}
    man["questions"][0]["holder"] = "verslavingsreclassering"
    assert by_holder(many.ask(chair, case, [man])) == {"verslavingsreclassering": "answered:yes"}
    man["questions"][0]["holder"] = "reclassering"
    assert by_holder(many.ask(chair, case, [man]))["reclassering"].startswith("refused:")


TWO = tuple(one for one in FIVE if one.code in {"veilig_thuis", "reclassering"})


def test_two_of_five_begin(tmp_path: Path, registers: Path) -> None:
    """No region starts with everybody: what can be asked is asked, the other says whom to call."""
    with local_world(tmp_path, registers=registers, members=TWO) as world:
        play = Play(world)
        decide_standing(play)
        relist(world, lambda rows: rows["veilig_thuis"].update(name="Veilig Thuis Begin (DEMO)"))
        play = Play(world)
        for dry in (True, False):
            asked = ask(play, SUPERVISED, POLICE, dryRun=dry)
            assert ends(asked) == {SUPERVISED: "draft" if dry else "answered:yes", POLICE: "not_joined"}
        [nobody] = [item for item in asked["items"] if item["partner"] == "politie"]
        assert (nobody["holder"], nobody["desk"]) == (None, None)
        assert nobody["subjectRef"] == asked["items"][0]["subjectRef"]
        shown = play.chair.get(f"/v1/enrichments/{asked['id']}")
        assert ends(shown) == ends(asked)
        alone = ask(play, POLICE)
        assert (ends(alone), alone["receipts"]) == ({POLICE: "not_joined"}, [])
        # whom to call stands in the directory
        contents = json.loads((world.folder / "directory.json").read_text(encoding="utf-8"))
        contents["outside"] = [
            {
                "partner": "politie",
                "name": "Politie Midden",
                "desk": {"name": "Loket politie", "phone": "088-000 00 08", "hours": "dag en nacht"},
            }
        ]
        (world.folder / "directory.json").write_bytes(directory_text(contents))
        relist(world, lambda rows: None)
        told = ask(Play(world), POLICE)["items"][0]
        assert (told["holderName"], told["desk"]["phone"]) == ("Politie Midden", "088-000 00 08")


def test_a_node_that_is_not_listed_says_so(tmp_path: Path, registers: Path) -> None:
    """With what to do, instead of a traceback; and so does one of another kind than its adapter."""
    with local_world(tmp_path, registers=registers, members=TWO) as world:
        world.stop("reclassering")
        path = world.folder / "directory.json"
        before = path.read_bytes()
        contents = json.loads(before)
        contents["parties"] = [row for row in contents["parties"] if row["code"] != "reclassering"]
        path.write_bytes(directory_text(contents))
        with pytest.raises(DirectoryProblem, match="does not list reclassering"):
            world.start("reclassering")
        contents = json.loads(before)
        [row] = [row for row in contents["parties"] if row["code"] == "reclassering"]
        row["partner"] = "rvdk"
        path.write_bytes(directory_text(contents))
        with pytest.raises(SettingsProblem, match="lists this party as rvdk, the setting `partner` says"):
            world.start("reclassering")


def test_who_left_stays_to_be_read(many: Play) -> None:
    """A chair reads an enrichment that a departed party answered; it is asked nothing more, and what it signs
    counts no more.
    """
    world = world_of(many)
    chair = many.caller("veilig_thuis_flevoland", "chair")
    before = asked_in_flevoland(many, SUPERVISED)
    assert by_holder(before)["verslavingsreclassering"] == "answered:yes"
    exported = copy.deepcopy(chair.get(f"/v1/enrichments/{before['id']}"))
    relist(world, lambda rows: rows["verslavingsreclassering"].update(until=world.clock().isoformat()))
    many = Play(world)
    chair = many.caller("veilig_thuis_flevoland", "chair")
    assert chair.get(f"/v1/enrichments/{before['id']}") == exported
    after = asked_in_flevoland(many, SUPERVISED)
    assert by_holder(after) == {"reclassering": "answered:no"}


def test_a_party_may_bear_any_code(tmp_path: Path, registers: Path) -> None:
    """Nothing depends on a party being called as its kind."""
    renamed = tuple(replace(one, code=f"{one.code}_x") for one in FIVE)
    place = tmp_path / "registers"
    place.mkdir()
    for one in FIVE:
        name = one.code if one.partner == "politie" else f"{one.code}.sqlite"
        (place / name.replace(one.code, f"{one.code}_x")).symlink_to(registers / name)
    (place / "rvdk.sqlite").symlink_to(registers / "rvdk.sqlite")
    folder = tmp_path / "chain"
    folder.mkdir()
    with local_world(folder, registers=place, members=renamed) as world:
        play = Play(world)
        until = f"{world.today.year + 1}-{world.today:%m}-01T00:00:00Z"
        play.caller("reclassering_x", "manager").post(
            "/v1/standing-decisions", {"rule": "A02", "validUntil": until}
        )
        chair = play.caller("veilig_thuis_x", "chair")
        case = play.case(chair)
        man = play.subject("stalking.man", "suspected_perpetrator", [SUPERVISED, POLICE], weighty=True)
        asked = play.ask(chair, case, [man])
        assert by_holder(asked) == {"reclassering_x": "answered:yes", "politie_x": "waits_for_person"}
        official = play.caller("politie_x", "official")
        [waits] = official.get("/v1/questions")
        assert waits["requester"] == "veilig_thuis_x"
        official.post(f"/v1/questions/{waits['inquiry']}/{waits['index']}/views")
        # telling, and rights, go by the kind of the party
        search = {"caseRef": case, "live": True}
        [owed] = chair.post("/v1/obligations/_search", search)
        today = world.today.isoformat()
        how = {"channel": "conversation", "recipient": "self", "circumstances": []}
        plan = {"version": owed["version"], "step": "plan", "plannedOn": today, **how}
        with pytest.raises(Refused, match="request_invalid"):
            chair.post(f"/v1/obligations/{owed['id']}/steps", {**plan, "sender": "veilig_thuis"})
        chair.post(f"/v1/obligations/{owed['id']}/steps", {**plan, "sender": "veilig_thuis_x"})
        letter = chair.post(f"/v1/obligations/{owed['id']}/letters")["html"]
        assert "Reclassering Midden (DEMO)" in letter
        received = {"asked": "access", "receivedOn": today, "name": "Proef", "words": "Wat is gevraagd?"}
        fg = play.caller("politie_x", "data_protection_officer")
        due = fg.post("/v1/requests", received)["dueOn"]
        assert due == (world.today + timedelta(days=42)).isoformat()  # Wpg 25


def test_who_lets_others_speak_takes_over_what_they_signed(
    tmp_path: Path, registers: Path, prepared: Prepared
) -> None:
    """Not before all of them did; and its own signature is not needed."""
    with chain(tmp_path, registers, prepared.tables, members=MEMBERS) as play:
        world = world_of(play)
        propose(play, prepared)
        assert listed(play, prepared)["needed"] == ["rvdk", "veilig_thuis"]
        other = world.apps[world.address("veilig_thuis_flevoland")].state.node.releases
        step(play, prepared, "rvdk", "two", "approve")
        world.do(other.follow())
        assert not listed(play, prepared, "veilig_thuis_flevoland")["accepted"]
        step(play, prepared, "veilig_thuis", "two", "approve")
        world.do(other.follow())
        assert listed(play, prepared, "veilig_thuis_flevoland")["accepted"]
        step(play, prepared, "rvdk", "two", "activate")
        chair = play.caller("veilig_thuis_flevoland", "chair")
        case = play.case(chair, region=OTHER_REGION)
        child = play.subject("another_region.child", "child", [CHILD])
        assert by_holder(play.ask(chair, case, [child])) == {None: "not_joined"}


def test_a_region_is_switched_on_by_the_directory_alone(tmp_path: Path, registers: Path) -> None:
    """One more region, and its name at those who serve it: no new software, and the others go on."""
    with local_world(tmp_path, registers=registers, members=FIVE) as world:
        play = Play(world)
        decide_standing(play)
        with pytest.raises(Refused, match="request_invalid"):
            play.case(play.chair, region="gooi")
        path = world.folder / "directory.json"
        contents = json.loads(path.read_text(encoding="utf-8"))
        contents["regions"].append("gooi")
        path.write_bytes(directory_text(contents))

        def serve(rows: dict[str, Json]) -> None:
            desk = {"name": "Loket Gooi", "phone": "088-000 00 07", "hours": "werkdagen"}
            rows["veilig_thuis"]["regions"].append("gooi")
            rows["reclassering"]["regions"].append("gooi")
            rows["reclassering"] |= {"desks": {"gooi": desk}, "duty_desk": {**desk, "name": "Piket"}}

        relist(world, serve)
        play = Play(world)
        man = play.subject("stalking.man", "suspected_perpetrator", [SUPERVISED, POLICE], weighty=True)
        asked = play.ask(play.chair, play.case(play.chair, region="gooi"), [man])
        assert ends(asked) == {SUPERVISED: "answered:yes", POLICE: "not_joined"}
        [item] = [one for one in asked["items"] if one["holder"] == "reclassering"]
        names = (item["desk"]["name"], item["answer"]["desk"]["name"], item["dutyDesk"]["name"])
        assert names == ("Loket Gooi", "Loket Gooi", "Piket")
        assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "answered:yes"}


def test_who_joins_is_asked_from_its_moment(many: Play) -> None:
    """Listed before that, it is asked nothing; the directory does not change again."""
    world = world_of(many)
    soon = world.clock() + timedelta(minutes=10)
    relist(world, lambda rows: rows["verslavingsreclassering"].update(since=soon.isoformat()))
    assert by_holder(asked_in_flevoland(Play(world), SUPERVISED)) == {"reclassering": "answered:no"}
    world.clock.ahead += timedelta(minutes=11)
    asked = asked_in_flevoland(Play(world), SUPERVISED)
    assert by_holder(asked)["verslavingsreclassering"] == "answered:yes"


def test_a_directory_that_only_the_broker_has_taken_up_stops_no_other_question(many: Play) -> None:
    """The asker does not know yet that one left: that one is not reached, and the others answer."""
    world = world_of(many)
    path = world.folder / "directory.json"
    contents = json.loads(path.read_text(encoding="utf-8"))
    for row in contents["parties"]:
        if row["code"] == "verslavingsreclassering":
            row["until"] = world.clock().isoformat()
    path.write_bytes(directory_text(contents))
    world.stop(BROKER)
    world.start(BROKER)
    asked = asked_in_flevoland(many, SUPERVISED, POLICE)
    ends_at = {(item["question"], item["holder"]): ended(item) for item in asked["items"]}
    assert ends_at == {
        (SUPERVISED, "reclassering"): "answered:no",
        (SUPERVISED, "verslavingsreclassering"): "undelivered",
        (POLICE, "politie"): "waits_for_person",
    }
    sent = [
        path for _, address, path, _ in world.wire.sent if address == world.address("verslavingsreclassering")
    ]
    assert "/v1/permits" not in sent


def test_who_leaves_finishes_what_it_owes(many: Play) -> None:
    """It asks nothing more. What was asked before is answered, and the person is told."""
    world = world_of(many)
    asked = asked_in_flevoland(many, SUPERVISED, POLICE)
    relist(world, lambda rows: rows["veilig_thuis_flevoland"].update(until=world.clock().isoformat()))
    many = Play(world)
    chair = many.caller("veilig_thuis_flevoland", "chair")
    released = many.release("politie", asked["items"], POLICE, ["none_shareable"])
    assert released == 1
    place = f"/v1/enrichments/{asked['id']}"
    seen = chair.until(place, lambda now: ends(now)[POLICE] == "answered:none_shareable")
    assert ends(seen)[POLICE] == "answered:none_shareable"
    case = asked["caseRef"]
    [owed] = chair.post("/v1/obligations/_search", {"caseRef": case, "live": True})
    today = world.today.isoformat()
    how = {"channel": "conversation", "recipient": "self", "circumstances": []}
    for wish in (
        {"step": "plan", "sender": "veilig_thuis_flevoland", "plannedOn": today, **how},
        {"step": "notice", "textVersion": "2026-12", "safetyCheckedOn": today, **how},
        {"step": "delivery", "how": "spoken", "document": "Z2VzcHJva2Vu", "deliveredOn": today},
    ):
        owed = chair.post(f"/v1/obligations/{owed['id']}/steps", {"version": owed["version"], **wish})
    assert owed["state"] == "met"
    world.inform("veilig_thuis_flevoland")
    joint = many.caller("politie", "data_protection_officer").get(f"/v1/cases/{case}/obligations")
    assert [one["state"] for one in joint] == ["met"]
    with pytest.raises(Refused):
        many.case(chair, region=OTHER_REGION)
    man = many.subject("another_region.man", "suspected_perpetrator", [SUPERVISED])
    man["questions"][0]["newReason"] = "Er is een nieuwe melding."
    with pytest.raises(Refused, match="sender_unknown"):
        many.ask(chair, case, [man])
