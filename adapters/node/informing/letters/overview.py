"""The overview that a person gets on request: what was asked about them, by whom, when, why, under which
rule. Pure.

What may not be told yet is left out without a trace and comes when its ground ends. The overview always says
that this can be so, also when it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from adapters.node.informing.letters.laws import in_words
from adapters.node.informing.letters.words import Contact, Organisation, day, kind_of
from contract.words import OBLIGATIONS
from policies.catalogue import Catalogue


@dataclass(frozen=True)
class AskedAbout:
    """One question as its subject may know it."""

    at: date
    asker: Organisation
    holder: Organisation
    purpose: str
    rule: str
    bases: tuple[str, ...]
    told: bool
    passed_to: tuple[str, ...] = ()
    """Names of other organisations that heard the answer."""


@dataclass(frozen=True)
class Overview:
    """All of one person that may be shown. `size` and `root` name the state of the trail that it
    was taken from.
    """

    name: str
    reference: str
    """Of the request that it answers."""
    sender: str
    sender_name: str
    desk: str
    phone: str
    hours: str
    written_on: date
    asked: tuple[AskedAbout, ...]
    size: int
    root: str
    contact: Contact

    @property
    def title(self) -> str:
        return "Overzicht van wat over u is gevraagd"

    @property
    def template(self) -> str:
        return "overview.html"

    def fields(self, catalogue: Catalogue) -> Mapping[str, object]:
        """For the template, with names from the catalogue."""
        return {
            "overview": self,
            "written_on": day(self.written_on),
            "concept": catalogue.status == "concept",
            "sender": kind_of(self.sender, catalogue),
            "rows": [
                {
                    "day": day(one.at),
                    "asker": one.asker.name,
                    "holder": one.holder.name,
                    "passed_to": one.passed_to,
                    "why": catalogue.purposes[one.purpose].why,
                    "rule": one.rule,
                    "bases": "; ".join(
                        in_words(article for text in one.bases for article in text.split("; "))
                    ),
                    "state": OBLIGATIONS["met" if one.told else "open"].told,
                }
                for one in self.asked
            ],
        }
