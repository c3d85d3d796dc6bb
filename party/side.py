"""One side of the chain, the broker's or a node's, as the commands that serve either side need it.

A side stands in the package of its party, which names it as an entry point of the group `grondslag.sides`.
Nothing here imports that package: a party installs its own side alone, and the commands work with what is
there.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from audit.retention import Forgetting
from audit.trail import Trail
from contract.directory import Directory
from party.settings import PartySettings, SettingsProblem

GROUP = "grondslag.sides"

NodeOption = Annotated[
    bool | None,
    typer.Option("--node/--broker", help="Whose settings these are; of the side that is installed alone."),
]


@dataclass(frozen=True)
class Side:
    """What is special about a party of this kind. Its functions take settings of the kind `settings`."""

    name: str
    settings: type[PartySettings]
    party: Callable[[Any], str]
    """The code of the party."""
    migrations: Path
    joint: bool
    """Whether its trail is the joint one, in which steps of a duty to inform have no grounds."""
    forgetting: Forgetting
    keep_workspace: Callable[[Any], timedelta | None]
    evidence: Callable[[Any, Trail, Directory], Awaitable[Mapping[str, bytes]]]
    """What an export of its trail has besides the entries: name of the member, and contents."""
    looks: Callable[[Any], Mapping[str, Callable[[], str]]]
    """What `grondslag doctor` looks at besides what every party has. A look tells what it found, or raises
    SettingsProblem.
    """


@cache
def _sides() -> tuple[Mapping[str, Side], Mapping[str, str]]:
    """By name: the sides that are installed; and of the others, what they lack."""
    found: dict[str, Side] = {}
    lacking: dict[str, str] = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()
        except ModuleNotFoundError as missing:
            lacking[point.name] = str(missing.name)
    return found, lacking


def chosen(node: bool | None) -> Side:
    """The side that was asked for with --node or --broker; else the only one here, else the broker's. Raises
    SettingsProblem when it is not installed.
    """
    found, lacking = _sides()
    name = "node" if node else "broker"
    if node is None and len(found) == 1:
        [name] = found
    if name not in found:
        raise SettingsProblem(
            f"What a {name} needs is not installed here ({lacking.get(name, 'nothing of it')} is missing). "
            f"Install it with: pip install 'grondslag[{name}]'"
        )
    return found[name]


def side_of(settings: PartySettings) -> Side:
    """The side that these settings are of."""
    return next(side for side in _sides()[0].values() if isinstance(settings, side.settings))


def others(side: Side) -> list[Side]:
    """The other sides that are installed here."""
    return [one for one in _sides()[0].values() if one is not side]
