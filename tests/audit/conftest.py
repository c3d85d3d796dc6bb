from pathlib import Path

import pytest

from tests.audit.books import Books
from tests.postgres import postgres

__all__ = ["postgres"]


def sqlite(folder: Path) -> Books:
    return Books(f"sqlite:///{folder / 'trail.sqlite'}", f"sqlite:///{folder / 'keys.sqlite'}", folder)


@pytest.fixture
def sqlite_books(tmp_path: Path) -> Books:
    """An empty log on SQLite."""
    return sqlite(tmp_path).migrated()


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """An empty log on each database."""
    if request.param == "sqlite":
        return sqlite(tmp_path).migrated()
    server = request.getfixturevalue("postgres")
    return Books(server.database(), server.database(), tmp_path).migrated()
