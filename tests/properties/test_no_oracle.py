"""An answer depends on nothing of a register that was not asked about: not on who is shielded, not on who has
nothing of what is asked, not on how many others there are.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.partners.adapter import Adapter, Asked, Finding, RegisterAdapter
from adapters.partners.reclassering import READINGS
from adapters.registers.blocks import blocks_for, blocks_of
from adapters.registers.households import households
from adapters.registers.pairs import invented_pairs
from adapters.registers.register import Candidates, Found, Person, Record
from adapters.registers.thresholds import read_thresholds
from contract.identity import Identity

TODAY = date(2026, 3, 10)
RUNS = Record("conditional_sentence", "client", date(2025, 9, 1))
ENDED = Record("conditional_sentence", "client", date(2020, 9, 1), date(2022, 9, 1))
NOTHING = frozenset({ENDED})
MAN = Identity("Zoekstrama", "Harmen Jan", "1984-03-25", "van", "", "9991ZX", "14a")


class Held:
    """A register of these persons, in memory, found by their blocks as the others do."""

    def __init__(self, persons: Sequence[Person]) -> None:
        self._persons = persons

    async def find(self, identities: Sequence[Identity]) -> Found:
        candidates = tuple(
            Candidates(
                tuple(p for p in self._persons if not blocks_for(one).isdisjoint(blocks_of(p.identity)))
            )
            for one in identities
        )
        return Found(TODAY, candidates)

    async def close(self) -> None: ...


def findings(persons: Sequence[Person], *identities: Identity) -> list[Finding]:
    """What each question of Reclassering gets about each of these, from a register of these persons."""
    adapter: Adapter = RegisterAdapter(
        "reclassering", Held(persons), READINGS, thresholds=read_thresholds(), today=lambda: TODAY
    )
    asked = [
        Asked(question, identity, "suspected_perpetrator", "adult")
        for identity in identities
        for question in READINGS
    ]
    return asyncio.run(adapter.look_up(asked))


NEAR: dict[str, Identity] = {
    "as registered": MAN,
    "elsewhere": replace(MAN, postcode="1234AB"),
    "next door": replace(MAN, house_number="16"),
    "address unknown": replace(MAN, postcode="", house_number=""),
    "another day": replace(MAN, birth_date="1984-03-26"),
    "another year": replace(MAN, birth_date="1983-03-25"),
    "day and month unknown": replace(MAN, birth_date="1984-00-00"),
    "birth date unknown": replace(MAN, birth_date="0000-00-00"),
    "initials": replace(MAN, given_names="H. J."),
    "given names unknown": replace(MAN, given_names=""),
    "another given name": replace(MAN, given_names="Harmke"),
    "a son of the name": replace(MAN, birth_date="1960-11-02"),
    "another surname": replace(MAN, surname="Vindinga", prefix=""),
    "misspelt": replace(MAN, surname="Zoekstramma"),
}


@pytest.mark.parametrize("near", NEAR)
def test_who_was_ever_known_cannot_be_told_from_who_never_was(near: str) -> None:
    """Known with nothing that is asked about, or not there at all: the same, however near the question is;
    also for who died.
    """
    nobody = findings([], NEAR[near])
    assert findings([Person("1", MAN, NOTHING)], NEAR[near]) == nobody
    assert findings([Person("1", MAN)], NEAR[near]) == nobody
    assert findings([Person("1", MAN, NOTHING, deceased=True)], NEAR[near]) == nobody


@pytest.mark.parametrize("near", [one for one in NEAR if one not in {"as registered", "misspelt"}])
def test_who_has_something_is_never_denied_for_a_near_miss(near: str) -> None:
    """Doubt stays doubt."""
    known = findings([Person("1", MAN, frozenset({RUNS}))], NEAR[near])[0]
    assert (known.codes, known.doubtful) == (("not_determinable",), True)


def test_two_who_fit_are_still_no_yes() -> None:
    """Only one of the two has something; which of them is meant, nobody knows."""
    both = [Person("1", MAN, frozenset({RUNS})), Person("2", MAN, NOTHING)]
    assert {one.codes for one in findings(both, MAN)} == {("not_determinable",)}


def test_an_address_alone_makes_no_candidate() -> None:
    """Where nothing else agrees, the right address gives no other answer than a wrong one."""
    vague = Identity("Zoekma", "", "0000-00-00", "", "", MAN.postcode, MAN.house_number)
    register = [Person("1", MAN, frozenset({RUNS}))]
    assert findings(register, vague) == findings(register, replace(vague, postcode="1234AB"))


def test_a_hundred_others_at_the_address_change_nothing() -> None:
    """A home with more residents than anybody would read: the answers are those of a house with one, also
    when the last of them is shielded.
    """
    home = [
        Person(
            f"other {number}",
            Identity(
                f"Buur{chr(97 + number // 26)}{chr(97 + number % 26)}ma",
                "Wobbe",
                f"19{number % 90 + 10}-07-0{number % 9 + 1}",
                postcode=MAN.postcode,
                house_number=MAN.house_number,
            ),
            frozenset({RUNS}),
            shielded=number == 149,
        )
        for number in range(150)
    ]
    asked = [MAN, replace(MAN, surname="Onbekendma", given_names="Tjitske", birth_date="1971-12-13")]
    for own in ([], [Person("1", MAN, frozenset({RUNS}))]):
        assert findings([*own, *home], *asked) == findings(own, *asked)


_PERSONS = [
    member.identity
    for house, _ in zip(households(Random(3), TODAY), range(12), strict=False)
    for member in house
]
_ASKED = [pair.asked for pair in invented_pairs(3, 400, TODAY)] + _PERSONS


@st.composite
def _registers(draw: st.DrawFn) -> list[Person]:
    chosen = draw(st.lists(st.sampled_from(_ASKED), min_size=1, max_size=8))
    records = st.sampled_from([frozenset({RUNS}), NOTHING, frozenset({RUNS, replace(ENDED, shielded=True)})])
    return [
        Person(str(number), identity, draw(records), shielded=draw(st.booleans()))
        for number, identity in enumerate(chosen)
    ]


@settings(max_examples=150, deadline=None)
@given(_registers(), st.sampled_from(_ASKED))
def test_registers_that_differ_in_shielded_persons_alone_answer_alike(
    register: list[Person], asked: Identity
) -> None:
    """Whoever is asked about, one of the shielded persons too."""
    everyone = [*(one.identity for one in register), asked]
    assert findings(register, *everyone) == findings([one for one in register if not one.shielded], *everyone)


@settings(max_examples=150, deadline=None)
@given(_registers(), st.sampled_from(_ASKED))
def test_persons_with_nothing_make_no_doubt_and_no_certainty(register: list[Person], asked: Identity) -> None:
    """With and without them the same questions get a no; a yes can become a doubt, beside one who fits."""
    everyone = [*(one.identity for one in register), asked]
    without = [one for one in register if RUNS in one.records]
    for more, less in zip(findings(register, *everyone), findings(without, *everyone), strict=True):
        assert more == less or (more.doubtful and less.codes not in {("no",), ("none",)})
