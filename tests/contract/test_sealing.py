"""What only one partner may read: it opens with the right key in the right context, and never otherwise."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import base64url
from contract.problems import SealedForAnother
from contract.sealing import Context, Sealed, lock, padded, seal, unlock, unseal
from tests.parties import NOON, Parties

CONTEXT = Context("reply", "case", "purpose", "veilig_thuis", "reclassering", "inquiry")
SECRET = b"Testenaar, Diederik Olivier"


def sealed_to(parties: Parties, party: str = "veilig_thuis") -> Sealed:
    return seal(SECRET, parties.directory.sealing_key(party, NOON), CONTEXT)


def test_what_is_sealed_opens_for_its_partner(parties: Parties) -> None:
    """And only by the key that it names."""
    assert unseal(sealed_to(parties), parties.keyrings["veilig_thuis"].opening, CONTEXT) == SECRET


def test_nobody_else_opens_it(parties: Parties) -> None:
    """The broker least of all; also not under the name of the right key."""
    sealed = sealed_to(parties)
    for party in ("broker", "om"):
        keys = parties.keyrings[party].opening
        with pytest.raises(SealedForAnother):
            unseal(sealed, keys, CONTEXT)
        [own] = keys.values()
        with pytest.raises(SealedForAnother):
            unseal(sealed, {sealed.kid: own}, CONTEXT)


@pytest.mark.parametrize("field", ["what", "case_ref", "purpose", "requester", "holder", "inquiry"])
def test_another_context_does_not_open(field: str, parties: Parties) -> None:
    """Each part of the context is bound."""
    other = replace(CONTEXT, **{field: "other"})
    with pytest.raises(SealedForAnother):
        unseal(sealed_to(parties), parties.keyrings["veilig_thuis"].opening, other)


def test_a_context_cannot_be_cut_otherwise() -> None:
    """Two contexts whose parts join to the same text are two contexts."""
    one, other = replace(CONTEXT, case_ref="a", purpose="bc"), replace(CONTEXT, case_ref="ab", purpose="c")
    assert one.info() != other.info()
    assert replace(CONTEXT, case_ref='a","b').info() != replace(CONTEXT, case_ref="a", purpose="b").info()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_or_shortened_seal_does_not_open(keys_made: Parties, data: st.DataObject) -> None:
    """Any bit, any length: sealed for another, never another exception and never a text."""
    sealed = sealed_to(keys_made)
    raw = bytearray(base64url.decode(sealed.text))
    at = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw = raw[:at]
    else:
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealedForAnother):
        unseal(
            Sealed(sealed.kid, base64url.encode(bytes(raw))),
            keys_made.keyrings["veilig_thuis"].opening,
            CONTEXT,
        )


@pytest.mark.parametrize("text", ["", "A", "AAAA", "geen base64", "é"])
def test_a_text_that_is_no_seal_is_sealed_for_another(text: str, parties: Parties) -> None:
    """Whatever came instead."""
    [kid] = parties.keyrings["om"].opening
    with pytest.raises(SealedForAnother):
        unseal(Sealed(kid, text), parties.keyrings["om"].opening, CONTEXT)


def test_sealing_twice_gives_two_texts_of_one_length(parties: Parties) -> None:
    """The same answer cannot be recognised."""
    one, other = sealed_to(parties), sealed_to(parties)
    assert one.text != other.text
    assert len(one.text) == len(other.text)


def test_a_lock_is_bound_to_its_inquiry_and_subject() -> None:
    """The key alone does not move it."""
    key, locked = lock(SECRET, inquiry="i", subject_ref="s")
    assert unlock(locked, key, inquiry="i", subject_ref="s") == SECRET
    for inquiry, subject_ref, used in (
        ("j", "s", key),
        ("i", "t", key),
        ("i", "s", bytes(32)),
        ("i", "s", b"x"),
    ):
        with pytest.raises(SealedForAnother):
            unlock(locked, used, inquiry=inquiry, subject_ref=subject_ref)


def test_each_lock_has_a_key_of_its_own() -> None:
    """The nonce is fixed, so a key is used once."""
    assert len({lock(SECRET, inquiry="i", subject_ref="s")[0] for _ in range(20)}) == 20


@given(st.text(max_size=90))
@settings(max_examples=60, deadline=None)
def test_what_is_padded_has_one_size(text: str) -> None:
    """Whatever the text, or it does not fit."""
    try:
        assert len(padded({"text": text}, 200)) == 200
    except ValueError:
        assert len(text.encode()) > 150


def test_what_does_not_fit_is_no_text_of_that_size() -> None:
    """A longer text would tell what it says by its length: better none."""
    assert len(padded("x" * 98, 100)) == 100
    with pytest.raises(ValueError, match="100 bytes"):
        padded("x" * 99, 100)


def test_a_lock_is_what_another_program_opens() -> None:
    """AES-256-GCM with twelve zero bytes, under a key that is used once; bound as it is written down."""
    key, locked = lock(SECRET, inquiry="i", subject_ref="s")
    assert len(key) == 32
    assert AESGCM(key).decrypt(bytes(12), base64url.decode(locked), b"grondslag/1 identity i s") == SECRET
