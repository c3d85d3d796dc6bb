"""An answer: one or a few codes of the question's closed list, in an envelope of one size in which nothing
else fits.

Yes, no and "not determinable" have the same shape and the same length; so has the empty slot of a question
that waits for a person.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.codes import Code, Oin, Ref
from contract.directory import Desk
from contract.problems import DocumentMalformed
from contract.sealing import padded

SLOT_BYTES = 1024
"""Room for the longest answer of the hand-out with the longest desk, whatever its letters: no answer
may fail on its size.
"""
_HEAD_BYTES = 128


class Answer(BaseModel):
    """What the requester may know of one question.

    `as_of` is the day of the register's data. `kind` says whether it is a fact or an official's judgement
    (Wpg 4(3)); `source`, whether the register answered by a rule or an official released it. `desk` is whom
    to call, never a person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    codes: tuple[Code, ...] = Field(min_length=1, max_length=6)
    as_of: date
    kind: Literal["fact", "judgement"] = "fact"
    source: Literal["register", "official"]
    desk: Desk | None = None
    valid_until: date | None = None


def envelope_bytes(slots: int) -> int:
    return _HEAD_BYTES + slots * SLOT_BYTES


def envelope(*, oin: str, inquiry: str, slots: int, answers: Mapping[int, Answer]) -> bytes:
    """The plaintext of a reply: a head and one slot per outcome, empty where there is no answer (yet).

    It repeats who answers what inside what is sealed, because HPKE's base mode does not say who sealed.
    """
    head = padded({"iss": oin, "inquiry": inquiry, "slots": slots}, _HEAD_BYTES)
    filled = (answers[slot].model_dump(mode="json") if slot in answers else None for slot in range(slots))
    return head + b"".join(padded(value, SLOT_BYTES) for value in filled)


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    iss: Oin
    inquiry: Ref
    slots: int


def opened(plaintext: bytes, *, oin: str, inquiry: str) -> dict[int, Answer]:
    """The answers by slot. Raises DocumentMalformed when anything but whole slots of this holder for this
    inquiry stands in it.
    """
    try:
        head = _Head.model_validate_json(plaintext[:_HEAD_BYTES])
        if head.iss != oin or head.inquiry != inquiry or len(plaintext) != envelope_bytes(head.slots):
            raise DocumentMalformed
        slots = [
            plaintext[start : start + SLOT_BYTES] for start in range(_HEAD_BYTES, len(plaintext), SLOT_BYTES)
        ]
        return {
            number: Answer.model_validate_json(slot)
            for number, slot in enumerate(slots)
            if json.loads(slot) is not None
        }
    except (ValidationError, ValueError):
        raise DocumentMalformed from None
