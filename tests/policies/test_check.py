"""What must hold of every release: each invariant fails when it is broken, and the certificate says so."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import policies
from policies import Decision, Parameters, Release
from policies.caps import CAPS, Cap, beyond
from policies.check import Certificate, EngineCheck
from policies.commands import app
from policies.gates import Change, changes
from policies.invariants import GATES, Invariant, invariants, of_cells, of_gates
from policies.opa_program import OpaProgram
from policies.parts import Parts
from policies.release import release_of
from policies.table import Cell, Table, cells
from tests.opa import opa_program

HAND_OUT = Path(policies.__file__).parent / "handout"


@pytest.fixture(scope="module")
def permit(table: Table) -> Decision:
    return next(one for one in table.decisions.values() if one.permitted and one.mode == "human")


def _held(release: Release, table: Table) -> dict[str, bool]:
    return {one.name: one.holds for one in of_cells(release.catalogue, table)}


def _with(table: Table, where: dict[str, str | bool], decide: Callable[[Decision], Decision]) -> Table:
    """The table with another decision in the first cell of this kind."""

    def fits(cell: Cell) -> bool:
        at = {**cell.at, "holder": cell.holder}
        return all(at[name] == value for name, value in where.items())

    cell = next(cell for cell in table.decisions if fits(cell))
    return replace(table, decisions={**table.decisions, cell: decide(table.decisions[cell])})


BROKEN: dict[str, dict[str, str | bool]] = {
    "never_third_persons": {"subject.role": "third_person"},
    "never_unknown_age": {"subject.age_band": "unknown"},
    "victims": {"holder": "om", "subject.role": "victim", "subject.dual_role": False},
    "minors_at_reclassering": {"holder": "reclassering", "subject.age_band": "from_16_to_17"},
    "under_12": {"holder": "om", "subject.age_band": "under_12"},
    "closed_case": {"case.stage": "closed"},
    "danger_only_in_danger": {"purpose": "immediate_safety", "case.urgency": "normal"},
    "less_urgency": {"case.urgency": "normal", "case.stage": "closed"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_permit_where_none_may_be_breaks_its_invariant(
    release: Release, table: Table, permit: Decision, name: str
) -> None:
    assert not _held(release, _with(table, BROKEN[name], lambda _: permit))[name]


def test_a_refusal_without_a_reason_and_a_permit_beyond_its_row_are_found(
    release: Release, table: Table, permit: Decision
) -> None:
    assert not _held(release, _with(table, {}, lambda one: replace(one, reasons=())))["refusal_says_why"]
    assert not _held(release, _with(table, {}, lambda _: replace(permit, legal_bases=())))[
        "permit_within_row"
    ]


def test_an_automatic_answer_of_the_police_or_under_zvh_is_found(
    release: Release, table: Table, permit: Decision
) -> None:
    automatic = replace(permit, mode="automatic")
    for name, where in (
        ("police_and_prosecution_by_hand", {"holder": "politie"}),
        ("zvh_by_hand", {"case.regime": "zvh"}),
    ):
        assert not _held(release, _with(table, where, lambda _: automatic))[name]


WITHOUT: dict[str, tuple[dict[str, str | bool], Callable[[Decision], Decision]]] = {
    "by_a_person_only": (
        {"holder": "rvdk"},
        lambda one: replace(one, mode="automatic", obligations=(*one.obligations, "prosecutor_agrees")),
    ),
    "released_by_an_official": ({"holder": "rvdk"}, lambda one: _unobliged(one, "release_by_official")),
    "told_and_recorded": ({"holder": "rvdk"}, lambda one: replace(one, transparency=("holder_records",))),
    "no_answer_at_the_broker": ({"holder": "rvdk"}, lambda one: replace(one, retention=("audit_record",))),
}


def _unobliged(one: Decision, duty: str) -> Decision:
    return replace(one, obligations=tuple(code for code in one.obligations if code != duty))


@pytest.mark.parametrize("name", WITHOUT)
def test_a_permit_without_what_the_law_asks_breaks_its_invariant(
    release: Release, table: Table, permit: Decision, name: str
) -> None:
    where, change = WITHOUT[name]
    assert not _held(release, _with(table, where, lambda _: change(permit)))[name]


@pytest.mark.parametrize(
    ("duty", "where"),
    [
        ("inform_subject", {"holder": "rvdk"}),
        ("exclude_shielded", {"holder": "rvdk"}),
        ("match_statutory_set", {"holder": "rvdk"}),
        ("remind_of_secrecy", {"holder": "rvdk"}),
        ("no_onward_use", {"holder": "rvdk"}),
        ("not_determinable_if_deceased", {"holder": "rvdk"}),
        ("review_urgent_use", {"holder": "rvdk", "case.urgency": "acute_danger"}),
        ("prosecutor_agrees", {"holder": "om"}),
    ],
)
def test_a_permit_without_a_duty_that_always_holds_is_found(
    release: Release, table: Table, permit: Decision, duty: str, where: dict[str, str | bool]
) -> None:
    """Whatever `every_permit`, `by_urgency` and the rows of the release say."""
    full = replace(permit, obligations=(*permit.obligations, "review_urgent_use", "prosecutor_agrees"))
    for one, holds in ((full, True), (_unobliged(full, duty), False)):
        changed = _with(table, where, lambda _, one=one: one)  # type: ignore[misc]
        assert _held(release, changed)["duties_of_each_permit"] is holds


FLAGS: dict[str, tuple[str, str, str, dict[str, str | bool]]] = {
    "the police by machine": (
        "politie", "answers_by_machine", "police_and_prosecution_by_hand", {"holder": "politie"}),
    "the prosecution by machine": (
        "om", "answers_by_machine", "police_and_prosecution_by_hand", {"holder": "om"}),
    "probation about victims": (
        "reclassering", "about_victims", "victims",
        {"holder": "reclassering", "subject.role": "victim", "subject.dual_role": False}),
    "the prosecution about victims": (
        "om", "about_victims", "victims",
        {"holder": "om", "subject.role": "victim", "subject.dual_role": False}),
    "probation about minors": (
        "reclassering", "about_minors", "minors_at_reclassering",
        {"holder": "reclassering", "subject.age_band": "from_16_to_17"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_of_the_release_cannot_allow_what_the_law_does_not(
    release: Release, table: Table, permit: Decision, name: str
) -> None:
    """An invariant that is told by the release what to look for would be loosened by it."""
    partner, flag, invariant, where = FLAGS[name]
    looser = _edited(release, "catalogue", lambda data: data["partners"][partner].update({flag: True}))
    changed = _with(table, where, lambda _: replace(permit, mode="automatic"))
    assert not _held(looser, changed)[invariant]


@pytest.mark.parametrize("question", ["om.ongoing_prosecution", "politie.staff_safety_alert"])
def test_no_flag_of_a_question_opens_it_about_a_child_under_12(
    release: Release, table: Table, permit: Decision, question: str
) -> None:
    looser = _edited(release, "catalogue", lambda data: data["questions"][question].update(under_12=True))
    where: dict[str, str | bool] = {"question": question, "subject.age_band": "under_12"}
    assert not _held(looser, _with(table, where, lambda _: permit))["under_12"]


def test_no_purpose_but_its_own_makes_immediate_safety_normal(
    release: Release, table: Table, permit: Decision
) -> None:
    def calm(data: Any) -> None:
        data["purposes"]["immediate_safety"]["acute_danger"] = False

    where: dict[str, str | bool] = {"purpose": "immediate_safety", "case.urgency": "normal"}
    changed = _with(table, where, lambda _: permit)
    assert not _held(_edited(release, "catalogue", calm), changed)["danger_only_in_danger"]


@pytest.mark.parametrize("cap", CAPS, ids=[cap.parameter for cap in CAPS])
def test_a_limit_beyond_the_law_is_unfit(release: Release, cap: Cap) -> None:
    """Each parameter: at the most it may be nothing is wrong, one more is named."""
    for value, fits in ((cap.most, True), (cap.most + 1, False)):
        changed = _edited(
            release, "parameters", lambda data, value=value: data.update({cap.parameter: value})
        )  # type: ignore[misc]
        named = any(one.startswith(f"{cap.parameter} = ") for one in beyond(changed.catalogue))
        assert named is not fits


def test_every_limit_has_a_most(release: Release) -> None:
    assert {cap.parameter for cap in CAPS} | {"notice_reminder_days"} == set(Parameters.__dataclass_fields__)
    assert not list(beyond(release.catalogue))


@pytest.mark.parametrize("days", [[], [14, 40], [21, 14], [0, 14], [14, 28]])
def test_reminders_come_before_the_last_day_and_in_order(release: Release, days: list[int]) -> None:
    changed = _edited(release, "parameters", lambda data: data.update(notice_reminder_days=days))
    assert list(beyond(changed.catalogue))


def _edited(release: Release, part: str, change: Callable[[Any], object]) -> Release:
    path = f"handout/{part}/data.json"
    data = json.loads(release.files[path])
    change(data)
    return release_of({**release.files, path: json.dumps(data).encode()})


def _two(fact: str, good: str, bad: str) -> str:
    return f'if {{\n\tnot input.{fact} == "{good}"\n\tnot input.{fact} == "{bad}"\n}}'


def test_a_gate_that_refuses_not_everything_or_for_another_reason_is_found() -> None:
    sound = [
        *(Change(field, value, "refuses", ((reason,),), 1) for field, value, reason in GATES),
        Change("case.kind", None, "refuses", (("case_anonymous",),), 1),
    ]
    assert of_gates(sound).holds
    for at, gate in enumerate(sound):
        for wrong in (
            [replace(gate, does="refuses some")],
            [replace(gate, does="nothing", adds=())],
            [replace(gate, adds=(("no_rule",),))]
            if gate.value is not None
            else [replace(gate, does="widens")],
            [] if gate.value is not None else [replace(gate, does="narrows")],
        ):
            others = [*sound[:at], *wrong, *sound[at + 1 :]]
            fits = gate.value is None and wrong[0].does.startswith("refuses")
            assert of_gates(others).holds is fits


@pytest.mark.long
def test_rules_in_which_a_gate_stands_open_are_unfit(release: Release, table: Table) -> None:
    """A missing melding, missing criteria and an anonymous case are let through: with every gate open
    nothing differs, so the table is as it was.
    """
    path = "handout/case/case.rego"
    source = release.files[path].decode()
    for strict, lax in (
        ('if not input.case.kind == "named"', _two("case.kind", "named", "anonymous")),
        ('if {\n\tnot input.case.melding == "registered"', _two("case.melding", "registered", "none")[:-2]),
        ('if {\n\tnot input.case.criteria == "both"', _two("case.criteria", "both", "relevance_only")[:-2]),
    ):
        assert strict in source
        source = source.replace(strict, lax, 1 if "kind" in strict else -1)
    parts = Parts(release_of({**release.files, path: source.encode()}))
    found = {one.name: one for one in invariants(parts, table, changes(parts))}
    assert not found["gates_refuse_everything"].holds
    assert all(one.holds for one in of_cells(parts.release.catalogue, table))


@pytest.mark.long
def test_the_certificate_names_every_engine_and_what_no_cell_reaches(
    release: Release, tmp_path: Path
) -> None:
    """By the command, with the real opa: some minutes."""
    path = tmp_path / "certificate.json"
    ran = CliRunner().invoke(app, ["check", "--opa", opa_program(), "--json", str(path)])
    assert ran.exit_code == 0, ran.output
    told = json.loads(path.read_text())
    count = len(list(cells(release.catalogue)))
    assert (told["revision"], told["cells"], told["rego"]) == (release.revision, count, [])
    assert [(one["cells"], one["differences"]) for one in told["engines"]] == [(count, 0)] * 2
    rows, lines = told["unreached"][:2], told["unreached"][2:]
    assert rows == ["B05", "B06"]
    assert {line.rpartition(":")[0] for line in lines} <= {
        "handout/decision.rego",  # several questions in one call
        "handout/regions/regions.rego",  # no region agreed anything yet
        "handout/repetition/repetition.rego",
    }
    assert all(one["holds"] and one["cells"] for one in told["invariants"])
    assert "zonder cel: B05, B06" in ran.output
    assert told["certificate"] in ran.output


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"engines": (EngineCheck("other", 1, 1),)}, False),
        ({"invariants": (Invariant("x", "x", 1, "a cell"),)}, False),
        ({"rego": ("wrong",)}, False),
        ({"rego": None}, True),
    ],
    ids=["nothing wrong", "an engine differs", "an invariant is broken", "opa finds something", "no opa"],
)
def test_a_certificate_is_good_only_when_all_of_it_is(change: dict[str, Any], good: bool) -> None:
    sound = Certificate("r", "d", 1, (), (), (), (EngineCheck("one", 1, 0),), (), None, 1.0)
    changed = replace(sound, **change)
    assert changed.good is good
    assert (changed.fingerprint() == sound.fingerprint()) is (change == {})
    assert replace(sound, seconds=2.0).fingerprint() == sound.fingerprint()


def test_an_opa_that_is_not_there_is_a_sentence() -> None:
    ran = CliRunner().invoke(app, ["check", "--opa", "no-such-program"])
    assert (ran.exit_code, ran.output.count("\n")) == (2, 1)


def test_what_opa_finds_wrong_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "handout"
    folder.mkdir()
    (folder / "now.rego").write_text("package handout\n\nat := time.now_ns()\n")
    program = OpaProgram(opa_program())
    assert "time.now_ns" in program.check(folder)
    assert program.test(folder)
