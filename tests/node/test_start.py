"""What stops a node before it begins: each with one sentence that says what to do, and no entry."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import partners
from adapters.partners import REGISTER_URLS, RegisterUnavailable, adapter_for, verify_questions
from adapters.registers.thresholds import read_thresholds
from demo.members import PARTIES
from party.settings import SettingsProblem
from policies import ReleaseError, load_release
from tests.world import LocalWorld

ADDRESS = {
    **dict.fromkeys(PARTIES, "sqlite:///register.sqlite"),
    "rvdk": "https://node:token@register.example",
    "politie": "file:///extracts",
}


def adapter(partner: str, url: str) -> Any:
    return adapter_for(
        partner, url, thresholds=read_thresholds(), today=lambda: datetime(2026, 3, 10, tzinfo=UTC).date()
    )


@pytest.mark.parametrize("partner", PARTIES)
def test_every_question_of_the_hand_out_has_an_answer(partner: str) -> None:
    """Each reference adapter answers what the packaged release asks its partner, and nothing else."""
    release, reference = load_release(), adapter(partner, ADDRESS[partner])
    verify_questions(reference, release)
    asked = {code for code, one in release.catalogue.questions.items() if one.holder == partner}
    assert reference.questions == asked


def test_a_question_that_nobody_answers_is_named() -> None:
    """By its code; one that no row permits is no reason."""
    release, reference = load_release(), adapter("rvdk", ADDRESS["rvdk"])
    reference.questions -= {"rvdk.measure_advised"}
    with pytest.raises(ReleaseError, match=r"permit rvdk\.measure_advised, which the adapter of rvdk"):
        verify_questions(reference, release)
    rules = {code: replace(rule, reason="never") for code, rule in release.catalogue.rules.items()}
    verify_questions(reference, replace(release, catalogue=replace(release.catalogue, rules=rules)))


def test_a_node_does_not_start_with_a_question_that_it_cannot_answer(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its trail says nothing of a start."""
    before = world.apps[world.address("rvdk")].state.node.trail.size()
    world.stop("rvdk")
    with monkeypatch.context() as changed:
        readings = partners._READINGS["rvdk"]
        changed.setitem(partners._READINGS, "rvdk", {q: r for q, r in readings.items() if q != "rvdk.known"})
        with pytest.raises(ReleaseError, match=r"rvdk\.known"):
            world.start("rvdk")
    world.start("rvdk")
    assert world.apps[world.address("rvdk")].state.node.trail.size() == before + 1


@pytest.mark.parametrize("partner", PARTIES)
def test_a_register_address_of_another_form_is_answered_with_the_right_one(partner: str) -> None:
    """The setting, the form, the partner; not what was given, which may hold a password."""
    with pytest.raises(RegisterUnavailable) as told:
        adapter(partner, "csv:///geheim-woord")
    assert (
        str(told.value) == f"The setting `register_url` must be like {REGISTER_URLS[partner]} for {partner}."
    )


def _foreign(path: Path) -> str:
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE persons (id)")
    made.close()
    return f"sqlite:///{path}"


def test_a_database_of_something_else_is_left_alone(world: LocalWorld) -> None:
    """The tables of the register stay as they were, and the setting is named."""
    place = world.folder / "register-copy.sqlite"
    url = _foreign(place)
    before = place.read_bytes()
    for party, name in (("broker", "subject_keys"), ("om", "database")):
        world.stop(party)
        world._more = {party: {name: url}}
        with pytest.raises(SettingsProblem, match=f"`{name}` cannot be used.*tables of something else"):
            world.start(party)
    assert place.read_bytes() == before
