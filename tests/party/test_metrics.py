"""What operators count: outcomes and times, never a person, a case or a partner's answer."""

import json
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from demo.play import Play, PlayedStory, decide_standing
from demo.stories import stalking
from tests.world import LocalWorld

_LABELS = {
    "effect",
    "mode",
    "state",
    "status",
    "partner",
    "party",
    "misdeed",
    "outcome",
    "overdue",
    "method",
    "route",
    "event",
    "le",
    "implementation",
    "major",
    "minor",
    "patchlevel",
    "version",
    "generation",
}


def counted() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of ours, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith("grondslag_") and not sample.name.endswith("_created")
    }


@pytest.fixture
def grown(world: LocalWorld) -> dict[str, dict[str, float]]:
    """How each sample grew while the story of the stalker was played, with one holder out of reach."""
    play = Play(world)
    decide_standing(play)
    world.stop("rvdk")
    before = counted()
    told = PlayedStory("stalking")
    stalking(play, told)
    grown: dict[str, dict[str, float]] = {}
    for (name, labels), value in counted().items():
        by = value - before.get((name, labels), 0)
        if by:
            grown.setdefault(name, {})["/".join(text for _, text in labels)] = by
    grown["asked"] = {"questions": len(told.items)}
    return grown


def test_decisions_arrivals_and_deliveries_are_counted(grown: dict[str, dict[str, float]]) -> None:
    """By effect and mode, by state, by partner; every question once."""
    decisions = grown["grondslag_decisions_total"]
    assert decisions.keys() <= {"permit/automatic", "permit/human", "refusal/none"}
    assert sum(decisions.values()) >= grown["asked"]["questions"] > 0
    assert grown["grondslag_questions_arrived_total"].keys() <= {"answered", "waits_for_person"}
    assert grown["grondslag_questions_arrived_total"]["answered"] > 0
    assert grown["grondslag_answers_total"]["automatic/answered"] > 0
    assert grown["grondslag_deliveries_failed_total"].keys() == {"rvdk"}


def test_the_trail_is_counted_and_timed(grown: dict[str, dict[str, float]]) -> None:
    """Appends, entries, seconds."""
    appends = grown["grondslag_trail_appends_total"]
    assert appends.keys() == {"recorded"}
    assert grown["grondslag_trail_append_seconds_count"][""] == appends["recorded"]
    assert grown["grondslag_trail_entries_total"][""] > appends["recorded"]


def test_what_waits_for_a_person_is_counted(world: LocalWorld) -> None:
    """Within its time and after it; the clock alone makes it overdue."""
    play = Play(world)
    decide_standing(play)
    told = PlayedStory("stalking")
    stalking(play, told)
    desk = world.apps[world.address("om")].state.node.desk
    waiting = len(play.caller("om", "official").get("/v1/questions"))

    def figures() -> tuple[float, float]:
        world.do(desk.count_waiting())
        samples = counted()
        return (
            samples["grondslag_waiting_questions", (("overdue", "no"),)],
            samples["grondslag_waiting_questions", (("overdue", "yes"),)],
        )

    assert figures() == (waiting, 0)
    assert waiting > 0
    world.clock.ahead += timedelta(days=60)
    assert figures() == (0, waiting)


def test_no_label_can_hold_a_person_or_a_case(grown: dict[str, dict[str, float]]) -> None:
    """A closed list of label names, and values without a single reference in them."""
    samples = [sample for family in REGISTRY.collect() for sample in family.samples]
    assert {name for sample in samples for name in sample.labels} <= _LABELS
    for sample in samples:
        assert not any(len(value) > 60 for value in sample.labels.values()), sample.name
        assert "-4" not in json.dumps(list(sample.labels.values())), sample.name
