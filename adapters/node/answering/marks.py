"""Own staff and well-known persons, as this holder lists them for itself (docs/law.md, D14).

- The list is of names, not of records in the register: a colleague is marked whether or not the register
  knows them, and the mark tells nothing of what is there, or shielded.
- What is asked about somebody who may be on it is seen by few, and let go by two. Nothing of that is on the
  wire: an answer by the register, its time and its state are as for anybody.
- Whoever only resembles a name of the list is taken for it: that costs a second pair of eyes.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from adapters.registers.names import skeleton, surnames
from contract.identity import Identity, IdentityError

_COLUMNS = ("surname", "given_names", "birth_date", "prefix", "partner_surname")
_UNKNOWN = "0000"


class MarksError(Exception):
    """A list of marked persons that cannot be used. It says in which line, never who stands there."""


@dataclass(frozen=True)
class Marks:
    """Surnames as they sound, each with a year of birth ("0000": unknown)."""

    listed: frozenset[tuple[str, str]] = frozenset()

    def __repr__(self) -> str:
        return "Marks(…)"

    @classmethod
    def of(cls, persons: Iterable[Identity]) -> "Marks":
        return cls(frozenset((name, _year(one)) for one in persons for name in _names(one)))

    def may_be(self, identity: Identity) -> bool:
        """Whether this could be one of them: a surname that sounds alike, and no other year of birth."""
        year = _year(identity)
        years = {listed for name, listed in self.listed if name in _names(identity)}
        return bool(years) and (year == _UNKNOWN or not years.isdisjoint({year, _UNKNOWN}))


def read_marks(path: Path) -> Marks:
    """From a CSV in UTF-8 with these columns: `surname`, `given_names`, `birth_date` (YYYY-MM-DD, incomplete
    with 00), `prefix`, `partner_surname`. Raises MarksError.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if set(rows.fieldnames or ()) != set(_COLUMNS):
                raise MarksError("The list needs exactly these columns: " + ", ".join(_COLUMNS))
            return Marks.of([_person(row, number) for number, row in enumerate(rows, 2)])
    except (OSError, UnicodeDecodeError, csv.Error):
        raise MarksError(f"{path.name} cannot be read as CSV in UTF-8.") from None


def _person(row: dict[str, str], line: int) -> Identity:
    try:
        return Identity.parse({name: row[name] or "" for name in _COLUMNS})
    except IdentityError as error:
        raise MarksError(f"Line {line}: {error}") from None


def _names(identity: Identity) -> frozenset[str]:
    return frozenset(skeleton(name.form) for name in surnames(identity))


def _year(identity: Identity) -> str:
    return identity.birth_date[:4]
