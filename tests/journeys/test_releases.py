"""A version of the hand-out is proposed, agreed on, put in force while questions are under way, and rolled
back.
"""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.codes import BROKER, PARTNERS
from grondslag.demo.caller import Json
from grondslag.demo.stories import Play, _decide_standing
from policies import load_release
from policies.check import Agreement, Certificate
from policies.effect import kept_table
from policies.invariants import Invariant
from policies.release import Release
from tests.journeys.watching import ends, kinds
from tests.world import AsgiCaller, LocalWorld, local_world

KNOWN = "rvdk.known"
HAND_OUT = Path(__file__).parents[2] / "policies" / "handout"


@dataclass(frozen=True)
class Prepared:
    """A new version of the hand-out that was checked, and the tables of the old and the new."""

    release: Release
    certificate: str
    tables: Path

    def body(self, **more: Any) -> Json:
        files = {path: content.decode() for path, content in self.release.files.items()}
        told = "De Raad mag bij het duiden laten weten of hij iemand kent."
        return {"files": files, "certificate": self.certificate, "changelog": told, **more}

    @property
    def steps(self) -> str:
        return f"/v1/releases/{self.release.revision[7:]}/steps"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """RvdK may also be asked whether it knows somebody when the partners interpret together (row A06)."""
    return prepare(
        tmp_path_factory.mktemp("release"), lambda rows: rows["A06"]["purposes"].append("interpret")
    )


def prepare(folder: Path, change: Any) -> Prepared:
    hand_out = folder / "handout"
    shutil.copytree(HAND_OUT, hand_out)
    place = hand_out / "matrix" / "data.json"
    data = json.loads(place.read_text(encoding="utf-8"))
    change(data["rules"])
    place.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    release, tables = load_release(hand_out), folder / "tables"
    table = kept_table(release, tables)
    certificate = Certificate(
        revision=release.revision,
        digest=table.digest,
        cells=len(table.decisions),
        gates=(),
        invariants=(Invariant("refusal_has_reason", "", len(table.decisions), None),),
        unreached=(),
        engines=(Agreement("regorus", len(table.decisions), None),),
        rego=(),
        seconds=1.0,
    )
    return Prepared(release, json.dumps(certificate.facts()), tables)


@pytest.fixture
def agreeing(tmp_path: Path, registers: Path, prepared: Prepared) -> Iterator[Play]:
    """A chain whose parties keep tables, and hear of releases soon."""
    with chain(tmp_path, registers, prepared.tables) as play:
        yield play


@contextmanager
def chain(folder: Path, registers: Path, tables: Path, **chosen: Any) -> Iterator[Play]:
    settings: dict[str, Any] = {partner: {"releases_s": 0.1, "tables": str(tables)} for partner in PARTNERS}
    settings[BROKER] = {"retry_every_s": 0.1, "tables": str(tables)}
    with local_world(folder, registers=registers, settings=settings, **chosen) as world:
        play = Play(world)
        _decide_standing(play)
        yield play


def officer(play: Play, partner: str, name: str = "one") -> AsgiCaller:
    world = world_of(play)
    return AsgiCaller(world, partner, world.token(partner, "privacy_officer", sub=f"officer-{name}"))


def world_of(play: Play) -> LocalWorld:
    assert isinstance(play.world, LocalWorld)
    return play.world


def listed(play: Play, prepared: Prepared, partner: str = "rvdk") -> Json:
    rows: list[Json] = officer(play, partner).get("/v1/releases")["releases"]
    return next(row for row in rows if row["release"] == prepared.release.revision)


def reaches(play: Play, prepared: Prepared, state: str, partner: str = "rvdk") -> bool:
    """Whether it gets there in real time, which is what working out the effect takes."""

    async def look() -> bool:
        for _ in range(600):
            row = await asyncio.to_thread(listed, play, prepared, partner)
            if row["state"] == state:
                return True
            await asyncio.sleep(0.1)
        return False

    return asyncio.run(look())


def propose(play: Play, prepared: Prepared) -> None:
    officer(play, "rvdk").post("/v1/releases", prepared.body())
    assert reaches(play, prepared, "examined")


def agree(play: Play, prepared: Prepared) -> None:
    for partner in ("veilig_thuis", "rvdk"):
        officer(play, partner, "two").post(prepared.steps, {"step": "approve"})


def asks(play: Play) -> Json:
    """The chair asks, to interpret, whether RvdK knows a child."""
    case = play.case(play.chair, stage="meeting")
    child = play.subject("children_and_adults.girl", "child", [KNOWN])
    return play.ask(play.chair, case, [child], purpose="interpret")


def test_a_release_is_agreed_on_by_those_it_touches_and_rolled_back(
    agreeing: Play, prepared: Prepared
) -> None:
    """Refused before; allowed from the moment; refused again after. Each step is an entry."""
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}
    propose(agreeing, prepared)
    row = listed(agreeing, prepared)
    assert (row["needed"], row["missing"], row["wider"]) == (["rvdk", "veilig_thuis"],) * 2 + (True,)
    assert any("Raad" in line for line in row["lines"])

    agree(agreeing, prepared)
    assert listed(agreeing, prepared)["state"] == "agreed"
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}
    officer(agreeing, "rvdk").post(prepared.steps, {"step": "activate"})
    asked = asks(agreeing)
    assert ends(asked)[KNOWN].startswith("answered")
    assert asked["items"][0]["revision"] == prepared.release.revision

    back = officer(agreeing, "veilig_thuis").post("/v1/release-rollbacks", {})
    assert back["release"] == load_release().revision
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}
    assert listed(agreeing, prepared)["state"] == "superseded"
    steps = [one for one in kinds(world_of(agreeing), BROKER) if one == "release"]
    assert len(steps) == len(["install", "propose", "examine", "approve", "approve", "activate", "activate"])
