"""The letter that tells a person that organisations asked each other about them (docs/law.md, Telling). Pure.

A letter has no field for anybody else: no name, address, answer, reporter or reason of a third person fits in
it. Of a question it says that it was asked whether the person is known there, whatever was asked and whatever
was answered: what more was known, or that something is shielded, is not for a letter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from adapters.node.informing.letters.laws import in_words, law_of
from adapters.node.informing.letters.words import Contact, Organisation, bases_of, category, day, kind_of
from adapters.node.informing.telling import Recipient
from policies.catalogue import Catalogue

TEXT_VERSION = "2026-12.3"
"""Of the words; recorded with every letter."""

LetterReader = Literal["adult", "young", "parent", "guardian", "for_an_adult"]
"""Whom the words speak to: somebody of 18 or older, a child itself, who has custody of a child, its special
guardian, or whoever stands in for an adult.
"""


@dataclass(frozen=True)
class AskedOrganisation:
    """One organisation that was asked, for which purposes, on which bases (codes), and when."""

    holder: Organisation
    purposes: tuple[str, ...]
    bases: tuple[str, ...]
    days: tuple[date, ...]


@dataclass(frozen=True)
class Letter:
    """A letter to one person, or to who stands in for them. `name` is that of the person alone; `reference`
    is what one quotes when calling about it.
    """

    name: str
    reference: str
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
    contact: Contact
    passed_to: tuple[str, ...] = ()
    """Names of other organisations that heard an answer afterwards."""
    circumstances: tuple[str, ...] = ()
    """Of the person, as they were planned with; some need other words."""

    @property
    def title(self) -> str:
        return "Wij vroegen informatie op"

    @property
    def template(self) -> str:
        return "letter.html"

    @property
    def reader(self) -> LetterReader:
        if self.recipient == "special_guardian":
            return "guardian"
        if self.recipient == "representative":
            return "for_an_adult" if self.age_band == "adult" else "parent"
        own = {"from_12_to_15", "from_16_to_17"}  # also alone: who represents the child may be the suspect
        young = self.recipient == "child_and_representative" or self.age_band in own
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
            "law": self._law(catalogue),
            "may_object": self._law(catalogue) not in _WITHOUT_OBJECTION,
            "keeps_files": catalogue.has_duty(self.sender, "chairs"),
            "concept": catalogue.status == "concept",
            "text_version": TEXT_VERSION,
        }

    def _law(self, catalogue: Catalogue) -> str:
        """The law in which the sender's own duties to this person stand."""
        known = catalogue.partners.get(self.sender)
        return "" if known is None else law_of(known.term("access").basis)

    def _row(self, one: AskedOrganisation, catalogue: Catalogue) -> Mapping[str, object]:
        return {
            "holder": kind_of(one.holder.partner, catalogue),
            "name": one.holder.name,
            "category": category(one.holder.partner, catalogue),
            "why": [catalogue.purposes[purpose].why for purpose in one.purposes],
            "laws": in_words(
                article for text in bases_of(one.bases, catalogue) for article in text.split("; ")
            ),
            "unsure": any(_unsure(code, catalogue) for code in one.bases),
            "days": [day(moment) for moment in one.days],
        }


_WITHOUT_OBJECTION = frozenset({law_of("Wpg"), law_of("Wjsg")})
"""Laws that give no right to object."""


def _unsure(code: str, catalogue: Catalogue) -> bool:
    """Whether the hand-out itself says that this basis leaves something uncovered, or a lawyer must look."""
    basis = catalogue.legal_bases.get(code)
    return basis is not None and (basis.gap is not None or bool(basis.open_questions))


_YOU: Mapping[str, str] = {
    "salutation": "Geachte heer of mevrouw,",
    "to": "",
    "you": "u",
    "about": "u",
    "are": "u bekend bent",
    "can": "U kunt",
    "want": "Wilt u",
    "have": "Hebt u",
    "what": "Wat kunt u doen?",
    "rights": "uw rechten",
}
_WORDS: Mapping[LetterReader, Mapping[str, str]] = {
    "adult": _YOU,
    "young": {
        "salutation": "Beste lezer,",
        "to": "",
        "you": "je",
        "about": "jou",
        "are": "jij bekend bent",
        "can": "Je kunt",
        "want": "Wil je",
        "have": "Heb je",
        "what": "Wat kun je doen?",
        "rights": "jouw rechten",
    },
    "parent": {
        **_YOU,
        "to": "de ouder of voogd van",
        "about": "uw kind",
        "are": "uw kind bekend is",
        "rights": "de rechten van uw kind. U kunt ze gebruiken",
    },
    "guardian": {
        **_YOU,
        "to": "de bijzondere curator van",
        "about": "het kind",
        "are": "het kind bekend is",
        "rights": "de rechten van het kind. U kunt ze gebruiken",
    },
    "for_an_adult": {
        **_YOU,
        "to": "de vertegenwoordiger van",
        "about": "de persoon die u vertegenwoordigt",
        "are": "deze persoon bekend is",
        "rights": "de rechten van deze persoon. U kunt ze gebruiken",
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
