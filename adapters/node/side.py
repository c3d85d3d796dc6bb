"""A node's side, for the commands that serve either side (party/side.py)."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adapters.node.app import MIGRATIONS, jwks, thresholds_of, verify_kind
from adapters.node.forgetting import FORGETTING
from adapters.node.settings import NodeSettings
from adapters.partners import REGISTER_URLS, RegisterUnavailable, adapter_for, verify_questions
from contract.days import day_of
from party.bearer import keys_of
from party.settings import SettingsProblem
from party.side import Side
from party.start import read_signatory
from party.wire import HttpWire
from policies import load_release


async def _evidence(*_: Any) -> Mapping[str, bytes]:
    return {}  # its checkpoints are nobody's to sign but its own


def _looks(settings: NodeSettings) -> Mapping[str, Callable[[], str]]:
    return {
        "partner": lambda: _kind(settings),
        "register_url": lambda: asyncio.run(_register(settings)),
        "jwks": lambda: asyncio.run(_identity_provider(settings)),
    }


def _kind(settings: NodeSettings) -> str:
    verify_kind(read_signatory(settings, settings.party, lambda: datetime.now(UTC)), settings.partner)
    return settings.partner


async def _register(settings: NodeSettings) -> str:
    try:
        adapter = adapter_for(
            settings.partner,
            settings.register_url.get_secret_value(),
            thresholds=thresholds_of(settings, day_of(datetime.now(UTC))),
            today=lambda: day_of(datetime.now(UTC)),
            max_age_days=settings.register_max_age_days,
        )
        try:
            verify_questions(adapter, load_release(settings.release))
            await adapter.verify()
        finally:
            await adapter.close()
    except RegisterUnavailable as problem:
        like = REGISTER_URLS.get(settings.partner)
        advice = f" `register_url` is like {like}." if like else ""
        raise SettingsProblem(f"It is not there ({problem}).{advice}") from None
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


SIDE: Final = Side(
    name="node",
    settings=NodeSettings,
    party=lambda settings: settings.party,
    migrations=MIGRATIONS,
    joint=False,
    forgetting=FORGETTING,
    keep_workspace=lambda settings: settings.keep_workspace,
    evidence=_evidence,
    looks=_looks,
)
