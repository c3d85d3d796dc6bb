"""Which of the candidates is the person: one certainly, perhaps one, or none. Pure.

A false yes is an accusation, so:

- Four things are compared: surname, given names, birth date, address. Each agrees, is open (missing,
  incomplete, nearly the same) or contradicts.
- A candidate *fits* only when all four agree. What is missing is open: it makes a match less certain, never
  more.
- A candidate is a *rival* when it could as well be the person: one fitting candidate beside a rival is not
  certain.
- A candidate is *weak* when it could be the person if something was written down wrongly, but does not stand
  up against one that fits (the twin, the father of the same name). Alone it is enough for a person to look,
  so that a "no" is not false either.
- Every candidate is compared whole; nothing stops at the first that fits.
- An address that agrees is nothing by itself: it never makes somebody a candidate of whom nothing else
  agrees.
"""

from dataclasses import dataclass
from enum import Enum

from rapidfuzz.distance import JaroWinkler

from adapters.registers.names import given_names, surnames
from adapters.registers.register import Candidates
from adapters.registers.thresholds import Thresholds
from contract.identity import Identity

_OTHER_PREFIX = 0.95  # "van den Berg" and "ten Berg": near, not one name


@dataclass(frozen=True)
class Certain:
    """Exactly one person, by the register's own key."""

    key: str


@dataclass(frozen=True)
class Uncertain:
    """A person at the holder has to look."""


@dataclass(frozen=True)
class Absent:
    """Nobody there could be this person."""


Match = Certain | Uncertain | Absent


class _Grade(Enum):
    FITS = "fits"
    RIVAL = "rival"
    WEAK = "weak"
    OTHER = "other"


class _State(Enum):
    AGREES = "agrees"
    OPEN = "open"
    CONTRADICTS = "contradicts"


def match(identity: Identity, candidates: Candidates, thresholds: Thresholds) -> Match:
    """The one certain person among the candidates, or Uncertain, or Absent."""
    grades = [(_grade(identity, person.identity, thresholds), person.key) for person in candidates.persons]
    fitting = [key for grade, key in grades if grade is _Grade.FITS]
    rivals = sum(grade is _Grade.RIVAL for grade, _ in grades)
    weak = sum(grade is _Grade.WEAK for grade, _ in grades)
    if len(fitting) == 1 and not rivals and not candidates.crowded:
        return Certain(fitting[0])
    return Uncertain() if fitting or rivals or weak or candidates.crowded else Absent()


@dataclass(frozen=True)
class _Compared:
    surname: _State
    given: _State
    given_in_common: int
    date: _State
    date_differs: bool
    address: _State


def _grade(asked: Identity, held: Identity, thresholds: Thresholds) -> _Grade:
    compared = _compare(asked, held, thresholds)
    states = (compared.surname, compared.given, compared.date, compared.address)
    agreeing, against = states.count(_State.AGREES), states.count(_State.CONTRADICTS)
    if agreeing == 4:
        return _Grade.FITS
    if against == 0:
        address_alone = agreeing == 1 and compared.address is _State.AGREES
        if agreeing == 0 or address_alone:
            return _Grade.OTHER
        return _Grade.RIVAL if agreeing >= 2 else _Grade.WEAK
    if against == 1 and agreeing == 3:
        # who moved, or changed surname, is the same person; a twin or a father of the same name is not
        moved_or_renamed = _State.CONTRADICTS in (compared.surname, compared.address)
        return _Grade.RIVAL if moved_or_renamed else _Grade.WEAK
    if against == 1 and agreeing == 2 and compared.date is not _State.CONTRADICTS:
        return _Grade.OTHER if _coincidence(compared) else _Grade.WEAK
    return _Grade.OTHER


def _coincidence(compared: _Compared) -> bool:
    # a namesake of about the same age elsewhere, or somebody else of the same first name and birth date:
    # common, unless more names agree; a brother or sister whose birth date is like this one: common in any
    # case
    elsewhere = compared.address is _State.CONTRADICTS and compared.date is _State.OPEN
    another_surname = compared.surname is _State.CONTRADICTS and compared.address is _State.OPEN
    another_child = compared.given is _State.CONTRADICTS and compared.date_differs
    return another_child or ((elsewhere or another_surname) and compared.given_in_common < 2)


def _compare(asked: Identity, held: Identity, thresholds: Thresholds) -> _Compared:
    surname = _compare_surnames(asked, held, thresholds)
    given, in_common = _compare_given_names(asked, held, thresholds)
    if surname is given is _State.CONTRADICTS and _exchanged(asked, held):
        surname = given = _State.OPEN
    date, differs = _compare_dates(asked.birth_date, held.birth_date, thresholds.date_parts)
    return _Compared(surname, given, in_common, date, differs, _compare_addresses(asked, held))


def _compare_surnames(asked: Identity, held: Identity, thresholds: Thresholds) -> _State:
    likeness = 0.0
    for mine in surnames(asked):
        for theirs in surnames(held):
            alike = JaroWinkler.similarity(mine.form, theirs.form)
            if mine.prefix and theirs.prefix and mine.prefix != theirs.prefix:
                alike *= _OTHER_PREFIX
            likeness = max(likeness, alike)
    if likeness >= thresholds.surname_same:
        return _State.AGREES
    return _State.OPEN if likeness >= thresholds.surname_near else _State.CONTRADICTS


def _compare_given_names(asked: Identity, held: Identity, thresholds: Thresholds) -> tuple[_State, int]:
    mine, theirs = given_names(asked.given_names), given_names(held.given_names)
    if not mine or not theirs:
        return _State.OPEN, 0
    shared = min(len(mine), len(theirs))
    initials = any(len(name) == 1 for name in (*mine, *theirs))
    if not initials and (mine[:shared] == theirs[:shared] or "".join(mine) == "".join(theirs)):
        return _State.AGREES, shared
    if initials and all(a[:1] == b[:1] for a, b in zip(mine, theirs, strict=False)):
        return _State.OPEN, 0
    near = JaroWinkler.similarity(mine[0], theirs[0]) >= thresholds.given_name_near
    called_by_another = len(mine[0]) > 1 and (mine[0] in theirs or theirs[0] in mine)
    return (_State.OPEN if near or called_by_another else _State.CONTRADICTS), 0


def _exchanged(asked: Identity, held: Identity) -> bool:
    # surname and given names in each other's place, usual where the surname comes first
    mine, theirs = "".join(given_names(asked.given_names)), "".join(given_names(held.given_names))
    return bool(mine and theirs) and mine == surnames(held)[0].form and theirs == surnames(asked)[0].form


def _compare_dates(asked: str, held: str, needed: int) -> tuple[_State, bool]:
    """The state, and whether a part that both sides know differs."""
    mine, theirs = _parts(asked), _parts(held)
    known = [a == b for a, b in zip(mine, theirs, strict=True) if a and b]
    if all(known):
        return (_State.AGREES if len(known) >= needed else _State.OPEN), False
    exchanged = (mine[0], mine[2], mine[1]) == theirs
    near = exchanged or (len(known) == 3 and sum(known) == 2)
    return (_State.OPEN if near else _State.CONTRADICTS), True


def _parts(text: str) -> tuple[int, int, int]:
    year, month, day = [*text.split("-"), "0", "0", "0"][:3]
    try:
        return int(year), int(month), int(day)
    except ValueError:
        return 0, 0, 0  # unreadable in a register: unknown


def _compare_addresses(asked: Identity, held: Identity) -> _State:
    if not (asked.postcode and asked.house_number and held.postcode and held.house_number):
        return _State.OPEN
    same = asked.postcode == held.postcode and _house(asked.house_number) == _house(held.house_number)
    return _State.AGREES if same else _State.CONTRADICTS


def _house(number: str) -> str:
    return "".join(letter for letter in number.lower() if letter.isalnum())
