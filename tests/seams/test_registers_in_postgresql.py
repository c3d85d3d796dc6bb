"""The contract over registers in a real PostgreSQL."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo.population import build
from tests.seams.test_registers import TODAY, Reference, everyone


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    path = shutil.which("initdb") or (str(found[-1]) if found else None)
    if path is None:
        sentence = "There is no PostgreSQL server on this machine: install Debian's postgresql."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return Path(path).resolve().parent


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """The URL of a fresh server on a free port, without a database. PostgreSQL refuses to run as root."""
    programs = _programs()
    account = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, socket.socket() as listener:
        folder = Path(place)
        if account:
            shutil.chown(folder, account)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.close()

        def run(*command: str) -> None:
            quiet = subprocess.DEVNULL
            subprocess.run(
                command, check=True, user=account, cwd=folder, stdout=quiet, stderr=quiet, timeout=60
            )

        run(
            str(programs / "initdb"),
            "-D",
            "data",
            "-A",
            "trust",
            "-U",
            "grondslag",
            "-E",
            "UTF8",
            "--no-sync",
        )
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        run(str(programs / "pg_ctl"), "-D", "data", "-o", options, "-l", "log", "-w", "start")
        try:
            yield f"postgresql://grondslag@127.0.0.1:{port}"
        finally:
            run(str(programs / "pg_ctl"), "-D", "data", "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with _server() as url:
        yield url


class _InPostgresql(Reference):
    nowhere = "postgresql://grondslag@127.0.0.1:9/nowhere"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _built(cls, server: str) -> None:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {cls.partner}".encode())
        cls.address = f"{server}/{cls.partner}"
        build(cls.partner, cls.address, 1, 1000, everyone(cls.partner), today=TODAY)


class TestReclasseringInPostgresql(_InPostgresql):
    partner = "reclassering"


class TestOmInPostgresql(_InPostgresql):
    partner = "om"


class TestVeiligThuisInPostgresql(_InPostgresql):
    partner = "veilig_thuis"
