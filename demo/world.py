"""The demo's chain on this machine: the broker, nodes, registers and an identity provider, each its own
process on loopback.

Everything lives in one folder: keys, directory, settings, databases, registers, logs. It is made anew at each
run, but for the registers, which are kept for the day, and the version of the hand-out that is proposed in
it.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from contract.codes import BROKER
from contract.days import day_of
from contract.directory import directory_text
from contract.keys import make_keys, read_keys, write_keys
from demo.caller import DemoCaller, HttpCaller, sign_in
from demo.cast import cast
from demo.members import MEMBERS, NAMES, OTHER_REGION, OUTSIDE, REGION, Member
from demo.pace import Patience
from demo.population import build
from demo.proposal import Preparing, Proposal
from demo.stamp_authority import make_authority, openssl

SEED = 20261124
_STARTED_WITHIN_S = 30.0
_STOPPED_WITHIN_S = 20.0


class WorldProblem(Exception):
    """The demo's chain could not be made or started. The text says what to look at."""


@dataclass
class World:
    """A running chain. `say` tells the person who waits what is going on."""

    folder: Path
    say: Callable[[str], None]
    today: date
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    preparing: Preparing | None = None
    ahead: timedelta = timedelta()
    members: tuple[Member, ...] = MEMBERS

    @property
    def parties(self) -> tuple[str, ...]:
        """The codes of all but the broker."""
        return tuple(one.code for one in self.members)

    def address(self, party: str) -> str:
        return f"http://127.0.0.1:{self.ports[party]}"

    def start(self, party: str) -> None:
        """Starts one party and waits until it is ready. Raises WorldProblem."""
        log = (self.folder / f"{party}.log").open("ab")
        command = [sys.executable, "-m", *_command(party, self)]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with log:
            self.running[party] = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
                command, stdout=log, stderr=log, env=environment, cwd=self.folder
            )

    def wait_ready(self, party: str) -> None:
        """Raises WorldProblem: it ended, or takes longer than on a machine as slow as this one."""
        name = NAMES.get(party, party)
        patience = Patience(_STARTED_WITHIN_S, f"{name} start nog", self.say)
        while not _answers(self._ready_url(party)):
            ended = self.running[party].poll()
            if ended is not None:
                raise WorldProblem(f"{name} stopped at its start (exit status {ended}). {self._last(party)}")
            if patience.over():
                raise WorldProblem(
                    f"{name} was not ready after {patience.until_s:.0f} s, on a machine that is "
                    f"{patience.slowness:.0f} times as slow as a quiet one. {self._last(party)}"
                )
            time.sleep(0.05)

    def _last(self, party: str) -> str:
        text = (self.folder / f"{party}.log").read_text(encoding="utf-8", errors="replace").strip()
        return f"Its log ends with: {text.splitlines()[-1]}" if text else "It has said nothing yet."

    def stop(self, party: str) -> None:
        """Asks one party to stop and waits until it has."""
        process = self.running.pop(party, None)
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def caller(self, partner: str, role: str, number: int = 1) -> DemoCaller:
        """Somebody of this partner, signed in at the demo's own identity provider."""
        address = f"{self.address('issuer')}/{partner}/token"
        return HttpCaller(self.address(partner), sign_in(address, role, number))

    def proposal(self) -> Proposal:
        """What RvdK proposes. Raises OSError when it does not pass the check."""
        assert self.preparing is not None  # noqa: S101 - the demo's world prepares one
        return self.preparing.done(self.say)

    @property
    def clock_file(self) -> Path:
        """How many seconds ahead every clock of the chain is."""
        return self.folder / "clock"

    def now(self) -> datetime:
        """The chain's time."""
        return datetime.now(UTC) + self.ahead

    def pass_time(self, passed: timedelta) -> None:
        """Every clock of the chain jumps ahead; the next turn of each party is soon after."""
        self.ahead += passed
        fresh = self.clock_file.with_suffix(".new")
        fresh.write_text(str(int(self.ahead.total_seconds())), encoding="ascii")
        fresh.replace(self.clock_file)
        time.sleep(0.3)  # every process has looked by then

    def settings(self, party: str) -> dict[str, Any]:
        """The settings of a party, as they stand in its file."""
        own = self.folder / party
        values: dict[str, Any] = {
            "demo": True,
            "keys": str(own / "keys.json"),
            "directory": str(self.folder / "directory.json"),
            "database": f"sqlite:///{own / 'trail.sqlite'}",
            "subject_keys": f"sqlite:///{own / 'subject-keys.sqlite'}",
            "port": self.ports[party],
            "management_port": self.ports[f"{party}.management"],
            "tables": str(self.folder / "proposal" / "tables"),
            "demo_clock": str(self.clock_file),
            "obligations_every_s": 0.5,
        }
        if party == BROKER:
            values["witness_every_s"] = 1
            if "stamp_authority" in self.ports:
                values["time_stamp_authority"] = f"{self.address('stamp_authority')}/"
                values["time_stamp_roots"] = str(self.folder / "stamp_authority" / "root.pem")
                values["stamp_look_every_s"] = 1
            return values
        partner = next(one.partner for one in self.members if one.code == party)
        token = (self.folder / "rvdk-token").read_text(encoding="utf-8")
        registers = {
            "rvdk": f"http://node:{token}@127.0.0.1:{self.ports['rvdk_register']}",
            "politie": (self.folder / "register" / party).as_uri(),
        }
        return values | {
            "party": party,
            "partner": partner,
            "register_url": registers.get(partner, f"sqlite:///{self.folder / 'register' / party}.sqlite"),
            "issuer": f"{self.address('issuer')}/{party}",
            "audience": f"grondslag-{party}",
            "jwks": f"{self.address('issuer')}/{party}/jwks",
            "poll_s": 0.5,
            "releases_s": 0.5,
        }

    def stop_all(self) -> None:
        for party in reversed(list(self.running)):
            self.stop(party)

    def _ready_url(self, party: str) -> str:
        if party in {BROKER, *self.parties}:
            return f"http://127.0.0.1:{self.ports[party + '.management']}/healthz/ready"
        return self.address(party) + ("/veilig_thuis/jwks" if party == "issuer" else "/")


@contextmanager
def running_world(folder: Path, say: Callable[[str], None], *, size: float = 1.0) -> Iterator[World]:
    """Makes and starts the whole chain; ends every process it started when the block ends.

    `size` scales the registers. Raises WorldProblem.
    """
    world = World(folder, say, day_of(datetime.now(UTC)))
    _clean(folder)
    world.preparing = Preparing(folder / "proposal")
    build_registers(world, size)
    make_parties(world)
    try:
        say(f"De keten start: centrale, {len(world.members)} knooppunten, register van de Raad, aanmelding.")
        helpers = [name for name in ("issuer", "rvdk_register", "stamp_authority") if name in world.ports]
        for party in (*helpers, BROKER, *world.parties):
            world.start(party)
        for party in (*helpers, BROKER, *world.parties):
            world.wait_ready(party)
        yield world
    finally:
        world.preparing.stop()
        world.stop_all()


def _clean(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in {"registers", "proposal"}:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def build_registers(world: World, size: float) -> None:
    """Builds the registers of today, unless they are there."""
    folder = world.folder / "registers" / f"{world.today}-{SEED}-{size}"
    if not folder.exists():
        shutil.rmtree(world.folder / "registers", ignore_errors=True)
        fresh = folder.with_suffix(".new")
        fresh.mkdir(parents=True)
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            building = {
                pool.submit(_build, one, fresh, int(one.size * size), world.today): one
                for one in world.members
            }
            for done in as_completed(building):
                done.result()
                one = building[done]
                count = f"{int(one.size * size):,}".replace(",", ".")
                world.say(f"Register van {one.name}: {count} verzonnen personen.")
        fresh.rename(folder)
    (world.folder / "register").symlink_to(folder, target_is_directory=True)


def _build(member: Member, folder: Path, size: int, today: date) -> None:
    place = (
        folder / member.code if member.partner == "politie" else f"sqlite:///{folder / member.code}.sqlite"
    )
    known = list(cast(today).values())
    build(member.partner, place, SEED, size, known, party=member.code, today=today)


def make_parties(world: World) -> None:
    """Ports, keys, directory and settings files."""
    names = [
        "issuer",
        "rvdk_register",
        *(["stamp_authority"] if openssl() else []),
        *(name for party in (BROKER, *world.parties) for name in (party, f"{party}.management")),
    ]
    world.ports.update(zip(names, free_ports(len(names)), strict=True))
    if "stamp_authority" in world.ports:
        make_authority(world.folder / "stamp_authority")
    else:
        world.say("Zonder het programma openssl zijn er geen tijdstempels.")
    now = datetime.now(UTC)
    rows: list[dict[str, Any]] = []
    members = {one.code: one for one in world.members}
    for number, party in enumerate((BROKER, *world.parties)):
        member = members.get(party)
        name = NAMES[BROKER] if member is None else member.name
        path = world.folder / party / "keys.json"
        write_keys(path, make_keys(party, demo=True, now=now))
        keyring = read_keys(path, party=party, demo=True)
        rows.append(
            {
                "code": party,
                "partner": member and member.partner,
                "oin": f"{99999990000000000000 + number}",
                "name": name,
                "address": world.address(party),
                "desk": {
                    "name": f"Loket {name}"[:60],
                    "phone": f"088-000 00 0{number}",
                    "hours": "werkdagen 8.30-17.00",
                },
                "regions": member.regions if member else (),
                "signs": member is None or member.signs,
                "keys": keyring.public_keys(),
            }
        )
    contents = {"demo": True, "regions": [REGION, OTHER_REGION], "parties": rows, "outside": [OUTSIDE]}
    (world.folder / "directory.json").write_bytes(directory_text(contents))
    (world.folder / "rvdk-token").write_text(secrets.token_hex(32), encoding="utf-8")
    for party in (BROKER, *world.parties):
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in world.settings(party).items())
        (world.folder / f"{party}.toml").write_text(lines, encoding="utf-8")


def _command(party: str, world: World) -> list[str]:
    if party == "issuer":
        return ["demo.issuer", str(world.ports["issuer"]), str(world.clock_file)]
    if party == "rvdk_register":
        database = f"sqlite:///{world.folder / 'register' / 'rvdk'}.sqlite"
        return [
            "demo.rvdk_register",
            "--clock",
            str(world.clock_file),
            "--database",
            database,
            "--port",
            str(world.ports[party]),
            "--token-file",
            str(world.folder / "rvdk-token"),
        ]
    if party == "stamp_authority":
        return ["demo.stamp_authority", str(world.ports[party]), str(world.folder / party)]
    what = ["broker"] if party == BROKER else ["node", "run"]
    return ["grondslag", *what, "--settings", str(world.folder / f"{party}.toml")]


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as response:  # noqa: S310 - our own loopback address
            return bool(response.status == 200)
    except OSError as error:
        return getattr(error, "code", None) in {401, 404, 405}  # it is there, and says no
