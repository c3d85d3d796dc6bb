"""Households of invented persons: couples, children, twins, father and son of one name. Deterministic by the
given randomness.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from adapters.registers.origins import ORIGINS, Origin
from contract.identity import Identity

_LETTERS = "ABCDEFGHJKLMNPRSTVWXZ"
_SHARES = tuple(origin.share for origin in ORIGINS)


@dataclass(frozen=True)
class HouseholdMember:
    """`age` in whole years, also where the birth date is incomplete."""

    identity: Identity
    age: int
    parent: bool


def households(random: Random, today: date) -> Iterator[list[HouseholdMember]]:
    """Endlessly many."""
    while True:
        yield _household(random, today)


def _household(random: Random, today: date) -> list[HouseholdMember]:
    origin = random.choices(ORIGINS, _SHARES)[0]
    other = origin if random.random() < 0.85 else random.choices(ORIGINS, _SHARES)[0]
    postcode = f"{random.randint(1000, 9999)}{random.choice(_LETTERS)}{random.choice(_LETTERS)}"
    house = _House(random, today, postcode)
    alone = random.random() < 0.4
    age = int(random.triangular(19, 85, 36))
    father = house.person(origin, "male", age, parent=not alone)
    if alone:
        one = father if random.random() < 0.7 else house.person(origin, "female", age, parent=False)
        return [one]
    mother = house.person(
        other, "female", max(18, age - random.randint(-4, 6)), parent=True, partner=father.identity
    )
    return [father, mother, *_children(house, origin, father, mother)]


def _children(
    house: "_House", origin: Origin, father: HouseholdMember, mother: HouseholdMember
) -> list[HouseholdMember]:
    random = house.random
    family = (father.identity.prefix, father.identity.surname)
    oldest = min(father.age, mother.age) - 18
    children: list[HouseholdMember] = []
    age = min(oldest, random.randint(0, 30))
    while age >= 0 and len(children) < random.choice((0, 1, 2, 2, 3, 4)):
        sex = random.choice(("female", "male"))
        chance = random.random()
        if chance < 0.03 and sex == "male":
            # named after the father, as is still done
            child = house.person(origin, sex, age, family=family, given=father.identity.given_names)
        else:
            child = house.person(origin, sex, age, family=family)
        children.append(child)
        if chance > 0.97:
            children.append(house.person(origin, sex, age, family=family, born=child.identity.birth_date))
        age -= random.randint(1, 5)
    return children


class _House:
    """One address, and the persons who are made at it."""

    def __init__(self, random: Random, today: date, postcode: str) -> None:
        self.random = random
        self._today = today
        self._postcode = postcode
        addition = random.choice(("", "", "", "", "a", "B", "-2", " bis"))
        self._house_number = f"{random.randint(1, 400)}{addition}"
        self._secret = random.random() < 0.007

    def person(
        self,
        origin: Origin,
        sex: str,
        age: int,
        *,
        parent: bool = False,
        family: tuple[str, str] | None = None,
        given: str = "",
        born: str = "",
        partner: Identity | None = None,
    ) -> HouseholdMember:
        prefix, surname = family or self.random.choice(origin.surnames)
        partner_surname = ""
        if partner and self.random.random() < 0.6:
            partner_surname = f"{partner.prefix} {partner.surname}".strip()
            if self.random.random() < 0.1:
                prefix, surname, partner_surname = partner.prefix, f"{partner.surname}-{prefix} {surname}", ""
                surname = surname.replace("- ", "-")
        identity = Identity(
            surname=surname,
            given_names=given or self._given(origin, sex),
            birth_date=born or self._born(origin, age),
            prefix=prefix,
            partner_surname=partner_surname,
            postcode="" if self._secret else self._postcode,
            house_number="" if self._secret else self._house_number,
        )
        return HouseholdMember(identity, age, parent)

    def _given(self, origin: Origin, sex: str) -> str:
        names = origin.female if sex == "female" else origin.male
        return " ".join(self.random.sample(names, self.random.choice(origin.given_names)))

    def _born(self, origin: Origin, age: int) -> str:
        day = self._today - timedelta(days=age * 365 + age // 4 + self.random.randint(1, 364))
        if age > 30 and self.random.random() < origin.undated:
            return self.random.choice(("0000-00-00", f"{day:%Y-%m}-00", *[f"{day:%Y}-00-00"] * 4))
        return day.isoformat()
