"""Brings the tables of a database up to what this version of the program expects, one revision at a time
(Alembic).
"""

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, pool
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import TrailError

TRAIL = Path(__file__).parent / "migrations" / "trail"
KEYS = Path(__file__).parent / "migrations" / "keys"


def migrate(url: str, scripts: Path) -> None:
    """Applies the revisions in this folder that the database does not have, all or none. Several folders may
    share a database.

    Raises TrailError when the database cannot be reached, or is newer than this program.
    """
    config = Config()
    config.set_main_option("script_location", str(scripts))
    try:
        with _engine(url).begin() as connection:
            config.attributes["connection"] = connection
            config.attributes["version_table"] = f"{scripts.parent.name}_{scripts.name}_version"
            command.upgrade(config, "head")
    except CommandError:
        raise TrailError(
            "The database is newer than this program. Install the version that it was made with."
        ) from None
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise TrailError(
            f"The database cannot be opened: {type(error).__name__}. Check its URL and rights."
        ) from None


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


def _engine(url: str) -> Engine:
    """SQLite's driver would commit statement by statement, and a stop in the middle leave half a schema."""
    engine = create_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connected(connection: Any, _: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
