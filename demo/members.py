"""The parties of the demo's chain, all invented: a second Veilig Thuis, in another region, two organisations
of one kind there, and one that does not take part in it yet.
"""

from dataclasses import dataclass
from typing import Any

from contract.codes import BROKER

REGION, OTHER_REGION = "utrecht", "flevoland"


@dataclass(frozen=True)
class Member:
    """A party of the demo; `short`: its name in a narrow column; `size`: how many persons stand in its
    register; `signs`: whether it speaks for its kind when a version of the hand-out is agreed on.
    """

    code: str
    partner: str
    name: str
    short: str
    size: int
    regions: tuple[str, ...] = (REGION,)
    signs: bool = True


_BOTH = (REGION, OTHER_REGION)

FIVE = (
    Member("veilig_thuis", "veilig_thuis", "Veilig Thuis Midden (DEMO)", "Veilig Thuis Midden", 20_000),
    Member("politie", "politie", "Politie Midden (DEMO)", "Politie", 20_000, _BOTH),
    Member("om", "om", "Openbaar Ministerie Midden (DEMO)", "OM", 20_000, _BOTH),
    Member(
        "reclassering", "reclassering", "Reclassering Midden (DEMO)", "Reclassering Midden", 20_000, _BOTH
    ),
    Member("rvdk", "rvdk", "Raad voor de Kinderbescherming Midden (DEMO)", "Raad (RvdK)", 20_000),
)
"""One of each kind, called as its kind."""

PARTIES = tuple(one.code for one in FIVE)

MEMBERS = (
    *FIVE,
    Member(
        "verslavingsreclassering",
        "reclassering",
        "Verslavingsreclassering (DEMO)",
        "Verslavingsreclassering",
        5_000,
        (OTHER_REGION,),
        signs=False,
    ),
    Member(
        "veilig_thuis_flevoland",
        "veilig_thuis",
        "Veilig Thuis Flevoland (DEMO)",
        "Veilig Thuis Flevoland",
        5_000,
        (OTHER_REGION,),
        signs=False,
    ),
)

OUTSIDE: dict[str, Any] = {
    "partner": "rvdk",
    "name": "Raad voor de Kinderbescherming Flevoland (DEMO)",
    "desk": {
        "name": "Loket Raad Flevoland (DEMO)",
        "phone": "088-000 00 09",
        "hours": "werkdagen 8.30-17.00",
    },
    "regions": [OTHER_REGION],
}
"""Who does not take part yet: whom to call."""

SHORT = {one.code: one.short for one in MEMBERS}
NAMES = {BROKER: "Centrale (DEMO)", **{one.code: one.name for one in MEMBERS}}
