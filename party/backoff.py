"""How long to wait before what did not work is tried again."""

import random
from typing import Final

LONGEST_S: Final = 60.0
"""What cannot be reached for days is tried this often: late is not lost."""


def pause_s(attempts: int, *, first_s: float = 1.0) -> float:
    """In seconds, after so many attempts before this one: twice as long each time, and spread, so that not
    all come back at once.
    """
    doubled = first_s * 2.0 ** min(attempts, 10)  # the exponent has a bound of its own: a float has an end
    return min(LONGEST_S, doubled) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
