"""What counts as asking the same again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, select

from adapters.node.answering.attempts import Attempt, Counting, attempts
from adapters.registers.matching import Certain, match
from adapters.registers.pairs import invented_pairs
from adapters.registers.register import Candidates, Person
from adapters.registers.thresholds import read_thresholds
from contract.identity import Identity
from tests.postgres import postgres

__all__ = ["postgres"]

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEPT = timedelta(days=28)
COUNTING = Counting(bytes(32), kept=KEPT, questions_a_day=5)
MAN = Identity("Zoekstrama", "Harmen Jan", "1984-03-25", "van", "", "9991ZX", "14a")


def asking(
    identity: Identity, each: str, *, question: str = "reclassering.known", by: str = "veilig_thuis"
) -> tuple[Attempt, ...]:
    return COUNTING.of_question(question, identity, each=each, requester=by, day=NOW.date(), repeats=2)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """Both kinds of database, with the table as it is."""
    on_disk = request.param == "PostgreSQL"
    engine = create_engine(request.getfixturevalue("postgres").database() if on_disk else "sqlite://")
    attempts.create(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def answered(store: Connection, asked: list[tuple[Attempt, ...]], at: datetime = NOW) -> list[bool]:
    """Which of these, one after the other, a machine answers."""
    answers = []
    for one in asked:
        answers.append(not COUNTING.over(store, one, at))
        COUNTING.note(store, one, at)
    return answers


def test_all_that_is_certain_about_one_person_has_one_mark() -> None:
    """However the person is written: asked about in two ways that match certainly is twice the same."""
    certain = 0
    for pair in invented_pairs(7, 14_000, date(2026, 3, 10)):
        found = match(pair.asked, Candidates((Person("0", pair.held),)), read_thresholds())
        if isinstance(found, Certain):
            certain += 1
            assert asking(pair.asked, "1")[0].fingerprint == asking(pair.held, "2")[0].fingerprint, pair.kind
    assert certain > 1_000


def test_three_times_about_one_person_whoever_asks(store: Connection) -> None:
    """The fourth waits for a person; another question about the same person has its own count."""
    by = ["veilig_thuis", "om", "veilig_thuis", "politie", "om"]
    asked = [asking(MAN, str(number), by=who) for number, who in enumerate(by)]
    assert answered(store, asked) == [True, True, True, False, False]
    other = [asking(MAN, "x", question="reclassering.under_supervision")]
    assert answered(store, other) == [True]


TRIED: dict[str, list[Identity]] = {
    "a street": [replace(MAN, house_number=str(number)) for number in range(1, 8)],
    "a street, with other surnames": [
        replace(MAN, house_number=str(number), surname=f"Zoek{'aeiou'[number]}nga") for number in range(5)
    ],
    "a street, with other given names": [
        replace(MAN, house_number=str(number), given_names=name)
        for number, name in enumerate(["Harmen", "Jan", "Piet", "Klaas"])
    ],
}


@pytest.mark.parametrize("tried", TRIED)
def test_only_the_first_address_is_answered(tried: str, store: Connection) -> None:
    """An address alone never decides by machine: of two questions that differ in it, the second waits."""
    asked = [asking(one, str(number)) for number, one in enumerate(TRIED[tried])]
    assert answered(store, asked) == [True] + [False] * (len(asked) - 1)


SLOWLY: dict[str, list[Identity]] = {
    "a birth date": [replace(MAN, birth_date=f"1984-03-{day:02}") for day in range(1, 8)],
    "a given name": [replace(MAN, given_names=name) for name in ("Aart", "Bart", "Daan", "Egbert", "Foppe")],
    "a street, with other dates": [
        replace(MAN, house_number=str(day), birth_date=f"1984-03-{day:02}") for day in range(1, 8)
    ],
    "a street, with a name alone": [
        Identity("Zoekstrama", "", "0000-00-00", "", "", "9991ZX", str(number)) for number in range(1, 8)
    ],
}


BARE = replace(MAN, postcode="", house_number="")
OTHERS = ("Bakkema", "Dijkema", "Folkema", "Gosema", "Hoekema", "Kuipema", "Lolkema")
SLOWLY |= {
    "the same, with another partner each time": [
        replace(MAN, birth_date="1984-00-00", partner_surname=name) for name in OTHERS
    ],
    "the same without an address, with another partner each time": [
        replace(BARE, partner_surname=name) for name in OTHERS
    ],
    "the same without an address, with another name put before": [
        replace(BARE, surname=f"{name}-{MAN.surname}") for name in OTHERS
    ],
    "a birth date without an address": [replace(BARE, birth_date=f"1984-03-{day:02}") for day in range(1, 8)],
    "a year of birth": [replace(MAN, birth_date=f"19{year}-00-00") for year in range(81, 88)],
    "a given name without an address": [replace(BARE, given_names=f"H{vowel}rmen J.") for vowel in "aeiouy"],
    "a surname without an address": [replace(BARE, surname=name) for name in OTHERS],
}


@pytest.mark.parametrize("tried", SLOWLY)
def test_what_is_tried_ends_after_three(tried: str, store: Connection) -> None:
    """A date, a given name, a street with little else: the fourth different one waits for a person."""
    asked = [asking(one, str(number)) for number, one in enumerate(SLOWLY[tried])]
    assert answered(store, asked) == [True] * 3 + [False] * (len(asked) - 3)


def test_a_family_is_asked_about_without_waiting(store: Connection) -> None:
    """Two parents and four children, of whom two are twins, each for two questions, twice."""
    family = [
        replace(MAN, given_names=name, birth_date=born)
        for name, born in [
            ("Harmen", "1984-03-25"),
            ("Hiske", "1985-06-02"),
            ("Jan", "2010-01-09"),
            ("Janna", "2012-11-30"),
            ("Daan", "2015-06-01"),
            ("Doutzen", "2015-06-01"),
        ]
    ]
    asked = [
        asking(one, f"{number} {time} {question}", question=question, by=f"party {number} {time}")
        for time in range(2)
        for number, one in enumerate(family)
        for question in ("rvdk.known", "rvdk.measure_advised")
    ]
    assert all(answered(store, asked))


def test_a_party_asks_so_much_in_a_day(store: Connection) -> None:
    """Over it, whoever is asked about waits for a person; another party is not stopped by it."""
    people = [
        replace(MAN, birth_date=f"19{year}-01-0{year % 9 + 1}", house_number=str(year))
        for year in range(50, 58)
    ]
    asked = [
        asking(
            replace(one, given_names=f"{'bcdfghjk'[number]}a", surname=f"{'bcdfghjk'[number]}oma"),
            str(number),
        )
        for number, one in enumerate(people)
    ]
    assert answered(store, asked) == [True] * 5 + [False] * 3
    assert answered(store, [asking(replace(MAN, surname="Elders", given_names="Wobbe"), "x", by="om")]) == [
        True
    ]


def test_what_was_kept_long_enough_does_not_count_and_goes(store: Connection) -> None:
    """After 28 days the same is asked anew."""
    assert answered(store, [asking(MAN, str(number)) for number in range(4)])[-1] is False
    later = NOW + KEPT + timedelta(seconds=1)
    assert answered(store, [asking(MAN, "later")], later) == [True]
    COUNTING.forget(store, later)
    assert {row.at for row in store.execute(select(attempts))} == {int(later.timestamp())}


def test_what_is_kept_names_nobody(store: Connection) -> None:
    """Digests under a key of this party: another key gives others."""
    mine = asking(MAN, "1")
    theirs = Counting(bytes(31) + b"1", kept=KEPT, questions_a_day=5).of_question(
        "reclassering.known", MAN, each="1", requester="veilig_thuis", day=NOW.date(), repeats=2
    )
    assert not {one.fingerprint for one in mine} & {one.fingerprint for one in theirs}
    COUNTING.note(store, mine, NOW)
    assert "zoek" not in str(store.execute(select(attempts)).all()).lower()
