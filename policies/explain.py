"""Why a question was decided as it was, and the smallest change of facts under which it would be otherwise.

Pure: no database, no web framework, no logger. The words are in `words.py`. This is no advice to state what
is not so: it shows what the decision turned on.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policies.engine import Decision, Facts
from policies.parts import Parts

MOST_CHANGES = 3
"""A permit that is further away is no help to anybody."""

ASKED = ("requester.partner", "holder", "question")
"""What is asked by whom: another question is not a change of this one."""

FactValue = str | bool | None
FactChange = tuple[tuple[str, FactValue], ...]
"""Fields with the values that they would have to have."""


@dataclass(frozen=True)
class Explanation:
    """`facts`: every field with its value (None: absent or unknown). `counted`: the fields that another value
    of would have changed anything in the decision. `filled_in`: those that only had to be filled in: what
    they say never decides. `changes`: all of them; of a refusal, the smallest sets of changed facts that give
    a permit, what somebody can bring about first; of a permit, each single change that refuses it.
    """

    decision: Decision
    facts: Mapping[str, FactValue]
    counted: tuple[str, ...]
    filled_in: tuple[str, ...]
    changes: tuple[FactChange, ...]


def explain(parts: Parts, given: Mapping[str, object]) -> Explanation:
    """Raises PolicyUnavailable, as deciding does."""
    facts = parts.reader.facts(given)
    decision = parts.decide(facts)
    catalogue = parts.release.catalogue
    fields = list(catalogue.vocabulary)
    others: list[list[tuple[int, FactValue]]] = [
        [(at, value) for value in catalogue.vocabulary[field] if value != facts[at]]
        for at, field in enumerate(fields)
        if field not in ASKED
    ]
    counted = [
        fields[at]
        for options in others
        if any(parts.decide(_changed(facts, [one])) != decision for one in options)
        for at, _ in options[:1]
    ]
    found: list[FactChange] = []
    for size in range(1, (1 if decision.permitted else MOST_CHANGES) + 1):
        found = [
            tuple((fields[at], value) for at, value in change)
            for change in _sets(others, size)
            if parts.decide(_changed(facts, change)).permitted != decision.permitted
        ]
        if found:
            break

    def order(change: FactChange) -> tuple[int, list[int]]:
        fixed = sum(not catalogue.facts[field].may_change for field, _ in change)
        return fixed, [fields.index(field) for field, _ in change]

    return Explanation(
        decision=decision,
        facts=dict(zip(fields, facts, strict=True)),
        counted=tuple(field for field in counted if catalogue.facts[field].weighs),
        filled_in=tuple(field for field in counted if not catalogue.facts[field].weighs),
        changes=tuple(sorted(found, key=order)),
    )


def _sets(
    others: Sequence[Sequence[tuple[int, FactValue]]], size: int
) -> Iterator[tuple[tuple[int, FactValue], ...]]:
    """Every choice of other values for this many fields."""
    for fields in itertools.combinations(others, size):
        yield from itertools.product(*fields)


def _changed(facts: Facts, change: Sequence[tuple[int, FactValue]]) -> Facts:
    changed = list(facts)
    for at, value in change:
        changed[at] = value
    return tuple(changed)
