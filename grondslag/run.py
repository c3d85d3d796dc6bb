"""`grondslag broker` and `grondslag node`: run a party, and work at a node's desk."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from adapters.contract import events
from adapters.contract.directory import DirectoryProblem
from adapters.contract.health import health
from adapters.contract.keys import KeyProblem
from adapters.contract.server import serve
from adapters.contract.settings import PartySettings, SettingsProblem, read_settings
from adapters.node.app import app as node_app
from adapters.node.settings import NodeSettings
from adapters.partners import RegisterUnavailable
from audit.errors import TrailError
from gateway.app import app as broker_app
from gateway.settings import BrokerSettings
from policies import PolicyUnavailable, ReleaseError

Settings = Annotated[
    Path | None, typer.Option("--settings", help="TOML file with the settings; GRONDSLAG_… variables win.")
]

STOPS = (
    SettingsProblem,
    KeyProblem,
    DirectoryProblem,
    ReleaseError,
    PolicyUnavailable,
    TrailError,
    RegisterUnavailable,
)
"""What stops a start, with one sentence that says what to do."""


def broker(settings: Settings = None) -> None:
    """Run the broker until it is asked to stop."""
    _run(BrokerSettings, settings)


def run(settings: Settings = None) -> None:
    """Run a partner's node until it is asked to stop."""
    _run(NodeSettings, settings)


def _run(kind: type[PartySettings], path: Path | None) -> None:
    try:
        settings = read_settings(kind, path, dict(os.environ))
        party = settings.partner if isinstance(settings, NodeSettings) else "broker"
        events.configure(party=party, strict=settings.demo)
        app: Any = node_app(settings) if isinstance(settings, NodeSettings) else broker_app(settings)  # type: ignore[arg-type]
        uvloop.run(
            serve(
                app,
                health(app, {}),
                host=settings.host,
                port=settings.port,
                management_port=settings.management_port,
            )
        )
    except STOPS as problem:
        sys.exit(f"{problem}")
    except OSError as error:
        sys.exit(
            f"The port cannot be opened: {error.strerror}. Set `port` and `management_port` to free ones."
        )
