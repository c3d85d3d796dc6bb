"""Whoever is asked about must be told: from the question to the proof, over weeks, on both sides."""

import base64
import hashlib
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from adapters.node.informing.steps import Factor
from audit.obligations import obligations
from contract.codes import BROKER
from contract.days import day_of
from demo.caller import Refused
from demo.play import Play
from tests.journeys.watching import INVITED, named, overview
from tests.world import LocalWorld

FACTORS = list(Factor.__args__)
FG = "data_protection_officer"
RECEIPT = b"signed receipt"


def asked(play: Play, *names: str) -> str:
    """A case in which something was asked about these people."""
    case = play.case(play.chair)
    subjects = [
        play.subject(name, role, [question])
        for name, role, question in (
            ("stalking.man", "suspected_perpetrator", "reclassering.known"),
            ("stalking.child_1", "child", "rvdk.known"),
        )
        if name in names
    ]
    play.ask(play.chair, case, subjects)
    return case


def owed(play: Play, case: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = play.chair.post("/v1/obligations/_search", {"caseRef": case, **more})
    return sorted(found, key=lambda one: str(one["subjectRole"]), reverse=True)  # the man before a child


def step(play: Play, one: dict[str, Any], **told: Any) -> dict[str, Any]:
    after: dict[str, Any] = play.chair.post(
        f"/v1/obligations/{one['id']}/steps", {"version": one["version"], **told}
    )
    return after


def joint(play: Play, case: str, partner: str = "om") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = play.caller(partner, FG).get(f"/v1/cases/{case}/obligations")
    return found


def plan(world: LocalWorld, **more: Any) -> dict[str, Any]:
    today = day_of(world.clock()).isoformat()
    told = {"step": "plan", "channel": "letter", "recipient": "self", "sender": "veilig_thuis"}
    return {**told, "plannedOn": today, "circumstances": [], **more}


def notice(world: LocalWorld, **more: Any) -> dict[str, Any]:
    today = day_of(world.clock()).isoformat()
    told = {"step": "notice", "channel": "letter", "recipient": "self", "textVersion": "2026-11"}
    return {**told, "safetyCheckedOn": today, **more}


def delivery(world: LocalWorld) -> dict[str, Any]:
    return {
        "step": "delivery",
        "how": "receipt_signed",
        "document": base64.b64encode(RECEIPT).decode(),
        "deliveredOn": day_of(world.clock()).isoformat(),
    }


def deferral(world: LocalWorld, days: float = 14, **more: Any) -> dict[str, Any]:
    until = (world.clock() + timedelta(days=days)).isoformat()
    told = {
        "step": "deferral",
        "until": until,
        "ground": "safety_of_involved",
        "decider": "voorzitter",
        "factors": FACTORS,
        "weighing": "De andere ouder leest de post nog mee.",
    }
    return {**told, **more}


def turn(world: LocalWorld, *partners: str) -> None:
    """The next turn of these nodes, and of the broker."""
    for partner in partners or ("veilig_thuis", "om"):
        world.inform(partner)
    world.do(world.apps[world.address(BROKER)].state.informing.look())


def folded(world: LocalWorld, party: str) -> list[Any]:
    state = world.apps[world.address(party)].state
    trail = state.informing._trail if party == BROKER else state.node.trail

    async def leaves() -> list[Any]:
        return [one.recorded.facts async for one in trail.entries()]

    return obligations(world.do(leaves()), joint=party == BROKER)


def tell_all(play: Play, world: LocalWorld, case: str) -> None:
    for one in owed(play, case):
        child = one["subjectRole"] == "child"
        who = {"recipient": "child_and_representative" if child else "self"}
        if one["ageBand"] == "under_12":
            who = {"recipient": "representative"}
        for wish in (plan(world, **who), notice(world, **who), delivery(world)):
            one = step(play, one, **wish)  # noqa: PLW2901 - each step is about what the one before left
        assert one["state"] == "met"


def test_from_the_question_to_the_proof(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man", "stalking.child_1")
    ones = owed(play, case)
    assert [(one["subjectRole"], one["ageBand"], one["state"]) for one in ones] == [
        ("suspected_perpetrator", "adult", "open"),
        ("child", ones[1]["ageBand"], "open"),
    ]
    assert [row["holder"] for row in ones[0]["disclosures"]] == ["reclassering"]
    shared = joint(play, case)
    # both sides know the same obligations, with the same clock
    assert {(one["id"], one["dueAt"]) for one in shared} == {(one["id"], one["dueAt"]) for one in ones}
    planned = step(play, ones[0], **plan(world))
    sent = step(play, planned, **notice(world))
    assert [one["state"] for one in joint(play, case) if one["id"] == sent["id"]] == ["open"]
    met = step(play, sent, **delivery(world))
    assert (met["state"], met["reminders"]) == ("met", [])
    assert {one["id"]: one["state"] for one in joint(play, case)} == {
        ones[0]["id"]: "met",
        ones[1]["id"]: "open",
    }
    assert [one["id"] for one in owed(play, case)] == [ones[1]["id"]]
    assert len(owed(play, case, live=False)) == 2


def test_nothing_of_why_or_whom_reaches_the_broker(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    step(play, one, **deferral(world, decider="Officier Zonderling"))
    sent = b"".join(body for _, address, _, body in world.wire.sent if address == world.address(BROKER))
    trail = world.folder / BROKER / "trail.sqlite"
    for marker in (b"safety_of_involved", b"Zonderling", b"leest de post"):
        assert marker not in sent
        assert marker not in trail.read_bytes()
    # what the own trail knows of it is sealed
    own = (world.folder / "veilig_thuis" / "trail.sqlite").read_bytes()
    assert b"leest de post" not in own
    last = owed(play, case)[0]["last"]
    assert last["ground"] == "safety_of_involved"
    assert "UAVG 41(1)(i)" in last["groundText"]


def test_the_prosecutor_lets_it_wait_and_that_ends_by_itself(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    prosecutor = play.caller("om", "participant")
    prosecutor.post(f"/v1/cases/{case}/assignments", INVITED)
    place = f"/v1/cases/{case}/obligations/{one['id']}/steps"
    prosecutor.post(place, {"version": 0, **deferral(world, ground="criminal_investigation")})
    turn(world)
    [after] = owed(play, case)
    assert (after["state"], after["last"]["by"]) == ("deferred", "om")
    assert "ground" not in after["last"]
    assert [row["state"] for row in joint(play, case)] == ["postponed"]
    world.clock.ahead += timedelta(days=15)
    again = Play(world)
    [after] = owed(again, case)
    assert (after["state"], after["overdue"]) == ("open", False)
    assert joint(again, case)[0]["state"] == "open"
    turn(world)
    given = {one.id: one.reminded for one in folded(world, "veilig_thuis")}[one["id"]]
    assert "deferral_ended:1" in given


def test_what_is_overdue_is_told_to_chair_and_fg_once(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    for days in (14, 7, 4, 3, 10):
        world.clock.ahead += timedelta(days=days)
        turn(world)
    turn(world)
    [one] = [one for one in folded(world, "veilig_thuis") if one.case_ref == case]
    assert [code.partition(":")[0] for code in one.reminded] == [
        "14_days_left",
        "7_days_left",
        "3_days_left",
        "overdue",
    ]
    [after] = owed(Play(world), case)
    assert (after["state"], after["overdue"]) == ("open", True)
    assert joint(Play(world), case)[0]["overdue"]


def test_only_the_fg_leaves_out_and_takes_that_back(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    words = {"ground": "professional_secrecy", "weighing": "Vertellen schendt het beroepsgeheim."}
    with pytest.raises(Refused) as refused:
        step(play, one, step="omission", **words)
    assert refused.value.code == "not_allowed"
    fg = play.caller("veilig_thuis", "data_protection_officer")
    left = fg.post(f"/v1/obligations/{one['id']}/steps", {"version": 0, "step": "omission", **words})
    assert left["state"] == "omitted"
    assert joint(play, case)[0]["state"] == "omitted"
    back = {"version": 1, "step": "reopening", "weighing": "Bij nader inzien is er geen geheim."}
    assert fg.post(f"/v1/obligations/{one['id']}/steps", back)["state"] == "open"
    assert joint(play, case)[0]["state"] == "open"
    [here] = [row for row in folded(world, BROKER) if row.id == one["id"]]
    assert here.state == "open"


@pytest.mark.parametrize(
    ("told", "name", "code"),
    [
        ({"circumstances": ["address_shared"]}, "channel", "unsafe"),
        ({"circumstances": ["detained"]}, "channel", "unsafe"),
        ({"circumstances": ["low_literacy"]}, "channel", "unsafe"),
        ({"channel": "phone", "circumstances": ["device_shared"]}, "channel", "unsafe"),
        ({"recipient": "representative"}, "recipient", "not_for_this_person"),
    ],
)
def test_an_unsafe_way_is_refused(
    play: Play, world: LocalWorld, told: dict[str, Any], name: str, code: str
) -> None:
    [one] = owed(play, asked(play, "stalking.man"))
    body = {"version": 0, **plan(world, **told)}
    answer = play.chair.raw("POST", f"/v1/obligations/{one['id']}/steps", json.dumps(body).encode())
    problem = json.loads(answer.body)
    assert (answer.status, problem["code"]) == (400, "request_invalid")
    assert [(row["name"], row["code"]) for row in problem["invalidParams"]] == [(name, code)]


def test_a_notice_goes_out_on_the_day_its_safety_was_checked(play: Play, world: LocalWorld) -> None:
    [one] = owed(play, asked(play, "stalking.man"))
    planned = step(play, one, **plan(world))
    yesterday = day_of(world.clock() - timedelta(days=1)).isoformat()
    with pytest.raises(Refused) as refused:
        step(play, planned, **notice(world, safetyCheckedOn=yesterday))
    assert refused.value.code == "request_invalid"


@pytest.mark.parametrize("ground", ["criminal_investigation"])
def test_a_ground_of_another_partner_is_refused(play: Play, world: LocalWorld, ground: str) -> None:
    [one] = owed(play, asked(play, "stalking.man"))
    with pytest.raises(Refused) as refused:
        step(play, one, **deferral(world, ground=ground))
    assert refused.value.code == "request_invalid"


def test_a_deferral_of_more_than_two_weeks_or_without_weighing_is_refused(
    play: Play, world: LocalWorld
) -> None:
    [one] = owed(play, asked(play, "stalking.man"))
    for told, code in (
        (deferral(world, 15), "step_not_taken"),
        (deferral(world, -1), "request_invalid"),
        (deferral(world, factors=FACTORS[:7]), "request_invalid"),
        (deferral(world, weighing="kort"), "request_invalid"),
    ):
        with pytest.raises(Refused) as refused:
            step(play, one, **told)
        assert refused.value.code == code


def test_two_officers_decide_at_once_and_the_second_is_told(play: Play, world: LocalWorld) -> None:
    [one] = owed(play, asked(play, "stalking.man"))
    step(play, one, **plan(world))
    with pytest.raises(Refused) as refused:
        step(play, one, **deferral(world))
    assert refused.value.code == "precondition_failed"


def test_a_step_waits_for_a_broker_that_is_away(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    world.stop(BROKER)
    after = step(play, one, **deferral(world))
    assert after["state"] == "deferred"
    world.start(BROKER)
    assert joint(play, case)[0]["state"] == "open"
    turn(world)
    assert joint(play, case)[0]["state"] == "postponed"


@pytest.mark.parametrize("partner", ["reclassering", "politie", "rvdk"])
def test_nobody_but_the_prosecutor_lets_another_wait(play: Play, world: LocalWorld, partner: str) -> None:
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    other = play.caller(partner, "participant")
    other.post(f"/v1/cases/{case}/assignments", INVITED)
    place = f"/v1/cases/{case}/obligations/{one['id']}/steps"
    with pytest.raises(Refused):
        other.post(place, {"version": 0, **deferral(world, ground="criminal_investigation")})
    turn(world, partner)
    assert joint(play, case)[0]["state"] == "open"


def test_who_does_not_work_on_the_case_sees_nothing_of_it(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man")
    stranger = play.caller("veilig_thuis", "duty_officer", 7)
    with pytest.raises(Refused) as refused:
        stranger.post("/v1/obligations/_search", {"caseRef": case})
    assert refused.value.code == "not_allowed"


def test_the_book_of_each_side_is_the_fold_of_its_trail(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man", "stalking.child_1")
    one, other = owed(play, case)
    step(play, one, **deferral(world))
    step(play, step(play, other, **plan(world, recipient=_recipient(other))), **deferral(world, 3))
    for party in (BROKER, "veilig_thuis"):
        state = world.apps[world.address(party)].state
        informing = state.informing if party == BROKER else state.node.informing
        assert world.do(informing._book.find()) == folded(world, party)


def _recipient(one: dict[str, Any]) -> str:
    ages = {"under_12": "representative", "from_12_to_15": "child_and_representative"}
    return ages.get(one["ageBand"], "self")


def test_the_letter_is_made_of_what_was_planned_and_names_nobody_else(play: Play, world: LocalWorld) -> None:
    case = asked(play, "stalking.man", "stalking.child_1")
    one, child = owed(play, case)
    with pytest.raises(Refused) as refused:  # nothing was planned
        play.chair.post(f"/v1/obligations/{one['id']}/letters")
    assert refused.value.code == "step_not_taken"
    step(play, one, **plan(world))
    page = play.chair.post(f"/v1/obligations/{one['id']}/letters")
    man, girl = play.cast["stalking.man"].identity, play.cast["stalking.child_1"].identity
    assert man.surname in page["html"]
    assert "de Reclassering" in page["html"]
    assert "Raad voor de Kinderbescherming" not in page["html"]
    if girl.given_names != man.given_names:
        assert girl.given_names not in page["html"]
    assert page["pdf"] or page["pdfProblem"]
    step(play, child, **plan(world, recipient=_recipient(child)))
    page = play.chair.post(f"/v1/obligations/{child['id']}/letters")
    assert girl.given_names in page["html"]
    assert man.given_names not in page["html"]


def test_a_person_who_asks_while_the_prosecutor_defers_sees_that_only_later(
    play: Play, world: LocalWorld
) -> None:
    """Left out without a trace; it is there once the ground has ended."""
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    who = named(play, "stalking.man")

    def seen(asks: dict[str, str] = who, *, checked: bool = True) -> str:
        fg = Play(world).caller("veilig_thuis", FG)  # signed in anew: weeks go by
        return str(overview(world, fg, asks, safe=checked)["html"])

    assert "Reclassering Midden (DEMO)" in seen()
    assert "Reclassering Midden (DEMO)" not in seen(
        checked=False
    )  # nobody has told them, or looked whether it is safe
    prosecutor = play.caller("om", "participant")
    prosecutor.post(f"/v1/cases/{case}/assignments", INVITED)
    place = f"/v1/cases/{case}/obligations/{one['id']}/steps"
    prosecutor.post(place, {"version": 0, **deferral(world, ground="criminal_investigation")})
    turn(world)
    hidden = seen()
    assert "Reclassering Midden (DEMO)" not in hidden
    assert "Niet gevonden met deze gegevens" in hidden
    nobody = {"surname": "Niemand", "givenNames": "Nergens", "birthDate": "1990-01-01"}
    other = seen(nobody)
    # the same page as of somebody about whom nothing was ever asked, but for the name and the proof
    assert _without_name(hidden) == _without_name(other)
    world.clock.ahead += timedelta(days=15)
    assert "Reclassering Midden (DEMO)" in seen()
    with pytest.raises(Refused) as refused:
        play.chair.post("/v1/overviews", {"requestId": case, "identity": who})
    assert refused.value.code in {"not_allowed", "not_signed_in"}


def _without_name(page: str) -> str:
    return re.sub(
        r"Voor: .*?<br>|Kenmerk van uw verzoek: [0-9a-f-]+|spoor met \d+ regels, met als zegel [0-9a-f]+",
        "",
        page,
    )


def wrong(play: Play, one: dict[str, Any], **told: Any) -> list[tuple[str, str]]:
    body = json.dumps({"version": one["version"], **told}).encode()
    answer = play.chair.raw("POST", f"/v1/obligations/{one['id']}/steps", body)
    return [(row["name"], row["code"]) for row in json.loads(answer.body).get("invalidParams", [])]


def test_safety_facts_travel(play: Play, world: LocalWorld) -> None:
    """Planned with a shared address and device: the notice inherits both, whoever types it. One that holds no
    longer takes a reason; that there is none, is said.
    """
    [one] = owed(play, asked(play, "stalking.man"))
    spoken = {"channel": "conversation"}
    unsaid = {name: value for name, value in plan(world, **spoken).items() if name != "circumstances"}
    assert wrong(play, one, **unsaid) == [("plan.circumstances", "missing")]
    shared = ["address_shared", "device_shared"]
    planned = step(play, one, **plan(world, **spoken, circumstances=shared))
    assert planned["last"]["circumstances"] == shared
    for channel in ("letter", "phone"):
        assert wrong(play, planned, **notice(world, channel=channel)) == [("channel", "unsafe")]
    gone = {"noLonger": ["address_shared"]}
    assert wrong(play, planned, **notice(world, **gone)) == [("noLongerWhy", "required")]
    why = {**gone, "noLongerWhy": "Zij woont sinds gisteren bij haar zus."}
    again = step(play, planned, **plan(world, **why))
    assert again["last"]["circumstances"] == ["device_shared"]
    sent = step(play, again, **notice(world))
    assert sent["last"]["circumstances"] == ["device_shared"]


def test_a_childs_notice_never_goes_through_who_is_the_suspect(play: Play, world: LocalWorld) -> None:
    """Said at the plan, it holds at the notice too."""
    [_, one] = owed(play, asked(play, "stalking.man", "stalking.child_1"))
    assert one["subjectRole"] == "child"
    through = {"channel": "conversation", "recipient": "special_guardian"}
    planned = step(play, one, **plan(world, **through, circumstances=["representative_is_suspect"]))
    told = notice(world, channel="conversation", recipient="representative")
    assert ("recipient", "not_for_this_person") in wrong(play, planned, **told)


def test_met_means_met(play: Play, world: LocalWorld) -> None:
    """Days lie between the question and today, the node makes the digest of what it keeps, and who was
    planned to tell it tells it.
    """
    [one] = owed(play, asked(play, "stalking.man"))
    assert wrong(play, one, **plan(world, plannedOn="2031-01-01")) == [("plannedOn", "not_within_the_term")]
    elsewhere = step(play, one, **plan(world, sender="om"))
    assert wrong(play, elsewhere, **notice(world)) == [("step", "sender_is_another")]
    sent = step(play, step(play, elsewhere, **plan(world)), **notice(world))
    early = {**delivery(world), "deliveredOn": "2020-01-01"}
    assert wrong(play, sent, **early) == [("deliveredOn", "not_between_question_and_today")]
    for nothing in ("0" * 63, "", "===="):
        body = {**delivery(world), "document": nothing}
        assert "delivery.document" in [name for name, _ in wrong(play, sent, **body)]
    met = step(play, sent, **delivery(world))
    assert met["state"] == "met"
    trail = world.apps[world.address("veilig_thuis")].state.node.trail

    async def kept() -> list[Any]:
        return [row async for row in trail.entries() if row.recorded.kind == "delivery"]

    [entry] = world.do(kept())
    assert entry.recorded.facts["proof"] == hashlib.sha256(RECEIPT).hexdigest()
    assert "document" not in entry.recorded.facts
    assert base64.b64decode(entry.part["document"]) == RECEIPT


def test_after_three_deferrals_only_the_fg_defers(play: Play, world: LocalWorld) -> None:
    """And what was too late before it was deferred stays so, for everybody."""
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    for _ in range(3):
        one = step(play, one, **deferral(world, 1))
    with pytest.raises(Refused, match="not_allowed"):
        step(play, one, **deferral(world, 2))
    fg = play.caller("veilig_thuis", FG)
    one = fg.post(f"/v1/obligations/{one['id']}/steps", {"version": one["version"], **deferral(world, 2)})
    assert (one["state"], one["deferrals"], one["breachedSince"]) == ("deferred", 4, None)
