"""docs/operating.md, played to the letter: keys follow one another, and nothing of the past is lost."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from contract.codes import BROKER
from contract.keys import RETIRED_AFTER
from demo.members import REGION
from demo.play import Play
from party.commands import init
from policies import load_release
from tests.journeys.test_releases import (
    KNOWN,
    agree,
    asks,
    chain,
    listed,
    officer,
    propose,
    world_of,
)
from tests.journeys.watching import SUPERVISED, ask, ends
from tests.releases import Prepared
from tests.world import LocalWorld

_PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
_REGIONS = (f"{REGION}", "flevoland")


@pytest.fixture
def agreeing(tmp_path: Path, registers: Path, prepared: Prepared) -> Iterator[Play]:
    with chain(tmp_path, registers, prepared.tables) as play:
        yield play


def steps() -> list[list[str]]:
    """What the page says to type, in its order: before the month, and after it."""
    text = _PAGE.read_text(encoding="utf-8")
    part = text[text.index("**Rotation**") : text.index("**Nothing is taken out")]
    first, after = part.split("A month later")
    return [re.findall(r"^    grondslag (init .+)$", one, re.MULTILINE) for one in (first, after)]


def play_step(world: LocalWorld, line: str) -> None:
    """One line of the page: for each party, or by whoever keeps the directory."""
    path = world.folder / "directory.json"
    rows = {row["code"]: row for row in json.loads(path.read_text(encoding="utf-8"))["parties"]}
    if " directory " in line:
        files = " ".join(str(world.folder / f"{code}.json") for code in rows if code != BROKER)
        line = line.replace("broker.json P.json …", f"{world.folder / 'broker.json'} {files}")
        line = line.replace("directory.json", str(path)).partition(" --region")[0]
        run(line.split() + [part for region in _REGIONS for part in ("--region", region)])
        return
    for code, row in rows.items():
        said = run(
            line.replace("--party P", f"--party {code}")
            .replace("keys.json", str(world.folder / code / "keys.json"))
            .split()
        )
        if "init card" in line:
            party = {**row, "keys": json.loads(said)}
            (world.folder / f"{code}.json").write_text(json.dumps(party), encoding="utf-8")


def run(arguments: list[str]) -> str:
    done = CliRunner().invoke(init.app, arguments[1:])
    assert done.exit_code == 0, done.output
    return done.output


def restart(world: LocalWorld) -> Play:
    for party in (BROKER, *world.parties):
        world.stop(party)
        world.start(party)
    return Play(world)


def test_keys_are_rotated_and_retired_as_the_page_says(
    agreeing: Play, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release was agreed on before: afterwards every step of it can be read, it still decides, it can be
    rolled back and put in force again, and a chair reads what was answered.
    """
    play, world = agreeing, world_of(agreeing)

    class Clock:
        @staticmethod
        def now(_: Any) -> Any:
            return world.clock()

    monkeypatch.setattr(init, "datetime", Clock)
    propose(play, prepared)
    agree(play, prepared)
    officer(play, "rvdk").post(prepared.steps, {"step": "activate"})
    assert ends(asks(play))[KNOWN].startswith("answered")
    asked = ask(play, SUPERVISED)
    before = play.chair.get(f"/v1/enrichments/{asked['id']}")
    old = {row["kid"] for row in _keys(world)}
    today, a_month_later = steps()
    for line in today:
        play_step(world, line)
    play = restart(world)
    assert ends(asks(play))[KNOWN].startswith("answered")
    world.clock.ahead += RETIRED_AFTER + timedelta(days=2)
    for line in a_month_later:
        play_step(world, line)
    play = restart(world)
    now = {row["kid"]: row for row in _keys(world)}
    assert old < now.keys()
    assert all("valid_until" in now[kid] for kid in old)

    for party in world.parties:
        row = listed(play, prepared, party)
        assert (row["state"], row["accepted"]) == ("in_force", True), party
        assert [one["step"] for one in row["steps"]] == ["propose", "approve", "approve", "activate"]
    for item in before["items"]:
        item["answer"]["old"] = True  # a month later; nothing else of it has changed
    assert play.chair.get(f"/v1/enrichments/{asked['id']}") == before
    assert ends(asks(play))[KNOWN].startswith("answered")
    back = officer(play, "veilig_thuis").post("/v1/release-rollbacks", {})
    assert back["release"] == load_release().revision
    assert ends(asks(play)) == {KNOWN: "refused:purpose_not_allowed"}
    officer(play, "rvdk").post(prepared.steps, {"step": "activate"})
    assert ends(asks(play))[KNOWN].startswith("answered")


def _keys(world: LocalWorld) -> list[dict[str, Any]]:
    contents = json.loads((world.folder / "directory.json").read_text(encoding="utf-8"))
    return [key for row in contents["parties"] for key in row["keys"]]
