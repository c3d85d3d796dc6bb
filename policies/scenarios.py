"""What a lawyer expects of the hand-out, line by line: given this, asked that, expected this, because.

A table for people (`handout/scenarios.csv`), beside the rows and not part of a release: it says independently
of the data what must come of them. Pure: no database, no web framework, no logger.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.catalogue import Catalogue
from policies.engine import Decision
from policies.errors import ReleaseError
from policies.parts import Parts
from policies.table import DIMENSIONS, Cell, facts

FILE = "scenarios.csv"
_COLUMNS = (
    "scenario",
    "wie vraagt",
    "rol",
    "vraag",
    "doel",
    "fase",
    "over wie",
    "leeftijd",
    "en verder",
    "verwacht",
    "omdat",
)
_MODES = {"automatic": "automatisch", "human": "mens"}


@dataclass(frozen=True)
class Scenario:
    """One line. `given`: the facts, where every gate stands open that the line does not close. `expected`:
    "automatisch A01", "mens A09" or "weigering " with the reasons.
    """

    name: str
    line: int
    given: dict[str, object]
    expected: str
    because: str


def read_scenarios(folder: Path, catalogue: Catalogue) -> list[Scenario]:
    """The lines of a hand-out's folder; none where there is no such table. Raises ReleaseError, which names
    the line.
    """
    place = folder / FILE
    if not place.exists():
        return []
    try:
        with place.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReleaseError(f"{FILE} cannot be read.") from error
    return [_scenario(number, row, catalogue) for number, row in enumerate(rows, start=2)]


def unexpected(parts: Parts, scenarios: Sequence[Scenario]) -> Iterator[str]:
    """The lines that do not come out, with what came instead. Raises PolicyUnavailable."""
    for one in scenarios:
        decided = outcome(parts.decide(parts.reader.facts(one.given)))
        if decided != one.expected:
            yield f"{FILE}:{one.line} {one.name}: {decided}, verwacht {one.expected}"


def outcome(decision: Decision) -> str:
    """A decision as the table says it."""
    if decision.permitted:
        return f"{_MODES[str(decision.mode)]} {decision.rule}"
    return f"weigering {'+'.join(sorted(reason.code for reason in decision.reasons))}"


def _scenario(line: int, row: dict[str, str], catalogue: Catalogue) -> Scenario:
    if tuple(row) != _COLUMNS or None in row.values():
        raise ReleaseError(f"{FILE}:{line} has other columns than {', '.join(_COLUMNS)}.")
    named = {
        "requester.partner": row["wie vraagt"],
        "requester.role": row["rol"],
        "question": row["vraag"],
        "purpose": row["doel"],
        "case.stage": row["fase"],
        "subject.role": row["over wie"],
        "subject.age_band": row["leeftijd"],
        "case.urgency": "normal",
        "case.regime": "bilateral",
        "subject.dual_role": "false",
    }
    for further in row["en verder"].split():
        field, _, value = further.partition("=")
        named[field] = value
    values: dict[str, str | bool] = {}
    for field, text in named.items():
        known = {str(value).lower(): value for value in catalogue.vocabulary.get(field, ())}
        if text not in known:
            raise ReleaseError(f"{FILE}:{line} says {field}={text!r}, which the hand-out does not know.")
        values[field] = known[text]
    given = facts(Cell(tuple(values.pop(dimension) for dimension in DIMENSIONS)), catalogue)
    for field, stated in values.items():
        group, _, name = field.partition(".")
        given[group] = {**dict(given[group]), name: stated}  # type: ignore[call-overload]
    return Scenario(row["scenario"], line, given, row["verwacht"], row["omdat"])
