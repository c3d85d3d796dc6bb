"""How long to wait: so long on a quiet machine, and longer on one that is slow now.

What a machine can do is measured when a wait is over, by a piece of work that is known: a program of ours
that starts. So waiting costs nothing where all goes well, and what failed is told from what is only slow.
"""

import subprocess
import sys
import time
from collections.abc import Callable

_KNOWN_WORK = (sys.executable, "-c", "import fastapi, sqlalchemy")
_QUIET_S = 0.8
"""What the known work takes on two quiet cores of today, rounded up."""

_SLOWEST = 30.0
"""Slower is not waited for: somebody looks whether it ever ends."""


def slowness() -> float:
    """How many times as long as on a quiet machine the known work takes now; at least 1."""
    begun = time.monotonic()
    subprocess.run(_KNOWN_WORK, check=True)  # noqa: S603 - our own interpreter
    return min(_SLOWEST, max(1.0, (time.monotonic() - begun) / _QUIET_S))


class Patience:
    """A wait of `within_s` seconds on a quiet machine. `what` is waited for, in Dutch and with a verb; `say`
    tells the person who waits that it is the machine.
    """

    def __init__(
        self,
        within_s: float,
        what: str,
        say: Callable[[str], None],
        *,
        measure: Callable[[], float] = slowness,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._within_s = within_s
        self._what = what
        self._say = say
        self._measure = measure
        self._now = now
        self._begun = now()
        self.until_s = within_s
        self.slowness = 1.0

    def over(self) -> bool:
        """Whether it lasted too long, also for a machine that is as slow as this one is now."""
        if self._now() - self._begun <= self.until_s:
            return False
        self.slowness = max(self.slowness, self._measure())
        until_s = self._within_s * self.slowness
        if until_s > self.until_s:
            self.until_s = until_s
            self._say(
                f"Deze machine is nu {self.slowness:.0f} keer zo traag als een rustige: {self._what}, "
                f"hoogstens {until_s:.0f} s."
            )
        return self._now() - self._begun > self.until_s
