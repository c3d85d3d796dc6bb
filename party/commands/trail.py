"""`grondslag audit export` and `records`: a party's trail, or a selection of it, as one file; as rows of the
log standards. Each is an entry before there is a file.
"""

import asyncio
import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

from audit import adl, ldv
from audit.checkpoint import verifier_key
from audit.export import ExportCanceled, Exported, export_entry
from audit.export import export as write_export
from audit.kinds import Kind
from audit.selection import ALL, Selection
from contract.days import ZONE
from contract.directory import Directory
from contract.signatory import trail_origin
from party.clock import clock_of
from party.run import STOPS
from party.settings import PartySettings, read_settings
from party.side import NodeOption, chosen, side_of
from party.start import opened_trail, read_signatory

Many = Annotated[list[str] | None, typer.Option(help="Only of these; again for more.")]
app = typer.Typer()

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, at its beginning.")]


@app.command()
def export(  # noqa: PLR0917 - each is an option of the command
    out: Annotated[Path, typer.Argument(help="The file to write (zip).")],
    settings: Annotated[Path, typer.Option("--settings", help="The settings file of the party.")],
    purpose: Annotated[str, typer.Option(help="Why: it stands in the export and in the trail.")],
    by: Annotated[str, typer.Option(help="Reference of whoever asks for it; no name.")],
    node: NodeOption = None,
    since: Day = None,
    until: Day = None,
    case: Many = None,
    partner: Many = None,
    question: Many = None,
    outcome: Annotated[
        list[Kind] | None, typer.Option(help="Kind of entry; again for more.", metavar="KIND")
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
        party = read_settings(chosen(node).settings, settings, dict(os.environ))
        made = asyncio.run(exported(party, out, selection=selection, purpose=purpose, by=by))
    except STOPS as problem:
        sys.exit(f"{problem}")
    except ExportCanceled:
        sys.exit("Canceled. There is no file.")
    except OSError as error:
        sys.exit(f"The file cannot be written: {error.strerror}.")
    typer.echo(f"{made.lines} entries in {out}. Check them with: python -m audit verify {out}")


@app.command()
def records(  # noqa: PLR0917 - each is an option of the command
    standard: Annotated[
        Literal["ldv", "adl"],
        typer.Argument(help="ldv: a row per subject and action. adl: a record per decision (broker)."),
    ],
    out: Annotated[Path, typer.Argument(help="The file to write (JSON Lines).")],
    settings: Annotated[Path, typer.Option("--settings", help="The settings file of the party.")],
    purpose: Annotated[str, typer.Option(help="Why: it stands in the trail.")],
    by: Annotated[str, typer.Option(help="Reference of whoever asks for it; no name.")],
    node: NodeOption = None,
    register: Annotated[
        str, typer.Option(help="ldv: address of the party's register of processing activities.")
    ] = "",
    since: Day = None,
    until: Day = None,
) -> None:
    """Write a party's trail as Logboek Dataverwerkingen, or the broker's as Authorization Decision Log."""
    if standard == "ldv" and not register:
        sys.exit("Name the register of processing activities with --register: each row points into it.")
    try:
        party = read_settings(chosen(node).settings, settings, dict(os.environ))
        period = Selection(since=_moment(since), until=_moment(until))
        made = asyncio.run(
            recorded(party, out, standard, register=register, period=period, purpose=purpose, by=by)
        )
    except STOPS as problem:
        sys.exit(f"{problem}")
    except OSError as error:
        sys.exit(f"The file cannot be written: {error.strerror}.")
    typer.echo(f"{made.lines} records in {out}.")


async def recorded(
    settings: PartySettings,
    out: Path,
    standard: Literal["ldv", "adl"],
    *,
    purpose: str,
    by: str,
    register: str = "",
    period: Selection = ALL,
) -> Exported:
    """Writes the records of this standard. Raises what STOPS names, OSError."""
    signatory = read_signatory(settings, side_of(settings).party(settings), clock_of(settings))
    party = signatory.party.oin
    async with opened_trail(settings, signatory) as trail:
        erased: set[str] = set()
        if standard == "ldv":
            erased = {one.recorded.facts["subject_ref"] async for one in trail.entries() if one.erased}
        fresh, lines, digest = out.with_name(f"{out.name}.new"), 0, hashlib.sha256()
        try:
            with fresh.open("wb") as file:
                async for one in trail.entries():
                    facts = one.recorded.facts
                    if not period.selects(facts):
                        continue
                    if standard == "ldv":
                        made = ldv.row(facts, party=party, register=register, erased=erased)
                    else:
                        made = adl.record(facts, (one.part or {}).get("input"), party=party)
                    if made is not None:
                        line = orjson.dumps(made) + b"\n"
                        file.write(line)
                        digest.update(line)
                        lines += 1
            of = {"standard": (ldv if standard == "ldv" else adl).STANDARD}
            written = Exported(lines, digest.hexdigest())
            await trail.append([export_entry(written, purpose=purpose, by=by, selection=period, **of)])
            fresh.replace(out)
        finally:
            fresh.unlink(missing_ok=True)
    return written


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
    side = side_of(settings)
    name = side.party(settings)
    directory = Directory.read(settings.directory)
    origin = trail_origin(directory.party(name).oin)
    keys = [verifier_key(origin, key) for key in directory.trail_keys(name)]
    signatory = read_signatory(settings, name, clock_of(settings))
    loop = asyncio.get_running_loop()
    async with opened_trail(settings, signatory) as trail:
        more = await side.evidence(settings, trail, directory)

        def record(made: Exported) -> None:
            entry = export_entry(made, purpose=purpose, by=by, selection=selection)
            asyncio.run_coroutine_threadsafe(trail.append([entry]), loop).result()

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
