"""What a register holds, read strictly: the same for databases, files and services.

- A *mark* (shielded, deceased, in doubt) is exactly true or exactly false, as the shape says. Anything else
  makes the whole register unreadable: an unknown mark is never the harmless one.
- A birth date has the declared form. A row with another one, or with something else that cannot be read, is
  *odd*: whoever it is about is for a person to look at, and nobody else is touched by it.
- Where something is odd is told by place (file, line, column), never by what stands there, and is counted.
- How old data may be is told in working days: an extract of Friday is one day old on Monday. What is of a day
  that is yet to come is unreadable.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from prometheus_client import Counter

from adapters.registers.register import ExtractStale, Person, Record, RegisterUnreadable
from contract.identity import Identity
from contract.working_days import working_days_since
from party.events import Event, log

IDENTITY = ("surname", "prefix", "given_names", "birth_date", "partner_surname", "postcode", "house_number")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_BRP = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MOST_TOLD = 20
_FEW, _SHARE = 10, 0.01

_odd = Counter("grondslag_register_odd", "What of the own register cannot be read.", ["where"])


class Odd(ValueError):
    """Something of one person cannot be read. The text is the place, never a value."""


class MarkUnreadable(RegisterUnreadable):
    """A mark is neither true nor false, or is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the mark {name} is neither true nor false somewhere")


def mark(
    row: Mapping[str, Any], name: str, *, yes: str | bool | None = None, no: str | bool | None = None
) -> bool:
    """A mark: exactly one of `yes` and `no`; without these as a database has it, a boolean or 0 or 1.

    Raises MarkUnreadable, also when it is not there.
    """
    value = row.get(name)
    if yes is not None:
        if type(value) is type(yes) and value in {yes, no}:
            return value == yes
    elif value is True or value is False:
        return value
    elif type(value) is int and value in (0, 1):
        return value == 1
    raise MarkUnreadable(name)


def one_of(value: object, known: Container[str]) -> str:
    """A code of a closed list. Raises Odd: what is not on it is never taken for something else."""
    if not isinstance(value, str) or value not in known:
        raise Odd("code")
    return value


def day_in(value: object) -> date:
    """A day that must be there. Raises Odd."""
    if type(value) is not date:
        raise Odd("day")
    return value


def end_in(value: object) -> date | None:
    """A last day, or none yet. Raises Odd."""
    return None if value is None else day_in(value)


def iso_date(text: str) -> str:
    """A birth date as YYYY-MM-DD, unknown parts 00. Raises Odd."""
    return _date(_ISO, text)


def brp_date(text: str) -> str:
    """A birth date as the BRP has it, YYYYMMDD with unknown parts 00 (Logisch Ontwerp GBA). Raises Odd."""
    return _date(_BRP, text)


def _date(form: re.Pattern[str], text: str) -> str:
    found = form.fullmatch(text)
    if found is None or not text.isascii():
        raise Odd("birth_date")
    year, month, day = (int(part) for part in found.groups())
    whole = month <= 12 and (month or not day) and (year or not month)
    if not whole or (month and day > monthrange(year or 2000, month)[1]):
        raise Odd("birth_date")
    return "-".join(found.groups())


def held_identity(values: Mapping[str, Any], born: Callable[[str], str] = iso_date) -> Identity:
    """A person as the register has it: strict on the date, lenient on names, which are compared and never
    shown outside. `None` is unknown; a house number may be a number. Raises Odd, KeyError.
    """
    read = {}
    for name in IDENTITY:
        value = values[name]
        if value is None:
            value = ""
        if name == "house_number" and type(value) is int:
            value = str(value)
        if not isinstance(value, str):
            raise Odd(name)
        read[name] = value
    read["postcode"] = read["postcode"].replace(" ", "").upper()
    read["birth_date"] = born(read["birth_date"])
    return Identity(**read)


def odd_identity(values: Mapping[str, Any]) -> Identity:
    """As much as can be read of somebody of whom something is odd, the birth date left open."""
    texts = {name: values.get(name) for name in IDENTITY if name != "birth_date"}
    read = {name: text if isinstance(text, str) else "" for name, text in texts.items()}
    read["postcode"] = read["postcode"].replace(" ", "").upper()
    return Identity(birth_date="0000-00-00", **read)


def read_person(
    key: str,
    values: Mapping[str, Any],
    records: Iterable[Record],
    marks: Mapping[str, bool],
    *,
    born: Callable[[str], str] = iso_date,
    odd: bool = False,
) -> tuple[Person, str | None]:
    """The person, and what of the row is odd. `marks`: `deceased`, `shielded`, `in_doubt`; `odd`: something
    of a record already was.
    """
    try:
        identity, place = held_identity(values, born), None
    except (Odd, KeyError) as error:
        identity, place = odd_identity(values), str(error).strip("'")
    held = frozenset(records)
    return Person(key, identity, held, **marks, unreadable=odd or place is not None), place


@dataclass(frozen=True)
class Spot:
    """Where something is odd: in a file its line and column, else the table or service, and what of it."""

    file: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        return " ".join([self.file, *([] if self.line is None else [f"line {self.line}"]), self.column or ""])


def tell_odd(found: Sequence[Spot], of: int) -> None:
    """Counts what is odd and tells operators of it; one or two in a register are for a person, many are a
    register in another shape. `of`: how many rows there are. Raises RegisterUnreadable.
    """
    for number, place in enumerate(found):
        _odd.labels(place.file).inc()
        if number < _MOST_TOLD:
            log(Event.REGISTER_ODD, file=place.file, line=place.line, column=place.column)
    if len(found) > max(_FEW, _SHARE * of):
        raise RegisterUnreadable(f"{len(found)} rows of the register are odd; the first: {found[0]}")


def verify_fresh(as_of: date, today: date, most_days: int) -> None:
    """`most_days`: working days. Raises RegisterUnreadable for a day that is yet to come, ExtractStale."""
    if as_of > today:
        raise RegisterUnreadable("the register says to be of a day that is yet to come")
    if working_days_since(as_of, today) > most_days:
        raise ExtractStale("the register's data are too old to answer from")
