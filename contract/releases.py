"""The life of each release of the hand-out, as its steps tell it. Broker and nodes read it alike.

    proposed ──► examined ──► agreed ──► planned ──► in_force ──► superseded ──► in_force (roll back)
        │            │           │          │                          │
        └► unfit     └► rejected └──────────┴──────────► retired ◄─────┘

- What differs decides which partners must agree: those whom a changed row speaks of; all of them, when
  anything else differs. Of each, every party that the directory names as speaking for its kind when the
  release was brought, by an officer of its own.
- Nobody alone: whatever it touches, a party other than the one that brought it must have agreed. Two officers
  of one party are two persons only as far as that party says.
- What the first release needs happened outside: every party installed it.
- A moment is agreed in a signed step, so that all change over at once. Such a step counts when it is taken by
  whom the release touches or who brought it, once it was agreed on. To go back to the release before, one of
  those is enough, unless that one permits what the present one does not: then it is brought anew.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

ReleaseState = Literal[
    "proposed",
    "unfit",
    "examined",
    "rejected",
    "agreed",
    "planned",
    "in_force",
    "superseded",
    "retired",
]


@dataclass(frozen=True)
class Step:
    """A step that was recorded: the signed document, by which party, when (seconds) and where in the broker's
    trail.
    """

    step: str
    party: str
    officer: str
    digest: str
    token: str
    recorded_at: int
    position: int
    at: int | None = None


@dataclass(frozen=True)
class Examined:
    """What the broker found when it worked out the effect; `unfit`: why it cannot be a release, for good
    unless `again`. `back_wider`: whether going back would permit anything that this one does not. `partners`:
    the kinds that it touches; `signers`: the parties that speak for them. What people read is not here:
    whoever signs reads what the own node worked out.
    """

    table: str = ""
    changed: int = 0
    wider: bool = False
    back_wider: bool = True
    partners: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()
    unfit: str | None = None
    again: bool = False


@dataclass(frozen=True)
class Life:
    """One release. `base`: the one that it changes; None for the first. `name`: what its author calls it."""

    release: str
    base: str | None
    name: str
    changelog: str
    steps: tuple[Step, ...]
    examined: Examined | None

    @property
    def proposal(self) -> Step | None:
        """The last time that it was brought: one that was unfit may be brought again."""
        return next((step for step in reversed(self.steps) if step.step == "propose"), None)

    @property
    def retired_at(self) -> int | None:
        """When it was taken back, by somebody who may."""
        found = (step for step in self.steps if step.step == "retire" and step.party in self.involved)
        return next((step.recorded_at for step in found), None)

    @property
    def needed(self) -> frozenset[str]:
        """The parties whose officers must agree, for as far as the effect asks."""
        return frozenset(self.examined.signers) if self.examined is not None else frozenset()

    @property
    def approved(self) -> frozenset[str]:
        return frozenset(step.party for step in self.steps if step.step == "approve")

    @property
    def missing(self) -> frozenset[str]:
        """Who must still agree, for as far as the effect asks."""
        return self.needed - self.approved

    @property
    def agreed(self) -> bool:
        """By everybody whom it touches, and never by the party alone that brought it."""
        brought_by = {self.proposal.party} if self.proposal is not None else set()
        return self.examined is not None and bool(self.approved - brought_by) and not self.missing

    @property
    def back_wider(self) -> bool:
        """Whether going back would permit more; what was not worked out would."""
        return self.examined is None or self.examined.back_wider

    @property
    def rejected(self) -> bool:
        decisive = self.needed or {step.party for step in self.steps}
        return any(step.step == "reject" and step.party in decisive for step in self.steps)

    @property
    def involved(self) -> frozenset[str]:
        """Who may put it in force or take it back: whom it touches and who brought it; where nobody speaks
        for those, who agreed.
        """
        proposal = self.proposal
        return (self.needed or self.approved) | ({proposal.party} if proposal is not None else frozenset())


def read_life(values: Mapping[str, Any]) -> Life:
    """A life that was kept or sent as JSON (`dataclasses.asdict`). Raises TypeError, KeyError."""
    found = values["examined"]
    return Life(
        release=values["release"],
        base=values["base"],
        name=values["name"],
        changelog=values["changelog"],
        steps=tuple(Step(**step) for step in values["steps"]),
        examined=None if found is None else read_examined(found),
    )


def read_examined(values: Mapping[str, Any]) -> Examined:
    """Raises TypeError, also for a field that is missing: what was not worked out is not nothing."""
    listed = [values.get(name) for name in ("partners", "signers")]
    if not all(
        isinstance(one, list | tuple) and all(isinstance(code, str) for code in one) for one in listed
    ):
        raise TypeError("whom it touches is a list of codes")
    if values.keys() != {field.name for field in fields(Examined)}:
        raise TypeError("another shape of what was found")
    lists: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Examined(**lists)


def digest_of_shown(proposal: str, showing: str) -> str:
    """What whoever agrees signs: SHA-256, in hex, of the digests of the proposal (its name, reason and first
    moment) and of what the own node shows of the change.
    """
    return hashlib.sha256(f"{proposal} {showing}".encode()).hexdigest()


@dataclass(frozen=True, order=True)
class Turn:
    """From this moment (seconds) this release decides."""

    at: int
    release: str


def turns(lives: Iterable[Life]) -> tuple[Turn, ...]:
    """Every change of the release in force, oldest first; those to come are at the end. A step that does not
    count is no change.
    """
    known = {life.release: life for life in lives}
    found = [Turn(0, life.release) for life in known.values() if life.base is None]
    activations = [
        (step.position, number, life.release)
        for life in known.values()
        for number, step in enumerate(life.steps)
        if step.step == "activate"
    ]
    for _, number, release in sorted(activations):
        step = known[release].steps[number]
        if step.at is not None and _counts(known[release], number, known, found):
            found.append(Turn(step.at, release))
            found.sort(key=lambda turn: turn.at)  # of one second, the last recorded decides
    return tuple(found)


def _counts(life: Life, number: int, known: Mapping[str, Life], before: Sequence[Turn]) -> bool:
    """Whether this activation, after these turns, changes what decides."""
    step = life.steps[number]
    if life.retired_at is not None and life.retired_at < (step.at or 0):
        return False  # taken back before its moment
    current = next((turn.release for turn in reversed(before) if turn.at <= step.recorded_at), None)
    if current is None:
        return False
    if known[current].base == life.release:
        decided = any(turn.release == life.release for turn in before)
        return decided and step.party in known[current].involved and not known[current].back_wider
    return step.party in life.involved and replace(life, steps=life.steps[:number]).agreed


def in_force(known: Sequence[Turn], moment: int) -> str:
    """The release that decides at this moment."""
    return next(turn.release for turn in reversed(known) if turn.at <= moment)


def state(life: Life, known: Sequence[Turn], now: int) -> ReleaseState:
    """How far a release is, at this moment."""
    moments = [turn.at for turn in known if turn.release == life.release]
    states: tuple[tuple[ReleaseState, bool], ...] = (
        ("in_force", in_force(known, now) == life.release),
        ("retired", life.retired_at is not None),
        ("planned", any(at > now for at in moments)),
        ("superseded", bool(moments)),
        ("rejected", life.rejected),
        ("proposed", life.examined is None),
        ("unfit", life.examined is not None and life.examined.unfit is not None),
        ("agreed", life.agreed),
    )
    return next((name for name, holds in states if holds), "examined")
