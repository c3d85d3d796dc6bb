"""Openbaar Ministerie: suspects, their cases and the measures in these cases, in a database. Every candidate
answer waits for a prosecutor.

- *Ongoing prosecution*: a case without a final decision. No offence and no number ever stands in an answer.
- *Safety measure in force*: the kinds of the measures that hold today, valid until the first of them ends.
- *Antecedents*: always `in_meeting`, whatever is found (row A14). The register is asked all the same, so that
  nothing in the work tells more.
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
CASE = "case"
MEASURES = ("behaviour_order", "contact_ban", "area_ban", "suspension_conditions", "other")
ALWAYS = {"om.antecedents": "in_meeting"}


class _Rows(SQLModel):
    metadata = TABLES


class Suspect(PersonColumns, _Rows, table=True):
    __tablename__ = "suspects"


class CriminalCase(_Rows, table=True):
    __tablename__ = "cases"

    id: str = Field(primary_key=True)
    suspect: str = Field(index=True)
    registered_on: date
    decided_on: date | None = None
    embargo: bool = False
    in_doubt: bool = False


class Measure(_Rows, table=True):
    __tablename__ = "measures"

    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    kind: str
    from_day: date
    until_day: date | None = None
    embargo: bool = False


blocks_table(TABLES)


def _statement(hits: Subquery) -> Select[Any]:
    suspects, cases, measures = (TABLES.tables[name] for name in ("suspects", "cases", "measures"))
    case = [
        cases.c[name].label(f"case_{name}")
        for name in ("id", "registered_on", "decided_on", "embargo", "in_doubt")
    ]
    measure = [
        measures.c[name].label(f"measure_{name}")
        for name in ("id", "kind", "from_day", "until_day", "embargo")
    ]
    return (
        select(*person_columns(hits, suspects), *case, *measure)
        .join_from(hits, suspects, suspects.c.id == hits.c.person)
        .outerjoin(cases, cases.c.suspect == suspects.c.id)
        .outerjoin(measures, measures.c.case_id == cases.c.id)
    )


def _records(row: Mapping[str, Any]) -> Iterator[Record]:
    if row["case_id"] is None:
        return
    embargo, in_doubt = mark(row, "case_embargo"), mark(row, "case_in_doubt")
    yield Record(
        CASE,
        "suspect",
        day_in(row["case_registered_on"]),
        end_in(row["case_decided_on"]),
        shielded=embargo,
        in_doubt=in_doubt,
    )
    if row["measure_id"] is not None:
        # a measure in a case under embargo is as hidden as the case
        hidden = mark(row, "measure_embargo") or embargo
        start, end = day_in(row["measure_from_day"]), end_in(row["measure_until_day"])
        kind = one_of(row["measure_kind"], MEASURES)
        yield Record(kind, "suspect", start, end, shielded=hidden, in_doubt=in_doubt)


SHAPE = SqlShape(_statement, _records)


def _ongoing_prosecution(records: frozenset[Record], _role: str, today: date) -> Says:
    ongoing = [r for r in records if r.kind == CASE and r.start <= today and (r.end is None or r.end > today)]
    return Says(("yes" if ongoing else "no",), in_doubt=any(record.in_doubt for record in ongoing))


def _safety_measure_in_force(records: frozenset[Record], _role: str, today: date) -> Says:
    in_force = [record for record in records if record.kind in MEASURES and record.runs_on(today)]
    flags = tuple(kind for kind in MEASURES if any(record.kind == kind for record in in_force))
    ends = [record.end for record in in_force if record.end]
    return Says(flags or ("none",), min(ends) if ends else None, any(record.in_doubt for record in in_force))


def _antecedents(_records: frozenset[Record], _role: str, _today: date) -> Says:
    return Says((ALWAYS["om.antecedents"],))


READINGS: dict[str, RecordReading] = {
    "om.ongoing_prosecution": _ongoing_prosecution,
    "om.safety_measure_in_force": _safety_measure_in_force,
    "om.antecedents": _antecedents,
}
