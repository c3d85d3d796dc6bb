"""What the hand-out says, in lines that a lawyer can read, written from its text and not from the data.

Given, Question, Expected, Because. A cell may list values (`a|b`): every combination must hold. A word stands
for several facts; a line whose expectation begins with `=` says which. Gates that a line does not name are
open. With the line `nothing_else`, whatever no line permits must be refused. Pure: it is given the text.
"""

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policies.catalogue import Catalogue
from policies.engine import Decision, Facts
from policies.errors import ReleaseError
from policies.parts import Parts
from policies.release import SCENARIOS, Release
from policies.table import DIMENSIONS, Cell, Pairs, space

_HEADINGS = ["Given", "Question", "Expected", "Because"]
_NOTHING_ELSE = "nothing_else"
_TOLD = {
    "permit": frozenset({"rule", "mode", "codes", "desk", "bases", "duties", "deadline"}),
    "refusal": frozenset({"rule", "reasons"}),
}

_Values = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Scenario:
    """One line. `given`: the alternatives, each with the values of the facts that it names. `duties`: at
    least these; the other values of `told` are all of it.
    """

    line: int
    given: tuple[_Values, ...]
    questions: tuple[str, ...]
    effect: str
    told: _Values
    because: str

    def holds(self, decision: Decision) -> bool:
        told = self.told
        if decision.effect != self.effect or ("rule" in told and (decision.rule,) != told["rule"]):
            return False
        if self.effect == "refusal":
            return {reason.code for reason in decision.reasons} == set(told["reasons"])
        return (
            (decision.mode,) == told["mode"]
            and set(decision.answer_codes) == set(told["codes"])
            and decision.desk == ("desk" in told)
            and set(decision.legal_bases) == set(told["bases"])
            and set(decision.obligations) >= set(told.get("duties", ()))
            and ("deadline" not in told or (decision.deadline,) == told["deadline"])
        )


@dataclass(frozen=True)
class Scenarios:
    """All lines, and whether what they do not permit must be refused."""

    lines: tuple[Scenario, ...]
    nothing_else: bool

    def broken(self, parts: Parts, pairs: Pairs | None = None) -> str | None:
        """The first thing that does not hold; of these (requester, question) alone, when given.

        Raises PolicyUnavailable, and ReleaseError for a line that the vocabulary does not know.
        """
        every = dict(space(parts, pairs=pairs))
        names = list(parts.release.catalogue.vocabulary)
        permitted = set()
        for line in self.lines:
            situations = [
                (cell, _with(every[cell], names, changes))
                for cell, changes in _situations(line, parts.release.catalogue)
                if pairs is None or cell[:2] in pairs
            ]
            if line.effect == "permit":
                permitted |= {cell for cell, facts in situations if facts == every[cell]}
            decided = parts.decisions([facts for _, facts in situations])
            for (cell, _), decision in zip(situations, decided, strict=True):
                if not line.holds(decision):
                    return f"line {line.line} ({line.because}): {cell}"
        if self.nothing_else:
            for cell, decision in zip(every, parts.decisions(list(every.values())), strict=True):
                if decision.permitted and cell not in permitted:
                    return f"no line permits {cell}"
        return None


def partners_of(line: Scenario, catalogue: Catalogue) -> frozenset[str]:
    """The requesters and holders of every cell that a line speaks of. Raises ReleaseError."""
    found = {(str(cell[0]), cell.holder) for cell, _ in _situations(line, catalogue)}
    return frozenset(itertools.chain.from_iterable(found))


def _with(facts: Facts, names: Sequence[str], changes: Mapping[str, str | bool]) -> Facts:
    changed = list(facts)
    for name, value in changes.items():
        changed[names.index(name)] = value
    return tuple(changed)


def scenarios_of(release: Release) -> Scenarios:
    """Those that came with a release; none where there is no table. Raises ReleaseError."""
    text = release.files.get(SCENARIOS)
    return Scenarios((), nothing_else=False) if text is None else read_scenarios(text.decode())


def read_scenarios(text: str) -> Scenarios:
    """Raises ReleaseError, with the number of the line."""
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        raise ReleaseError("The scenarios are no table.") from error
    if not rows or rows[0] != _HEADINGS:
        raise ReleaseError("The scenarios have other headings than Given, Question, Expected, Because.")
    words: dict[str, _Values] = {}
    lines, nothing_else = [], False
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(_HEADINGS) or not row[3]:
            raise ReleaseError(f"Line {number} of the scenarios has not four cells, or no source.")
        given, question, expected, because = row
        if expected == _NOTHING_ELSE:
            nothing_else = True
        elif expected.startswith("= "):
            if given in words:
                raise ReleaseError(f"Line {number} of the scenarios says again what {given} is.")
            words[given] = _one(expected[2:], words, number)
        else:
            effect, _, told = expected.partition(" ")
            said = _one(told, words, number)
            if effect not in _TOLD or not set(said) <= _TOLD[effect] or not _enough(effect, said):
                raise ReleaseError(f"Line {number} of the scenarios expects what no decision says.")
            alternatives = tuple(_alternatives(given, words, number))
            lines.append(Scenario(number, alternatives, tuple(question.split("|")), effect, said, because))
    return Scenarios(tuple(lines), nothing_else)


def _enough(effect: str, said: _Values) -> bool:
    needed = {"rule", "mode", "codes", "bases"} if effect == "permit" else {"reasons"}
    return needed <= set(said)


def _one(text: str, words: Mapping[str, _Values], number: int) -> _Values:
    found = list(_alternatives(text, words, number))
    if len(found) != 1:
        raise ReleaseError(f"Line {number} of the scenarios has alternatives where one is meant.")
    return found[0]


def _alternatives(text: str, words: Mapping[str, _Values], number: int) -> Iterator[_Values]:
    """Items stand side by side; each is `fact=value|value`, or words of which one is meant: `word|word`."""
    items: list[Sequence[_Values]] = []
    for item in text.split():
        name, equals, values = item.partition("=")
        if equals:
            items.append([{name: tuple(values.split("|"))}])
        elif set(item.split("|")) <= set(words):
            items.append([words[word] for word in item.split("|")])
        else:
            raise ReleaseError(f"Line {number} of the scenarios has a word that no line explains.")
    for chosen in itertools.product(*items):
        merged: dict[str, tuple[str, ...]] = {}
        for one in chosen:
            for name, listed in one.items():
                if merged.setdefault(name, listed) != listed:
                    raise ReleaseError(f"Line {number} of the scenarios says two things of {name}.")
        yield merged


def _situations(line: Scenario, catalogue: Catalogue) -> Iterator[tuple[Cell, dict[str, str | bool]]]:
    """Each cell that a line speaks of, with the facts that are no dimension. A dimension that it does not
    name takes every value; the dual role is read for a victim alone.
    """
    for given in line.given:
        every = {**given, "question": line.questions}
        every = {name: every.get(name) or _all(name, catalogue) for name in {*DIMENSIONS, *every}}
        if every["subject.role"] != ("victim",) and "subject.dual_role" not in given:
            every["subject.dual_role"] = ("false",)
        names = list(every)
        for chosen in itertools.product(*every.values()):
            at = {
                name: _value(name, value, catalogue, line) for name, value in zip(names, chosen, strict=True)
            }
            cell = Cell(tuple(at.pop(name) for name in DIMENSIONS))
            yield cell, at


def _all(name: str, catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(str(value).lower() for value in catalogue.vocabulary[name])


def _value(name: str, text: str, catalogue: Catalogue, line: Scenario) -> str | bool:
    for value in catalogue.vocabulary.get(name, ()):
        if str(value).lower() == text:
            return value
    raise ReleaseError(f"Line {line.line} of the scenarios has a fact that the vocabulary does not know.")
