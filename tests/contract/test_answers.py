"""The envelope of answers: it opens for its inquiry and holder, and nothing else fits in it."""

from datetime import date

import pytest
from pydantic import ValidationError

from contract.answers import SLOT_BYTES, Answer, envelope, opened
from contract.problems import DocumentMalformed

OIN, INQUIRY = "99999990000000000003", "00000000-0000-4000-8000-000000000000"
YES = Answer(codes=("yes",), as_of=date(2026, 11, 24), source="register")


def test_an_envelope_gives_back_its_answers_by_slot() -> None:
    """Empty slots are not there."""
    whole = envelope(oin=OIN, inquiry=INQUIRY, slots=3, answers={1: YES})
    assert opened(whole, oin=OIN, inquiry=INQUIRY) == {1: YES}


@pytest.mark.parametrize(
    "changes", [{"oin": "99999990000000000004"}, {"inquiry": "00000000-0000-4000-8000-000000000001"}]
)
def test_an_envelope_of_another_holder_or_inquiry_is_malformed(changes: dict[str, str]) -> None:
    """What is sealed does not say who sealed it, so the head does."""
    whole = envelope(oin=OIN, inquiry=INQUIRY, slots=1, answers={0: YES})
    with pytest.raises(DocumentMalformed):
        opened(whole, **{"oin": OIN, "inquiry": INQUIRY, **changes})


@pytest.mark.parametrize("end", [-1, -SLOT_BYTES, 0, 1])
def test_an_envelope_of_another_length_is_malformed(end: int) -> None:
    """A byte less, a slot less, nothing, one byte."""
    whole = envelope(oin=OIN, inquiry=INQUIRY, slots=2, answers={0: YES})
    with pytest.raises(DocumentMalformed):
        opened(whole[:end], oin=OIN, inquiry=INQUIRY)
    with pytest.raises(DocumentMalformed):
        opened(whole + b" ", oin=OIN, inquiry=INQUIRY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"codes": ()},
        {"codes": ("yes",) * 7},
        {"codes": ("Jan de Tester",)},
        {"codes": ("x" * 65,)},
        {"as_of": "gisteren"},
        {"source": "hearsay"},
        {"kind": "rumour"},
        {"note": "een opmerking"},
        {"desk": {"name": "Jan", "phone": "bel mij", "hours": ""}},
        {"desk": {"name": "x" * 61, "phone": "088-000 00 00", "hours": ""}},
    ],
)
def test_nothing_else_is_an_answer(wrong: dict[str, object]) -> None:
    """No text, no seventh code, no field of one's own."""
    with pytest.raises(ValidationError):
        Answer.model_validate({**YES.model_dump(), **wrong})
