"""What changing one fact does, over the whole space: shown, not assumed.

A fact is a gate when closing it refuses every cell, adds exactly its own reason and changes nothing else.
Then the table with all gates open is the whole of what a release permits. Facts that are no pure gates are
named, with what they do. Pure: no database, no web framework, no logger.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from policies.engine import Decision, Facts
from policies.parts import Columns, Key, Parts, Touch, firsts
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


@dataclass(frozen=True)
class Situations:
    """What one fact meets in a space: of cells that agree in all that a change of it reaches, the first.
    `columns`: the values of the nodes there.
    """

    place: int
    rows: Sequence[Facts]
    columns: Columns
    touch: Touch

    def with_value(self, parts: Parts, value: str | bool | None) -> tuple[Sequence[Facts], list[Decision]]:
        """The facts with this value of the fact, and what is decided then. Raises PolicyUnavailable."""
        rows = [(*row[: self.place], value, *row[self.place + 1 :]) for row in self.rows]
        return rows, parts.decisions(rows, parts.columns(rows, self.touch, self.columns))


_Area = tuple[Sequence[Facts], Sequence[Sequence[object]], Columns]
"""The facts of each row, the values of each fact, the values of each node."""

_known: "WeakKeyDictionary[Parts, _Area]" = WeakKeyDictionary()


def situations(parts: Parts, fields: Container[str], *, own: bool = True) -> dict[str, Situations]:
    """For each of these facts what it meets, in every area; `own`: also where only the fact itself differs,
    for who looks at what was before. Raises PolicyUnavailable.
    """
    places = {
        field: place for place, field in enumerate(parts.release.catalogue.vocabulary) if field in fields
    }
    met: dict[str, dict[Key, tuple[Facts, list[int]]]] = {field: {} for field in places}
    for rows, facts, values in _areas(parts):
        for field, place in places.items():
            touch, known = parts.touch(field), met[field]
            read = [
                *[facts[at] for at in touch.facts if own or at != place],
                *[values[at] for at in touch.rules],
            ]
            for key, at in firsts(read, len(rows)).first.items():
                if key not in known:
                    known[key] = rows[at], [column[at] for column in values]
    return {
        field: Situations(
            place,
            [row for row, _ in met[field].values()],
            list(zip(*[values for _, values in met[field].values()], strict=True)),
            parts.touch(field),
        )
        for field, place in places.items()
    }


def _areas(parts: Parts) -> Iterator[_Area]:
    """Every cell of every area, one area at a time. A release with one is asked for more than once, and going
    through it takes seconds. Raises PolicyUnavailable.
    """
    areas = parts.release.catalogue.areas
    for region in areas:
        found = _known.get(parts)
        if found is None:
            rows = [facts for _, facts in space(parts, region)]
            found = rows, list(zip(*rows, strict=True)), parts.columns(rows)
            if len(areas) == 1:
                _known[parts] = found
        yield found


def changes(parts: Parts) -> list[Change]:
    """Every other value of every fact that is not a dimension, and the fact left out.

    Raises PolicyUnavailable.
    """
    fields = set(parts.release.catalogue.vocabulary) - set(NO_GATES)
    return [one for field, met in situations(parts, fields).items() for one in changes_of(field, met, parts)]


def changes_of(field: str, met: Situations, parts: Parts) -> Iterator[Change]:
    """Those of one fact. Raises PolicyUnavailable."""
    before = parts.decisions(met.rows, met.columns)
    open_ones = {row[met.place] for row in met.rows}
    for value in (*sorted(set(parts.release.catalogue.vocabulary[field]) - open_ones, key=str), None):
        _, after = met.with_value(parts, value)
        pairs = {(id(one), id(other)): (one, other) for one, other in zip(before, after, strict=True)}
        outcomes = {_outcome(one, other) for one, other in pairs.values()}
        yield _change(field, value, outcomes, len(met.rows))


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
