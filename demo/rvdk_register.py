"""A stand-in for RvdK's own service, for the demo and the tests: one typed search over its files. TEST: no
real persons.

- Everything is refused (401) but a request with the token; every other path is 404. Nothing of a person
  stands in a URL, an error or a log line.
- `POST /personen` gets `{"type": "ZoekMetStatutaireSet", "zoekvragen": […]}` and gives, per search, everyone
  who might be meant, what is shielded marked as such: the service belongs to the holder, and so does the node
  that asks it.
"""

import hmac
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.partners.rvdk import dossiers
from adapters.registers.register import Person, RegisterUnavailable
from adapters.registers.rest_register import SEARCH, identity_of, search_of
from adapters.registers.sql_register import SqlRegister
from contract.days import day_of
from contract.identity import Identity, IdentityError
from demo.rvdk_tables import SHAPE

_LARGEST = 256 * 1024
_MOST_SEARCHES = 50
_SHORTEST_TOKEN = 32


def app_of(database_url: str, token: str, *, today: Callable[[], date]) -> Starlette:
    """The service over its database. Raises ValueError for a token of fewer than 32 characters."""
    if len(token) < _SHORTEST_TOKEN:
        raise ValueError("the token has at least 32 characters; make one with: openssl rand -hex 32")
    register = SqlRegister(database_url, SHAPE, today=today)

    async def search(request: Request) -> Response:
        shown = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown, f"Bearer {token}".encode()):
            return JSONResponse({"title": "Geen toegang."}, 401, headers={"WWW-Authenticate": "Bearer"})
        try:
            identities = _searches(await _body(request))
        except (ValueError, KeyError, TypeError, IdentityError):
            return JSONResponse({"title": "Deze zoekvraag klopt niet."}, 400)
        try:
            found = await register.find(identities)
        except RegisterUnavailable:
            return JSONResponse({"title": "Het register is niet bereikbaar."}, 503)
        results = [
            {"personen": [_written(person) for person in one.persons], "teVeel": one.crowded}
            for one in found.candidates
        ]
        return JSONResponse({"type": SEARCH, "peildatum": found.as_of.isoformat(), "resultaten": results})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await register.close()

    return Starlette(routes=[Route("/personen", search, methods=["POST"])], lifespan=lifespan)


async def _body(request: Request) -> Any:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST:
            raise ValueError
    return json.loads(content)


def _searches(body: Any) -> list[Identity]:
    if (
        body["type"] != SEARCH
        or body.keys() != {"type", "zoekvragen"}
        or len(body["zoekvragen"]) > _MOST_SEARCHES
    ):
        raise ValueError
    return [Identity.parse(identity_of(one).as_json()) for one in body["zoekvragen"]]


def _written(person: Person) -> dict[str, Any]:
    return {
        "nummer": person.key,
        **search_of(person.identity),
        "overleden": person.deceased,
        "afgeschermd": person.shielded,
        "inOnderzoek": person.in_doubt,
        "dossiers": dossiers(person.records),
    }


def _run(
    database: Annotated[str, typer.Option(help="The database that was built for it, as a URL.")],
    port: Annotated[int, typer.Option(help="The port on loopback; 0 for any that is free.")],
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the token; else RVDK_REGISTER_TOKEN.")
    ] = None,
    clock: Annotated[
        Path | None, typer.Option(help="A file with the seconds that the chain's clock is ahead.")
    ] = None,
) -> None:
    """The stand-in for RvdK's register (TEST)."""
    token = token_file.read_text().strip() if token_file else os.environ.get("RVDK_REGISTER_TOKEN", "")

    def today() -> date:
        ahead = int(clock.read_text(encoding="ascii")) if clock and clock.exists() else 0
        return day_of(datetime.now(UTC) + timedelta(seconds=ahead))

    app = app_of(database, token, today=today)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    typer.run(_run)
