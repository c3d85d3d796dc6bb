"""A fact that is removed or corrupted never permits: whatever is taken from a permitted inquiry, the
answer is a refusal or a problem.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.documents import (
    AskedQuestion,
    Asker,
    CaseFacts,
    Repetition,
    decision_input,
)
from policies import Decision, EmbeddedPolicy, PolicyUnavailable, load_release

QUESTION = AskedQuestion(
    subject_ref="00000000-0000-4000-8000-000000000000",
    role="suspected_perpetrator",
    age_band="adult",
    consent="not_asked_unsafe",
    dual_role=False,
    question="reclassering.known",
    motivated=True,
    subsidiarity=True,
    weighty_and_urgent=False,
    new_reason=False,
)
CASE = CaseFacts(
    kind="named",
    stage="enrichment",
    melding="registered",
    criteria="both",
    unsafety="structural",
    regime="bilateral",
    region="utrecht",
    own_region=True,
    accepted=False,
)


def good() -> dict[str, Any]:
    """What broker and nodes build for a question that is permitted."""
    return decision_input(
        Asker("veilig_thuis", "chair", mandated=True, assigned=True),
        QUESTION,
        purpose="enrich_referral",
        urgency="normal",
        case=CASE,
        repetition=Repetition(asked_before=False, over_budget=False),
        re_roled=False,
    )


@pytest.fixture(scope="module")
def policy() -> Iterator[EmbeddedPolicy]:
    made = EmbeddedPolicy(load_release())
    yield made
    asyncio.run(made.close())


def decided(policy: EmbeddedPolicy, facts: dict[str, Any]) -> Decision | None:
    """The decision, or None where there is none."""
    try:
        [decision] = asyncio.run(policy.decide([facts]))
    except PolicyUnavailable:
        return None
    return decision


def paths(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """Every field, and every group of fields."""
    inner = [(group, name) for group, value in facts.items() if isinstance(value, dict) for name in value]
    return [*((name,) for name in facts), *inner]


def changed(path: tuple[str, ...], value: object) -> dict[str, Any]:
    """The good facts with one thing replaced; None removes it."""
    facts = {name: dict(one) if isinstance(one, dict) else one for name, one in good().items()}
    place = facts if len(path) == 1 else facts[path[0]]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return facts


def test_the_whole_is_permitted(policy: EmbeddedPolicy) -> None:
    """Without a change: so each refusal below comes from the change."""
    decision = decided(policy, good())
    assert decision is not None
    assert (decision.effect, decision.rule, decision.mode) == ("permit", "A01", "automatic")


@pytest.mark.parametrize("path", paths(good()), ids=".".join)
def test_a_fact_that_is_absent_never_permits(path: tuple[str, ...], policy: EmbeddedPolicy) -> None:
    """Each field and each group, left out: a refusal with a reason."""
    decision = decided(policy, changed(path, None))
    assert decision is None or (decision.effect == "refusal" and decision.reasons)


RUBBISH = st.one_of(
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.binary(max_size=8),
    st.lists(st.booleans() | st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    st.sampled_from(
        ["true", "True", "yes", "*", "REGISTERED", " registered", "registered ", "both\0", 1, 0, [True]]
    ),
)


@given(path=st.sampled_from(paths(good())), value=RUBBISH)
@settings(max_examples=300, deadline=None)
def test_a_fact_that_is_corrupt_never_permits(
    policy: EmbeddedPolicy, path: tuple[str, ...], value: object
) -> None:
    """Any value that is not the vocabulary's: a refusal or no decision, never a permit."""
    decision = decided(policy, changed(path, value))
    assert decision is None or decision.effect == "refusal"


def _words(catalogue: Any) -> st.SearchStrategy[tuple[tuple[str, ...], Any]]:
    return st.sampled_from(
        [(tuple(path.split(".")), value) for path, values in catalogue.vocabulary.items() for value in values]
    )


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_other_facts_permit_only_within_a_row(policy: EmbeddedPolicy, data: st.DataObject) -> None:
    """Up to four other values at once: a permit still has a rule, a basis, a purpose of its row and
    codes of its row.
    """
    catalogue = load_release().catalogue
    facts = good()
    for path, value in data.draw(st.lists(_words(catalogue), min_size=1, max_size=4)):
        place = facts if len(path) == 1 else facts[path[0]]
        place[path[-1]] = value
    decision = decided(policy, facts)
    assert decision is not None
    if decision.effect == "refusal":
        assert decision.reasons
        assert (decision.answer_codes, decision.mode, decision.legal_bases) == ((), None, ())
        return
    row = catalogue.rules[str(decision.rule)]
    about = row.subjects[facts["subject"]["role"]]
    assert decision.legal_bases
    assert facts["purpose"] in row.purposes
    assert set(decision.answer_codes) <= set(about.answer_codes)
    assert facts["subject"]["age_band"] in about.ages
    assert facts["case"]["own_region"]
    assert facts["requester"]["mandated"]


def test_what_policy_sees_is_nothing_personal() -> None:
    """Only words of the vocabulary: no reference, no number, no time."""
    vocabulary = load_release().catalogue.vocabulary
    facts = good()
    for path in paths(facts):
        place = facts if len(path) == 1 else facts[path[0]]
        if not isinstance(place[path[-1]], dict):
            assert place[path[-1]] in vocabulary[".".join(path)]
