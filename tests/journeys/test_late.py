"""Time passes: what is not there when it is due is late, and late is not lost."""

from datetime import timedelta

from contract.days import day_of
from demo.play import Play
from tests.journeys.watching import (
    PROSECUTED,
    SUPERVISED,
    accepted,
    ask,
    pass_until,
    release,
    taken,
    wait_for,
    waiting,
    watch,
)
from tests.world import LocalWorld


def test_a_late_answer_still_arrives(play: Play) -> None:
    """Past its time a question that waits reads as late; released after that, it is answered."""
    asked = ask(play, PROSECUTED)
    play = pass_until(play, asked["items"][0]["dueAt"])
    assert watch(play, asked, lambda _: True) == {PROSECUTED: "late"}
    release(play, waiting(play, "om")[0], "yes", partner="om")
    assert watch(play, asked, lambda ends: ends[PROSECUTED] != "late") == {PROSECUTED: "answered:yes"}


def test_one_late_answer_does_not_end_the_waiting_for_another(play: Play) -> None:
    """Two questions wait at one holder; both are answered after their time, one long after the other."""
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", [PROSECUTED], weighty=True)
    other = play.subject("children_and_adults.boy", "suspected_perpetrator", [PROSECUTED], weighty=True)
    asked = play.ask(play.chair, case, [man, other])
    due = [item["dueAt"] for item in asked["items"] if item["status"] == "waits_for_person"]
    assert len(due) == 2
    play = pass_until(play, max(due))
    first, second = waiting(play, "om")

    def statuses() -> set[str]:
        return {item["status"] for item in play.chair.get(f"/v1/enrichments/{asked['id']}")["items"]}

    release(play, first, "yes", partner="om")
    assert wait_for(play, lambda: statuses() == {"answered", "late"})
    release(play, second, "yes", partner="om")
    assert wait_for(play, lambda: statuses() == {"answered"})


def test_what_never_arrived_is_given_up_after_its_time(play: Play, world: LocalWorld) -> None:
    """A holder that stays away until the question is due gets it no more; nothing locked stays behind."""
    world.stop("reclassering")
    asked = ask(play, SUPERVISED)
    assert [item["status"] for item in asked["items"]] == ["sent"]
    play = pass_until(play, asked["items"][0]["dueAt"])
    assert watch(play, asked, lambda ends: ends[SUPERVISED] == "undelivered") == {SUPERVISED: "undelivered"}
    [row] = accepted(world)
    assert (row.token, row.identities, row.next_at) == (None, None, None)
    world.start("reclassering")
    world.clock.ahead += timedelta(minutes=5)
    assert watch(play, asked, lambda _: True) == {SUPERVISED: "undelivered"}
    assert taken(world, "reclassering") == []


def test_a_meeting_that_is_sooner_leaves_a_person_less_time(play: Play, world: LocalWorld) -> None:
    """The chair says on which day the meeting is, as the description of the API has it."""
    due = []
    for who, meeting in (("stalking.man", None), ("children_and_adults.boy", day_of(world.clock()))):
        case = play.case(play.chair, meetingOn=None if meeting is None else meeting.isoformat())
        man = play.subject(who, "suspected_perpetrator", [PROSECUTED], weighty=True)
        due.append(play.ask(play.chair, case, [man])["items"][0]["dueAt"])
    assert due[1] < due[0]
