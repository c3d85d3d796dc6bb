"""Who of this partner may read what of its trail (handout.md 12), and that reading is an entry too.

Deny by default: a role that is not in `SCOPES` reads nothing. Nobody reads to judge staff or for opsporing;
that is what `purpose` in each `reading` is held against.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from adapters.contract.problems import NotAllowed
from adapters.node import enrichments
from adapters.node.bearer import ASKING, FG, PRIVACY_OFFICER, SECURITY_OFFICER, Person
from audit.entry import Entry
from audit.selection import Selection
from audit.trail import Trail

Purpose = Literal[
    "lawfulness", "internal_control", "integrity", "criminal_procedure", "request_of_person", "complaint"
]
"""Wpg 32a(2), and requests and complaints of the person."""

MOST_READ = 500
_LOOKED_AT = 20_000  # entries in one turn: who reads on, asks on

TECHNICAL = frozenset(
    {"started", "export", "timestamp", "misdeed", "comparison", "pruning", "erasure", "reading", "release"}
)
OF_CASES = frozenset(
    {
        "case",
        "assignment",
        "closure",
        "permit",
        "refusal",
        "plan",
        "notice",
        "delivery",
        "failure",
        "deferral",
        "resumption",
        "coverage",
        "omission",
        "reopening",
        "reminder",
    }
)
"""Of cases and duties to inform; who of the staff looked at what is not in it."""


@dataclass(frozen=True)
class Scope:
    """`kinds`: only these kinds of entries (None: all); `parts`: with what is sealed; `own_cases`: only of
    cases that the reader works on.
    """

    kinds: frozenset[str] | None = None
    parts: bool = False
    own_cases: bool = False


SCOPES: Mapping[str, Scope] = {
    FG: Scope(parts=True),
    PRIVACY_OFFICER: Scope(parts=True),
    SECURITY_OFFICER: Scope(kinds=TECHNICAL),
    **dict.fromkeys(sorted(ASKING), Scope(kinds=OF_CASES, own_cases=True)),
}
"""By role; with more than one, the widest of them counts, in this order."""


@dataclass(frozen=True)
class Line:
    position: int
    facts: dict[str, Any]
    part: Mapping[str, Any] | None
    erased: bool


@dataclass(frozen=True)
class Lines:
    """`next_after`: from which position on there may be more; None: that was all."""

    lines: tuple[Line, ...]
    next_after: int | None


class Reading:
    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    async def search(self, selection: Selection, purpose: Purpose, after: int, person: Person) -> Lines:
        """Entries that fit, from this position on; that they were read, by whom and what for, is an entry
        first. Raises NotAllowed, VerifyError, TrailUnavailable.
        """
        scope = scope_of(person)
        wanted = await self._within(selection, scope, person)
        found: list[Line] = []
        size, place = self._trail.size(), after
        async for one in self._trail.entries(after, min(after + _LOOKED_AT, size)):
            place = one.recorded.position + 1
            facts = one.recorded.facts
            if wanted.selects(facts):
                part = one.part if scope.parts else None
                found.append(Line(one.recorded.position, facts, part, one.erased))
            if len(found) == MOST_READ:
                break
        else:
            place = min(after + _LOOKED_AT, size)
        facts = {
            "user": person.user,
            "purpose": purpose,
            "selection": selection.as_json(),
            "after": after,
            "lines": len(found),
        }
        await self._trail.append([Entry("reading", facts)])
        return Lines(tuple(found), place if place < size else None)

    async def _within(self, selection: Selection, scope: Scope, person: Person) -> Selection:
        """What of this selection is within the scope. Raises NotAllowed when a case is not."""
        if scope.own_cases:
            if not selection.cases:
                raise NotAllowed
            for ref in selection.cases:
                case = await self._trail.read(lambda store, ref=ref: enrichments.load_case(store, ref))  # type: ignore[misc]
                if case is None or person.user not in case.assigned:
                    raise NotAllowed
        if scope.kinds is None:
            return selection
        kinds = scope.kinds.intersection(selection.kinds or scope.kinds)
        if not kinds:
            raise NotAllowed
        return replace(selection, kinds=tuple(sorted(kinds)))


def scope_of(person: Person) -> Scope:
    """Raises NotAllowed for whoever may read nothing."""
    if person.mandated:
        for role, scope in SCOPES.items():
            if role in person.roles:
                return scope
    raise NotAllowed
