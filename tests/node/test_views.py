"""Looking again within one session is no new reading; what is new in it is."""

from datetime import timedelta

from adapters.node.asking.views import Views
from party.bearer import LONGEST_LIFE_S
from tests.parties import Clock


def test_what_was_shown_within_the_hour_is_not_fresh() -> None:
    clock = Clock()
    views = Views(clock)
    assert views.fresh("anna", "one", ["a", "b"]) == {"a", "b"}
    views.note("anna", "one", ["a", "b"])
    assert views.fresh("anna", "one", ["a", "b", "c"]) == {"c"}
    # somebody else, or of something else
    assert views.fresh("bert", "one", ["a"]) == views.fresh("anna", "two", ["a"]) == {"a"}


def test_an_hour_is_counted_from_the_first_look() -> None:
    """Whoever keeps looking is recorded again, however often."""
    clock = Clock()
    views = Views(clock)
    views.note("anna", "one", ["a"])
    for _ in range(5):
        clock.at += timedelta(seconds=LONGEST_LIFE_S / 6)
        assert not views.fresh("anna", "one", ["a"])
        views.note("anna", "one", ["a"])
    clock.at += timedelta(seconds=LONGEST_LIFE_S / 6)
    assert views.fresh("anna", "one", ["a"]) == {"a"}


def test_sessions_that_ended_are_forgotten() -> None:
    clock = Clock()
    views = Views(clock)
    for number in range(9):
        views.note(f"user-{number}", "one", ["a"])
    clock.at += timedelta(seconds=LONGEST_LIFE_S)
    views.note("anna", "one", ["a"])
    assert len(views._shown) == 1
