"""Starts parties as processes of their own, within a fraction of a second: all is imported once, then forked.

One JSON line in per party to start, one line with its process id out. Run as `python -m tests.crash.nursery`.
The children die with it.
"""

import ctypes
import json
import mmap
import os
import signal
import struct
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from adapters.node.app import app as node_app
from adapters.node.settings import NodeSettings
from contract.codes import BROKER
from gateway.app import app as broker_app
from gateway.settings import BrokerSettings
from party import events
from party.health import health
from party.server import serve
from tests.crash.steps import arm

_PR_SET_PDEATHSIG = 1


def shared_clock(path: Path) -> Callable[[], datetime]:
    """The machine's time, ahead by the seconds (a double) that stand in this file; all parties share them."""
    with path.open("r+b") as file:
        ahead = mmap.mmap(file.fileno(), 8)
    return lambda: datetime.now(UTC) + timedelta(seconds=struct.unpack("d", ahead[:])[0])


def main() -> None:
    signal.signal(
        signal.SIGCHLD, signal.SIG_IGN
    )  # nobody waits for the dead here: they are watched elsewhere
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(order)
        print(child, flush=True)


def _live(order: dict[str, Any]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDONLY) if number == 0 else log, number)
    party, now = order["party"], shared_clock(Path(order["clock"]))
    events.configure(party=party, strict=True, stream=sys.stderr.buffer)
    if order["step"]:
        arm(order["step"], order["times"])
    made: Any
    if party == BROKER:
        made = broker_app(BrokerSettings(**order["settings"]), now=now)
    else:
        made = node_app(NodeSettings(**order["settings"]), now=now)
    ports = {name: order["settings"][name] for name in ("port", "management_port")}
    status = 1
    try:
        uvloop.run(serve(made, health(made, {}), **ports))
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
