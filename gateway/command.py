"""`grondslag broker`."""

import typer

from adapters.contract.codes import BROKER
from adapters.contract.run import Settings, run
from gateway.app import app as broker_app
from gateway.settings import BrokerSettings

app = typer.Typer()


@app.command()
def broker(settings: Settings = None) -> None:
    """Run the broker until it is asked to stop."""
    run(BrokerSettings, settings, party=lambda _: BROKER, app=broker_app)
