"""Brings the tables of a database up to what this version of the program expects, one revision at a time
(Alembic).
"""

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from audit.database import engine
from audit.errors import TrailError

TRAIL = Path(__file__).parent / "migrations" / "trail"
KEYS = Path(__file__).parent / "migrations" / "keys"


def migrate(url: str, scripts: Path) -> None:
    """Applies the revisions in this folder that the database does not have, all or none. Several folders may
    share a database.

    Raises TrailError when the database cannot be reached, or is newer than this program.
    """
    config = _config(scripts)
    try:
        opened = engine(url, writes=True)
        try:
            with opened.begin() as connection:
                config.attributes["connection"] = connection
                config.attributes["version_table"] = _version_table(scripts)
                command.upgrade(config, "head")
        finally:
            opened.dispose()
    except CommandError:
        raise TrailError(
            "The database is newer than this program. Install the version that it was made with."
        ) from None
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise TrailError(
            f"The database cannot be opened: {type(error).__name__}. Check its URL and rights."
        ) from None


def verify_migrated(connection: Connection, scripts: Path) -> None:
    """Raises TrailError unless the tables of this folder are exactly at its newest revision."""
    table = _version_table(scripts)
    expected = ScriptDirectory.from_config(_config(scripts)).get_current_head()
    found = None
    if inspect(connection).has_table(table):
        found = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608 - our own name
    if found != expected:
        raise TrailError(
            f"The tables in this database are of revision {found}, and this program needs {expected}. "
            "Migrate the database, or install the version that it was made with."
        )


def run(config: Any = None) -> None:
    """What every folder's `env.py` calls."""
    config = config or context.config
    context.configure(
        connection=config.attributes["connection"],
        version_table=config.attributes["version_table"],
        target_metadata=None,
    )
    with context.begin_transaction():
        context.run_migrations()


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    return config


def _version_table(scripts: Path) -> str:
    return f"{scripts.parent.name}_{scripts.name}_version"
