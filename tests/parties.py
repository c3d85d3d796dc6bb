"""All parties of a small chain as signatories, with fresh keys, one directory and a clock that is moved by
hand. Nothing runs.
"""

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contract.codes import BROKER
from contract.directory import Directory, directory_text
from contract.keys import Keyring, make_keys, read_keys, write_keys
from contract.signatory import Signatory
from demo.members import PARTIES

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def keyring(party: str, *, contents: Mapping[str, Any] | None = None) -> Keyring:
    """A party's keys, by way of a file, as in life."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "keys.json"
        write_keys(path, contents or make_keys(party, demo=True, now=NOON - timedelta(days=30)))
        return read_keys(path, party=party, demo=True)


def directory_contents(keyrings: Mapping[str, Keyring]) -> dict[str, Any]:
    """What the directory file of these parties says, to change before it is read."""
    parties = [
        {
            "code": party,
            "partner": None if party == BROKER else party,
            "oin": f"{99999990000000000000 + number}",
            "name": f"Proefpartij {party}",
            "address": f"http://{party.replace('_', '-')}.example",
            "desk": {
                "name": f"Loket {party}",
                "phone": f"088-000 00 0{number}",
                "hours": "werkdagen 9.00-17.00",
            },
            "regions": [] if party == BROKER else ["utrecht"],
            "keys": one.public_keys(),
        }
        for number, (party, one) in enumerate(keyrings.items())
    ]
    return {"demo": True, "regions": ["utrecht"], "parties": parties}


class Parties:
    """`parties["om"]` is the signatory of OM."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.keyrings = {party: keyring(party) for party in (BROKER, *PARTIES)}
        self.contents = directory_contents(self.keyrings)
        self.directory = read_directory(self.contents)

    def __getitem__(self, party: str) -> Signatory:
        return Signatory(self.directory, self.keyrings[party], self.clock)


def read_directory(contents: Mapping[str, Any]) -> Directory:
    """The directory that a file with these contents gives. Raises DirectoryProblem."""
    return Directory(directory_text(json.loads(json.dumps(contents))))
