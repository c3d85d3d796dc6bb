"""What a permit obliges to, as those who ask and answer meet it: words, a prosecutor, word of mouth,
secrecy.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from demo.caller import Json, Refused
from demo.play import Play
from policies import Decision, EmbeddedPolicy
from tests.journeys.watching import (
    INVITED,
    STATED,
    SUPERVISED,
    URGENT,
    WAITS,
    agreement,
    ask,
    place,
    trail,
    waiting,
    watch,
)
from tests.world import LocalWorld

REPORT = "veilig_thuis.earlier_report"
KIND = "reclassering.supervision_kind"
ANTECEDENTS = "om.antecedents"


def last_answer(world: LocalWorld, party: str) -> tuple[Json, Json]:
    """The newest answer in this party's trail: its facts, and what is sealed in it."""

    async def read() -> list[tuple[Json, Json]]:
        return [
            (one.recorded.facts, dict(one.part or {}))
            async for one in trail(world, party).entries()
            if one.recorded.kind == "answer"
        ]

    found: list[tuple[Json, Json]] = world.do(read())
    return found[-1]


def test_the_om_gets_no_answer_before_veilig_thuis_states_the_need(play: Play, world: LocalWorld) -> None:
    """B03: what the releaser writes is sealed in the own trail, and goes nowhere."""
    case = play.case(play.chair)
    asker = play.caller("om", "participant")
    asker.post(f"/v1/cases/{case}/assignments", INVITED)
    man = play.subject("stalking.man", "suspected_perpetrator", [REPORT])
    asked = play.ask(asker, case, [man])
    [question] = waiting(play, "veilig_thuis")
    official = play.caller("veilig_thuis", "official")
    opened = official.post(f"{place(question)}/views")
    assert [one["code"] for one in opened["toState"]] == ["state_need_for_cooperation"]
    with pytest.raises(Refused, match="request_invalid"):
        official.post(f"{place(question)}/answers", {"codes": ["yes"]})
    stated = {"state_need_for_cooperation": STATED}
    official.post(f"{place(question)}/answers", {"codes": ["yes"], "stated": stated})
    facts, part = last_answer(world, "veilig_thuis")
    assert part["stated"] == stated
    assert STATED not in str(facts)
    item = asker.until(f"/v1/enrichments/{asked['id']}", lambda now: now["items"][0]["status"] not in WAITS)
    [item] = item["items"]
    assert item["answer"]["texts"] == ["ja"]
    assert [one["citation"] for one in item["answer"]["reminders"]] == ["Wmo 5.3.3", None]
    assert STATED not in str(item)


def test_what_is_told_by_word_of_mouth_shows_only_that_it_was(play: Play, world: LocalWorld) -> None:
    """A14: a prosecutor agreed, somebody told somebody; the chair sees "mondeling" and nothing else."""
    asked = ask(play, ANTECEDENTS, purpose="interpret")
    [question] = waiting(play, "om")
    official = play.caller("om", "official")
    official.post(f"{place(question)}/views")
    spoken = {
        "teller": "parket-0042",
        "hearer": "de voorzitter",
        "channel": "meeting",
        "at": world.clock().isoformat(),
    }
    whole = {"codes": ["in_meeting"], "prosecutor": agreement(world), "spoken": spoken}
    for without in ("prosecutor", "spoken"):
        with pytest.raises(Refused, match="request_invalid"):
            official.post(f"{place(question)}/answers", {**whole, without: None})
    official.post(f"{place(question)}/answers", whole)
    facts, part = last_answer(world, "om")
    assert (facts["spoken"]["user"], facts["prosecutor"]["user"]) == ("parket-0042", "ovj-0117")
    assert part["hearer"] == "de voorzitter"
    assert part["answer"]["codes"] == ["in_meeting"]
    assert watch(play, asked, lambda ends: ends[ANTECEDENTS] not in WAITS) == {
        ANTECEDENTS: "answered:in_meeting"
    }
    [item] = play.chair.get(f"/v1/enrichments/{asked['id']}")["items"]
    assert item["answer"]["texts"] == ["mondeling, in het overleg"]
    assert item["answer"]["validUntil"] is None
    assert "ovj-0117" not in str(item)
    assert "parket-0042" not in str(item)


def test_the_asker_puts_in_words_what_the_rule_asks_and_only_the_holder_reads_it(
    play: Play, world: LocalWorld
) -> None:
    """A03: a dry run says what to write; where the asker did, the official need not."""
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", [KIND, SUPERVISED])
    wish = {"caseRef": case, "subjects": [man], **URGENT}
    dry = play.chair.post("/v1/enrichments", {**wish, "dryRun": True})
    owed = {item["question"]: [one["code"] for one in item["toState"]] for item in dry["items"]}
    assert owed == {KIND: ["state_safety_relevance"], SUPERVISED: []}
    why = "Hij staat vaak bij haar deur; een verbod verandert wat wij nu doen."
    man["questions"][0]["stated"] = {"state_safety_relevance": why}
    asked = play.ask(play.chair, case, [man], **URGENT)
    assert why not in str(asked)
    [question] = waiting(play, "reclassering")
    official = play.caller("reclassering", "official")
    opened = official.post(f"{place(question)}/views")
    assert (opened["stated"], opened["toState"]) == ({"state_safety_relevance": why}, [])
    official.post(f"{place(question)}/answers", {"codes": ["none"]})
    [answered] = [item for item in asked["items"] if item["status"] == "answered"]
    reminders = {one["code"]: one for one in answered["answer"]["reminders"]}
    assert reminders["remind_of_secrecy"]["citation"] == "Reclasseringsregeling 37"
    assert reminders["no_onward_use"]["text"] == (
        "Niet voor een ander doel en niet voor opsporing, zonder overleg met de houder."
    )


@pytest.mark.parametrize("duty", ["prosecutor_agrees", "oral_only", "state_severity", "sing_a_song"])
def test_what_only_a_person_does_is_answered_by_no_machine(
    duty: str, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where a release has it on a row that a machine answers, and the holder decided that one may."""
    decide = EmbeddedPolicy.decide

    async def with_a_duty(self: EmbeddedPolicy, inputs: Sequence[Any]) -> list[Decision]:
        return [replace(one, obligations=(*one.obligations, duty)) for one in await decide(self, inputs)]

    assert [item["status"] for item in ask(play, SUPERVISED)["items"]] == ["answered"]
    monkeypatch.setattr(EmbeddedPolicy, "decide", with_a_duty)
    [item] = ask(play, SUPERVISED, name="acute_danger.man")["items"]
    assert item["status"] in WAITS
