"""Invariant 1, for the trail alone: kill -9 at any moment loses nothing that was acknowledged."""

import random
import subprocess
import sys
import time
from pathlib import Path

from audit.report import WHOLE
from tests.audit.books import Books, played, whole
from tests.postgres import postgres_server

ROOT = Path(__file__).parents[2]


def writer(books: Books, name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.audit.writer", books.url, books.keys_url, name]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)


def acknowledged(process: subprocess.Popen[bytes]) -> dict[int, int]:
    """Position → number, of the lines that were told whole."""
    said, _ = process.communicate(timeout=30)
    lines = said.decode().rpartition("\n")[0].splitlines()
    return {int(position): int(n) for position, n in (line.split() for line in lines)}


def first_word(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def compared(books: Books, name: str, told: dict[int, int]) -> None:
    async def run() -> None:
        async with books.opened() as trail:
            facts = await whole(trail, books)
            for position, n in told.items():
                assert (facts[position]["by"], facts[position]["n"]) == (name, n)
            opened = await trail.at(list(told))
            parts = {position: one.part for position, one in opened.items()}
            assert {position: part and part["n"] for position, part in parts.items()} == told

    played(run())


def test_a_writer_that_is_killed_loses_nothing_it_acknowledged(books: Books) -> None:
    chance = random.Random(9)
    for round_ in range(4):
        process = writer(books, f"w{round_}")
        position, n = first_word(process).split()
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        compared(books, f"w{round_}", {**acknowledged(process), int(position): int(n)})
    assert books.verified().outcome == WHOLE


def test_two_writers_at_once_and_both_killed(books: Books) -> None:
    processes = {name: writer(books, name) for name in ("one", "other")}
    firsts = {name: first_word(process).split() for name, process in processes.items()}
    time.sleep(0.5)
    for process in processes.values():
        process.kill()
    for name, process in processes.items():
        position, n = firsts[name]
        told = acknowledged(process)
        assert told
        compared(books, name, {**told, int(position): int(n)})
    assert books.verified().outcome == WHOLE


def test_a_database_server_that_is_killed_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with postgres_server(fsync=True) as server:
        books = Books(server.database(), server.database(), tmp_path).migrated()
        process = writer(books, "w")
        position, n = first_word(process).split()
        time.sleep(0.5)
        server.kill()
        told = acknowledged(process)  # it ends with an error: the trail is unavailable
        assert process.returncode == 1
        server.start()
        compared(books, "w", {**told, int(position): int(n)})
        assert books.verified().outcome == WHOLE
