"""The real `opa` program, where it is present: checks and tests the rules, serves a release on loopback."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from policies.bundle import pack
from policies.errors import PolicyUnavailable
from policies.release import Release

_RUN_S = 120
_READY_S = 120  # one that ended is not waited for, so only a slow machine uses it


@dataclass(frozen=True)
class OpaProgram:
    """Found on the PATH, or at a path that somebody names."""

    path: str

    @classmethod
    def find(cls, path: str | None = None) -> "OpaProgram | None":
        found = shutil.which(path or "opa")
        return None if found is None else cls(found)

    def check(self, folder: Path) -> str:
        """What `opa check --strict` finds wrong with the rules of a hand-out; empty: nothing."""
        portable = str(Path(__file__).with_name("portable.json"))
        strict = ("check", "--strict", "--capabilities", portable, "--ignore", "*_test.rego")
        return self._run(*strict, str(folder))

    def test(self, folder: Path) -> str:
        """What `opa test` finds wrong; empty: every test passed, and there are some."""
        return self._run("test", "--bundle", str(folder.parent), "--fail-on-empty")

    @contextlib.contextmanager
    def serving(self, release: Release, *extra: str) -> Iterator[str]:
        """The address of an OPA server of our own that has this release in force; it ends with the block.

        Raises PolicyUnavailable when it does not become ready.
        """
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "bundle.tar.gz"
            bundle.write_bytes(pack(release))
            url = f"http://127.0.0.1:{_free_port()}"
            command = [
                self.path,
                "run",
                "--server",
                "--addr",
                url.removeprefix("http://"),
                "--log-level",
                "error",
            ]
            process = subprocess.Popen(  # noqa: S603 - the program that whoever runs this chose
                [*command, *extra, "--bundle", str(bundle)],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                _await_ready(url, process)
                yield url
            finally:
                process.terminate()
                process.wait(timeout=10)

    def _run(self, *arguments: str) -> str:
        try:
            ran = subprocess.run(  # noqa: S603 - the program that whoever runs this chose
                [self.path, *arguments], capture_output=True, text=True, timeout=_RUN_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"opa {arguments[0]} did not end ({type(error).__name__})."
        return (
            "" if ran.returncode == 0 else (ran.stdout + ran.stderr).strip() or f"opa {arguments[0]} failed."
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health?bundles", timeout=1):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise PolicyUnavailable("The OPA server did not become ready.")
