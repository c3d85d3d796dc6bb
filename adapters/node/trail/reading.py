"""Who of this partner may read what of its trail (docs/law.md), and that reading is an entry too.

Deny by default: a role that is not in `SCOPES` reads nothing. Nobody reads to judge staff or for opsporing;
that is what `purpose` in each `reading` is held against.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from adapters.node.asking import enrichments
from audit.entry import Entry, Recorded
from audit.errors import VerifyError
from audit.kinds import Kind, readable
from audit.selection import Selection
from audit.tables import entries, leaves
from audit.trail import Trail
from contract.problems import NotAllowed
from party.bearer import FG, PRIVACY_OFFICER, SECURITY_OFFICER, Colleague

ReadingPurpose = Literal[
    "lawfulness", "internal_control", "integrity", "criminal_procedure", "request_of_person", "complaint"
]
"""Wpg 32a(2), and requests and complaints of the person."""

MOST_READ = 500
_PAGE = 2_000
_LOOKED_AT = 20_000  # entries in one turn: who reads on, asks on


@dataclass(frozen=True)
class Scope:
    """`kinds`: only these kinds of entries (None: all); `parts`: with what is sealed; `own_cases`: only of
    cases that the reader works on.
    """

    kinds: frozenset[Kind] | None = None
    parts: bool = False
    own_cases: bool = False


SCOPES: Mapping[str, Scope] = {
    FG: Scope(parts=True),
    PRIVACY_OFFICER: Scope(parts=True),
    SECURITY_OFFICER: Scope(kinds=readable("security_officer")),
    "chair": Scope(kinds=readable("chair"), own_cases=True),
}
"""By role; with more than one, the widest of them counts, in this order."""


@dataclass(frozen=True)
class Line:
    position: int
    facts: dict[str, Any]
    part: Mapping[str, Any] | None
    erased: bool = False
    damaged: bool = False


@dataclass(frozen=True)
class Lines:
    """`next_after`: from which position on there may be more; None: that was all."""

    lines: tuple[Line, ...]
    next_after: int | None


class Reading:
    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    async def search(
        self, selection: Selection, purpose: ReadingPurpose, after: int, person: Colleague
    ) -> Lines:
        """Entries that fit, from this position on; that they were read, by whom and what for, is an entry
        first. Raises NotAllowed, TrailUnavailable.
        """
        scope = scope_of(person)
        wanted = await self._within(selection, scope, person)
        size = self._trail.size()
        chosen, place = await self._chosen(wanted, after, min(after + _LOOKED_AT, size))
        facts = {
            "user": person.user,
            "purpose": purpose,
            "selection": selection.as_json(),
            "after": after,
            "lines": len(chosen),
        }
        await self._trail.append([Entry(Kind.READING, facts)])
        lines = [await self._line(one, scope) for one in chosen]
        return Lines(tuple(lines), place if place < size else None)

    async def _chosen(self, wanted: Selection, after: int, stop: int) -> tuple[list[Recorded], int]:
        """What is wanted between these positions, and where to go on; nothing is opened."""
        chosen: list[Recorded] = []
        for first in range(after, stop, _PAGE):
            here = entries.c.position.between(first, min(first + _PAGE, stop) - 1)
            for one in await self._trail.scan(lambda store, here=here: list(leaves(store, here))):  # type: ignore[misc]
                if wanted.selects(one.facts):
                    chosen.append(one)
                    if len(chosen) == MOST_READ:
                        return chosen, one.position + 1
        return chosen, stop

    async def _line(self, one: Recorded, scope: Scope) -> Line:
        """With its part, for who may read that. One that does not open is shown as damaged: the FG must see
        it.
        """
        if not scope.parts or "part" not in one.facts:
            return Line(one.position, one.facts, None)
        try:
            opened = (await self._trail.at([one.position]))[one.position]
        except VerifyError:
            return Line(one.position, one.facts, None, damaged=True)
        return Line(one.position, one.facts, opened.part, opened.erased)

    async def _within(self, selection: Selection, scope: Scope, person: Colleague) -> Selection:
        """What of this selection is within the scope. Raises NotAllowed when a case is not."""
        if scope.own_cases:
            if not selection.cases:
                raise NotAllowed
            for ref in selection.cases:
                case = await self._trail.read(lambda store, ref=ref: enrichments.load_case(store, ref))  # type: ignore[misc]
                if case is None or person.user not in case.assigned:
                    raise NotAllowed(case_ref=None if case is None else ref)
        if scope.kinds is None:
            return selection
        kinds = scope.kinds.intersection(selection.kinds or scope.kinds)
        if not kinds:
            raise NotAllowed
        return replace(selection, kinds=tuple(sorted(kinds)))


def scope_of(person: Colleague) -> Scope:
    """Raises NotAllowed for whoever may read nothing."""
    if person.mandated:
        for role, scope in SCOPES.items():
            if role in person.roles:
                return scope
    raise NotAllowed
