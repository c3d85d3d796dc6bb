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
from policies.evaluator import NAME
from policies.parts import Parts
from policies.release import Release

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


def table_of(release: Release, progress: Callable[[int], None] = lambda _: None) -> Table:
    """The table of a release, by its parts: seconds. Raises ReleaseError, PolicyUnavailable."""
    parts = Parts(release)
    book = _Book(release.revision, NAME)
    for number, cell in enumerate(cells(release.catalogue), start=1):
        book.add(cell, parts.decide(parts.reader.facts(facts(cell, release.catalogue))))
        if number % _AT_ONCE == 0:
            progress(_AT_ONCE)
    return book.table()


async def tabulate(
    policy: Policy, catalogue: Catalogue, progress: Callable[[int], None] = lambda _: None
) -> Table:
    """Asks an engine to decide every cell, one by one: minutes. `progress` hears how many more were decided.
    Raises PolicyUnavailable.
    """
    book = _Book(policy.revision, policy.engine)
    space = cells(catalogue)
    while chunk := list(itertools.islice(space, _AT_ONCE)):
        answers = await policy.decide([facts(cell, catalogue) for cell in chunk])
        for cell, answer in zip(chunk, answers, strict=True):
            book.add(cell, answer)
        progress(len(chunk))
    return book.table()


class _Book:
    """A table that is being filled. The space has few different documents: each is kept once."""

    def __init__(self, revision: str, engine: str) -> None:
        self._revision, self._engine = revision, engine
        self._decisions: dict[Cell, Decision] = {}
        self._same: dict[Decision, tuple[Decision, bytes]] = {}
        self._digest = hashlib.sha256()

    def add(self, cell: Cell, decision: Decision) -> None:
        if decision not in self._same:
            self._same[decision] = (decision, decision.as_json().encode())
        self._decisions[cell], document = self._same[decision]
        self._digest.update(f"{cell}\t".encode() + document + b"\n")

    def table(self) -> Table:
        return Table(self._revision, self._engine, self._decisions, f"sha256:{self._digest.hexdigest()}")
