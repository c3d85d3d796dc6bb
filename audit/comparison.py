"""What two parties both recorded of each other, and what only one of them did. Pure.

Each makes keyed digests of what it recorded of the other on one day, and of some time around it, as clocks
and deliveries differ; what one recorded on the day and the other not at all is named by the one that has it.
The digests tell a party nothing of what it did not record itself.

    decision   a permit or refusal: in the broker's trail, and in that of who asked
    taken      an inquiry that its holder took and replied to: in the holder's trail, and in the broker's
    step       about a duty to inform: in the trail of who took it, and in the broker's
"""

import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.kinds import DECISIONS, Kind
from audit.obligations import JOINT_STEPS

_DIGEST_BYTES = 16


@dataclass(frozen=True)
class Remembered:
    """What a party recorded of another: item -> its place in the own trail, on the day and around it."""

    of_day: Mapping[str, int]
    around: Mapping[str, int]


@dataclass(frozen=True)
class Differences:
    """`only_here`: places in the own trail that the other lacks; `only_there`: how many the other has of
    which nothing stands here.
    """

    only_here: tuple[int, ...]
    only_there: int

    @property
    def any(self) -> bool:
        return bool(self.only_here or self.only_there)


def item_at_broker(facts: Mapping[str, Any], partner: str) -> str | None:
    """What this entry of the broker's trail says that the partner must have too; None: nothing."""
    kind = facts["kind"]
    if kind in DECISIONS and facts["requester"] == partner:
        return f"decision {facts['id']}"
    if kind == Kind.REPLY and facts["holder"] == partner:
        return f"taken {facts['inquiry']}"
    if kind in JOINT_STEPS and facts["by"] == partner:
        return f"step {facts['step']}"
    return None


def item_at_node(facts: Mapping[str, Any]) -> str | None:
    """What this entry of a partner's trail says that the broker must have too; None: nothing."""
    kind = facts["kind"]
    if kind in DECISIONS:
        return f"decision {facts['joint_id']}"
    if kind == Kind.INQUIRY and "permit" in facts:
        return f"taken {facts['inquiry']}"
    if kind in JOINT_STEPS and "by" not in facts:
        return f"step {facts['step']}"
    return None


def digests(items: Iterable[str], key: bytes) -> list[str]:
    """Sorted, so that they tell no order."""
    return sorted(_digest(item, key) for item in items)


def differences(own: Remembered, of_day: Collection[str], around: Collection[str], key: bytes) -> Differences:
    """Between what we remember and the other's digests under this key."""
    theirs = {*of_day, *around}
    ours = {_digest(item, key) for item in (*own.of_day, *own.around)}
    only_here = sorted(place for item, place in own.of_day.items() if _digest(item, key) not in theirs)
    return Differences(tuple(only_here), len(set(of_day) - ours))


def _digest(item: str, key: bytes) -> str:
    return hmac.digest(key, item.encode(), "sha256")[:_DIGEST_BYTES].hex()
