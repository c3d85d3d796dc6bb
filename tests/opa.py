"""A real OPA server for tests: starts with one release on a free loopback port, and ends with the block."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies import Release

_TOOLS = Path(__file__).parent.parent / ".tools" / "opa"


def opa_program() -> str:
    """The path of the opa program; skips the test where there is none, and fails in CI."""
    found = str(_TOOLS) if _TOOLS.exists() else shutil.which("opa")
    if found is None:
        sentence = "There is no opa program: run `make tools`, or put one on the PATH."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


@contextlib.contextmanager
def opa_server(release: Release, *extra: str) -> Iterator[str]:
    """The address (`http://127.0.0.1:port`) of an OPA server that has this release in force."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle.tar.gz"
        release.write_bundle(bundle)
        url = f"http://127.0.0.1:{_free_port()}"
        address = url.removeprefix("http://")
        command = [opa_program(), "run", "--server", "--addr", address, "--log-level", "error"]
        process = subprocess.Popen([*command, *extra, "--bundle", str(bundle)], stdin=subprocess.DEVNULL)
        try:
            _await_ready(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health?bundles", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail("The OPA server did not become ready.")
