"""How long is waited before a next try."""

import pytest

from party.backoff import LONGEST_S, pause_s


@pytest.mark.parametrize(("attempts", "about"), [(0, 1), (1, 2), (5, 32), (6, 60), (2_000, 60)])
def test_each_pause_is_twice_as_long_until_it_is_a_minute(attempts: int, about: float) -> None:
    """Also after days of trying: the number of tries has no end, and a float has."""
    pauses = [pause_s(attempts) for _ in range(200)]

    assert min(pauses) >= 0.8 * about
    assert max(pauses) <= 1.2 * about


def test_who_waits_does_not_come_back_together_with_others() -> None:
    """The same try of two parties is hardly ever at the same moment."""
    assert len({round(pause_s(3), 3) for _ in range(100)}) > 50


def test_a_first_pause_may_be_another() -> None:
    """Of half a second, or so long that nothing is longer."""
    assert 0.4 <= pause_s(0, first_s=0.5) <= 0.6
    assert pause_s(0, first_s=10 * LONGEST_S) <= 1.2 * LONGEST_S
