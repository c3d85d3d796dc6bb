"""Which facts are gates: the hand-out's section 2 says it, the whole space shows it."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from policies import Release, load_release
from policies.commands import app
from policies.gates import Change, changes_of, situations
from policies.parts import Parts
from policies.table import cells
from tests.policies.test_graph import with_rule

pytestmark = pytest.mark.xdist_group("gates")  # what `policy table` says is worked out once

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
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What `policy table` prints and writes."""
    path = tmp_path_factory.mktemp("table") / "table.json"
    ran = CliRunner().invoke(app, ["table", "--json", str(path)])
    assert ran.exit_code == 0, ran.output
    return ran.output, json.loads(path.read_text())


def test_table_says_who_may_ask_what_by_machine_by_a_person_or_never(
    told: tuple[str, dict[str, Any]],
) -> None:
    """In Dutch words, with what each other fact does; and as JSON."""
    text, held = told
    assert "Veilig Thuis vraagt Reclassering: nu onder toezicht?\n" in text
    assert "  directe veiligheid bij spoed: automatisch" in text
    assert "alleen bij acuut gevaar – vermoedelijke pleger (18 en ouder) (A02)" in text
    assert "politie vraagt Openbaar Ministerie: loopt er een strafzaak? – nooit (J07)" in text
    assert "soort casus: anoniem – weigert altijd (Deze casus is anoniem." in text
    assert held["cells"] == len(list(cells(load_release().catalogue)))
    assert sum(count for _, mode, count in held["by_rule"] if mode != "refused") == held["permits"]


def test_every_other_fact_is_a_gate_or_does_what_is_said_of_it(told: tuple[str, dict[str, Any]]) -> None:
    """A gate that is closed refuses every cell, adds one and the same reason, and changes nothing else."""
    _, held = told
    does = {(one["field"], one["value"]): one["does"] for one in held["gates"] if not one["gate"]}
    assert does == {key: expected for key, (expected, _) in NOT_PURE.items()}
    assert len(held["gates"]) > len(does)


def test_nothing_that_is_closed_or_left_out_permits_more(told: tuple[str, dict[str, Any]]) -> None:
    _, held = told
    assert {one["does"] for one in held["gates"]} == {"refuses", "refuses some", "narrows", "nothing"}


def test_what_adds_different_reasons_is_no_gate() -> None:
    """A gate adds one and the same; what refuses for this reason here and for that one there is named."""
    assert Change("case.kind", "anonymous", "refuses", (("case_anonymous",),), 1).gate
    assert not Change("case.kind", "anonymous", "refuses", (("case_anonymous",), ("no_rule",)), 2).gate


def test_a_rule_that_makes_a_gate_leak_is_found(release: Release) -> None:
    """A closed gate that takes another reason away would widen what is permitted."""
    leaking = Parts(with_rule(release, 'reasons contains "case_closed" if input.case.kind == "named"'))
    ((field, met),) = situations(leaking, {"case.kind"}).items()
    does = {one.value: one.does for one in changes_of(field, met, leaking)}
    assert does["anonymous"] == "widens"
