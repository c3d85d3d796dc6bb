"""`grondslag backup`: a party's database as one encrypted file, and back.

The database and the keys of sealed parts are two files, kept in two places: whoever has both brings back what
was erased, so files with keys are destroyed within the time that an erasure may take (docs/operating.md).
"""

import hmac
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from audit.backup import back_up
from audit.backup import restore as put_back
from party.run import STOPS
from party.settings import read_settings
from party.side import NodeOption, chosen
from party.start import databases, read_signatory

app = typer.Typer(no_args_is_help=True, help="Back up a party's database, and put a back-up back.")

BackupFile = Annotated[Path, typer.Argument(help="The back-up.")]
SettingsOption = Annotated[Path, typer.Option("--settings", help="The settings file of the party.")]
What = Annotated[
    Literal["database", "subject_keys"],
    typer.Option("--what", help="Which of its two databases: keep their back-ups apart."),
]


@app.command()
def create(
    file: BackupFile, settings: SettingsOption, node: NodeOption = None, what: What = "database"
) -> None:
    """Write a back-up, encrypted with a key from the party's key file. The party may be running."""
    rows = _done(settings, node, what, lambda url, key, _: back_up(url, file, key))
    typer.echo(f"{rows} rows of `{what}` in {file}. It opens with the key file of this party alone.")


@app.command()
def restore(
    file: BackupFile, settings: SettingsOption, node: NodeOption = None, what: What = "database"
) -> None:
    """Put a back-up back into the empty database that the settings name. The party must be stopped.

    A broker that is then behind what its witnesses signed does not start: put a newer back-up back.
    """
    rows = _done(settings, node, what, lambda url, key, folders: put_back(file, url, key, folders))
    typer.echo(f"{rows} rows of `{what}` were put back. Start the party; it checks its trail by itself.")


def _done(path: Path, node: bool | None, what: str, do: Callable[[str, bytes, tuple[Path, ...]], int]) -> int:
    try:
        side = chosen(node)
        party = read_settings(side.settings, path, dict(os.environ))
        keyring = read_signatory(party, side.party(party), lambda: datetime.now(UTC)).keyring
        url, folders = databases(party, side.migrations)[what]
        key = hmac.digest(keyring.wrapping, f"grondslag/1 backup {what}".encode(), "sha256")
        return do(url, key, folders)
    except STOPS as problem:
        sys.exit(f"{problem}")
    except FileExistsError:
        sys.exit("Another back-up is being written to that file, or one was cut short: remove the .new file.")
    except OSError as error:
        sys.exit(f"The file cannot be used: {error.strerror}.")
