"""The README's sixth partner is a real adapter: its code is run, and the contract holds over it."""

from datetime import date
from pathlib import Path

import pytest

from adapters.partners.adapter import Adapter, Asked
from adapters.partners.contract import AdapterContract, Examples
from contract.identity import Identity
from tests.guardian import example, extract

TODAY = date(2026, 3, 10)
_HOME = {"postcode": "9991ZX", "house_number": "3"}
_PERSONS = {
    "known": Identity("Proefstra", "Hidde Jan", "2015-05-24", **_HOME),
    "unknown": Identity("Nergensma", "Wout", "2014-07-19", postcode="9990ZX", house_number="2"),
    "two_fit": Identity("Dubbelma", "Marit", "2012-01-09", **_HOME),
    "shielded": Identity("Schuilma", "Tjibbe", "2010-10-31", **_HOME),
    "deceased": Identity("Overledema", "Geeske", "2011-02-03", **_HOME),
}


class TestSixthPartner(AdapterContract):
    folder: Path

    @pytest.fixture(autouse=True)
    def _built(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.example = example()
        held = {name: one for name, one in _PERSONS.items() if name != "unknown"}
        extract(tmp_path, held | {"other": Identity("Dubbelma", "Marijt", "2012-01-09", **_HOME)}, TODAY)

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
