"""Recorded decisions, decided again: what a new release would have answered otherwise, and whether what was
recorded is what was decided.

Pure: no database, no web framework, no logger. A decision is a function of release and input, so equal inputs
are decided once. Nothing here names anybody: references and codes only.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policies.compare import WIDER, KindOfChange, differences_of
from policies.engine import Decision, Facts, read_decision
from policies.errors import PolicyUnavailable
from policies.parts import Parts
from policies.release import Release

WhyLeftOut = Literal["erased", "unreadable", "undecided", "changed"]
"""Why a decision is not decided again: what it rested on is gone; it is in a form of another version; the new
release gives no decision on it; it is not what its own release gives.
"""


@dataclass(frozen=True)
class RecordedDecision:
    """A decision as the trail has it. `given`: what it rested on; None: erased with the subject's part."""

    position: int
    at: str
    case_ref: str
    requester: str
    decided: Mapping[str, Any]
    given: Mapping[str, Any] | None


@dataclass(frozen=True)
class Otherwise:
    """One kind of difference for one requester, question and row: which recorded decisions, by position."""

    kind: KindOfChange
    requester: str
    question: str
    rule: str | None
    positions: tuple[int, ...]

    @property
    def wider(self) -> bool:
        return self.kind in WIDER


@dataclass(frozen=True)
class Replay:
    """`decisions` are `alike` (the same under the new release), `differing` or left out, with why: `left_out`
    has the reasons that occur. `alarms`: positions where the own release does not give what was recorded:
    somebody or something changed it. `unknown`: releases that are not at hand, with how many rest on each;
    those are decided again, and not compared with themselves.
    """

    new: str
    decisions: int
    alike: int
    differing: int
    otherwise: tuple[Otherwise, ...]
    alarms: tuple[int, ...]
    left_out: Mapping[WhyLeftOut, int]
    unknown: Mapping[str, int]

    @property
    def not_replayed(self) -> int:
        return sum(self.left_out.values())


def replay(
    recorded: Iterable[RecordedDecision], new: Release, release_of: Callable[[str], Release | None]
) -> Replay:
    """`release_of`: a release by its revision, None when it is not at hand. Raises PolicyUnavailable when the
    new release cannot decide at all.
    """
    deciding, engines = _Deciding(new), dict[str, _Deciding | None]()
    total = alike = differing = 0
    groups: dict[tuple[KindOfChange, str, str, str | None], list[int]] = {}
    alarms: list[int] = []
    unknown: Counter[str] = Counter()
    left_out: Counter[WhyLeftOut] = Counter()
    for one in recorded:
        total += 1
        if one.given is None:
            left_out["erased"] += 1
            continue
        revision = str(one.decided.get("revision"))
        if revision not in engines:
            release = release_of(revision)
            engines[revision] = None if release is None else _Deciding(release)
        own = engines[revision]
        if own is None:
            unknown[revision] += 1
        elif not _is(one.decided, own, one.given):
            alarms.append(one.position)
            left_out["changed"] += 1
            continue
        before, after = _decision(one.decided), deciding(one.given)
        if before is None or after is None:
            left_out["unreadable" if before is None else "undecided"] += 1
            continue
        kinds = list(differences_of(before, after))
        alike += not kinds
        differing += bool(kinds)
        for kind, _ in kinds:
            rule = after.rule if after.permitted else before.rule
            key = (kind, one.requester, str(one.given.get("question")), rule)
            groups.setdefault(key, []).append(one.position)
    return Replay(
        new=new.revision,
        decisions=total,
        alike=alike,
        differing=differing,
        otherwise=tuple(
            Otherwise(*key, tuple(positions)) for key, positions in sorted(groups.items(), key=str)
        ),
        alarms=tuple(alarms),
        left_out=dict(sorted(left_out.items())),
        unknown=dict(unknown),
    )


class _Deciding:
    """One release, deciding; what was decided before is remembered."""

    def __init__(self, release: Release) -> None:
        self._parts = Parts(release)
        self._known: dict[Facts, Decision | None] = {}

    def __call__(self, given: Mapping[str, Any]) -> Decision | None:
        """None when this release gives no decision on it."""
        facts = self._parts.reader.facts(given)
        if facts not in self._known:
            try:
                self._known[facts] = self._parts.decide(facts)
            except PolicyUnavailable:
                self._known[facts] = None
        return self._known[facts]


def _decision(decided: Mapping[str, Any]) -> Decision | None:
    """None when it is no decision, or not of this version's form."""
    try:
        return read_decision({name: decided[name] for name in Decision.__dataclass_fields__})
    except (KeyError, TypeError):
        return None


def _is(decided: Mapping[str, Any], own: _Deciding, given: Mapping[str, Any]) -> bool:
    """Whether its own release gives exactly what was recorded."""
    gives = own(given)
    return gives is not None and gives == _decision(decided)
