"""`grondslag retention`: what a party destroys, and what it must keep."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from audit.book import Book
from audit.errors import CaseHeld, CaseTaken, NothingKept
from audit.retention import Retention
from party.clock import clock_of
from party.run import STOPS
from party.settings import PartySettings, read_settings
from party.side import NodeOption, chosen, side_of
from party.start import opened_trail, read_signatory, say_strange

app = typer.Typer(
    no_args_is_help=True,
    help="Destroy what was kept long enough, hold a case, erase a subject. The party may be running.",
)

SettingsOption = Annotated[Path, typer.Option("--settings", help="The settings file of the party.")]
By = Annotated[str, typer.Option(help="Reference of whoever decided; no name.")]
CaseArgument = Annotated[str, typer.Argument(help="Reference of the case.")]


@app.command()
def run(settings: SettingsOption, node: NodeOption = None) -> None:
    """Destroy now what was kept long enough; a party that runs does so once a day."""

    async def act(retention: Retention) -> None:
        kept = await retention.run()
        typer.echo(f"{kept.pruned} entries pruned, {kept.erased} subjects erased, {kept.held} cases held.")

    _done(settings, node, act)


@app.command()
def hold(
    case: CaseArgument,
    by: By,
    ground: Annotated[str, typer.Option(help="Code of the reason, as criminal_procedure or complaint.")],
    settings: SettingsOption,
    node: NodeOption = None,
) -> None:
    """Destroy nothing of this case, until the hold is lifted."""
    _done(settings, node, lambda retention: retention.hold(case, by=by, ground=ground))
    typer.echo("The case is held: nothing of it is destroyed here until the hold is lifted.")


@app.command()
def lift(case: CaseArgument, by: By, settings: SettingsOption, node: NodeOption = None) -> None:
    """Lift a hold: the case is kept as long as others."""
    _done(settings, node, lambda retention: retention.lift(case, by=by))
    typer.echo("The hold is lifted.")


@app.command()
def erase(
    subject: Annotated[str, typer.Argument(help="Reference of the subject in one case.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Code of the reason, as request or court_order.")],
    settings: SettingsOption,
    node: NodeOption = None,
) -> None:
    """Erase what is about one subject: sealed parts, key, and what leads from the person to the reference.

    The entries stay, without anything about the person. Others have records of their own.
    """

    async def act(retention: Retention) -> None:
        recorded = await retention.erase(subject, reason=reason, by=by)
        typer.echo(f"{len(recorded.facts['erased'])} sealed parts are destroyed.")

    _done(settings, node, act)


def _done(path: Path, node: bool | None, act: Callable[[Retention], Awaitable[None]]) -> None:
    try:
        asyncio.run(retain(read_settings(chosen(node).settings, path, dict(os.environ)), act))
    except (*STOPS, CaseHeld, CaseTaken, NothingKept) as problem:
        sys.exit(f"{problem}")


async def retain(settings: PartySettings, act: Callable[[Retention], Awaitable[None]]) -> None:
    """Acts on the retention of the party with these settings. Raises what STOPS names, CaseHeld,
    CaseTaken.
    """
    side, now = side_of(settings), clock_of(settings)
    signatory = read_signatory(settings, side.party(settings), now)
    async with opened_trail(settings, signatory) as trail:
        retention = Retention(
            trail,
            Book(trail, joint=side.joint, strange=say_strange),
            now=now,
            keep_entries=settings.keep_entries,
            keep_workspace=side.keep_workspace(settings),
            forgetting=side.forgetting,
        )
        await act(retention)
