"""The locked text of one subject: who it is, and why each question about this person is needed. Only the
holder opens it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from contract import base64url
from contract.codes import Code, Oin, QuestionCode, Ref
from contract.documents import Inquiry
from contract.identity import Identity, IdentityError
from contract.problems import DocumentMalformed
from contract.sealing import KEYS_BYTES, LOCKED_BYTES, Context, Sealed, lock, padded, seal, unlock, unseal
from contract.signatory import Signatory


@dataclass(frozen=True)
class Locked:
    """`necessity` by question code: why this question about this person, and why not with less; `stated`, by
    question and obligation: what else the rule has the asker put in words. No identity: an anonymous case.
    """

    identity: Identity | None
    necessity: Mapping[str, str]
    stated: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "Locked(…)"


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    iss: Oin
    jti: Ref
    keys: dict[Ref, str]


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    identity: dict[str, str]
    necessity: dict[QuestionCode, str]
    stated: dict[QuestionCode, dict[Code, str]] = {}


def lock_subjects(
    subjects: Mapping[str, Locked],
    *,
    signatory: Signatory,
    holder: str,
    case_ref: str,
    purpose: str,
    jti: str,
) -> tuple[dict[str, str], Sealed]:
    """The locked texts by subject reference, and their keys sealed to the holder. Raises ValueError when a
    text does not fit.
    """
    keys, texts = {}, {}
    for subject_ref, subject in subjects.items():
        text = padded(
            {
                "identity": subject.identity.as_json() if subject.identity else None,
                "necessity": dict(subject.necessity),
                "stated": dict(subject.stated),
            },
            LOCKED_BYTES,
        )
        key, texts[subject_ref] = lock(text, inquiry=jti, subject_ref=subject_ref)
        keys[subject_ref] = base64url.encode(key)
    me = signatory.party
    context = Context("inquiry", case_ref, purpose, me.code, holder, jti)
    plaintext = padded({"iss": me.oin, "jti": jti, "keys": keys}, KEYS_BYTES)
    return texts, seal(plaintext, signatory.directory.sealing_key(holder, signatory.now()), context)


def unlock_subjects(inquiry: Inquiry, texts: Mapping[str, str], signatory: Signatory) -> dict[str, Locked]:
    """The subjects whose locked text came along. Raises SealedForAnother, DocumentMalformed."""
    requester = signatory.directory.of_oin(inquiry.iss).code
    context = Context("inquiry", inquiry.case_ref, inquiry.purpose, requester, inquiry.holder, inquiry.jti)
    plaintext = unseal(Sealed(inquiry.kid, inquiry.sealed), signatory.keyring.opening, context)
    try:
        keys = _Keys.model_validate_json(plaintext)
        if keys.iss != inquiry.iss or keys.jti != inquiry.jti or set(keys.keys) != set(inquiry.identities):
            raise DocumentMalformed
        opened = {}
        for subject_ref, text in texts.items():
            raw = unlock(
                text, base64url.decode(keys.keys[subject_ref]), inquiry=inquiry.jti, subject_ref=subject_ref
            )
            said = _Text.model_validate(json.loads(raw))
            opened[subject_ref] = Locked(Identity.parse(said.identity), said.necessity, said.stated)
        return opened
    except (ValidationError, IdentityError, ValueError):
        raise DocumentMalformed from None
