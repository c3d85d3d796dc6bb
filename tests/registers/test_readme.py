"""The README's sixth partner is a real adapter: its code is run, and the contract holds over it."""

import csv
import hashlib
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.partners.adapter import Adapter, Asked
from adapters.partners.contract import AdapterContract, Examples
from contract.identity import Identity

TODAY = date(2026, 3, 10)
_README = Path(__file__).parents[2] / "adapters/registers/README.md"
_HOME = {"postcode": "9991ZX", "house_number": "3"}
_PERSONS = {
    "known": Identity("Proefstra", "Hidde Jan", "2015-05-24", **_HOME),
    "unknown": Identity("Nergensma", "Wout", "2014-07-19", postcode="9990ZX", house_number="2"),
    "two_fit": Identity("Dubbelma", "Marit", "2012-01-09", **_HOME),
    "shielded": Identity("Schuilma", "Tjibbe", "2010-10-31", **_HOME),
    "deceased": Identity("Overledema", "Geeske", "2011-02-03", **_HOME),
}


def _example() -> dict[str, Any]:
    """The first Python block of the README, run."""
    code = re.search(r"```python\n(.*?)```", _README.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(compile(code.group(1), _README.name, "exec"), names)
    return names


def _extract(folder: Path, columns: dict[str, str]) -> None:
    held = {name: one for name, one in _PERSONS.items() if name != "unknown"}
    held["other"] = Identity("Dubbelma", "Marijt", "2012-01-09", **_HOME)
    persons = []
    for name, one in held.items():
        row = {"key": name, **{field: getattr(one, field) for field in columns if hasattr(one, field)}}
        row |= {mark: str(int(mark == name)) for mark in ("shielded", "deceased", "in_doubt")}
        persons.append({columns[field]: value for field, value in row.items()})
    measures = [{"id": name, "kind": "guardianship", "start": "2025-01-01", "end": ""} for name in held]
    files = {}
    for file, rows in (("children.csv", persons), ("measures.csv", measures)):
        with (folder / file).open("w", newline="") as out:
            writer = csv.DictWriter(out, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        content = (folder / file).read_bytes()
        files[file] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "extract.json").write_text(json.dumps({"extracted_on": TODAY.isoformat(), "files": files}))


class TestSixthPartner(AdapterContract):
    folder: Path

    @pytest.fixture(autouse=True)
    def _built(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.example = _example()
        _extract(tmp_path, self.example["SHAPE"].columns)

    def adapter(self) -> Adapter:
        return self.example["adapter"](self.folder, TODAY)

    def unreachable(self) -> Adapter:
        return self.example["adapter"](self.folder / "nowhere", TODAY)

    def examples(self) -> Examples:
        bands = {"known": "under_12", "unknown": "under_12", "deceased": "from_12_to_15"}
        asked = {
            name: Asked("guardian.known", one, "child", bands.get(name, "from_12_to_15"))
            for name, one in _PERSONS.items()
        }
        return Examples(**asked)
