"""What a trail promises, on each database."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, event, insert, select, text

from audit import trail as stored
from audit.database import engine
from audit.entry import Entry, Recorded
from audit.errors import TrailError, TrailUnavailable, VerifyError
from audit.kinds import Kind
from audit.migration import KEYS, TRAIL, migrate
from audit.receipt import verify_receipt
from audit.trail import Trail
from tests.audit.books import Books, played, whole
from tests.postgres import Postgres

# a table of somebody who keeps state beside the trail
STATE = Table("state", MetaData(), Column("number", Integer, primary_key=True, autoincrement=False))


def about(subject_ref: str, answer: str = "yes") -> Entry:
    return Entry(Kind.ANSWER, {"case_ref": "case-1"}, subject_ref=subject_ref, sealed={"answer": answer})


def put(number: int) -> Any:
    def change(connection: Connection, recorded: Sequence[Recorded]) -> int:
        connection.execute(insert(STATE), {"number": number})
        return len(recorded)

    return change


async def state(trail: Trail) -> list[int]:
    return await trail.read(lambda connection: sorted(connection.execute(select(STATE.c.number)).scalars()))


def with_state(books: Books) -> None:
    made = engine(books.url, writes=True)
    with made.begin() as connection:
        STATE.create(connection)
    made.dispose()


class TestRecording:
    def test_entries_stand_in_their_order_and_outlive_the_process(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                first = await trail.append([Entry(Kind.CASE, {"n": 0}), Entry(Kind.CASE, {"n": 1})])
                await trail.append([Entry(Kind.CASE, {"n": 2})])
                assert [one.position for one in first.recorded] == [0, 1]
                before = trail.checkpoint()
            async with books.opened() as trail:
                assert trail.checkpoint() == before
                await trail.append([Entry(Kind.CASE, {"n": 3})])
                facts = await whole(trail, books)
            assert [one["n"] for one in facts] == [0, 1, 2, 3]
            assert {one["at"] for one in facts} == {"2026-11-23T10:00:00.000Z"}
            assert len({one["id"] for one in facts}) == 4

        played(run())

    def test_proofs_of_any_entry_hold_at_the_checkpoint_they_came_with(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                for size in (1, 255, 1, 1, 300, 7):
                    await trail.append([Entry(Kind.CASE, {"n": number}) for number in range(size)])
            for again in range(2):  # from memory, and from the database
                async with books.opened() as trail:
                    await trail.append([Entry(Kind.CASE, {"n": again})])
                    positions = [0, 1, 254, 255, 256, 257, 511, 512, 564, trail.size() - 1]
                    proven = await trail.prove(positions)
                    checkpoint = books.checkpoint(proven.checkpoint)
                    for position, leaf, proof in zip(positions, proven.leaves, proven.proofs, strict=True):
                        verify_receipt(leaf, position, proof, checkpoint)
                        with pytest.raises(VerifyError):
                            verify_receipt(leaf + b" ", position, proof, checkpoint)
                        with pytest.raises(VerifyError):
                            verify_receipt(leaf, position + 1, proof, checkpoint)

        played(run())

    def test_what_is_not_in_the_trail_has_no_proof(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                await trail.append([Entry(Kind.CASE)])
                for wrong in (1, -1):
                    with pytest.raises(ValueError, match="not in the tree"):
                        await trail.prove([wrong])

        played(run())

    def test_many_at_once_share_commits_and_each_gets_its_own(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                commits = counted(trail, "commit")
                appended = await asyncio.gather(
                    *(trail.append([Entry(Kind.CASE, {"n": n}), about(f"s{n % 7}")]) for n in range(300))
                )
                assert len(commits) < 30
                assert [one.recorded[0].facts["n"] for one in appended] == list(range(300))
                assert len(await whole(trail, books)) == 600

        played(run())

    def test_what_an_entry_cannot_hold_is_its_callers_fault_alone(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                results = await asyncio.gather(
                    trail.append([Entry(Kind.CASE, {"n": 0})]),
                    trail.append([Entry(Kind.CASE), Entry(Kind.CASE, {"fraction": 0.5})]),
                    trail.append([Entry(Kind.CASE, {"long": "x" * 70_000})]),
                    trail.append([Entry(Kind.ANSWER, subject_ref="s", sealed={"x": object()})]),
                    trail.append([Entry(Kind.CASE, {"n": 1})]),
                    return_exceptions=True,
                )
                assert [type(one).__name__ for one in results] == [
                    "Appended",
                    "ValueError",
                    "ValueError",
                    "TypeError",
                    "Appended",
                ]
                assert [one["n"] for one in await whole(trail, books)] == [0, 1]

        played(run())


class TestChange:
    def test_state_and_entries_are_there_together_or_not_at_all(self, books: Books) -> None:
        with_state(books)

        async def run() -> None:
            async with books.opened() as trail:
                assert (await trail.append([Entry(Kind.CASE), Entry(Kind.VIEW)], put(1))).result == 2
                assert (await trail.append([], put(2))).result == 0
                assert await state(trail) == [1, 2]

                def fail(connection: Connection, recorded: Sequence[Recorded]) -> None:
                    put(3)(connection, recorded)
                    raise KeyError("mine")

                with pytest.raises(KeyError, match="mine"):
                    await trail.append([Entry(Kind.ANSWER)], fail)
                assert await state(trail) == [1, 2]
                assert [one["kind"] for one in await whole(trail, books)] == ["case", "view"]

        played(run())

    def test_a_change_that_fails_is_told_to_its_caller_and_to_nobody_else(self, books: Books) -> None:
        with_state(books)

        async def run() -> None:
            async with books.opened() as trail:
                results = await asyncio.gather(
                    *(trail.append([Entry(Kind.CASE, {"n": n})], put(n % 10)) for n in range(40)),
                    return_exceptions=True,
                )
                done = [one for one in results if not isinstance(one, BaseException)]
                failed = [one for one in results if isinstance(one, BaseException)]
                assert {type(one) for one in failed} == {TrailUnavailable}  # the number was there already
                assert len(done) == 10
                assert await state(trail) == list(range(10))
                assert len(await whole(trail, books)) == 10

        played(run())

    def test_no_text_of_an_error_shows_what_was_written(self, books: Books) -> None:
        with_state(books)

        async def run() -> None:
            async with books.opened() as trail:
                await trail.append([], put(424_242))
                with pytest.raises(TrailUnavailable) as told:
                    await trail.append([about("s", "Wilhelmina")], put(424_242))
                error: BaseException | None = told.value
                while error is not None:
                    assert "424242" not in str(error)
                    error = error.__cause__ or error.__context__

        played(run())


class TestTwoProcesses:
    def test_two_writers_share_one_log_and_never_fork_it(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as one, books.opened() as other:
                appended = await asyncio.gather(
                    *(
                        trail.append([Entry(Kind.CASE, {"n": n}), about(f"s{n % 5}")])
                        for n in range(60)
                        for trail in (one, other)
                    )
                )
                positions = [entry.position for done in appended for entry in done.recorded]
                assert sorted(positions) == list(range(240))
                proven = await other.prove(positions)  # also what the other wrote
                checkpoint = books.checkpoint(proven.checkpoint)
                for position, leaf, proof in zip(positions, proven.leaves, proven.proofs, strict=True):
                    verify_receipt(leaf, position, proof, checkpoint)
            async with books.opened() as trail:
                assert len(await whole(trail, books)) == 240
                assert all(
                    [one.part is not None async for one in trail.entries() if one.recorded.kind == "answer"]
                )

        played(run())

    def test_what_is_recorded_after_an_erasure_by_the_other_can_be_read(self, books: Books) -> None:
        """Its key is a new one: the one that this process remembers was destroyed."""

        async def run() -> None:
            async with books.opened() as one, books.opened() as other:
                await other.append([about("s")])
                await one.append([Entry(Kind.CASE)])
                await one.erase("s", "retention")
                (recorded,) = (await other.append([about("s", "no")])).recorded
                found = await other.at([0, recorded.position])
                assert {position: opened.part for position, opened in found.items()} == {
                    0: None,
                    recorded.position: {"answer": "no"},
                }

        played(run())

    def test_both_may_be_the_first(self, books: Books) -> None:
        async def run() -> None:
            one, other = books.trail(), books.trail()
            await asyncio.gather(one.open(), other.open())
            try:
                await asyncio.gather(one.append([Entry(Kind.CASE)]), other.append([Entry(Kind.VIEW)]))
                assert books.checkpoint((await one.prove([0, 1])).checkpoint).size == 2
            finally:
                await asyncio.gather(one.close(), other.close())

        played(run())


class TestOpening:
    def test_tables_that_are_not_there_are_a_sentence(self, books: Books) -> None:
        made = engine(books.url, writes=True)
        with made.begin() as connection:
            connection.execute(text("DROP TABLE migrations_trail_version"))
        made.dispose()
        with pytest.raises(TrailError, match="revision None, and this program needs 0003"):
            played(books.trail().open())

    def test_a_newer_database_is_refused(self, books: Books) -> None:
        made = engine(books.url, writes=True)
        with made.begin() as connection:
            connection.execute(text("UPDATE migrations_trail_version SET version_num = '9999'"))
        made.dispose()
        with pytest.raises(TrailError, match="newer than this program"):
            migrate(books.url, TRAIL)
        with pytest.raises(TrailError, match="revision 9999"):
            played(books.trail().open())

    def test_migrating_again_changes_nothing(self, books: Books) -> None:
        for url, scripts in ((books.url, TRAIL), (books.keys_url, KEYS)):
            migrate(url, scripts)

    @pytest.mark.parametrize(
        ("chosen", "sentence"),
        [
            ({"keys": [Ed25519PrivateKey.from_private_bytes(bytes(32))]}, "not signed with our key"),
            ({"origin": "other.example"}, "not signed with our key"),
            ({"kek": bytes([1]) * 32}, "wrapped under another key"),
        ],
    )
    def test_another_key_or_name_is_refused(
        self, books: Books, chosen: dict[str, Any], sentence: str
    ) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                await trail.append([about("s")])
            with pytest.raises(TrailError, match=sentence):
                await books.trail(**chosen).open()

        played(run())

    @pytest.mark.parametrize(
        ("edit", "sentence"),
        [
            ("DELETE FROM trail_entries WHERE position = 2", "misses entries"),
            ("UPDATE trail_head SET size = 2", "not the one of its checkpoint"),
            ("DELETE FROM trail_head", "entries and no checkpoint"),
            (
                "UPDATE trail_entries SET hash = (SELECT hash FROM trail_entries WHERE position = 0)",
                "not the one",
            ),
        ],
    )
    def test_a_tree_that_is_not_the_signed_one_is_refused(
        self, books: Books, edit: str, sentence: str
    ) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                await trail.append([Entry(Kind.CASE, {"n": number}) for number in range(3)])
            made = engine(books.url, writes=True)
            with made.begin() as connection:
                connection.execute(text(edit))
            made.dispose()
            with pytest.raises(TrailError, match=sentence):
                await books.trail().open()

        played(run())


class TestUnavailable:
    def test_before_opening_and_after_closing_nothing_is_recorded(self, books: Books) -> None:
        async def run() -> None:
            trail = books.trail()
            with pytest.raises(TrailUnavailable):
                await trail.append([Entry(Kind.CASE)])
            await trail.open()
            last = [asyncio.create_task(trail.append([Entry(Kind.CASE, {"n": n})])) for n in range(50)]
            await asyncio.sleep(0)
            await trail.close()
            assert len(await asyncio.gather(*last)) == 50  # what waited was finished
            with pytest.raises(TrailUnavailable):
                await trail.append([Entry(Kind.CASE)])
            with pytest.raises(TrailUnavailable):
                await trail.read(lambda connection: None)
            await trail.close()
            async with books.opened() as again:
                assert len(await whole(again, books)) == 50

        played(run())

    def test_too_many_waiting_is_told_at_once(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened(max_waiting=2) as trail:
                gate, entered = threading.Event(), threading.Event()

                def hold(_: Connection, __: object) -> None:
                    entered.set()
                    gate.wait(10)

                held = asyncio.create_task(trail.append([Entry(Kind.CASE)], hold))
                await asyncio.to_thread(entered.wait, 10)
                waiting = [asyncio.create_task(trail.append([Entry(Kind.VIEW)])) for _ in range(2)]
                await asyncio.sleep(0)
                with pytest.raises(TrailUnavailable, match="too many"):
                    await trail.append([Entry(Kind.CASE)])
                gate.set()
                await asyncio.gather(held, *waiting)
                assert [one["kind"] for one in await whole(trail, books)] == ["case", "view", "view"]

        played(run())

    def test_a_caller_that_gives_up_spoils_nothing(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                given_up = asyncio.create_task(trail.append([Entry(Kind.CASE)]))
                await asyncio.sleep(0)
                given_up.cancel()
                await trail.append([Entry(Kind.VIEW)])
                assert [one["kind"] for one in await whole(trail, books)][-1] == "view"

        played(run())

    def test_a_lost_subject_key_stops_only_what_is_about_that_subject(self, books: Books) -> None:
        async def run() -> None:
            async with books.opened() as trail:
                await trail.append([about("lost"), about("kept")])
            made = engine(books.url, writes=True)
            keys = engine(books.keys_url, writes=True)
            with made.begin() as connection, keys.begin() as other:
                number = connection.execute(
                    select(stored.subjects.c.key_id).where(stored.subjects.c.subject_ref == "lost")
                ).scalar_one()
                other.execute(text("DELETE FROM subject_keys WHERE id = :id"), {"id": number})
            made.dispose()
            keys.dispose()
            async with books.opened() as trail:
                results = await asyncio.gather(
                    trail.append([about("lost")]), trail.append([about("kept")]), return_exceptions=True
                )
                assert isinstance(results[0], TrailUnavailable)
                assert not isinstance(results[1], BaseException)
                assert len(await whole(trail, books)) == 3

        played(run())


class TestSqlite:
    @pytest.mark.parametrize("pragma", ["query_only=ON", "max_page_count=1"])
    def test_a_disk_that_is_full_or_read_only_records_nothing_half(
        self, sqlite_books: Books, pragma: str
    ) -> None:
        """SQLite's own limits stand for the disk: the driver meets the same errors."""
        with_state(sqlite_books)

        async def run() -> None:
            async with sqlite_books.opened() as trail:
                await trail.append([Entry(Kind.CASE)], lambda store, _: limited(store, pragma))
                results = await asyncio.gather(
                    *(trail.append([Entry(Kind.CASE, {"x": "x" * 9_000})], put(n)) for n in range(5)),
                    return_exceptions=True,
                )
                assert {type(one) for one in results} == {TrailUnavailable}
                assert await state(trail) == []
                assert [one["kind"] for one in await whole(trail, sqlite_books)] == ["case"]
            async with sqlite_books.opened() as trail:
                await trail.append([Entry(Kind.VIEW)], put(1))
                assert [one["kind"] for one in await whole(trail, sqlite_books)] == ["case", "view"]

        played(run())

    def test_every_commit_is_on_disk_before_it_counts(self, sqlite_books: Books) -> None:
        made = engine(sqlite_books.url, writes=True)
        with made.connect() as connection:
            told = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous")
            ]
        made.dispose()
        assert told == ["wal", 2]


class TestPostgresql:
    def test_a_server_that_does_not_write_to_disk_at_commit_is_made_to(self, postgres: Postgres) -> None:
        url = postgres.database()
        made = engine(url, writes=True)
        with made.begin() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        made.dispose()
        made = engine(url, writes=True)
        with made.begin() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
        made.dispose()

    def test_positions_go_beyond_32_bits(self, postgres: Postgres) -> None:
        url = postgres.database()
        migrate(url, TRAIL)
        made = engine(url, writes=True)
        with made.begin() as connection:
            row = {"position": 2**40, "hash": bytes(32), "leaf": b"{}"}
            connection.execute(insert(stored.entries), row)
            found = connection.execute(
                select(stored.entries.c.leaf).where(stored.entries.c.position == 2**40)
            )
            assert found.scalar_one() == b"{}"
        made.dispose()


def limited(connection: Connection, pragma: str) -> None:
    connection.exec_driver_sql(f"PRAGMA {pragma}")


def counted(trail: Trail, name: str) -> list[Engine]:
    seen: list[Any] = []
    event.listen(trail._engine, name, seen.append)
    return seen
