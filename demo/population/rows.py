"""A person as rows in a partner's own tables or files: the way back from what its adapter reads. Pure."""

from collections.abc import Iterator
from typing import Any

from adapters.partners import om, politie, reclassering, veilig_thuis
from adapters.partners.rvdk import MEASURE_ADVISED
from adapters.registers.register import Person, Record

TableRow = tuple[str, dict[str, Any]]
"""A table's name (or a file's) and one row for it."""


def rows_of(partner: str, person: Person, bsn: str | None) -> Iterator[TableRow]:
    """Raises ValueError for records that the partner's tables cannot hold (a measure without a case)."""
    if partner == "politie":
        yield from _politie(person)
        return
    table, records = _SQL[partner]
    identity = person.identity
    yield (
        table,
        {
            "id": person.key,
            **{name: getattr(identity, name) for name in _NAMES},
            "address_secret": not identity.postcode,
            "bsn": bsn,
            "deceased_on": _DECEASED_ON if person.deceased else None,
            "shielded": person.shielded,
            "in_doubt": person.in_doubt,
        },
    )
    ordered = sorted(person.records, key=lambda r: (r.start, r.kind, r.role, sorted(r.traits)))
    for number, record in enumerate(ordered):
        yield from records(person.key, f"{person.key}-{number}", record, ordered)


_NAMES = ("surname", "prefix", "given_names", "birth_date", "partner_surname", "postcode", "house_number")
_DECEASED_ON = "2024-05-01"  # no answer depends on the day


def _reclassering(person: str, key: str, record: Record, _all: list[Record]) -> Iterator[TableRow]:
    flags = {"shielded": record.shielded}
    if record.kind == reclassering.REPORT:
        row = {"id": key, "client": person, "requested_on": record.start, "delivered_on": record.end}
        yield "reports", {**row, **flags}
        return
    traits = {name: name in record.traits for name in ("suspended", *reclassering.CONDITIONS)}
    row = {
        "id": key,
        "client": person,
        "kind": record.kind,
        "started_on": record.start,
        "ends_on": record.end,
    }
    yield "supervisions", {**row, **traits, **flags, "in_doubt": record.in_doubt}


def _rvdk(person: str, key: str, record: Record, _all: list[Record]) -> Iterator[TableRow]:
    row = {"id": key, "person": person, "kind": record.kind, "role": record.role, "opened_on": record.start}
    flags = {"shielded": record.shielded, "in_doubt": record.in_doubt}
    advised = MEASURE_ADVISED in record.traits
    yield "files", {**row, "closed_on": record.end, "measure_advised": advised, **flags}


def _om(person: str, key: str, record: Record, everything: list[Record]) -> Iterator[TableRow]:
    if record.kind == om.CASE:
        row = {"id": key, "suspect": person, "registered_on": record.start, "decided_on": record.end}
        yield "cases", {**row, "embargo": record.shielded, "in_doubt": record.in_doubt}
        return
    case = _first(everything, om.CASE)
    row = {"id": key, "case_id": f"{person}-{case}", "kind": record.kind, "embargo": record.shielded}
    yield "measures", {**row, "from_day": record.start, "until_day": record.end}


def _veilig_thuis(person: str, key: str, record: Record, everything: list[Record]) -> Iterator[TableRow]:
    if record.kind == veilig_thuis.MELDING:
        row = {"id": key, "received_on": record.start, "closed_on": record.end}
        yield "meldingen", {**row, "shielded": record.shielded, "in_doubt": record.in_doubt}
        yield "in_melding", {"melding": key, "person": person, "role": record.role}
        return
    melding = f"{person}-{_first(everything, veilig_thuis.MELDING)}"
    yield "onderzoeken", {"id": key, "melding": melding, "started_on": record.start, "ended_on": record.end}


def _first(records: list[Record], kind: str) -> int:
    for number, record in enumerate(records):
        if record.kind == kind:
            return number
    raise ValueError(f"there is no {kind} for this record to belong to")


def _politie(person: Person) -> Iterator[TableRow]:
    columns = politie.SHAPE.columns
    row = {columns[name]: getattr(person.identity, name) for name in _NAMES}
    flags = {columns[name]: _yes(getattr(person, name)) for name in ("deceased", "shielded", "in_doubt")}
    yield politie.SHAPE.persons, {columns["key"]: person.key, **row, **flags}
    for record in sorted(person.records, key=lambda r: (r.start, r.kind, r.role)):
        yield (
            "registraties.csv",
            {
                columns["key"]: person.key,
                "soort": politie.KINDS[record.kind],
                "rol": politie.ROLES[record.role],
                "datum": record.start.isoformat(),
                "tot": record.end.isoformat() if record.end else "",
                "afgeschermd": _yes(record.shielded),
                "in_onderzoek": _yes(record.in_doubt),
            },
        )


def _yes(value: bool) -> str:
    return "J" if value else "N"


_SQL = {
    "reclassering": ("clients", _reclassering),
    "rvdk": ("persons", _rvdk),
    "om": ("suspects", _om),
    "veilig_thuis": ("persons", _veilig_thuis),
}
