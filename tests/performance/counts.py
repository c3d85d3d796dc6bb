"""Counts what a chain does: real functions are wrapped, every one still does its work.

Everything is counted per party where a party can be told; the chain runs in this process, so that one place
sees all of it.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from jwt.algorithms import ECAlgorithm
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

import audit.trail
import contract.directory
import contract.keys
import contract.sealing
import party.bearer
from contract.codes import BROKER
from contract.signatory import Signatory
from demo.members import PARTIES
from party.wire import HttpWire
from policies import EmbeddedPolicy
from tests.statements import statements
from tests.world import AsgiWire, LocalWorld

_TRAIL = "trail.sqlite"
_PARSES = (
    (contract.directory, "signing_public"),
    (contract.directory, "sealing_public"),
    (contract.keys, "read_keys"),
    (party.bearer, "provider_keys"),
)


@dataclass
class Counts:
    """By party, unless it says otherwise."""

    commits: list[str] = field(default_factory=list)  # in the order in which they were durable
    statements: Counter[str] = field(
        default_factory=Counter
    )  # on the trail's database; begin and tiles left out
    requests: Counter[str] = field(default_factory=Counter)  # by addressee
    connections: int = 0
    policy_calls: Counter[str] = field(default_factory=Counter)
    signed: Counter[str] = field(default_factory=Counter)
    verified: Counter[str] = field(default_factory=Counter)
    ecdsa_signatures: int = 0
    ecdsa_verifications: int = 0
    checkpoints: Counter[str] = field(default_factory=Counter)
    sealed_to: Counter[str] = field(default_factory=Counter)
    opened_by: Counter[str] = field(default_factory=Counter)
    tls_contexts: int = 0
    key_parses: int = 0
    database_connections: int = 0
    tasks_left: int = 0


@contextmanager
def counted(world: LocalWorld) -> Iterator[Counts]:
    """Counts from here to the end of the block."""
    counts = Counts()
    parties = _Parties(world)
    with pytest.MonkeyPatch.context() as patch:
        _count_documents(patch, counts, parties)
        _count_sealing(patch, counts, parties)
        _count_shared(patch, counts, parties)
        tasks = len(world.do(_tasks()))
        with _database_events(counts, parties):
            yield counts
        counts.tasks_left = len(world.do(_tasks())) - tasks


async def _tasks() -> set["asyncio.Task[Any]"]:
    return asyncio.all_tasks()


class _Parties:
    """Which party something belongs to."""

    def __init__(self, world: LocalWorld) -> None:
        everyone = (BROKER, *PARTIES)
        self.by_address = {world.address(party): party for party in everyone}
        self.by_database = {str(world.folder / party / _TRAIL): party for party in everyone}
        states = {party: world.apps[world.address(party)].state for party in everyone}
        self.by_policy = {id(_policy(state)): party for party, state in states.items()}
        keyrings = {party: _signatory(state).keyring for party, state in states.items()}
        self.by_opening_key = {
            id(key.private): party for party, keyring in keyrings.items() for key in keyring.opening.values()
        }
        self.by_kid = {key.kid: party for party, ring in keyrings.items() for key in ring.opening.values()}
        self.by_origin = {
            f"grondslag.example/{_signatory(state).party.oin}": party for party, state in states.items()
        }


def _signatory(state: Any) -> Signatory:
    found = state.broker._signatory if hasattr(state, "broker") else state.node.signatory
    assert isinstance(found, Signatory)
    return found


def _policy(state: Any) -> object:
    hand_outs = state.broker._hand_outs if hasattr(state, "broker") else state.node.hand_outs
    return hand_outs._opened[-1].policy


def _count_documents(patch: pytest.MonkeyPatch, counts: Counts, parties: _Parties) -> None:
    def party(signatory: Signatory) -> str:
        return signatory.party.code

    _wrap(patch, Signatory, "write", lambda self, *_, **__: counts.signed.update([party(self)]))
    _wrap(patch, Signatory, "read", lambda self, *_, **__: counts.verified.update([party(self)]))

    def signature(*_: object, **__: object) -> None:
        counts.ecdsa_signatures += 1

    def verification(*_: object, **__: object) -> None:
        counts.ecdsa_verifications += 1

    _wrap(patch, ECAlgorithm, "sign", signature)
    _wrap(patch, ECAlgorithm, "verify", verification)
    _wrap(
        patch,
        audit.trail,
        "sign_checkpoint",
        lambda checkpoint, _: counts.checkpoints.update([parties.by_origin[checkpoint.origin]]),
    )


def _count_sealing(patch: pytest.MonkeyPatch, counts: Counts, parties: _Parties) -> None:
    suite = contract.sealing._SUITE
    recipients: dict[int, str] = {}

    class Counting:
        def encrypt(self, plaintext: bytes, key: Any, info: bytes) -> bytes:
            counts.sealed_to.update([recipients[id(key)]])
            return suite.encrypt(plaintext, key, info=info)

        def decrypt(self, ciphertext: bytes, key: Any, info: bytes) -> bytes:
            counts.opened_by.update([parties.by_opening_key[id(key)]])
            return suite.decrypt(ciphertext, key, info=info)

    patch.setattr(contract.sealing, "_SUITE", Counting())
    find = contract.directory.Directory.sealing_key

    def sealing_key(self: Any, code: str, now: Any) -> Any:
        found = find(self, code, now)
        recipients[id(found.public)] = code
        return found

    patch.setattr(contract.directory.Directory, "sealing_key", sealing_key)


def _count_shared(patch: pytest.MonkeyPatch, counts: Counts, parties: _Parties) -> None:
    for wire in (HttpWire, AsgiWire):
        _wrap(
            patch,
            wire,
            "send",
            lambda _, __, address, *___, **____: counts.requests.update([parties.by_address[address]]),
        )
    _wrap(
        patch,
        EmbeddedPolicy,
        "decide",
        lambda self, _: counts.policy_calls.update([parties.by_policy[id(self)]]),
    )

    def connection(*_: object, **__: object) -> None:
        counts.connections += 1

    def context(*_: object, **__: object) -> None:
        counts.tls_contexts += 1

    def parse(*_: object, **__: object) -> None:
        counts.key_parses += 1

    _wrap(patch, asyncio.BaseEventLoop, "create_connection", connection)
    _wrap(patch, ssl.SSLContext, "__new__", context)
    for module, name in _PARSES:
        _wrap(patch, module, name, parse)


def _wrap(patch: pytest.MonkeyPatch, owner: Any, name: str, count: Callable[..., None]) -> None:
    """`count` sees each call, and the function does its work as before."""
    real = getattr(owner, name)

    def counting(*given: Any, **named: Any) -> Any:
        count(*given, **named)
        return real(*given, **named)

    patch.setattr(owner, name, staticmethod(counting) if name == "__new__" else counting)


@contextmanager
def _database_events(counts: Counts, parties: _Parties) -> Iterator[None]:
    def party(connection: Any) -> str | None:
        return parties.by_database.get(str(connection.engine.url.database))

    def statement(connection: Any, text: str) -> None:
        # one tile more for every 256 entries: that depends on where the trail stands, not on what is asked
        whose = party(connection)
        if whose is not None and not text.startswith("INSERT INTO trail_tiles"):
            counts.statements.update([whose])

    def commit(connection: Any) -> None:
        whose = party(connection)
        if whose is not None:
            counts.commits.append(whose)

    def connected(*_: object) -> None:
        counts.database_connections += 1

    listeners: list[tuple[Any, str, Callable[..., None]]] = [
        (Engine, "commit", commit),
        (Pool, "connect", connected),
    ]
    for listener in listeners:
        event.listen(*listener)
    try:
        with statements(statement):
            yield
    finally:
        for listener in listeners:
            event.remove(*listener)
