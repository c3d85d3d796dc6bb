"""The numbers of matching, as dated data of the holder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cached_property
from math import log2
from pathlib import Path
from typing import Any

from adapters.registers.names import surname_of

_OWN = Path(__file__).with_name("thresholds.json")
_INHABITANTS = 16_400_000
"""Of the Netherlands when the surnames were counted: Nederlandse Familienamenbank, 2007."""
_MOST_BITS = 40.0


class ThresholdsError(Exception):
    """The thresholds cannot be used. The text says which one and what it may be."""


class Likeness(StrEnum):
    """What comparing one field gives. `IN_PART`: what both sides know is equal, and one knows less; of a date
    that is year and month. `ALIKE`: it may be one value, written wrongly. `OPEN`: one side knows nothing.
    """

    EQUAL = "equal"
    IN_PART = "in_part"
    YEAR = "year"
    ALIKE = "alike"
    OPEN = "open"
    DIFFERENT = "different"


_STATES: Mapping[str, frozenset[Likeness]] = {
    "surname": frozenset(Likeness) - {Likeness.IN_PART, Likeness.YEAR},
    "given_names": frozenset(Likeness) - {Likeness.YEAR},
    "birth_date": frozenset(Likeness),
    "address": frozenset(Likeness) - {Likeness.IN_PART, Likeness.YEAR},
}


@dataclass(frozen=True)
class Thresholds:
    """When two persons are the same, and when they might be.

    - `surname_same`, `surname_near`: Jaro-Winkler similarity of surnames without prefix, from which they are
      equal, resp. alike. `given_name_near`: the same for given names.
    - `bits`: per field and state what it says for one person (above 0) or for two (below): the binary
      logarithm of how much more often it is seen of one person than of two (Fellegi and Sunter, 1969).
    - `persons`: how many the register has, to a factor of two. Before anything is compared, each is the
      person with a chance of one in so many.
    - `absent_below`: somebody of whom the sum stays below this is not the person; -5 is one in 32.
    - `common_surnames`: how many persons in the country have a surname; it says less for one person then.
    """

    valid_from: date
    decided_by: str
    persons: int
    surname_same: float
    surname_near: float
    given_name_near: float
    absent_below: float
    bits: Mapping[str, Mapping[Likeness, float]]
    common_surnames: Mapping[str, int]

    @cached_property
    def prior(self) -> float:
        """In bits; asked about is somebody whom the register has in three of ten cases."""
        return log2(0.3 / self.persons)

    @cached_property
    def by_surname(self) -> Mapping[str, float]:
        """Of each common surname, in its one form and without prefix, the bits of an equal one."""
        counted: dict[str, int] = {}
        for name, count in self.common_surnames.items():
            form = surname_of(name, "").form
            counted[form] = counted.get(form, 0) + count
        most = self.bits["surname"][Likeness.EQUAL]
        return {form: min(most, log2(_INHABITANTS / count)) for form, count in counted.items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it, in hex: by which numbers a match was made."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        text = json.dumps({**values, "valid_from": self.valid_from.isoformat()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_thresholds(path: Path = _OWN, *, today: date | None = None) -> Thresholds:
    """Those that a holder decided on. Raises ThresholdsError when a value is missing, unknown or outside what
    is safe, or when they do not hold yet `today`.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.keys() != {field.name for field in fields(Thresholds)}:
            raise ThresholdsError(
                "The thresholds need exactly these fields: " + ", ".join(f.name for f in fields(Thresholds))
            )
        read = Thresholds(
            **{
                **values,
                "valid_from": date.fromisoformat(values["valid_from"]),
                "bits": {
                    field: {Likeness(state): bits for state, bits in states.items()}
                    for field, states in values["bits"].items()
                },
            }
        )
        _verify(read)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise ThresholdsError(
            f"The thresholds in {path.name} cannot be read; see adapters/registers/README.md."
        ) from None
    if today is not None and read.valid_from > today:
        raise ThresholdsError(f"The thresholds in {path.name} hold from {read.valid_from}, not yet today.")
    return read


def _verify(read: Thresholds) -> None:
    shares = (read.surname_same, read.surname_near, read.given_name_near)
    if any(type(share) is not float or not 0.7 <= share <= 1 for share in shares):
        raise ThresholdsError("surname_same, surname_near and given_name_near go from 0.7 to 1.0.")
    if read.surname_near > read.surname_same:
        raise ThresholdsError("surname_near is not above surname_same.")
    if type(read.persons) is not int or not 1 <= read.persons <= 20_000_000:
        raise ThresholdsError("persons is how many the register has: from 1 to 20000000.")
    if type(read.absent_below) is not float or not -20 <= read.absent_below <= -3:
        raise ThresholdsError(
            "absent_below goes from -20.0 to -3.0: at most one in nine is taken for nobody."
        )
    if {field: frozenset(states) for field, states in read.bits.items()} != _STATES:
        raise ThresholdsError("bits has each state of each field; see adapters/registers/README.md.")
    for field, states in read.bits.items():
        _verify_bits(field, states)
    if not read.decided_by.strip():
        raise ThresholdsError("decided_by says who decided on these numbers.")
    counts: list[Any] = list(read.common_surnames.values())
    if any(type(count) is not int or not 1 <= count < _INHABITANTS for count in counts):
        raise ThresholdsError("common_surnames has a number of persons for each.")


def _verify_bits(field: str, states: Mapping[Likeness, float]) -> None:
    if any(type(bits) is not float or not abs(bits) <= _MOST_BITS for bits in states.values()):
        raise ThresholdsError(f"bits of {field} go from -{_MOST_BITS} to {_MOST_BITS}.")
    order = [states[state] for state in Likeness if state in states]
    if order != sorted(order, reverse=True) or states[Likeness.OPEN] != 0:
        raise ThresholdsError(
            f"bits of {field} never say more for a state that says less, and nothing of what is open: "
            + ", ".join(state for state in Likeness if state in states)
        )
    if field == "address" and states[Likeness.DIFFERENT] != 0:
        raise ThresholdsError("Another address says nothing against: whom is asked about has often moved.")
