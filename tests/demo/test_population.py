"""The invented populations: deterministic, of every kind, with no number of a real person."""

import itertools
import sqlite3
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from adapters.partners.age import age_bands
from adapters.registers.register import Person
from contract.identity import Identity
from demo.cast import cast
from demo.population import CastMember, MemberFacts, build, persons

TODAY = date(2026, 3, 10)
PARTNERS = ("reclassering", "rvdk", "politie", "om", "veilig_thuis")


@pytest.fixture(scope="module")
def everyone() -> list[Person]:
    return list(persons("rvdk", 1, 20_000, today=TODAY))


@pytest.mark.parametrize("partner", PARTNERS)
def test_the_same_seed_gives_the_same_persons(partner: str) -> None:
    """Another seed or another partner gives others."""
    first = list(persons(partner, 1, 200, today=TODAY))
    assert first == list(persons(partner, 1, 200, today=TODAY))
    assert first != list(persons(partner, 2, 200, today=TODAY))


def test_every_identity_could_have_been_asked_about(everyone: list[Person]) -> None:
    """Each passes the strict reading of what comes from outside."""
    for person in everyone:
        assert Identity.parse(person.identity.as_json()) == person.identity


def test_every_kind_of_person_is_there(everyone: list[Person]) -> None:
    """Incomplete dates, prefixes, diacritics, double names, secret addresses, shielded, deceased, doubt."""
    identities = [person.identity for person in everyone]
    shapes = Counter(one.birth_date[4:] == "-00-00" or one.birth_date.endswith("-00") for one in identities)
    assert shapes[True] > 50
    assert sum(bool(one.prefix) for one in identities) > 2000
    assert sum(not one.surname.isascii() for one in identities) > 500
    assert sum(bool(one.partner_surname) for one in identities) > 1000
    assert sum("-" in one.surname for one in identities) > 100
    assert sum(not one.postcode for one in identities) > 50
    for mark in ("shielded", "deceased", "in_doubt"):
        assert sum(getattr(person, mark) for person in everyone) > 20, mark


def test_twins_siblings_and_sons_named_after_their_father_are_there(everyone: list[Person]) -> None:
    """Households hold persons who are easily confused."""
    twins = sons = siblings = 0
    identities = [person.identity for person in everyone if person.identity.postcode]
    for _, home in itertools.groupby(identities, lambda one: (one.postcode, one.house_number)):
        for one, other in itertools.combinations(list(home), 2):
            if one.surname == other.surname:
                twins += one.birth_date == other.birth_date
                sons += one.given_names == other.given_names
                siblings += one.birth_date[:4] != other.birth_date[:4]
    assert twins > 20
    assert sons > 20
    assert siblings > 1000


def test_a_register_has_the_size_asked_for_and_only_test_numbers(tmp_path: Path) -> None:
    """Each BSN is from 9999xxxxx, passes the elfproef and is given once; the cast has none."""
    member = CastMember("one", Identity("Proefma", "Tes", "1990-01-09"), {"reclassering": MemberFacts()})
    build("reclassering", f"sqlite:///{tmp_path}/r.sqlite", 1, 12_000, [member], today=TODAY)
    with sqlite3.connect(tmp_path / "r.sqlite") as database:
        rows = database.execute("SELECT id, bsn FROM clients").fetchall()
    database.close()
    numbers = [bsn for _, bsn in rows if bsn]
    assert len(rows) == 12_001
    assert len(numbers) == len(set(numbers)) > 8000
    for number in numbers:
        digits = [int(digit) for digit in number]
        assert number.startswith("9999")
        assert (sum(w * d for w, d in zip(range(9, 1, -1), digits, strict=False)) - digits[8]) % 11 == 0
    assert dict(rows)["C000000"] is None


def test_a_hundred_thousand_persons_are_built(tmp_path: Path) -> None:
    """Five times a register of the demo; how long it takes is printed, since it depends on the machine."""
    before = time.perf_counter()
    build("rvdk", f"sqlite:///{tmp_path}/rvdk.sqlite", 1, 100_000, today=TODAY)
    print(f"100,000 persons in {time.perf_counter() - before:.1f} s")
    with sqlite3.connect(tmp_path / "rvdk.sqlite") as database:
        assert database.execute("SELECT count(*) FROM persons").fetchone() == (100_000,)
        assert database.execute("SELECT count(DISTINCT person) FROM blocks").fetchone() == (100_000,)
    database.close()


def test_a_build_that_is_cut_off_leaves_the_old_register(tmp_path: Path) -> None:
    """A register is replaced whole or not at all."""
    url = f"sqlite:///{tmp_path}/om.sqlite"
    build("om", url, 1, 50, today=TODAY)
    old = (tmp_path / "om.sqlite").read_bytes()
    orphan = cast(TODAY)["stalking.man"].facts["om"].records
    measure_alone = frozenset(record for record in orphan if record.kind != "case")
    broken = CastMember(
        "broken", Identity("Proefma", "Tes", "1990-01-09"), {"om": MemberFacts(measure_alone)}
    )
    with pytest.raises(ValueError, match="no case"):
        build("om", url, 2, 50, [broken], today=TODAY)
    assert (tmp_path / "om.sqlite").read_bytes() == old


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29), date(2026, 12, 31)])
def test_the_cast_fits_on_any_day(today: date) -> None:
    """Identities are whole, children are children, and every register takes what is known."""
    everyone = cast(today)
    for member in everyone.values():
        assert Identity.parse(member.identity.as_json()) == member.identity
    bands = {name: age_bands(member.identity.birth_date, today) for name, member in everyone.items()}
    assert bands["children_and_adults.boy"] == bands["stalking.child_1"] == {"from_12_to_15"}
    assert bands["stalking.child_2"] == bands["shielded.child"] == {"under_12"}
    assert bands["stalking.man"] == {"adult"}
    for partner in PARTNERS:
        held = list(persons(partner, 1, 0, list(everyone.values()), today=today))
        assert len(held) == sum(partner in member.facts for member in everyone.values())
