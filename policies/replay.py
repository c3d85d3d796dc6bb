"""Recorded decisions, decided again: what a new release would have answered otherwise, and whether what was
recorded is what was decided.

Pure: no database, no web framework, no logger. A decision is a function of release and input, so equal inputs
are decided once. Nothing here names anybody: references and codes only.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.compare import WIDER, KindOfChange, differences_of
from policies.engine import Decision, Facts, read_decision
from policies.errors import PolicyUnavailable
from policies.parts import Parts
from policies.release import Release


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
    """`alike`: decided the same under the new release. `alarms`: positions where the own release does not
    give what was recorded: somebody or something changed it. `erased`: what it rested on is gone. `unknown`:
    releases that are not at hand, with how many rest on each.
    """

    new: str
    decisions: int
    alike: int
    otherwise: tuple[Otherwise, ...]
    alarms: tuple[int, ...]
    erased: int
    unknown: Mapping[str, int]


def replay(
    recorded: Iterable[RecordedDecision], new: Release, release_of: Callable[[str], Release | None]
) -> Replay:
    """`release_of`: a release by its revision, None when it is not at hand.

    Raises PolicyUnavailable when the new release cannot decide what was asked.
    """
    deciding, engines = _Deciding(new), dict[str, _Deciding | None]()
    total = alike = erased = 0
    groups: dict[tuple[KindOfChange, str, str, str | None], list[int]] = {}
    alarms: list[int] = []
    unknown: Counter[str] = Counter()
    for one in recorded:
        total += 1
        if one.given is None:
            erased += 1
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
            continue
        before, after = _decision(one.decided), deciding(one.given)
        kinds = [] if before is None else list(differences_of(before, after))
        if before is not None and not kinds:
            alike += 1
        for kind, _ in kinds:
            rule = after.rule if after.permitted else before.rule if before is not None else None
            key = (kind, one.requester, str(one.given.get("question")), rule)
            groups.setdefault(key, []).append(one.position)
    return Replay(
        new=new.revision,
        decisions=total,
        alike=alike,
        otherwise=tuple(
            Otherwise(*key, tuple(positions)) for key, positions in sorted(groups.items(), key=str)
        ),
        alarms=tuple(alarms),
        erased=erased,
        unknown=dict(unknown),
    )


class _Deciding:
    """One release, deciding; what was decided before is remembered."""

    def __init__(self, release: Release) -> None:
        self._parts = Parts(release)
        self._known: dict[Facts, Decision] = {}

    def __call__(self, given: Mapping[str, Any]) -> Decision:
        facts = self._parts.reader.facts(given)
        if facts not in self._known:
            self._known[facts] = self._parts.decide(facts)
        return self._known[facts]


def _decision(decided: Mapping[str, Any]) -> Decision | None:
    """None when it is no decision, or not of this version's form."""
    try:
        return read_decision({name: decided[name] for name in Decision.__dataclass_fields__})
    except (KeyError, TypeError):
        return None


def _is(decided: Mapping[str, Any], own: _Deciding, given: Mapping[str, Any]) -> bool:
    """Whether its own release gives exactly what was recorded."""
    try:
        return _decision(decided) == own(given)
    except PolicyUnavailable:
        return False
