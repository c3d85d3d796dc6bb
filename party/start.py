"""What every party puts together at its start, broker and node alike: keys, directory, hand-out, policy
engine, trail.

Whatever is missing, weak or wrong stops the start with one sentence that says what to do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit.entry import Entry
from audit.errors import TrailError, TrailUnavailable
from audit.kinds import Kind
from audit.migration import KEYS, TRAIL, look, migrate
from audit.trail import Trail
from contract import problems
from contract.codes import BROKER
from contract.directory import Directory, DirectoryProblem
from contract.keys import KeyProblem, Keyring, read_keys
from contract.signatory import Signatory, trail_origin
from party import trace
from party.events import Event, log
from party.hand_outs import HandOuts
from party.health import HealthCheck, working
from party.settings import PartySettings, SettingsProblem
from policies import EmbeddedPolicy, OpaServerPolicy, Policy, PolicyUnavailable, Release, load_release
from policies.bundle import pack
from policies.two_engines import TwoEngines

PROBLEMS: Mapping[type[Exception], type[problems.Problem]] = {
    KeyProblem: problems.CannotSign,
    PolicyUnavailable: problems.CannotDecide,
    TrailUnavailable: problems.CannotRecord,
}
"""As which problem the errors of the packages below are told."""

_OPA_FOLLOWS_S = 5.0  # how long OPA may take to begin anew (`deploy/systemd/opa-release.path`)


@dataclass(frozen=True)
class Start:
    """A party that may begin its work."""

    signatory: Signatory
    hand_outs: HandOuts
    trail: Trail

    def checks(self) -> dict[str, HealthCheck]:
        """What must work before this party takes requests; whether others can be reached is not in it."""
        return {
            "trail": working(self.trail.verify, TrailUnavailable),
            "policy": working(lambda: self.hand_outs.verify(self._now()), PolicyUnavailable),
            "clock": working(self._verify_clock, KeyProblem),
        }

    async def _verify_clock(self) -> None:
        """Raises KeyProblem when the clock went back to before the first key."""
        self.signatory.keyring.signing_key(self.signatory.now())

    async def record(self) -> None:
        """A start is an entry: under which directory and hand-out what follows was done. Raises
        PolicyUnavailable when the release in force, held here, cannot decide.
        """
        now = self._now()
        in_force = self.hand_outs.revision(now)
        held = self.hand_outs.holds(in_force)
        facts = {
            "directory": self.signatory.directory.digest,
            "revision": in_force,
            "engine": (await self.hand_outs.now(now)).policy.engine if held else None,
        }
        await self.trail.append([Entry(Kind.STARTED, facts)])

    def _now(self) -> int:
        return int(self.signatory.now().timestamp())


def say_strange(count: int) -> None:
    """So many entries were read in the trail of kinds that this version does not know."""
    log(Event.KINDS_UNKNOWN, count=count)


@asynccontextmanager
async def started(
    settings: PartySettings, party: str, *, migrations: Path, now: Callable[[], datetime]
) -> AsyncIterator[Start]:
    """Opens everything, and closes it in reverse.

    Raises KeyProblem, DirectoryProblem, ReleaseError, PolicyUnavailable, SettingsProblem, TrailError: each
    says what to do.
    """
    signatory = read_signatory(settings, party, now)
    signatory.keyring.signing_key(now())  # a clock behind the first key is said at once
    directory = signatory.directory
    release = load_release(settings.release)
    async with AsyncExitStack() as stack:
        hand_outs = HandOuts(release, _engine(settings, signatory))
        stack.push_async_callback(hand_outs.close)
        waiting = look_at_databases(settings, migrations)
        for name, (url, folders) in databases(settings, migrations).items():
            for scripts in folders if name in waiting else ():
                migrate(url, scripts)
        trail = await stack.enter_async_context(opened_trail(settings, signatory))
        log(Event.DIRECTORY_READ, digest=directory.digest, parties=len(directory.parties()) + 1)
        yield Start(signatory, hand_outs, trail)


@asynccontextmanager
async def opened_trail(settings: PartySettings, signatory: Signatory) -> AsyncIterator[Trail]:
    """The party's trail, also beside a process that has it open already. Raises TrailError."""
    trail = Trail(
        settings.database.get_secret_value(),
        origin=trail_origin(signatory.party.oin),
        keys=signatory.keyring.trail,
        known=signatory.directory.trail_keys(signatory.party.code),
        keys_url=settings.subject_keys.get_secret_value(),
        kek=signatory.keyring.wrapping,
        now=signatory.now,
    )
    await trail.open()
    try:
        yield trail
    finally:
        await trail.close()


def read_signatory(settings: PartySettings, party: str, now: Callable[[], datetime]) -> Signatory:
    """The party with its keys, which stand in the directory. Raises KeyProblem, DirectoryProblem."""
    directory = Directory.read(settings.directory)
    if directory.demo and not settings.demo:
        raise DirectoryProblem(
            f"The directory {settings.directory.name} is made for the demo. "
            "Make one with: grondslag init directory"
        )
    keyring = read_keys(settings.keys, party=party, demo=settings.demo)
    if party not in {BROKER, *(one.code for one in directory.parties())}:
        raise DirectoryProblem(
            f"The directory {settings.directory.name} does not list {party}. Send your party file to whoever "
            "keeps it, and take the new one."
        )
    _verify_listed(keyring, directory, settings.keys)
    return Signatory(directory, keyring, now)


def look_at_databases(settings: PartySettings, migrations: Path) -> list[str]:
    """The settings whose databases a start would make or migrate. Writes nothing. Raises SettingsProblem."""
    waiting = []
    for name, (url, folders) in databases(settings, migrations).items():
        try:
            if look(url, folders):
                waiting.append(name)
        except TrailError as problem:
            raise SettingsProblem(f"The setting `{name}` cannot be used. {problem}", name) from None
    return waiting


def databases(settings: PartySettings, migrations: Path) -> dict[str, tuple[str, tuple[Path, ...]]]:
    """Per setting the URL, and the folders of what stands in that database."""
    return {
        "database": (settings.database.get_secret_value(), (TRAIL, migrations)),
        "subject_keys": (settings.subject_keys.get_secret_value(), (KEYS,)),
    }


def _engine(settings: PartySettings, signatory: Signatory) -> Callable[[Release], Awaitable[Policy]]:
    """Opens the chosen engine for a release. Our own OPA server gets its bundle first, once, and a moment to
    take it up.
    """
    given: set[str] = set()

    async def opened(release: Release) -> Policy:
        place, wait_s = settings.opa_bundle, 0.0
        if place is not None and settings.policy_engine != "embedded" and release.revision not in given:
            key = signatory.keyring.signing_key(signatory.now())
            await asyncio.to_thread(_put, place, pack(release, key.private, key.kid))
            given.add(release.revision)
            wait_s = _OPA_FOLLOWS_S
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while True:
            try:
                return await open_policy(settings, release)
            except PolicyUnavailable:
                if loop.time() >= until:
                    raise
                await asyncio.sleep(0.1)

    return opened


def _put(place: Path, bundle: bytes) -> None:
    """Whole or not at all, for another user to read: nothing in it is secret. Raises PolicyUnavailable."""
    fresh = place.with_suffix(".new")
    try:
        fresh.write_bytes(bundle)
        fresh.chmod(0o644)
        fresh.replace(place)
    except OSError:
        raise PolicyUnavailable("The file that `opa_bundle` names cannot be written.") from None


async def open_policy(settings: PartySettings, release: Release) -> Policy:
    """The engine that the settings choose; to be closed. Raises PolicyUnavailable, ReleaseError."""
    if settings.policy_engine == "embedded":
        return EmbeddedPolicy(release)
    alone = settings.policy_engine == "server_alone"
    here = None if alone else EmbeddedPolicy(release)  # before any call: it may not be installed
    token = settings.opa_token.get_secret_value() if settings.opa_token else None
    server = await OpaServerPolicy.open(
        settings.opa_url,
        release.revision,
        release.catalogue,
        token=token,
        timeout_s=settings.opa_timeout_s,
        traceparent=trace.header,
    )
    if here is None:
        log(Event.ENGINE_ALONE, engine=server.engine)
        return server
    return TwoEngines(server, here, lambda count: log(Event.ENGINES_DIFFER, count=count))


def _verify_listed(keyring: Keyring, directory: Directory, keys: Path) -> None:
    """The public side of our own keys must stand in the directory, or nobody believes us."""
    listed = {key.kid for key in directory.party(keyring.party).keys}
    missing = [row["kid"] for row in keyring.public_keys() if row["kid"] not in listed]
    if missing:
        raise KeyProblem(
            f"{len(missing)} of our own keys are not in the directory. "
            f"Send the card to whoever keeps it: grondslag init card --party {keyring.party} --keys {keys}"
        )
