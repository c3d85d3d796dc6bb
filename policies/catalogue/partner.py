"""A kind of partner: its names, what it does in the chain, and the law that it is under.

All that differs between kinds stands here, so that one more kind is data.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from policies.catalogue.strict import STRICT, Once, Text
from policies.catalogue.texts import Named

Duty = Literal["chairs", "prosecutes", "accepts"]
"""What only some do. `chairs`, one kind alone: states any case, and may defer for its own investigation.
`prosecutes`, one kind alone: may let the notice of others wait for a criminal investigation. `accepts`:
accepts a case in a Zorg- en Veiligheidshuis (WGS 2.31)."""

SHARED: frozenset[Duty] = frozenset({"accepts"})
"""Duties that more than one kind may have."""

RequestedRight = Literal["access", "rectification", "erasure", "restriction", "objection"]
"""What a person can ask about the own data."""


@dataclass(frozen=True, config=STRICT)
class Term:
    """In which time to answer a person, by how much it can be extended once, and the law that says so."""

    months: Annotated[int, Field(ge=0)]
    days: Annotated[int, Field(ge=0)]
    more_months: Annotated[int, Field(ge=0)]
    more_days: Annotated[int, Field(ge=0)]
    basis: Text

    def due(self, received: date) -> date:
        return _later(received, self.months, self.days)

    def extended(self, received: date) -> date:
        return _later(received, self.months + self.more_months, self.days + self.more_days)


def _has_each(terms: Mapping[str, Term]) -> Mapping[str, Term]:
    if "each" not in terms:
        raise ValueError("has no 'each': the term of what has none of its own")
    return terms


@dataclass(frozen=True, config=STRICT)
class PartnerKind(Named):
    """`short`: in a table. `in_sentence`: as in "bij ... is gevraagd". `asked_about`: the kind of data, for a
    letter. `answers_by_machine`, `about_victims`, `about_minors`: whether any row may permit that of this
    holder. `requests`: the term per request of a person; `each` for what has none of its own.
    """

    short: Text
    in_sentence: Text
    asked_about: Text
    duties: Annotated[tuple[Duty, ...], Once]
    answers_by_machine: bool
    about_victims: bool
    about_minors: bool
    requests: Annotated[Mapping[Literal["each", RequestedRight], Term], AfterValidator(_has_each)]

    def term(self, asked: RequestedRight) -> Term:
        """In which a request for this must be answered."""
        return self.requests.get(asked, self.requests["each"])


def _later(day: date, months: int, days: int) -> date:
    """So many months later, at the last day of a month that is shorter (Regulation 1182/71, article 3)."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1)) + timedelta(days=days)
