"""A new version of the hand-out for tests: prepared as an officer would, without the minutes of its check."""

import fcntl
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.codes import BROKER
from demo.caller import Json
from demo.members import MEMBERS
from policies import load_release
from policies.check import Certificate, EngineCheck
from policies.effect import effect
from policies.errors import ReleaseError
from policies.evaluator import NAME
from policies.examination import examination
from policies.release import SCENARIOS, Release, release_of

HAND_OUT = Path(__file__).parents[1] / "policies" / "handout"


@dataclass(frozen=True)
class Prepared:
    """A new version of the hand-out that was checked, and the tables of the old and the new."""

    release: Release
    certificate: str
    tables: Path

    def body(self, **more: Any) -> Json:
        files = {path: content.decode() for path, content in self.release.files.items()}
        told = "De Raad mag bij het duiden laten weten of hij iemand kent."
        named = {"name": "raad bij het duiden", "changelog": told}
        return {"files": files, "certificate": self.certificate, **named, **more}

    @property
    def steps(self) -> str:
        return f"/v1/releases/{self.release.revision[7:]}/steps"


def changed(file: str, change: Callable[[Any], object], scenario: tuple[str, str] | None = None) -> Release:
    """The hand-out that comes with the program, with one data file changed, and one text in the scenarios."""
    files = dict(load_release().files)
    data = json.loads(files[file])
    change(data)
    files[file] = json.dumps(data, ensure_ascii=False).encode()
    if scenario is not None:
        said = files[SCENARIOS].decode()
        assert scenario[0] in said
        files[SCENARIOS] = said.replace(*scenario).encode()
    return release_of(files)


def prepare(release: Release, tables: Path) -> Prepared:
    """As an officer would, but for the minutes in which each engine is asked about each cell."""
    tables.mkdir(exist_ok=True)
    with (tables / f"{release.revision[7:]}.lock").open(
        "w"
    ) as lock:  # each worker of a run waits for the first
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = examination(release, tables)
        with suppress(ReleaseError):
            effect(load_release(), release, tables)
    certificate = Certificate(
        revision=release.revision,
        digest=found.digest,
        cells=found.cells,
        gates=found.gates,
        invariants=tuple(one for one in found.invariants if one.holds),
        unreached=found.unreached,
        engines=(EngineCheck(NAME, found.cells, 0),),
        rego=(),
        mutants=None,
        seconds=1.0,
    )
    return Prepared(release, json.dumps(certificate.facts()), tables)


def agreeing_soon(tables: Path) -> dict[str, dict[str, Any]]:
    """Settings of parties that keep tables, and hear of releases soon."""
    settings: dict[str, dict[str, Any]] = {
        partner: {"releases_s": 0.1, "tables": str(tables)} for partner in (one.code for one in MEMBERS)
    }
    return settings | {BROKER: {"retry_every_s": 0.1, "tables": str(tables)}}
