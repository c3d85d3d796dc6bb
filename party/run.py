"""Runs a party from its settings file: what every party's command does."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import uvloop
from fastapi import FastAPI

from audit.errors import TrailError
from contract.directory import DirectoryProblem
from contract.keys import KeyProblem
from party import events
from party.health import health
from party.server import serve
from party.settings import PartySettings, SettingsProblem, read_settings
from policies import PolicyUnavailable, ReleaseError

S = TypeVar("S", bound=PartySettings)

SettingsFileOption = Annotated[
    Path | None, typer.Option("--settings", help="TOML file with the settings; GRONDSLAG_… variables win.")
]

STOPS = (SettingsProblem, KeyProblem, DirectoryProblem, ReleaseError, PolicyUnavailable, TrailError)
"""What stops a start, with one sentence that says what to do."""


def run(
    kind: type[S],
    path: Path | None,
    *,
    party: Callable[[S], str],
    app: Callable[[S], FastAPI],
) -> None:
    """Serves until a stop is asked for. A wrong setting ends it with one sentence."""
    try:
        settings = read_settings(kind, path, dict(os.environ))
        events.configure(party=party(settings), strict=settings.demo)
        made = app(settings)
        uvloop.run(
            serve(
                made,
                health(made, made.state.checks),
                host=settings.host,
                port=settings.port,
                management_port=settings.management_port,
                stop_within_s=settings.stop_within_s,
                started=_settle,
            )
        )
    except STOPS as problem:
        sys.exit(f"{problem}")
    except OSError as error:
        sys.exit(f"The port cannot be opened: {error.strerror}. Set port and management_port to free ones.")


def _settle(*_: object) -> None:
    """What the start made stays: the garbage collector need not walk through it again, 0.1 s at a time. And a
    request makes thousands of objects and no cycles: looking after every 700 of them cost 3 % of the CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)
