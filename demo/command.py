"""`grondslag demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from demo.run import run_demo
from demo.world import WorldProblem

app = typer.Typer()


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop after the stories.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write what happened to this file.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Keys, databases and logs of the demo.")] = Path(".demo"),
) -> None:
    """Start the broker and seven nodes, play the stories, check the proofs. TEST – geen echte personen."""
    try:
        good = run_demo(once=once, json_file=json_file, folder=folder)
    except WorldProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        typer.echo("Gestopt.")
        return
    if not good:
        raise typer.Exit(1)
