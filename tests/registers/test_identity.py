"""Identity: what is read, what is refused, and that nothing of it shows."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.identity import Identity, IdentityError

GOOD = {"surname": "Öztürkma", "given_names": "Emine Şerife", "birth_date": "1988-07-23"}


def test_a_whole_identity_is_read_and_written_back() -> None:
    """Spaces and the postcode come in one form; `as_json` gives back what `parse` reads."""
    read = Identity.parse(
        {
            **GOOD,
            "prefix": "van  't",
            "partner_surname": "Proef-de Test",
            "postcode": "9991 zx",
            "house_number": "14 bis",
        }
    )
    assert read == Identity(
        "Öztürkma", "Emine Şerife", "1988-07-23", "van 't", "Proef-de Test", "9991ZX", "14 bis"
    )
    assert Identity.parse(read.as_json()) == read


@pytest.mark.parametrize("date", ["1988-07-00", "1988-00-00", "0000-00-00", "2000-02-29"])
def test_a_birth_date_may_be_incomplete(date: str) -> None:
    """Day, month and year may be unknown, in that order."""
    assert Identity.parse({**GOOD, "birth_date": date}).birth_date == date


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"birth_date": "1988-00-23"}, ("birth_date", "date")),
        ({"birth_date": "0000-07-23"}, ("birth_date", "date")),
        ({"birth_date": "1999-02-29"}, ("birth_date", "date")),
        ({"birth_date": "1988-13-01"}, ("birth_date", "date")),
        ({"birth_date": "23-07-1988"}, ("birth_date", "date")),
        ({"birth_date": "١٩٨٨-07-23"}, ("birth_date", "date")),
        ({"birth_date": ""}, ("birth_date", "required")),
        ({"surname": " "}, ("surname", "required")),
        ({"surname": "a" * 201}, ("surname", "too_long")),
        ({"surname": "Proef9999"}, ("surname", "characters")),
        ({"given_names": "Emine\n"}, ("given_names", "characters")),
        ({"given_names": "Emine\u202e"}, ("given_names", "characters")),
        ({"given_names": 7}, ("given_names", "type")),
        ({"given_names": None}, ("given_names", "type")),
        ({"postcode": "0123AB"}, ("postcode", "postcode")),
        ({"postcode": "1234"}, ("postcode", "postcode")),
        ({"house_number": "0"}, ("house_number", "house_number")),
        ({"house_number": "veertien"}, ("house_number", "house_number")),
        ({"bsn": "999900006"}, ("", "unknown_field")),
    ],
)
def test_what_does_not_hold_is_named_without_its_value(
    change: dict[str, object], problem: tuple[str, str]
) -> None:
    """One problem, by path and code; the text of the error holds no value and no name of an unknown field."""
    with pytest.raises(IdentityError) as refused:
        Identity.parse({**GOOD, **change})
    assert refused.value.problems == [problem]
    texts = [
        *GOOD.values(),
        *(str(value) for value in change.values() if len(str(value)) > 3 and value is not None),
    ]
    assert not any(text in str(refused.value) for text in texts)
    assert "bsn" not in str(refused.value)


@pytest.mark.parametrize("value", [None, [], "Öztürkma", 3, {}])
def test_what_is_no_identity_at_all_is_refused(value: object) -> None:
    """Anything but an object with at least surname and birth date."""
    with pytest.raises(IdentityError):
        Identity.parse(value)


def test_all_problems_come_at_once() -> None:
    """Two mistakes, two entries."""
    with pytest.raises(IdentityError) as refused:
        Identity.parse({"surname": "1", "given_names": "", "birth_date": "x", "more": 1})
    assert refused.value.problems == [
        ("", "unknown_field"),
        ("surname", "characters"),
        ("birth_date", "date"),
    ]


def test_nothing_of_a_person_shows() -> None:
    """Neither `repr` nor `str` nor formatting shows a value."""
    identity = Identity.parse(GOOD)
    assert {repr(identity), str(identity), f"{identity}"} == {"Identity(…)"}


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.none()))
def test_no_value_gets_through_any_other_way(value: dict[str, object]) -> None:
    """Whatever comes: an identity, or an IdentityError."""
    with contextlib.suppress(IdentityError):
        assert isinstance(Identity.parse({**GOOD, **value}), Identity)
