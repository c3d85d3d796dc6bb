"""Invariant 10: after erasure the person's part is unrecoverable, and every old proof still verifies."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from audit.database import engine
from audit.entry import Entry
from audit.errors import TrailUnavailable
from audit.kinds import Kind
from audit.receipt import verify_receipt
from audit.report import WHOLE
from audit.subject_keys import SubjectKeys
from audit.tables import doomed, parts
from audit.trail import Proven, Trail
from tests.audit.books import Books, played

MARK = "Wilhelmina"


def about(subject_ref: str) -> Entry:
    return Entry(Kind.ANSWER, {"case_ref": "c"}, subject_ref=subject_ref, sealed={"answer": MARK})


def holds(books: Books, proven: Proven) -> None:
    checkpoint = books.checkpoint(proven.checkpoint)
    for position, (leaf, proof) in enumerate(zip(proven.leaves, proven.proofs, strict=True)):
        verify_receipt(leaf, position, proof, checkpoint)


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.sqlite*")))


async def contents(trail: Trail) -> list[object]:
    return [
        "erased" if one.erased else (one.part or {}).get("answer")
        async for one in trail.entries()
        if one.recorded.kind == "answer"
    ]


def test_the_part_is_gone_and_everything_that_was_proven_still_holds(books: Books) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            await trail.append([about("man"), about("woman"), about("man")])
            before = await trail.prove([0, 1, 2])
            erasure = await trail.erase("man", "retention")
            assert erasure.kind == "erasure"
            assert erasure.facts["erased"] == [0, 2]
            assert "man" not in erasure.leaf.decode()
            assert await contents(trail) == ["erased", MARK, "erased"]
            assert {at: one.part for at, one in (await trail.at([0, 1])).items()} == {
                0: None,
                1: {"answer": MARK},
            }
            holds(books, before)
            after = await trail.prove([0, 1, 2])
            holds(books, after)
            assert after.leaves == before.leaves
        async with books.opened() as trail:
            assert await contents(trail) == ["erased", MARK, "erased"]
        report = books.verified(before.checkpoint)
        assert (report.outcome, report.parts, report.erased) == (WHOLE, 1, 2)

    played(run())


def test_what_comes_after_an_erasure_gets_a_key_of_its_own(books: Books) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            await trail.append([about("man")])
            await trail.erase("man", "request")
            await trail.append([about("man")])
            assert await contents(trail) == ["erased", MARK]
        async with books.opened() as trail:
            assert await contents(trail) == ["erased", MARK]
        assert books.verified().outcome == WHOLE

    played(run())


def test_another_process_that_knew_the_key_gets_a_fresh_one_too(books: Books) -> None:
    async def run() -> None:
        async with books.opened() as one, books.opened() as other:
            await one.append([about("man")])
            await other.append([about("man")])  # now both remember the key
            await one.erase("man", "request")
            await other.append([about("man")])
        async with books.opened() as trail:
            assert await contents(trail) == ["erased", "erased", MARK]
        assert books.verified().outcome == WHOLE

    played(run())


def test_nobody_known_is_erased_too(books: Books) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            assert (await trail.erase("nobody", "request")).facts["erased"] == []

    played(run())
    assert books.verified().outcome == WHOLE


def test_more_parts_than_one_entry_can_name(sqlite_books: Books) -> None:
    async def run() -> None:
        async with sqlite_books.opened() as trail:
            await trail.append([about("man") for _ in range(4_500)])
            await trail.erase("man", "retention")

    played(run())
    report = sqlite_books.verified()
    assert (report.outcome, report.erased, report.kinds["erasure"]) == (WHOLE, 4_500, 3)


def test_parts_that_come_in_meanwhile_are_erased_or_stay_readable(books: Books) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            await trail.append([about("man")])

            async def write() -> None:
                for _ in range(40):
                    await trail.append([about("man"), about("woman")])

            async def erase() -> None:
                for _ in range(8):
                    await trail.erase("man", "request")

            await asyncio.gather(write(), write(), erase())
            found = await contents(trail)
            assert len(found) == 161
            assert set(found) <= {"erased", MARK}
            await trail.erase("man", "request")
            assert (await contents(trail)).count(MARK) == 80
        assert books.verified().outcome == WHOLE

    played(run())


def test_no_byte_of_part_or_key_is_left_in_the_files(sqlite_books: Books) -> None:
    async def run() -> None:
        async with sqlite_books.opened() as trail:
            await trail.append([about("man"), about("woman")])
            rows = await trail.read(
                lambda store: store.execute(select(parts).order_by(parts.c.position)).all()
            )
            keys = engine(sqlite_books.keys_url, writes=False)
            with keys.connect() as connection:
                wrapped = {
                    row.id: row.wrapped
                    for row in connection.execute(text("SELECT id, wrapped FROM subject_keys"))
                }
            keys.dispose()
            secrets = [(row.salt, row.sealed, wrapped[row.key_id]) for row in rows]
            for secret in (*secrets[0], *secrets[1]):
                assert secret in bytes_in(sqlite_books.folder)
            await trail.erase("man", "retention")
            for secret in secrets[0]:
                assert secret not in bytes_in(sqlite_books.folder)
            for secret in secrets[1]:
                assert secret in bytes_in(sqlite_books.folder)
            assert MARK.encode() not in bytes_in(sqlite_books.folder)

    played(run())


def test_an_erasure_that_was_cut_short_is_finished_at_the_next_start(books: Books) -> None:
    """The entry was durable, and the process ended before the key was destroyed."""

    async def run() -> None:
        async with books.opened() as trail:
            await trail.append([about("man")])
            number = await trail.read(lambda store: store.execute(select(parts.c.key_id)).scalar_one())
        made = engine(books.url, writes=True)
        with made.begin() as connection:
            connection.execute(insert(doomed), {"key_id": number})
        made.dispose()
        async with books.opened() as trail:
            assert await contents(trail) == ["erased"]
        keys = SubjectKeys(books.keys_url, books.kek)
        assert keys.read({number}) == {}
        keys.close()

    played(run())


def test_an_erasure_that_cannot_be_recorded_erases_nothing(sqlite_books: Books) -> None:
    async def run() -> None:
        async with sqlite_books.opened() as trail:
            await trail.append([about("man")])
            await trail.append([], lambda store, _: store.exec_driver_sql("PRAGMA query_only=ON").close())
            with pytest.raises(TrailUnavailable):
                await trail.erase("man", "retention")
            assert await contents(trail) == [MARK]

    played(run())
