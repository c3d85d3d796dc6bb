"""A row that permits one value more is found; what changes nothing is not called found."""

import pytest

from policies import Release
from policies.caps import CAPS
from policies.mutants import Mutant, caught_by, fewer_duties, rules_changed, wider_limits, wider_rows
from policies.opa_program import OpaProgram
from policies.scenarios import scenarios_of
from tests.opa import opa_program
from tests.releases import HAND_OUT

SAMPLE = ("A06 purpose interpret", "A09 age household_member under_12", "A01 without unsafety_flagged")


@pytest.mark.parametrize("place", SAMPLE)
def test_a_wider_row_is_caught(release: Release, place: str) -> None:
    mutant = next(one for one in wider_rows(release) if one.place == place)
    assert caught_by(mutant, scenarios_of(release)) == "scenarios"


@pytest.mark.parametrize("number", range(len(CAPS) + 1))
def test_a_limit_beyond_the_law_is_caught(release: Release, number: int) -> None:
    mutant = list(wider_limits(release))[number]
    assert caught_by(mutant, scenarios_of(release)) in {"limits", "catalogue"}, mutant.place


def test_a_duty_less_is_caught(release: Release) -> None:
    """Of what every permit obliges to, of what a person answers, in danger, and of each row: some of them."""
    mutants = list(fewer_duties(release))
    assert len(mutants) > 12
    for mutant in mutants[::5]:
        assert caught_by(mutant, scenarios_of(release)) is not None, mutant.place


def test_a_release_that_is_not_changed_is_not_caught(release: Release) -> None:
    same = Mutant("nothing", dict(release.files), frozenset({("veilig_thuis", "rvdk.known")}))
    assert caught_by(same, scenarios_of(release)) is None


@pytest.mark.parametrize("number", range(0, 200, 23))
def test_a_rule_that_is_left_out_or_turned_round_is_caught(release: Release, number: int) -> None:
    """Some of them; `policy check --mutants` makes all."""
    mutants = list(rules_changed(release))
    mutant = mutants[number % len(mutants)]
    program = OpaProgram(opa_program())
    assert caught_by(mutant, scenarios_of(release), HAND_OUT, program) is not None, mutant.place


def test_both_kinds_of_changed_rules_are_made(release: Release) -> None:
    places = [mutant.place.rpartition(" ")[2] for mutant in rules_changed(release)]
    assert places.count("out") > 60
    assert places.count("turned") > 40
