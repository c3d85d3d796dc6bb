"""`grondslag node`."""

import sys

import typer

from adapters.node.answering.commands import desk, standing
from adapters.node.app import app as node_app
from adapters.node.handout.commands import release
from adapters.node.reviewing.commands import urgency
from adapters.node.settings import NodeSettings
from adapters.partners import RegisterUnavailable
from party.run import SettingsFileOption
from party.run import run as run_party

app = typer.Typer(no_args_is_help=True, help="Run a partner's node, and work at its desk.")
app.add_typer(desk, name="desk")
app.add_typer(standing, name="standing")
app.add_typer(release, name="release")
app.add_typer(urgency, name="urgency")


@app.command()
def run(settings: SettingsFileOption = None) -> None:
    """Run a partner's node until it is asked to stop."""
    try:
        run_party(NodeSettings, settings, party=lambda one: one.party, app=node_app)
    except RegisterUnavailable as problem:
        sys.exit(f"{problem}")
