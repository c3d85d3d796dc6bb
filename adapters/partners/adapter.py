"""From questions about persons to candidate answers: what is the same for every partner.

- Persons are looked up once each, in one call to the register, however many questions are asked about them.
- What is shielded is taken out first, persons and records alike, so that everything after that sees a
  register in which it is not there (docs/law.md, D11, C12).
- Whoever has nothing of what is asked counts as who is not there, per question: else a near miss of somebody
  who would get a *no* would be doubtful, and tell that this person is in the register.
- A match that is not certain, a deceased person (D10), data in doubt, or an age that is not the age that was
  asked about: `not_determinable`, and a person at the holder has to look.
- Somebody who is not there has no records, and the same reading of records gives the answer: one path for yes
  and no.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from adapters.partners.age import age_bands, years_before
from adapters.registers.matching import VERSION, Certain, Uncertain, compare, match
from adapters.registers.register import Candidates, Person, Record, Register, RegisterUnavailable
from adapters.registers.thresholds import Thresholds
from contract.identity import Identity
from policies import Release, ReleaseError

__all__ = [
    "Adapter",
    "Asked",
    "Candidate",
    "Finding",
    "RecordReading",
    "RegisterAdapter",
    "RegisterUnavailable",
    "Says",
    "verify_questions",
]

NOT_DETERMINABLE = "not_determinable"
_MOST_SHOWN = 20


@dataclass(frozen=True)
class Asked:
    """One question about one subject; `role` and `age_band` as in docs/law.md, Vocabulary. `lookback_years`:
    how far back a question may look that looks back; None: as far as its reading does.
    """

    question: str
    identity: Identity
    role: str
    age_band: str
    lookback_years: int | None = None


@dataclass(frozen=True, repr=False)
class Candidate:
    """Who may be meant, for the official who opens the question and nobody else. `states`: what comparing
    each field gave (`thresholds.Likeness`); `fits`: whether everything is equal.
    """

    identity: Identity
    states: Mapping[str, str]
    fits: bool


@dataclass(frozen=True)
class Finding:
    """A candidate answer: codes of the hand-out. `doubtful`: a person at the holder has to look at it.
    `matched_by`: the rules and numbers by which the person was sought, so that it can be done again.
    `candidates`: who may be meant, the likeliest first; they never leave the holder.
    """

    codes: tuple[str, ...]
    as_of: date
    valid_until: date | None
    doubtful: bool
    matched_by: str | None = None
    candidates: tuple[Candidate, ...] = field(default=(), repr=False, compare=False)


class Adapter(Protocol):
    """A partner's register, seen as answers."""

    partner: str
    questions: frozenset[str]

    async def look_up(self, asked: Sequence[Asked]) -> list[Finding]:
        """One finding per question, in order; one that is not in `questions` is for a person, and takes no
        other's answer away. Who has nothing of what is asked gives the same as who is not there, near misses
        included. Raises RegisterUnavailable.
        """

    async def verify(self) -> None:
        """Asks about nobody. Raises RegisterUnavailable when the register cannot be asked now."""

    async def close(self) -> None: ...


def verify_questions(adapter: Adapter, release: Release) -> None:
    """Raises ReleaseError when the hand-out does not name this kind of partner, or a row permits a question
    to it that its adapter does not answer.
    """
    catalogue = release.catalogue
    if adapter.partner not in catalogue.partners:
        raise ReleaseError(
            f"The hand-out names no partner {adapter.partner}: add it to catalogue.partners, as "
            "adapters/registers/README.md tells, or mend the setting `partner`."
        )
    permitted = {
        question for rule in catalogue.rules.values() if rule.reason is None for _, question in rule.cells
    }
    own = {question for question in permitted if catalogue.questions[question].holder == adapter.partner}
    missing = sorted(own - adapter.questions)
    if missing:
        raise ReleaseError(
            f"The hand-out may permit {', '.join(missing)}, which the adapter of {adapter.partner} does not "
            "answer. Install the adapter that goes with this hand-out, or set `release` to an older one."
        )


@dataclass(frozen=True)
class Says:
    """What records say to one question."""

    codes: tuple[str, ...]
    valid_until: date | None = None
    in_doubt: bool = False


RecordReading = Callable[[frozenset[Record], str, date], Says]
"""How the records of a person become an answer to one question, for the role asked about, on a day. No
records is the answer for who is not there."""


class RegisterAdapter:
    """An adapter made of a register and of one reading per question."""

    def __init__(
        self,
        partner: str,
        register: Register,
        readings: Mapping[str, RecordReading],
        *,
        thresholds: Thresholds,
        today: Callable[[], date],
        always: Mapping[str, str] | None = None,
        looks_back: Collection[str] = (),
    ) -> None:
        """`always`: questions whose one code is the same whatever is found (`om.antecedents`). `looks_back`:
        those in which what began too long ago counts as not there.
        """
        self.partner = partner
        self.questions = frozenset(readings)
        self._register = register
        self._readings = dict(readings)
        self._always = dict(always or {})
        self._looks_back = frozenset(looks_back)
        self._thresholds = thresholds
        self._matched_by = f"{VERSION}:{thresholds.digest}"
        self._today = today

    async def look_up(self, asked: Sequence[Asked]) -> list[Finding]:
        if not asked:
            return []
        identities = list(dict.fromkeys(one.identity for one in asked))
        found = await self._register.find(identities)
        today = self._today()
        there = dict(zip(identities, map(_open_to_all, found.candidates), strict=True))
        shown = {identity: self._candidates(identity, one.persons) for identity, one in there.items()}
        return [
            replace(
                self._finding(one, there[one.identity], found.as_of, today),
                matched_by=self._matched_by,
                candidates=shown[one.identity],
            )
            for one in asked
        ]

    async def verify(self) -> None:
        await self._register.find([])

    async def close(self) -> None:
        await self._register.close()

    def _finding(self, asked: Asked, there: Candidates, as_of: date, today: date) -> Finding:
        if asked.question not in self._readings:
            return Finding((NOT_DETERMINABLE,), as_of, None, doubtful=True)

        since = date.min
        if asked.question in self._looks_back and asked.lookback_years is not None:
            since = years_before(today, asked.lookback_years)

        def read(records: frozenset[Record]) -> Says:
            recent = frozenset(record for record in records if record.start >= since)
            said = self._readings[asked.question](recent, asked.role, today)
            return replace(said, in_doubt=said.in_doubt or self._doubt_counts(records, asked, today))

        nothing = read(frozenset())
        with_something = [
            person for person in there.persons if person.unreadable or read(person.records) != nothing
        ]
        person = self._person(asked.identity, there, with_something)
        says = read(person.records) if person else nothing
        # the age is checked on what was asked as well, so that a wrong one gives the same finding for who is
        # not there
        dates = (
            {asked.identity.birth_date, person.identity.birth_date} if person else {asked.identity.birth_date}
        )
        of_that_age = all(asked.age_band in age_bands(birth_date, today) for birth_date in dates)
        doubtful = (
            person is None
            or person.deceased
            or person.in_doubt
            or person.unreadable
            or says.in_doubt
            or not of_that_age
        )
        codes = (self._always[asked.question],) if asked.question in self._always else says.codes
        if not doubtful:
            return Finding(codes, as_of, says.valid_until, doubtful=False)
        if asked.question not in self._always:
            codes = (NOT_DETERMINABLE,)
        return Finding(codes, as_of, None, doubtful=True)

    def _doubt_counts(self, records: frozenset[Record], asked: Asked, today: date) -> bool:
        """Whether what is in doubt could make another answer: were it not so, or did it hold today."""
        certain = frozenset(record for record in records if not record.in_doubt)
        if len(certain) == len(records):
            return False
        holding = {replace(record, start=today, end=None, in_doubt=False) for record in records - certain}
        reading = self._readings[asked.question]
        without, with_it = (
            reading(frozenset(some), asked.role, today) for some in (certain, certain | holding)
        )
        return without.codes != with_it.codes

    def _candidates(self, identity: Identity, persons: Sequence[Person]) -> tuple[Candidate, ...]:
        compared = [(compare(identity, person.identity, self._thresholds), person) for person in persons]
        possible = [one for one in compared if one[0].possible(self._thresholds.absent_below)]
        possible.sort(key=lambda one: one[0].sum, reverse=True)
        return tuple(
            Candidate(person.identity, evidence.states, evidence.fits)
            for evidence, person in possible[:_MOST_SHOWN]
        )

    def _person(
        self, identity: Identity, there: Candidates, with_something: Sequence[Person]
    ) -> Person | None:
        """The person, or nobody with no records, or None when someone has to look.

        Who has nothing of what is asked never makes a doubt where the answer would be the same without them;
        beside one who has something, they can be the one who was meant.
        """
        matched = match(identity, Candidates(tuple(with_something), there.crowded), self._thresholds)
        if isinstance(matched, Certain):
            matched = match(identity, there, self._thresholds)
        if isinstance(matched, Uncertain):
            return None
        persons = {person.key: person for person in with_something}
        return persons[matched.key] if isinstance(matched, Certain) else _NOBODY


_NOBODY = Person(key="", identity=Identity("", "", "0000-00-00"))


def _open_to_all(candidates: Candidates) -> Candidates:
    return Candidates(tuple(_without_shielded(candidates.persons)), candidates.crowded)


def _without_shielded(persons: Iterable[Person]) -> Iterable[Person]:
    for person in persons:
        if not person.shielded:
            yield Person(
                key=person.key,
                identity=person.identity,
                records=frozenset(record for record in person.records if not record.shielded),
                deceased=person.deceased,
                in_doubt=person.in_doubt,
                unreadable=person.unreadable,
            )
