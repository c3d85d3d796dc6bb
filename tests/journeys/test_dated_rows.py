"""A row outside its dates is not asked by: the chair is told so before asking, and when asking."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from contract.days import day_of
from demo.play import Play, decide_standing
from tests.attacks.insider import Insider, code_of
from tests.journeys.watching import SUPERVISED, ask, ends
from tests.releases import HAND_OUT
from tests.world import local_world

KNOWN = "reclassering.known"


def _dated(folder: Path, last: date) -> Path:
    """The hand-out with every row in 2099, but A02, which holds until this day."""
    shutil.copytree(HAND_OUT, folder)
    place = folder / "matrix" / "data.json"
    matrix = json.loads(place.read_text(encoding="utf-8"))
    for code, row in matrix["rules"].items():
        row.update({"valid_until": last.isoformat()} if code == "A02" else {"valid_from": "2099-01-01"})
    place.write_text(json.dumps(matrix), encoding="utf-8")
    return folder


def test_a_row_decides_only_between_its_dates(tmp_path: Path, registers: Path) -> None:
    """All rows in 2099: each question is refused and the row named. A02 ends today: tomorrow it is too."""
    chosen = {"*": {"release": str(_dated(tmp_path / "handout", day_of(datetime.now(UTC))))}}
    (tmp_path / "chain").mkdir()
    with local_world(tmp_path / "chain", registers=registers, settings=chosen) as world:
        play = Play(world)
        decide_standing(play)
        asked = ask(play, SUPERVISED, KNOWN)
        assert ends(asked)[KNOWN] == "refused:rule_not_in_force"
        assert ends(asked)[SUPERVISED].startswith("answered:")
        [refused] = [item for item in asked["items"] if item["question"] == KNOWN]
        assert refused["rule"] == "A01"
        # a broker that permits it all the same finds a holder that looks for itself
        vt, broker = Insider(world, "veilig_thuis"), Insider(world, "broker")
        inquiry = vt.inquiry(vt.case(), KNOWN)
        permit = broker.permit(inquiry).token
        assert code_of(broker.show_permit("reclassering", permit, inquiry)) == (409, "decision_differs")
        world.clock.ahead += timedelta(days=1)
        assert set(ends(ask(Play(world), SUPERVISED, KNOWN)).values()) == {"refused:rule_not_in_force"}
