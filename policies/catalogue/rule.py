"""A row of the matrix."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from policies.catalogue.strict import Codes, Count, Row, Text

RuleMode = Literal["automatic", "human", "refuse"]


@dataclass(frozen=True)
class About:
    """What a row says of one subject role.

    `dual_role`: only when the dual role is motivated (C17); for a refusing row: not then.
    """

    ages: tuple[str, ...]
    dual_role: bool
    answer_codes: tuple[str, ...]
    obligations: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One row. `cells`: the (requester, question) pairs it speaks of. `legal_bases`: by requester. A refusing
    row gives a `reason`; one about what no question can ask (B05, B06) has no cells and no subjects.
    `by_hand_for`: purposes of an automatic row for which a person answers all the same.
    `valid_from`, `valid_until`: the first and the last day on which it holds; None: without end.
    """

    code: str
    source: str
    status: str
    version: int
    valid_from: date
    valid_until: date | None
    reviewed_by: str | None
    reviewed_on: date | None
    mode: RuleMode
    by_hand_for: tuple[str, ...]
    cells: frozenset[tuple[str, str]]
    subjects: Mapping[str, About]
    reason: str | None
    purposes: tuple[str, ...]
    conditions: tuple[str, ...]
    legal_bases: Mapping[str, tuple[str, ...]]
    answer_codes: tuple[str, ...]
    desk: bool
    deadline: str | None
    obligations: tuple[str, ...]
    retention: tuple[str, ...]

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class _Permitted(Row):
    ages: Codes
    dual_role: bool
    answer_codes: Codes | None = None
    obligations: Codes


class _Refused(Row):
    ages: Codes
    unless_dual_role: bool


class _EveryRow(Row):
    id: Text
    source: Text
    status: Text
    version: Count
    valid_from: date
    valid_until: date | None = None
    reviewed_by: Text | None
    reviewed_on: date | None


class PermittingRow(_EveryRow):
    mode: Literal["automatic", "human"]
    by_hand_for: Codes = ()
    subjects: Mapping[str, _Permitted]
    purposes: Codes
    conditions: Codes
    legal_bases: Mapping[str, Codes]
    answer_codes: Codes
    desk: bool
    deadline: Literal["human_deadline", "fast_deadline"]
    obligations: Codes
    retention: Codes

    def rule(self, cells: frozenset[tuple[str, str]]) -> Rule:
        return Rule(
            code=self.id,
            source=self.source,
            status=self.status,
            version=self.version,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            reviewed_by=self.reviewed_by,
            reviewed_on=self.reviewed_on,
            mode=self.mode,
            by_hand_for=self.by_hand_for,
            cells=cells,
            subjects={
                role: About(
                    about.ages,
                    about.dual_role,
                    self.answer_codes if about.answer_codes is None else about.answer_codes,
                    about.obligations,
                )
                for role, about in self.subjects.items()
            },
            reason=None,
            purposes=self.purposes,
            conditions=self.conditions,
            legal_bases=self.legal_bases,
            answer_codes=self.answer_codes,
            desk=self.desk,
            deadline=self.deadline,
            obligations=self.obligations,
            retention=self.retention,
        )


class RefusingRow(_EveryRow):
    mode: Literal["refuse"]
    subjects: Mapping[str, _Refused]
    reason: Text

    def rule(self, cells: frozenset[tuple[str, str]]) -> Rule:
        return Rule(
            code=self.id,
            source=self.source,
            status=self.status,
            version=self.version,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            reviewed_by=self.reviewed_by,
            reviewed_on=self.reviewed_on,
            mode=self.mode,
            by_hand_for=(),
            cells=cells,
            subjects={
                role: About(about.ages, about.unless_dual_role, (), ())
                for role, about in self.subjects.items()
            },
            reason=self.reason,
            purposes=(),
            conditions=(),
            legal_bases={},
            answer_codes=(),
            desk=False,
            deadline=None,
            obligations=(),
            retention=(),
        )


RuleRow = Annotated[PermittingRow | RefusingRow, Field(discriminator="mode")]
