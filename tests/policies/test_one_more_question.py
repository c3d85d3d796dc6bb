"""CONTRIBUTING's recipe for a new question, played on a copy, and what is said of a forgotten step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies import ReleaseError, load_release
from policies.parts import Parts
from policies.table import cells, table_of
from policies.words import Words
from tests.guardian import hand_out

CODE, ROW = "rvdk.contact_arranged", "A98"
QUESTION: dict[str, Any] = {
    "holder": "rvdk",
    "nl": "omgang geregeld?",
    "en": "contact arranged?",
    "answer_codes": ["yes", "no", "not_determinable"],
    "flags": [],
    "desk": None,
    "under_12": True,
}


def add(catalogue: Any, matrix: Any) -> None:
    """Steps 1 and 2: the two files that the recipe names, and no other."""
    catalogue["vocabulary"]["question"].append(CODE)
    catalogue["questions"][CODE] = {**QUESTION, "answer_codes": list(QUESTION["answer_codes"])}
    matrix["rules"][ROW] = {**matrix["rules"]["A08"], "id": ROW}
    matrix["cells"]["veilig_thuis"][CODE] = [ROW]


def test_a_question_is_two_files_and_nothing_else_decides_otherwise(tmp_path: Path) -> None:
    """Its own cells come to the space, permitted by its own row; every other cell stays as it was."""
    old, new = load_release(), load_release(hand_out(tmp_path, add))
    before, after = (table_of(Parts(one)).decisions for one in (old, new))
    own = [cell for cell in after if cell.at["question"] == CODE]
    assert len(after) == len(list(cells(new.catalogue))) == len(before) + len(own)
    assert {after[cell].rule for cell in own if after[cell].permitted} == {ROW}
    assert all(
        (after[cell].permitted, after[cell].rule) == (one.permitted, one.rule) for cell, one in before.items()
    )
    assert QUESTION["nl"] in Words(new.catalogue, dutch=True).question(CODE)


FORGOTTEN: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "its code in the vocabulary": (
        lambda catalogue, _: catalogue["vocabulary"]["question"].remove(CODE),
        "vocabulary.question differs from the catalogue.",
    ),
    "the question itself": (
        lambda catalogue, _: catalogue["questions"].pop(CODE),
        "vocabulary.question differs from the catalogue.",
    ),
    "its text": (
        lambda catalogue, _: catalogue["questions"][CODE].pop("nl"),
        f"catalogue.questions.{CODE} lacks nl.",
    ),
    "whether it is about a child": (
        lambda catalogue, _: catalogue["questions"][CODE].pop("under_12"),
        f"catalogue.questions.{CODE} lacks under_12.",
    ),
    "the name of an answer": (
        lambda catalogue, _: catalogue["questions"][CODE]["answer_codes"].append("perhaps"),
        f"catalogue.questions.{CODE} has unknown codes: perhaps.",
    ),
    "its cell": (
        lambda _, matrix: matrix["cells"]["veilig_thuis"].pop(CODE) and matrix["rules"].pop(ROW),
        (
            f"catalogue.questions.{CODE} stands in no cell: "
            "add it to matrix.cells of who may ask it, with a row that speaks of it."
        ),
    ),
    "its row": (
        lambda _, matrix: matrix["rules"].pop(ROW),
        f"matrix.cells names rows that do not exist: {ROW}.",
    ),
    "the cell of its row": (
        lambda _, matrix: matrix["cells"]["veilig_thuis"].update({CODE: ["A08"]}),
        f"matrix.rules.{ROW} stands in no cell.",
    ),
    "a basis of its row": (
        lambda _, matrix: matrix["rules"][ROW].update(legal_bases={}),
        f"matrix.rules.{ROW} has not a basis for each of its requesters.",
    ),
    "that its answers are its own": (
        lambda _, matrix: matrix["rules"][ROW].update(answer_codes=["yes", "in_meeting"]),
        f"matrix.rules.{ROW} has unknown codes: in_meeting.",
    ),
    "who asks": (
        lambda _, matrix: matrix["asking_roles"].update(veilig_thuis=[]),
        "matrix.asking_roles.veilig_thuis names no role, but its rows ask.",
    ),
}


@pytest.mark.parametrize("what", FORGOTTEN)
def test_what_was_forgotten_is_said_where_it_is_missing(tmp_path: Path, what: str) -> None:
    """By whoever loads the release, before anything decides by it."""
    forget, sentence = FORGOTTEN[what]

    def change(catalogue: Any, matrix: Any) -> None:
        add(catalogue, matrix)
        forget(catalogue, matrix)

    with pytest.raises(ReleaseError) as raised:
        load_release(hand_out(tmp_path, change))
    assert str(raised.value) == sentence
