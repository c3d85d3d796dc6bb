"""What a check of an export or an exhibit found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from audit.kinds import unknown

WHOLE, DAMAGED, CANNOT_TELL = 0, 1, 2
"""Outcomes, and exit statuses of the command."""

_MOST_FINDINGS = 50
_MOST_NAMED, _LONGEST_NAMED = 10, 60  # kinds, and letters of one: a leaf may say anything


@dataclass
class Report:
    """What was found. `findings` are sentences for people, 50 at most; `outcome` is WHOLE, DAMAGED or
    CANNOT_TELL; `kinds` counts the entries of each kind; `second` and `witnessed`: up to how many entries the
    second signature goes, and those of enough witnesses; `pruned`: those that were kept long enough and
    destroyed.
    """

    outcome: int = WHOLE
    origin: str = ""
    entries: int = 0
    parts: int = 0
    erased: int = 0
    pruned: int = 0
    trusted: bool = False
    second: int | None = None
    witnessed: int | None = None
    earlier: int = 0
    selected: bool = False
    damages: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        names = {WHOLE: "whole", DAMAGED: "damaged", CANNOT_TELL: "cannot_tell"}
        return {**asdict(self), "outcome": names[self.outcome]}

    def count(self, kinds: Mapping[str, int]) -> None:
        """How many entries there are of each kind; those of a kind that this version does not know are
        named, so that nobody takes them for nothing.
        """
        self.kinds = dict(sorted(kinds.items()))
        if strange := unknown(kinds):
            told = ", ".join(f"{kind[:_LONGEST_NAMED]} ({kinds[kind]})" for kind in strange[:_MOST_NAMED])
            more = " en andere" if len(strange) > _MOST_NAMED else ""
            self.findings.append(f"Deze versie kent niet elke soort regel die hier staat: {told}{more}.")

    def damage(self, sentence: str) -> None:
        self.outcome = DAMAGED
        self.damages += 1
        if self.damages <= _MOST_FINDINGS:
            self.findings.append(sentence)
        elif self.damages == _MOST_FINDINGS + 1:
            self.findings.append("En er is meer dat niet klopt.")


def cannot_tell(sentence: str) -> Report:
    return Report(CANNOT_TELL, findings=[sentence])
