"""How a person can be told, safely: who is to be spoken to, and by which channel. Pure (docs/law.md).

- Under 12 through the representative; from 12 to 15 child and representative; from 16 the person.
- Never through a representative who is the suspect: a special guardian is appointed; from 12 the child may be
  told alone.
- A channel that somebody else reads or hears is none.
"""

from collections.abc import Collection, Iterable
from typing import Literal, get_args

from contract.codes import AgeBand

Recipient = Literal["self", "child_and_representative", "representative", "special_guardian"]
Channel = Literal["letter", "conversation", "phone", "secure_mail", "institution", "lawyer"]
Circumstance = Literal[
    "address_shared",
    "device_shared",
    "detained",
    "interpreter_needed",
    "low_literacy",
    "guardianship",
    "representative_is_suspect",
]

_UNSAFE: dict[str, frozenset[str]] = {
    "address_shared": frozenset({"letter"}),  # the other party opens the post
    "device_shared": frozenset({"phone", "secure_mail"}),
    "detained": frozenset({"letter", "phone", "secure_mail"}),
    "interpreter_needed": frozenset({"phone", "secure_mail"}),
    "low_literacy": frozenset({"letter", "secure_mail"}),
    "guardianship": frozenset(),
    "representative_is_suspect": frozenset(),
}


def recipients(age_band: AgeBand, circumstances: Collection[Circumstance]) -> frozenset[Recipient]:
    """Who may be told in place of this person; of an unknown age everyone, for a person to decide."""
    by_age: dict[str, frozenset[Recipient]] = {
        "under_12": frozenset({"representative"}),
        "from_12_to_15": frozenset({"child_and_representative"}),
        "from_16_to_17": frozenset({"self"}),
        "adult": frozenset({"self", "representative"} if "guardianship" in circumstances else {"self"}),
        "unknown": frozenset(get_args(Recipient)),
    }
    found = by_age[age_band]
    if "representative_is_suspect" in circumstances:
        # whoever must not be told through that person is told through somebody else
        alone: frozenset[Recipient] = frozenset({"self"} if age_band == "from_12_to_15" else ())
        safe = found - {"representative", "child_and_representative"}
        found = safe or alone | {"special_guardian"}
    return found


def channels(circumstances: Iterable[Circumstance]) -> frozenset[Channel]:
    """The channels that are safe in these circumstances."""
    unsafe: set[str] = set()
    for circumstance in circumstances:
        unsafe |= _UNSAFE[circumstance]
    return frozenset(channel for channel in get_args(Channel) if channel not in unsafe)
