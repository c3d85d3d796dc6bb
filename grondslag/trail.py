"""`grondslag audit`: a party's trail, or a selection of it, as one file; and the check of such a file."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

from adapters.contract.clock import clock_of
from adapters.contract.codes import BROKER
from adapters.contract.days import ZONE
from adapters.contract.directory import Directory
from adapters.contract.run import STOPS
from adapters.contract.settings import PartySettings, read_settings
from adapters.contract.signatory import trail_origin
from adapters.contract.start import opened_trail, read_signatory
from adapters.node.settings import NodeSettings
from audit.checkpoint import verifier_key
from audit.commands import app
from audit.entry import Entry
from audit.export import ExportCanceled, Exported
from audit.export import export as write_export
from audit.selection import ALL, Selection
from gateway.evidence import evidence
from gateway.settings import BrokerSettings

Many = Annotated[list[str] | None, typer.Option(help="Only of these; again for more.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, at its beginning.")]


@app.command()
def export(  # noqa: PLR0917 - each is an option of the command
    out: Annotated[Path, typer.Argument(help="The file to write (zip).")],
    settings: Annotated[Path, typer.Option("--settings", help="The settings file of the party.")],
    purpose: Annotated[str, typer.Option(help="Why: it stands in the export and in the trail.")],
    by: Annotated[str, typer.Option(help="Reference of whoever asks for it; no name.")],
    node: Annotated[bool, typer.Option("--node/--broker", help="Whose settings these are.")] = False,
    since: Day = None,
    until: Day = None,
    case: Many = None,
    partner: Many = None,
    question: Many = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help="Kind of entry: permit, refusal, reply, notice, …")
    ] = None,
    rule: Many = None,
    release: Many = None,
) -> None:
    """Write a party's trail, or what is selected of it, to a file that anybody can check offline.

    The party may be running. That it was exported, by whom and why, is an entry of the trail first.
    """
    selection = Selection(
        since=_moment(since),
        until=_moment(until),
        cases=tuple(case or ()),
        partners=tuple(partner or ()),
        questions=tuple(question or ()),
        kinds=tuple(outcome or ()),
        rules=tuple(rule or ()),
        releases=tuple(release or ()),
    )
    try:
        kind: type[PartySettings] = NodeSettings if node else BrokerSettings
        party = read_settings(kind, settings, dict(os.environ))
        made = asyncio.run(exported(party, out, selection=selection, purpose=purpose, by=by))
    except STOPS as problem:
        sys.exit(f"{problem}")
    except ExportCanceled:
        sys.exit("Canceled. There is no file.")
    except OSError as error:
        sys.exit(f"The file cannot be written: {error.strerror}.")
    typer.echo(f"{made.lines} entries in {out}. Check them with: python -m audit verify {out}")


async def exported(
    settings: PartySettings,
    out: Path,
    *,
    purpose: str,
    by: str,
    selection: Selection = ALL,
) -> Exported:
    """Exports the trail of the party with these settings, after recording that. Raises what STOPS names,
    ExportCanceled, OSError.
    """
    name = settings.partner if isinstance(settings, NodeSettings) else BROKER
    directory = Directory.read(settings.directory)
    origin = trail_origin(directory.party(name).oin)
    keys = [verifier_key(origin, key) for key in directory.trail_keys(name)]
    signatory = read_signatory(settings, name, clock_of(settings))
    loop = asyncio.get_running_loop()
    async with opened_trail(settings, signatory) as trail:
        more = await trail.read(evidence) if name == BROKER else {}

        def record(made: Exported) -> None:
            facts = {
                "purpose": purpose,
                "by": by,
                "selection": selection.as_json(),
                "lines": made.lines,
                "sums": made.digest,
            }
            asyncio.run_coroutine_threadsafe(trail.append([Entry("export", facts)]), loop).result()

        with _progress() as progress:
            task = progress.add_task("Exporting", total=None)

            def told(done: int, total: int) -> bool:
                progress.update(task, completed=done, total=total)
                return True

            return await asyncio.to_thread(
                write_export,
                settings.database.get_secret_value(),
                out,
                keys,
                selection=selection,
                purpose=purpose,
                more=more,
                progress=told,
                before=record,
            )


def _progress() -> Progress:
    """Shown to a person at a terminal, and to nobody else."""
    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _moment(day: datetime | None) -> datetime | None:
    """The beginning of a day here."""
    return None if day is None else day.replace(tzinfo=ZONE).astimezone(UTC)
