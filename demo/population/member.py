"""A person of a story, and what each partner's register knows about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.registers.register import Record
from contract.identity import Identity


@dataclass(frozen=True)
class MemberFacts:
    """What one register holds about one person."""

    records: frozenset[Record] = frozenset()
    deceased: bool = False
    shielded: bool = False
    in_doubt: bool = False


@dataclass(frozen=True)
class CastMember:
    """`facts` by partner; a partner that is not in it does not know the person. `name` is how the demo calls
    them ("stalking.man").
    """

    name: str
    identity: Identity
    facts: Mapping[str, MemberFacts] = field(default_factory=dict)
