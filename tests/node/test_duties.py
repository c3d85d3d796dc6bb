"""What an official must have done before an answer may go: each obligation of the hand-out has its keeper."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.node.answering import desk, duties
from adapters.node.answering.duties import (
    AT_RELEASE,
    BY_PROGRAM,
    OfficialAnswer,
    ProsecutorAgreement,
    WordOfMouth,
    to_state,
    verify_done,
)
from adapters.node.asking import texts
from adapters.node.informing import informing
from adapters.node.reviewing import reviews
from adapters.partners import adapter
from adapters.registers import matching
from contract.problems import ObligationUnknown, RequestInvalid
from policies import load_release

KNOWN = load_release().catalogue.obligations
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=3)
AGREED = ProsecutorAgreement("ovj-0117", "prosecutor", NOW)
TOLD = WordOfMouth("parket-0042", "de voorzitter", "meeting", NOW)
WORDS = "Samenwerking is nodig om het kind te beschermen."

KEEPERS: dict[str, object] = {
    "match_statutory_set": matching.match,
    "exclude_shielded": adapter._without_shielded,
    "not_determinable_if_deceased": adapter.RegisterAdapter._finding,
    "release_by_official": desk.AnsweringDesk.answer,
    "prosecutor_agrees": duties._of_prosecutor,
    "state_need_for_cooperation": duties.to_state,
    "state_safety_relevance": duties.to_state,
    "state_running_mandate": duties.to_state,
    "state_severity": duties.to_state,
    "state_protection_considered": duties.to_state,
    "oral_only": duties._of_spoken,
    "review_urgent_use": reviews.UrgentReviews,
    "remind_of_secrecy": texts.Texts._reminders,
    "no_onward_use": texts.Texts._reminders,
    "inform_subject": informing.Informing,
}
"""Obligation -> where it is done."""


def done(chosen: OfficialAnswer, *obligations: str, by_asker: tuple[str, ...] = ()) -> list[Any]:
    """What is wrong with this release, by field and code."""
    try:
        verify_done(chosen, obligations, KNOWN, by_asker=by_asker, since=SINCE, now=NOW)
    except RequestInvalid as wrong:
        return [(row["name"], row["code"]) for row in wrong.invalid_params]
    return []


def test_every_obligation_has_a_keeper_and_every_keeper_an_obligation() -> None:
    """A code that is added to the hand-out says here who keeps it; one that goes takes its keeper along."""
    assert set(KEEPERS) == set(KNOWN)
    stated = {one.code for one in KNOWN.values() if one.stated_by is not None}
    assert BY_PROGRAM | AT_RELEASE | stated == set(KNOWN)
    assert not BY_PROGRAM & AT_RELEASE
    assert not stated & (BY_PROGRAM | AT_RELEASE)
    of_officials = {one.code for one in KNOWN.values() if one.stated_by == "official"}
    assert {one.code for one in KNOWN.values() if one.by_person} == AT_RELEASE | of_officials
    assert {code for code, keeper in KEEPERS.items() if keeper is duties.to_state} == stated


YES = OfficialAnswer(("yes",))
SPOKEN = OfficialAnswer(("in_meeting",), spoken=TOLD)


@pytest.mark.parametrize(
    ("chosen", "obligations", "wrong"),
    [
        (YES, (), []),
        (YES, ("prosecutor_agrees",), [("prosecutor", "missing")]),
        (replace(YES, prosecutor=AGREED), ("prosecutor_agrees",), []),
        (replace(YES, prosecutor=AGREED), (), [("prosecutor", "not_asked_for")]),
        (
            replace(YES, prosecutor=replace(AGREED, at=SINCE - timedelta(hours=1))),
            ("prosecutor_agrees",),
            [("prosecutor.at", "not_since_the_question")],
        ),
        (
            replace(YES, prosecutor=replace(AGREED, at=NOW + timedelta(hours=1))),
            ("prosecutor_agrees",),
            [("prosecutor.at", "not_since_the_question")],
        ),
        (
            replace(YES, prosecutor=replace(AGREED, user="999990019")),
            ("prosecutor_agrees",),
            [("prosecutor.user", "bsn")],
        ),
        (SPOKEN, ("oral_only",), []),
        (SPOKEN, (), [("spoken", "not_asked_for")]),
        (replace(SPOKEN, spoken=None), ("oral_only",), [("spoken", "missing")]),
        (replace(YES, spoken=TOLD), ("oral_only",), [("codes", "only_by_word_of_mouth")]),
        (replace(SPOKEN, kind="judgement"), ("oral_only",), [("codes", "only_by_word_of_mouth")]),
        (YES, ("state_need_for_cooperation",), [("stated.state_need_for_cooperation", "missing")]),
        (
            replace(YES, stated={"state_need_for_cooperation": WORDS}),
            ("state_need_for_cooperation",),
            [],
        ),
        (replace(YES, stated={"state_severity": WORDS}), (), [("stated", "not_asked_for")]),
    ],
)
def test_an_answer_goes_once_all_is_done_and_nothing_else(
    chosen: OfficialAnswer, obligations: tuple[str, ...], wrong: list[Any]
) -> None:
    """What is missing is told, what was not asked for is not taken."""
    assert done(chosen, "release_by_official", *obligations) == wrong


def test_what_the_asker_put_in_words_the_official_need_not() -> None:
    """Where the asker states it and did, nothing is missing; what the official states, the asker cannot."""
    asked = ("state_running_mandate", "state_need_for_cooperation")
    owed = to_state(asked, KNOWN, ("state_running_mandate", "state_need_for_cooperation"))
    assert [one.code for one in owed] == ["state_need_for_cooperation"]
    chosen = OfficialAnswer(("yes",), stated={"state_need_for_cooperation": WORDS})
    assert done(chosen, *asked, by_asker=("state_running_mandate",)) == []
    assert done(chosen, *asked) == [("stated.state_running_mandate", "missing")]


def test_an_obligation_that_nobody_keeps_lets_nothing_go() -> None:
    """Not even when this release of the hand-out knows its name."""
    song = replace(KNOWN["oral_only"], code="sing_a_song")
    for known in (KNOWN, {**KNOWN, "sing_a_song": song}):
        with pytest.raises(ObligationUnknown):
            verify_done(YES, ("sing_a_song",), known, by_asker=(), since=SINCE, now=NOW)


def test_what_was_done_is_recorded_and_what_may_be_of_the_person_is_sealed() -> None:
    """Who agreed and who told stand open in the own trail; words, and who heard it, do not."""
    nothing = {"prosecutor": None, "spoken": None}
    assert (YES.facts(), YES.sealed()) == (nothing, {})
    whole = replace(SPOKEN, prosecutor=AGREED, stated={"state_severity": WORDS})
    at = NOW.isoformat()
    assert whole.facts() == {
        "prosecutor": {"user": "ovj-0117", "role": "prosecutor", "at": at},
        "spoken": {"user": "parket-0042", "channel": "meeting", "at": at},
    }
    assert whole.sealed() == {"stated": {"state_severity": WORDS}, "hearer": "de voorzitter"}
