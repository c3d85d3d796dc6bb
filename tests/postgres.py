"""A real PostgreSQL server for tests: Debian's programs, in a folder of its own, on a free loopback port.

from tests.postgres import Postgres, postgres  # the fixture: one server for the whole run

def test_something(postgres: Postgres) -> None:
    url = postgres.database()  # fresh and empty
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_ACCOUNT = "postgres"  # who runs the server when we are root: it refuses to run as root
_USER = "grondslag"


class Postgres:
    """A running server."""

    def __init__(self, programs: Path, folder: Path, port: int, *, fsync: bool) -> None:
        self._programs = programs
        self._folder = folder
        self._port = port
        self._fsync = fsync

    def database(self) -> str:
        """The SQLAlchemy URL of a fresh, empty database."""
        name = f"test_{uuid.uuid4().hex}"
        server = f"postgresql://{_USER}@127.0.0.1:{self._port}/postgres"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self._port}/{name}"

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": "''",  # a socket's lock would outlive a kill
            "fsync": "on" if self._fsync else "off",
            "log_statement": "none",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-D", "data", "-o", options, "-l", "log", "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """As a power cut would: nothing is written any more, nobody is told."""
        pid = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        (self._folder / "data" / "postmaster.pid").unlink()  # until it is reaped, it looks alive

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            user=_ACCOUNT if os.geteuid() == 0 else None,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )

    def _make(self) -> None:
        self._run("initdb", "-D", "data", "-A", "trust", "-U", _USER, "-E", "UTF8", "--no-sync")


@contextlib.contextmanager
def postgres_server(*, fsync: bool = False) -> Iterator[Postgres]:
    """A fresh server; with `fsync` it keeps what it promised through a power cut, and is slower."""
    programs = _programs()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        if os.geteuid() == 0:
            shutil.chown(place, _ACCOUNT)
        server = Postgres(programs, Path(place), _free_port(), fsync=fsync)
        server._make()
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # a test may have stopped it
                server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests; skips them, or fails in CI, where there is none."""
    with postgres_server() as server:
        yield server


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    program = shutil.which("initdb") or (str(found[-1]) if found else None)
    if program is None:
        sentence = "There is no PostgreSQL server on this machine: install Debian's postgresql."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return Path(program).resolve().parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
