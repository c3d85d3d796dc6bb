"""`grondslag doctor`: looks at this machine and at a party's settings, and says what to do about what is
wrong. It writes nothing: no table, no file, no entry.
"""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from party.run import STOPS
from party.settings import PartySettings, SettingsProblem, printed, read_settings
from party.side import NodeOption, Side, chosen, others
from party.start import look_at_databases, open_policy, read_signatory
from policies import load_release

_TOOLS = Path(__file__).parents[2] / ".tools"


app = typer.Typer()


@app.command()
def doctor(
    settings: Annotated[
        Path | None, typer.Option("--settings", help="The settings file of a party to look at.")
    ] = None,
    node: NodeOption = None,
) -> None:
    """Check this machine, and a party's settings if you name them: all that a start needs. Writes nothing."""
    good = [
        _check("Python", _python),
        _check("opa (for tests and as policy server)", _opa),
        _check("packaged hand-out", lambda: load_release().revision[:19]),
    ]
    if settings is not None:
        good.append(_party(settings, node))
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


def _party(path: Path, node: bool | None) -> bool:
    """Every look, also after one that fails: who mends settings wants to know all of it."""
    found: list[tuple[Side, PartySettings]] = []

    def read() -> str:
        side = chosen(node)
        found.append((side, _read(path, side)))
        return "".join(f"\n         {name} = {value}" for name, value in printed(found[0][1]).items())

    if not _check(f"settings in {path.name}", read):
        return False
    [(side, settings)] = found
    party = side.party(settings)
    looks: dict[str, Callable[[], str]] = {
        "port and management_port": lambda: _ports(settings),
        "keys and directory": lambda: f"digest {_digest(settings, party)}",
        "hand-out and policy engine": lambda: asyncio.run(_policy(settings)),
        "database and subject_keys": lambda: _databases(settings, side.migrations),
        "certificates": lambda: str(len(settings.tls().get_ca_certs())) + " authorities",
        **side.looks(settings),
    }
    results = [_check(what, look) for what, look in looks.items()]
    good = all(results)
    typer.echo(f"{party} can start." if good else f"{party} cannot work like this: mend what says FOUT.")
    return good


def _read(path: Path, side: Side) -> PartySettings:
    try:
        return read_settings(side.settings, path, dict(os.environ))
    except SettingsProblem as problem:
        for other in others(side):
            if problem.setting in other.settings.model_fields.keys() - side.settings.model_fields.keys():
                raise SettingsProblem(
                    f"{problem} If these are a {other.name}'s settings: add --{other.name}."
                ) from None
        raise


def _ports(settings: PartySettings) -> str:
    for name, port in (("port", settings.port), ("management_port", settings.management_port)):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        try:
            socket.create_server((settings.host, port), family=family).close()
        except OSError as error:
            raise SettingsProblem(
                f"`{name}` {port} cannot be opened on `host` {settings.host}: {error.strerror}. "
                "Stop what listens there (it may be this party itself), or set another."
            ) from None
    return "free"


def _digest(settings: PartySettings, party: str) -> str:
    return read_signatory(settings, party, _now).directory.digest[:12]


async def _policy(settings: PartySettings) -> str:
    if settings.policy_engine != "embedded" and settings.opa_bundle and not settings.opa_bundle.exists():
        return "OPA gets its first release when this party starts"
    policy = await open_policy(settings, load_release(settings.release))
    await policy.close()
    return f"{policy.revision[:19]} ({policy.engine})"


def _databases(settings: PartySettings, migrations: Path) -> str:
    waiting = look_at_databases(settings, migrations)
    return f"a start would make or migrate {' and '.join(waiting)}" if waiting else "up to date"


def _now() -> datetime:
    return datetime.now(UTC)
