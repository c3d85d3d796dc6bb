"""What was kept long enough goes, and nothing else; what stays is proven as before."""

import asyncio
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.book import Book
from audit.entry import Entry, time_of
from audit.errors import CaseHeld, CaseTaken, NothingKept
from audit.kinds import Kind
from audit.retention import Forgetting, Kept, Retention
from audit.tables import subjects
from audit.trail import Trail
from tests.audit.books import AT, Books
from tests.audit.test_book import PERMIT, remade

YEARS_5 = timedelta(days=1827)
HALF_A_YEAR = timedelta(days=183)
LONG_AFTER = AT + timedelta(days=40_000)  # the clock of a reader, after all that is played here


@dataclass
class Clock:
    now: datetime = AT

    def __call__(self) -> datetime:
        return self.now

    def add(self, **given: float) -> None:
        self.now += timedelta(**given)


@dataclass
class Party:
    """A trail with its book, its retention, and what else the party keeps."""

    trail: Trail
    clock: Clock
    cases: set[str] = field(default_factory=set)
    mapping: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.book = Book(self.trail, joint=True)
        self.retention = Retention(
            self.trail,
            self.book,
            now=self.clock,
            keep_entries=YEARS_5,
            keep_workspace=HALF_A_YEAR,
            forgetting=Forgetting(
                cases=lambda _, refs: self.cases.difference_update(refs),
                subject=lambda _, ref: self.mapping.discard(ref),
            ),
        )

    async def asked(self, case_ref: str, subject_ref: str) -> None:
        self.cases.add(case_ref)
        self.mapping.add(subject_ref)
        await self.trail.append(
            [
                Entry(Kind.INQUIRY, {"case_ref": case_ref}),
                Entry(
                    Kind.PERMIT,
                    {**PERMIT, "case_ref": case_ref},
                    subject_ref=subject_ref,
                    sealed={"input": subject_ref},
                ),
            ]
        )

    async def beat(self) -> None:
        """An entry that stays: what stands before it can go when it is old enough itself."""
        await self.trail.append([Entry(Kind.TIMESTAMP)])

    async def told(self, case_ref: str) -> None:
        for one in await self.book.find(case_ref=case_ref, live=True):
            covers = [row.permit for row in one.disclosures]
            facts = {"obligation": one.id, "case_ref": case_ref, "proof": "aa", "covers": covers}
            await self.book.step(Entry(Kind.DELIVERY, facts, subject_ref=one.subject_ref))

    async def leaves(self) -> list[dict[str, Any]]:
        return [one.recorded.facts async for one in self.trail.entries()]


def kept(books: Books, act: Any) -> None:
    clock = Clock()

    async def go(trail: Trail) -> None:
        await act(Party(trail, clock))

    books.run(go, now=clock)


def test_a_case_goes_whole_and_later_proofs_stay(books: Books) -> None:
    earlier: list[str] = []

    async def go(party: Party) -> None:
        await party.asked("old", "man")
        await party.told("old")
        await party.beat()
        party.clock.add(days=400)
        await party.asked("new", "woman")
        earlier.append(party.trail.checkpoint())
        before = await party.trail.prove([4, 5])
        party.clock.add(days=1500)
        assert await party.retention.run() == Kept(pruned=3, erased=0, held=0)
        after = await party.trail.prove([4, 5])
        assert after.leaves == before.leaves
        assert party.cases == {"new"}
        assert {one["case_ref"] for one in await party.leaves() if "case_ref" in one} == {"new"}
        with pytest.raises(ValueError, match="any more"):
            await party.trail.prove([1])
        assert await party.trail.read(lambda store: len(store.execute(subjects.select()).all())) == 1
        assert await party.retention.run() == Kept(pruned=0, erased=0, held=0)
        [one] = await party.book.find()
        await remade(party.trail, party.book)
        assert await party.book.find() == [one]

    kept(books, go)
    report = books.verified(*earlier, now=LONG_AFTER)
    assert (report.outcome, report.findings, report.pruned) == (0, [], 3)


def test_who_must_still_be_told_is_not_forgotten(books: Books) -> None:
    """However old: a case goes only when everybody in it was told."""

    async def go(party: Party) -> None:
        await party.asked("case", "man")
        await party.beat()
        party.clock.add(days=4000)
        assert (await party.retention.run()).pruned == 0
        await party.told("case")
        assert (await party.retention.run()).pruned == 0  # being told is an entry of the case, and young
        party.clock.add(days=1828)
        # the run before left an entry, which is old by now: that shows the age of what stands before it
        assert (await party.retention.run()).pruned == 3
        assert await party.book.find() == []

    kept(books, go)


def test_a_hold_keeps_a_case(books: Books) -> None:
    async def go(party: Party) -> None:
        await party.asked("case", "man")
        await party.told("case")
        await party.retention.hold("case", by="fg-1", ground="criminal_procedure")
        await party.beat()
        party.clock.add(days=2000)
        assert await party.retention.run() == Kept(pruned=0, erased=0, held=1)
        with pytest.raises(CaseHeld):
            await party.retention.erase("man", reason="request", by="fg-0042")
        assert party.mapping == {"man"}
        await party.retention.lift("case", by="fg-1")
        erased = await party.retention.erase("man", reason="request", by="fg-0042")
        assert erased.facts["by"] == "fg-0042"
        assert party.mapping == set()
        party.clock.add(days=1828)
        assert (await party.retention.run()).pruned == 5

    kept(books, go)


def test_a_closed_case_loses_its_persons_after_half_a_year(books: Books) -> None:
    async def go(party: Party) -> None:
        for case_ref, subject_ref in (("told", "man"), ("not-told", "woman"), ("again", "child")):
            await party.asked(case_ref, subject_ref)
            if case_ref != "not-told":
                await party.told(case_ref)
            await party.trail.append([Entry(Kind.CLOSURE, {"case_ref": case_ref})])
        await party.trail.append([Entry(Kind.ASSIGNMENT, {"case_ref": "again"})])
        party.clock.add(days=184)
        assert await party.retention.run() == Kept(pruned=0, erased=1, held=0)
        assert party.mapping == {"woman", "child"}
        assert (await party.retention.run()).erased == 0
        assert len([one for one in await party.leaves() if one["kind"] == "permit"]) == 3

    kept(books, go)
    report = books.verified(now=LONG_AFTER)
    assert (report.outcome, report.erased) == (0, 1)


def test_a_case_that_is_taken_up_meanwhile_stays(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go(party: Party) -> None:
        await party.asked("case", "man")
        await party.told("case")
        await party.beat()
        party.clock.add(days=2000)
        look = party.retention._look

        async def looked() -> Any:
            seen = await look()
            await party.trail.append([Entry(Kind.HOLD, {"case_ref": "case", "by": "fg", "ground": "x"})])
            return seen

        monkeypatch.setattr(party.retention, "_look", looked)
        assert (await party.retention.run()).pruned == 0
        with pytest.raises(CaseTaken):
            await party.retention._erase("man", "request", 0, ["case"], kept=True)
        assert party.cases == {"case"}
        assert len(await party.trail.at([0, 1, 2])) == 3

    kept(books, go)


def test_entries_of_other_cases_are_recorded_while_it_runs(books: Books) -> None:
    async def go(party: Party) -> None:
        for number in range(30):
            await party.asked(f"old-{number}", f"subject-{number}")
            await party.told(f"old-{number}")
        await party.beat()
        party.clock.add(days=2000)
        async with asyncio.TaskGroup() as group:
            run = group.create_task(party.retention.run())
            for number in range(30):
                group.create_task(party.asked(f"new-{number}", f"subject-{number}"))
        assert run.result().pruned == 90
        permits = [one async for one in party.trail.entries() if one.recorded.kind == "permit"]
        assert len(permits) == 30
        assert all(one.part is not None for one in permits)  # the same references: their keys live

    kept(books, go)
    assert books.verified(now=LONG_AFTER).outcome == 0


def test_what_was_pruned_is_not_in_the_files(sqlite_books: Books) -> None:
    async def go(party: Party) -> None:
        await party.asked("case-needle", "subject-needle")
        await party.told("case-needle")
        await party.beat()
        party.clock.add(days=2000)
        assert (await party.retention.run()).pruned == 3

    kept(sqlite_books, go)
    for file in Path(sqlite_books.folder).iterdir():
        assert b"needle" not in file.read_bytes(), file.name


def _report(books: Books, *, before: str, spoil: str) -> Any:
    """The report on a trail whose database was spoiled by this statement."""
    database = books.url.removeprefix("sqlite:///")
    with sqlite3.connect(database) as store:
        store.execute(spoil, (before,) if before else ())
    return books.verified()


def test_entries_that_were_emptied_without_saying_so_are_missing(sqlite_books: Books) -> None:
    async def go(party: Party) -> None:
        for number in range(4):
            await party.asked(f"case-{number}", "man")
        party.clock.add(days=2000)
        await party.told("case-0")

    kept(sqlite_books, go)
    report = _report(
        sqlite_books, before="", spoil="UPDATE trail_entries SET leaf = x'' WHERE position IN (2, 3)"
    )
    assert report.outcome == 1
    assert report.findings[0] == "Regels 2 tot en met 3 ontbreken."


NOW = AT + timedelta(days=2_000)
OLD = time_of(NOW - YEARS_5)


@pytest.mark.parametrize(
    ("before", "at"),
    [
        ("9999-01-01T00:00:00.000Z", NOW),  # allows everything
        ("2000-01-01T00:00:00.000Z", NOW),  # older than any line here
        (time_of(NOW - timedelta(days=300)), NOW),  # younger than the law allows
        (OLD, NOW),  # may be, but the line behind it is younger
        ("~", NOW),
        (time_of(NOW + timedelta(days=5_000)), NOW + timedelta(days=9_000)),  # of the future
    ],
)
def test_an_insider_who_prunes_what_is_young_is_seen(sqlite_books: Books, before: str, at: datetime) -> None:
    """With the log's own key: at the beginning, in the middle, and behind an old line."""
    clock = Clock()

    async def go(party: Party) -> None:
        await party.asked("one", "man")
        party.clock.now = NOW - timedelta(days=10)
        await party.asked("two", "woman")
        await party.asked("three", "child")
        party.clock.now = at
        await party.trail.prune([2, 3], {"before": before, "cases": 1}, lambda _, __: None)

    async def play(trail: Trail) -> None:
        await go(Party(trail, clock))

    sqlite_books.run(play, now=clock)
    report = sqlite_books.verified(now=NOW)
    assert report.outcome == 1
    assert "nog niet weg mochten" in " ".join(report.findings)


def test_without_an_old_line_behind_it_nothing_goes_yet(sqlite_books: Books) -> None:
    """Nobody could see how old it was; the entry of this run shows that in its turn."""

    async def go(party: Party) -> None:
        await party.asked("case", "man")
        await party.told("case")
        party.clock.add(days=2_000)
        await party.asked("new", "woman")
        assert (await party.retention.run()).pruned == 0
        party.clock.add(days=1_900)
        assert (await party.retention.run()).pruned == 3

    kept(sqlite_books, go)
    assert sqlite_books.verified(now=LONG_AFTER).outcome == 0


def test_a_hold_on_nothing_is_said(sqlite_books: Books) -> None:
    """A case that was mistyped is not held, and a subject not erased: that must not look as if it was."""

    async def go(party: Party) -> None:
        await party.asked("case", "man")
        with pytest.raises(NothingKept):
            await party.retention.hold("cas", by="fg", ground="x")
        with pytest.raises(NothingKept):
            await party.retention.lift("case", by="fg")
        with pytest.raises(NothingKept):
            await party.retention.erase("men", reason="request", by="fg-0042")
        assert party.trail.size() == 2

    kept(sqlite_books, go)


_histories = st.lists(
    st.tuples(st.sampled_from(["ask", "tell", "hold", "lift", "close", "wait"]), st.integers(0, 3)),
    max_size=40,
)


@given(moves=_histories)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_whatever_happens_only_what_is_over_goes(sqlite_books: Books, moves: list[tuple[str, int]]) -> None:
    """No run changes what must still be told, or takes from a held case; the trail stays whole."""

    async def go(party: Party) -> None:
        held: set[str] = set()
        start = party.trail.size()
        for move, number in moves:
            case_ref = f"case-{start}-{number}"
            match move:
                case "ask":
                    await party.asked(case_ref, f"subject-{start}-{number}")
                case "tell":
                    await party.told(case_ref)
                case "hold":
                    with suppress(NothingKept):
                        await party.retention.hold(case_ref, by="fg", ground="x")
                        held.add(case_ref)
                case "lift":
                    with suppress(NothingKept):
                        await party.retention.lift(case_ref, by="fg")
                        held.discard(case_ref)
                case "close":
                    await party.trail.append([Entry(Kind.CLOSURE, {"case_ref": case_ref})])
                case _:
                    await party.beat()
                    party.clock.add(days=300 * (number + 1))
                    live = await party.book.find(live=True)
                    whole = [one for one in await party.leaves() if one.get("case_ref") in held]
                    await party.retention.run()
                    assert await party.book.find(live=True) == live
                    assert [one for one in await party.leaves() if one.get("case_ref") in held] == whole
                    await remade(party.trail, party.book)
                    assert await party.book.find(live=True) == live

    kept(sqlite_books, go)
    assert sqlite_books.verified(now=LONG_AFTER).outcome == 0
