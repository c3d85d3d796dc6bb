"""An authority outside stamps the trail each hour and each day; its absence is an alarm, and nothing else."""

import base64
import os
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.entry import Entry
from audit.kinds import Kind
from audit.quorum import read_quorum
from audit.report import WHOLE
from audit.stamp import read_roots, verify_stamp
from audit.verify import verify
from contract.codes import BROKER
from contract.days import day_of
from demo.play import Play, decide_standing
from demo.stamp_authority import app_of, make_authority, openssl
from gateway.settings import BrokerSettings
from gateway.trail import stamping
from party.commands.trail import exported
from party.events import Event
from tests.journeys.watching import SUPERVISED, ask
from tests.world import LocalWorld, local_world

ADDRESS = "http://authority.example"


@pytest.fixture
def stamped(registers: Path, tmp_path: Path) -> Iterator[LocalWorld]:
    """A chain with a time-stamp authority; skipped where there is no openssl, a failure in CI."""
    if openssl() is None:
        sentence = "There is no openssl to sign time stamps with."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    place = tmp_path / "authority"
    roots = make_authority(place)
    broker = {
        "time_stamp_authority": f"{ADDRESS}/",
        "time_stamp_roots": str(roots),
        "stamp_look_every_s": 3600,
    }
    (tmp_path / "chain").mkdir()
    with local_world(tmp_path / "chain", registers=registers, settings={BROKER: broker}) as world:
        world.apps[ADDRESS] = app_of(place)
        decide_standing(Play(world))
        yield world


def look(world: LocalWorld) -> None:
    world.do(world.apps[world.address(BROKER)].state.stamping.look())


def stamps(world: LocalWorld) -> list[dict[str, Any]]:
    async def get() -> Any:
        transport = httpx.ASGITransport(world.apps[world.address(BROKER)])
        async with httpx.AsyncClient(transport=transport, base_url="http://broker") as client:
            return (await client.get("/v1/stamps")).json()

    found: list[dict[str, Any]] = world.do(get())
    return found


def test_each_hour_in_which_it_grew_and_each_day(stamped: LocalWorld) -> None:
    look(stamped)
    [first] = stamps(stamped)
    look(stamped)
    stamped.clock.ahead += timedelta(minutes=59)
    ask(Play(stamped), SUPERVISED)
    look(stamped)
    if day_of(stamped.clock()) == day_of(datetime.fromisoformat(first["at"])):
        assert len(stamps(stamped)) == 1  # not an hour yet
    stamped.clock.ahead += timedelta(minutes=2)
    look(stamped)
    grown = stamps(stamped)
    assert len(grown) >= 2
    assert grown[0]["size"] > first["size"]
    stamped.clock.ahead += timedelta(hours=26)  # nothing came; another day all the same
    look(stamped)
    assert len(stamps(stamped)) == len(grown) + 1
    roots = read_roots((stamped.folder.parent / "authority" / "root.pem").read_bytes())
    for one in stamps(stamped):
        assert verify_stamp(base64.b64decode(one["response"]), one["checkpoint"], roots)


@pytest.mark.parametrize("how", ["away", "lies"])
def test_an_authority_that_is_away_for_two_days_or_lies(
    how: str, stamped: LocalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm after six hours, questions are answered all the while, and then it goes on by itself."""
    told: list[Event] = []
    monkeypatch.setattr(stamping, "log", lambda event, **_: told.append(event))
    look(stamped)
    honest = stamped.apps[ADDRESS]
    if how == "away":
        del stamped.apps[ADDRESS]
    else:
        make_authority(tmp_path / "other")
        stamped.apps[ADDRESS] = app_of(tmp_path / "other")
    for hours in (2, 2, 2, 3, 15, 24):
        stamped.clock.ahead += timedelta(hours=hours)
        ask(Play(stamped), SUPERVISED)
        look(stamped)
    assert told.count(Event.STAMPS_MISSING) == 3  # more than six hours after the first that failed
    assert len(stamps(stamped)) == 1
    stamped.apps[ADDRESS] = honest
    told.clear()
    look(stamped)
    assert told == []
    assert len(stamps(stamped)) == 2


def test_an_export_has_the_stamps_and_who_witnessed(stamped: LocalWorld, tmp_path: Path) -> None:
    ask(Play(stamped), SUPERVISED)
    look(stamped)
    stamped.do(stamped.apps[stamped.address(BROKER)].state.witnesses.show())
    settings = BrokerSettings(**stamped.settings(BROKER))
    made = stamped.do(exported(settings, tmp_path / "export.zip", purpose="controle", by="fg-1"))
    report = verify(tmp_path / "export.zip")
    assert (report.outcome, report.entries) == (WHOLE, made.lines)
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        quorum = read_quorum(archive.read("policy").decode())
    assert len(quorum.witnesses) == 5
    report = verify(tmp_path / "export.zip", quorum=quorum)
    assert (report.outcome, report.findings, report.trusted) == (WHOLE, [], True)
    assert report.witnessed is not None
    assert report.kinds["timestamp"] == 1
    [export] = [one.recorded.facts for one in stamped.do(_entries(stamped)) if one.recorded.kind == "export"]
    assert (export["purpose"], export["by"], export["sums"]) == ("controle", "fg-1", made.digest)


async def _entries(world: LocalWorld) -> list[Any]:
    trail = world.apps[world.address(BROKER)].state.informing._trail
    await trail.append([Entry(Kind.VIEW, {})])  # its process hears so of what another one recorded
    return [one async for one in trail.entries(0, 10_000)]
