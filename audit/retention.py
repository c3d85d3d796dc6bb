"""How long a trail keeps what it holds (docs/law.md, Keeping: K1, K3), and what nobody may destroy meanwhile.

- Entries of a case go together, when the newest of them was kept long enough, everybody who must be told in
  it was, and nobody holds it. Taken one by one they would say something else: a permit without the step that
  met its duty is a duty again.
- Only what stands before an entry that stays and is old enough itself goes: by that line whoever verifies
  sees that nothing younger was taken along. Entries without a case stay, but for those in `PASSING`.
- A case that was closed loses what is about persons earlier: sealed parts, keys and the mapping of its
  references, but for parts that are kept as long as their entry (`Entry.kept`). Its entries stay for their
  own time.
- A hold (`hold`, until `hold_lifted`) keeps a case as it is, against erasure on request too.
- Each run is an entry. What was pruned leaves its hash: root and proofs stay as they were.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from audit.book import Book
from audit.entry import Entry, Recorded, time_of
from audit.errors import CaseHeld, CaseTaken, NothingKept
from audit.kinds import PASSING, Kind
from audit.tables import entries, leaves, subjects
from audit.trail import Trail

_TAKEN_UP = frozenset({Kind.CASE, Kind.ASSIGNMENT, Kind.INQUIRY})  # a case is closed no longer
_PAGE = 2_000
_MOST_CASES = 500  # in one transaction


@dataclass(frozen=True)
class Forgetting:
    """What a party keeps besides its trail; each runs in the transaction that destroys.

    `cases`: deletes what is kept of these cases. `subject`: deletes what leads from a person to this
    reference.
    """

    cases: Callable[[Connection, Collection[str]], None] = lambda _, __: None
    subject: Callable[[Connection, str], None] = lambda _, __: None


@dataclass(frozen=True)
class Kept:
    """What a run left: how many entries were pruned, how many subjects erased, how many cases are held."""

    pruned: int
    erased: int
    held: int


@dataclass
class _Case:
    """`positions` of what is old enough; `late`: something of it is not."""

    positions: list[int] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)
    late: bool = False
    held: bool = False
    closed: datetime | None = None


@dataclass
class _Seen:
    """The trail up to `size`, as far as retention goes. `young`: an entry came by that may not go."""

    before: datetime
    size: int
    young: bool = False
    cases: dict[str, _Case] = field(default_factory=dict)
    passing: list[int] = field(default_factory=list)
    old: list[int] = field(default_factory=list)  # what is there and old enough


class Retention:
    """`keep_entries` (K1) and `keep_workspace` (K3, after closure; None: no workspace) are durations."""

    def __init__(
        self,
        trail: Trail,
        book: Book,
        *,
        now: Callable[[], datetime],
        keep_entries: timedelta,
        keep_workspace: timedelta | None = None,
        forgetting: Forgetting,
    ) -> None:
        self._trail = trail
        self._book = book
        self._now = now
        self._keep_entries = keep_entries
        self._keep_workspace = keep_workspace
        self._forgetting = forgetting
        self._running = asyncio.Lock()

    async def run(self) -> Kept:
        """Destroys what was kept long enough, and records that. Cut short, the next run does the rest. Raises
        TrailUnavailable.
        """
        async with self._running:
            seen = await self._look()
            await self._book.catch_up()
            live = await self._trail.scan(self._book.live_cases)
            erased = await self._erase_closed(seen, live)
            pruned = await self._prune(seen, live)
            return Kept(pruned, erased, sum(case.held for case in seen.cases.values()))

    async def hold(self, case_ref: str, *, by: str, ground: str) -> None:
        """From now on nothing of this case is destroyed. Raises NothingKept, TrailUnavailable."""
        if case_ref not in (await self._look()).cases:
            raise NothingKept("Nothing is kept here of such a case.")
        await self._trail.append([Entry(Kind.HOLD, {"case_ref": case_ref, "by": by, "ground": ground})])

    async def lift(self, case_ref: str, *, by: str) -> None:
        """Takes a hold back. Raises NothingKept when there is none, TrailUnavailable."""
        case = (await self._look()).cases.get(case_ref)
        if case is None or not case.held:
            raise NothingKept("Such a case is not held.")
        await self._trail.append([Entry(Kind.HOLD_LIFTED, {"case_ref": case_ref, "by": by})])

    async def erase(self, subject_ref: str, *, reason: str, by: str) -> Recorded:
        """Erases what is about one subject, on request; `by`: who decided. Raises NothingKept, CaseHeld,
        CaseTaken when something about it came in meanwhile or still waits, TrailUnavailable.
        """
        async with self._running:
            seen = await self._look()
            cases = {ref for ref, case in seen.cases.items() if subject_ref in case.subjects}
            if not cases:
                raise NothingKept("Nothing is kept here of such a subject.")
            if any(seen.cases[ref].held for ref in cases):
                raise CaseHeld("The case is held: nothing of it may be destroyed. Lift the hold first.")
            return await self._erase(subject_ref, reason, seen.size, cases, kept=True, by=by)

    async def _erase(
        self,
        subject_ref: str,
        reason: str,
        size: int,
        cases: Collection[str],
        *,
        kept: bool,
        by: str | None = None,
    ) -> Recorded:
        def forget(store: Connection) -> None:
            _verify_left_alone(store, size, cases)
            self._forgetting.subject(store, subject_ref)

        return await self._trail.erase(subject_ref, reason, forget, kept=kept, by=by)

    async def _look(self) -> _Seen:
        seen = _Seen(self._now() - self._keep_entries, self._trail.size())
        for first in range(0, seen.size, _PAGE):
            stop = min(first + _PAGE, seen.size)
            await self._trail.scan(lambda store, first=first, stop=stop: _note(seen, store, first, stop))  # type: ignore[misc]
        return seen

    async def _erase_closed(self, seen: _Seen, live: Collection[str]) -> int:
        """Erases the subjects of cases that were closed long enough ago."""
        if self._keep_workspace is None:
            return 0
        before, count = self._now() - self._keep_workspace, 0
        for ref, case in seen.cases.items():
            if case.closed is None or case.closed >= before or case.held or ref in live:
                continue
            with suppress(CaseTaken):
                for subject_ref in await self._not_erased(case.subjects):
                    await self._erase(subject_ref, "K3", seen.size, {ref}, kept=False)
                    count += 1
        return count

    async def _not_erased(self, refs: Collection[str]) -> list[str]:
        query = select(subjects.c.subject_ref).where(subjects.c.subject_ref.in_(sorted(refs)))
        return await self._trail.scan(lambda store: list(store.execute(query).scalars()))

    async def _prune(self, seen: _Seen, live: Collection[str]) -> int:
        over = [
            (ref, case.positions)
            for ref, case in seen.cases.items()
            if not case.late and not case.held and ref not in live
        ]
        last = _last_to_stay(seen, over)
        over = [(ref, positions) for ref, positions in over if positions[-1] < last]
        groups = [over[place : place + _MOST_CASES] for place in range(0, len(over), _MOST_CASES)]
        count, passing = 0, [position for position in seen.passing if position < last]
        for group in groups or [[]]:
            positions = [*passing, *(position for _, own in group for position in own)]
            facts = {"before": time_of(seen.before), "cases": len(group)}
            forget = self._forgotten(seen.size, [ref for ref, _ in group])
            with suppress(CaseTaken):  # the next run looks again
                await self._trail.prune(positions, facts, forget)
                count, passing = count + len(positions), []
        return count

    def _forgotten(self, size: int, cases: Collection[str]) -> Callable[[Connection, object], None]:
        def forget(store: Connection, _: object) -> None:
            _verify_left_alone(store, size, cases)
            self._book.forget(store, cases)
            self._forgetting.cases(store, cases)

        return forget


def _last_to_stay(seen: _Seen, over: Sequence[tuple[str, Sequence[int]]]) -> int:
    """The last position that is old enough and stays; -1 without one."""
    going = {*seen.passing, *(position for _, positions in over for position in positions)}
    return next((position for position in reversed(seen.old) if position not in going), -1)


def _verify_left_alone(store: Connection, size: int, cases: Collection[str]) -> None:
    """Raises CaseTaken when an entry of these cases stands at this position or later."""
    if any(one.facts.get("case_ref") in cases for one in leaves(store, entries.c.position >= size)):
        raise CaseTaken("Something of the case came in meanwhile. Try again.")


def _note(seen: _Seen, store: Connection, first: int, stop: int) -> None:
    for one in leaves(store, entries.c.position.between(first, stop - 1)):
        facts = one.facts
        at = datetime.fromisoformat(facts["at"])
        seen.young = seen.young or at >= seen.before
        if not seen.young:
            seen.old.append(one.position)
        if "case_ref" in facts:
            _note_case(seen, seen.cases.setdefault(facts["case_ref"], _Case()), one.position, facts, at)
        elif facts["kind"] in PASSING and not seen.young:
            seen.passing.append(one.position)


def _note_case(seen: _Seen, case: _Case, position: int, facts: Mapping[str, Any], at: datetime) -> None:
    if seen.young:
        case.late = True
        case.positions.clear()
    else:
        case.positions.append(position)
    if "subject_ref" in facts:
        case.subjects.add(facts["subject_ref"])
    kind = facts["kind"]
    if kind in {Kind.HOLD, Kind.HOLD_LIFTED}:
        case.held = kind == Kind.HOLD
    elif kind == Kind.CLOSURE:
        case.closed = at
    elif kind in _TAKEN_UP:
        case.closed = None
