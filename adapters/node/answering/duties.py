"""What a permit obliges the holder to, and whether it is done when an official lets an answer go. Pure.

- `BY_PROGRAM`: what this program does by itself, so that an answer may leave without a person.
- `AT_RELEASE`: what an official does, and how it is told here.
- What the hand-out has stated in words (`stated_by`) is stated by the official, or was by the asker.
- A code that is none of these has no keeper: then no answer is let go.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from contract.problems import ObligationUnknown, RequestInvalid, invalid_param
from contract.signing import CLOCK_SKEW_S
from policies.catalogue import PermitObligation

BY_PROGRAM = frozenset(
    {
        "match_statutory_set",
        "exclude_shielded",
        "not_determinable_if_deceased",
        "review_urgent_use",
        "remind_of_secrecy",
        "no_onward_use",
        "inform_subject",
    }
)
AT_RELEASE = frozenset({"release_by_official", "prosecutor_agrees", "oral_only"})

ProsecutorRole = Literal["prosecutor", "deputy_prosecutor"]
SpokenChannel = Literal["meeting", "phone", "conversation"]

_SPOKEN = "in_meeting"
"""The one code that leaves where the content is told by word of mouth."""


@dataclass(frozen=True)
class ProsecutorAgreement:
    """A prosecutor agreed that this answer is given (C16): a user reference, in which role, and when."""

    user: str
    role: ProsecutorRole
    at: datetime


@dataclass(frozen=True)
class WordOfMouth:
    """The content was told: by whom (a user reference), to whom, how, when. What it was stands nowhere."""

    teller: str
    hearer: str
    channel: SpokenChannel
    at: datetime


@dataclass(frozen=True)
class OfficialAnswer:
    """What an official lets go, with what the rule asks beside it. `stated`: in words, by obligation."""

    codes: tuple[str, ...]
    kind: Literal["fact", "judgement"] = "fact"
    valid_until: date | None = None
    prosecutor: ProsecutorAgreement | None = None
    spoken: WordOfMouth | None = None
    stated: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """What stands open in the own trail; it never leaves the node."""
        agreed, told = self.prosecutor, self.spoken
        return {
            "prosecutor": agreed and {"user": agreed.user, "role": agreed.role, "at": agreed.at.isoformat()},
            "spoken": told and {"user": told.teller, "channel": told.channel, "at": told.at.isoformat()},
        }

    def sealed(self) -> dict[str, Any]:
        """What may be about the person, for the detachable part."""
        return {
            **({"stated": dict(self.stated)} if self.stated else {}),
            **({"hearer": self.spoken.hearer} if self.spoken else {}),
        }


def to_state(
    obligations: Collection[str], known: Mapping[str, PermitObligation], by_asker: Collection[str]
) -> list[PermitObligation]:
    """What the official has yet to state in words; what the asker has to, only where nothing was said."""
    owed = [known[code] for code in obligations if code in known]
    return [
        one
        for one in owed
        if one.stated_by == "official" or (one.stated_by == "asker" and one.code not in by_asker)
    ]


def verify_done(
    chosen: OfficialAnswer,
    obligations: Collection[str],
    known: Mapping[str, PermitObligation],
    *,
    by_asker: Collection[str],
    since: datetime,
    now: datetime,
) -> None:
    """Raises ObligationUnknown for what nobody here keeps, and RequestInvalid with everything that is missing
    or was not asked for. `since`: when the question came.
    """
    for code in obligations:
        stated = code in known and known[code].stated_by is not None
        if code not in BY_PROGRAM | AT_RELEASE and not stated:
            raise ObligationUnknown
    missing = {one.code for one in to_state(obligations, known, by_asker)}
    may = {code for code in obligations if code in known and known[code].stated_by is not None}
    wrong: list[tuple[str, ...]] = [
        ("stated", code, "missing") for code in sorted(missing - chosen.stated.keys())
    ]
    wrong += [("stated", "not_asked_for")] if chosen.stated.keys() - may else []
    since, until = since - _SKEW, now + _SKEW
    wrong += _of_prosecutor(chosen.prosecutor, "prosecutor_agrees" in obligations, since, until)
    wrong += _of_spoken(chosen, "oral_only" in obligations, since, until)
    if wrong:
        raise RequestInvalid(invalid_params=[invalid_param(row[:-1], row[-1]) for row in wrong])


_SKEW = timedelta(seconds=CLOCK_SKEW_S)


def _of_prosecutor(
    agreed: ProsecutorAgreement | None, asked: bool, since: datetime, until: datetime
) -> Iterator[tuple[str, ...]]:
    if (agreed is not None) != asked:
        yield "prosecutor", "missing" if asked else "not_asked_for"
    elif agreed is not None:
        yield from _of_moment("prosecutor", agreed.at, since, until)
        yield from _of_user("prosecutor", agreed.user)


def _of_spoken(
    chosen: OfficialAnswer, asked: bool, since: datetime, until: datetime
) -> Iterator[tuple[str, ...]]:
    told = chosen.spoken
    if (told is not None) != asked:
        yield "spoken", "missing" if asked else "not_asked_for"
    elif told is not None:
        yield from _of_moment("spoken", told.at, since, until)
        yield from _of_user("spoken", told.teller)
    if asked and (chosen.codes, chosen.kind, chosen.valid_until) != ((_SPOKEN,), "fact", None):
        yield "codes", "only_by_word_of_mouth"


def _of_moment(where: str, at: datetime, since: datetime, until: datetime) -> Iterator[tuple[str, ...]]:
    if not since <= at <= until:
        yield where, "at", "not_since_the_question"


def _of_user(where: str, user: str) -> Iterator[tuple[str, ...]]:
    if re.fullmatch(r"[0-9]{8,9}", user):  # a BSN is never a user reference
        yield where, "user", "bsn"
