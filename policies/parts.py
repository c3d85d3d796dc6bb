"""The decision of a release taken apart: each rule is evaluated once for each combination of what it reads.

The embedded engine gives every value; none is made up here. What is left out is evaluating a rule again where
all that it reads is the same (`graph.py`). So the whole space costs some thousands of evaluations. That
deciding cell by cell gives the same is checked over the whole space.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from policies.engine import Decision, Facts, Reader
from policies.evaluator import Evaluator
from policies.graph import RuleNode, nodes
from policies.release import Release

Key = tuple[object, ...]
"""What a rule reads: the values of its facts and the numbers of its rules."""

Columns = Sequence[Sequence[int]]
"""Per node its value for each row of facts, as a number: equal numbers, equal values."""


@dataclass
class _Part:
    """A rule, where what it reads stands, and its values so far. A value is the number of its text."""

    node: RuleNode
    fields: list[int]
    rules: list[int]
    known: dict[Key, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def numbered(self, text: str) -> int:
        if text not in self.numbers:
            self.numbers[text] = len(self.texts)
            self.texts.append(text)
        return self.numbers[text]


@dataclass(frozen=True)
class Keys:
    """Of each row the values in some columns, in the order of the rows; and the first row of each."""

    all: Sequence[Key]
    first: dict[Key, int]


def firsts(columns: Sequence[Sequence[object]], length: int) -> Keys:
    """What rows of these columns have in common; `length`: how many rows, also where there is no column."""
    keys: Sequence[Key] = list(zip(*columns, strict=True)) if columns else [()] * length
    first: dict[Key, int] = {}
    for at, key in enumerate(keys):
        if key not in first:
            first[key] = at
    return Keys(keys, first)


@dataclass(frozen=True)
class Touch:
    """The nodes that a fact reaches, by number; the places of the facts, and the numbers of the other nodes,
    that these read. Where facts and values agree there, the same change has the same effect.
    """

    nodes: tuple[int, ...]
    facts: tuple[int, ...]
    rules: tuple[int, ...]


class Parts:
    """Decides on facts in the order of the vocabulary. Raises ReleaseError for rules that cannot be taken
    apart.
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self.reader = Reader(release.catalogue, release.revision)
        self.evaluator = Evaluator(release)
        self.nodes = nodes(self.evaluator.syntax(), release.catalogue.vocabulary)
        place = {name: number for number, name in enumerate(release.catalogue.vocabulary)}
        number = {node.path: number for number, node in enumerate(self.nodes)}
        self._parts = [
            _Part(node, [place[name] for name in node.fields], [number[path] for path in node.rules])
            for node in self.nodes
        ]
        self._refusals: dict[int, Decision] = {}

    def decide(self, facts: Facts) -> Decision:
        """Raises PolicyUnavailable, as any engine does."""
        return self._decision(facts, self.values(facts)[-1])

    def values(self, facts: Facts) -> list[int]:
        """The value of each node, as a number: equal numbers, equal values. Raises PolicyUnavailable."""
        values: list[int] = []
        for part in self._parts:
            key = (*[facts[at] for at in part.fields], *[values[at] for at in part.rules])
            if key not in part.known:
                self._evaluate(part, key, facts)
            values.append(part.known[key])
        return values

    def decisions(self, rows: Sequence[Facts], columns: Columns | None = None) -> list[Decision]:
        """The decisions on many facts at once; `columns`: theirs, when they are known.

        Raises PolicyUnavailable.
        """
        decided = (columns or self.columns(rows))[-1]
        return [self._decision(row, value) for row, value in zip(rows, decided, strict=True)]

    def columns(
        self, rows: Sequence[Facts], touch: Touch | None = None, before: Columns | None = None
    ) -> Columns:
        """The values of each node for many facts at once, in the order of the rows. With `before`: only those
        that are touched are worked out, the others are as they were. Raises PolicyUnavailable.
        """
        facts = list(zip(*rows, strict=True)) or [()] * len(self.reader.facts({}))
        columns = list(before or [()] * len(self._parts))
        for number in range(len(self._parts)) if touch is None else touch.nodes:
            part = self._parts[number]
            read = [*[facts[at] for at in part.fields], *[columns[at] for at in part.rules]]
            keys = firsts(read, len(rows))
            for key, first in keys.first.items():
                if key not in part.known:
                    self._evaluate(part, key, rows[first])
            columns[number] = [part.known[key] for key in keys.all]
        return columns

    def touch(self, field: str) -> Touch:
        """What a change of this fact can reach, and what its effect depends on."""
        nodes: list[int] = []
        facts: set[int] = set()
        rules: set[int] = set()
        for number, part in enumerate(self._parts):
            if field in part.node.fields or set(nodes).intersection(part.rules):
                nodes.append(number)
                facts.update(part.fields)
                rules.update(part.rules)
        return Touch(tuple(nodes), tuple(sorted(facts)), tuple(sorted(rules - set(nodes))))

    def _evaluate(self, part: _Part, key: Key, facts: Facts) -> None:
        document = json.dumps(self.reader.document(facts))
        part.known[key] = part.numbered(self.evaluator.value(part.node.path, document))

    def _decision(self, facts: Facts, decided: int) -> Decision:
        known = self._refusals.get(decided)
        if known is not None:
            return known
        decision = self.reader.decision(facts, json.loads(self._parts[-1].texts[decided]))
        if not decision.permitted:  # what a permit says is held against the facts of each question
            self._refusals[decided] = decision
        return decision
