"""What changing one fact does, over the whole space: shown, not assumed.

A fact is a gate when closing it refuses every cell, adds exactly its own reason and changes nothing else.
Then the table with all gates open is the whole of what a release permits. Facts that are no pure gates are
named, with what they do. Pure: no database, no web framework, no logger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from policies.engine import Decision, Facts
from policies.parts import Parts, Values
from policies.table import NO_GATES, space

Does = Literal["refuses", "refuses some", "narrows", "nothing", "widens"]


@dataclass(frozen=True)
class Change:
    """A fact with another value than an open gate has; None: without the fact. `adds`: the different sets of
    reasons that this adds somewhere in the space. `situations`: how many different ones there are.
    """

    field: str
    value: str | bool | None
    does: Does
    adds: tuple[tuple[str, ...], ...]
    situations: int

    @property
    def gate(self) -> bool:
        return self.does == "refuses" and len(self.adds) == 1


def changes(parts: Parts, progress: Callable[[int], None] = lambda _: None) -> list[Change]:
    """Every other value of every fact that is not a dimension, and the fact left out.

    `progress` hears how many more cells were decided. Raises PolicyUnavailable.
    """
    catalogue = parts.release.catalogue
    every = [(given, parts.values(given)) for _, given in space(parts, progress)]
    found = []
    for place, (field, allowed) in enumerate(catalogue.vocabulary.items()):
        if field in NO_GATES:
            continue
        touch = parts.touch(field)
        situations: dict[tuple[object, ...], tuple[Facts, Values]] = {}
        for given, values in every:
            key = (*[given[at] for at in touch.facts], *[values[at] for at in touch.rules])
            situations.setdefault(key, (given, values))
        before = [(given, values, parts.decision(given, values)) for given, values in situations.values()]
        open_ones = {given[place] for given, _, _ in before}
        for value in (*sorted(set(allowed) - open_ones, key=str), None):
            outcomes = set()
            for given, values, decided in before:
                other = (*given[:place], value, *given[place + 1 :])
                outcomes.add(_outcome(decided, parts.decision(other, parts.changed(other, values, touch))))
            found.append(_change(field, value, outcomes, len(situations)))
    return found


_Outcome = tuple[Does, tuple[str, ...]]


def _change(field: str, value: str | bool | None, outcomes: set[_Outcome], situations: int) -> Change:
    does = {one for one, _ in outcomes}
    adds = tuple(sorted({reasons for _, reasons in outcomes}))
    worst: Does = "nothing"
    if "widens" in does:
        worst = "widens"
    elif "refuses" in does:
        worst = "refuses" if len(does) == 1 else "refuses some"
    elif "narrows" in does:
        worst = "narrows"
    return Change(field, value, worst, adds, situations)


def _outcome(before: Decision, after: Decision) -> _Outcome:
    if after == before:
        return "nothing", ()
    had, has = _codes(before), _codes(after)
    return _effect(before, after), tuple(sorted(has - had))


def _effect(before: Decision, after: Decision) -> Does:
    """What the change did here: it adds reasons and changes nothing else, or narrows a permit; all else
    counts as widening.
    """
    if not after.permitted and _codes(before) < _codes(after):
        same_row = (after.rule, after.status) == (before.rule, before.status)
        return "refuses" if same_row else "widens"
    if before.permitted and after.permitted and _narrower(after, before):
        return "narrows"
    return "widens"


def _narrower(one: Decision, other: Decision) -> bool:
    """Of two permits, whether the first gives nothing that the second does not: no looser mode, no further
    answer code, no obligation less.
    """
    return (
        set(one.answer_codes) <= set(other.answer_codes)
        and set(one.obligations) >= set(other.obligations)
        and (one.mode == "human" or other.mode == "automatic")
        and (not one.desk or other.desk)
    )


def _codes(decision: Decision) -> frozenset[str]:
    return frozenset(reason.code for reason in decision.reasons)
