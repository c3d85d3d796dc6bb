"""Who a record is about, as keyed digests of the parts of an identity: so that what was recorded is found
again when that person asks, and by nobody without this party's key.

- They stand only in sealed parts that are kept as long as their entry (K1), and leave this party never.
- Two identities are the *same* when surname, all given names and a whole birth date are.
- They are *near* when two of the three agree, in whole or in part, or the surname alone and nothing differs.
  A part that is not known, or folds to nothing, is open. Whether that is the same person, a human decides.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.registers.names import given_names, skeleton, surnames
from contract.identity import Identity

PartState = Literal["equal", "partly", "open", "differs"]
Keyed = Mapping[str, Sequence[str]]
"""Digests by part: `surname`, `sounds` (near spellings), `given`, `initial`, `born` (year, month, day as far
as they are known).
"""

_DIGITS = 32


@dataclass(frozen=True)
class Resemblance:
    """How what is asked and what is recorded agree, part by part."""

    surname: PartState
    given_names: PartState
    birth_date: PartState

    @property
    def same(self) -> bool:
        return self._states == ("equal", "equal", "equal")

    @property
    def near(self) -> bool:
        """And not the same."""
        agree = sum(state in {"equal", "partly"} for state in self._states)
        alone = self.surname in {"equal", "partly"} and "differs" not in self._states
        return not self.same and (agree >= 2 or alone)

    @property
    def _states(self) -> tuple[PartState, PartState, PartState]:
        return self.surname, self.given_names, self.birth_date


class Persons:
    """`key`: of this party, 32 bytes. It must stay: under another one nobody is found again."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"grondslag/1 persons", "sha256")

    def keyed(self, identity: Identity) -> dict[str, list[str]]:
        """The digests of this identity, as they are sealed with a record."""
        # a name that folds to nothing is compared as it is written
        named = [(one.form, one.prefix) for one in surnames(identity)]
        given = given_names(identity.given_names) or tuple(identity.given_names.casefold().split())
        year, month, day = identity.birth_date.split("-")
        known = [part for part, unknown in ((year, "0000"), (month, "00"), (day, "00")) if part != unknown]
        return {
            "surname": self._digests(
                "surname", [" ".join(one) for one in named or [(identity.surname.casefold(), "")]]
            ),
            "sounds": self._digests("sounds", [skeleton(form) for form, _ in named]),
            "given": self._digests("given", given),
            "initial": self._digests("initial", [name[:1] for name in given[:1]]),
            "born": self._digests("born", ["-".join(known[:count]) for count in range(1, len(known) + 1)]),
        }

    def compare(self, asked: Keyed, recorded: Keyed) -> Resemblance:
        return Resemblance(_surname(asked, recorded), _given(asked, recorded), _born(asked, recorded))

    def _digests(self, part: str, values: Sequence[str]) -> list[str]:
        texts = [json.dumps([part, value]).encode() for value in dict.fromkeys(values)]
        return [hmac.digest(self._key, text, "sha256").hex()[:_DIGITS] for text in texts]


def _surname(asked: Keyed, recorded: Keyed) -> PartState:
    if asked["surname"][0] == recorded["surname"][0]:
        return "equal"
    if _share(asked, recorded, "surname") or _share(asked, recorded, "sounds"):
        return "partly"
    return "differs" if asked["sounds"] and recorded["sounds"] else "open"  # another script: not compared


def _given(asked: Keyed, recorded: Keyed) -> PartState:
    if not asked["given"] or not recorded["given"]:
        return "open"
    if asked["given"] == recorded["given"]:
        return "equal"
    shared = _share(asked, recorded, "given") or _share(asked, recorded, "initial")
    return "partly" if shared else "differs"


def _born(asked: Keyed, recorded: Keyed) -> PartState:
    one, other = asked["born"], recorded["born"]
    known = min(len(one), len(other))
    if known == 0:
        return "open"
    if one[known - 1] != other[known - 1]:
        return "differs"
    return "equal" if len(one) == len(other) == _WHOLE else "partly"


_WHOLE = 3


def _share(asked: Keyed, recorded: Keyed, part: str) -> bool:
    return not set(asked[part]).isdisjoint(recorded[part])
