import pytest

from demo.play import Play, decide_standing
from tests.world import LocalWorld


@pytest.fixture
def play(world: LocalWorld) -> Play:
    """A fresh chain with its people; each holder has decided what may be answered automatically."""
    play = Play(world)
    decide_standing(play)
    return play
