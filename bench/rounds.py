"""Rounds of two things in turn, so that a busy machine slows both: what counts is the ratio in each round."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Ours through the peer's, one value per round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.values):.2f}–{max(self.values):.2f})"


@dataclass(frozen=True)
class Rounds:
    """Both results of each round, in the unit of whoever measured."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ratio(self) -> Ratio:
        return Ratio(tuple(ours / peer for ours, peer in zip(self.ours, self.peer, strict=True)))


def in_turn(ours: Callable[[], float], peer: Callable[[], float], rounds: int) -> Rounds:
    """A-B-A-B; the first of each is thrown away."""
    ours(), peer()
    pairs: Sequence[tuple[float, float]] = [(ours(), peer()) for _ in range(rounds)]
    return Rounds(tuple(one for one, _ in pairs), tuple(other for _, other in pairs))
