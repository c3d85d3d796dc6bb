"""Blocks: the keys under which persons who might be one person meet. Pure.

Someone in a register is a candidate for a question when they share a block with it. A block is a 63-bit
number, so that the index in which a register keeps them (block, person) shows no name; it is no secret (a
name can be guessed and hashed) and protects nothing.

| block | finds |
|---|---|
| whole birth date; the same with day and month exchanged | any error in names and address |
| postcode and house number | any error in the birth date; a changed surname |
| surname, initial, year; the same with the names exchanged | a wrong or unknown day or month, a removal |
| surname, initial, day and month | a wrong year |
| surname, initial, without a date | a year that is unknown in the register |
| surname, start of the given name | a year that is unknown in the question |
"""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from adapters.registers.names import given_names, skeleton, surname_of, surnames
from contract.identity import Identity

BLOCKS_VERSION = 2
"""Of how blocks are made. Blocks of another version do not find who is there: no register answers by them."""
_NUMBER = re.compile(r"[0-9]+")


def blocks_of(identity: Identity) -> frozenset[int]:
    """The blocks under which a register keeps this person."""
    return frozenset(_number(text) for text in _kept(identity))


def blocks_for(identity: Identity) -> frozenset[int]:
    """The blocks in which to look for this person."""
    return frozenset(_number(text) for text in _sought(identity))


def _kept(identity: Identity) -> Iterator[str]:
    year, month, day = identity.birth_date[:4], identity.birth_date[5:7], identity.birth_date[8:]
    if day != "00":
        yield f"date {identity.birth_date}"
    yield from _address(identity)
    for name, initial, start in _names(identity):
        yield f"any {name} {start}"
        yield f"year {name} {initial} {year}"
        if day != "00":
            yield f"day {name} {initial} {month}-{day}"


def _sought(identity: Identity) -> Iterator[str]:
    year, month, day = identity.birth_date[:4], identity.birth_date[5:7], identity.birth_date[8:]
    if day != "00":
        yield f"date {identity.birth_date}"
        if int(day) <= 12:
            yield f"date {year}-{day}-{month}"
    yield from _address(identity)
    if year != "0000":
        yield from (f"year {name} {initial} {year}" for name, initial in _exchanged(identity))
    for name, initial, start in _names(identity):
        yield f"year {name} {initial} 0000"
        if year == "0000":
            yield f"any {name} {start}"
            continue
        yield f"year {name} {initial} {year}"
        if day != "00":
            yield f"day {name} {initial} {month}-{day}"


def _address(identity: Identity) -> Iterator[str]:
    if identity.postcode and identity.house_number:
        yield f"address {identity.postcode} {_digits(identity.house_number)}"


def _names(identity: Identity) -> Iterator[tuple[str, str, str]]:
    given = given_names(identity.given_names)
    first = given[0] if given else ""
    for name in dict.fromkeys(skeleton(surname.form) for surname in surnames(identity)):
        yield name, first[:1], first[:3]


def _exchanged(identity: Identity) -> Iterator[tuple[str, str]]:
    surname = surname_of(identity.given_names, "").form
    for initial in dict.fromkeys(name.form[:1] for name in surnames(identity)):
        if surname:
            yield skeleton(surname), initial


def _digits(house_number: str) -> str:
    # additions are written in many ways (12a, 12-A, 12 bis); the number is not
    found = _NUMBER.match(house_number.strip())
    return found.group() if found else ""


@lru_cache(maxsize=65536)
def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
