import uuid
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.database import engine
from tests.audit.books import Books
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]


def sqlite(folder: Path) -> Books:
    return Books(f"sqlite:///{folder / 'trail.sqlite'}", f"sqlite:///{folder / 'keys.sqlite'}", folder)


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres) -> str:
    return postgres.database()


@pytest.fixture
def sqlite_books(tmp_path: Path) -> Books:
    """An empty log on SQLite."""
    return sqlite(tmp_path).migrated()


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """An empty log on each database."""
    if request.param == "sqlite":
        return sqlite(tmp_path).migrated()
    database = request.getfixturevalue("shared_database")
    schemas = [f"s{uuid.uuid4().hex}" for _ in range(2)]  # a schema is made in no time, a database is not
    made = engine(database, writes=True)
    with made.begin() as connection:
        for schema in schemas:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
    made.dispose()
    url, keys_url = (f"{database}?options=-csearch_path%3D{schema}" for schema in schemas)
    return Books(url, keys_url, tmp_path).migrated()
