"""Veilig Thuis: meldingen, who they are about, and the onderzoeken that followed, in a database.

- Only who a melding is about counts: the suspected perpetrator, a victim, a child, a parent, a household
  member. Who made it is kept elsewhere and cannot be found here (Uitvoeringsbesluit Wmo 4.1.8(3)); of an
  advice no identity is kept at all.
- *Earlier report*: any melding that is still kept. *Ongoing involvement*: one that is not closed, or an
  onderzoek that runs.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import MetaData, Select, Subquery, select
from sqlmodel import Field, SQLModel

from adapters.partners.adapter import RecordReading, Says
from adapters.partners.tables import PersonColumns, person_columns
from adapters.registers.reading import day_in, end_in, mark, one_of
from adapters.registers.register import Record
from adapters.registers.sql_register import SqlShape, blocks_table

TABLES = MetaData()
MELDING, ONDERZOEK = "melding", "onderzoek"
ROLES = ("suspected_perpetrator", "victim", "child", "parent", "household_member")


class _Rows(SQLModel):
    metadata = TABLES


class PersonRow(PersonColumns, _Rows, table=True):
    __tablename__ = "persons"


class Melding(_Rows, table=True):
    __tablename__ = "meldingen"

    id: str = Field(primary_key=True)
    received_on: date
    closed_on: date | None = None
    shielded: bool = False
    in_doubt: bool = False


class InMelding(_Rows, table=True):
    __tablename__ = "in_melding"

    melding: str = Field(primary_key=True)
    person: str = Field(primary_key=True, index=True)
    role: str


class Onderzoek(_Rows, table=True):
    __tablename__ = "onderzoeken"

    id: str = Field(primary_key=True)
    melding: str = Field(index=True)
    started_on: date
    ended_on: date | None = None


blocks_table(TABLES)


def _statement(hits: Subquery) -> Select[Any]:
    persons, part, meldingen, onderzoeken = (
        TABLES.tables[name] for name in ("persons", "in_melding", "meldingen", "onderzoeken")
    )
    melding = [column.label(f"melding_{column.name}") for column in meldingen.c]
    onderzoek = [onderzoeken.c[name].label(f"onderzoek_{name}") for name in ("id", "started_on", "ended_on")]
    return (
        select(*person_columns(hits, persons), part.c.role.label("role"), *melding, *onderzoek)
        .join_from(hits, persons, persons.c.id == hits.c.person)
        .outerjoin(part, part.c.person == persons.c.id)
        .outerjoin(meldingen, meldingen.c.id == part.c.melding)
        .outerjoin(onderzoeken, onderzoeken.c.melding == meldingen.c.id)
    )


def _records(row: Mapping[str, Any]) -> Iterator[Record]:
    if row["melding_id"] is None:
        return
    shielded, in_doubt = mark(row, "melding_shielded"), mark(row, "melding_in_doubt")
    start, end, role = row["melding_received_on"], row["melding_closed_on"], one_of(row["role"], ROLES)
    yield Record(MELDING, role, day_in(start), end_in(end), shielded=shielded, in_doubt=in_doubt)
    if row["onderzoek_id"] is not None:
        start, end = row["onderzoek_started_on"], row["onderzoek_ended_on"]
        yield Record(ONDERZOEK, role, day_in(start), end_in(end), shielded=shielded, in_doubt=in_doubt)


SHAPE = SqlShape(_statement, _records)


def _earlier_report(records: frozenset[Record], _role: str, today: date) -> Says:
    meldingen = [record for record in records if record.kind == MELDING and record.start <= today]
    return Says(("yes" if meldingen else "no",), in_doubt=any(record.in_doubt for record in meldingen))


def _ongoing_involvement(records: frozenset[Record], _role: str, today: date) -> Says:
    running = [record for record in records if record.runs_on(today)]
    return Says(("yes" if running else "no",), in_doubt=any(record.in_doubt for record in running))


READINGS: dict[str, RecordReading] = {
    "veilig_thuis.earlier_report": _earlier_report,
    "veilig_thuis.ongoing_involvement": _ongoing_involvement,
}
