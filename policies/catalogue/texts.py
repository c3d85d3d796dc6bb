"""Codes with what people read for them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from policies.catalogue.strict import STRICT, Codes, Once, Text


@dataclass(frozen=True, config=STRICT)
class Named:
    """A code with its names."""

    code: str
    nl: Text
    en: Text


@dataclass(frozen=True, config=STRICT)
class PermitObligation(Named):
    """What a permit obliges to. `stated_by`: it is met by words, of the holder's official who releases the
    answer, or of the asker (or else of that official); None: it is met in another way. `by_person`: only a
    person at the holder meets it, before the answer goes: never part of an automatic answer.
    """

    stated_by: Literal["asker", "official"] | None
    by_person: bool


@dataclass(frozen=True, config=STRICT)
class Fact(Named):
    """A field of an input. `may_change`: somebody could truthfully make it otherwise, by an act; the rest is
    as it is. `weighs`: what it says can decide; else only that it was filled in. `values`: names of values
    that have none elsewhere.
    """

    may_change: bool
    weighs: bool = True
    values: Mapping[str, Named] = Field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class Purpose(Named):
    """Why one may ask, and in which stages of a case. `why`: as a letter tells it."""

    why: Text
    stages: Codes
    acute_danger: bool


Called = Literal["holder", "chairs", "accepts"]
"""Whom to call: the holder that was asked, or the parties of the case's region with this duty."""


@dataclass(frozen=True, config=STRICT)
class WayOut:
    """Where the way out of a reason begins. `operations`: of the node's API, as method and path under `/v1`,
    for the asker or a colleague.
    """

    operations: Codes
    calls: Annotated[tuple[Called, ...], Once]


@dataclass(frozen=True, config=STRICT)
class ReasonText:
    """What people read for a reason, a state or a refused document. A reason always has a way out, and says
    where that begins.
    """

    code: str
    text_nl: Text
    text_en: Text
    way_out_nl: Text | None
    way_out_en: Text | None
    way_out: WayOut | None = Field(default=None, kw_only=True)
    citations: Codes
    comes_from: Codes = Field(alias="from")


@dataclass(frozen=True, config=STRICT)
class LegalBasis:
    """A named set of articles, with the open questions of the hand-out's section 14. `gap`: what it leaves
    uncovered.
    """

    code: str
    articles: Codes
    open_questions: Codes
    gap: Named | None

    @property
    def text(self) -> str:
        return "; ".join(self.articles)
