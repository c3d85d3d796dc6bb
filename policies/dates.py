"""Rows outside their dates: which row decides is found by policy, which sees no time.

So every question is decided as if its row were in force. Where the row that decided is not, on that day, the
question is decided again with the fact closed, and refused with the row's name. A date only takes away: what
is shown of the table, where this gate is open, holds on every day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from policies.catalogue import Catalogue
from policies.engine import Decision, Policy
from policies.errors import PolicyUnavailable


@dataclass(frozen=True)
class DatedDecision:
    """A decision, and the input that it rests on: what the trail records, and replay decides again."""

    given: Mapping[str, object]
    decision: Decision


async def decide_on(
    day: date, policy: Policy, catalogue: Catalogue, inputs: Sequence[Mapping[str, object]]
) -> list[DatedDecision]:
    """The decisions on this day, in the order of the inputs. Raises PolicyUnavailable."""
    outside = {code for code, rule in catalogue.rules.items() if not rule.in_force(day)}
    decided = await policy.decide(inputs)
    late = [at for at, decision in enumerate(decided) if decision.rule in outside]
    if not late:
        return [DatedDecision(*one) for one in zip(inputs, decided, strict=True)]
    closed = {at: {**inputs[at], "rule": {"in_force": False}} for at in late}
    again = dict(zip(late, await policy.decide([*closed.values()]), strict=True))
    if any(decision.permitted for decision in again.values()):
        raise PolicyUnavailable("A row outside its dates was permitted all the same.")
    return [
        DatedDecision(closed.get(at, inputs[at]), again.get(at, decision))
        for at, decision in enumerate(decided)
    ]
