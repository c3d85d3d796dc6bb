"""Recorded decisions decided again: what a new release would answer otherwise, and what was changed since."""

import json
from dataclasses import replace
from typing import Any

import pytest

from policies import Release
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
    """An erased input, and a release that is not at hand: compared with the new one, not with itself."""
    one, two = recorded(release, {}, {})
    found = replay([replace(one, given=None), two], narrower, lambda _: None)
    assert (found.erased, dict(found.unknown), found.alarms) == (1, {release.revision: 1}, ())
    assert next((one.kind, one.positions) for one in found.otherwise) == ("by_hand", (1,))


def test_nothing_recorded_is_nothing_found(release: Release) -> None:
    assert replay([], release, lambda _: None).decisions == 0
