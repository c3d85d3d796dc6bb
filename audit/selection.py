"""Which entries of a trail an export holds. Pure.

A selection is part of the export that it made, so that whoever reads it knows what was asked for, and why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from audit.entry import time_of


@dataclass(frozen=True)
class Selection:
    """Every field that is given must fit; a list fits when one of it does. `partners` are askers, holders or
    receivers; `kinds` are kinds of entries. Without any field it is the whole trail.

    `erasure` entries that took something of a selected entry come along by themselves.
    """

    since: datetime | None = None
    until: datetime | None = None
    cases: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self == ALL

    def selects(self, facts: Mapping[str, Any]) -> bool:
        """Whether this entry is in it; `since` is in, `until` is not."""
        try:
            at = datetime.fromisoformat(facts["at"])
        except (KeyError, TypeError, ValueError):  # a leaf that somebody spoiled
            return False
        if (self.since is not None and at < self.since) or (self.until is not None and at >= self.until):
            return False
        return all(
            not wanted or any(facts.get(name) in wanted for name in names)
            for wanted, names in (
                (self.cases, ("case_ref",)),
                (self.partners, ("requester", "holder", "receiver", "by")),
                (self.questions, ("question",)),
                (self.kinds, ("kind",)),
                (self.rules, ("rule",)),
                (self.releases, ("revision", "release")),
            )
        )

    def as_json(self) -> dict[str, Any]:
        """What was given, as the export says it."""
        told: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if isinstance(value, datetime):
                told[name] = time_of(value)
            elif value:
                told[name] = list(value)
        return told


ALL = Selection()
