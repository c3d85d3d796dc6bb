"""A chain of processes that may be killed, each forked by the nursery; all with one clock, moved by hand."""

import json
import mmap
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contract.codes import BROKER
from demo.caller import DemoCaller, HttpCaller
from demo.members import PARTIES
from demo.world import _answers, make_parties
from tests.rvdk_service import TOKEN, rvdk_service
from tests.world import LocalWorld

_ROOT = Path(__file__).parents[2]


class SharedClock:
    """The time of all processes of a chain."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), 8)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=struct.unpack("d", self._ahead[:])[0])

    def pass_s(self, seconds: float) -> None:
        self._ahead[:] = struct.pack("d", struct.unpack("d", self._ahead[:])[0] + seconds)


class CrashChain(LocalWorld):
    """`start` returns at once; `wait_ready` waits."""

    def __init__(self, folder: Path, **chosen: Any) -> None:
        super().__init__(folder, **chosen)
        self._clock_file = folder / "clock"
        self.shared = SharedClock(self._clock_file)
        self.clock = self.shared  # type: ignore[assignment]
        self.kills = 0
        self._lives: dict[str, int] = {}
        command = [sys.executable, "-m", "tests.crash.nursery"]
        self._nursery = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, text=True
        )

    def start(self, party: str, step: str = "", times: int = 1) -> None:
        """Starts a party; with a step, one that dies there."""
        if party not in (BROKER, *PARTIES):
            return
        order = {
            "party": party,
            "settings": self.settings(party),
            "clock": str(self._clock_file),
            "log": str(self.folder / f"{party}.log"),
            "step": step,
            "times": times,
        }
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(json.dumps(order) + "\n")
        self._nursery.stdin.flush()
        process = int(self._nursery.stdout.readline())
        with suppress(ProcessLookupError):  # it lived shortly
            self._lives[party] = os.pidfd_open(process)

    def wait_ready(self, party: str) -> None:
        if party in (BROKER, *PARTIES):
            up = until(lambda: _answers(self._ready_url(party)) or self.died(party, 0), 30)
            if not up or self.died(party, 0):
                raise AssertionError(f"{party} did not start: {self._last_words(party)}")

    def _last_words(self, party: str) -> str:
        return (self.folder / f"{party}.log").read_text(encoding="utf-8")[-2000:]

    def died(self, party: str, within_s: float) -> bool:
        """Whether the party is dead, or dies within this time."""
        life = self._lives.get(party)
        if life is None:
            return True
        if not select.select([life], [], [], within_s)[0]:
            return False
        os.close(self._lives.pop(party))
        return True

    def kill(self, party: str) -> None:
        """SIGKILL: it closes nothing and says nothing."""
        if party in self._lives:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._lives[party], signal.SIGKILL)
            assert self.died(party, 10)
            self.kills += 1

    def stop(self, party: str) -> None:
        """Asks it to stop, and waits until it has."""
        if party in self._lives:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._lives[party], signal.SIGTERM)
            if not self.died(party, 40):
                self.kill(party)
                raise AssertionError(f"{party} did not stop")

    def close(self) -> None:
        for party in list(self._lives):
            self.kill(party)
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.close()
        self._nursery.wait(20)
        self._nursery.stdout.close()
        super().close()

    def caller(self, partner: str, role: str, number: int = 1) -> DemoCaller:  # type: ignore[override]
        return _Caller(self, partner, role)

    def database(self, party: str) -> str:
        return str(self.settings(party)["database"])


class _Caller(DemoCaller):
    """Signs in for every call: the clock jumps."""

    def __init__(self, chain: CrashChain, partner: str, role: str) -> None:
        self._chain = chain
        self._partner = partner
        self._role = role

    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        token = self._chain.token(self._partner, self._role)
        return HttpCaller(self._chain.address(self._partner), token).call(method, path, body)


@contextmanager
def crash_chain(folder: Path, registers: Path, **chosen: Any) -> Iterator[CrashChain]:
    """A chain of which nothing runs yet."""
    folder.mkdir(exist_ok=True)
    world = CrashChain(folder, **chosen)
    try:
        (folder / "register").symlink_to(registers, target_is_directory=True)
        make_parties(world)
        with rvdk_service(f"sqlite:///{registers / 'rvdk'}.sqlite", lambda: world.today) as place:
            (folder / "rvdk-token").write_text(TOKEN, encoding="utf-8")
            world.ports["rvdk_register"] = int(place.rpartition(":")[2])
            yield world
    finally:
        world.close()


def until(done: Callable[[], bool], within_s: float) -> bool:
    """Looks until it is so, or the time is over."""
    ends = time.monotonic() + within_s
    while not done():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True
