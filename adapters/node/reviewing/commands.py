"""`grondslag node urgency`: what was asked in acute danger is looked at afterwards, from a terminal."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from adapters.node.terminal import NodeAddress, Token, call, width
from contract.days import ZONE

urgency = typer.Typer(no_args_is_help=True, help="See which use of urgency is to be reviewed, and review it.")


@urgency.command("list")
def to_review(node: NodeAddress, token: Token) -> None:
    """What is to be reviewed, soonest due first."""
    table = Table(Column("bevraging", no_wrap=True), "hier", "andere kant", "uiterlijk", "te laat")
    for row in call("POST", node, "/v1/urgent-reviews/_search", token, {}):
        due = datetime.fromisoformat(row["dueAt"]).astimezone(ZONE).strftime("%d-%m %H.%M")
        side = "door ons gevraagd" if row["side"] == "asked" else "aan ons gevraagd"
        table.add_row(row["inquiry"], side, row["other"], due, "ja" if row["late"] else "nee")
    Console(width=width()).print(table)


@urgency.command("review")
def review(
    inquiry: Annotated[str, typer.Argument(help="The inquiry, as `list` shows it.")],
    node: NodeAddress,
    token: Token,
    *,
    justified: Annotated[bool, typer.Option(help="Whether urgency was in its place.")],
    why: Annotated[str, typer.Option(help="Why you think so. It is sealed in the own trail.")],
) -> None:
    """Say whether urgency was in its place. Not for who asked or let an answer go."""
    body = {"outcome": "justified" if justified else "not_justified", "why": why}
    call("POST", node, f"/v1/urgent-reviews/{inquiry}/outcomes", token, body)
    typer.echo("Getoetst.")
