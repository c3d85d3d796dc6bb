"""Two releases compared: each kind of change is named, and nothing else."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import policies
from policies import Release, load_release
from policies.cards import Card, Deck
from policies.commands import app
from policies.compare import KINDS, Comparison, compare
from policies.examination import kept_table
from policies.page import page
from policies.showing import showing
from policies.table import Cell, Table

HAND_OUT = Path(policies.__file__).parent / "handout"
CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "allowed": lambda rules: rules["A01"]["purposes"].append("interpret"),
    "refused": lambda rules: rules["A08"]["purposes"].remove("interpret"),
    "by_hand": lambda rules: rules["A06"].update(mode="human"),
    "fewer_answers": lambda rules: rules["A12"].update(answer_codes=["yes", "not_determinable"]),
    "more_duties": lambda rules: rules["A09"]["obligations"].append("oral_only"),
    "other_basis": lambda rules: rules["A15"]["legal_bases"].update(veilig_thuis=["wmo_5_1_6"]),
    "otherwise": lambda rules: rules["J05"].update(desk=True),
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A hand-out with one change of each kind, each in a row of its own."""
    folder = tmp_path_factory.mktemp("changed") / "handout"
    shutil.copytree(HAND_OUT, folder)
    path = folder / "matrix" / "data.json"
    matrix = json.loads(path.read_text())
    for change in CHANGES.values():
        change(matrix["rules"])
    path.write_text(json.dumps(matrix))
    return load_release(folder)


@pytest.fixture(scope="module")
def after(changed: Release, tables: Path) -> Table:
    return kept_table(changed, tables)


@pytest.fixture(scope="module")
def found(table: Table, after: Table) -> Comparison:
    return compare(table, after)


def test_each_kind_of_change_is_named_with_its_row(found: Comparison) -> None:
    rows = {(flip.kind, flip.rule) for flip in found.flips}
    assert {
        ("allowed", "A01"),
        ("refused", "A08"),
        ("by_hand", "A06"),
        ("fewer_answers", "A12"),
        ("more_duties", "A09"),
        ("other_basis", "A15"),
        ("otherwise", "J05"),
    } <= rows
    assert set(found.rows) == {"A01", "A06", "A08", "A09", "A12", "A15", "J05"}


def test_what_permits_more_comes_first(found: Comparison) -> None:
    places = [KINDS.index(flip.kind) for flip in found.flips]
    assert places == sorted(places)
    assert found.flips[0].kind == "allowed"
    assert found.wider


def test_the_other_way_round_each_change_is_its_opposite(
    table: Table, after: Table, found: Comparison
) -> None:
    back = compare(after, table)
    opposite = {
        "allowed": "refused",
        "refused": "allowed",
        "by_hand": "by_machine",
        "fewer_answers": "more_answers",
        "more_duties": "fewer_duties",
    }
    forth = {(opposite.get(flip.kind, flip.kind), flip.rule, flip.cells) for flip in found.flips}
    assert {(flip.kind, flip.rule, flip.cells) for flip in back.flips} == forth


def test_every_changed_cell_is_counted_and_its_partners_named(
    table: Table, after: Table, found: Comparison
) -> None:
    """Held against the two tables, cell by cell."""
    differing = [
        cell
        for cell, one in table.decisions.items()
        if replace(one, revision="") != replace(after.decisions[cell], revision="")
    ]
    assert found.changed == len(differing)
    touched = {str(cell[0]) for cell in differing}
    touched |= {str(cell[1]).partition(".")[0] for cell in differing}
    assert set(found.partners) == touched


def test_a_release_compared_with_itself_differs_in_nothing(table: Table) -> None:
    same = compare(table, table)
    assert (same.changed, same.flips, same.partners, same.wider) == (0, (), (), False)


def test_a_question_that_one_of_them_lacks_is_refused_there(table: Table) -> None:
    """Only what it would permit is a change."""
    kept = {cell: one for cell, one in table.decisions.items() if cell[1] != "om.antecedents"}
    found = compare(replace(table, decisions=kept), table)
    assert {(flip.kind, flip.rule) for flip in found.flips} == {("allowed", "A14")}
    assert isinstance(found.flips[0].example, Cell)


def test_the_command_says_it_in_dutch_and_writes_json_and_a_page(
    changed: Release, tables: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    for path, content in changed.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    told, printed = tmp_path / "told.json", tmp_path / "page.html"
    arguments = ["compare", str(HAND_OUT), str(folder / "handout"), "--tables", str(tables)]
    result = CliRunner().invoke(app, [*arguments, "--json", str(told), "--html", str(printed)])
    assert result.exit_code == 0
    assert (
        "Veilig Thuis mag Reclassering voortaan ook vragen: nu bekend bij Reclassering? (A01)"
        in result.output
    )
    assert result.output.startswith("RUIMER: er komt iets bij dat mag")
    assert json.loads(told.read_text())["partners"]
    assert printed.read_text().startswith('<!doctype html><html lang="nl">')
    assert "<script" not in printed.read_text()


def test_what_stands_on_the_page_is_text_never_markup(found: Comparison, changed: Release) -> None:
    """A name from a proposed hand-out is somebody else's text."""
    strange = replace(found.flips[0], question="<script>alert(1)</script>", rule="<b>")
    card = Card("row", "<i>", ("rvdk",), (), (strange,))
    shown = page(
        showing(
            load_release(), changed, Deck((card,), ()), replace(found, flips=(strange,)), ((), ()), absent=()
        )
    )
    assert not {"<script>", "<b>", "<i>"} & set(re.findall("<[a-z]+>", shown))
    assert "&lt;script&gt;" in shown
