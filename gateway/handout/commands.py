"""`grondslag policy replay` and `explain`: what was decided, decided again, from the broker's own trail."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from audit.errors import VerifyError
from audit.trail import Trail
from contract.codes import BROKER
from contract.days import ZONE
from gateway.handout.recorded import course_of, known_releases, recorded, recorded_at
from gateway.settings import BrokerSettings
from party.run import STOPS
from party.settings import read_settings
from party.start import opened_trail, read_signatory
from policies import PolicyError, Release, load_release
from policies.commands import HandOutOption, explanation
from policies.commands import explain as of_input
from policies.replay import RecordedDecision
from policies.replay import replay as replayed
from policies.words import Words

app = typer.Typer()

T = TypeVar("T")
BrokerSettingsOption = Annotated[Path, typer.Option("--settings", help="The settings file of the broker.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Also write what was found as JSON.")]

ALARM = 1
"""Exit status when a decision is not the one of its own release."""


@app.command()
def replay(
    new: Annotated[Path, typer.Argument(help="Folder of the hand-out to decide by.")],
    since: Annotated[datetime, typer.Option(help="First day, as 2026-11-01. Dutch time.")],
    settings: BrokerSettingsOption,
    *,
    until: Annotated[datetime | None, typer.Option(help="Up to this day, not included.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Decide what was asked in a period again, under another version: what would have been answered
    otherwise?

    Exit status 1: a recorded decision is not what its own version gives. Tell the FG, and keep the database.
    """

    async def work(trail: Trail) -> tuple[list[RecordedDecision], dict[str, Release]]:
        last = None if until is None else _local(until)
        return await recorded(trail, _local(since), last), await known_releases(trail)

    release = _or_stop(lambda: load_release(new))
    decisions, held = _or_stop(lambda: asyncio.run(_on_trail(settings, work)))
    held = {load_release().revision: load_release(), **held}
    found = _or_stop(lambda: replayed(decisions, release, held.get))
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    for line in Words(release.catalogue, dutch=True).replay(found):
        typer.echo(line)
    if found.alarms:
        raise typer.Exit(ALARM)


@app.command()
def explain(
    decision: Annotated[
        str, typer.Argument(help="Position of a decision in the trail, or a file with an input.")
    ],
    *,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="The settings file of the broker.")
    ] = None,
    hand_out: HandOutOption = None,
    json_file: JsonFile = None,
) -> None:
    """Explain a decision in plain Dutch: what was asked, what counted, what would have made it otherwise."""
    if not decision.isdigit():
        of_input(Path(decision), hand_out=hand_out, json_file=json_file)
        return
    heading, release, given, came = _of_trail(settings, int(decision))
    _or_stop(lambda: explanation(heading, release, given, json_file))
    typer.echo("Dit is er gebeurd:")
    for line in came:
        typer.echo(f"- {line}")


def _of_trail(settings: Path | None, position: int) -> tuple[str, Release, Mapping[str, Any], list[str]]:
    if settings is None:
        _stop("Name the broker's settings file with --settings.")

    async def work(trail: Trail) -> tuple[RecordedDecision, Release, list[str]]:
        one = await recorded_at(trail, position)
        if one is None:
            _stop(f"There is no decision at position {position}.")
        revision = str(one.decided.get("revision"))
        release = {load_release().revision: load_release(), **await known_releases(trail)}.get(revision)
        if release is None:
            _stop(f"The version {revision} is not at hand.")
        return one, release, await course_of(trail, position, now=datetime.now(UTC))

    one, release, came = _or_stop(lambda: asyncio.run(_on_trail(settings, work)))
    if one.given is None:
        _stop("What this decision rested on was erased with the person's data.")
    moment = datetime.fromisoformat(one.at).astimezone(ZONE)
    return f"regel {one.position} van het spoor, {moment:%d-%m-%Y %H.%M}", release, one.given, came


async def _on_trail(settings: Path | None, work: Callable[[Trail], Awaitable[T]]) -> T:
    party = read_settings(BrokerSettings, settings, dict(os.environ))
    signatory = read_signatory(party, BROKER, lambda: datetime.now(UTC))
    async with opened_trail(party, signatory) as trail:
        return await work(trail)


def _or_stop(work: Callable[[], T]) -> T:
    try:
        return work()
    except (PolicyError, VerifyError, *STOPS) as problem:
        _stop(str(problem))


def _stop(sentence: str) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(2)


def _local(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
