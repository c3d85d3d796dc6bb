"""Brings the tables of a database up to what this version of the program expects, one revision at a time
(Alembic).
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from audit.database import engine, onlooker
from audit.errors import TrailError

TRAIL = Path(__file__).parent / "migrations" / "trail"
KEYS = Path(__file__).parent / "migrations" / "keys"
_NEWER = "The database is newer than this program. Install the version that it was made with."


def look(url: str, scripts: Sequence[Path]) -> bool:
    """Whether these folders have revisions that the database does not have. Writes nothing, makes no file.

    The first folder is what the database is for: one that holds tables, and not of that folder, belongs to
    something else. Raises TrailError for that, for a URL of another form, for a database that cannot be
    reached, and for one that is newer than this program.
    """
    try:
        _verify_form(url)
        opened = onlooker(url)
        if opened is None:
            return True
        with opened.connect() as connection:
            tables = inspect(connection).get_table_names()
            if tables and _version_table(scripts[0]) not in tables:
                raise TrailError(
                    "The database holds tables of something else. Name an empty one, or the right one."
                )
            return any(_lacks(connection, tables, folder) for folder in scripts)
    except FileNotFoundError:
        raise TrailError("The folder of the SQLite file is not there. Make it, or mend the path.") from None
    except CommandError:
        raise TrailError(_NEWER) from None
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise _told(error) from None


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
        raise TrailError(_NEWER) from None
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise _told(error) from None


def verify_migrated(connection: Connection, scripts: Path) -> None:
    """Raises TrailError unless the tables of this folder are exactly at its newest revision."""
    table = _version_table(scripts)
    expected = _revisions(scripts).get_current_head()
    found = None
    if inspect(connection).has_table(table):
        found = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608 - our own name
    if found != expected:
        raise TrailError(
            f"The tables in this database are of revision {found}, and this program needs {expected}. "
            "Migrate the database, or install the version that it was made with."
        )


def version_tables(scripts: Sequence[Path]) -> list[str]:
    """The tables in which a database says how far these folders were applied."""
    return [_version_table(folder) for folder in scripts]


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


def _lacks(connection: Connection, tables: Sequence[str], scripts: Path) -> bool:
    table, revisions = _version_table(scripts), _revisions(scripts)
    if table not in tables:
        return True
    found = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608 - our own name
    if found is not None:
        revisions.get_revision(found)  # CommandError: of a newer program
    return found != revisions.get_current_head()


def _verify_form(url: str) -> None:
    try:
        place = make_url(url)
        kind = (place.get_backend_name(), place.get_dialect().driver)
    except SQLAlchemyError:
        kind, place = ("", ""), make_url("sqlite://")
    a_file = kind == ("sqlite", "pysqlite") and place.database not in (None, "", ":memory:")
    if not a_file and kind != ("postgresql", "psycopg"):
        raise TrailError(
            "The URL is not like sqlite:///folder/file or postgresql+psycopg://account@host/database."
        )


def _told(error: Exception) -> TrailError:
    """A sentence without the text of the error: that may hold an account or a password."""
    text = str(getattr(error, "orig", None) or "")
    if "refused" in text or "No such file" in text:
        why = "Nobody listens at its address. Start the server, or mend host and port."
    elif "resolve" in text or "translate host" in text:
        why = "Its host is not known. Mend the host."
    elif "not a database" in text:
        why = "The file is no SQLite database. Mend the path."
    else:
        why = f"It says {type(error).__name__}. Check its URL, account and rights."
    return TrailError(f"The database cannot be opened. {why}")


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    return config


@cache
def _revisions(scripts: Path) -> ScriptDirectory:
    """Read once: every file of a folder is run for it, and a program's own do not change under it."""
    return ScriptDirectory.from_config(_config(scripts))


def _version_table(scripts: Path) -> str:
    return f"{scripts.parent.name}_{scripts.name}_version"
