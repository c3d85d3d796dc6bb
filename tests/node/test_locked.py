"""The locked text of a subject: only the holder opens it, whole, and only in its own inquiry."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.node.locked import Locked, lock_subjects, unlock_subjects
from contract import base64url
from contract.documents import AskedQuestion, Inquiry
from contract.identity import Identity
from contract.problems import DocumentMalformed, SealedForAnother
from contract.sealing import LOCKED_BYTES, Context, lock, padded, seal
from contract.signing import digest
from tests.parties import NOON, Parties

CASE, JTI = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ONE, TWO = "00000000-0000-4000-8000-000000000003", "00000000-0000-4000-8000-000000000004"
SUBJECTS = {
    ONE: Locked(Identity("Testenaar", "Diederik", "1984-03-12"), {"rvdk.known": "Vanwege de kinderen."}),
    TWO: Locked(Identity("Proefstra", "Marijke", "1987-00-00"), {"rvdk.known": "Idem."}),
}


def locked(parties: Parties, **changes: Any) -> tuple[Inquiry, dict[str, str]]:
    """An inquiry of Veilig Thuis to RvdK about two persons."""
    vt = parties["veilig_thuis"]
    texts, sealed = lock_subjects(
        SUBJECTS, signatory=vt, holder="rvdk", case_ref=CASE, purpose="interpret", jti=JTI
    )
    return inquiry(parties, texts, kid=sealed.kid, sealed=sealed.text, **changes), texts


def inquiry(parties: Parties, texts: dict[str, str], **changes: Any) -> Inquiry:
    asked = tuple(
        AskedQuestion(
            subject_ref=ref,
            role="parent",
            age_band="adult",
            consent="given",
            dual_role=False,
            question="rvdk.known",
            motivated=True,
            subsidiarity=True,
            weighty_and_urgent=False,
            new_reason=False,
        )
        for ref in texts
    )
    fields: dict[str, Any] = {
        "jti": JTI,
        "case_ref": CASE,
        "case_statement": "0" * 64,
        "holder": "rvdk",
        "purpose": "interpret",
        "urgency": "normal",
        "requester_role": "chair",
        "mandated": True,
        "assigned": True,
        "questions": asked,
        "identities": {ref: digest(text) for ref, text in texts.items()},
    }
    return parties["veilig_thuis"].write(Inquiry, to="broker", **{**fields, **changes}).document


def test_the_holder_opens_what_was_locked(parties: Parties) -> None:
    """Who it is and why, per subject; also of some of them only."""
    document, texts = locked(parties)
    assert unlock_subjects(document, texts, parties["rvdk"]) == SUBJECTS
    assert unlock_subjects(document, {TWO: texts[TWO]}, parties["rvdk"]) == {TWO: SUBJECTS[TWO]}


@pytest.mark.parametrize("party", ["broker", "om", "veilig_thuis"])
def test_nobody_else_does(party: str, parties: Parties) -> None:
    """Not the broker, not another partner, not even who locked it."""
    document, texts = locked(parties)
    with pytest.raises(SealedForAnother):
        unlock_subjects(document, texts, parties[party])


@pytest.mark.parametrize("changes", [{"jti": TWO}, {"case_ref": TWO}, {"purpose": "enrich_referral"}])
def test_another_inquiry_does_not_open_it(changes: dict[str, str], parties: Parties) -> None:
    """The sealed part was taken over into an inquiry of another id, case or purpose."""
    document, texts = locked(parties, **changes)
    with pytest.raises(SealedForAnother):
        unlock_subjects(document, texts, parties["rvdk"])


def test_two_locked_texts_cannot_be_exchanged(parties: Parties) -> None:
    """Each is bound to its subject."""
    document, texts = locked(parties)
    with pytest.raises(SealedForAnother):
        unlock_subjects(document, {ONE: texts[TWO], TWO: texts[ONE]}, parties["rvdk"])


Keys = dict[str, Any]

WRONG_KEYS: dict[str, Callable[[Keys], Keys]] = {
    "of another sender": lambda keys: {**keys, "iss": "9" * 20},
    "of another inquiry": lambda keys: {**keys, "jti": TWO},
    "one too few": lambda keys: {**keys, "keys": {ONE: keys["keys"][ONE]}},
    "one too many": lambda keys: {**keys, "keys": {**keys["keys"], CASE: "AAAA"}},
    "with a field more": lambda keys: {**keys, "note": "x"},
    "that are texts": lambda keys: {**keys, "keys": "AAAA"},
    "not base64": lambda keys: {**keys, "keys": dict.fromkeys(keys["keys"], "é")},
}


def test_sealed_keys_made_by_hand_open(parties: Parties) -> None:
    """So that each below fails on what is wrong in it."""
    assert _with_keys(parties, lambda keys: keys) == {ONE: SUBJECTS[ONE], TWO: SUBJECTS[ONE]}


@pytest.mark.parametrize("wrong", WRONG_KEYS)
def test_sealed_keys_that_do_not_fit_are_refused(wrong: str, parties: Parties) -> None:
    """A requester that seals something else gets no answer."""
    with pytest.raises((DocumentMalformed, SealedForAnother)):
        _with_keys(parties, WRONG_KEYS[wrong])


TEXTS: dict[str, object] = {
    "no identity": {"identity": None, "necessity": {}},
    "no necessity": {"identity": {"surname": "A", "given_names": "", "birth_date": "0000-00-00"}},
    "a field more": {
        "identity": {"surname": "A", "given_names": "", "birth_date": "0000-00-00"},
        "necessity": {},
        "x": 1,
    },
    "an identity with a field more": {
        "identity": {"surname": "A", "given_names": "", "birth_date": "0000-00-00", "bsn": "999900006"},
        "necessity": {},
    },
    "an identity without a surname": {
        "identity": {"given_names": "A", "birth_date": "0000-00-00"},
        "necessity": {},
    },
    "a reason for no question": {
        "identity": {"surname": "A", "given_names": "", "birth_date": "0000-00-00"},
        "necessity": {"why": "x"},
    },
    "a list": [],
    "a number": 5,
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_locked_text_of_another_shape_is_malformed(text: str, parties: Parties) -> None:
    """An identity is the statutory set and nothing else; no number of the state finds its way in."""
    with pytest.raises(DocumentMalformed):
        _with_keys(parties, lambda keys: keys, plain=padded(TEXTS[text], LOCKED_BYTES))


def _with_keys(
    parties: Parties, change: Callable[[Keys], Keys], plain: bytes | None = None
) -> dict[str, Locked]:
    """What RvdK opens of two subjects whose keys are sealed by hand; both are the first person, or
    `plain`.
    """
    subject = SUBJECTS[ONE]
    assert subject.identity is not None
    whole = plain or padded(
        {"identity": subject.identity.as_json(), "necessity": dict(subject.necessity)}, LOCKED_BYTES
    )
    texts, keys = {}, {}
    for ref in (ONE, TWO):
        key, texts[ref] = lock(whole, inquiry=JTI, subject_ref=ref)
        keys[ref] = base64url.encode(key)
    vt = parties["veilig_thuis"]
    told = json.dumps(change({"iss": vt.party.oin, "jti": JTI, "keys": keys})).encode()
    context = Context("inquiry", CASE, "interpret", "veilig_thuis", "rvdk", JTI)
    sealed = seal(told, parties.directory.sealing_key("rvdk", NOON), context)
    document = inquiry(parties, texts, kid=sealed.kid, sealed=sealed.text)
    return unlock_subjects(document, texts, parties["rvdk"])


def test_a_text_that_does_not_fit_is_not_locked(parties: Parties) -> None:
    """It is never cut."""
    long = replace(SUBJECTS[ONE], necessity={"rvdk.known": "x" * LOCKED_BYTES})
    with pytest.raises(ValueError, match="does not fit"):
        lock_subjects(
            {ONE: long},
            signatory=parties["veilig_thuis"],
            holder="rvdk",
            case_ref=CASE,
            purpose="interpret",
            jti=JTI,
        )


def test_a_locked_subject_does_not_show_itself() -> None:
    """Neither in a log nor in a traceback."""
    assert "Testenaar" not in repr(SUBJECTS) + str(SUBJECTS[ONE])
