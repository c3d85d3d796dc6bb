"""The stories of the demo, over every kind of wire, database and policy engine."""

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contract.codes import BROKER
from demo.informed import informed
from demo.members import MEMBERS
from demo.play import Play, PlayedStory, decide_standing, played
from demo.proven import export_verified, insider_caught
from demo.show import Show
from demo.stories import STORIES, acute_danger, another_region, new_release, play_all, stalking
from policies import load_release
from tests.opa import opa_server
from tests.postgres import postgres_server
from tests.releases import Prepared, agreeing_soon
from tests.world import LocalWorld, local_world

LATER = (informed, export_verified, insider_caught)
"""Their clock runs weeks ahead, or the broker is stopped in them: they have a chain of their own."""

SOON = {"obligations_every_s": 0.2}


@pytest.fixture(scope="module")
def play(registers: Path, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """A chain in this process on SQLite with the embedded engine; every story has cases of its own."""
    settings = agreeing_soon(prepared.tables)
    chosen: dict[str, Any] = {"settings": settings, "members": MEMBERS}
    with local_world(tmp_path_factory.mktemp("chain"), registers=registers, **chosen) as world:
        world.prepared = prepared
        play = Play(world)
        decide_standing(play)
        yield play


@pytest.mark.parametrize(
    "story", [story for story in STORIES if story not in LATER], ids=lambda story: story.__name__
)
def test_story_ends_as_it_must(story: Any, play: Play) -> None:
    """Each story ends as it must."""
    told = PlayedStory(story.__name__)
    story(play, told)
    assert told.wrong == []


YEAR = ["Dag 2", "Dag 3", "Dag 20", "Dag 29", "Dag 29", "Dag 29"]
"""What is said of the year in which nobody is forgotten."""


def test_who_trusts_nobody_is_not_deceived(registers: Path, tmp_path: Path) -> None:
    """An export is checked offline; an insider with every key is noticed by all."""
    settings = {"*": SOON, BROKER: {"witness_every_s": 0.3}}
    with local_world(tmp_path, registers=registers, settings=settings) as world:
        play = Play(world)
        decide_standing(play)
        stories = [played(story, play) for story in (export_verified, insider_caught)]
    assert [told.wrong for told in stories] == [[], []]
    assert "Regel" in stories[0].notes[-1]


def test_what_is_shown_says_who_asks_and_why_who_answered_and_who_must_be_told(play: Play) -> None:
    """Asker, purpose, machine or person, open legal questions, whom to tell: all within 120 columns."""
    page = io.StringIO()
    show = Show(Console(width=120, file=page, markup=False), load_release().catalogue)
    stories = [played(story, play) for story in (stalking, acute_danger, another_region)]
    for told in stories:
        assert told.wrong == []
        show.story(told)
    show.obligations(stories)
    lines = page.getvalue().splitlines()
    assert max(map(len, lines)) <= 120
    for words in (
        "Wie vraagt: Veilig Thuis Midden, voorzitter. Doel: aanmelding verrijken vóór het overleg.",
        "Wie vraagt: Veilig Thuis Midden, dienstdoende medewerker. Doel: directe veiligheid bij spoed.",
        "Wie vraagt: Veilig Thuis Flevoland, voorzitter.",
        "Deze organisatie doet nog niet",
        "Ja (automatisch;",
        "(door een mens;",
        "open vraag Q1, Q2, Q5",
        "open vraag Q1: Op welke grondslag van AVG 10",
        "let op: AVG 10: dit is niet verstrekt volgens Wpg of Wjsg",
    ):
        assert any(words in line for line in lines), words
    after = lines[lines.index(next(line for line in lines if line.startswith("Wie moet worden"))) :]
    man = next(line for line in after if "Stalking" in line and "vermoedelijke pleger" in line)
    assert "Reclassering" in man
    assert len(re.findall(r"│ \d\d-\d\d-\d{4} ", man)) == 2  # asked on, to be told before
    assert sum("Stalking" in line for line in after) == 4  # the man and three children; not the victim
    assert sum("Acuut gevaar" in line for line in after) == 1


@pytest.mark.parametrize(
    ("wire", "database", "engine"),
    [
        ("in process", "sqlite", "server"),
        ("http", "postgresql", "embedded"),
    ],
)
def test_all_stories_end_alike(
    wire: str, database: str, engine: str, *, registers: Path, prepared: Prepared, tmp_path: Path
) -> None:
    """Every story ends the same over another wire, database and engine.

    An OPA server gets its new release from whoever runs it: with one, no release changes.
    """
    with ExitStack() as stack:
        chosen: dict[str, Any] = {"http": wire == "http"}
        if database == "postgresql":
            chosen["databases"] = _Databases(stack)
        if engine == "server":
            chosen["opa_url"] = stack.enter_context(opa_server(load_release()))
        chosen["settings"] = {**agreeing_soon(prepared.tables), **({} if engine == "server" else {"*": SOON})}
        chosen["settings"][BROKER]["witness_every_s"] = 0.5
        chosen["members"] = MEMBERS
        world: LocalWorld = stack.enter_context(local_world(tmp_path, registers=registers, **chosen))
        world.prepared = prepared
        # with an OPA server no release changes; what comes weeks later does not depend on the engine
        left_out = {new_release, *LATER} if engine == "server" else set()
        if database == "postgresql":
            left_out.add(insider_caught)  # he rewrites a file
        stories = [story for story in STORIES if story not in left_out]
        played_all = play_all(Play(world), stories=stories)
        assert {told.name: told.wrong for told in played_all if told.wrong} == {}
        notes = {told.name: [note.partition(":")[0] for note in told.notes] for told in played_all}
        assert informed in left_out or notes["informed"] == YEAR


class _Databases:
    """A fresh database of each kind for each party, the same again after a restart."""

    def __init__(self, stack: ExitStack) -> None:
        self._server = stack.enter_context(postgres_server())
        self._made: dict[str, dict[str, str]] = {}

    def __call__(self, party: str) -> dict[str, str]:
        if party not in self._made:
            self._made[party] = {kind: self._server.database() for kind in ("database", "subject_keys")}
        return self._made[party]
