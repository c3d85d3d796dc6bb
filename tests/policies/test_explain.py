"""Why a decision is as it is, and the smallest change of facts under which it would be otherwise."""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import Release
from policies.explain import ASKED, explain
from policies.parts import Parts
from policies.words import Words
from tests.policies.conftest import asking


@pytest.fixture(scope="module")
def parts(release: Release) -> Parts:
    return Parts(release)


@pytest.mark.parametrize(
    ("changes", "smallest"),
    [
        ({"case.melding": "none"}, {"case.melding": "registered"}),
        ({"necessity.motivated": False}, {"necessity.motivated": True}),
        ({"case.melding": None}, {"case.melding": "registered"}),
        (
            {"case.melding": "none", "requester.mandated": False},
            {"case.melding": "registered", "requester.mandated": True},
        ),
    ],
)
def test_the_smallest_change_is_named(
    changes: Mapping[str, Any], smallest: Mapping[str, Any], parts: Parts
) -> None:
    """A refusal for one fact turns on that fact; for two, on both."""
    found = explain(parts, asking(changes))
    assert dict(found.changes[0]) == smallest
    assert set(smallest) <= set(found.counted)


_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "case.melding": st.sampled_from(["registered", "due", "none"]),
    "case.stage": st.sampled_from(["enrichment", "closed"]),
    "case.unsafety": st.sampled_from(["acute", "none"]),
    "subject.role": st.sampled_from(["suspected_perpetrator", "victim", "child"]),
    "subject.age_band": st.sampled_from(["adult", "from_12_to_15", "unknown"]),
    "subject.dual_role": st.sampled_from([True, False]),
    "requester.mandated": st.sampled_from([True, False]),
    "repetition.asked_before": st.sampled_from([True, False]),
}


@settings(max_examples=10, deadline=None)
@given(changes=st.fixed_dictionaries({}, optional=_FIELDS))
def test_each_change_turns_the_decision_and_no_part_of_it_does(
    changes: Mapping[str, Any], parts: Parts
) -> None:
    """Applied whole it gives the other effect; with any fact of it left out it does not."""
    given_facts = asking(changes)
    found = explain(parts, given_facts)
    vocabulary = list(parts.release.catalogue.vocabulary)
    facts = list(parts.reader.facts(given_facts))

    def permitted(change: tuple[tuple[str, Any], ...]) -> bool:
        other = facts.copy()
        for field, value in change:
            assert field not in ASKED
            other[vocabulary.index(field)] = value
        return parts.decide(tuple(other)).permitted

    for change in found.changes:
        assert permitted(change) != found.decision.permitted
        for size in range(1, len(change)):
            for some in itertools.combinations(change, size):
                assert permitted(some) == found.decision.permitted


def test_it_is_said_in_plain_dutch_what_is_as_it_is_and_what_could_be_done(parts: Parts) -> None:
    """What nobody can change is told so, and comes after what somebody can."""
    words = Words(parts.release.catalogue, dutch=True)
    lines = list(words.explanation(explain(parts, asking({"subject.age_band": "from_12_to_15"}))))
    assert lines[0] == "Veilig Thuis vraagt Reclassering: nu onder toezicht?"
    assert "- leeftijd van de betrokkene: 12 tot en met 15" in lines
    assert "- leeftijd van de betrokkene: 18 en ouder (dit ligt vast)" in lines
    permitted = list(words.explanation(explain(parts, asking({}))))
    assert "Het had niet gemogen bij:" in permitted
    assert "- vrager heeft mandaat: nee" in permitted


def test_every_fact_and_value_has_words(release: Release) -> None:
    """No code is shown to who must understand it; Dutch and English differ."""
    for field, values in release.catalogue.vocabulary.items():
        for value in values:
            dutch, english = (
                Words(release.catalogue, dutch=one)._fact(field, value) for one in (True, False)
            )
            assert dutch != english
            if isinstance(value, str) and "_" in value:
                assert value not in dutch, dutch
