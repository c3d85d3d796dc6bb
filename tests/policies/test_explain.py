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


def test_all_that_counted_and_would_change_it_is_shown(parts: Parts) -> None:
    """Nothing is cut off: every change that turns the decision has its line, those of a field one."""
    found = explain(parts, asking({}))
    lines = list(Words(parts.release.catalogue, dutch=True).explanation(found))
    assert not any("en nog" in line for line in lines)
    assert len(found.changes) > 20
    catalogue = parts.release.catalogue
    for change in found.changes:
        [(field, value)] = change
        [line] = [one for one in after(lines) if one.startswith(f"- {catalogue.facts[field].nl}: ")]
        assert Words(catalogue, dutch=True)._value(field, value) in line


def after(lines: list[str]) -> list[str]:
    """What would turn the decision."""
    return lines[lines.index("Het had niet gemogen bij:") :]


@pytest.mark.parametrize("consent", ["given", "refused", "not_asked_unsafe", "not_recorded"])
def test_consent_never_stands_under_what_counted(consent: str, parts: Parts) -> None:
    """It is no basis: it has to be filled in, and what it says decides nothing (Wmo 5.2.6)."""
    found = explain(parts, asking({"subject.consent": consent}))
    assert "subject.consent" not in found.counted
    assert found.filled_in == ("subject.consent",)
    lines = list(Words(parts.release.catalogue, dutch=True).explanation(found))
    heading = lines.index("Dit moest zijn ingevuld; wat er stond, telde niet mee:")
    assert lines[heading + 1].startswith("- toestemming van de betrokkene: ")


def test_what_does_not_weigh_decides_nothing(parts: Parts) -> None:
    """Of a fact that is said not to weigh, every value but one absent or not recorded decides alike."""
    catalogue = parts.release.catalogue
    for field in [one for one in catalogue.facts if not catalogue.facts[one].weighs]:
        values = [value for value in catalogue.vocabulary[field] if value != "not_recorded"]
        decided = {parts.decide(parts.reader.facts(asking({field: value}))) for value in values}
        assert len(decided) == 1


def test_a_permit_says_who_informs_before_when_and_the_term(parts: Parts) -> None:
    lines = list(Words(parts.release.catalogue, dutch=True).explanation(explain(parts, asking({}))))
    assert any(one.startswith("termijn voor een mens: 3 werkdagen") for one in lines)
    [informing] = [one for one in lines if one.startswith("informeren: ")]
    assert "Veilig Thuis informeert" in informing
    assert "uiterlijk 28 dagen na de vraag" in informing


@pytest.mark.parametrize("age", ["adult", "from_16_to_17"])
def test_why_nothing_is_asked_about_a_parent_at_reclassering(age: str, parts: Parts) -> None:
    """Not that a parent is too young, or that the row is another: no row asks about a parent, at any age."""
    given_facts = asking({"subject.role": "parent", "subject.age_band": age})
    found = explain(parts, given_facts)
    assert "subject_role_not_allowed" in {reason.code for reason in found.decision.reasons}
    lines = list(Words(parts.release.catalogue, dutch=True).explanation(found))
    assert "nooit over: ouder of verzorger" in lines
    assert "A02 gaat over: vermoedelijke pleger (18 en ouder)" in lines


def test_every_fact_and_value_has_words(release: Release) -> None:
    """No code is shown to who must understand it; Dutch and English differ."""
    for field, values in release.catalogue.vocabulary.items():
        for value in values:
            dutch, english = (Words(release.catalogue, dutch=one).fact(field, value) for one in (True, False))
            assert dutch != english
            if isinstance(value, str) and "_" in value:
                assert value not in dutch, dutch
