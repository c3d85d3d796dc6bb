"""The limits and clocks of the release in force decide, not those of the program."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audit.terms import last_of
from demo.caller import Refused
from demo.play import Play, decide_standing
from tests.journeys.test_informing import deferral, owed, step
from tests.journeys.watching import SUPERVISED, ask, ends
from tests.releases import HAND_OUT
from tests.world import local_world

TIGHT = {
    "notice_days": 20,
    "deferral_max_days": 7,
    "notice_reminder_days": [1, 19],
    "answer_fresh_days": 1,
}


def test_a_release_with_tighter_limits_is_kept_to(tmp_path: Path, registers: Path) -> None:
    """When the person must be told, how long that may wait, when an answer is shown as old."""
    folder = tmp_path / "handout"
    shutil.copytree(HAND_OUT, folder)
    place = folder / "parameters" / "data.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | TIGHT), encoding="utf-8")
    (tmp_path / "chain").mkdir()
    chosen = {"*": {"release": str(folder)}}
    with local_world(tmp_path / "chain", registers=registers, settings=chosen) as world:
        play = Play(world)
        decide_standing(play)
        asked = ask(play, SUPERVISED)
        assert ends(asked) == {SUPERVISED: "answered:yes"}
        [item] = asked["items"]
        assert item["answer"]["old"] is False

        [one] = owed(play, asked["caseRef"])
        opened, due = (datetime.fromisoformat(one[name]) for name in ("openedAt", "dueAt"))
        assert due == last_of(opened, 20)
        with pytest.raises(Refused) as refused:
            step(play, one, **deferral(world, 8))
        assert refused.value.code == "step_not_taken"
        assert step(play, one, **deferral(world, 6.9))["state"] == "deferred"

        world.clock.ahead += timedelta(days=2)
        [later] = Play(world).chair.get(f"/v1/enrichments/{asked['id']}")["items"]
        assert later["answer"]["old"] is True
