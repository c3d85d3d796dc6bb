"""The stories of the demo, over every kind of wire, database and policy engine."""

from typing import Any

import pytest

from grondslag.demo.stories import STORIES, Play, Told, _decide_standing
from tests.world import LocalWorld


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_story_ends_as_it_must(story: Any, world: LocalWorld) -> None:
    """Each story ends as it must."""
    play = Play(world)
    _decide_standing(play)
    told = Told(story.__name__)
    story(play, told)
    assert told.wrong == []
