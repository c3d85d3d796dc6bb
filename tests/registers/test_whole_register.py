"""Matching against a whole register, with names as common as in the population: who is there is found, who is
not is hardly ever taken for somebody.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from random import Random

import pytest

from adapters.registers.blocks import blocks_for, blocks_of
from adapters.registers.matching import Absent, Certain, match
from adapters.registers.register import Candidates, Person
from adapters.registers.thresholds import read_thresholds
from contract.identity import Identity

THRESHOLDS = read_thresholds()
SIZE = 40_000
_STARTS = [
    "B",
    "Br",
    "D",
    "Dr",
    "F",
    "G",
    "Gr",
    "H",
    "J",
    "K",
    "Kl",
    "Kr",
    "L",
    "M",
    "N",
    "P",
    "Pr",
    "R",
    "S",
    "Sch",
    "Sl",
    "St",
    "T",
    "Tr",
    "V",
    "W",
    "Z",
]
_MIDDLES = ["a", "aa", "e", "ee", "i", "ie", "o", "oe", "oo", "u", "ui", "ij", "eu", "ou"]
_ENDS = [
    "k",
    "l",
    "m",
    "n",
    "nd",
    "r",
    "rs",
    "s",
    "st",
    "t",
    "ter",
    "ber",
    "man",
    "sma",
    "stra",
    "ma",
    "kamp",
    "huis",
    "veld",
    "mans",
]


def _names(random: Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = random.choice((1, 2, 2, 2, 3))
        middle = (f"{random.choice(_MIDDLES)}{random.choice(_ENDS)}" for _ in range(syllables))
        found[random.choice(_STARTS) + "".join(middle)] = None
    return list(found)


def _as_common(count: int, flat: int) -> list[float]:
    """The first of 30,000 surnames has half a percent of the people, as De Jong; given names are commoner."""
    return list(accumulate(1 / (rank + flat) for rank in range(1, count + 1)))


def people(random: Random) -> Iterator[Identity]:
    surnames, given = _names(random, 30_000), _names(random, 4_000)
    of_surname, of_given = _as_common(30_000, 30), _as_common(4_000, 15)
    while True:
        names = random.choices(given, cum_weights=of_given, k=random.choice((1, 1, 2, 2, 3)))
        yield Identity(
            surname=random.choices(surnames, cum_weights=of_surname)[0],
            given_names=" ".join(dict.fromkeys(names)),
            birth_date=f"{random.randint(1940, 2015)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            postcode=f"{random.randint(1000, 9999)}AB",
            house_number=str(random.randint(1, 300)),
        )


@pytest.fixture(scope="module")
def there() -> tuple[list[Identity], list[Identity]]:
    """Who is in the register, and as many who are not."""
    made = people(Random(7))
    return [next(made) for _ in range(SIZE)], [next(made) for _ in range(2000)]


@pytest.fixture(scope="module")
def kept(there: tuple[list[Identity], list[Identity]]) -> dict[int, list[Person]]:
    by_block: dict[int, list[Person]] = {}
    for number, identity in enumerate(there[0]):
        person = Person(str(number), identity)
        for block in blocks_of(identity):
            by_block.setdefault(block, []).append(person)
    return by_block


def outcome(asked: Identity, kept: dict[int, list[Person]], key: int | None = None) -> str:
    persons = {person.key: person for block in blocks_for(asked) for person in kept.get(block, ())}
    matched = match(asked, Candidates(tuple(persons.values())), THRESHOLDS)
    if isinstance(matched, Certain):
        return "certain" if matched.key == str(key) else "false"
    return "absent" if isinstance(matched, Absent) else "person"


def test_who_is_not_there_hardly_ever_goes_to_a_person(
    there: tuple[list[Identity], list[Identity]], kept: dict[int, list[Person]]
) -> None:
    """And is never taken for somebody."""
    found = Counter(outcome(asked, kept) for asked in there[1])
    assert found["certain"] == found["false"] == 0
    assert found["person"] <= 0.02 * len(there[1]), found


MOVED = {"postcode": "1001ZZ", "house_number": "999"}


@pytest.mark.parametrize(
    ("how", "certain", "lost"),
    [
        ("as registered", 0.95, 0.0),
        ("moved", 0.0, 0.01),
        ("year only", 0.0, 0.01),
        ("year only, moved", 0.0, 0.03),
        ("one day off, moved", 0.0, 0.03),
        ("called by another name, moved", 0.0, 0.03),
        ("another surname", 0.0, 0.01),
    ],
)
def test_who_is_there_is_found(
    there: tuple[list[Identity], list[Identity]],
    kept: dict[int, list[Person]],
    how: str,
    certain: float,
    lost: float,
) -> None:
    """At least so many certainly, at most so many flatly not, nobody taken for another."""
    found: Counter[str] = Counter()
    for number, held in enumerate(there[0][:1000]):
        year = f"{held.birth_date[:4]}-00-00"
        day = f"{held.birth_date[:8]}{int(held.birth_date[8:]) % 28 + 1:02}"
        asked = {
            "as registered": held,
            "moved": replace(held, **MOVED),
            "year only": replace(held, birth_date=year),
            "year only, moved": replace(held, birth_date=year, **MOVED),
            "one day off, moved": replace(held, birth_date=day, **MOVED),
            "called by another name, moved": replace(held, given_names="Quirijn", **MOVED),
            "another surname": replace(held, surname="Quispel"),
        }[how]
        found[outcome(asked, kept, number)] += 1
    assert found["false"] == 0
    assert found["certain"] >= certain * 1000, found
    assert found["absent"] <= lost * 1000, found
