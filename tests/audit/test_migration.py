"""Looking at a database before anything is written to it."""

import sqlite3
from pathlib import Path

import pytest

from audit.errors import TrailError
from audit.migration import KEYS, TRAIL, look, migrate
from tests.audit.books import Books
from tests.postgres import Postgres


def test_a_database_that_is_up_to_date_is_told_so(books: Books) -> None:
    """On each database; that of the keys is not taken for that of the trail."""
    assert look(books.url, (TRAIL,)) is False
    assert look(books.keys_url, (KEYS,)) is False
    with pytest.raises(TrailError, match="something else"):
        look(books.keys_url, (TRAIL,))


def test_an_empty_postgresql_database_is_one_to_migrate(postgres: Postgres) -> None:
    """And one that is not there is told without its name or account."""
    url = postgres.database()
    assert look(url, (TRAIL, KEYS)) is True
    with pytest.raises(TrailError, match=r"says OperationalError\. Check its URL, account and rights\.$"):
        look(f"{url}_none", (TRAIL,))


def test_looking_makes_and_changes_nothing(tmp_path: Path) -> None:
    """No file where there was none; none beside a database that is there, with odd characters in its name."""
    url = f"sqlite:///{tmp_path / 'a%20 b.sqlite'}"
    assert look(url, (TRAIL,)) is True
    assert list(tmp_path.iterdir()) == []
    migrate(url, TRAIL)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert look(url, (TRAIL,)) is False
    assert look(url, (TRAIL, KEYS)) is True
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_looking_at_a_database_in_use_sees_what_is_written(tmp_path: Path) -> None:
    """What stands in the write-ahead log counts too."""
    path = tmp_path / "trail.sqlite"
    migrate(f"sqlite:///{path}", TRAIL)
    with sqlite3.connect(path) as busy:
        busy.execute("UPDATE migrations_trail_version SET version_num = '9999'")
        busy.commit()
        assert path.with_name("trail.sqlite-wal").stat().st_size > 0
        with pytest.raises(TrailError, match="newer than this program"):
            look(f"sqlite:///{path}", (TRAIL,))
    busy.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("trail.sqlite", "is not like sqlite:///folder/file or postgresql"),
        ("sqlite://", "is not like"),
        ("mysql://a@b/c", "is not like"),
        ("sqlite:////none-such/trail.sqlite", "folder of the SQLite file is not there"),
        ("postgresql+psycopg://a:geheim-woord@127.0.0.1:1/x", "Nobody listens at its address"),
        ("FOLDER", "says OperationalError"),
        ("TEXT", "no SQLite database"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_with_what_to_do(
    url: str, sentence: str, tmp_path: Path
) -> None:
    """Never with a password."""
    if url == "FOLDER":
        url = f"sqlite:///{tmp_path}"
    if url == "TEXT":
        (tmp_path / "text").write_text("no database at all, but a text of some length\n" * 40)
        url = f"sqlite:///{tmp_path / 'text'}"
    with pytest.raises(TrailError, match=sentence) as told:
        look(url, (TRAIL,))
    assert "geheim-woord" not in str(told.value)
