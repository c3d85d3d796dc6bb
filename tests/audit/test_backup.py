"""Back-up and restore, as a drill: what was recorded is there again, on either kind of database, and what was
erased stays erased.
"""

import gzip
import io
import json
from pathlib import Path
from random import Random

import pyrage  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.exc import OperationalError

from audit.backup import back_up, restore
from audit.entry import Entry
from audit.errors import TrailError, TrailUnavailable
from audit.kinds import Kind
from audit.migration import KEYS, TRAIL
from audit.trail import Trail
from tests.audit.books import Books

KEY = bytes(range(32))
MARK = "what nobody else may read"


async def filled(trail: Trail) -> None:
    for number in range(40):
        sealed = {"answer": f"{MARK} {number}"}
        await trail.append([Entry(Kind.ANSWER, {"n": number}, subject_ref=f"s{number % 4}", sealed=sealed)])


async def contents(trail: Trail) -> list[object]:
    return [
        "erased" if one.erased else (one.part or {}).get("answer", one.recorded.kind)
        async for one in trail.entries()
    ]


def other(books: Books, folder: Path) -> Books:
    """An empty place for the same log."""
    folder.mkdir()
    return Books(f"sqlite:///{folder / 'trail.sqlite'}", f"sqlite:///{folder / 'keys.sqlite'}", folder)


def test_what_was_recorded_is_there_again(books: Books, tmp_path: Path) -> None:
    """Entries, parts, proofs; and the log grows on."""
    books.run(filled)
    before = books.run(contents)
    for url, name in ((books.url, "trail"), (books.keys_url, "keys")):
        assert back_up(url, tmp_path / name, KEY) > 0
        assert MARK.encode() not in (tmp_path / name).read_bytes()
    again = other(books, tmp_path / "again")
    restore(tmp_path / "trail", again.url, KEY, [TRAIL])
    restore(tmp_path / "keys", again.keys_url, KEY, [KEYS])
    assert again.run(contents) == before
    again.run(filled)
    report = again.verified()
    assert (report.outcome, report.entries) == (0, 80)


@pytest.mark.parametrize("books", ["postgresql"], indirect=True)
def test_from_sqlite_to_postgresql(sqlite_books: Books, books: Books, tmp_path: Path) -> None:
    """A party may change its kind of database."""
    sqlite_books.run(filled)
    for url, name in ((sqlite_books.url, "trail"), (sqlite_books.keys_url, "keys")):
        back_up(url, tmp_path / name, KEY)
    restore(tmp_path / "trail", books.url, KEY, [TRAIL])
    restore(tmp_path / "keys", books.keys_url, KEY, [KEYS])
    assert books.run(contents) == sqlite_books.run(contents)


def test_what_was_erased_stays_erased_once_the_keys_back_up_is_gone(books: Books, tmp_path: Path) -> None:
    """An old back-up of the trail brings the sealed part back, and nothing that opens it."""
    books.run(filled)
    back_up(books.url, tmp_path / "old", KEY)  # before the erasure

    async def erase(trail: Trail) -> None:
        await trail.erase("s1", "retention")

    books.run(erase)
    back_up(books.keys_url, tmp_path / "keys", KEY)  # the cycle of the keys went on
    again = other(books, tmp_path / "again")
    restore(tmp_path / "old", again.url, KEY, [TRAIL])
    restore(tmp_path / "keys", again.keys_url, KEY, [KEYS])
    found = again.run(contents)
    assert [one for one in found if one == "erased"] == ["erased"] * 10
    assert len([one for one in found if MARK in str(one)]) == 30


@pytest.mark.parametrize("bad", ["another key", "a bit", "cut short", "longer", "swapped", "the old form"])
def test_a_back_up_that_is_not_whole_is_refused(bad: str, sqlite_books: Books, tmp_path: Path) -> None:
    """And nothing of it is in the database."""
    sqlite_books.run(filled)
    path, key = tmp_path / "bak", KEY
    back_up(sqlite_books.url, path, KEY)
    content = bytearray(path.read_bytes())
    if bad == "another key":
        key = bytes(32)
    elif bad == "a bit":
        content[len(content) // 2] ^= 1
    elif bad == "cut short":
        del content[-20:]
    elif bad == "longer":
        content += b"\0"
    elif bad == "swapped":
        content[-20:] = content[-10:] + content[-20:-10]
    else:
        content = bytearray(b"grondslag/1 backup\n") + content
    path.write_bytes(content)
    again = other(sqlite_books, tmp_path / "again")
    with pytest.raises(TrailError, match="cannot be read"):
        restore(path, again.url, key, [TRAIL])
    path.write_bytes(b"")
    with pytest.raises(TrailError):
        restore(path, again.url, key, [TRAIL])


def test_nothing_is_written_over(sqlite_books: Books, tmp_path: Path) -> None:
    """A database with anything in it is refused."""
    sqlite_books.run(filled)
    back_up(sqlite_books.url, tmp_path / "bak", KEY)
    with pytest.raises(TrailError, match="not empty"):
        restore(tmp_path / "bak", sqlite_books.url, KEY, [TRAIL])
    assert len(sqlite_books.run(contents)) == 40


def test_large_enough_for_several_pieces(sqlite_books: Books, tmp_path: Path) -> None:
    """Pieces in another order, left out, or not followed by the last, do not open; nothing of them stays."""
    drawn = Random(7)

    async def filled_well(trail: Trail) -> None:
        parts = [{"answer": drawn.randbytes(1_000).hex()} for _ in range(300)]
        await trail.append([Entry(Kind.ANSWER, {}, subject_ref="s1", sealed=part) for part in parts])

    sqlite_books.run(filled_well)
    path = tmp_path / "bak"
    rows = back_up(sqlite_books.url, path, KEY)
    content = path.read_bytes()
    size = (64 << 10) + 16
    head = content.index(b"\n--- ") + 49 + 16  # the header's code, and the nonce
    assert len(content) > head + 3 * size
    again = other(sqlite_books, tmp_path / "again")
    one, two, rest = content[head:][:size], content[head + size :][:size], content[head + 2 * size :]
    for pieces in (two + one + rest, two + rest, one + two, one):
        path.write_bytes(content[:head] + pieces)
        with pytest.raises(TrailError, match="cannot be read"):
            restore(path, again.url, KEY, [TRAIL])
    path.write_bytes(content)
    assert restore(path, again.url, KEY, [TRAIL]) == rows > 200


def test_any_program_that_knows_age_opens_it(sqlite_books: Books, tmp_path: Path) -> None:
    """With the key as an SSH key: what is inside is gzip with a line of JSON per table and row."""
    sqlite_books.run(filled)
    rows = back_up(sqlite_books.url, tmp_path / "bak", KEY)
    pem = Ed25519PrivateKey.from_private_bytes(KEY).private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    sealed = (tmp_path / "bak").read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n-> ssh-ed25519 ")
    opened = gzip.decompress(pyrage.decrypt(sealed, [pyrage.ssh.Identity.from_buffer(pem)]))
    told = [json.loads(line) for line in opened.splitlines()]
    assert len([one for one in told if isinstance(one, list)]) == rows
    assert "trail_entries" in {one["table"] for one in told if isinstance(one, dict)}


def test_a_database_that_goes_away_or_a_full_disk_leaves_no_file(
    sqlite_books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stopped it is told as what it was, not as a failure of the sealing."""
    sqlite_books.run(filled)

    def gone(_: object) -> list[object]:
        raise OperationalError("select", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr("audit.backup._tables", gone)
        with pytest.raises(TrailUnavailable, match="OperationalError"):
            back_up(sqlite_books.url, tmp_path / "bak", KEY)
    monkeypatch.setattr(Path, "open", lambda *_: io.FileIO("/dev/full", "w"))
    with pytest.raises(OSError, match="No space left"):
        back_up(sqlite_books.url, tmp_path / "bak", KEY)
    monkeypatch.undo()
    assert list(tmp_path.glob("bak*")) == []
