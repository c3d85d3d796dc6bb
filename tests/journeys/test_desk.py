"""What waits at a holder for a person: opened, released, sent back, looked at."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from adapters.registers.matching import VERSION
from adapters.registers.thresholds import read_thresholds
from audit.tables import stored_entries
from contract.codes import BROKER
from demo.caller import Refused
from demo.play import Play
from tests.journeys.watching import (
    POLICE,
    SUPERVISED,
    WAITS,
    ask,
    kinds,
    official,
    place,
    release,
    waiting,
    watch,
)
from tests.world import AsgiCaller, LocalWorld


def test_an_official_opens_and_releases(play: Play, world: LocalWorld) -> None:
    """Opening shows who, why and what the register suggests; what is released reaches the chair."""
    asked = ask(play, POLICE)
    [question] = waiting(play)
    assert (question["rule"], question["ruleStatus"]) == ("A09", "concept")
    seen = official(play).post(f"{place(question)}/views")
    assert seen["identity"]["surname"] == play.cast["stalking.man"].identity.surname
    assert seen["necessity"]
    assert set(seen["suggested"]) == {"shareable", "stalking"}
    assert set(seen["suggested"]) < set(seen["answerCodes"])
    official(play).post(f"{place(question)}/answers", {"codes": seen["suggested"]})
    assert waiting(play) == []
    now = watch(play, asked, lambda ends: ends[POLICE] not in WAITS)
    assert now == {POLICE: "answered:shareable+stalking"}
    assert kinds(world, "politie")[-2:] == ["view", "answer"]


def leaves(world: LocalWorld, party: str) -> list[dict[str, Any]]:
    engine = create_engine(world.settings(party)["database"])
    with engine.connect() as store:
        found = [json.loads(one.leaf) for one in stored_entries(store, 10_000)]
    engine.dispose()
    return found


def test_an_official_sees_who_may_be_meant_field_by_field(play: Play, world: LocalWorld) -> None:
    """Only here: none of it reaches the broker or the chair. By what it was sought stands in each entry."""
    ask(play, SUPERVISED, name="uncertain_match.man")
    [question] = waiting(play, "reclassering")
    seen = AsgiCaller(world, "reclassering", world.token("reclassering", "official")).post(
        f"{place(question)}/views"
    )
    assert seen["doubtful"]
    assert [one["fits"] for one in seen["candidates"]] == [True, False]
    one_letter_off = {"surname": "equal", "given_names": "alike", "birth_date": "equal", "address": "equal"}
    assert seen["candidates"][1]["states"] == one_letter_off
    assert seen["candidates"][1]["identity"]["given_names"] == "Jorrid"
    for party in (BROKER, "veilig_thuis"):
        assert "matched_by" not in json.dumps(leaves(world, party))
    by = {leaf["matched_by"] for leaf in leaves(world, "reclassering") if "matched_by" in leaf}
    assert by == {f"{VERSION}:{read_thresholds().digest}"}


def test_while_the_register_is_away_an_official_answers_from_her_own_screen(
    play: Play, world: LocalWorld
) -> None:
    """The question opens without a suggestion, and the entry says that the register was not asked."""
    asked = ask(play, POLICE)
    [question] = waiting(play)
    manifest = Path(world.settings("politie")["register_url"].removeprefix("file://")) / "extract.json"
    manifest.rename(manifest.with_suffix(".away"))
    try:
        seen = official(play).post(f"{place(question)}/views")
    finally:
        manifest.with_suffix(".away").rename(manifest)
    assert (seen["suggested"], seen["registerAway"], seen["candidates"]) == ([], True, [])
    assert seen["doubtful"]
    assert seen["identity"]["surname"] == play.cast["stalking.man"].identity.surname
    official(play).post(f"{place(question)}/answers", {"codes": ["shareable"]})
    now = watch(play, asked, lambda ends: ends[POLICE] not in WAITS)
    assert now == {POLICE: "answered:shareable"}
    assert [leaf.get("register") for leaf in leaves(world, "politie") if leaf["kind"] == "view"] == ["away"]


@pytest.mark.parametrize(
    ("codes", "problem"),
    [(["yes"], "request_invalid"), (["none_shareable", "stalking"], "request_invalid")],
)
def test_an_official_chooses_from_the_permit(codes: list[str], problem: str, play: Play) -> None:
    """Neither a code that is not in the permit nor "none" beside something leaves."""
    ask(play, POLICE)
    [question] = waiting(play)
    official(play).post(f"{place(question)}/views")
    with pytest.raises(Refused) as refused:
        official(play).post(f"{place(question)}/answers", {"codes": codes})
    assert refused.value.code == problem
    assert len(waiting(play)) == 1


def test_nothing_is_released_unseen_or_twice(play: Play) -> None:
    """A release needs an opened question, and there is one answer to it."""
    ask(play, POLICE)
    [question] = waiting(play)
    with pytest.raises(Refused, match="not_waiting"):
        official(play).post(f"{place(question)}/answers", {"codes": ["shareable"]})
    release(play, question, "shareable")
    with pytest.raises(Refused, match="not_waiting"):
        official(play).post(f"{place(question)}/answers", {"codes": ["none_shareable"]})


def test_more_reason_is_asked_before_looking_only(play: Play) -> None:
    """That more reason is needed reaches the chair; once the register was opened it is too late for it."""
    asked = ask(play, POLICE)
    [question] = waiting(play)
    official(play).post(f"{place(question)}/refusals")
    now = watch(play, asked, lambda ends: ends[POLICE] not in WAITS)
    assert now == {POLICE: "refused_by_holder:holder_needs_more_reason"}
    ask(play, POLICE)
    [question] = waiting(play)
    official(play).post(f"{place(question)}/views")
    with pytest.raises(Refused, match="not_waiting"):
        official(play).post(f"{place(question)}/refusals")


def test_a_doubt_is_looked_at_and_changes_no_answer(play: Play) -> None:
    """A doubtful match waits for a look at the holder; the chair keeps "not determinable"."""
    case = play.case(play.chair)
    man = play.subject("uncertain_match.man", "suspected_perpetrator", [SUPERVISED])
    man["identity"] = {**man["identity"], "givenNames": man["identity"]["givenNames"][:1]}
    asked = play.ask(play.chair, case, [man])
    [doubt] = waiting(play, "reclassering")
    assert doubt["doubtful"]
    play.caller("reclassering", "official").post(f"{place(doubt)}/looks")
    assert waiting(play, "reclassering") == []
    assert watch(play, asked, lambda _: True) == {SUPERVISED: "answered:not_determinable"}


@pytest.mark.parametrize("role", ["participant", "manager"])
def test_only_officials_are_at_the_desk(role: str, play: Play) -> None:
    """Somebody in another role sees nothing that waits, and opens nothing."""
    ask(play, POLICE)
    [question] = waiting(play)
    somebody = play.caller("politie", role)
    with pytest.raises(Refused, match="not_allowed"):
        somebody.get("/v1/questions")
    with pytest.raises(Refused, match="not_allowed"):
        somebody.post(f"{place(question)}/views")
