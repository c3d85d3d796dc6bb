"""`grondslag doctor`: looks at this machine and at a party's settings, and says what to do about what is
wrong.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from adapters.contract.codes import BROKER
from adapters.contract.run import STOPS
from adapters.contract.settings import PartySettings, printed, read_settings
from adapters.contract.start import started
from adapters.node.app import MIGRATIONS as NODE_MIGRATIONS
from adapters.node.settings import NodeSettings
from gateway.app import MIGRATIONS as BROKER_MIGRATIONS
from gateway.settings import BrokerSettings
from policies import load_release

_TOOLS = Path(__file__).parent.parent / ".tools"


app = typer.Typer()


@app.command()
def doctor(
    settings: Annotated[
        Path | None, typer.Option("--settings", help="The settings file of a party to look at.")
    ] = None,
    node: Annotated[bool, typer.Option("--node/--broker", help="Whose settings these are.")] = False,
) -> None:
    """Check this machine, and a party's settings if you name them: opens everything as a start would."""
    good = [
        _check("Python", _python),
        _check("opa (for tests and as policy server)", _opa),
        _check("packaged hand-out", lambda: load_release().revision[:19]),
    ]
    if settings is not None:
        good.append(_check(f"settings in {settings.name}", lambda: _party(settings, node)))
    if not all(good):
        raise typer.Exit(1)


def _check(what: str, look: Callable[[], str]) -> bool:
    try:
        typer.echo(f"goed   {what}: {look()}")
    except STOPS as problem:
        typer.echo(f"FOUT   {what}: {problem}")
        return False
    except _Missing as missing:
        typer.echo(f"let op {what}: {missing}")
    return True


class _Missing(Exception):
    """Something that is only needed for some things."""


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _opa() -> str:
    if (_TOOLS / "opa").exists():
        return "in .tools"
    if shutil.which("opa") is None:
        raise _Missing(
            "not here. Run `make tools`; without it the embedded engine decides, and some tests are skipped."
        )
    return "on the PATH"


def _party(path: Path, node: bool) -> str:
    kind: type[PartySettings] = NodeSettings if node else BrokerSettings
    settings = read_settings(kind, path, dict(os.environ))
    party = settings.partner if isinstance(settings, NodeSettings) else BROKER
    for name, value in printed(settings).items():
        typer.echo(f"         {name} = {value}")
    return asyncio.run(_opened(settings, party, NODE_MIGRATIONS if node else BROKER_MIGRATIONS))


async def _opened(settings: PartySettings, party: str, migrations: Path) -> str:
    async with started(settings, party, migrations=migrations, now=lambda: datetime.now(UTC)) as start:
        return f"{party} can start, under hand-out {start.release.revision[:19]}"
