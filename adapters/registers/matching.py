"""Which of the candidates is the person: one certainly, perhaps one, or none. Pure.

A false yes is an accusation; a false no hides somebody who is dangerous, or in danger. So:

- Four fields are compared: surname, given names, birth date, address. What comes of each has a weight in
  bits, decided by the holder (`thresholds.py`); their sum, with how unlikely it is beforehand that just this
  one is meant, says how likely it is that it is one person.
- *Certain* never comes of a sum: all four are equal, given names to the last, of one candidate, and nobody
  else could as well be meant (a *rival*). What is missing is open: it makes a match less certain, never more.
- *Absent* needs that every candidate's sum is too low. Another address says nothing against, so who was put
  out of the house is found. Nobody is absent beside somebody of the same surname and whole birth date, or of
  the same names whose birth date is open or nearly the same.
- A name in another script is not compared, so it is never another name, nor is the rest of it the whole
  name; of a surname that cannot be sought nobody is absent.
- Every candidate is compared whole; nothing stops at the first that fits.
"""

from dataclasses import dataclass

from rapidfuzz.distance import JaroWinkler

from adapters.registers.houses import house_of
from adapters.registers.names import Surname, given_names, surname_of, surnames, unread
from adapters.registers.register import Candidates
from adapters.registers.thresholds import Likeness, Thresholds
from contract.identity import Identity

VERSION = 3
"""Of the rules below: another version may match otherwise with the same numbers."""
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


@dataclass(frozen=True)
class Weighed:
    """One field: what comparing gives, and what that says in bits."""

    state: Likeness
    bits: float


@dataclass(frozen=True)
class Evidence:
    """What is known of whether two are one person. `sum`: the logarithm to base 2 of the odds."""

    surname: Weighed
    given_names: Weighed
    birth_date: Weighed
    address: Weighed
    prior: float

    @property
    def sum(self) -> float:
        return self.prior + sum(field.bits for field in self._fields)

    @property
    def states(self) -> dict[str, Likeness]:
        """Of each field, by its name."""
        names = ("surname", "given_names", "birth_date", "address")
        return {name: one.state for name, one in zip(names, self._fields, strict=True)}

    @property
    def fits(self) -> bool:
        """Whether everything is equal."""
        return all(field.state is Likeness.EQUAL for field in self._fields)

    @property
    def rival(self) -> bool:
        """Whether it could as well be the person, where it does not fit: by what was left out, moved or
        renamed. A twin or a father of the same name does not stand up against one that fits.
        """
        states = [field.state for field in self._fields]
        against = states.count(Likeness.DIFFERENT)
        agreeing = states.count(Likeness.EQUAL) + (self.given_names.state is Likeness.IN_PART)
        if against == 0:
            return agreeing >= 2
        moved_or_renamed = Likeness.DIFFERENT in (self.surname.state, self.address.state)
        return against == 1 and agreeing == 3 and moved_or_renamed

    def possible(self, absent_below: float) -> bool:
        """Whether nobody may say that it is not the person."""
        surname, given, born = (one.state for one in (self.surname, self.given_names, self.birth_date))
        named = surname is Likeness.EQUAL and given in {Likeness.EQUAL, Likeness.IN_PART}
        if surname is born is Likeness.EQUAL or (named and born is not Likeness.DIFFERENT):
            return True
        if surname is not Likeness.EQUAL and given is born is Likeness.OPEN:
            return False  # an address by itself is nothing: else who lives there could be tried out
        return self.sum >= absent_below

    @property
    def _fields(self) -> tuple[Weighed, Weighed, Weighed, Weighed]:
        return self.surname, self.given_names, self.birth_date, self.address


def match(identity: Identity, candidates: Candidates, thresholds: Thresholds) -> Match:
    """The one certain person among the candidates, or Uncertain, or Absent."""
    compared = [(compare(identity, person.identity, thresholds), person.key) for person in candidates.persons]
    fitting = [key for evidence, key in compared if evidence.fits]
    rivals = any(evidence.rival for evidence, _ in compared if not evidence.fits)
    if len(fitting) == 1 and not rivals and not candidates.crowded:
        return Certain(fitting[0])
    possible = any(evidence.possible(thresholds.absent_below) for evidence, _ in compared)
    unsought = all(name.unread for name in surnames(identity))
    return Uncertain() if possible or candidates.crowded or unsought else Absent()


def compare(asked: Identity, held: Identity, thresholds: Thresholds) -> Evidence:
    """Field by field what says that these are one person, or two."""
    surname, form = _surname(asked, held, thresholds)
    given = _given_names(asked, held, thresholds)
    if Likeness.EQUAL not in (surname, given) and _exchanged(asked, held):
        surname = given = Likeness.ALIKE
    bits = thresholds.bits
    of_surname = bits["surname"][surname]
    if surname is Likeness.EQUAL:
        of_surname = thresholds.by_surname.get(form, of_surname)
    born, address = _birth_date(asked.birth_date, held.birth_date), _address(asked, held)
    return Evidence(
        Weighed(surname, of_surname),
        Weighed(given, bits["given_names"][given]),
        Weighed(born, bits["birth_date"][born]),
        Weighed(address, bits["address"][address]),
        thresholds.prior,
    )


def _surname(asked: Identity, held: Identity, thresholds: Thresholds) -> tuple[Likeness, str]:
    """The state, and the form in which they are most alike."""
    likeness, form, whole = 0.0, "", False
    mine, theirs = surnames(asked), surnames(held)
    if not mine or not theirs:
        return Likeness.OPEN, ""
    for one in mine:
        for other in theirs:
            alike, same = _likeness(one, other), one.unread == other.unread
            if (alike, same) > (likeness, whole):
                likeness, form, whole = alike, min(one.form, other.form), same
    if whole and likeness >= thresholds.surname_same:
        return Likeness.EQUAL, form
    if likeness >= thresholds.surname_near:
        return Likeness.ALIKE, ""
    return (Likeness.OPEN if any(name.unread for name in (*mine, *theirs)) else Likeness.DIFFERENT), ""


def _likeness(one: Surname, other: Surname) -> float:
    alike = JaroWinkler.similarity(one.form, other.form)
    if one.prefix and other.prefix and one.prefix != other.prefix:
        alike *= _OTHER_PREFIX
    return alike


def _given_names(asked: Identity, held: Identity, thresholds: Thresholds) -> Likeness:
    likeness = _latin_given_names(asked, held, thresholds)
    if unread(asked.given_names) == unread(held.given_names):
        return likeness
    less = {Likeness.EQUAL: Likeness.IN_PART, Likeness.DIFFERENT: Likeness.OPEN}
    return less.get(likeness, likeness)  # what was not read may be the same, or another name


def _latin_given_names(asked: Identity, held: Identity, thresholds: Thresholds) -> Likeness:
    mine, theirs = given_names(asked.given_names), given_names(held.given_names)
    if not mine or not theirs:
        return Likeness.OPEN
    initials = any(len(name) == 1 for name in (*mine, *theirs))
    if mine == theirs or "".join(mine) == "".join(theirs):
        written_out = "." not in asked.given_names + held.given_names  # there are names of one letter
        return Likeness.EQUAL if written_out or not initials else Likeness.ALIKE
    shared = min(len(mine), len(theirs))
    if initials:
        begin_alike = all(a[:1] == b[:1] for a, b in zip(mine, theirs, strict=False))
        return Likeness.ALIKE if begin_alike else Likeness.DIFFERENT
    if mine[:shared] == theirs[:shared]:
        return Likeness.IN_PART  # one twin has the first name of the other and one more
    near = JaroWinkler.similarity(mine[0], theirs[0]) >= thresholds.given_name_near
    called_by_another = mine[0] in theirs or theirs[0] in mine
    return Likeness.ALIKE if near or called_by_another else Likeness.DIFFERENT


def _exchanged(asked: Identity, held: Identity) -> bool:
    # surname and given names in each other's place, usual where the surname comes first
    return _same_name(asked.given_names, held) and _same_name(held.given_names, asked)


def _same_name(given: str, of: Identity) -> bool:
    # in one form: `surname_of` leaves out a prefix that was written along
    form = surname_of(given, "").form
    return bool(form) and any(form == name.form for name in surnames(of))


def _birth_date(asked: str, held: str) -> Likeness:
    mine, theirs = _parts(asked), _parts(held)
    known = [a == b for a, b in zip(mine, theirs, strict=True) if a and b]
    if all(known):
        return (Likeness.OPEN, Likeness.YEAR, Likeness.IN_PART, Likeness.EQUAL)[len(known)]
    exchanged = (mine[0], mine[2], mine[1]) == theirs
    one_wrong = len(known) == 3 and sum(known) == 2
    return Likeness.ALIKE if exchanged or one_wrong or known == [True, False] else Likeness.DIFFERENT


def _parts(text: str) -> tuple[int, int, int]:
    year, month, day = [*text.split("-"), "0", "0", "0"][:3]
    try:
        return int(year), int(month), int(day)
    except ValueError:
        return 0, 0, 0  # unreadable in a register: unknown


def _address(asked: Identity, held: Identity) -> Likeness:
    mine, theirs = house_of(asked.house_number), house_of(held.house_number)
    if not (asked.postcode and held.postcode and mine and theirs):
        return Likeness.OPEN
    if asked.postcode != held.postcode or mine.number != theirs.number:
        return Likeness.DIFFERENT
    if mine.more == theirs.more:
        return Likeness.EQUAL
    return Likeness.ALIKE if not mine.more or not theirs.more else Likeness.DIFFERENT
