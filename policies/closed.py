"""What changes between two releases where something that is needed is not there. In the table all gates stand
open: what is let through beside one, no longer or from now on, stands in no cell of it.

Pure: no database, no web framework, no logger.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.areas import compare_all
from policies.compare import Comparison, Flip
from policies.gates import Change, Does
from policies.parts import Parts
from policies.release import Release
from policies.table import Table, space

_IN_PART: frozenset[Does] = frozenset({"refuses some", "narrows", "widens"})


Shut = tuple[str, str, str, str | bool | None]
"""A release, a region, and one fact with another value than an open gate has."""


@dataclass(frozen=True)
class Closed:
    """A fact with another value than an open gate has, and what changes then beyond what changes anyway."""

    field: str
    value: str | bool | None
    flips: tuple[Flip, ...]


def closed(
    old: Parts,
    new: Parts,
    gates: tuple[Sequence[Change], Sequence[Change]],
    anyway: Comparison,
    made: dict[Shut, Table],
) -> Iterator[Closed]:
    """For each fact that in one of them is no whole gate, where anything changes. `anyway`: the comparison
    with all gates open. `made`: the tables that were made before. Raises PolicyUnavailable.
    """
    parts = {old.release.revision: old, new.release.revision: new}
    known = [one.release.catalogue.vocabulary for one in (old, new)]
    for field, value in _in_part(*gates):
        if not all(field in names and (value is None or value in names[field]) for names in known):
            continue  # a card shows that it came or went

        def table(
            release: Release, region: str, field: str = field, value: str | bool | None = value
        ) -> Table:
            shut = release.revision, region, field, value
            if shut not in made:
                made[shut] = _table(parts[release.revision], region, field, value)
            return made[shut]

        found = compare_all(old.release, new.release, table)
        flips = tuple(flip for flip in found.flips if _beyond(flip, anyway))
        if flips:
            yield Closed(field, value, flips)


def _in_part(old: Sequence[Change], new: Sequence[Change]) -> list[tuple[str, str | bool | None]]:
    return list(dict.fromkeys((one.field, one.value) for one in (*old, *new) if _differs(one)))


def _differs(one: Change) -> bool:
    """Whether closing it refuses some and not all, for one reason."""
    return one.does in _IN_PART or (one.does == "refuses" and not one.gate)


def _table(parts: Parts, region: str, field: str, value: str | bool | None) -> Table:
    """The space with this fact as it is given."""
    place = list(parts.release.catalogue.vocabulary).index(field)
    found = list(space(parts, region))
    decisions = parts.decisions([(*row[:place], value, *row[place + 1 :]) for _, row in found])
    cells = [cell for cell, _ in found]
    return Table(parts.release.revision, "", dict(zip(cells, decisions, strict=True)), "")


def _beyond(flip: Flip, anyway: Comparison) -> bool:
    """Whether this is not what changes with all gates open too. For which other reasons something stays
    refused is no change of what may.
    """
    if flip.kind == "other_reasons":
        return False
    return not any(
        (flip.kind, flip.requester, flip.question, flip.rule, flip.what)
        == (one.kind, one.requester, one.question, one.rule, one.what)
        and set(flip.purposes) <= set(one.purposes)
        and all(set(ages) <= set(one.subjects.get(role, ())) for role, ages in flip.subjects.items())
        and (not one.regions or (flip.regions and set(flip.regions) <= set(one.regions)))
        for one in anyway.flips
    )
