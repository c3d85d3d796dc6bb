"""The broker's side, for the commands that serve either side (party/side.py)."""

from collections.abc import Mapping
from typing import Final

from audit.trail import Trail
from contract.codes import BROKER
from contract.directory import Directory
from gateway.app import MIGRATIONS
from gateway.forgetting import FORGETTING
from gateway.settings import BrokerSettings
from gateway.trail.evidence import evidence, policy
from party.side import Side


async def _evidence(settings: BrokerSettings, trail: Trail, directory: Directory) -> Mapping[str, bytes]:
    outside = [text.partition(" ")[0] for text in settings.witnesses]
    signed = await trail.scan(evidence)
    return {**signed, "policy": policy(directory, outside, settings.quorum).encode()}


SIDE: Final = Side(
    name="broker",
    settings=BrokerSettings,
    party=lambda _: BROKER,
    migrations=MIGRATIONS,
    joint=True,
    forgetting=FORGETTING,
    keep_workspace=lambda _: None,
    evidence=_evidence,
    looks=lambda _: {},
)
