"""An export of a selection: what was asked for and nothing else, each line proven, always the same bytes."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.entry import Entry
from audit.export import ExportCanceled, export
from audit.kinds import Kind
from audit.report import CANNOT_TELL, DAMAGED, WHOLE
from audit.rows import HEADINGS
from audit.selection import ALL, Selection
from audit.sheet import MOST_ROWS, Ods, csv_line
from audit.verify import verify
from tests.audit.books import AT, Books, played
from tests.audit.test_verify import remade

CASES, HOLDERS, KINDS = ("c1", "c2"), ("rvdk", "om"), ("permit", "refusal", "reply")


def entry(n: int) -> Entry:
    facts: dict[str, Any] = {
        "case_ref": CASES[n % 2],
        "requester": "veilig_thuis",
        "holder": HOLDERS[n % 3 % 2],
        "question": f"q{n % 5}",
        "rule": f"A0{n % 4}",
        "revision": f"r{n % 2}",
        "n": n,
    }
    return Entry(Kind(KINDS[n % 3]), facts, subject_ref=f"s{n % 4}", sealed={"input": n})


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """300 entries over 30 days; one subject was erased in the middle."""
    folder = tmp_path_factory.mktemp("log")
    made = Books(f"sqlite:///{folder / 'trail.sqlite'}", f"sqlite:///{folder / 'keys.sqlite'}", folder)
    now = AT

    async def fill() -> None:
        nonlocal now
        async with made.migrated().opened(now=lambda: now) as trail:
            for first in range(0, 300, 10):
                now = AT + timedelta(days=first // 10)
                await trail.append([entry(n) for n in range(first, first + 10)])
                if first == 150:
                    await trail.erase("s1", "retention")

    played(fill())
    return made


def lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    with zipfile.ZipFile(path) as archive:
        told = [json.loads(line) for line in archive.read("entries.jsonl").splitlines()]
    return [(one["position"], one["leaf"]) for one in told]


def exported(books: Books, selection: Selection, **more: Any) -> Path:
    path = books.folder / "export.zip"
    export(books.url, path, [books.vkey], selection=selection, **more)
    return path


_days = st.none() | st.integers(-1, 31).map(lambda days: AT + timedelta(days=days))
_some = {
    "cases": st.lists(st.sampled_from([*CASES, "c9"]), max_size=2),
    "partners": st.lists(st.sampled_from([*HOLDERS, "veilig_thuis"]), max_size=2),
    "questions": st.lists(st.sampled_from(["q0", "q3", "q9"]), max_size=2),
    "kinds": st.lists(st.sampled_from([*KINDS, "erasure"]), max_size=2),
    "rules": st.lists(st.sampled_from(["A01", "A03"]), max_size=1),
    "releases": st.lists(st.sampled_from(["r0", "r1"]), max_size=1),
}
selections = st.builds(
    Selection, since=_days, until=_days, **{name: some.map(tuple) for name, some in _some.items()}
)


@given(selection=selections)
@settings(deadline=None)
def test_any_selection_holds_what_fits_and_verifies(books: Books, selection: Selection) -> None:
    path = exported(books, selection, purpose="kwartaalcontrole")
    report = verify(path, [books.vkey])
    assert (report.outcome, report.findings) == (WHOLE, [])
    assert report.selected == (not selection.whole)
    told = dict(lines(path))
    expected = {position for position, facts in lines(exported(books, ALL)) if selection.selects(facts)}
    came_along = {position for position in told if told[position]["kind"] == "erasure"}
    assert told.keys() - came_along == expected - came_along
    # an erasure comes along exactly where it took something of what is here
    for position in came_along - expected:
        assert set(told[position]["erased"]) & expected


def test_what_was_asked_and_why_stands_in_it(books: Books) -> None:
    selection = Selection(since=AT, cases=("c1",))
    with zipfile.ZipFile(exported(books, selection, purpose="vraag van de AP")) as archive:
        told = json.loads(archive.read("filter.json"))
    assert told == {"purpose": "vraag van de AP", "since": "2026-11-23T10:00:00.000Z", "cases": ["c1"]}


@pytest.mark.parametrize("selection", [ALL, Selection(rules=("A01",))])
def test_the_same_range_gives_the_same_bytes(books: Books, selection: Selection) -> None:
    assert exported(books, selection).read_bytes() == exported(books, selection).read_bytes()


def _line(
    members: dict[str, bytes], change: Callable[[list[bytes]], None], name: str = "entries.jsonl"
) -> None:
    found = members[name].splitlines(keepends=True)
    change(found)
    members[name] = b"".join(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update({"entries.jsonl": m["entries.jsonl"].replace(b'"n":5,', b'"n":6,', 1)}),
        lambda m: _line(m, lambda found: found.insert(3, found.pop(4))),
        lambda m: _line(m, lambda found: found.pop(4)),
        lambda m: _line(m, lambda found: found.insert(4, found[4])),
        lambda m: _line(m, lambda found: found.pop(4), "proofs"),
        lambda m: _line(m, lambda found: found.append(found[0]), "proofs"),
        lambda m: _line(m, lambda found: found.insert(3, found.pop(4)), "proofs"),
        lambda m: m.update({"proofs": m["proofs"].replace(b"A", b"B")}),
        lambda m: m.update({"proofs": b""}),
        lambda m: m.update({"parts.jsonl": b""}),
        lambda m: m.update({"checkpoint": m["checkpoint"].replace(b"\n30", b"\n29")}),
    ],
)
def test_a_selection_that_is_changed_is_never_whole(books: Books, change: Callable[[Any], None]) -> None:
    path = exported(books, Selection(questions=("q0",)))
    remade(path, change)
    report = verify(path, [books.vkey])
    assert report.outcome in (DAMAGED, CANNOT_TELL)
    assert report.findings


def test_a_member_that_is_not_the_one_of_the_sums_is_told(books: Books) -> None:
    """Also the tables, which prove nothing: somebody reads them."""
    path = exported(books, Selection(rules=("A01",)))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["entries.csv"] = members["entries.csv"].replace(b"permit", b"refusal", 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    report = verify(path, [books.vkey])
    assert report.outcome == DAMAGED
    assert report.findings == [
        "De tabel entries.csv zegt iets anders dan de regels.",
        "Het deel entries.csv is veranderd sinds de uitvoer is gemaakt.",
    ]


def _false_sheet(members: dict[str, bytes]) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(members["entries.ods"])) as sheet, zipfile.ZipFile(file, "w") as false:
        for name in sheet.namelist():
            false.writestr(name, sheet.read(name).replace(b"<text:p>permit<", b"<text:p>refusal<"))
    members["entries.ods"] = file.getvalue()


def _more_in_the_sheet(members: dict[str, bytes]) -> None:
    file = io.BytesIO(members["entries.ods"])
    with zipfile.ZipFile(file, "a") as sheet:
        sheet.writestr("Basic/macro.xml", b"<macro/>")
    members["entries.ods"] = file.getvalue()


@pytest.mark.parametrize(
    ("forge", "name"),
    [
        (
            lambda m: m.update({"entries.csv": m["entries.csv"].replace(b";permit;", b";refusal;", 1)}),
            "entries.csv",
        ),
        (lambda m: m.update({"entries.csv": b""}), "entries.csv"),
        (_false_sheet, "entries.ods"),
        (_more_in_the_sheet, "entries.ods"),
        (lambda m: m.update({"entries.ods": b"PK"}), "entries.ods"),
    ],
    ids=["a false line", "no lines", "a false sheet", "a macro", "no sheet"],
)
@pytest.mark.parametrize("selection", [ALL, Selection(rules=("A01",))], ids=["whole", "selection"])
def test_a_false_table_with_right_sums_is_caught(
    books: Books, selection: Selection, forge: Callable[[dict[str, bytes]], object], name: str
) -> None:
    """What people read is made again from the lines, and held against it."""
    path = exported(books, selection)
    assert verify(path, [books.vkey]).outcome == WHOLE
    remade(path, forge)
    report = verify(path, [books.vkey])
    assert report.outcome == DAMAGED
    assert [finding for finding in report.findings if name in finding]


def test_a_selection_is_not_compared_with_an_earlier_checkpoint(books: Books) -> None:
    """It cannot be, and it says so; the whole log can."""
    with zipfile.ZipFile(exported(books, ALL)) as archive:
        newest = archive.read("checkpoint").decode()
    path = exported(books, Selection(rules=("A01",)))
    assert verify(path, [books.vkey], [newest]).outcome == WHOLE
    older = books.folder / "older"

    async def grow() -> None:
        async with books.opened(now=lambda: AT + timedelta(days=40)) as trail:
            older.write_text(trail.checkpoint())
            await trail.append([Entry(Kind.VIEW, {})])

    played(grow())
    path = exported(books, Selection(rules=("A01",)))
    report = verify(path, [books.vkey], [older.read_text()])
    assert report.outcome == CANNOT_TELL
    assert report.findings == ["Een keuze is niet te vergelijken met eerdere zegels. Vraag het hele spoor."]


def test_the_tables_say_the_same_and_open(books: Books) -> None:
    with zipfile.ZipFile(exported(books, Selection(rules=("A01",)))) as archive:
        told = [json.loads(line) for line in archive.read("entries.jsonl").splitlines()]
        table = archive.read("entries.csv")
        sheet = zipfile.ZipFile(io.BytesIO(archive.read("entries.ods")))
    mark = b"\xef\xbb\xbf"  # without it a spreadsheet program takes the file for another encoding
    assert (table[:3], table.count(mark)) == (mark, 1)
    rows = list(csv.reader(io.StringIO(table[3:].decode(), newline=""), delimiter=";"))
    assert tuple(rows[0]) == HEADINGS
    assert [(row[0], row[2]) for row in rows[1:]] == [
        (str(one["position"]), one["leaf"]["kind"]) for one in told
    ]
    assert all(re.fullmatch(r"[0-9]{2}-[0-9]{2}-[0-9]{4} [0-9:]{8}", row[1]) for row in rows[1:])
    assert sheet.namelist()[0] == "mimetype"
    assert sheet.infolist()[0].compress_type == zipfile.ZIP_STORED
    assert sheet.testzip() is None
    root = ET.fromstring(sheet.read("content.xml"))
    ns = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    found = [
        ["".join(cell.itertext()) for cell in row.iter(f"{ns}table-cell")]
        for row in root.iter(f"{ns}table-row")
    ]
    assert found == rows
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    first = next(iter(list(root.iter(f"{ns}table-row"))[1:]))
    number, moment = list(first.iter(f"{ns}table-cell"))[:2]
    assert number.get(f"{office}value") == rows[1][0]
    told_at = datetime.fromisoformat(moment.get(f"{office}date-value") or "")
    assert f"{told_at:%d-%m-%Y %H:%M:%S}" == rows[1][1]


@given(st.text(min_size=1, max_size=20))
def test_no_cell_is_a_formula(value: str) -> None:
    [row] = csv.reader(io.StringIO(csv_line([value]).decode(), newline=""), delimiter=";")
    assert not row or not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    file = io.BytesIO()
    sheet = Ods(file, "<&>", ["kop"])
    with sheet:
        sheet.add([value])
    root = ET.fromstring(zipfile.ZipFile(file).read("content.xml"))
    text = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
    assert not "".join(list(root.iter(text))[-1].itertext()).startswith(("=", "+", "-", "@"))


def test_more_rows_than_a_sheet_takes_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.sheet.MOST_ROWS", 10)
    assert MOST_ROWS < 1_048_576
    file = io.BytesIO()
    with Ods(file, "regels", ["n"]) as sheet:
        for n in range(25):
            sheet.add([str(n)])
    root = ET.fromstring(zipfile.ZipFile(file).read("content.xml"))
    ns = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    sizes = [len(list(one.iter(f"{ns}table-row"))) for one in root.iter(f"{ns}table")]
    assert sizes == [10, 10, 8]  # each with its header


@pytest.mark.parametrize("step", range(4))
def test_an_export_that_is_interrupted_leaves_nothing_and_can_be_made_again(
    books: Books, step: int, tmp_path: Path
) -> None:
    """Canceled at the start and at the end, failing when it is recorded, and when it is put in its place."""
    path, calls = tmp_path / "export.zip", 0

    def progress(done: int, total: int) -> bool:
        nonlocal calls
        calls += 1
        return step != 0

    def before(_: object) -> None:
        if step == 1:
            raise RuntimeError("the trail cannot be written")
        if step == 2:
            path.mkdir()  # the file cannot take its place
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises((ExportCanceled, RuntimeError, OSError, KeyboardInterrupt)):
        export(books.url, path, [books.vkey], progress=progress, before=before)
    if step == 2:
        path.rmdir()
    assert list(tmp_path.iterdir()) == []
    export(books.url, path, [books.vkey])
    assert verify(path, [books.vkey]).outcome == WHOLE


def test_it_is_recorded_before_it_is_there(books: Books, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    seen = []
    made = export(books.url, path, [books.vkey], before=lambda one: seen.append((one, path.exists())))
    assert seen == [(made, False)]
    with zipfile.ZipFile(path) as archive:
        assert hashlib.sha256(archive.read("sums")).hexdigest() == made.digest


@given(selection=selections, days=st.integers(-2, 33))
@settings(deadline=None)
def test_since_is_in_and_until_is_not(selection: Selection, days: int) -> None:
    at = AT + timedelta(days=days)
    facts = {"at": at.isoformat(), "kind": "permit", "case_ref": "c1"}
    only = Selection(since=selection.since, until=selection.until)
    inside = (selection.since is None or selection.since <= at) and (
        selection.until is None or at < selection.until
    )
    assert only.selects(facts) == inside
    assert datetime.fromisoformat(facts["at"]) == at
