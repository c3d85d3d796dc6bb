"""Raad voor de Kinderbescherming: its files, behind an HTTP service with requests typed as Haal Centraal
does.

- A child counts as the child of a file, a parent as a party to one (row A06), a minor suspect only in
  criminal files (A07).
- Adoption, descent, screening and foster checks never count (docs/law.md, D12).
- *Known* counts every file that is still kept; *investigation type* only what runs today.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from adapters.partners.adapter import RecordReading, Says
from adapters.registers.reading import mark
from adapters.registers.register import Record

COUNTED = ("protection", "custody_and_contact", "criminal")
NEVER_COUNTED = ("adoption", "descent", "screening", "foster_check")  # D12
MEASURE_ADVISED = "measure_advised"

MEASURES = {
    "ondertoezichtstelling": "family_supervision_order",
    "ondertoezichtstellingMetUithuisplaatsing": "family_supervision_order_and_placement",
    "gezag": "custody_measure",
    "voogdij": "guardianship",
}
"""Which measure was advised, as the service and as the hand-out call it; it leaves only where a row says."""

_KINDS = {
    "bescherming": "protection",
    "gezagEnOmgang": "custody_and_contact",
    "straf": "criminal",
    "adoptie": "adoption",
    "afstamming": "descent",
    "screening": "screening",
    "pleegkind": "foster_check",
}
_ROLES = {"minderjarige": "child", "ouder": "parent", "verdachte": "suspected_perpetrator"}


def records(person: Mapping[str, Any]) -> Iterable[Record]:
    """The files in one person of the service. Raises KeyError, ValueError or TypeError when they are not in
    the agreed shape.
    """
    for file in person["dossiers"]:
        yield Record(
            kind=_KINDS[file["soort"]],
            role=_ROLES[file["rol"]],
            start=date.fromisoformat(file["geopend"]),
            end=None if file["gesloten"] is None else date.fromisoformat(file["gesloten"]),
            traits=_advised(file),
            shielded=mark(file, "afgeschermd", yes=True, no=False),
            in_doubt=mark(file, "inOnderzoek", yes=True, no=False),
        )


def _advised(file: Mapping[str, Any]) -> frozenset[str]:
    """Whether a measure was advised, and which, where the service says so."""
    if not mark(file, "maatregelGeadviseerd", yes=True, no=False):
        return frozenset()
    which = file.get("maatregel")
    return frozenset([MEASURE_ADVISED] if which is None else [MEASURE_ADVISED, MEASURES[which]])


def dossiers(records_of_one: Iterable[Record]) -> list[dict[str, Any]]:
    """The other way round: what the service writes."""
    kinds = {code: name for name, code in _KINDS.items()}
    roles = {code: name for name, code in _ROLES.items()}
    return [
        {
            "soort": kinds[record.kind],
            "rol": roles[record.role],
            "geopend": record.start.isoformat(),
            "gesloten": record.end.isoformat() if record.end else None,
            "maatregelGeadviseerd": MEASURE_ADVISED in record.traits,
            "maatregel": next((name for name, code in MEASURES.items() if code in record.traits), None),
            "afgeschermd": record.shielded,
            "inOnderzoek": record.in_doubt,
        }
        for record in sorted(records_of_one, key=lambda record: (record.start, record.kind, record.role))
    ]


def _counted(records: frozenset[Record], role: str) -> list[Record]:
    if role == "suspected_perpetrator":
        return [record for record in records if record.kind == "criminal" and record.role == role]
    if role == "child":
        # a minor suspect may be asked about as a child, for protection (docs/law.md, Vocabulary)
        return [
            record
            for record in records
            if record.kind in COUNTED and record.role in ("child", "suspected_perpetrator")
        ]
    return [record for record in records if record.kind in COUNTED and record.role == role]


def _known(records: frozenset[Record], role: str, today: date) -> Says:
    files = [record for record in _counted(records, role) if record.start <= today]
    return Says(("yes" if files else "no",), in_doubt=any(record.in_doubt for record in files))


def _investigation_type(records: frozenset[Record], role: str, today: date) -> Says:
    running = [record for record in _counted(records, role) if record.runs_on(today)]
    kinds = tuple(kind for kind in COUNTED if any(record.kind == kind for record in running))
    return Says(kinds or ("none",), in_doubt=any(record.in_doubt for record in running))


def _measure_advised(records: frozenset[Record], role: str, today: date) -> Says:
    files = [r for r in _counted(records, role) if MEASURE_ADVISED in r.traits and r.start <= today]
    which = tuple(code for code in MEASURES.values() if any(code in record.traits for record in files))
    return Says(("yes", *which) if files else ("no",), in_doubt=any(record.in_doubt for record in files))


READINGS: dict[str, RecordReading] = {
    "rvdk.known": _known,
    "rvdk.investigation_type": _investigation_type,
    "rvdk.measure_advised": _measure_advised,
}
