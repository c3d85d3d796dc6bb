"""`grondslag node …` from a terminal: a request to the own node, whose refusal ends the command in its own
words.
"""

import json
import os
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import typer

NodeAddress = Annotated[str, typer.Option("--node", help="Address of the node's API.")]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="GRONDSLAG_TOKEN",
        help="Access token of your own identity provider (or in GRONDSLAG_TOKEN).",
    ),
]
_TIMEOUT_S = 15
_WIDE = 200  # where the output is no terminal, such as a file


def call(method: str, node: str, path: str, token: str, body: Mapping[str, Any] | None = None) -> Any:
    """The body of the response; a problem ends the command with its own words."""
    if not node.startswith(("http://", "https://")):
        stop("Geef bij --node het adres van de API van uw knooppunt, zoals http://127.0.0.1:8000")
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    try:
        with urlopen(Request(node + path, data, headers, method=method), timeout=_TIMEOUT_S) as response:  # noqa: S310
            content = response.read()
            return json.loads(content) if content else None
    except HTTPError as error:
        problem = json.loads(error.read() or b"{}")
        where = "".join(f" {row['name']}: {row['reason']}" for row in problem.get("invalidParams", []))
        stop(f"{problem.get('title', error.reason)} {problem.get('detail', '')}{where}")
    except (URLError, OSError):
        stop("Uw knooppunt is niet bereikbaar. Draait het, en klopt --node?")


def stop(sentence: str) -> NoReturn:
    """Ends the command with this sentence and exit status 2."""
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


def width() -> int | None:
    """How wide a table may be; None: as the terminal is."""
    return None if os.isatty(1) else _WIDE
