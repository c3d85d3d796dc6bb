"""A new version of the hand-out for tests: prepared as an officer would, without the minutes of its check."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.codes import BROKER
from demo.caller import Json
from demo.members import MEMBERS
from policies import load_release
from policies.check import Certificate, EngineCheck
from policies.examination import kept_table
from policies.invariants import Invariant
from policies.release import Release

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
        return {"files": files, "certificate": self.certificate, "changelog": told, **more}

    @property
    def steps(self) -> str:
        return f"/v1/releases/{self.release.revision[7:]}/steps"


def prepare(folder: Path, change: Callable[[Any], object], tables: Path | None = None) -> Prepared:
    hand_out = folder / "handout"
    shutil.copytree(HAND_OUT, hand_out)
    place = hand_out / "matrix" / "data.json"
    data = json.loads(place.read_text(encoding="utf-8"))
    change(data["rules"])
    place.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    release, tables = load_release(hand_out), tables or folder / "tables"
    kept_table(load_release(), tables)
    table = kept_table(release, tables)
    certificate = Certificate(
        revision=release.revision,
        digest=table.digest,
        cells=len(table.decisions),
        gates=(),
        invariants=(Invariant("refusal_has_reason", "", len(table.decisions), None),),
        unreached=(),
        engines=(EngineCheck("regorus", len(table.decisions), None),),
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
