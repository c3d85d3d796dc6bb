"""Reclassering: clients, the supervisions on them and the reports about them, in a database.

- *Known* is current involvement only (row A01): a supervision that runs, suspended or not, or a report that
  is being written.
- *Under supervision*: one runs today and is not suspended. Community service is no supervision.
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
CONDITIONS = ("contact_ban", "area_ban", "electronic_monitoring")
"""Conditions of a supervision, each a column."""
SUPERVISIONS = ("suspension_supervision", "conditional_sentence", "conditional_release")
REPORT, COMMUNITY_SERVICE = "report", "community_service"


class _Rows(SQLModel):
    metadata = TABLES


class Client(PersonColumns, _Rows, table=True):
    __tablename__ = "clients"


class Supervision(_Rows, table=True):
    __tablename__ = "supervisions"

    id: str = Field(primary_key=True)
    client: str = Field(index=True)
    kind: str
    started_on: date
    ends_on: date | None = None
    suspended: bool = False
    contact_ban: bool = False
    area_ban: bool = False
    electronic_monitoring: bool = False
    shielded: bool = False
    in_doubt: bool = False


class ProbationReport(_Rows, table=True):
    __tablename__ = "reports"

    id: str = Field(primary_key=True)
    client: str = Field(index=True)
    requested_on: date
    delivered_on: date | None = None
    shielded: bool = False


blocks_table(TABLES)


def _statement(hits: Subquery) -> Select[Any]:
    clients, supervisions, reports = (TABLES.tables[name] for name in ("clients", "supervisions", "reports"))
    supervision = [
        column.label(f"supervision_{column.name}") for column in supervisions.c if column.name != "client"
    ]
    report = [column.label(f"report_{column.name}") for column in reports.c if column.name != "client"]
    return (
        select(*person_columns(hits, clients), *supervision, *report)
        .join_from(hits, clients, clients.c.id == hits.c.person)
        .outerjoin(supervisions, supervisions.c.client == clients.c.id)
        .outerjoin(reports, reports.c.client == clients.c.id)
    )


def _records(row: Mapping[str, Any]) -> Iterator[Record]:
    if row["supervision_id"] is not None:
        yield Record(
            kind=one_of(row["supervision_kind"], (*SUPERVISIONS, COMMUNITY_SERVICE)),
            role="client",
            start=day_in(row["supervision_started_on"]),
            end=end_in(row["supervision_ends_on"]),
            traits=frozenset(name for name in ("suspended", *CONDITIONS) if mark(row, f"supervision_{name}")),
            shielded=mark(row, "supervision_shielded"),
            in_doubt=mark(row, "supervision_in_doubt"),
        )
    if row["report_id"] is not None:
        start, end = day_in(row["report_requested_on"]), end_in(row["report_delivered_on"])
        yield Record(REPORT, "client", start, end, shielded=mark(row, "report_shielded"))


SHAPE = SqlShape(_statement, _records)


def _known(records: frozenset[Record], _role: str, today: date) -> Says:
    current = [record for record in records if record.runs_on(today)]
    return Says(("yes" if current else "no",), in_doubt=any(record.in_doubt for record in current))


def _running(records: frozenset[Record], today: date) -> list[Record]:
    return [
        record
        for record in records
        if record.kind not in (REPORT, COMMUNITY_SERVICE)
        and record.runs_on(today)
        and "suspended" not in record.traits
    ]


def _under_supervision(records: frozenset[Record], _role: str, today: date) -> Says:
    running = _running(records, today)
    return Says(("yes" if running else "no",), in_doubt=any(record.in_doubt for record in running))


def _supervision_kind(records: frozenset[Record], _role: str, today: date) -> Says:
    running = _running(records, today)
    flags = [name for name in CONDITIONS if any(name in record.traits for record in running)]
    flags += ["suspension_supervision"] * any(record.kind == "suspension_supervision" for record in running)
    codes = tuple(flags) or (("other",) if running else ("none",))
    return Says(codes, in_doubt=any(record.in_doubt for record in running))


READINGS: dict[str, RecordReading] = {
    "reclassering.known": _known,
    "reclassering.under_supervision": _under_supervision,
    "reclassering.supervision_kind": _supervision_kind,
}
