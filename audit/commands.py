"""`audit` among the commands: check an export offline, and take the newest checkpoint out of a database."""

from pathlib import Path
from typing import Annotated

import typer

from audit.__main__ import account, check
from audit.errors import TrailError
from audit.export import newest_checkpoint

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Export a trail, check an export offline, keep a checkpoint.",
)


@app.command()
def verify(
    export: Annotated[Path, typer.Argument(help="The export (zip), or an exhibit (JSON).")],
    key: Annotated[
        list[str] | None, typer.Option(help="Verifier key that you trust (name+hash+key); again for more.")
    ] = None,
    earlier: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint of this log that was kept elsewhere.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Whose signatures you want on it (C2SP tlog-policy).")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file too.")
    ] = None,
) -> None:
    """Check that an export is exactly what its checkpoint says.

    Exit status: 0 whole, 1 damaged, 2 cannot tell.

    Example: grondslag audit verify trail.zip --earlier checkpoint-of-june
    """
    raise typer.Exit(check(export, key or [], earlier or [], json_file, policy))


@app.command()
def report(
    export: Annotated[Path, typer.Argument(help="The export (zip).")],
    key: Annotated[
        list[str] | None, typer.Option(help="Verifier key that you trust (name+hash+key); again for more.")
    ] = None,
) -> None:
    """Check an export, then tell in Dutch what stands in it: asked, refused, answered, who looked, who must
    still be told, what went wrong, and what it does not prove. Offline.

    Exit status: that of the check.

    Example: grondslag audit report trail.zip --key KEY
    """
    raise typer.Exit(account(export, key or []))


@app.command()
def checkpoint(
    database: Annotated[
        str, typer.Option(envvar="GRONDSLAG_DATABASE", help="SQLAlchemy URL of the party's database.")
    ],
) -> None:
    """Print the newest checkpoint of a trail. Keep it elsewhere: it shows later that nothing was cut off.

    Example: grondslag audit checkpoint --database sqlite:///trail.sqlite > checkpoint-of-june
    """
    try:
        typer.echo(newest_checkpoint(database), nl=False)
    except TrailError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
