"""Which facts are gates: the hand-out's section 2 says it, the whole space shows it."""

import pytest

from policies import Release
from policies.gates import Change, changes
from policies.parts import Parts
from tests.policies.test_graph import with_rule

NOT_PURE = {
    ("requester.role", "duty_officer"): ("refuses some", "only with acute danger (D05)"),
    ("case.melding", "due"): ("refuses some", "passes in J rows with acute danger (D03)"),
    ("case.unsafety", "none"): ("refuses some", "only rows that name C18"),
    ("case.unsafety", "structural"): ("nothing", "flagged all the same"),
    ("case.accepted", False): ("refuses some", "only under zvh (C22)"),
    ("subject.consent", "given"): ("nothing", "recorded, never a basis (C4)"),
    ("subject.consent", "refused"): ("nothing", "recorded, never a basis (C4)"),
    ("subject.consent", "not_asked_impossible"): ("nothing", "recorded, never a basis (C4)"),
    ("subject.re_roled", True): ("narrows", "a person decides (D07)"),
    ("subject.re_roled", None): ("refuses some", "the reason is there already for a role without a row"),
    ("necessity.weighty_and_urgent", False): ("refuses some", "only rows that name C21"),
    ("repetition.new_reason", True): ("nothing", "only lifts what was asked before (C20)"),
}


@pytest.fixture(scope="module")
def found(release: Release) -> list[Change]:
    return changes(Parts(release))


def test_every_other_fact_is_a_gate(found: list[Change]) -> None:
    """Closed, it refuses every cell, adds one and the same reason, and changes nothing else."""
    assert {(one.field, one.value) for one in found if not one.gate} == set(NOT_PURE)


def test_what_is_no_pure_gate_does_what_is_said_of_it(found: list[Change]) -> None:
    does = {(one.field, one.value): one.does for one in found if not one.gate}
    assert does == {key: expected for key, (expected, _) in NOT_PURE.items()}


def test_nothing_that_is_closed_or_left_out_permits_more(found: list[Change]) -> None:
    assert [one for one in found if one.does == "widens"] == []


def test_what_adds_different_reasons_is_no_gate() -> None:
    """A gate adds one and the same; what refuses for this reason here and for that one there is named."""
    assert Change("case.kind", "anonymous", "refuses", (("case_anonymous",),), 1).gate
    assert not Change("case.kind", "anonymous", "refuses", (("case_anonymous",), ("no_rule",)), 2).gate


def test_a_rule_that_makes_a_gate_leak_is_found(release: Release) -> None:
    """A closed gate that takes another reason away would widen what is permitted."""
    leaking = with_rule(release, 'reasons contains "case_closed" if input.case.kind == "named"')
    does = {(one.field, one.value): one.does for one in changes(Parts(leaking))}
    assert does["case.kind", "anonymous"] == "widens"
