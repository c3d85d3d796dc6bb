"""Each code has one text for people: in the catalogue when it is the hand-out's, else in `contract.words`."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import contract.words
from adapters.node.asking.enrichments import OPEN
from adapters.node.informing.telling import Recipient
from audit.obligations import State
from contract.documents import Outcome
from contract.releases import ReleaseState
from contract.words import (
    AT_BROKER,
    DESK,
    JOINT_OBLIGATIONS,
    OBLIGATIONS,
    QUESTIONS,
    RELEASES,
    Wording,
)
from gateway.inquiries.inquiries import FINAL
from gateway.obligations.obligation_routes import JOINT
from policies import load_release
from policies.catalogue import Duty

ROOT = Path(__file__).parents[2]
_PACKAGES = ("adapters", "bench", "contract", "demo", "gateway", "grondslag", "party")


def _tables() -> dict[str, Mapping[str, Wording]]:
    """Every table of words, by its name."""
    return {
        name: table
        for name, table in vars(contract.words).items()
        if isinstance(table, Mapping) and all(isinstance(one, Wording) for one in table.values()) and table
    }


def _dicts() -> Iterator[tuple[str, dict[str, str]]]:
    """Every table of texts that stands in the program: where, and what it says."""
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Dict):
                    continue
                told = {
                    key.value: value.value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                    and isinstance(value, ast.Constant)
                    and isinstance(key.value, str)
                    and isinstance(value.value, str)
                }
                if told and len(told) == len(node.keys):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", told


def test_no_text_of_a_code_stands_elsewhere() -> None:
    """A table from codes to anything but codes, where its codes are those of one table of words, or of one
    section of the catalogue.
    """
    tables: dict[str, Mapping[str, object]] = {**_tables(), **_sections()}
    codes = {*get_args(Recipient), *get_args(Duty), *(code for table in tables.values() for code in table)}
    again = {
        place: sorted(told)
        for place, told in _dicts()
        if any(len(told.keys() & table.keys()) > 1 for table in tables.values())
        and not set(told.values()) <= codes
    }
    assert again == {}


def test_the_texts_of_a_table_differ() -> None:
    """Two codes that read alike tell a reader nothing; and no label is a sentence."""
    for name, table in _tables().items():
        texts = [one.text for one in table.values()]
        assert len(set(texts)) == len(texts), name
        assert all(one.text.endswith(".") and not one.label.endswith(".") for one in table.values()), name


def test_every_state_has_its_words() -> None:
    """What a state can be, and what is told of it."""
    assert set(OBLIGATIONS) == set(get_args(State))
    assert set(RELEASES) == set(get_args(ReleaseState))
    assert set(JOINT_OBLIGATIONS) == {JOINT.get(state, state) for state in OBLIGATIONS}
    replied = {
        Outcome(index=0, status=status, ground="holder_paused" if status == "refused" else None).state
        for status in get_args(Outcome.model_fields["status"].annotation)
    }
    assert {*AT_BROKER} == {*FINAL, *OPEN, *replied}
    assert {*AT_BROKER} < {*QUESTIONS}
    assert {code for code in AT_BROKER if QUESTIONS[code].ends} == FINAL
    assert DESK.keys() > {"waits", "opened"}


def _sections() -> dict[str, Mapping[str, object]]:
    return {
        name: section
        for name, section in vars(load_release().catalogue).items()
        if isinstance(section, Mapping) and name not in {"vocabulary", "secrecy", "rules", "by_mode"}
    }
