"""`grondslag node release`: what a privacy officer does with versions of the hand-out, at the own node."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from adapters.node.terminal import NodeAddress, Token, call, stop, width
from contract.days import ZONE
from contract.words import RELEASES, label
from policies import PolicyError, load_release
from policies.showing import lines_of

release = typer.Typer(
    no_args_is_help=True, help="See versions of the hand-out, agree on them, and put them in force."
)

Version = Annotated[str, typer.Argument(help="The version, as `list` shows it; its first letters will do.")]


@release.command("list")
def listed(node: NodeAddress, token: Token) -> None:
    """Every version: how far it is, who must still agree, and what this node accepted."""
    table = Table(
        "versie", "naam", "stand", "sinds of vanaf", "wacht op", "hier aanvaard", "wat er verandert"
    )
    for row in _releases(node, token):
        moments = [step["effective"] for step in row["steps"] if step["step"] == "activate"]
        table.add_row(
            row["release"].removeprefix("sha256:")[:12],
            row["name"],
            label(RELEASES, row["state"]),
            _moment(moments[-1]) if moments else "",
            " ".join(row["missing"]),
            "ja" if row["accepted"] else "nee",
            row["changelog"],
        )
    Console(width=width()).print(table)


@release.command("show")
def show(version: Version, node: NodeAddress, token: Token) -> None:
    """What a version would change, card by card as your own node worked it out, and every step with it."""
    row = _shown(node, token, version)
    for step in row["steps"]:
        effective = f", vanaf {_moment(step['effective'])}" if step["effective"] else ""
        typer.echo(
            f"{_moment(step['at'])}  {step['step']}  {step['party']}{effective}  (spoor {step['position']})"
        )
    if row["shown"]:
        typer.echo(f"kenmerk van wat u las: {row['shown']}")


@release.command("propose")
def propose(
    folder: Annotated[Path, typer.Argument(help="Folder of the new hand-out.")],
    node: NodeAddress,
    token: Token,
    *,
    certificate: Annotated[
        Path, typer.Option(help="What `grondslag policy check FOLDER --json` wrote about it.")
    ],
    name: Annotated[str, typer.Option(help="A short name, such as: raad bij het duiden")],
    changelog: Annotated[str, typer.Option(help="What changes and why, in Dutch that a chair understands.")],
    not_before: Annotated[datetime | None, typer.Option(help="In force at the earliest.")] = None,
) -> None:
    """Propose a new version. Who must agree follows from what it changes, not from who proposes it."""
    try:
        files = {path: content.decode() for path, content in load_release(folder).files.items()}
        found = certificate.read_text(encoding="utf-8")
    except PolicyError as error:
        stop(str(error))
    except OSError:
        stop(f"De verklaring {certificate.name} is niet te lezen.")
    body = {"files": files, "certificate": found, "name": name, "changelog": changelog}
    if not_before is not None:
        body["notBefore"] = _local(not_before)
    typer.echo(call("POST", node, "/v1/releases", token, body)["release"])


@release.command("approve")
def approve(
    version: Version,
    node: NodeAddress,
    token: Token,
    *,
    shown: Annotated[
        str | None, typer.Option(help="What `show` ended with; without it, all of it is shown now.")
    ] = None,
) -> None:
    """Agree, for your organisation, with what was shown. This node answers under it once it is in force."""
    if shown is None:
        row = _shown(node, token, version)
        shown = row["shown"]
        if row["unfit"]:
            stop("Niemand kan deze versie tekenen.")
        if shown is None:
            stop("Uw knooppunt rekent nog uit wat deze versie verandert. Probeer het over een paar minuten.")
        typer.confirm("Bent u akkoord met alles wat hierboven staat?", abort=True)
    _step(node, token, version, {"step": "approve", "shown": shown})


@release.command("reject")
def reject(version: Version, node: NodeAddress, token: Token) -> None:
    """Refuse it. It cannot come in force any more."""
    _step(node, token, version, {"step": "reject"})


@release.command("activate")
def activate(
    version: Version,
    node: NodeAddress,
    token: Token,
    *,
    at: Annotated[datetime | None, typer.Option(help="From when; now if left out. Dutch time.")] = None,
) -> None:
    """Put a version that everybody agreed on in force, at one moment for all."""
    _step(node, token, version, {"step": "activate"} | ({} if at is None else {"at": _local(at)}))


@release.command("retire")
def retire(version: Version, node: NodeAddress, token: Token) -> None:
    """Take a version back: a plan to put it in force, or the way back to it."""
    _step(node, token, version, {"step": "retire"})


@release.command("rollback")
def rollback(node: NodeAddress, token: Token) -> None:
    """Put the version before the one in force in force again, now. Nothing that happened is lost."""
    typer.echo(call("POST", node, "/v1/release-rollbacks", token, {})["release"])


def _step(node: str, token: str, version: str, body: dict[str, Any]) -> None:
    row = _release(node, token, version)
    call("POST", node, f"/v1/releases/{row['release'].removeprefix('sha256:')}/steps", token, body)
    after = _release(node, token, row["release"].removeprefix("sha256:"))
    missing = f"; wacht op {' '.join(after['missing'])}" if after["missing"] else ""
    typer.echo(f"{after['release']}: {label(RELEASES, after['state'])}{missing}")


def _shown(node: str, token: str, version: str) -> dict[str, Any]:
    """Prints all that a version changes; the row."""
    known = _release(node, token, version)["release"].removeprefix("sha256:")
    row: dict[str, Any] = call("GET", node, f"/v1/releases/{known}", token)
    typer.echo(f"{row['name']} · {row['release']}: {label(RELEASES, row['state'])}")
    typer.echo(row["changelog"])
    if row["unfit"]:
        typer.echo(f"niet bruikbaar: {row['unfit']}")
    if row["shown"]:
        for line in lines_of(row):
            typer.echo(line)
    return row


def _releases(node: str, token: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = call("GET", node, "/v1/releases", token)["releases"]
    return rows


def _release(node: str, token: str, version: str) -> dict[str, Any]:
    short = version.removeprefix("sha256:")
    found = [
        row for row in _releases(node, token) if row["release"].removeprefix("sha256:").startswith(short)
    ]
    if len(found) != 1 or not short:
        stop("Geen versie begint zo, of meer dan een. Kijk met: list")
    return found[0]


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(ZONE).strftime("%d-%m-%Y %H.%M.%S")


def _local(moment: datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).isoformat()
