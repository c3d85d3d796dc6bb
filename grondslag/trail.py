"""`grondslag audit`: a party's whole trail as one file, and the check of such a file."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from adapters.contract.codes import BROKER
from adapters.contract.directory import Directory
from adapters.contract.run import STOPS
from adapters.contract.settings import PartySettings, read_settings
from adapters.contract.signatory import trail_origin
from adapters.node.settings import NodeSettings
from audit.checkpoint import verifier_key
from audit.commands import app
from audit.export import export as write_export
from gateway.settings import BrokerSettings


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="The file to write (zip).")],
    settings: Annotated[Path, typer.Option("--settings", help="The settings file of the party.")],
    node: Annotated[bool, typer.Option("--node/--broker", help="Whose settings these are.")] = False,
) -> None:
    """Write the whole trail of a party to a file that anybody can check offline. The party may be running."""
    try:
        kind: type[PartySettings] = NodeSettings if node else BrokerSettings
        party = read_settings(kind, settings, dict(os.environ))
        entries = asyncio.run(exported(party, out))
    except STOPS as problem:
        sys.exit(f"{problem}")
    typer.echo(f"Wrote {entries} entries to {out}. Check them with: python -m audit verify {out}")


async def exported(settings: PartySettings, out: Path) -> int:
    """Exports the trail of the party with these settings; the number of entries."""
    name = settings.partner if isinstance(settings, NodeSettings) else BROKER
    directory = Directory.read(settings.directory)
    origin = trail_origin(directory.party(name).oin)
    keys = [verifier_key(origin, key) for key in directory.trail_keys(name)]
    return await asyncio.to_thread(write_export, settings.database.get_secret_value(), out, keys)
