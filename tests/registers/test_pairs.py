"""Measuring the matching: the invented pairs, the file, the command."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.registers.commands import app as match
from adapters.registers.pairs import Pair, PairsError, evaluate, invented_pairs, read_pairs, write_pairs
from adapters.registers.thresholds import ThresholdsError, read_thresholds

THRESHOLDS_FILE = Path(__file__).parents[2] / "adapters/registers/thresholds.json"
TODAY = date(2026, 1, 1)
_BITS = json.loads(THRESHOLDS_FILE.read_text(encoding="utf-8"))["bits"]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(invented_pairs(1, 12_000, TODAY))


def test_no_two_persons_are_taken_for_one(pairs: list[Pair]) -> None:
    """Zero false yeses over more than 10,000 pairs, and one person written in two ways is mostly found."""
    found = evaluate(pairs, read_thresholds())
    assert sum(one.pairs for one in found.kinds) == 12_000
    assert (found.false_yes, found.thresholds) == (0, read_thresholds())
    recall = {one.kind: one.certain / one.pairs for one in found.kinds if one.same}
    for kind in [
        "identical",
        "without_marks",
        "upper_case",
        "ij_or_y",
        "double_letter",
        "prefix_left_out",
        "prefix_in_surname",
    ]:
        assert recall[kind] > 0.95, kind
    for kind in ["partner_surname_only", "double_surname", "birth_surname_only"]:
        assert recall[kind] > 0.9, kind
    assert recall["typing_error_surname"] > 0.8
    assert recall["fewer_given_names"] == 0  # a twin may have that name too


def test_who_is_not_found_certainly_goes_to_a_person(pairs: list[Pair]) -> None:
    """Hardly anybody who is there is answered with a no: with one difference, with two, and with three."""
    same = [one for one in evaluate(pairs, read_thresholds()).kinds if one.same]
    most = {0: 0.01, 1: 0.03, 2: 0.15}
    for one in same:
        differences = one.kind.count(" + ") + ("two others" in one.kind)
        assert one.absent <= most[differences] * one.pairs, one


def test_pairs_hold_every_kind_of_kinship(pairs: list[Pair]) -> None:
    """Twins, siblings at one address, father and son of one name, couples and namesakes are among them."""
    kinds = {pair.kind for pair in pairs if not pair.same}
    assert kinds >= {
        "twins",
        "siblings",
        "father_and_son_of_one_name",
        "couple",
        "namesake",
        "parent_and_child",
    }


def test_thresholds_that_say_yes_to_two_persons_are_tightened_and_reported() -> None:
    """The figures are those at which no false yes is left."""
    one = next(pair for pair in invented_pairs(1, 500, TODAY) if pair.kind == "identical" and pair.same)
    other = replace(one.held, surname=f"{one.held.surname}ser", partner_surname="")
    loose = replace(read_thresholds(), surname_same=0.86, surname_near=0.85)
    found = evaluate([Pair("other", False, replace(one.held, partner_surname=""), other)], loose)
    assert found.false_yes == 0
    assert found.thresholds.surname_same > loose.surname_same


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    """Pairs are deterministic, and a file of them reads back whole."""
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert write_pairs(first, invented_pairs(5, 300, TODAY)) == 300
    write_pairs(second, invented_pairs(5, 300, TODAY))
    assert first.read_bytes() == second.read_bytes()
    assert read_pairs(first) == list(invented_pairs(5, 300, TODAY))
    assert list(invented_pairs(6, 300, TODAY)) != list(invented_pairs(5, 300, TODAY))


def test_the_command_makes_and_measures(tmp_path: Path) -> None:
    """`match generate`, then `match evaluate --json`."""
    file = str(tmp_path / "pairs.csv")
    assert CliRunner().invoke(match, ["generate", file, "--size", "400", "--seed", "2"]).exit_code == 0
    result = CliRunner().invoke(match, ["evaluate", file, "--json"])
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["false_yes"], sum(one["pairs"] for one in document["kinds"])) == (0, 400)
    assert "recall" in CliRunner().invoke(match, ["evaluate", file]).stdout


def test_a_bad_line_is_named_without_what_stands_there(tmp_path: Path) -> None:
    """The error says which line, and no value."""
    file = tmp_path / "pairs.csv"
    write_pairs(file, invented_pairs(1, 3, TODAY))
    lines = file.read_text().splitlines()
    lines[2] = lines[2].replace("19", "Geheim19")
    file.write_text("\n".join(lines))
    result = CliRunner().invoke(match, ["evaluate", str(file)])
    assert result.exit_code == 2
    assert "Line 3" in result.output
    assert "Geheim" not in result.output


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    """It says which columns are needed."""
    file = tmp_path / "pairs.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(PairsError, match="asked_surname"):
        read_pairs(file)


@pytest.mark.parametrize(
    "change",
    [
        {"surname_same": 0.3},
        {"surname_near": 0.99},
        {"persons": 0},
        {"persons": True},
        {"absent_below": 2.0},
        {"absent_below": "-5"},
        {"bits": {}},
        {"bits": 7},
        {"bits": {**_BITS, "address": {**_BITS["address"], "different": -9.0}}},
        {"bits": {**_BITS, "surname": {**_BITS["surname"], "different": 3.0}}},
        {"bits": {**_BITS, "surname": {**_BITS["surname"], "alike": float("nan")}}},
        {"common_surnames": {"jansen": 0}},
        {"common_surnames": ["jansen"]},
        {"decided_by": " "},
        {"decided_by": None},
        {"valid_from": "2026"},
        {"more": 1},
    ],
)
def test_unsafe_thresholds_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """A value outside what is safe, or one that is not known."""
    own = json.loads(THRESHOLDS_FILE.read_text(encoding="utf-8"))
    file = tmp_path / "thresholds.json"
    file.write_text(json.dumps({**own, **change}))
    with pytest.raises(ThresholdsError):
        read_thresholds(file)


def test_thresholds_hold_from_their_day(tmp_path: Path) -> None:
    """Not before; and what they are has one digest."""
    own = json.loads(THRESHOLDS_FILE.read_text(encoding="utf-8"))
    file = tmp_path / "thresholds.json"
    file.write_text(json.dumps({**own, "valid_from": "2026-06-01"}))
    with pytest.raises(ThresholdsError, match="from 2026-06-01"):
        read_thresholds(file, today=date(2026, 5, 31))
    later = read_thresholds(file, today=date(2026, 6, 1))
    assert later.digest != read_thresholds().digest == read_thresholds().digest


def test_a_file_as_a_dutch_excel_writes_it(tmp_path: Path) -> None:
    """Semicolons, its own alphabet, and the day first; with and without a mark in front."""
    [pair] = [one for one in invented_pairs(3, 400, TODAY) if "é" in one.held.surname + one.held.given_names][
        :1
    ]
    plain, excel = tmp_path / "plain.csv", tmp_path / "excel.csv"
    write_pairs(plain, [pair])
    heading, row = plain.read_text(encoding="utf-8").splitlines()
    for side in (pair.asked, pair.held):
        year, month, day = side.birth_date.split("-")
        row = row.replace(side.birth_date, f"{day}-{month}-{year}")
    lines = f"{heading}\n{row}\n".replace(",", ";")
    for content in (lines.encode("cp1252"), lines.encode("utf-8-sig")):
        excel.write_bytes(content)
        assert read_pairs(excel) == [pair]
