"""Checkpoints as text: signed, read strictly, with keys as foreign software writes them."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import (
    Checkpoint,
    read_verifier_key,
    sign_checkpoint,
    verifier_key,
    verify_checkpoint,
)
from audit.errors import VerifyError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))
ONE = Checkpoint("grondslag.example/log", 7, bytes(range(32)))
TEXT = sign_checkpoint(ONE, KEY)

# published in the documentation of golang/mod/sumdb/note
PUBLISHED = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def read(text: str, *keys: Ed25519PrivateKey) -> Checkpoint:
    return verify_checkpoint(text, ONE.origin, [key.public_key() for key in keys or (KEY,)])


def test_a_checkpoint_is_read_back() -> None:
    assert read(TEXT) == ONE
    assert read(TEXT, OTHER, KEY) == ONE


def test_the_bytes_stay_what_they_are() -> None:
    """Signed by an old release, read by a new one."""
    signature = "3fOOmegdjTu3qmaCzN8urh1egZclKRgIpV57dJ5fkS/Kn9Cwy93pD/p68YBSKrwFqwoY0ERdZC/cTMlUFMl2zeWX6go="
    body = "grondslag.example/log\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert f"{body}\n— grondslag.example/log {signature}\n" == TEXT


def test_lines_of_witnesses_may_stand_beside() -> None:
    witness = "— witness.example/w AAAAAAAAAAAA\n"
    body, _, line = TEXT.partition("\n\n")
    assert read(f"{body}\n\n{witness}{line}") == ONE
    assert read(f"{TEXT}{witness}") == ONE


@pytest.mark.parametrize(
    "wrong",
    [
        TEXT.replace("\n7\n", "\n8\n"),
        TEXT.replace("\n7\n", "\n07\n"),
        TEXT.replace("\n7\n", "\n-7\n"),
        TEXT.replace("AAEC", "AAED"),
        TEXT.replace("Hh8=", "Hh9="),  # the same bytes to a lenient reader
        TEXT.replace("grondslag.example/log\n7", "grondslag.example/other\n7"),
        TEXT.replace("\n\n", "\nextra\n\n"),
        TEXT.replace("\n", "\r\n"),
        TEXT.removesuffix("\n"),
        TEXT + "more",
        TEXT.partition("— ")[0],
        TEXT.partition("— ")[0] + "— witness.example/w AAAAAAAAAAAA\n",
        TEXT.replace("— grondslag", "- grondslag"),
        "",
        "x" * 10_000,
    ],
)
def test_a_text_that_differs_anywhere_is_refused(wrong: str) -> None:
    with pytest.raises(VerifyError):
        read(wrong)


def test_another_key_or_another_log_is_refused() -> None:
    for text in (sign_checkpoint(ONE, OTHER), sign_checkpoint(Checkpoint("other.example", 7, ONE.root), KEY)):
        with pytest.raises(VerifyError):
            read(text)
    with pytest.raises(VerifyError):
        verify_checkpoint(TEXT, ONE.origin, [])


def test_a_published_key_is_read_and_written_alike() -> None:
    assert verifier_key(*read_verifier_key(PUBLISHED)) == PUBLISHED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        PUBLISHED.replace("c74f20a3", "c74f20a4"),
        PUBLISHED.replace("Peter", "Pieter"),
        "a+b+c",
        PUBLISHED[:-4],
        "n+00000000+" + base64.b64encode(b"\x06" + bytes(32)).decode(),
    ],
)
def test_a_key_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(VerifyError):
        read_verifier_key(text)


def test_a_checkpoint_has_a_longest_form_and_may_have_it() -> None:
    """Every witness may stand beside it; what is longer is not read at all."""
    filled = TEXT
    while 16_384 - len(filled) > 400:
        filled += f"— witness.example/w {'A' * 92}\n"
    rest = 16_384 - len(filled) - len("—  AAAAAAAAAAAA\n")
    longest = f"{filled}— {'w' * rest} AAAAAAAAAAAA\n"
    assert len(longest) == 16_384
    assert read(longest) == ONE
    with pytest.raises(VerifyError):
        read(longest.replace("— www", "— wwww"))
