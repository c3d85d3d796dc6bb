"""Who is told in place of whom, and by which way: by age, and by what is known of the situation."""

import pytest

from adapters.node.informing.telling import Circumstance, Recipient, channels, recipients
from contract.codes import AgeBand


@pytest.mark.parametrize(
    ("age", "circumstances", "expected"),
    [
        ("under_12", (), {"representative"}),
        ("from_12_to_15", (), {"child_and_representative"}),
        ("from_16_to_17", (), {"self"}),
        ("adult", (), {"self"}),
        ("adult", ("guardianship",), {"self", "representative"}),
        ("under_12", ("representative_is_suspect",), {"special_guardian"}),
        ("from_12_to_15", ("representative_is_suspect",), {"self", "special_guardian"}),
        ("from_16_to_17", ("representative_is_suspect",), {"self"}),
        ("adult", ("guardianship", "representative_is_suspect"), {"self"}),
    ],
)
def test_nobody_is_told_through_who_is_the_suspect(
    age: AgeBand, circumstances: tuple[Circumstance, ...], expected: set[Recipient]
) -> None:
    """From 12 the child may hear it alone then."""
    assert recipients(age, circumstances) == expected


def test_a_way_that_somebody_else_reads_or_hears_is_none() -> None:
    assert "letter" not in channels(["address_shared"])
    assert channels(["address_shared", "device_shared"]) == {"conversation", "institution", "lawyer"}
    assert "conversation" in channels(["detained", "low_literacy", "interpreter_needed"])
