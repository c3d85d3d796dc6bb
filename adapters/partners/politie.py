"""Politie: nightly extracts of persons, registrations and alerts for staff. Every candidate answer waits for
an officer.

- Relevant: violence, stalking, weapons, domestic violence or child abuse, or an ongoing intervention, within
  `LOOKBACK_YEARS`, or the fewer that the hand-out has (rows A09, A11).
- Asked about a suspect or a household member, only what they are suspected of counts; about a victim or a
  child, only what happened to them (A11).
- The flags are a proposal: the officer chooses which may be shared.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from adapters.partners.adapter import RecordReading, Says
from adapters.partners.age import years_before
from adapters.registers.csv_register import CsvShape
from adapters.registers.reading import mark
from adapters.registers.register import Record

LOOKS_BACK = frozenset({"politie.relevant_registrations"})
"""What no longer counts after the hand-out's `police_lookback_years`."""

LOOKBACK_YEARS = 5  # the longest that the law has (Wpg 8(6))
FLAGS = ("violence", "stalking", "weapons", "domestic_violence_or_child_abuse", "ongoing_intervention")
STAFF_ALERT = "staff_safety_alert"

_KINDS = {
    "geweld": "violence",
    "stalking": "stalking",
    "wapens": "weapons",
    "huiselijk_geweld": "domestic_violence_or_child_abuse",
    "lopende_interventie": "ongoing_intervention",
    "gevaar_medewerkers": STAFF_ALERT,
    "overig": "other",
}
_YES, _NO = "J", "N"
_ROLES = {"verdachte": "suspect", "slachtoffer": "victim", "getuige": "witness", "betrokkene": "involved"}
KINDS = {code: name for name, code in _KINDS.items()}
ROLES = {code: name for name, code in _ROLES.items()}


def _record(row: Mapping[str, str]) -> Iterable[Record]:
    yield Record(
        kind=_KINDS[row["soort"]],
        role=_ROLES[row["rol"]],
        start=date.fromisoformat(row["datum"]),
        end=date.fromisoformat(row["tot"]) if row["tot"] else None,
        # Wpg 9, 10 and 12, embargo, integrity, rijksrecherche
        shielded=mark(row, "afgeschermd", yes=_YES, no=_NO),
        in_doubt=mark(row, "in_onderzoek", yes=_YES, no=_NO),
    )


SHAPE = CsvShape(
    persons="personen.csv",
    columns={
        "key": "sleutel",
        "surname": "geslachtsnaam",
        "prefix": "voorvoegsel",
        "given_names": "voornamen",
        "birth_date": "geboortedatum",
        "partner_surname": "partnernaam",
        "postcode": "postcode",
        "house_number": "huisnummer",
        "deceased": "overleden",
        "shielded": "afgeschermd",
        "in_doubt": "in_onderzoek",
    },
    records={"registraties.csv": _record},
    yes=_YES,
    no=_NO,
)


def _relevant(records: frozenset[Record], role: str, today: date) -> list[Record]:
    counts_as = "victim" if role in ("victim", "child") else "suspect"
    since = years_before(today, LOOKBACK_YEARS)
    return [r for r in records if r.kind in FLAGS and r.role == counts_as and (since <= r.start <= today)]


def _relevant_registrations(records: frozenset[Record], role: str, today: date) -> Says:
    relevant = _relevant(records, role, today)
    flags = tuple(flag for flag in FLAGS if any(record.kind == flag for record in relevant))
    return Says(
        ("shareable", *flags) if flags else ("none_shareable",), in_doubt=any(r.in_doubt for r in relevant)
    )


def _staff_safety_alert(records: frozenset[Record], _role: str, today: date) -> Says:
    alerts = [record for record in records if record.kind == STAFF_ALERT and record.runs_on(today)]
    return Says(("yes" if alerts else "no",), in_doubt=any(record.in_doubt for record in alerts))


READINGS: dict[str, RecordReading] = {
    "politie.relevant_registrations": _relevant_registrations,
    "politie.staff_safety_alert": _staff_safety_alert,
}
