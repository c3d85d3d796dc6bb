"""The version that the demo proposes is one that a privacy officer could propose: rows and scenarios."""

import subprocess
import sys
from pathlib import Path

import pytest

from demo.proposal import _followed, write_hand_out
from policies import load_release
from policies.parts import Parts
from policies.scenarios import scenarios_of


def test_its_scenarios_hold_of_it_and_not_of_the_one_in_force(tmp_path: Path) -> None:
    """One row and its lines are wider, and nothing else of what RvdK may be asked."""
    write_hand_out(tmp_path / "handout")
    proposed = load_release(tmp_path / "handout")
    scenarios = scenarios_of(proposed)
    asked = frozenset({("veilig_thuis", "rvdk.known")})
    assert scenarios.lines
    assert scenarios.broken(Parts(proposed), asked) is None
    assert scenarios.broken(Parts(load_release()), asked) is not None
    assert proposed.catalogue.rules["A06"].version == load_release().catalogue.rules["A06"].version + 1


@pytest.mark.parametrize("status", [0, 1])
def test_who_waits_for_the_check_hears_each_step_once(status: int, tmp_path: Path) -> None:
    """In order, also what was said while nobody looked; then how it ended."""
    program = "import sys, time\nfor one in 'abc': print(one, flush=True); time.sleep(0.3)\n"
    said: list[str] = []
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([sys.executable, "-c", f"{program}sys.exit({status})"], stdout=log)
    assert _followed(running, tmp_path / "log", said.append) == status
    assert said == ["  a", "  b", "  c"]
