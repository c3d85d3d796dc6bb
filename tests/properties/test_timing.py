"""Time tells nothing: yes and no cost the same work at the holder, and leave at a whole beat of the clock."""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from adapters.node.answering import answering
from demo.play import Play, decide_standing
from tests.world import LocalWorld, local_world

PEOPLE = {"yes": "stalking.man", "shielded": "shielded.man", "absent": "shielded.absent_man"}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[LocalWorld]:
    with local_world(tmp_path_factory.mktemp("timing"), registers=registers) as world:
        decide_standing(Play(world))
        yield world


def ask(chain: LocalWorld, who: str) -> str:
    """The answer of Reclassering about one of these people, asked in a case of its own."""
    play = Play(chain)
    case = play.case(play.chair)
    shown = play.ask(
        play.chair, case, [play.subject(PEOPLE[who], "suspected_perpetrator", ["reclassering.known"])]
    )
    [item] = shown["items"]
    return str(item["answer"]["codes"][0])


_ABOUT_ITSELF = re.compile(r"^(PRAGMA|BEGIN)|blocks_made")  # now and then, whoever is asked about


def test_yes_and_no_ask_the_register_the_same(chain: LocalWorld) -> None:
    """As many statements, of the same text, for who is there, who is shielded and who is not there."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if "register" in str(connection.engine.url) and not _ABOUT_ITSELF.search(statement):
            asked.append(statement.split("IN (", maxsplit=1)[0])

    seen: dict[str, tuple[str, list[str]]] = {}
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for who in PEOPLE:
            asked.clear()
            answer = ask(chain, who)
            seen[who] = (answer, list(asked))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert {who: answer for who, (answer, _) in seen.items()} == {
        "yes": "yes",
        "shielded": "no",
        "absent": "no",
    }
    assert seen["yes"][1]
    assert seen["yes"][1] == seen["shielded"][1] == seen["absent"][1]


@pytest.mark.parametrize("beat_s", [0.025, 0.25])
@pytest.mark.parametrize("who", PEOPLE)
def test_a_reply_leaves_at_a_whole_beat(
    who: str, beat_s: float, chain: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the work took, it is filled up to a whole number of beats since the permit came in."""
    node = chain.apps[chain.address("reclassering")].state.node
    monkeypatch.setattr(node.answering, "_beat_s", beat_s)
    for worked_s in (0.0001, 0.013, 0.024999, 0.3, 1.2345):
        clock = iter([1000.0, 1000.0 + worked_s])
        waited: list[float] = []

        async def wait(seconds: float, waited: list[float] = waited) -> None:
            waited.append(seconds)

        with monkeypatch.context() as patch:
            patch.setattr(answering, "time", SimpleNamespace(monotonic=lambda clock=clock: next(clock)))
            patch.setattr(answering, "asyncio", SimpleNamespace(sleep=wait))
            ask(chain, who)
        assert len(waited) == 1
        beats = (worked_s + waited[0]) / beat_s
        assert 0 < waited[0] <= beat_s
        assert beats == pytest.approx(round(beats), abs=1e-6)


def test_a_reply_takes_at_least_a_beat(chain: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real clock: no reply leaves within the first beat."""
    node = chain.apps[chain.address("reclassering")].state.node
    monkeypatch.setattr(node.answering, "_beat_s", 0.4)

    async def timed() -> float:
        started = asyncio.get_running_loop().time()
        await node.answering._even(time.monotonic())
        return asyncio.get_running_loop().time() - started

    assert chain.do(timed()) >= 0.39
