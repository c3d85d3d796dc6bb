"""The finite space of the hand-out, enumerated whole.

Dimensions (requester, question, purpose, subject role, age band, urgency, regime, stage, and for a victim the
dual role) take every value; gates stand open. So a release is one table, two releases differ in named cells,
and what holds in the table holds. Pure: no database, no web framework, no logger.
"""

import gzip
import hashlib
import itertools
import json
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from policies.catalogue import Catalogue
from policies.engine import Decision, Facts, Policy, read_decision
from policies.errors import ReleaseError
from policies.evaluator import NAME
from policies.parts import Parts

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
NO_GATES = (*DIMENSIONS, "holder", "case.region")
"""Facts that are no gates: the dimensions, what follows from the question, and where (`areas.py`)."""

Pairs = frozenset[tuple[str, str]]
"""Of requester and question."""

_AT_ONCE = 500  # inputs per call
_COLUMN = 20_000  # cells at once


class Cell(tuple[str | bool, ...]):
    """One point of the space: the values of DIMENSIONS, in that order."""

    __slots__ = ()

    @property
    def at(self) -> dict[str, str | bool]:
        """Dimension -> value."""
        return dict(zip(DIMENSIONS, self, strict=True))

    @property
    def holder(self) -> str:
        """The partner whose register the question is about."""
        return str(self[DIMENSIONS.index("question")]).partition(".")[0]

    def __str__(self) -> str:
        return " ".join([str(value).lower() if isinstance(value, bool) else value for value in self])


@dataclass(frozen=True)
class Table:
    """Every cell with its decision, in the order of `cells`, in one region. Equal documents, equal
    `digest`.
    """

    revision: str
    engine: str
    decisions: Mapping[Cell, Decision]
    digest: str

    def write(self, path: Path) -> None:
        """Some tens of kB: the values of each dimension, each document once, and which document each cell
        has, in runs.
        """
        documents: dict[Decision, int] = {}
        numbers = [documents.setdefault(one, len(documents)) for one in self.decisions.values()]
        held = {
            "revision": self.revision,
            "engine": self.engine,
            "digest": self.digest,
            "dimensions": [list(dict.fromkeys(each)) for each in zip(*self.decisions, strict=True)],
            "documents": [asdict(decision) for decision in documents],
            "cells": [[number, len(list(run))] for number, run in itertools.groupby(numbers)],
        }
        fresh = path.with_suffix(f".{os.getpid()}")  # two processes may keep the same table
        fresh.write_bytes(gzip.compress(json.dumps(held).encode(), mtime=0))
        fresh.replace(path)

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
    return _space([catalogue.vocabulary[dimension] for dimension in DIMENSIONS[:-1]])


def _space(every: Sequence[Sequence[str | bool]]) -> Iterator[Cell]:
    for values in itertools.product(*every):
        for dual_role in (False, True) if values[3] == "victim" else (False,):
            yield Cell((*values, dual_role))


def facts(cell: Cell, catalogue: Catalogue, region: str | None = None) -> dict[str, object]:
    """The input of a cell in this region (None: the first, where nothing is narrowed): its values, and every
    gate open.
    """
    at = cell.at
    partner, question = str(at["requester.partner"]), str(at["question"])
    return {
        "requester": {
            "partner": partner,
            "role": next(iter(catalogue.asking_roles[partner]), None),  # none: it asks nothing
            "mandated": True,
            "assigned": True,
        },
        "holder": catalogue.questions[question].holder,
        "question": question,
        "purpose": at["purpose"],
        "rule": {"in_force": True},
        "case": {
            "kind": "named",
            "stage": at["case.stage"],
            "melding": "registered",
            "criteria": "both",
            "unsafety": "acute",
            "urgency": at["case.urgency"],
            "regime": at["case.regime"],
            "region": region or next(iter(catalogue.areas)),
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


def table_of(
    parts: Parts,
    progress: Callable[[int], None] = lambda _: None,
    region: str | None = None,
    pairs: Pairs | None = None,
) -> Table:
    """The table of a release in one region, by its parts: seconds; of these (requester, question) alone, when
    given. Raises PolicyUnavailable.
    """
    book = _Book(parts.release.revision, NAME)
    every = space(parts, region, pairs)
    while chunk := dict(itertools.islice(every, _COLUMN)):
        for cell, decision in zip(chunk, parts.decisions(list(chunk.values())), strict=True):
            book.add(cell, decision)
        progress(len(chunk))
    return book.table()


def space(
    parts: Parts, region: str | None = None, pairs: Pairs | None = None
) -> Iterator[tuple[Cell, Facts]]:
    """Every cell with its facts, all gates open; of these (requester, question) alone, when given."""
    catalogue = parts.release.catalogue
    places = [list(catalogue.vocabulary).index(name) for name in DIMENSIONS]
    rows: dict[tuple[str | bool, ...], list[str | bool | None]] = {}
    for cell in cells(catalogue):
        pair = cell[:2]  # all that is no dimension follows from these
        if pairs is not None and pair not in pairs:
            continue
        if pair not in rows:
            rows[pair] = list(parts.reader.facts(facts(cell, catalogue, region)))
        row = rows[pair]
        for place, value in zip(places, cell, strict=True):
            row[place] = value
        yield cell, tuple(row)


async def tabulate(
    policy: Policy,
    catalogue: Catalogue,
    progress: Callable[[int], None] = lambda _: None,
    region: str | None = None,
) -> Table:
    """Asks an engine to decide every cell, one by one: minutes. `progress` hears how many more were decided.
    Raises PolicyUnavailable.
    """
    book = _Book(policy.revision, policy.engine)
    space = cells(catalogue)
    while chunk := list(itertools.islice(space, _AT_ONCE)):
        answers = await policy.decide([facts(cell, catalogue, region) for cell in chunk])
        for cell, answer in zip(chunk, answers, strict=True):
            book.add(cell, answer)
        progress(len(chunk))
    return book.table()


def read_table(path: Path) -> Table:
    """A table that was written. Raises ReleaseError when it is damaged, or not the one of its digest."""
    try:
        held = json.loads(gzip.decompress(path.read_bytes()))
        documents = [read_decision(document) for document in held["documents"]]
        book = _Book(held["revision"], held["engine"])
        numbers = itertools.chain.from_iterable(itertools.repeat(*run) for run in held["cells"])
        for cell, number in zip(_space(held["dimensions"][:-1]), numbers, strict=True):
            book.add(cell, documents[number])
        table = book.table()
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise ReleaseError(f"The table {path.name} cannot be read.") from error
    if table.digest != held["digest"]:
        raise ReleaseError(f"The table {path.name} is not the one of its digest.")
    return table


class _Book:
    """A table that is being filled. The space has few different documents: each is kept once."""

    def __init__(self, revision: str, engine: str) -> None:
        self._revision, self._engine = revision, engine
        self._decisions: dict[Cell, Decision] = {}
        self._same: dict[Decision, tuple[Decision, bytes]] = {}
        self._seen: dict[int, tuple[Decision, Decision, bytes]] = {}  # by id: hashing takes longer
        self._digest = hashlib.sha256()

    def add(self, cell: Cell, decision: Decision) -> None:
        if id(decision) not in self._seen:
            if decision not in self._same:
                self._same[decision] = (decision, decision.as_json().encode())
            self._seen[id(decision)] = (decision, *self._same[decision])
        _, self._decisions[cell], document = self._seen[id(decision)]
        self._digest.update(f"{cell}\t".encode() + document + b"\n")

    def table(self) -> Table:
        return Table(self._revision, self._engine, self._decisions, f"sha256:{self._digest.hexdigest()}")
