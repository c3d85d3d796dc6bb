"""The decision of a release taken apart: each rule is evaluated once for each combination of what it reads.

The embedded engine gives every value; none is made up here. What is left out is evaluating a rule again where
all that it reads is the same (`graph.py`). So the whole space costs some thousands of evaluations. That
deciding cell by cell gives the same is checked over the whole space.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from policies.engine import Decision, Facts, Reader
from policies.evaluator import Evaluator
from policies.graph import Node, nodes
from policies.release import Release

Values = list[int]


@dataclass
class _Part:
    """A rule, where what it reads stands, and its values so far. A value is the number of its text."""

    node: Node
    fields: list[int]
    rules: list[int]
    known: dict[tuple[object, ...], int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def numbered(self, text: str) -> int:
        if text not in self.numbers:
            self.numbers[text] = len(self.texts)
            self.texts.append(text)
        return self.numbers[text]


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
        return self.decision(facts, self.values(facts))

    def decision(self, facts: Facts, values: Values) -> Decision:
        """The decision on these facts, whose values these are."""
        decided = values[-1]
        if decided in self._refusals:
            return self._refusals[decided]
        decision = self.reader.decision(facts, json.loads(self._parts[-1].texts[decided]))
        if not decision.permitted:  # what a permit says is held against the facts of each question
            self._refusals[decided] = decision
        return decision

    def values(self, facts: Facts) -> Values:
        """The value of each node, as a number: equal numbers, equal values. Raises PolicyUnavailable."""
        values = [0] * len(self._parts)
        self._work_out(facts, values, range(len(self._parts)))
        return values

    def changed(self, facts: Facts, values: Values, touch: Touch) -> Values:
        """The values for facts that differ in one fact from those whose values are given."""
        after = values.copy()
        self._work_out(facts, after, touch.nodes)
        return after

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

    def _work_out(self, facts: Facts, values: Values, numbers: Iterable[int]) -> None:
        document = ""
        for number in numbers:
            part = self._parts[number]
            key = (*[facts[at] for at in part.fields], *[values[at] for at in part.rules])
            value = part.known.get(key)
            if value is None:
                document = document or json.dumps(self.reader.document(facts))
                text = self.evaluator.value(part.node.path, document)
                value = part.known[key] = part.numbered(text)
            values[number] = value
