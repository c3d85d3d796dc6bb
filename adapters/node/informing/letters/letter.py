"""The letter that tells a person that organisations asked each other about them (docs/law.md, Telling). Pure.

A letter has no field for anybody else: no name, address, answer, reporter or reason of a third person fits in
it. Of a question it says that it was asked whether the person is known there, whatever was asked and whatever
was answered: what more was known, or that something is shielded, is not for a letter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from adapters.node.informing.letters.words import Organisation, category, day, kind_of
from adapters.node.informing.telling import Recipient
from policies.catalogue import Catalogue

TEXT_VERSION = "2026-12.2"
"""Of the words; recorded with every letter."""

LetterReader = Literal["adult", "young", "for_a_child"]
"""Whom the words speak to: somebody of 18 or older, a child itself, or whoever stands in for a child or
adult.
"""


@dataclass(frozen=True)
class AskedOrganisation:
    """One organisation that was asked, for which purposes, on which bases, and when."""

    holder: Organisation
    purposes: tuple[str, ...]
    bases: tuple[str, ...]
    days: tuple[date, ...]


@dataclass(frozen=True)
class Letter:
    """A letter to one person, or to who stands in for them. `name` is that of the person alone."""

    name: str
    recipient: Recipient
    age_band: str
    sender: str
    sender_name: str
    desk: str
    phone: str
    hours: str
    receiver: str
    written_on: date
    told: tuple[AskedOrganisation, ...]
    passed_to: tuple[str, ...] = ()
    """Names of other organisations that heard an answer afterwards."""

    @property
    def title(self) -> str:
        return "Wij vroegen informatie op"

    @property
    def template(self) -> str:
        return "letter.html"

    @property
    def reader(self) -> LetterReader:
        if self.recipient in {"representative", "special_guardian"}:
            return "for_a_child"
        young = self.recipient == "child_and_representative" or self.age_band == "from_16_to_17"
        return "young" if young else "adult"

    def fields(self, catalogue: Catalogue) -> Mapping[str, object]:
        """For the template, with names from the catalogue."""
        you = _WORDS[self.reader]
        return {
            **you,
            "letter": self,
            "written_on": day(self.written_on),
            "rows": [self._row(one, catalogue) for one in self.told],
            "receiver_name": kind_of(self.receiver, catalogue),
            "text_version": TEXT_VERSION,
        }

    def _row(self, one: AskedOrganisation, catalogue: Catalogue) -> Mapping[str, object]:
        return {
            "holder": kind_of(one.holder.partner, catalogue),
            "name": one.holder.name,
            "category": category(one.holder.partner, catalogue),
            "why": [catalogue.purposes[purpose].why for purpose in one.purposes],
            "bases": list(one.bases),
            "days": [day(moment) for moment in one.days],
        }


_WORDS: Mapping[LetterReader, Mapping[str, str]] = {
    "adult": {
        "salutation": "Geachte heer of mevrouw,",
        "you": "u",
        "your": "uw",
        "about": "u",
        "are": "u bekend bent",
        "can": "U kunt",
        "want": "Wilt u",
        "what": "Wat kunt u doen?",
    },
    "young": {
        "salutation": "Beste lezer,",
        "you": "je",
        "your": "jouw",
        "about": "jou",
        "are": "jij bekend bent",
        "can": "Je kunt",
        "want": "Wil je",
        "what": "Wat kun je doen?",
    },
    "for_a_child": {
        "salutation": "Geachte heer of mevrouw,",
        "you": "u",
        "your": "de",
        "about": "de persoon die u vertegenwoordigt",
        "are": "deze persoon bekend is",
        "can": "U kunt",
        "want": "Wilt u",
        "what": "Wat kunt u doen?",
    },
}


def told_of(
    disclosures: Sequence[tuple[Organisation, str, Sequence[str], date]],
) -> tuple[AskedOrganisation, ...]:
    """What a letter tells of these: holder, purpose, bases and day of each; one row per holder, in their
    order of first asking.
    """
    rows: dict[Organisation, AskedOrganisation] = {}
    for holder, purpose, bases, moment in disclosures:
        before = rows.get(holder, AskedOrganisation(holder, (), (), ()))
        rows[holder] = AskedOrganisation(
            holder,
            tuple(dict.fromkeys((*before.purposes, purpose))),
            tuple(dict.fromkeys((*before.bases, *bases))),
            tuple(dict.fromkeys((*before.days, moment))),
        )
    return tuple(rows.values())
