"""Every datum of a release is read by somebody: what nobody reads decides nothing, and goes."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from audit.obligations import NoticeClocks
from policies.catalogue import (
    About,
    Catalogue,
    Fact,
    LegalBasis,
    Narrowing,
    Parameters,
    PartnerKind,
    PermitObligation,
    Purpose,
    Question,
    ReasonText,
    Region,
    Rule,
)

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "audit", "contract", "gateway", "party", "policies")
CHECKED_ONLY = {("ReasonText", "comes_from")}
"""Read when a release is loaded: each condition is the source of a reason."""

_LOADING = {"reading.py", "references.py"}
"""What only reads to see whether it fits together, decides nothing."""

KINDS = (
    About, Catalogue, Fact, LegalBasis, Narrowing, Parameters, PartnerKind, PermitObligation, Purpose,
    Question, ReasonText, Region, Rule,
)  # fmt: skip


def _read() -> set[str]:
    """The attributes that code reads after a release was loaded, and the words of its rules."""
    rules = " ".join(path.read_text() for path in (ROOT / "policies" / "handout").rglob("*.rego"))
    return set(re.findall(r"\w+", rules)) | {
        name for path in _sources() for name in _names(ast.parse(path.read_text(encoding="utf-8")))
    }


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.parent != ROOT / "policies" / "catalogue" or path.name not in _LOADING:
                yield path


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr


@pytest.fixture(scope="module")
def read() -> set[str]:
    return _read()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_field_of_the_data_has_a_reader(kind: type, read: set[str]) -> None:
    own = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    known = {name for place, name in CHECKED_ONLY if place == kind.__name__}
    clocks = _clocks() if kind is Parameters else set()
    assert own - read - known - clocks == set()


def _clocks() -> set[str]:
    """Those that the broker writes into the entry of each permit, by name."""
    return {one.name for one in fields(NoticeClocks)}
