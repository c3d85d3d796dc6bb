"""Each ground on which a person is told later has its words and its article."""

import re
from typing import get_args

from adapters.node.informing.steps import DeferralGround
from contract.words import GROUNDS


def test_u1_to_u8_have_words_and_an_article() -> None:
    """U7 is no deferral: the person knows it already, by another's notice."""
    assert set(GROUNDS) == {*get_args(DeferralGround), "already_informed"}
    assert all(re.search(r"(Wmo|UAVG|Wpg|AVG) \d", one.text) for one in GROUNDS.values())
