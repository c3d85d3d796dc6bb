"""The statutory set by which a person is found at a holder, and nothing more.

Surname, given names, birth date, postcode and house number (Wmo 5.2.9(5), Jeugdwet 7.2.4), with the prefix
and the partner's surname apart. It travels only sealed to the holder. Neither its text form nor an error
about it ever shows a value.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, fields

_LONGEST = {"surname": 200, "given_names": 200, "birth_date": 10, "prefix": 20, "partner_surname": 200}
_LONGEST |= {"postcode": 7, "house_number": 12}
_REQUIRED = frozenset({"surname", "given_names", "birth_date"})
# letters of any script with what stands between them; no digit, so that no number can hide in a name
_NAME = re.compile(r"['’‘`´ʼ]?[^\W\d_](?:[^\W\d_]|[ .,'’‘`´ʼ/·‧-]|[\u0300-\u036f])*")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_POSTCODE = re.compile(r"([1-9][0-9]{3}) ?([A-Za-z]{2})")
# number, letter and addition, as the BRP has them and people write them: 14D-1, 12A bis, 14 boven, 400L-toe
_HOUSE_NUMBER = re.compile(r"[1-9][0-9]{0,4}([ -]?[A-Za-z])?([ -]?[A-Za-z0-9]{1,6})?")


class IdentityError(Exception):
    """What does not hold as an identity.

    `problems` is a list of (path, code); codes: `type`, `required`, `unknown_field`, `too_long`,
    `characters`, `date`, `postcode`, `house_number`. It never holds a value; a name of an unknown field is
    not repeated either.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(
            "the identity is not valid: " + ", ".join(f"{path} {code}".strip() for path, code in problems)
        )
        self.problems = problems


@dataclass(frozen=True, repr=False)
class Identity:
    """One person as the requester knows them.

    `birth_date` is "YYYY-MM-DD" and may be incomplete: "YYYY-MM-00", "YYYY-00-00" or "0000-00-00". An empty
    string is unknown.
    """

    surname: str
    given_names: str
    birth_date: str
    prefix: str = ""
    partner_surname: str = ""
    postcode: str = ""
    house_number: str = ""

    def __repr__(self) -> str:
        return "Identity(…)"

    @classmethod
    def parse(cls, value: object) -> "Identity":
        """Reads what came from outside, strictly. Raises IdentityError with every problem at once."""
        if not isinstance(value, Mapping):
            raise IdentityError([("", "type")])
        problems = [("", "unknown_field")] * (not value.keys() <= _LONGEST.keys())
        read: dict[str, str] = {}
        for field in fields(cls):
            text = value.get(field.name, "")
            code = _problem(field.name, text)
            if code:
                problems.append((field.name, code))
            elif isinstance(text, str):
                read[field.name] = unicodedata.normalize("NFC", " ".join(text.split()))
        if problems:
            raise IdentityError(problems)
        read["postcode"] = read["postcode"].replace(" ", "").upper()
        return cls(**read)

    def as_json(self) -> dict[str, str]:
        """The fields that are known; `parse` reads it back to an equal value."""
        every = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        return {name: text for name, text in every.items() if text or name in _REQUIRED}


def _problem(name: str, text: object) -> str:  # noqa: PLR0911 - a list of checks, in order
    if not isinstance(text, str):
        return "type"
    if len(text) > _LONGEST[name]:
        return "too_long"
    if not text.strip():
        # given names may be unknown, a surname and a date (perhaps 0000-00-00) may not be absent
        return "required" if name in ("surname", "birth_date") or text else ""
    match name:
        case "birth_date":
            return "" if _is_date(text) else "date"
        case "postcode":
            return "" if _POSTCODE.fullmatch(text) else "postcode"
        case "house_number":
            return "" if _HOUSE_NUMBER.fullmatch(text) else "house_number"
        case _:
            return "" if _NAME.fullmatch(text) else "characters"


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if not found or not text.isascii():
        return False
    year, month, day = (int(part) for part in found.groups())
    if year == 0:
        return month == day == 0
    if not 1850 <= year <= 2199 or month > 12 or (month == 0 and day):
        return False
    return day == 0 or day <= monthrange(year, month)[1]
