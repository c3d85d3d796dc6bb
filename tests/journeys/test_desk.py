"""What waits at a holder for a person: opened, released, sent back, looked at."""

import pytest

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
from tests.world import LocalWorld


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
