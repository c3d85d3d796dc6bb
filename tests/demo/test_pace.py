"""A machine that is slow is waited for; one that is not is not."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from demo.pace import Patience, slowness
from demo.world import World, WorldProblem


def waited(times_as_slow: Callable[[float], float]) -> tuple[float, list[str]]:
    """How long a wait of ten seconds lasts, by a clock that a test moves, and what was said."""
    at = [0.0]
    said: list[str] = []
    patience = Patience(
        10, "de proef start nog", said.append, measure=lambda: times_as_slow(at[0]), now=lambda: at[0]
    )
    while not patience.over():
        at[0] += 1
    return at[0], said


def test_on_a_quiet_machine_a_wait_is_as_long_as_it_is() -> None:
    assert waited(lambda _: 1.0) == (11, [])


def test_on_a_slow_machine_it_is_as_many_times_longer_and_that_is_said() -> None:
    """That it is the machine, not the work."""
    lasted, said = waited(lambda _: 4.0)
    assert lasted == 41
    assert said == ["Deze machine is nu 4 keer zo traag als een rustige: de proef start nog, hoogstens 40 s."]


def test_a_machine_that_becomes_slower_is_measured_again() -> None:
    assert waited(lambda at: 2.0 if at < 20 else 3.0)[0] == 31


def test_the_machine_is_measured_by_work_that_is_done() -> None:
    assert 1 <= slowness() <= 30


def world(tmp_path: Path, log: str) -> World:
    made = World(tmp_path, lambda _: None, date(2026, 11, 24), ports={"rvdk_register": 1})
    (tmp_path / "rvdk_register.log").write_text(log, encoding="utf-8")
    made.running["rvdk_register"] = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    made.running["rvdk_register"].wait()
    return made


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("", "rvdk_register stopped at its start (exit status 3). It has said nothing yet."),
        ("a\nb\n", "rvdk_register stopped at its start (exit status 3). Its log ends with: b"),
    ],
    ids=["nothing", "something"],
)
def test_a_party_that_ended_is_not_waited_for(log: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(WorldProblem) as problem:
        world(tmp_path, log).wait_ready("rvdk_register")
    assert str(problem.value) == told
