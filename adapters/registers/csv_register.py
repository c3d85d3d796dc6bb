"""A register as nightly extracts: CSV files in a folder, indexed in memory.

- The manifest `extract.json` is written last and says what belongs together: `{"extracted_on": "2026-01-31",
  "files": {"personen.csv": {"bytes": 1234, "sha256": "…", "rows": 40, "rows_before": 41,
  "largest_drop": 0.1}}}`. A file that is missing, or not of that size, digest and number of rows, is half
  written: ExtractIncomplete. So is one that lost a larger part than `largest_drop` of the rows of the extract
  before it (as the manifest says, and as was read here), and one without persons: absent data are no absent
  persons.
- A key that is there twice, and a row about nobody, are refused. Where something is odd is told by line.
- A new manifest is noticed at the next question, and the whole extract is read anew. Until it is whole,
  nothing is answered.
- Data of more than `max_age_days` working days ago are not answered from: ExtractStale; of a day to come
  neither. `as_of` is the day of the extract.
"""

import asyncio
import csv
import hashlib
import io
import json
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from adapters.registers.blocks import blocks_for, blocks_of
from adapters.registers.reading import (
    IDENTITY,
    MarkUnreadable,
    Spot,
    iso_date,
    mark,
    read_person,
    tell_odd,
    verify_fresh,
)
from adapters.registers.register import (
    Candidates,
    ExtractIncomplete,
    Found,
    Person,
    Record,
    RegisterUnreadable,
)
from contract.identity import Identity

MANIFEST = "extract.json"
_LARGEST = 512 * 1024 * 1024


@dataclass(frozen=True)
class CsvShape:
    """How a partner's files become persons.

    `columns` gives for `key`, the fields of Identity, `deceased`, `shielded` and `in_doubt` the column of the
    file `persons`. `records` gives per file how one row becomes records, and raises ValueError for what it
    does not know; such a file has the person's key in the same column as `persons`. `yes` and `no` are how
    the files write true and false, `born` how they write birth dates.
    """

    persons: str
    columns: Mapping[str, str]
    records: Mapping[str, Callable[[Mapping[str, str]], Iterable[Record]]]
    yes: str
    no: str
    born: Callable[[str], str] = iso_date


@dataclass(frozen=True)
class _Extract:
    manifest: bytes
    extracted_on: date
    persons: Mapping[int, tuple[Person, ...]]  # by block
    rows: Mapping[str, int]


_Row = tuple[int, dict[str, str]]
"""The line in the file, and what stands there by column."""


class CsvRegister:
    def __init__(
        self, folder: Path, shape: CsvShape, *, today: Callable[[], date], max_age_days: int = 2
    ) -> None:
        self._folder = folder
        self._shape = shape
        self._today = today
        self._max_age_days = max_age_days
        self._extract: _Extract | None = None
        self._rows_before: Mapping[str, int] = {}
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="register"
        )  # one, so that an extract is read once

    async def find(self, identities: Sequence[Identity]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._find, identities)

    async def close(self) -> None:
        self._thread.shutdown(wait=True)

    def _find(self, identities: Sequence[Identity]) -> Found:
        extract = self._current()
        verify_fresh(extract.extracted_on, self._today(), self._max_age_days)
        return Found(extract.extracted_on, tuple(_candidates(extract, identity) for identity in identities))

    def _current(self) -> _Extract:
        manifest = self._bytes(MANIFEST)
        if self._extract is None or self._extract.manifest != manifest:
            # what was replaced is no longer answered from, also when the new one turns out not to be whole
            self._extract = None
            self._extract = self._read(manifest)
            self._rows_before = self._extract.rows
        return self._extract

    def _read(self, manifest: bytes) -> _Extract:
        try:
            stated = json.loads(manifest)
            extracted_on = date.fromisoformat(stated["extracted_on"])
            wanted = {name: _Stated.read(stated["files"][name]) for name in self._files()}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ExtractIncomplete(
                f"{MANIFEST} of the extract is half written or not in its agreed shape"
            ) from None
        rows = {name: self._rows(name, expected) for name, expected in wanted.items()}
        counts = {name: len(found) for name, found in rows.items()}
        return _Extract(manifest, extracted_on, _by_block(self._persons(rows)), counts)

    def _files(self) -> list[str]:
        return [self._shape.persons, *self._shape.records]

    def _persons(self, rows: Mapping[str, list[_Row]]) -> list[Person]:
        """Raises RegisterUnreadable, with file, line and column, and ExtractIncomplete for what is about
        nobody.
        """
        key = self._shape.columns["key"]
        persons = self._shape.persons
        odd: list[Spot] = []
        records: dict[str, set[Record]] = {}
        of_odd: set[str] = set()
        for name, read in self._shape.records.items():
            for line, row in rows[name]:
                about = row.get(key) or ""
                of_one = records.setdefault(about, set())
                try:
                    if _cut_off(row):
                        raise ValueError
                    of_one.update(read(row))
                except MarkUnreadable as error:
                    raise RegisterUnreadable(f"{name} line {line}: {error}") from None
                except (ValueError, KeyError, TypeError):
                    odd.append(Spot(name, line))
                    of_odd.add(about)
        found: dict[str, Person] = {}
        for line, row in rows[persons]:
            person, place = self._person(line, row, records, of_odd)
            if not person.key or person.key in found:
                raise RegisterUnreadable(f"{persons} line {line}: the key is missing, or there twice")
            if place is not None or _cut_off(row):
                odd.append(Spot(persons, line, self._shape.columns.get(place or "")))
            found[person.key] = person
        for name in self._shape.records:
            for line, row in rows[name]:
                if row.get(key) not in found:
                    raise ExtractIncomplete(f"{name} line {line} is about nobody in {persons}")
        tell_odd(odd, sum(map(len, rows.values())))
        return [*found.values()]

    def _person(
        self, line: int, row: Mapping[str, str], records: Mapping[str, set[Record]], of_odd: Container[str]
    ) -> tuple[Person, str | None]:
        columns, shape = self._shape.columns, self._shape
        try:
            marks = {
                name: mark(row, columns[name], yes=shape.yes, no=shape.no)
                for name in ("deceased", "shielded", "in_doubt")
            }
        except MarkUnreadable as error:
            raise RegisterUnreadable(f"{shape.persons} line {line}: {error}") from None
        key = row.get(columns["key"]) or ""
        values = {name: row[columns[name]] for name in IDENTITY if columns[name] in row}
        return read_person(
            key, values, records.get(key, ()), marks, born=shape.born, odd=key in of_odd or _cut_off(row)
        )

    def _rows(self, name: str, stated: "_Stated") -> list[_Row]:
        content = self._bytes(name)
        if len(content) != stated.size or hashlib.sha256(content).hexdigest() != stated.digest:
            raise ExtractIncomplete(f"{name} is half written, or altered since the extract")
        try:
            reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
            rows = [(reader.line_num, row) for row in reader]
        except (csv.Error, UnicodeDecodeError):
            raise RegisterUnreadable(f"{name} is no CSV in UTF-8") from None
        least = (1 - stated.largest_drop) * max(stated.before, self._rows_before.get(name, 0))
        if len(rows) != stated.rows or len(rows) < least or (name == self._shape.persons and not rows):
            raise ExtractIncomplete(f"{name} has fewer rows than it should have, or more")
        return rows

    def _bytes(self, name: str) -> bytes:
        path = self._folder / name
        try:
            if path.stat().st_size > _LARGEST:
                raise RegisterUnreadable(f"{name} is larger than an extract may be")
            return path.read_bytes()
        except OSError:
            raise ExtractIncomplete(f"{name} of the extract cannot be read") from None


@dataclass(frozen=True)
class _Stated:
    """What the manifest says of a file."""

    size: int
    digest: str
    rows: int
    before: int
    largest_drop: float

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "_Stated":
        """Raises ValueError, KeyError, TypeError."""
        counts = values["bytes"], values["rows"], values["rows_before"]
        drop = values["largest_drop"]
        if any(type(one) is not int or one < 0 for one in counts) or type(values["sha256"]) is not str:
            raise ValueError
        if type(drop) not in (int, float) or not 0 <= drop <= 1:
            raise ValueError
        return cls(counts[0], values["sha256"], counts[1], counts[2], drop)


def _cut_off(row: Mapping[str, str]) -> bool:
    """Whether the row has fewer or more cells than the file has columns."""
    return None in row or None in row.values()


def _candidates(extract: _Extract, identity: Identity) -> Candidates:
    hits = [extract.persons.get(block, ()) for block in sorted(blocks_for(identity))]
    return Candidates(tuple({person.key: person for hit in hits for person in hit}.values()))


def _by_block(persons: Iterable[Person]) -> dict[int, tuple[Person, ...]]:
    by_block: dict[int, list[Person]] = {}
    for person in persons:
        for block in blocks_of(person.identity):
            by_block.setdefault(block, []).append(person)
    return {block: tuple(hit) for block, hit in by_block.items()}
