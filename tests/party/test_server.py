"""A process that serves, and stops gracefully: real sockets, a real signal."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from party.server import _listening

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, contextlib, uvloop
from party import events
from party.http import health, serve
from tests.sample_api import sample

events.configure(party="sample", strict=False, stream=sys.stderr.buffer)
app = sample()
inner = app.router.lifespan_context

@contextlib.asynccontextmanager
async def lifespan(app):
    async with inner(app):
        if "fail" in sys.argv:
            raise SystemExit("There is no key file; make one with: grondslag init")
        yield
        print("closed", flush=True)

app.router.lifespan_context = lifespan
said = lambda *ports: print(*ports, flush=True)
uvloop.run(serve(app, health(app, {}), port=0, management_port=0, started=said))
"""


@dataclass
class Running:
    process: subprocess.Popen[str]
    port: int
    management_port: int

    def get(self, path: str, *, management: bool = False) -> tuple[int, str]:
        port = self.management_port if management else self.port
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def running() -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        port, management_port = process.stdout.readline().split()
        yield Running(process, int(port), int(management_port))
        process.kill()


def test_two_ports_and_each_has_its_own_paths(running: Running) -> None:
    """Health is not on the public port, the API not on the management port; uvicorn adds no header."""
    assert running.get("/healthz/ready", management=True)[0] == 200
    assert running.get("/healthz/ready")[0] == running.get("/metrics")[0] == 404
    assert running.get("/v1/things", management=True)[0] == 404
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/v1/things", timeout=10) as response:
        assert "server" not in response.headers


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_runs_and_takes_nothing_new(running: Running, number: signal.Signals) -> None:
    """The running request gets its whole response, then the lifespan closes, then the process ends with 0."""
    answers: list[tuple[int, str]] = []
    asking = threading.Thread(target=lambda: answers.append(running.get("/v1/slow-things")))
    asking.start()
    time.sleep(0.1)
    running.process.send_signal(number)
    deadline = time.monotonic() + 5
    while _listens(running.port):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert running.get("/healthz/ready", management=True)[0] == 503
    asking.join(timeout=10)
    assert answers == [(200, '{"done":true}')]
    out, err = running.process.communicate(timeout=10)
    assert (running.process.returncode, out) == (0, "closed\n")
    lines = [json.loads(line) for line in err.splitlines()]
    assert next(line["version"] for line in lines if line["event"] == "started") == version("grondslag")
    assert [line["event"] for line in lines if line["event"] != "request_handled"] == [
        "started",
        "stopping",
        "stopped",
    ]


def test_what_fails_at_the_start_is_said_as_it_is() -> None:
    """No trace of the server around it, no port left open."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "fail"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "There is no key file; make one with: grondslag init\n"


def test_a_response_never_waits_for_the_other_sides_acknowledgement() -> None:
    """It leaves in two writes; with Nagle's algorithm (RFC 9293 3.7.4) the second would wait up to 40 ms."""
    with _listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        taken, _ = listener.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
