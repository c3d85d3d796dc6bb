"""The words of letters and overviews, in Dutch that most people can read (B1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies.catalogue import Catalogue

_MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)


@dataclass(frozen=True)
class Organisation:
    """A party as a person reads of it: its kind, and its own name."""

    partner: str
    name: str


@dataclass(frozen=True)
class Contact:
    """Whom a person can write to or call: the party's own postal address, its data protection officer, and
    the confidential adviser of the region; "" where the party set none.
    """

    postal_address: str = ""
    officer: str = ""
    confidential_adviser: str = ""


def kind_of(partner: str, catalogue: Catalogue) -> str:
    """Its name in a sentence; the code of a kind that this version does not name (any more)."""
    known = catalogue.partners.get(partner)
    return partner if known is None else known.in_sentence


def category(partner: str, catalogue: Catalogue) -> str:
    """The kind of data that it is asked about."""
    known = catalogue.partners.get(partner)
    return "gegevens" if known is None else known.asked_about


def name_of(identity: Mapping[str, Any]) -> str:
    """A person's own name, in full."""
    return " ".join(part for name in ("given_names", "prefix", "surname") if (part := identity.get(name)))


def bases_of(codes: Sequence[str], catalogue: Catalogue) -> tuple[str, ...]:
    """The articles; the code of one that this version does not name (any more)."""
    known = catalogue.legal_bases
    return tuple(known[code].text if code in known else code for code in codes)


def day(moment: date) -> str:
    """As people write it: 3 december 2026."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
