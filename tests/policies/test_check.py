"""What must hold of every release: each invariant fails when it is broken, and the certificate says so."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import policies
from policies import Decision, Release
from policies.check import Certificate, EngineCheck
from policies.commands import app
from policies.invariants import Invariant, of_cells
from policies.opa_program import OpaProgram
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
