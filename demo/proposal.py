"""The version of the hand-out that the demo's RvdK proposes: row A06 also when the partners interpret
together.

It is made from the one that comes with the program, and checked as any other. That takes a minute or two, so
it is kept for the next run of the same program.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import policies
from policies import Release, load_release

NAME = "raad bij het duiden"
CHANGELOG = (
    "De Raad mag voortaan ook bij het samen duiden laten weten of hij een kind of ouder kent (regel A06). "
    "Nu kan dat alleen vóór het overleg."
)
HAND_OUT = Path(policies.__file__).parent / "handout"
_SCENARIO = ("veilig_thuis P1|P2 child|parent ", "veilig_thuis P1|P2|P3 child|parent ")
_CHECK = ("-m", "grondslag", "policy", "check")


@dataclass(frozen=True)
class Proposal:
    """A hand-out that may be proposed: its files, and what `policy check` found."""

    release: Release
    certificate: str

    def body(self) -> dict[str, Any]:
        """As a node takes it."""
        files = {path: content.decode() for path, content in self.release.files.items()}
        named = {"name": NAME, "changelog": CHANGELOG}
        return {"files": files, "certificate": self.certificate, **named}


class Preparing:
    """A proposal that is being checked in a process of its own, in this folder; and, beside it, the version
    that it changes: every party examines both, and here they keep what was found in one place.
    """

    def __init__(self, folder: Path) -> None:
        self.tables = folder / "tables"
        self._folder = folder / _made_from()
        self._certificate = self._folder / "certificate.json"
        self._running: subprocess.Popen[bytes] | None = None
        self._beside: subprocess.Popen[bytes] | None = None
        if self._certificate.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        write_hand_out(self._folder / "handout")
        fresh = self._certificate.with_suffix(".new")
        command = [sys.executable, *_CHECK, "--quick", "--tables", str(self.tables)]
        proposed = [*command, "--hand-out", str(self._folder / "handout"), "--json", str(fresh)]
        with (self._folder / "check.log").open("wb") as log:
            self._running = subprocess.Popen(proposed, stdout=log, stderr=log)  # noqa: S603 - our own module
        with (self._folder / "beside.log").open("wb") as log:
            self._beside = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - the same

    def done(self, say: Callable[[str], None] = lambda _: None) -> Proposal:
        """Waits for it; `say` hears each step of the check. Raises OSError when that found something, with
        where to look.
        """
        if self._running is not None:
            log = self._folder / "check.log"
            if _followed(self._running, log, say) != 0:
                raise OSError(f"The proposal does not pass the check: see {log}")
            if self._beside is not None:
                self._beside.wait()
            self._certificate.with_suffix(".new").rename(self._certificate)
            self._running = None
        return Proposal(load_release(self._folder / "handout"), self._certificate.read_text(encoding="utf-8"))

    def stop(self) -> None:
        for running in (self._running, self._beside):
            if running is not None:
                running.kill()
                running.wait()


def _followed(running: subprocess.Popen[bytes], log: Path, say: Callable[[str], None]) -> int:
    """Says each line of its log once, until it ends; its exit status."""
    told = 0
    while True:
        status = running.poll()
        steps = log.read_text(encoding="utf-8", errors="replace").splitlines()
        for step in steps[told:]:
            say(f"  {step}")
        told = len(steps)
        if status is not None:
            return status
        time.sleep(0.2)


def _made_from() -> str:
    """A name for the hand-out and the program that checks it: another of either needs a new proposal."""
    digest = hashlib.sha256(load_release().revision.encode())
    for source in (Path(__file__), *sorted(Path(policies.__file__).parent.rglob("*.py"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def write_hand_out(folder: Path) -> None:
    """The hand-out that comes with the program, with the one row changed."""
    packaged = load_release()
    for path, content in packaged.files.items():
        place = folder / path.partition("/")[2]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    scenarios = (HAND_OUT / "scenarios.csv").read_text(encoding="utf-8")
    (folder / "scenarios.csv").write_text(scenarios.replace(*_SCENARIO), encoding="utf-8")
    matrix = folder / "matrix" / "data.json"
    data = json.loads(matrix.read_text(encoding="utf-8"))
    row = data["rules"]["A06"]
    row["purposes"].append("interpret")
    row["version"] += 1
    matrix.write_text(json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8")
