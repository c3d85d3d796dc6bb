"""Recorded decisions decided again: what a new release would answer otherwise, and what was changed since."""

import json
from dataclasses import replace
from typing import Any

import pytest

from policies import Release
from policies.engine import Decision, Facts
from policies.errors import PolicyUnavailable
from policies.parts import Parts
from policies.release import release_of
from policies.replay import RecordedDecision, replay
from policies.words import Words
from tests.policies.conftest import asking

ROW = "handout/matrix/data.json"


def recorded(release: Release, *changes: dict[str, Any]) -> list[RecordedDecision]:
    """Decisions as a trail has them."""
    parts = Parts(release)
    found = []
    for position, change in enumerate(changes):
        given = asking(change)
        facts = parts.decide(parts.reader.facts(given)).facts
        found.append(
            RecordedDecision(
                position,
                "2026-11-24T10:00:00.000Z",
                "c",
                "veilig_thuis",
                json.loads(json.dumps(facts)),
                given,
            )
        )
    return found


@pytest.fixture(scope="module")
def narrower(release: Release) -> Release:
    """Row A02 by hand, and not to decide on attendance."""
    data = json.loads(release.files[ROW])
    data["rules"]["A02"] |= {"mode": "human", "purposes": ["enrich_referral"]}
    return release_of({**release.files, ROW: json.dumps(data).encode()})


ASKED: tuple[dict[str, Any], ...] = ({}, {}, {"case.melding": "none"}, {"purpose": "decide_attendance"})


def test_under_their_own_release_nothing_differs(release: Release) -> None:
    found = replay(recorded(release, *ASKED), release, lambda _: release)
    assert (found.decisions, found.alike, found.otherwise, found.alarms) == (4, 4, (), ())
    assert (found.differing, found.left_out) == (0, {})


def test_what_would_be_answered_otherwise_is_listed_by_reference(release: Release, narrower: Release) -> None:
    """By kind, with the positions in the trail and nothing else of the case."""
    found = replay(recorded(release, *ASKED), narrower, lambda _: release)
    kinds = {(one.kind, one.rule): one.positions for one in found.otherwise}
    assert kinds[("by_hand", "A02")] == (0, 1)
    assert kinds[("refused", "A02")] == (3,)
    assert found.alike == 1
    assert not any(one.wider for one in found.otherwise)
    lines = list(Words(release.catalogue, dutch=True).replay(found))
    assert any("2 × gaat dan naar een mens" in line and "spoor: 0, 1" in line for line in lines)


@pytest.mark.parametrize(
    "change",
    [{"mode": "human"}, {"answer_codes": ["yes"]}, {"rule": "A01"}, {"effect": "refusal"}, {"reasons": 1}],
    ids=str,
)
def test_a_decision_that_is_not_that_of_its_own_release_is_an_alarm(
    change: dict[str, Any], release: Release
) -> None:
    """Whatever was changed: in the decision, or in what it rested on."""
    decisions = recorded(release, {}, {})
    decisions[1] = replace(decisions[1], decided={**decisions[1].decided, **change})
    assert replay(decisions, release, lambda _: release).alarms == (1,)
    other = replace(decisions[0], given=asking({"case.melding": "none"}))
    assert replay([other], release, lambda _: release).alarms == (0,)


def test_what_cannot_be_decided_again_is_counted_and_named(release: Release, narrower: Release) -> None:
    """An input that was erased, a decision in another version's form, one that was changed: each is counted
    under its reason, and every decision is counted once. One under a release that is not at hand is compared
    with the new one, not with itself.
    """
    one, two, three, four, five = recorded(release, {}, {}, {}, {"case.melding": "none"}, {})
    strange = {name: value for name, value in three.decided.items() if name != "desk"} | {"revision": "other"}
    decisions = [
        replace(one, given=None),
        replace(two, decided={**two.decided, "revision": "elsewhere"}),
        replace(three, decided=strange),
        four,
        replace(five, decided={**five.decided, "mode": "human"}),
    ]
    found = replay(decisions, narrower, {release.revision: release}.get)
    assert found.left_out == {"changed": 1, "erased": 1, "unreadable": 1}
    assert (found.alike, found.differing, found.not_replayed, found.decisions) == (1, 1, 3, 5)
    assert (dict(found.unknown), found.alarms) == ({"elsewhere": 1, "other": 1}, (4,))
    assert next((one.kind, one.positions) for one in found.otherwise) == ("by_hand", (1,))
    lines = list(Words(release.catalogue, dutch=True).replay(found))
    assert lines[0] == "hand-out: concept, niet getoetst door een jurist"
    assert "5 beslissingen: 1 hetzelfde, 1 anders, 3 niet opnieuw beslist" in lines
    assert "- 1 × niet opnieuw beslist: gewist met de gegevens van de persoon" in lines


def test_what_the_new_release_cannot_decide_is_counted_and_stops_no_other(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = Parts.decide

    def without_urgency(parts: Parts, facts: Facts) -> Decision:
        if "acute_danger" in facts:
            raise PolicyUnavailable
        return decide(parts, facts)

    decisions = recorded(release, {}, {"case.urgency": "acute_danger"})
    monkeypatch.setattr(Parts, "decide", without_urgency)
    found = replay(
        [replace(one, decided={**one.decided, "revision": "x"}) for one in decisions], release, lambda _: None
    )
    assert (found.left_out, found.alarms, found.decisions) == ({"undecided": 1}, (), 2)


def test_nothing_recorded_is_nothing_found(release: Release) -> None:
    assert replay([], release, lambda _: None).decisions == 0
