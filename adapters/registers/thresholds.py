"""The numbers of matching, as dated data of the holder."""

import json
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

_OWN = Path(__file__).with_name("thresholds.json")


class ThresholdsError(Exception):
    """The thresholds cannot be used. The text says which one and what it may be."""


@dataclass(frozen=True)
class Thresholds:
    """When two persons are the same, and when they might be.

    - `surname_same`, `surname_near`: Jaro-Winkler similarity of surnames without prefix, from which they
      agree, resp. might be one name.
    - `given_name_near`: the same for the first given name; given names *agree* only when they are one name
      (`names.py`).
    - `date_parts`: how many of year, month and day both sides must know: 3, or 2 for year and month, or 1 for
      the year.
    """

    valid_from: date
    decided_by: str
    surname_same: float
    surname_near: float
    given_name_near: float
    date_parts: int


def read_thresholds(path: Path = _OWN) -> Thresholds:
    """Raises ThresholdsError when a value is missing, unknown or outside what is safe."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.keys() != {field.name for field in fields(Thresholds)}:
            raise ThresholdsError(
                "The thresholds need exactly these fields: " + ", ".join(f.name for f in fields(Thresholds))
            )
        read = Thresholds(**{**values, "valid_from": date.fromisoformat(values["valid_from"])})
    except (OSError, ValueError, TypeError):
        raise ThresholdsError(
            f"The thresholds in {path.name} cannot be read; see adapters/registers/README.md."
        ) from None
    _verify(read)
    return read


def _verify(read: Thresholds) -> None:
    shares = (read.surname_same, read.surname_near, read.given_name_near)
    if any(type(share) is not float or not 0.5 <= share <= 1 for share in shares):
        raise ThresholdsError("surname_same, surname_near and given_name_near go from 0.5 to 1.0.")
    if read.surname_near > read.surname_same:
        raise ThresholdsError("surname_near is not above surname_same.")
    if type(read.date_parts) is not int or not 1 <= read.date_parts <= 3:
        raise ThresholdsError("date_parts is 1, 2 or 3.")
