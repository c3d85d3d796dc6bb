"""The table of kinds is whole, is what the code does, and stands nowhere else."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from audit.book import Book
from audit.comparison import item_at_broker, item_at_node
from audit.entry import Entry, leaf_of
from audit.kinds import DECISIONS, KINDS, OF_DUTIES, PASSING, Kind, readable, unknown
from audit.ldv import row
from audit.obligations import JOINT_STEPS, STEPS
from audit.report import WHOLE, Report
from audit.trail import Trail
from tests.audit.books import Books

ROOT = Path(__file__).parents[2]
_ROOMS = ("audit", "adapters", "gateway", "party", "bench")
_SAID = {
    "Kind(said.step)": JOINT_STEPS,
    "Kind(wish.step)": STEPS,
    "Kind(facts['kind'])": DECISIONS,
}
"""A kind that a document, a person or a proven entry of the broker names -> which those may be."""


def _trees(rooms: tuple[str, ...] = _ROOMS) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _entries(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Entry":
            yield node


def _members(node: ast.AST) -> set[Kind]:
    return {
        Kind[one.attr]
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "Kind"
    }


def _written(rooms: tuple[str, ...]) -> set[Kind]:
    """The kinds that the code in these rooms puts into entries."""
    found: set[Kind] = set()
    for _, tree in _trees(rooms):
        for call in _entries(tree):
            found |= _members(call.args[0])
            if not isinstance(call.args[0], ast.Attribute):
                found |= _SAID.get(ast.unparse(call.args[0]), frozenset())
                # a name that was given one of several members before
                names = {one.id for one in ast.walk(call.args[0]) if isinstance(one, ast.Name)}
                for node in ast.walk(tree):
                    if isinstance(node, ast.Assign) and {ast.unparse(one) for one in node.targets} & names:
                        found |= _members(node.value)
    return found


def test_the_table_is_total() -> None:
    assert set(KINDS) == set(Kind)
    assert all(one.writers and one.what.endswith(".") for one in KINDS.values())


def test_each_kind_is_written_by_who_the_table_says() -> None:
    shared = _written(("audit", "party"))
    broker, node = _written(("gateway",)) | shared, _written(("adapters",)) | shared
    assert broker | node == set(Kind)
    # what both may write is written by what they share, or by each
    assert {kind for kind, one in KINDS.items() if "broker" in one.writers} == broker
    assert {kind for kind, one in KINDS.items() if "node" in one.writers} == node


def test_no_kind_is_written_as_a_text() -> None:
    """In an entry, or beside what a leaf says its kind is."""
    found = []
    for path, tree in _trees():
        found += [(path, one.lineno) for one in _entries(tree) if isinstance(one.args[0], ast.Constant)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and "kind" in ast.unparse(node.left):
                found += [
                    (path, one.lineno)
                    for side in node.comparators
                    for one in ast.walk(side)
                    if isinstance(one, ast.Constant) and one.value in set(map(str, Kind))
                ]
    assert found == []


def test_each_role_reads_what_it_did() -> None:
    assert readable("security_officer") == {
        "started",
        "export",
        "timestamp",
        "misdeed",
        "comparison",
        "pruning",
        "erasure",
        "reading",
        "attempt",
        "release",
    }
    assert readable("chair") == {
        "case",
        "acceptance",
        "melding_overdue",
        "melding_arrived",
        "onward_share",
        "assignment",
        "closure",
        "permit",
        "refusal",
        "plan",
        "notice",
        "delivery",
        "failure",
        "deferral",
        "resumption",
        "coverage",
        "omission",
        "reopening",
        "reminder",
    }


def test_the_table_says_what_views_and_duties_do() -> None:
    assert {kind for kind, one in KINDS.items() if one.duty == "moves"} == STEPS
    assert STEPS | {"permit", "onward_share", "reminder"} == OF_DUTIES
    assert {"started", "export", "overview", "reading", "attempt", "comparison"} == PASSING
    assert {"permit", "refusal"} == DECISIONS
    assert {kind for kind, one in KINDS.items() if one.exhibit} == DECISIONS | {
        "inquiry",
        "reply",
        "undelivered",
        "rectification",
    }


@pytest.mark.parametrize("kind", Kind)
def test_a_row_of_the_log_standard_is_what_the_table_says(kind: Kind) -> None:
    facts = {"kind": str(kind), "id": "0" * 32, "at": "2026-11-23T10:00:00.000Z"}
    made = row(facts, party="p", register="r")
    about = row({**facts, "subject_ref": "s"}, party="p", register="r")
    assert (made is not None) == (KINDS[kind].row in {"whole", "error"})
    assert about is not None
    assert (about["status"] == "Error") == (KINDS[kind].row == "error")


def test_what_is_about_a_subject_is_a_row() -> None:
    """Whoever writes an entry with a subject finds it in the table as one."""
    about = set()
    for _, tree in _trees(("audit", "party", "gateway", "adapters")):
        for call in _entries(tree):
            if any(keyword.arg == "subject_ref" for keyword in call.keywords):
                about |= _members(call.args[0])
    assert about <= {kind for kind, one in KINDS.items() if one.row is not None}
    assert "hold" not in about


@pytest.mark.parametrize("kind", Kind)
def test_a_leaf_says_its_kind_as_before(kind: Kind) -> None:
    leaf = leaf_of(Entry(kind), entry_id="x", at="y", part=None)
    assert leaf == b'{"at":"y","id":"x","kind":"%b","v":1}' % kind.value.encode()
    assert orjson.dumps(kind) == json.dumps(kind).encode() == b'"%b"' % kind.value.encode()


def test_comparison_knows_its_kinds() -> None:
    said = {
        "requester": "om",
        "holder": "om",
        "by": "om",
        "id": "1",
        "inquiry": "2",
        "step": "3",
        "permit": 1,
    }
    there = {kind for kind in Kind if item_at_broker({**said, "kind": str(kind)}, "om") is not None}
    assert there == DECISIONS | JOINT_STEPS | {"reply"}
    del said["by"]
    here = {kind for kind in Kind if item_at_node({**said, "joint_id": "1", "kind": str(kind)}) is not None}
    assert here == DECISIONS | JOINT_STEPS | {"inquiry"}


def test_an_unknown_kind_is_said() -> None:
    assert unknown(["permit", "premit", "premit"]) == ["premit"]
    report = Report()
    report.count({"premit": 2, "permit": 1})
    assert report.outcome == WHOLE
    assert report.kinds == {"permit": 1, "premit": 2}
    assert report.findings == ["Deze versie kent niet elke soort regel die hier staat: premit (2)."]
    report = Report()  # a leaf may say anything
    report.count({f"{n:02}" * 90: 1 for n in range(12)})
    assert len(report.findings[0]) < 1_000
    assert report.findings[0].endswith(" en andere.")


def test_an_unknown_kind_in_a_trail_is_said_by_whoever_reads_it(sqlite_books: Books) -> None:
    """The book that follows the trail, once; and the check of an export, each time."""
    heard: list[int] = []

    async def go(trail: Trail) -> None:
        await trail.append([Entry("premit"), Entry(Kind.CASE), Entry("premit")])  # type: ignore[arg-type]
        book = Book(trail, joint=True, strange=heard.append)
        await book.catch_up()
        await book.catch_up()

    sqlite_books.run(go)
    assert heard == [2]
    report = sqlite_books.verified()
    assert (report.outcome, report.kinds) == (WHOLE, {"case": 1, "premit": 2})
    assert report.findings == ["Deze versie kent niet elke soort regel die hier staat: premit (2)."]
