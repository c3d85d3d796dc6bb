"""Labelled pairs of persons: reading them, making them, and measuring the matching on them.

A file of pairs is a CSV, in UTF-8 or as a Dutch Excel writes it (semicolons, Windows-1252, 31-01-1984), with
one pair a row: `kind` (of difference, a free code), `same` (1: one person, 0: two persons), and for what is
asked (`asked_`) and what the register holds (`held_`): `surname`, `prefix`, `given_names`, `birth_date`
(YYYY-MM-DD, incomplete with 00), `partner_surname`, `postcode`, `house_number`.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random

from adapters.registers.blocks import blocks_for, blocks_of
from adapters.registers.households import HouseholdMember, households
from adapters.registers.matching import Certain, Uncertain, match
from adapters.registers.register import Candidates, Person
from adapters.registers.thresholds import Thresholds
from contract.identity import Identity, IdentityError

_FIELDS = tuple(field.name for field in fields(Identity))
_COLUMNS = ("kind", "same", *(f"asked_{name}" for name in _FIELDS), *(f"held_{name}" for name in _FIELDS))
_MOVED = "moved"
_DUTCH_DATE = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_STRICTER = (0.94, 0.96, 0.98, 1.0)


class PairsError(Exception):
    """A file of pairs that cannot be used. It says in which line, never what stands there."""


@dataclass(frozen=True)
class Pair:
    kind: str
    same: bool
    asked: Identity
    held: Identity


@dataclass(frozen=True)
class Measured:
    """What came of the pairs of one kind. `certain` of pairs that are not `same` are false yeses."""

    kind: str
    same: bool
    certain: int
    uncertain: int
    absent: int

    @property
    def pairs(self) -> int:
        return self.certain + self.uncertain + self.absent


@dataclass(frozen=True)
class Evaluation:
    """`thresholds`: the given ones, or the first stricter ones at which no false yes is left."""

    thresholds: Thresholds
    kinds: tuple[Measured, ...]

    @property
    def false_yes(self) -> int:
        return sum(one.certain for one in self.kinds if not one.same)

    @property
    def recall(self) -> float:
        """The share of pairs of one person that was found certainly, 0 when there are none."""
        same = [one for one in self.kinds if one.same]
        return sum(one.certain for one in same) / max(1, sum(one.pairs for one in same))

    @property
    def flat_no(self) -> float:
        """The share of pairs of one person that was taken for nobody, 0 when there are none."""
        same = [one for one in self.kinds if one.same]
        return sum(one.absent for one in same) / max(1, sum(one.pairs for one in same))


def evaluate(pairs: Sequence[Pair], thresholds: Thresholds) -> Evaluation:
    """Recall at zero false yeses: `surname_same` is raised until none is left, as far as it can be."""
    found = _measured(pairs, thresholds)
    for likeness in _STRICTER:
        if not found.false_yes:
            break
        if likeness > thresholds.surname_same:
            found = _measured(pairs, replace(thresholds, surname_same=likeness))
    return found


def _measured(pairs: Sequence[Pair], thresholds: Thresholds) -> Evaluation:
    counts: dict[tuple[bool, str], Counter[str]] = {}
    for pair in pairs:
        counts.setdefault((not pair.same, pair.kind), Counter())[_outcome(pair, thresholds)] += 1
    kinds = (
        Measured(kind, not two, count["certain"], count["uncertain"], count["absent"])
        for (two, kind), count in sorted(counts.items())
    )
    return Evaluation(thresholds, tuple(kinds))


def _outcome(pair: Pair, thresholds: Thresholds) -> str:
    # a pair that meets in no block would not have been compared, so it is not found
    meets = not blocks_for(pair.asked).isdisjoint(blocks_of(pair.held))
    candidates = Candidates((Person("held", pair.held),) if meets else ())
    matched = match(pair.asked, candidates, thresholds)
    if isinstance(matched, Certain):
        return "certain"
    return "uncertain" if isinstance(matched, Uncertain) else "absent"


def read_pairs(path: Path) -> list[Pair]:
    """Raises PairsError."""
    try:
        text = _text(path.read_bytes())
        semicolons = ";" in text.partition("\n")[0]
        rows = csv.DictReader(
            io.StringIO(text, newline=""), strict=True, delimiter=";" if semicolons else ","
        )
        if not set(_COLUMNS) <= set(rows.fieldnames or ()):
            raise PairsError("The file needs the columns: " + ", ".join(_COLUMNS))
        return [_pair(row, number) for number, row in enumerate(rows, 2)]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise PairsError(f"{path.name} cannot be read as CSV.") from None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _side(row: Mapping[str, str], side: str) -> Identity:
    values = {name: row[f"{side}_{name}"] for name in _FIELDS}
    dutch = _DUTCH_DATE.fullmatch(values["birth_date"] or "")
    if dutch:
        values["birth_date"] = "-".join(reversed(dutch.groups()))
    return Identity.parse(values)


def _pair(row: dict[str, str], line: int) -> Pair:
    try:
        asked, held = _side(row, "asked"), _side(row, "held")
    except IdentityError as error:
        raise PairsError(f"Line {line}: {error}") from None
    if row["same"] not in ("0", "1"):
        raise PairsError(f"Line {line}: `same` is 0 or 1")
    return Pair(row["kind"], row["same"] == "1", asked, held)


def write_pairs(path: Path, pairs: Iterable[Pair]) -> int:
    """How many were written."""
    rows = [[one.kind, int(one.same), *_values(one.asked), *_values(one.held)] for one in pairs]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_COLUMNS, *rows])
    return len(rows)


def _values(identity: Identity) -> list[str]:
    return [getattr(identity, name) for name in _FIELDS]


def invented_pairs(seed: int, size: int, today: date) -> Iterator[Pair]:
    """`size` pairs of invented persons, the same for the same arguments. TEST: no real persons."""
    return islice(_endless(Random(f"pairs {seed}"), today), size)  # noqa: S311 - no secrets


def _endless(random: Random, today: date) -> Iterator[Pair]:
    previous: HouseholdMember | None = None
    for household in households(random, today):
        for member in household:
            yield from (pair for pair in _of_one(member.identity, random) if random.random() < 0.35)
        yield from _of_two(household, previous)
        previous = household[0]


def _of_one(held: Identity, random: Random) -> Iterator[Pair]:
    yield Pair("identical", True, held, held)
    single = dict(_differing(held, random))
    for kind, asked in single.items():
        yield Pair(kind, True, asked, held)
    for kind, asked in _differing(single[_MOVED], random):  # who is put out of the house has moved
        if kind not in {_MOVED, "address_unknown"}:
            yield Pair(f"{_MOVED} + {kind}", True, asked, held)
    first, second, third = random.sample(sorted(set(single) - {_MOVED}), 3)
    for kind, after, then in (("two others", first, second), (f"{_MOVED} + two others", second, third)):
        start = single[after] if kind == "two others" else replace(single[after], **_address(single[_MOVED]))
        asked = dict(_differing(start, random)).get(then, start)
        if asked.birth_date != "0000-00-00" or asked.surname == held.surname:  # else nothing is left to go by
            yield Pair(kind, True, asked, held)


def _differing(held: Identity, random: Random) -> Iterator[tuple[str, Identity]]:
    for kind, asked in _differences(held, random):
        if asked is not None and asked != held:
            yield kind, asked


def _differences(held: Identity, random: Random) -> Iterator[tuple[str, Identity | None]]:
    year, month, day = held.birth_date.split("-")
    given = held.given_names.split()
    full = day != "00"
    yield "without_marks", _ascii(held)
    yield "upper_case", replace(held, surname=held.surname.upper(), given_names=held.given_names.upper())
    yield "ij_or_y", _replaced(held, ("ij", "y"), ("IJ", "Y"), ("Ij", "Y"))
    yield "double_letter", _replaced(held, ("ss", "s"), ("ll", "l"), ("mm", "m"), ("kk", "k"))
    yield "prefix_left_out", replace(held, prefix="") if held.prefix else None
    yield (
        "prefix_in_surname",
        replace(held, prefix="", surname=f"{held.prefix} {held.surname}") if held.prefix else None,
    )
    if held.partner_surname:
        yield (
            "partner_surname_only",
            replace(held, prefix="", surname=held.partner_surname, partner_surname=""),
        )
        double = f"{held.partner_surname}-{held.prefix} {held.surname}".replace("- ", "-")
        yield "double_surname", replace(held, prefix="", surname=double, partner_surname="")
        yield "birth_surname_only", replace(held, partner_surname="")
    yield "fewer_given_names", replace(held, given_names=given[0]) if len(given) > 1 else None
    yield "initials", replace(held, given_names=" ".join(f"{name[0]}." for name in given))
    yield "typing_error_surname", replace(held, surname=_slip(held.surname, random))
    yield "typing_error_given_name", replace(held, given_names=_slip(held.given_names, random))
    yield "names_exchanged", replace(held, surname=held.given_names, given_names=held.surname, prefix="")
    if full:
        yield "unknown_day", replace(held, birth_date=f"{year}-{month}-00")
        yield "unknown_day_and_month", replace(held, birth_date=f"{year}-00-00")
        yield (
            "wrong_day",
            replace(held, birth_date=f"{year}-{month}-{1 + (int(day) + random.randint(0, 25)) % 28:02}"),
        )
        if int(day) <= 12:
            yield "day_and_month_exchanged", replace(held, birth_date=f"{year}-{day}-{month}")
    yield "unknown_birth_date", replace(held, birth_date="0000-00-00")
    yield (
        _MOVED,
        replace(held, postcode=f"{random.randint(1000, 9999)}QQ", house_number=str(random.randint(1, 300))),
    )
    yield "address_unknown", replace(held, postcode="", house_number="")


def _of_two(household: list[HouseholdMember], previous: HouseholdMember | None) -> Iterator[Pair]:
    for one in household:
        for other in household:
            if one is not other and one.identity != other.identity:
                yield Pair(_kinship(one, other), False, one.identity, other.identity)
    for one in household:
        name = one.identity.given_names.split()[0]
        twin = replace(one.identity, given_names=f"{name} Renate")  # the one who is there
        for kind, given in (("twin_by_the_shared_name", name), ("twin_by_all_names", f"{name} Odile")):
            yield Pair(kind, False, replace(one.identity, given_names=given), twin)
    if previous:
        first, there = household[0].identity, previous.identity
        yield Pair("others", False, first, there)
        yield Pair("next_at_the_address", False, first, replace(there, **_address(first)))
        crowd = replace(there, surname=first.surname, prefix=first.prefix, **_address(first))
        yield Pair("of_one_surname_in_a_shelter", False, first, crowd)
        namesake = replace(first, birth_date=there.birth_date, **_address(there))
        yield Pair("namesake", False, first, namesake)
        yield Pair("namesake_of_one_birth_date", False, first, replace(first, **_address(there)))


def _kinship(one: HouseholdMember, other: HouseholdMember) -> str:
    if one.identity.birth_date == other.identity.birth_date:
        return "twins"
    if one.identity.given_names == other.identity.given_names:
        return "father_and_son_of_one_name"
    if one.parent and other.parent:
        return "couple"
    return "parent_and_child" if one.parent or other.parent else "siblings"


def _address(identity: Identity) -> dict[str, str]:
    return {"postcode": identity.postcode, "house_number": identity.house_number}


def _replaced(held: Identity, *changes: tuple[str, str]) -> Identity:
    surname, given = held.surname, held.given_names
    for old, new in changes:
        surname, given = surname.replace(old, new), given.replace(old, new)
    return replace(held, surname=surname, given_names=given)


def _ascii(held: Identity) -> Identity:
    letters = str.maketrans("éèëêçñöüóòşğıİŁłąęćńśźżŞÇÖÜĞïáàŚ", "eeeecnouoosgiILlaecnszzSCOUGiaaS")
    return replace(
        held, surname=held.surname.translate(letters), given_names=held.given_names.translate(letters)
    )


def _slip(text: str, random: Random) -> str:
    if len(text) < 5:
        return text
    place = random.randrange(1, len(text) - 2)
    if not text[place : place + 2].isalpha():
        return text
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
