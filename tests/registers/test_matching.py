"""Matching: vectors of names, and what may never be certain."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.registers.blocks import blocks_for, blocks_of
from adapters.registers.matching import Absent, Certain, Match, Uncertain, Weighed, compare, match
from adapters.registers.register import Candidates, Person
from adapters.registers.thresholds import Likeness, read_thresholds
from contract.identity import Identity

THRESHOLDS = read_thresholds()
ADDRESS = {"postcode": "9991ZX", "house_number": "14a"}


def person(surname: str, given_names: str = "Anna Maria", born: str = "1984-03-25", **more: str) -> Identity:
    return Identity(surname, given_names, born, **{**ADDRESS, **more})


def matched(asked: Identity, *held: Identity, crowded: bool = False) -> Match:
    persons = tuple(Person(str(number), one) for number, one in enumerate(held) if meets(asked, one))
    return match(asked, Candidates(persons, crowded), THRESHOLDS)


def meets(asked: Identity, held: Identity) -> bool:
    return not blocks_for(asked).isdisjoint(blocks_of(held))


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (person("Jansen"), person("Janssen")),
        (person("X", "Mohamed"), person("X", "Mohammed")),
        (person("Khaddouri"), person("Khaddouri", prefix="el")),
        (person("El Khaddouri"), person("Khaddouri", prefix="el")),
        (person("IJsbrand"), person("Ysbrand")),
        (person("Vries"), person("Vries", prefix="de")),
        (person("de Vries"), person("Vries", prefix="de")),
        (person("VAN DER BERG"), person("Berg", prefix="van der")),
        (person("Wisniewski"), person("Wiśniewski")),
        (person("Ozturk", "Omer"), person("Öztürk", "Ömer")),
        (person("Isik"), person("Işık")),
        (person("Hooft", prefix="van 't"), person("van ’t Hooft")),
        (person("Bakker-de Vries"), person("Vries", prefix="de", partner_surname="Bakker")),
        (person("Bakker"), person("Vries", prefix="de", partner_surname="Bakker")),
        (person("Vries", prefix="de"), person("Vries", prefix="de", partner_surname="Bakker")),
        (person("Sanders", "Anne-Marie"), person("Sanders", "Annemarie")),
        (person("Sanders", "Sofie Joanna"), person("Sanders", "Sophie Joanna")),
        (person("Sanders", house_number="14-A"), person("Sanders", house_number="14 a")),
        (person("Sanders", house_number="14D-1"), person("Sanders", house_number="14 d 1")),
        (person("Sanders", house_number="12A bis"), person("Sanders", house_number="12a-bis")),
        (person("Sanders", "A"), person("Sanders", "A")),
        (person("mr. Sanders", "drs. Anna Maria"), person("Sanders")),
        (person("Dŧeŋə"), person("Dtene")),
        (person("Gal·la"), person("Galla")),
        (person("Sanders", "Мария Anna"), person("Sanders", "МАРИЯ ANNA")),
        (person("Иванова Sanders"), person("Иванова Sanders")),
        (person("Kaʻanui"), person("Kaanui")),
    ],
)
def test_one_person_written_in_two_ways_is_certain(asked: Identity, held: Identity) -> None:
    """Diacritics, ij and y, doubled letters, prefixes, double and married names do not stand in the way."""
    assert matched(asked, held) == Certain("0")
    assert matched(held, asked) == Certain("0")


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (person("Sanders", born="1984-03-00"), person("Sanders")),
        (person("Sanders", born="1984-00-00"), person("Sanders")),
        (person("Sanders", born="0000-00-00"), person("Sanders")),
        (person("Sanders", born="1984-03-26"), person("Sanders")),
        (person("Sanders", born="1983-03-25"), person("Sanders")),
        (person("Sanders", born="1984-10-03"), person("Sanders", born="1984-03-10")),
        (person("Sanders", "A. M."), person("Sanders")),
        (person("Sanders", ""), person("Sanders")),
        (person("Sanders", "Lotte"), person("Sanders", "Lotta")),
        (person("Sanders", "Mina"), person("Sanders", "Wilhelmina")),
        (person("Sanders", "Maria Anna"), person("Sanders", "Maria Elena")),
        (person("Sanders", "Sofie"), person("Sanders", "Sophie Johanna")),
        (person("Sanders", house_number="14"), person("Sanders", house_number="14a")),
        (person("Sanders", house_number="12-2"), person("Sanders", house_number="122")),
        (person("Sanders", "Ruud", postcode="1234AB"), person("Sanders", "Ruben")),
        (person("Sanders", "Jan", postcode="1234AB"), person("Sanders", "Jan", "1984-03-12")),
        (person("Sanders", "Jan", "1984-00-00", postcode="1234AB"), person("Sanders", "Jan")),
        (person("Sanders", born="0000-00-00", postcode="1234AB"), person("Sanders")),
        (person("Soekarno", ""), person("Soekarno", "")),
        (person("Иванова"), person("Ivanova")),
        (person("王", "伟"), person("Wang", "Wei")),
        (person("Sanders", "Мария Anna"), person("Sanders", "Ольга Anna")),
        (person("Sanders", "Мария Anna"), person("Sanders", "Anna")),
        (person("Sanders", "Anna 王"), person("Sanders", "Anna 伟")),
        (person("Иванова Sanders"), person("Петрова Sanders")),
        (person("Иванова Sanders"), person("Sanders")),
        (person("Sanders", postcode="", house_number=""), person("Sanders")),
        (person("Sanders", postcode="1234AB"), person("Sanders")),
        (person("Hofstede"), person("Sanders")),
        (person("Wei", "Zhang"), person("Zhang", "Wei")),
    ],
)
def test_a_near_miss_goes_to_a_person(asked: Identity, held: Identity) -> None:
    """What could be the person is neither a yes nor a no."""
    assert matched(asked, held) == Uncertain()
    assert matched(held, asked) == Uncertain()


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (person("Sanders", "Bram", "2015-06-01"), person("Sanders", "Lieke", "2017-02-11")),
        (person("Sanders", "Jan", "1950-01-01", postcode="1234AB"), person("Sanders", "Jan")),
        (person("Hofstede", "Bram", "1990-01-01"), person("Sanders")),
    ],
)
def test_somebody_else_is_absent(asked: Identity, held: Identity) -> None:
    """Brothers and sisters, namesakes elsewhere and who lived there before are other persons."""
    assert matched(asked, held) == Absent()


def test_each_of_two_twins_is_found() -> None:
    """Twins share everything but their given names, and are not confused."""
    bram, daan = person("Sanders", "Bram", "2015-06-01"), person("Sanders", "Daan", "2015-06-01")
    assert matched(bram, bram, daan) == Certain("0")
    assert matched(daan, bram, daan) == Certain("1")
    assert matched(daan, bram) == Uncertain()


def test_twins_with_names_alike_go_to_a_person() -> None:
    """One letter between two persons is too little."""
    lotte, lotta = person("Sanders", "Lotte"), person("Sanders", "Lotta")
    assert matched(lotte, lotte, lotta) == Uncertain()


def test_father_and_son_of_one_name_are_told_apart_by_the_birth_date() -> None:
    """The whole birth date decides; with the father alone a person looks."""
    father, son = person("Sanders", "Jan", "1960-03-25"), person("Sanders", "Jan", "1990-11-02")
    assert matched(son, father, son) == Certain("1")
    assert matched(father, father, son) == Certain("0")
    assert matched(son, father) == Uncertain()


def test_one_person_registered_twice_goes_to_a_person() -> None:
    """Two rows that both fit do not say which one is meant."""
    assert matched(person("Sanders"), person("Sanders"), person("Sanders")) == Uncertain()


def test_a_crowd_goes_to_a_person() -> None:
    """When not everyone could be read, nobody is certain and nobody is absent."""
    assert matched(person("Sanders"), person("Sanders"), crowded=True) == Uncertain()
    assert matched(person("Sanders"), crowded=True) == Uncertain()


_SURNAMES = st.sampled_from(
    ["Jansen", "Vries", "Khaddouri", "Öztürk", "Wiśniewski", "Li", "Bakker-de Vries", "IJspeert"]
)
_GIVEN = st.lists(
    st.sampled_from(["Jan", "Johanna", "Mohamed", "Ömer", "Maria", "Wei", "Lotte"]), min_size=1, max_size=3
)
_IDENTITIES = st.builds(
    Identity,
    surname=_SURNAMES,
    given_names=_GIVEN.map(" ".join),
    birth_date=st.dates().map(lambda day: f"19{day:%y-%m-%d}"),
    prefix=st.sampled_from(["", "de", "el", "van der"]),
    partner_surname=st.sampled_from(["", "Bakker", "de Jong"]),
    postcode=st.just("9991ZX"),
    house_number=st.sampled_from(["1", "14a"]),
)


@given(_IDENTITIES, _IDENTITIES)
def test_what_is_missing_never_makes_a_match_certain(asked: Identity, held: Identity) -> None:
    """A field that is left out, on either side, gives no certain match, whatever the rest is."""
    year, month, _ = asked.birth_date.split("-")
    for left_out in (
        {"postcode": ""},
        {"house_number": ""},
        {"given_names": ""},
        {"birth_date": f"{year}-{month}-00"},
        {"birth_date": f"{year}-00-00"},
        {"birth_date": "0000-00-00"},
    ):
        less = replace(asked, **left_out)
        for first, second in itertools.permutations((less, held)):
            assert not isinstance(match(first, Candidates((Person("0", second),)), THRESHOLDS), Certain)


@given(_IDENTITIES)
def test_the_same_values_are_certain(identity: Identity) -> None:
    """Who is asked about exactly as registered is found, and meets the own registration in a block."""
    assert matched(identity, identity) == Certain("0")


@given(_IDENTITIES, _IDENTITIES)
def test_another_candidate_never_adds_certainty(asked: Identity, other: Identity) -> None:
    """A second candidate can only take certainty away, or be the one that fits."""
    with_both = match(asked, Candidates((Person("0", asked), Person("1", other))), THRESHOLDS)
    assert with_both in (Certain("0"), Uncertain())


@given(_IDENTITIES, _IDENTITIES)
def test_matching_is_symmetric(one: Identity, other: Identity) -> None:
    """Who is asked and who is held can be exchanged."""
    there, back = (
        match(a, Candidates((Person("0", b),)), THRESHOLDS) for a, b in ((one, other), (other, one))
    )
    assert there == back


_LITTLE = {
    "birth_date": lambda held: [f"{held[:4]}-00-00", f"{held[:7]}-00", "0000-00-00"],
    "given_names": lambda held: ["", f"{held[0]}.", held.split()[0]],
    "address": lambda _: [""],
}


@given(_IDENTITIES, st.data())
def test_knowing_more_never_turns_doubt_into_a_no(held: Identity, data: st.DataObject) -> None:
    """Somebody is asked about with little. With any address filled in, or what is so of the other fields,
    nobody who was doubtful is absent.
    """
    asked = replace(
        held,
        birth_date=data.draw(st.sampled_from([held.birth_date, *_LITTLE["birth_date"](held.birth_date)])),
        given_names=data.draw(st.sampled_from([held.given_names, *_LITTLE["given_names"](held.given_names)])),
        postcode=data.draw(st.sampled_from(["", held.postcode])),
    )
    if matched(asked, held) == Absent():
        return
    elsewhere = data.draw(st.from_regex(r"[1-9][0-9]{3}[A-Z]{2}", fullmatch=True))
    address = {} if asked.postcode else {"postcode": elsewhere, "house_number": "7"}
    for more in (
        address,
        {"postcode": held.postcode},
        {"birth_date": held.birth_date},
        {"given_names": held.given_names},
        {"given_names": held.given_names, "birth_date": held.birth_date, **address},
    ):
        assert matched(replace(asked, **more), held) != Absent()


@given(_IDENTITIES, st.sampled_from(["Ruud", "", "X.", "Wilhelmina Jacoba"]), st.booleans())
def test_nobody_of_one_surname_and_birth_date_is_absent(
    held: Identity, given_names: str, moved: bool
) -> None:
    """Nor of the same names with the date open: however common the name, however large the register."""
    large = replace(THRESHOLDS, persons=20_000_000)
    there = {"postcode": "1234AB"} if moved else {}
    for asked in (
        replace(held, given_names=given_names, **there),
        replace(held, birth_date="0000-00-00", **there),
    ):
        assert match(asked, Candidates((Person("0", held),)), large) != Absent()


def test_the_sum_explains_itself() -> None:
    """Each field has a state and what it says; a common surname says less."""
    jong = compare(person("Jong", prefix="de"), person("Jong", prefix="de"), THRESHOLDS)
    rare = compare(person("Sanders"), person("Sanders", born="1984-00-00", postcode="1234AB"), THRESHOLDS)
    assert (rare.surname.state, rare.birth_date.state) == (Likeness.EQUAL, Likeness.YEAR)
    assert rare.address == Weighed(Likeness.DIFFERENT, 0.0)
    assert jong.surname.bits < rare.surname.bits
    parts = (rare.surname, rare.given_names, rare.birth_date, rare.address)
    assert rare.sum == rare.prior + sum(one.bits for one in parts)


def test_nobody_is_absent_whose_name_cannot_be_sought() -> None:
    """Another script is accepted, and a person looks; the register is not said to have nobody."""
    for surname in ("Иванова", "Иванова Li"):
        assert matched(person(surname, born="0000-00-00", postcode="")) == Uncertain()


def test_what_stands_in_another_script_is_no_other_name() -> None:
    """Also where a part of the name is Latin: that part alone says nothing against."""
    given_names = compare(person("Sanders", "Мария Jo"), person("Sanders", "Elena"), THRESHOLDS).given_names
    surname = compare(person("Иванова Li"), person("Sanders"), THRESHOLDS).surname
    assert given_names.state is surname.state is Likeness.OPEN
