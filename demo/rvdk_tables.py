"""What the stand-in for RvdK's service keeps: persons and the files in which they stand, in a database."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import MetaData, Select, Subquery, select
from sqlmodel import Field, SQLModel

from adapters.partners.rvdk import MEASURE_ADVISED
from adapters.partners.tables import PersonColumns, person_columns
from adapters.registers.register import Record
from adapters.registers.sql_register import SqlShape, blocks_table

TABLES = MetaData()


class _Rows(SQLModel):
    metadata = TABLES


class PersonRecord(PersonColumns, _Rows, table=True):
    __tablename__ = "persons"


class File(_Rows, table=True):
    """A person's part in a file."""

    __tablename__ = "files"

    id: str = Field(primary_key=True)
    person: str = Field(index=True)
    kind: str
    role: str
    opened_on: date
    closed_on: date | None = None
    measure_advised: bool = False
    shielded: bool = False
    in_doubt: bool = False


blocks_table(TABLES)


def _statement(hits: Subquery) -> Select[Any]:
    persons, files = TABLES.tables["persons"], TABLES.tables["files"]
    file = [column.label(f"file_{column.name}") for column in files.c if column.name != "person"]
    return (
        select(*person_columns(hits, persons), *file)
        .join_from(hits, persons, persons.c.id == hits.c.person)
        .outerjoin(files, files.c.person == persons.c.id)
    )


def _records(row: Mapping[str, Any]) -> Iterator[Record]:
    if row["file_id"] is not None:
        yield Record(
            kind=row["file_kind"],
            role=row["file_role"],
            start=row["file_opened_on"],
            end=row["file_closed_on"],
            traits=frozenset([MEASURE_ADVISED]) if row["file_measure_advised"] else frozenset(),
            shielded=bool(row["file_shielded"]),
            in_doubt=bool(row["file_in_doubt"]),
        )


SHAPE = SqlShape(_statement, _records)
