"""A register as nightly extracts: CSV files in a folder, indexed in memory.

- The manifest `extract.json` is written last and says what belongs together: `{"extracted_on": "2026-01-31",
  "files": {"personen.csv": {"bytes": 1234, "sha256": "…"}}}`. A file that is missing, or not of that size and
  digest, is half written: ExtractIncomplete.
- A new manifest is noticed at the next question, and the whole extract is read anew. Until it is whole,
  nothing is answered.
- Data of more than `max_age_days` ago are not answered from: ExtractStale. `as_of` is the day of the extract.
"""

import asyncio
import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from adapters.registers.blocks import blocks_for, blocks_of
from adapters.registers.register import (
    Candidates,
    ExtractIncomplete,
    ExtractStale,
    Found,
    Person,
    Record,
    RegisterUnreadable,
)
from contract.identity import Identity

MANIFEST = "extract.json"
_LARGEST = 512 * 1024 * 1024
_IDENTITY = ("surname", "prefix", "given_names", "birth_date", "partner_surname", "postcode", "house_number")


@dataclass(frozen=True)
class CsvShape:
    """How a partner's files become persons.

    `columns` gives for `key`, the fields of Identity, `deceased`, `shielded` and `in_doubt` the column of the
    file `persons`. `records` gives per file how one row becomes records; such a file has the person's key in
    the same column as `persons`. `yes` is how the files write true.
    """

    persons: str
    columns: Mapping[str, str]
    records: Mapping[str, Callable[[Mapping[str, str]], Iterable[Record]]]
    yes: str


@dataclass(frozen=True)
class _Extract:
    manifest: bytes
    extracted_on: date
    persons: Mapping[int, tuple[Person, ...]]  # by block


class CsvRegister:
    def __init__(
        self, folder: Path, shape: CsvShape, *, today: Callable[[], date], max_age_days: int = 2
    ) -> None:
        self._folder = folder
        self._shape = shape
        self._today = today
        self._max_age = timedelta(days=max_age_days)
        self._extract: _Extract | None = None
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="register"
        )  # one, so that an extract is read once

    async def find(self, identities: Sequence[Identity]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._find, identities)

    async def close(self) -> None:
        self._thread.shutdown(wait=True)

    def _find(self, identities: Sequence[Identity]) -> Found:
        extract = self._current()
        if self._today() - extract.extracted_on > self._max_age:
            raise ExtractStale("the newest extract is too old to answer from")
        return Found(extract.extracted_on, tuple(_candidates(extract, identity) for identity in identities))

    def _current(self) -> _Extract:
        manifest = self._bytes(MANIFEST)
        if self._extract is None or self._extract.manifest != manifest:
            # what was replaced is no longer answered from, also when the new one turns out not to be whole
            self._extract = None
            self._extract = self._read(manifest)
        return self._extract

    def _read(self, manifest: bytes) -> _Extract:
        try:
            stated = json.loads(manifest)
            extracted_on = date.fromisoformat(stated["extracted_on"])
            wanted = {
                name: (stated["files"][name]["bytes"], stated["files"][name]["sha256"])
                for name in self._files()
            }
        except (ValueError, KeyError, TypeError):
            raise ExtractIncomplete(
                f"{MANIFEST} of the extract is half written or not in its agreed shape"
            ) from None
        rows = {name: self._rows(name, *expected) for name, expected in wanted.items()}
        try:
            return _Extract(manifest, extracted_on, _by_block(self._persons(rows)))
        except (KeyError, ValueError, TypeError):
            raise RegisterUnreadable("a row of the extract is not in its agreed shape") from None

    def _files(self) -> list[str]:
        return [self._shape.persons, *self._shape.records]

    def _persons(self, rows: Mapping[str, list[dict[str, str]]]) -> Iterable[Person]:
        columns, yes = self._shape.columns, self._shape.yes
        records: dict[str, set[Record]] = {}
        for name, read in self._shape.records.items():
            for row in rows[name]:
                records.setdefault(row[columns["key"]], set()).update(read(row))
        for row in rows[self._shape.persons]:
            values = {name: row[columns[name]] for name in _IDENTITY}
            values["postcode"] = values["postcode"].replace(" ", "").upper()
            yield Person(
                key=row[columns["key"]],
                identity=Identity(**values),
                records=frozenset(records.get(row[columns["key"]], ())),
                deceased=row[columns["deceased"]] == yes,
                shielded=row[columns["shielded"]] == yes,
                in_doubt=row[columns["in_doubt"]] == yes,
            )

    def _rows(self, name: str, size: object, digest: object) -> list[dict[str, str]]:
        content = self._bytes(name)
        if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
            raise ExtractIncomplete(f"{name} is half written, or altered since the extract")
        try:
            return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
        except (csv.Error, UnicodeDecodeError):
            raise RegisterUnreadable(f"{name} is no CSV in UTF-8") from None

    def _bytes(self, name: str) -> bytes:
        path = self._folder / name
        try:
            if path.stat().st_size > _LARGEST:
                raise RegisterUnreadable(f"{name} is larger than an extract may be")
            return path.read_bytes()
        except OSError:
            raise ExtractIncomplete(f"{name} of the extract cannot be read") from None


def _candidates(extract: _Extract, identity: Identity) -> Candidates:
    hits = [extract.persons.get(block, ()) for block in sorted(blocks_for(identity))]
    return Candidates(tuple({person.key: person for hit in hits for person in hit}.values()))


def _by_block(persons: Iterable[Person]) -> dict[int, tuple[Person, ...]]:
    by_block: dict[int, list[Person]] = {}
    for person in persons:
        for block in blocks_of(person.identity):
            by_block.setdefault(block, []).append(person)
    return {block: tuple(hit) for block, hit in by_block.items()}
