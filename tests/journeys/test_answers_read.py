"""Who reads an answer, and who hears of it: each leaves an entry, and the person is told."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.node.asking.enrichments import EnrichmentRaced
from audit.kinds import Kind
from demo.caller import Refused
from demo.play import Play, ended
from tests.journeys.test_informing import owed, plan, step
from tests.journeys.watching import (
    INVITED,
    POLICE,
    SUPERVISED,
    ask,
    named,
    official,
    overview,
    place,
    trail,
    waiting,
    watch,
)
from tests.world import AsgiCaller, LocalWorld

FG = "data_protection_officer"


def of_kind(world: LocalWorld, kind: Kind, party: str = "veilig_thuis") -> list[dict[str, Any]]:
    made = trail(world, party)
    every = world.do(made.at(list(range(made.size()))))
    facts = [every[position].recorded.facts for position in sorted(every)]
    return [one for one in facts if one["kind"] == kind]


def read_by(world: LocalWorld) -> list[tuple[str, int]]:
    """Who read how many answers, entry by entry."""
    return [(one["user"], len(one["answers"])) for one in of_kind(world, Kind.VIEW)]


def test_who_reads_an_answer_is_an_entry_once_in_a_session(play: Play, world: LocalWorld) -> None:
    """Who asks reads what comes at once; looking again within the hour is the same reading."""
    asked = ask(play, SUPERVISED)
    assert ended(asked["items"][0]) == "answered:yes"
    chair = "test-veilig_thuis-chair-1"
    [view] = of_kind(world, Kind.VIEW)
    item = asked["items"][0]
    assert (view["user"], view["user_role"], view["subject_ref"]) == (chair, "chair", item["subjectRef"])
    assert (view["case_ref"], view["enrichment"]) == (asked["caseRef"], asked["id"])
    answers = of_kind(world, Kind.ANSWER)
    assert view["answers"] == [{"inquiry": answers[0]["inquiry"], "index": 0}]
    for _ in range(3):
        play.chair.get(f"/v1/enrichments/{asked['id']}")
    assert read_by(world) == [(chair, 1)]
    world.clock.ahead += timedelta(minutes=61)
    Play(world).chair.get(f"/v1/enrichments/{asked['id']}")
    assert read_by(world) == [(chair, 1)] * 2


def test_what_another_round_fetched_first_is_read_by_who_asked(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was recorded while the asker's own request was under way: shown, so recorded as read."""
    asking = world.apps[world.address("veilig_thuis")].state.node.asking
    real, rounds = asking._recorded, []

    async def raced(enrichment: Any, body: bytes, reader: Any) -> Any:
        if not rounds:
            rounds.append(await real(enrichment, body, None))
            raise EnrichmentRaced
        return await real(enrichment, body, reader)

    monkeypatch.setattr(asking, "_recorded", raced)
    assert ended(ask(play, SUPERVISED)["items"][0]) == "answered:yes"
    assert read_by(world) == [("test-veilig_thuis-chair-1", 1)]


def test_what_came_while_nobody_looked_is_read_when_somebody_does(play: Play, world: LocalWorld) -> None:
    asked = ask(play, SUPERVISED, POLICE)
    chair = "test-veilig_thuis-chair-1"
    assert read_by(world) == [(chair, 1)]
    [question] = waiting(play)
    official(play).post(f"{place(question)}/views")
    official(play).post(f"{place(question)}/answers", {"codes": ["shareable"]})
    node = world.apps[world.address("veilig_thuis")].state.node
    for _ in range(60):
        world.clock.ahead += timedelta(seconds=30)
        world.do(node.asking.follow_due())
        if len(of_kind(world, Kind.ANSWER)) == 2:
            break
    assert read_by(world) == [(chair, 1)]  # the node fetched it; nobody has seen it
    assert watch(play, asked, lambda now: now[POLICE] == "answered:shareable")[POLICE] == "answered:shareable"
    assert [read for _, read in read_by(world)] in ([1, 1], [1, 2])  # two, when the hour was over


def test_a_colleague_who_stands_in_reads_for_herself(play: Play, world: LocalWorld) -> None:
    asked = ask(play, SUPERVISED)
    other = AsgiCaller(world, "veilig_thuis", world.token("veilig_thuis", "chair", sub="colleague"))
    other.post(f"/v1/cases/{asked['caseRef']}/assignments", {"why": "stands_in"})
    other.get(f"/v1/enrichments/{asked['id']}")
    assert read_by(world)[-1] == ("colleague", 1)


def test_who_is_on_duty_reads_what_was_asked_on_duty(play: Play, world: LocalWorld) -> None:
    """Standing in at night opens nothing that the chair was told."""
    asked = ask(play, SUPERVISED)
    duty = play.caller("veilig_thuis", "duty_officer")
    duty.post(f"/v1/cases/{asked['caseRef']}/assignments", {"why": "stands_in"})
    with pytest.raises(Refused, match="not_allowed"):
        duty.get(f"/v1/enrichments/{asked['id']}")
    [attempt] = of_kind(world, Kind.ATTEMPT)
    assert (attempt["case_ref"], attempt["ref"]) == (asked["caseRef"], asked["id"])


def test_reading_what_is_owed_is_an_entry(play: Play, world: LocalWorld) -> None:
    """Own duties with what was decided about them, and those of all partners."""
    asked = ask(play, SUPERVISED)
    fg = play.caller("veilig_thuis", FG)
    for _ in range(2):
        fg.post("/v1/obligations/_search", {})
        play.chair.get(f"/v1/cases/{asked['caseRef']}/obligations")
    read = [(one["user"], one["what"], one.get("case_ref")) for one in of_kind(world, Kind.READING)]
    assert read == [
        ("test-veilig_thuis-data_protection_officer-1", "obligations", None),
        ("test-veilig_thuis-chair-1", "joint_obligations", asked["caseRef"]),
    ]


# ── passing on ──


def passed(world: LocalWorld, asked: dict[str, Any], **more: Any) -> dict[str, Any]:
    """That this answer was told to the police, in the meeting."""
    [answer] = of_kind(world, Kind.ANSWER)
    one = {"inquiry": answer["inquiry"], "index": answer["index"]}
    why = "Nodig om samen te duiden wat het eerst moet."
    told = {"answers": [one], "receiver": "politie", "receiverRole": "participant", "how": "in_meeting"}
    return {**told, "why": why, **more}


def test_an_answer_that_is_passed_on_is_recorded_and_told_to_the_person(
    play: Play, world: LocalWorld
) -> None:
    """To whom, which answer and why; the letter and the overview name who heard it."""
    asked = ask(play, SUPERVISED)
    where = f"/v1/enrichments/{asked['id']}/onward-shares"
    play.chair.post(where, passed(world, asked))
    [share] = of_kind(world, Kind.ONWARD_SHARE)
    assert (share["receiver"], share["receiver_role"], share["own"]) == ("politie", "participant", False)
    assert share["subject_ref"] == asked["items"][0]["subjectRef"]
    assert [(one["holder"], one["question"]) for one in share["answers"]] == [("reclassering", SUPERVISED)]
    assert "why" not in share
    [one] = owed(play, asked["caseRef"])
    assert [row["passedTo"] for row in one["disclosures"]] == [["politie"]]
    after = step(play, one, **plan(world))
    letter = play.chair.post(f"/v1/obligations/{after['id']}/letters")["html"]
    assert "Wij vertelden een antwoord daarna ook aan: Politie Midden (DEMO)." in letter
    made = overview(world, play.caller("veilig_thuis", FG), named(play, "stalking.man"))
    assert "Ook verteld aan: Politie Midden (DEMO)" in made["html"]


def test_a_colleague_who_hears_it_is_no_other_receiver(play: Play, world: LocalWorld) -> None:
    asked = ask(play, SUPERVISED)
    told = passed(world, asked, receiver="veilig_thuis", receiverRole="case_holder", how="spoken")
    play.chair.post(f"/v1/enrichments/{asked['id']}/onward-shares", told)
    [share] = of_kind(world, Kind.ONWARD_SHARE)
    assert share["own"] is True
    assert owed(play, asked["caseRef"])[0]["disclosures"][0]["passedTo"] == []


def test_only_an_answer_that_is_there_goes_to_somebody_who_takes_part(play: Play, world: LocalWorld) -> None:
    """Not one that never came, nor to who gave it, the broker or nobody; and by who works on the case."""
    asked = ask(play, SUPERVISED)
    where = f"/v1/enrichments/{asked['id']}/onward-shares"
    good = passed(world, asked)
    other = [{"inquiry": good["answers"][0]["inquiry"], "index": 1}]
    wrong: tuple[dict[str, Any], ...] = (
        {"answers": other},
        {"receiver": "reclassering"},
        {"receiver": "broker"},
        {"receiver": "gemeente"},
        {"why": "zomaar"},
        {"receiverRole": "Wilhelmina"},
    )
    for one in wrong:
        with pytest.raises(Refused, match="request_invalid"):
            play.chair.post(where, {**good, **one})
    with pytest.raises(Refused, match="not_allowed"):
        play.caller("veilig_thuis", "chair", 2).post(where, good)
    with pytest.raises(Refused, match="not_found"):
        play.chair.post(f"/v1/enrichments/{asked['caseRef']}/onward-shares", good)
    assert of_kind(world, Kind.ONWARD_SHARE) == []


def test_a_participant_elsewhere_reads_what_it_asked_itself_alone(play: Play, world: LocalWorld) -> None:
    """Who works on the same case at another partner gets nothing that the chair was told."""
    asked = ask(play, SUPERVISED)
    prosecutor = play.caller("om", "participant")
    prosecutor.post(f"/v1/cases/{asked['caseRef']}/assignments", INVITED)
    with pytest.raises(Refused, match="not_found"):
        prosecutor.get(f"/v1/enrichments/{asked['id']}")
