"""Two releases, cell by cell: what is newly allowed, what no longer, which answers and duties change.

Pure: no database, no web framework, no logger. Plain words are in `words.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from policies.engine import Decision
from policies.table import Cell, Table

KindOfChange = Literal[
    "allowed",
    "by_machine",
    "more_answers",
    "fewer_duties",
    "refused",
    "by_hand",
    "fewer_answers",
    "more_duties",
    "other_basis",
    "otherwise",
    "other_reasons",
]
KINDS: tuple[KindOfChange, ...] = get_args(KindOfChange)
"""In the order in which an officer wants to read them: what permits more comes first."""

WIDER: frozenset[KindOfChange] = frozenset({"allowed", "by_machine", "more_answers", "fewer_duties"})


@dataclass(frozen=True)
class Flip:
    """One kind of change for one requester and question: the purposes, and the subjects with their ages, that
    it is about; `what`: the answer codes, duties or reasons; one example, before and after (None: no such
    cell). `regions`: where, if not everywhere.
    """

    kind: KindOfChange
    requester: str
    holder: str
    question: str
    rule: str | None
    what: tuple[str, ...]
    purposes: tuple[str, ...]
    subjects: Mapping[str, tuple[str, ...]]
    cells: int
    example: Cell
    before: Decision | None
    after: Decision | None
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """`rows`: the rows that decided in a changed cell. `partners`: requester and holder of each of these."""

    old: str
    new: str
    cells: int
    changed: int
    flips: tuple[Flip, ...]
    rows: tuple[str, ...]
    partners: tuple[str, ...]

    @property
    def wider(self) -> bool:
        """Whether anything is permitted that was not."""
        return any(flip.kind in WIDER for flip in self.flips)


_Key = tuple[KindOfChange, str, str, str | None, tuple[str, ...]]
"""Kind, requester, question, rule, what."""


@dataclass
class _Group:
    cell: Cell
    before: Decision | None
    after: Decision | None
    purposes: set[str] = field(default_factory=set)
    subjects: dict[str, set[str]] = field(default_factory=dict)
    cells: int = 0


def compare(old: Table, new: Table) -> Comparison:
    """Everything in which the two differ. A question or partner that one of them lacks is refused there."""
    groups: dict[_Key, _Group] = {}
    rows: set[str] = set()
    partners: set[str] = set()
    changed = 0
    known: dict[
        tuple[int, int], list[tuple[KindOfChange, tuple[str, ...]]]
    ] = {}  # a table keeps each document once
    for cell in dict.fromkeys([*new.decisions, *old.decisions]):
        before, after = old.decisions.get(cell), new.decisions.get(cell)
        pair = (id(before), id(after))
        if pair not in known:
            known[pair] = list(differences_of(before, after))
        differences = known[pair]
        if not differences:
            continue
        changed += 1
        at = cell.at
        requester, question = str(at["requester.partner"]), str(at["question"])
        partners |= {requester, cell.holder}
        rows |= {one.rule for one in (before, after) if one is not None and one.rule is not None}
        for kind, what in differences:
            decided = before if kind == "refused" or after is None else after
            rule = None if decided is None else decided.rule
            group = groups.setdefault((kind, requester, question, rule, what), _Group(cell, before, after))
            group.purposes.add(str(at["purpose"]))
            group.subjects.setdefault(str(at["subject.role"]), set()).add(str(at["subject.age_band"]))
            group.cells += 1
    flips = [_flip(key, group) for key, group in groups.items()]
    return Comparison(
        old=old.revision,
        new=new.revision,
        cells=len(new.decisions),
        changed=changed,
        flips=tuple(sorted(flips, key=lambda flip: KINDS.index(flip.kind))),
        rows=tuple(sorted(rows)),
        partners=tuple(sorted(partners)),
    )


def _flip(key: _Key, group: _Group) -> Flip:
    kind, requester, question, rule, what = key
    return Flip(
        kind=kind,
        requester=requester,
        holder=group.cell.holder,
        question=question,
        rule=rule,
        what=what,
        purposes=tuple(sorted(group.purposes)),
        subjects={role: tuple(sorted(ages)) for role, ages in sorted(group.subjects.items())},
        cells=group.cells,
        example=group.cell,
        before=group.before,
        after=group.after,
    )


def differences_of(
    before: Decision | None, after: Decision | None
) -> Iterator[tuple[KindOfChange, tuple[str, ...]]]:
    """In which kinds two decisions on one question differ, and in what; None: no such cell."""
    permitted_before = before is not None and before.permitted
    permitted_after = after is not None and after.permitted
    if permitted_after and not permitted_before:
        yield "allowed", ()
    elif permitted_before and not permitted_after:
        yield "refused", () if after is None else tuple(sorted(reason.code for reason in after.reasons))
    elif before is None or after is None:
        return  # refused, and not there: no question is answered otherwise
    elif not permitted_before:
        if set(before.reasons) != set(after.reasons) or before.rule != after.rule:
            yield "other_reasons", ()
    else:
        yield from _within_permits(before, after)


def _within_permits(before: Decision, after: Decision) -> Iterator[tuple[KindOfChange, tuple[str, ...]]]:
    if before.mode != after.mode:
        yield ("by_machine" if after.mode == "automatic" else "by_hand"), ()
    pairs: tuple[tuple[KindOfChange, KindOfChange, tuple[str, ...], tuple[str, ...]], ...] = (
        ("more_answers", "fewer_answers", before.answer_codes, after.answer_codes),
        ("more_duties", "fewer_duties", before.obligations, after.obligations),
    )
    for more, fewer, had, has in pairs:
        if set(has) - set(had):
            yield more, tuple(sorted(set(has) - set(had)))
        if set(had) - set(has):
            yield fewer, tuple(sorted(set(had) - set(has)))
    if before.legal_bases != after.legal_bases:
        yield "other_basis", after.legal_bases
    rest = [
        (one.rule, one.desk, one.deadline, one.transparency, one.retention, one.status)
        for one in (before, after)
    ]
    if rest[0] != rest[1]:
        yield "otherwise", ()
