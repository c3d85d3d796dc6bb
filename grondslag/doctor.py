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

from adapters.node.app import MIGRATIONS as NODE_MIGRATIONS
from adapters.node.app import jwks
from adapters.node.settings import NodeSettings
from adapters.partners import REGISTER_URLS, RegisterUnavailable, adapter_for, verify_questions
from adapters.registers.thresholds import read_thresholds
from contract.codes import BROKER
from contract.days import day_of
from gateway.app import MIGRATIONS as BROKER_MIGRATIONS
from gateway.settings import BrokerSettings
from party.bearer import keys_of
from party.run import STOPS
from party.settings import PartySettings, SettingsProblem, printed, read_settings
from party.start import look_at_databases, open_policy, read_signatory
from party.wire import HttpWire
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
    except (*STOPS, RegisterUnavailable) as problem:
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


def _party(path: Path, node: bool) -> bool:
    """Every look, also after one that fails: who mends settings wants to know all of it."""
    found: list[PartySettings] = []

    def read() -> str:
        found.append(_read(path, node))
        return "".join(f"\n         {name} = {value}" for name, value in printed(found[0]).items())

    if not _check(f"settings in {path.name}", read):
        return False
    [settings] = found
    party = settings.partner if isinstance(settings, NodeSettings) else BROKER
    migrations = NODE_MIGRATIONS if isinstance(settings, NodeSettings) else BROKER_MIGRATIONS
    looks: dict[str, Callable[[], str]] = {
        "port and management_port": lambda: _ports(settings),
        "keys and directory": lambda: f"digest {_digest(settings, party)}",
        "hand-out and policy engine": lambda: asyncio.run(_policy(settings)),
        "database and subject_keys": lambda: _databases(settings, migrations),
        "certificates": lambda: str(len(settings.tls().get_ca_certs())) + " authorities",
    }
    if isinstance(settings, NodeSettings):
        looks["register_url"] = lambda: asyncio.run(_register(settings))
        looks["jwks"] = lambda: asyncio.run(_identity_provider(settings))
    results = [_check(what, look) for what, look in looks.items()]
    good = all(results)
    typer.echo(f"{party} can start." if good else f"{party} cannot work like this: mend what says FOUT.")
    return good


def _read(path: Path, node: bool) -> PartySettings:
    kind: type[PartySettings] = NodeSettings if node else BrokerSettings
    other: type[PartySettings] = BrokerSettings if node else NodeSettings
    try:
        return read_settings(kind, path, dict(os.environ))
    except SettingsProblem as problem:
        if problem.setting in other.model_fields.keys() - kind.model_fields.keys():
            advice = "a broker's settings: leave out --node" if node else "a node's settings: add --node"
            raise SettingsProblem(f"{problem} If these are {advice}.") from None
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
    if settings.policy_engine == "server" and settings.opa_bundle and not settings.opa_bundle.exists():
        return "OPA gets its first release when this party starts"
    policy = await open_policy(settings, load_release(settings.release))
    await policy.close()
    return f"{policy.revision[:19]} ({policy.engine})"


def _databases(settings: PartySettings, migrations: Path) -> str:
    waiting = look_at_databases(settings, migrations)
    return f"a start would make or migrate {' and '.join(waiting)}" if waiting else "up to date"


async def _register(settings: NodeSettings) -> str:
    adapter = adapter_for(
        settings.partner,
        settings.register_url.get_secret_value(),
        thresholds=read_thresholds(),
        today=lambda: day_of(_now()),
    )
    try:
        verify_questions(adapter, load_release(settings.release))
        await adapter.verify()
    except RegisterUnavailable as problem:
        raise RegisterUnavailable(
            f"It is not there ({problem}). `register_url` is like {REGISTER_URLS[settings.partner]}."
        ) from None
    finally:
        await adapter.close()
    return f"answers, with {len(adapter.questions)} questions"


async def _identity_provider(settings: NodeSettings) -> str:
    wire = HttpWire(settings.tls())
    await wire.open()
    try:
        keys = keys_of(await jwks(settings.jwks, wire)())
    except OSError as error:
        raise SettingsProblem(
            f"The keys of the identity provider cannot be had: {error.strerror or error}. "
            "Mend `jwks`: nobody can sign in without them."
        ) from None
    finally:
        await wire.close()
    return f"{len(keys)} keys"


def _now() -> datetime:
    return datetime.now(UTC)
