"""Builds a partner's register: a database, or a folder of extracts."""

import csv
import hashlib
import io
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from sqlalchemy import MetaData, Table, create_engine, make_url

from adapters.partners import om, reclassering, veilig_thuis
from adapters.registers.blocks import BLOCKS_VERSION, blocks_of
from adapters.registers.csv_register import MANIFEST
from adapters.registers.households import households
from adapters.registers.register import Person
from demo import rvdk_tables
from demo.population.member import CastMember
from demo.population.records import belongs, by_chance
from demo.population.rows import rows_of

_TABLES: Mapping[str, MetaData] = {
    "reclassering": reclassering.TABLES,
    "rvdk": rvdk_tables.TABLES,
    "om": om.TABLES,
    "veilig_thuis": veilig_thuis.TABLES,
}
_BATCH = 20_000
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def build(
    partner: str,
    place: str | Path,
    seed: int,
    size: int,
    cast: Sequence[CastMember] = (),
    *,
    party: str | None = None,
    today: date,
) -> None:
    """Makes the register of a party of this kind anew: `size` persons by chance, and the cast as far as this
    party (the kind itself, if left out) knows them.

    `place` is a database URL (`sqlite:///…`, `postgresql://…`), or for politie a folder. A SQLite file or a
    folder's manifest is put in place at the end, whole. What stands in that place is lost. Raises ValueError
    for a partner or a place that does not fit.
    """
    everyone = _with_bsn(persons(partner, seed, size, cast, party=party, today=today))
    if partner == "politie":
        _extract(Path(place), (row for one in everyone for row in rows_of(partner, *one)), today)
        return
    url = make_url(str(place))
    rows = _sql_rows(partner, everyone)
    if url.get_backend_name() == "sqlite" and url.database:
        _sqlite(Path(url.database), _TABLES[partner], rows)
    elif url.get_backend_name() == "postgresql":
        _postgresql(str(place), _TABLES[partner], rows)
    else:
        raise ValueError("a register is built in a SQLite file or a PostgreSQL database")


def persons(
    partner: str,
    seed: int,
    size: int,
    cast: Sequence[CastMember] = (),
    *,
    party: str | None = None,
    today: date,
) -> Iterator[Person]:
    """The cast first, then `size` persons by chance, the same ones for the same arguments."""
    party = party or partner
    for number, cast_member in enumerate(cast):
        facts = cast_member.facts.get(party)
        if facts:
            flags = (facts.deceased, facts.shielded, facts.in_doubt)
            yield Person(f"C{number:06}", cast_member.identity, facts.records, *flags)
    random = Random(f"{party} {seed}")  # noqa: S311 - invented persons, no secrets
    members = (one for household in households(random, today) for one in household if belongs(partner, one))
    for number, member in enumerate(islice(members, size)):
        yield Person(
            key=f"P{number:06}",
            identity=member.identity,
            records=by_chance(partner, member, random, today),
            deceased=random.random() < 0.012,
            shielded=random.random() < 0.004,
            in_doubt=random.random() < 0.003,
        )


def _with_bsn(everyone: Iterable[Person]) -> Iterator[tuple[Person, str | None]]:
    # there are some 9,000 valid test numbers: the first persons by chance have one, nobody of the cast
    valid = (number for number in (f"9999{tail:05}" for tail in range(100_000)) if _passes_elfproef(number))
    for person in everyone:
        yield person, next(valid, None) if person.key.startswith("P") else None


def _passes_elfproef(number: str) -> bool:
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=True)) % 11 == 0


def _sql_rows(
    partner: str, everyone: Iterable[tuple[Person, str | None]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "blocks_made", {"version": BLOCKS_VERSION, "as_of": None}
    for person, bsn in everyone:
        yield from rows_of(partner, person, bsn)
        for block in blocks_of(person.identity):
            yield "blocks", {"block": block, "person": person.key}


def _batches(
    tables: MetaData, rows: Iterable[tuple[str, dict[str, Any]]]
) -> Iterator[tuple[Table, list[tuple[Any, ...]]]]:
    waiting: dict[str, list[tuple[Any, ...]]] = {name: [] for name in tables.tables}
    columns = {name: [column.name for column in table.columns] for name, table in tables.tables.items()}
    for name, row in rows:
        waiting[name].append(tuple(row[column] for column in columns[name]))
        if len(waiting[name]) == _BATCH:
            yield tables.tables[name], waiting[name]
            waiting[name] = []
    yield from ((tables.tables[name], rest) for name, rest in waiting.items() if rest)


def _sqlite(path: Path, tables: MetaData, rows: Iterable[tuple[str, dict[str, Any]]]) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    engine = create_engine(f"sqlite:///{fresh}")
    tables.create_all(engine)
    engine.dispose()
    connection = sqlite3.connect(fresh, isolation_level=None)
    try:
        # the file is thrown away if this is cut off, so nothing has to be durable before the end
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -262144")  # the table of blocks is filled in no order
        connection.execute("BEGIN")
        for table, batch in _batches(tables, rows):
            places = ", ".join("?" * len(table.columns))
            values = [tuple(str(v) if type(v) is date else v for v in row) for row in batch]
            connection.executemany(f"INSERT INTO {table.name} VALUES ({places})", values)  # noqa: S608
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
    finally:
        connection.close()
    fresh.replace(path)


def _postgresql(url: str, tables: MetaData, rows: Iterable[tuple[str, dict[str, Any]]]) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    tables.drop_all(engine)
    tables.create_all(engine)
    plain = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    engine.dispose()
    with psycopg.connect(plain) as connection, connection.cursor() as cursor:
        for table, batch in _batches(tables, rows):
            with cursor.copy(f"COPY {table.name} FROM STDIN".encode()) as copy:
                for row in batch:
                    copy.write_row(row)
        cursor.execute("ANALYZE")


def _extract(folder: Path, rows: Iterable[tuple[str, dict[str, Any]]], today: date) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[dict[str, Any]]] = {"personen.csv": [], "registraties.csv": []}
    for name, row in rows:
        files[name].append(row)
    (folder / MANIFEST).unlink(missing_ok=True)
    stated = {name: _write(folder / name, content) for name, content in files.items()}
    manifest = json.dumps({"extracted_on": today.isoformat(), "files": stated}, indent=1)
    _replace(folder / MANIFEST, manifest.encode())


def _write(path: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    text = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    content = text.getvalue().encode()
    _replace(path, content)
    digest, count = hashlib.sha256(content).hexdigest(), len(rows)
    return {
        "bytes": len(content),
        "sha256": digest,
        "rows": count,
        "rows_before": count,
        "largest_drop": 0.1,
    }


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
