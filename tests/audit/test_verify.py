"""Invariant 8: what an insider does to the books is noticed by whoever verifies them offline."""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from audit.database import engine
from audit.entry import Entry
from audit.errors import TrailError
from audit.export import export, newest_checkpoint
from audit.kinds import Kind
from audit.merkle import Tree, leaf_hash
from audit.report import CANNOT_TELL, DAMAGED, WHOLE, Report
from audit.tables import stored_entries
from audit.verify import verify
from tests.audit.books import ORIGIN, Books, played

SIZE = 600


def filled(books: Books, size: int = SIZE) -> str:
    """A log of so many entries, every third with a sealed part about one of five subjects; its checkpoint."""

    def entry(n: int) -> Entry:
        if n % 3:
            return Entry(Kind.CASE, {"n": n, "text": "é"})
        return Entry(Kind.ANSWER, {"n": n}, subject_ref=f"subject-{n % 5}", sealed={"answer": "yes"})

    async def run() -> str:
        async with books.opened() as trail:
            for first in range(0, size, 100):
                await trail.append([entry(n) for n in range(first, min(first + 100, size))])
            return trail.checkpoint()

    return played(run())


def edited(books: Books, *statements: str) -> None:
    made = engine(books.url, writes=True)
    with made.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    made.dispose()


def resigned(books: Books) -> None:
    """What an insider does who holds the log's key: hash and sign everything again."""
    made = engine(books.url, writes=True)
    with made.begin() as connection:
        rows = list(stored_entries(connection, 10**6))
        for one in rows:
            fixed = {"h": leaf_hash(one.leaf), "p": one.position}
            connection.execute(text("UPDATE trail_entries SET hash = :h WHERE position = :p"), fixed)
        tree, _ = Tree().extended([leaf_hash(one.leaf) for one in rows])
        signed = sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root()), books.key)
        connection.execute(
            text("UPDATE trail_head SET size = :s, checkpoint = :c"), {"s": tree.size, "c": signed}
        )
    made.dispose()


def test_an_untouched_log_is_whole(books: Books) -> None:
    filled(books)
    report = books.verified()
    kinds = {"answer": 200, "case": 400}
    assert report == Report(WHOLE, ORIGIN, SIZE, parts=200, trusted=True, kinds=kinds)


def test_an_empty_log_is_whole(books: Books) -> None:
    filled(books, 0)
    assert books.verified() == Report(WHOLE, ORIGIN, trusted=True)


def test_words_in_facts_are_not_taken_for_what_an_entry_says(books: Books) -> None:
    tricky = {
        "text": '"part":"' + "0" * 64 + '","kind":"erasure"',
        "fact": {"kind": "erasure", "erased": [0]},
    }

    async def run() -> None:
        async with books.opened() as trail:
            await trail.append([Entry(Kind.ANSWER, tricky, subject_ref="s", sealed={"answer": "yes"})])
            await trail.append([Entry(Kind.CASE, tricky)])

    played(run())
    report = books.verified()
    assert report == Report(WHOLE, ORIGIN, 2, parts=1, trusted=True, kinds={"answer": 1, "case": 1})


def test_the_same_log_gives_the_same_bytes(sqlite_books: Books) -> None:
    filled(sqlite_books, 50)
    paths = [sqlite_books.folder / name for name in ("one.zip", "two.zip")]
    for path in paths:
        assert export(sqlite_books.url, path, [sqlite_books.vkey]).lines == 50
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(one.name for one in sqlite_books.folder.glob("*.zip*")) == ["one.zip", "two.zip"]


LEAF_43 = "(SELECT leaf FROM trail_entries WHERE position = 43)"
HASH_43 = "(SELECT hash FROM trail_entries WHERE position = 43)"
SEALED_3 = "(SELECT sealed FROM trail_parts WHERE position = 3)"

INSIDER = {
    "edits a line": (
        [f"UPDATE trail_entries SET leaf = {LEAF_43} WHERE position = 42"],
        ["Regel 42 is veranderd."],
    ),
    "edits a line and its hash": (
        [
            f"UPDATE trail_entries SET leaf = {LEAF_43}, hash = {HASH_43} WHERE position = 42",
        ],
        ["De lijst van hashes is niet die van het zegel, of een regel is vervangen.", "De regels samen"],
    ),
    "deletes a line": (
        ["DELETE FROM trail_parts WHERE position = 42", "DELETE FROM trail_entries WHERE position = 42"],
        ["Regel 42 ontbreekt."],
    ),
    "deletes a line and moves up the rest": (
        [
            "DELETE FROM trail_parts",
            "DELETE FROM trail_entries WHERE position = 42",
            "UPDATE trail_entries SET position = position + 1000000 WHERE position > 42",
            "UPDATE trail_entries SET position = position - 1000001 WHERE position > 42",
        ],
        ["Regel 599 ontbreekt."],
    ),
    "swaps two lines": (
        [
            "UPDATE trail_entries SET position = -1 WHERE position = 41",
            "UPDATE trail_entries SET position = 41 WHERE position = 43",
            "UPDATE trail_entries SET position = 43 WHERE position = -1",
        ],
        ["De lijst van hashes is niet die van het zegel"],
    ),
    "cuts off the end": (
        ["DELETE FROM trail_parts WHERE position >= 500", "DELETE FROM trail_entries WHERE position >= 500"],
        ["Regels 500 tot en met 599 ontbreken."],
    ),
    "cuts off the end and says so in the head": (
        [
            "DELETE FROM trail_parts WHERE position >= 500",
            "DELETE FROM trail_entries WHERE position >= 500",
            "UPDATE trail_head SET size = 500",
        ],
        ["Regels 500 tot en met 599 ontbreken."],
    ),
    "adds a line": (
        [
            "INSERT INTO trail_entries SELECT 600, hash, leaf FROM trail_entries WHERE position = 5",
            "UPDATE trail_head SET size = 601",
        ],
        ["De lijst van hashes heeft meer regels dan het zegel."],
    ),
    "changes a sealed part": (
        [f"UPDATE trail_parts SET sealed = {SEALED_3} WHERE position = 42"],
        ["Het verzegelde deel van regel 42 is niet dat van deze regel."],
    ),
    "removes a sealed part": (
        ["DELETE FROM trail_parts WHERE position = 42"],
        ["Het verzegelde deel van regel 42 is weg, en geen regel zegt dat het is gewist."],
    ),
    "hangs a part on another line": (
        ["UPDATE trail_parts SET position = 43 WHERE position = 42"],
        ["Regel 43 heeft een verzegeld deel dat zij niet noemt.", "Het verzegelde deel van regel 42 is weg"],
    ),
    "puts a number in the checkpoint": (
        ["UPDATE trail_head SET checkpoint = replace(checkpoint, chr(10) || '600', chr(10) || '599')"],
        ["Het zegel is niet gezet met een sleutel van dit spoor."],
    ),
}


@pytest.mark.parametrize("deed", INSIDER)
def test_what_an_insider_does_to_the_database_is_found(books: Books, deed: str) -> None:
    filled(books)
    statements, sentences = INSIDER[deed]
    if books.url.startswith("sqlite"):
        statements = [one.replace("chr(", "char(") for one in statements]
    edited(books, *statements)
    report = books.verified()
    assert report.outcome == DAMAGED
    for sentence in sentences:
        assert any(one.startswith(sentence) for one in report.findings), report.findings


def test_an_insider_with_the_key_is_found_by_a_checkpoint_that_somebody_kept(sqlite_books: Books) -> None:
    kept = filled(sqlite_books)
    played(_append(sqlite_books, 10))
    assert sqlite_books.verified(kept).outcome == WHOLE
    assert sqlite_books.verified(kept).earlier == 1
    edited(sqlite_books, f"UPDATE trail_entries SET leaf = {LEAF_43} WHERE position = 41")
    resigned(sqlite_books)
    assert sqlite_books.verified().outcome == WHOLE  # the key can do that: nobody else may hold it
    report = sqlite_books.verified(kept)
    assert report.outcome == DAMAGED
    assert report.findings == ["Een regel onder regel 600 is veranderd nadat een eerder zegel was gezet."]


def test_a_log_that_was_put_back_is_found_by_a_checkpoint_that_somebody_kept(sqlite_books: Books) -> None:
    """An old checkpoint is genuine: only one that is newer shows that the end was cut off."""
    old = filled(sqlite_books, 500)
    kept = played(_append(sqlite_books, 100))
    edited(
        sqlite_books, "DELETE FROM trail_entries WHERE position >= 500", "UPDATE trail_head SET size = 500"
    )
    made = engine(sqlite_books.url, writes=True)
    with made.begin() as connection:
        connection.execute(text("UPDATE trail_head SET checkpoint = :c"), {"c": old})
    made.dispose()
    assert sqlite_books.verified().outcome == WHOLE
    report = sqlite_books.verified(kept)
    assert (report.outcome, report.findings) == (
        DAMAGED,
        ["Het spoor is ingekort: het had al 600 regels, en nu 500."],
    )


def test_an_earlier_checkpoint_of_another_log_is_no_help(sqlite_books: Books) -> None:
    filled(sqlite_books, 10)
    other = sign_checkpoint(Checkpoint("other.example", 5, bytes(32)), sqlite_books.key)
    assert sqlite_books.verified(other).findings == ["Het eerdere zegel 1 is niet van dit spoor."]


def test_the_log_of_somebody_else_is_not_taken_for_ours(sqlite_books: Books) -> None:
    filled(sqlite_books, 10)
    path = sqlite_books.folder / "export.zip"
    export(sqlite_books.url, path, [sqlite_books.vkey])
    alone = verify(path)
    assert (alone.outcome, alone.trusted) == (WHOLE, False)
    elsewhere = verifier_key("other.example", sqlite_books.key.public_key())
    assert verify(path, [elsewhere]).outcome == DAMAGED
    assert verify(path, ["no key"]).outcome == CANNOT_TELL
    assert verify(path, [elsewhere, sqlite_books.vkey]).outcome == WHOLE


def remade(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    change(members)
    sums = {name: hashlib.sha256(raw).hexdigest() for name, raw in members.items() if name != "sums"}
    members["sums"] = "".join(
        f"{sums[name]}  {name}\n" for name in sorted(sums)
    ).encode()  # as a forger would
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)


def _replace(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        assert old in members[name]
        members[name] = members[name].replace(old, new, 1)

    return change


def _without(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        del members[name]

    return change


def _doubled_line(members: dict[str, bytes]) -> None:
    lines = members["entries.jsonl"].splitlines(keepends=True)
    members["entries.jsonl"] = b"".join([*lines[:5], lines[4], *lines[5:]])


def _reordered(members: dict[str, bytes]) -> None:
    lines = members["entries.jsonl"].splitlines(keepends=True)
    members["entries.jsonl"] = b"".join([*lines[:4], lines[5], lines[4], *lines[6:]])


def _hashes_and_line(members: dict[str, bytes]) -> None:
    members["hashes"] = b""
    _replace("entries.jsonl", b'"n":4', b'"n":5')(members)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (_replace("entries.jsonl", b'"n":4', b'"n":5'), DAMAGED),
        (lambda members: members.update({"stamps/../x": b"x"}), CANNOT_TELL),
        (_replace("entries.jsonl", b'"n":4,', b'"n":4, '), DAMAGED),
        (_replace("entries.jsonl", b'"position":7', b'"position":8'), DAMAGED),
        (_replace("entries.jsonl", b'"position":7', b'"position":07'), DAMAGED),
        (_replace("entries.jsonl", b'"position":7', b'"position":99999'), DAMAGED),
        (_replace("entries.jsonl", b"\n", b"\r\n"), DAMAGED),
        (_replace("entries.jsonl", b'{"position":0', b'junk\n{"position":0'), DAMAGED),
        (_doubled_line, DAMAGED),
        (_reordered, DAMAGED),
        (_hashes_and_line, DAMAGED),
        (lambda members: members.update(hashes=bytes(len(members["hashes"]))), DAMAGED),
        (lambda members: members.update(hashes=members["hashes"] + bytes(1)), DAMAGED),
        (lambda members: members.update({"entries.jsonl": b""}), DAMAGED),
        (lambda members: members.update({"parts.jsonl": b""}), DAMAGED),
        (_replace("parts.jsonl", b'"salt":"', b'"salt":"!'), DAMAGED),
        (_replace("parts.jsonl", b'"position":3,', b'"position":[],'), DAMAGED),
        (_replace("parts.jsonl", b"{", b"["), DAMAGED),
        (_replace("checkpoint", b"\n20\n", b"\n19\n"), DAMAGED),
        (_replace("checkpoint", b"grondslag", b"\xff\xff"), CANNOT_TELL),
        (lambda members: members.update({"entries.jsonl": b"x" * 3_000_000}), CANNOT_TELL),
        (lambda members: members.update({"checkpoint": b"x" * 100_000}), CANNOT_TELL),
        (lambda members: members.update({"more": b"x"}), CANNOT_TELL),
        *(
            (_without(name), CANNOT_TELL)
            for name in ("checkpoint", "keys", "entries.jsonl", "hashes", "parts.jsonl")
        ),
    ],
)
def test_an_export_that_is_changed_anywhere_is_never_whole(
    sqlite_books: Books, change: Callable[[dict[str, bytes]], None], outcome: int
) -> None:
    filled(sqlite_books, 20)
    path = sqlite_books.folder / "export.zip"
    export(sqlite_books.url, path, [sqlite_books.vkey])
    remade(path, lambda members: None)
    assert verify(path, [sqlite_books.vkey]).outcome == WHOLE
    remade(path, change)
    report = verify(path, [sqlite_books.vkey])
    assert report.outcome == outcome
    assert report.findings


def test_a_list_of_hashes_that_is_cut_off_changes_nothing_about_the_lines(sqlite_books: Books) -> None:
    filled(sqlite_books, 20)
    path = sqlite_books.folder / "export.zip"
    export(sqlite_books.url, path, [sqlite_books.vkey])
    remade(path, lambda members: members.update(hashes=b""))
    assert verify(path, [sqlite_books.vkey]).outcome == WHOLE


@pytest.mark.parametrize("spoil", [b"", b"PK\x03\x04nonsense", b"x" * 1000])
def test_what_is_no_zip_cannot_be_told(tmp_path: Path, spoil: bytes) -> None:
    path = tmp_path / "export.zip"
    assert verify(path).outcome == CANNOT_TELL
    path.write_bytes(spoil)
    assert verify(path).outcome == CANNOT_TELL


def test_a_byte_that_is_spoiled_in_the_file_is_never_whole(sqlite_books: Books) -> None:
    """In whatever is read of it: names and dates in a zip, the text for people and unused keys are not. One
    byte of the compression that changes nothing of what is read (RFC 1951 has such bits) spoils nothing.
    """
    filled(sqlite_books, 20)
    path = sqlite_books.folder / "export.zip"
    export(sqlite_books.url, path, [sqlite_books.vkey])
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        read = [archive.getinfo(name) for name in ("checkpoint", "entries.jsonl", "hashes", "parts.jsonl")]
        content = {member.filename: archive.read(member) for member in read}
    for member in read:
        name, extra = (
            int.from_bytes(raw[member.header_offset + place :][:2], "little") for place in (26, 28)
        )
        start = member.header_offset + 30 + name + extra
        for place in range(start, start + member.compress_size, 41):
            path.write_bytes(raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :])
            report = verify(path, [sqlite_books.vkey])
            if report.outcome not in (DAMAGED, CANNOT_TELL):
                with zipfile.ZipFile(path) as archive:
                    same = {name: archive.read(name) for name in content}
                assert same == content, (member.filename, place)


def test_a_database_without_a_trail_is_a_sentence(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path / 'none.sqlite'}", "nonsense"):
        with pytest.raises(TrailError):
            export(url, tmp_path / "export.zip", [])
        with pytest.raises(TrailError):
            newest_checkpoint(url)
    assert list(tmp_path.glob("*.zip*")) == []


def test_the_command_needs_nothing_but_cryptography(sqlite_books: Books) -> None:
    """Run without the packages that a supervisor does not have."""
    filled(sqlite_books, 20)
    path, told = sqlite_books.folder / "export.zip", sqlite_books.folder / "report.json"
    kept = sqlite_books.folder / "kept"
    export(sqlite_books.url, path, [sqlite_books.vkey])
    kept.write_text(newest_checkpoint(sqlite_books.url))

    def ran(*arguments: str) -> tuple[int, str]:
        alone = (
            "import runpy, sys\n"
            "class Only:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        own = {'audit', 'cryptography', 'cffi', '_cffi_backend'} | sys.stdlib_module_names\n"
            "        built = name.startswith('_sysconfigdata')\n"  # of this Python, made when it was built
            "        if name.partition('.')[0] not in own and not built:\n"
            "            raise ImportError(name)\n"
            "sys.meta_path.insert(0, Only())\n"
            "runpy.run_module('audit', run_name='__main__', alter_sys=True)\n"
        )
        command = [sys.executable, "-c", alone, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    options = ("--key", sqlite_books.vkey, "--earlier", str(kept), "--json", str(told))
    status, said = ran("verify", str(path), *options)
    assert status == WHOLE
    assert "HEEL" in said
    assert "20 regels" in said
    assert json.loads(told.read_text())["outcome"] == "whole"
    remade(path, _replace("entries.jsonl", b'"n":4', b'"n":5'))
    status, said = ran("verify", str(path))
    assert status == DAMAGED
    assert "Regel 4 is veranderd." in said
    assert ran("verify", str(kept))[0] == CANNOT_TELL


async def _append(books: Books, count: int) -> str:
    async with books.opened() as trail:
        await trail.append([Entry(Kind.VIEW, {"n": n}) for n in range(count)])
        return trail.checkpoint()
