"""One text for the same bytes, and bytes for one text."""

import base64
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import base64url

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.binary(max_size=200))
def test_what_is_written_is_read_again(raw: bytes) -> None:
    text = base64url.encode(raw)
    assert set(text) <= set(LETTERS)
    assert base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) == raw
    assert base64url.decode(text) == raw


def test_no_other_text_of_up_to_three_letters_is_read() -> None:
    """Also no letter of plain base64, no padding, no space, and no bits that belong to no byte."""
    read = 0
    for length in (1, 2, 3):
        for letters in product(LETTERS + "+/= \né", repeat=length):
            text = "".join(letters)
            try:
                raw = base64url.decode(text)
            except ValueError:
                continue
            read += 1
            assert base64url.encode(raw) == text
    assert read == 256 + 256**2


@pytest.mark.parametrize("where", [0, 5, 11])
@pytest.mark.parametrize("other", list("+/=. \n\x00é\ud800"))
def test_no_text_with_another_letter_is_read(where: int, other: str) -> None:
    text = "AAAAAAAAAAAA"
    with pytest.raises(ValueError, match="not base64url"):
        base64url.decode(text[:where] + other + text[where + 1 :])
