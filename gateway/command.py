"""`grondslag broker`."""

import typer

from contract.codes import BROKER
from gateway.app import app as broker_app
from gateway.settings import BrokerSettings
from party.run import SettingsFileOption, run

app = typer.Typer()


@app.command()
def broker(settings: SettingsFileOption = None) -> None:
    """Run the broker until it is asked to stop."""
    run(BrokerSettings, settings, party=lambda _: BROKER, app=broker_app)
