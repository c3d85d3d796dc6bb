"""The finite space of the hand-out, enumerated whole.

Dimensions (requester, question, purpose, subject role, age band, urgency, regime, stage, and for a victim the
dual role) take every value; gates stand open. So a release is one table, two releases differ in named cells,
and what holds in the table holds. Pure: no database, no web framework, no logger.
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from policies.catalogue import Catalogue
from policies.engine import Decision, Policy

DIMENSIONS = (
    "requester.partner",
    "question",
    "purpose",
    "subject.role",
    "subject.age_band",
    "case.urgency",
    "case.regime",
    "case.stage",
    "subject.dual_role",
)
_AT_ONCE = 500  # inputs per call


@dataclass(frozen=True)
class Cell:
    """One point of the space: the values of DIMENSIONS, in that order."""

    values: tuple[str | bool, ...]

    def __str__(self) -> str:
        return " ".join(str(value).lower() if isinstance(value, bool) else value for value in self.values)


@dataclass(frozen=True)
class Table:
    """Every cell with its decision, in the order of `cells`. Equal documents, equal `digest`."""

    revision: str
    engine: str
    decisions: Mapping[Cell, Decision]
    digest: str

    @property
    def permits(self) -> int:
        return sum(decision.permitted for decision in self.decisions.values())

    def by_rule(self) -> dict[tuple[str, str], int]:
        """(rule or "none", mode or "refused") -> number of cells."""
        return dict(
            sorted(
                Counter(
                    (one.rule or "none", one.mode or "refused") for one in self.decisions.values()
                ).items()
            )
        )


def cells(catalogue: Catalogue) -> Iterator[Cell]:
    """The whole space, in a fixed order. The dual role is read, and has two values, only for a victim."""
    every = [catalogue.vocabulary[dimension] for dimension in DIMENSIONS[:-1]]
    for values in itertools.product(*every):
        for dual_role in (False, True) if values[3] == "victim" else (False,):
            yield Cell((*values, dual_role))


def facts(cell: Cell, catalogue: Catalogue) -> dict[str, object]:
    """The input of a cell: its values, and every gate open."""
    at = dict(zip(DIMENSIONS, cell.values, strict=True))
    partner, question = str(at["requester.partner"]), str(at["question"])
    return {
        "requester": {
            "partner": partner,
            "role": catalogue.asking_roles[partner][0],
            "mandated": True,
            "assigned": True,
        },
        "holder": catalogue.questions[question].holder,
        "question": question,
        "purpose": at["purpose"],
        "case": {
            "kind": "named",
            "stage": at["case.stage"],
            "melding": "registered",
            "criteria": "both",
            "unsafety": "acute",
            "urgency": at["case.urgency"],
            "regime": at["case.regime"],
            "own_region": True,
            "accepted": True,
        },
        "subject": {
            "role": at["subject.role"],
            "age_band": at["subject.age_band"],
            "consent": "not_asked_unsafe",
            "dual_role": at["subject.dual_role"],
            "re_roled": False,
        },
        "necessity": {"motivated": True, "subsidiarity": True, "weighty_and_urgent": True},
        "repetition": {"asked_before": False, "new_reason": False, "over_budget": False},
    }


async def tabulate(
    policy: Policy, catalogue: Catalogue, progress: Callable[[int], None] = lambda _: None
) -> Table:
    """Decide every cell; `progress` hears how many more were decided. Raises PolicyUnavailable."""
    decisions: dict[Cell, Decision] = {}
    same: dict[Decision, tuple[Decision, bytes]] = {}  # the space has few different documents: keep each once
    digest = hashlib.sha256()
    space = cells(catalogue)
    while chunk := list(itertools.islice(space, _AT_ONCE)):
        answers = await policy.decide([facts(cell, catalogue) for cell in chunk])
        for cell, answer in zip(chunk, answers, strict=True):
            if answer not in same:
                same[answer] = (answer, answer.as_json().encode())
            decisions[cell], document = same[answer]
            digest.update(f"{cell}\t".encode() + document + b"\n")
        progress(len(chunk))
    return Table(policy.revision, policy.engine, decisions, "sha256:" + digest.hexdigest())
