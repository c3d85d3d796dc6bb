"""The version that the demo proposes is one that a privacy officer could propose: rows and scenarios."""

from pathlib import Path

from demo.proposal import write_hand_out
from policies import load_release
from policies.parts import Parts
from policies.scenarios import load_scenarios


def test_its_scenarios_hold_of_it_and_not_of_the_one_in_force(tmp_path: Path) -> None:
    """One row and its lines are wider, and nothing else of what RvdK may be asked."""
    write_hand_out(tmp_path / "handout")
    proposed, scenarios = load_release(tmp_path / "handout"), load_scenarios(tmp_path / "handout")
    asked = frozenset({("veilig_thuis", "rvdk.known")})
    assert scenarios.lines
    assert scenarios.broken(Parts(proposed), asked) is None
    assert scenarios.broken(Parts(load_release()), asked) is not None
    assert proposed.catalogue.rules["A06"].version == load_release().catalogue.rules["A06"].version + 1
