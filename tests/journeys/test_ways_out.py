"""A refusal names its way out, and the way out can be walked."""

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.node.roles import ADMISSIONS
from audit.kinds import Kind
from contract.codes import BROKER
from contract.documents import CaseAcceptance
from contract.problems import Problem
from demo.caller import Json, Refused
from demo.members import FIVE, REGION
from demo.play import Play, decide_standing
from gateway.inquiries import cases
from policies import load_release
from tests.attacks.insider import Insider
from tests.journeys.watching import INVITED, POLICE, SUPERVISED, URGENT, ends
from tests.releases import HAND_OUT
from tests.world import LocalWorld, local_world


def entries(world: LocalWorld, party: str, kind: Kind) -> list[dict[str, Any]]:
    """What this party's trail says of a kind, oldest first."""
    state = world.apps[world.address(party)].state
    trail = state.broker._trail if party == BROKER else state.node.trail

    async def read() -> list[dict[str, Any]]:
        return [dict(one.recorded.facts) async for one in trail.entries() if one.recorded.kind == kind]

    found: list[dict[str, Any]] = world.do(read())
    return found


def zvh_release(folder: Path) -> Path:
    """The hand-out in which the region of the stories has become a Zorg- en Veiligheidshuis."""
    shutil.copytree(HAND_OUT, folder)
    place = folder / "regions" / "data.json"
    data = json.loads(place.read_text(encoding="utf-8"))
    data["regions"][REGION]["regime"] = "zvh"
    place.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def zvh(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[Play]:
    """The chain in a region that is a Zorg- en Veiligheidshuis."""
    release = zvh_release(tmp_path_factory.mktemp("release") / "handout")
    settings = {"*": {"release": str(release)}}
    folder = tmp_path_factory.mktemp("zvh")
    with local_world(folder, registers=registers, members=FIVE, settings=settings) as world:
        play = Play(world)
        decide_standing(play)
        yield play


def world_of(play: Play) -> LocalWorld:
    assert isinstance(play.world, LocalWorld)
    return play.world


def asked(play: Play, case: str, **more: Any) -> dict[str, str]:
    man = play.subject("stalking.man", "suspected_perpetrator", [SUPERVISED])
    return ends(play.ask(play.chair, case, [man], **more))


NOT_ACCEPTED = {SUPERVISED: "refused:zvh_acceptance_missing"}


def test_a_case_of_a_zvh_is_asked_in_once_the_raad_accepted_it(zvh: Play) -> None:
    """Refused with the way out; accepted by the Raad; then permitted, and nothing is automatic (D18)."""
    case = zvh.case(zvh.chair)
    assert asked(zvh, case) == asked(zvh, case, dryRun=True) == NOT_ACCEPTED
    raad = zvh.caller("rvdk", "participant")
    raad.post(f"/v1/cases/{case}/assignments", INVITED)
    assert raad.post(f"/v1/cases/{case}/acceptances")["accepted"] is True
    man = zvh.subject("stalking.man", "suspected_perpetrator", [SUPERVISED])
    dry = zvh.ask(zvh.chair, case, [man], dryRun=True)["items"][0]
    assert (dry["effect"], dry["rule"], dry["mode"]) == ("permit", "A02", "human")
    assert ends(zvh.ask(zvh.chair, case, [man])) == {SUPERVISED: "waits_for_person"}
    # restated by Veilig Thuis, it stays accepted
    zvh.case(zvh.chair, caseRef=case, unsafety="acute")
    assert zvh.chair.post(f"/v1/cases/{case}/assignments", INVITED)["accepted"] is True


def test_an_acceptance_is_recorded_on_both_sides_and_names_nobody_at_the_broker(zvh: Play) -> None:
    """At the node who did, at the broker in which role; twice is once."""
    case = zvh.case(zvh.chair)
    for partner in ("politie", "om"):
        caller = zvh.caller(partner, "participant")
        caller.post(f"/v1/cases/{case}/assignments", INVITED)
        for _ in range(2):
            assert caller.post(f"/v1/cases/{case}/acceptances")["accepted"] is True
    world = world_of(zvh)
    joint = [one for one in entries(world, BROKER, Kind.ACCEPTANCE) if one["case_ref"] == case]
    assert [(one["by"], one["attested"]) for one in joint] == [("politie", "participant")]
    assert "user" not in joint[0]
    own = [one for one in entries(world, "politie", Kind.ACCEPTANCE) if one["case_ref"] == case]
    assert own[0]["acceptance"] == joint[0]["acceptance"]
    assert {(one["user"], one["user_role"]) for one in own} == {("test-politie-participant-1", "participant")}


@pytest.mark.parametrize(
    ("partner", "role", "told"),
    [
        ("veilig_thuis", "chair", "not_allowed"),
        ("reclassering", "participant", "acceptance_not_yours"),
        ("politie", "duty_officer", "not_allowed"),
    ],
)
def test_only_a_participant_of_a_public_partner_accepts(
    zvh: Play, partner: str, role: str, told: str
) -> None:
    """WGS 2.31: politie, OM or Raad, and not whoever is on duty there."""
    case = zvh.case(zvh.chair)
    caller = zvh.caller(partner, role)
    if partner != "veilig_thuis":  # who stated it works on it
        caller.post(f"/v1/cases/{case}/assignments", INVITED)
    with pytest.raises(Refused, match=told):
        caller.post(f"/v1/cases/{case}/acceptances")
    assert asked(zvh, case) == NOT_ACCEPTED


def test_what_changed_since_it_was_seen_is_not_accepted(zvh: Play) -> None:
    """The case that is accepted is the one that was shown."""
    case = zvh.case(zvh.chair)
    raad = zvh.caller("rvdk", "participant")
    raad.post(f"/v1/cases/{case}/assignments", INVITED)
    zvh.case(zvh.chair, caseRef=case, criteria="none")
    with pytest.raises(Refused, match="case_statement_stale"):
        raad.post(f"/v1/cases/{case}/acceptances")
    raad.post(f"/v1/cases/{case}/assignments", INVITED)
    assert raad.post(f"/v1/cases/{case}/acceptances")["facts"]["criteria"] == "none"


def test_elsewhere_nothing_is_to_be_accepted(play: Play, world: LocalWorld) -> None:
    """In a region without a Zorg- en Veiligheidshuis, and of a case that the node does not know."""
    case = play.case(play.chair)
    raad = world.caller("rvdk", "participant")
    with pytest.raises(Refused, match="case_unknown"):
        raad.post(f"/v1/cases/{case}/acceptances")
    raad.post(f"/v1/cases/{case}/assignments", INVITED)
    with pytest.raises(Refused, match="acceptance_not_needed"):
        raad.post(f"/v1/cases/{case}/acceptances")


@pytest.mark.parametrize(
    ("party", "attested", "told"),
    [
        ("politie", "minute_taker", "acceptance_not_yours"),
        ("politie", "duty_officer", "acceptance_not_yours"),
        ("veilig_thuis", "chair", "acceptance_not_yours"),
        ("reclassering", "participant", "acceptance_not_yours"),
    ],
)
def test_the_broker_looks_for_itself_who_accepts(zvh: Play, party: str, attested: str, told: str) -> None:
    """Whoever has a party's keys goes round its node, and gets no further."""
    world = world_of(zvh)
    case = zvh.case(zvh.chair)
    statement = entries(world, BROKER, Kind.CASE)[-1]["statement"]
    insider = Insider(world, party)

    def accept(**changes: Any) -> Any:
        fields = {"case_ref": case, "case_statement": statement, "attested": attested, "mandated": True}
        signed = insider.signatory.write(CaseAcceptance, to=BROKER, **{**fields, **changes})
        return json.loads(insider.post(BROKER, "/v1/acceptances", {"acceptance": signed.token}).body)["code"]

    assert accept() == told
    if party == "politie":
        assert accept(attested="participant", mandated=False) == told
        assert accept(attested="participant", case_ref=str(uuid.uuid4())) == "case_unknown"
        assert accept(attested="participant", case_statement="0" * 64) == "case_statement_stale"
    assert asked(zvh, case) == NOT_ACCEPTED


def test_an_acceptance_that_the_broker_does_not_prove_does_not_count(
    zvh: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the statement alone, nor the acceptance of another case beside it."""
    raad, world = zvh.caller("rvdk", "participant"), world_of(zvh)
    case, other = zvh.case(zvh.chair), zvh.case(zvh.chair)
    for one in (case, other):
        raad.post(f"/v1/cases/{one}/assignments", INVITED)
    raad.post(f"/v1/cases/{other}/acceptances")
    broker = world.apps[world.address(BROKER)].state.broker
    proven = broker._case_receipt
    [elsewhere] = world.do(broker._trail.read(lambda store: cases.load(store, [other]))).values()
    for place in (None, elsewhere.accepted):

        async def lie(to: Any, of: Any, place: int | None = place) -> str:
            said: str = await proven(to, replace(of, accepted=place))
            return said

        monkeypatch.setattr(broker, "_case_receipt", lie)
        with pytest.raises(Refused, match="document_malformed"):
            raad.post(f"/v1/cases/{case}/acceptances")


def test_a_question_in_acute_danger_names_who_declared_it(play: Play, world: LocalWorld) -> None:
    """Refused as not urgent, with the way out; declared, it goes. Who it was is in the own trail alone."""
    case = play.case(play.chair)
    assert asked(play, case, purpose="immediate_safety") == {SUPERVISED: "refused:urgency_not_declared"}
    nobody = {name: value for name, value in URGENT.items() if name != "urgencyDeclaredBy"}
    for dry in (True, False):
        with pytest.raises(Refused, match="request_invalid"):
            asked(play, case, **nobody, dryRun=dry)
    assert asked(play, case, **URGENT) == {SUPERVISED: "answered:yes"}
    assert (
        entries(world, "veilig_thuis", Kind.INQUIRY)[-1]["urgency_declared_by"] == URGENT["urgencyDeclaredBy"]
    )
    joint = entries(world, BROKER, Kind.INQUIRY)[-1]
    assert (joint["urgency"], joint["urgency_attested"]) == ("acute_danger", "duty_officer")
    assert not any("piketleider" in str(facts) for facts in entries(world, BROKER, Kind.INQUIRY))


def test_urgency_that_nobody_who_may_declared_is_refused_on_both_sides(play: Play, world: LocalWorld) -> None:
    """Whoever has the keys of Veilig Thuis, or of the broker too, lets a minute taker declare it."""
    vt, centre = Insider(world, "veilig_thuis"), Insider(world, BROKER)
    urgent: Json = {"purpose": "immediate_safety", "urgency": "acute_danger"}
    case = vt.case()
    for attested, status in (("minute_taker", 400), ("participant", 400), ("chair", 200)):
        wrong = vt.inquiry(case, SUPERVISED, **urgent, urgency_attested=attested)
        assert vt.present(wrong).status == status, attested
    wrong = vt.inquiry(case, SUPERVISED, **urgent, urgency_attested="minute_taker")
    permit = centre.permit(wrong, question={"rule": "A02", "desk": True})
    told = centre.show_permit("reclassering", permit.token, wrong)
    assert (told.status, json.loads(told.body)["code"]) == (400, "document_malformed")


@dataclass(frozen=True)
class Asked:
    """A question in a case of its own, or in `case`; each part as in `Play`."""

    question: str = SUPERVISED
    role: str = "suspected_perpetrator"
    name: str = "stalking.man"
    partner: str = "veilig_thuis"
    caller: str = "chair"
    facts: Json = field(default_factory=dict)
    about: Json = field(default_factory=dict)
    why: Json = field(default_factory=dict)
    wish: Json = field(default_factory=dict)

    def case(self, play: Play, ref: str | None = None) -> str:
        """Restated when it is there, by who asks."""
        facts = self.facts if ref is None else {**self.facts, "caseRef": ref}
        return play.case(play.caller(self.partner, self.caller), **facts)

    def reasons(self, play: Play, case: str) -> dict[str, Json]:
        """Of a dry run, by code; none: permitted."""
        subject = play.subject(self.name, self.role, [self.question], weighty=True, **self.about)
        subject["questions"][0] |= self.why
        asks = play.caller(self.partner, self.caller)
        [item] = play.ask(asks, case, [subject], **self.wish, dryRun=True)["items"]
        assert (item["effect"] == "permit") == (item["reasons"] == [])
        return {reason["code"]: reason for reason in item["reasons"]}


P4: Json = {"purpose": "immediate_safety"}
VICTIM = Asked(role="victim", name="stalking.woman", question="reclassering.known")
IN_WORDS: Json = {"necessity": "Zij woont bij de vermoedelijke pleger in, zegt de melding."}
NOBODY_KNOWN: Json = {"surname": "Onbekendstra", "givenNames": "Proef", "birthDate": "0000-00-00"}
OM = Asked(question="om.ongoing_prosecution")

WALKS: dict[str, tuple[Asked, Asked]] = {
    "melding_missing": (Asked(facts={"melding": "none"}), Asked()),
    "criterion_relevance_missing": (Asked(facts={"criteria": "factors_only"}), Asked()),
    "criterion_factors_missing": (Asked(facts={"criteria": "relevance_only"}), Asked()),
    "unsafety_not_flagged": (Asked(facts={"unsafety": "none"}), Asked()),
    "necessity_missing": (Asked(why={"necessity": " "}), Asked()),
    "subsidiarity_missing": (Asked(why={"subsidiarity": ""}), Asked()),
    "weighty_interest_missing": (replace(OM, why={"weightyInterest": ""}), OM),
    "consent_status_missing": (Asked(about={"consent": "not_recorded"}), Asked()),
    "age_unknown": (
        Asked(about={"identity": NOBODY_KNOWN}),
        Asked(about={"identity": NOBODY_KNOWN, "ageBand": "adult"}),
    ),
    "urgency_not_declared": (Asked(wish=P4), Asked(wish=URGENT)),
    "purpose_not_allowed": (Asked(wish={"purpose": "interpret"}), Asked()),
    "purpose_not_in_stage": (Asked(facts={"stage": "meeting"}), Asked(facts={"stage": "enrichment"})),
    "case_closed": (Asked(facts={"stage": "closed"}), Asked(facts={"stage": "enrichment"})),
    "reclassering_not_about_victims": (
        VICTIM,
        replace(VICTIM, about={"dualRole": True, "dualRoleReason": "Zij sloeg terug, zegt de melding."}),
    ),
    "third_person": (
        Asked(role="third_person", question=POLICE, why=IN_WORDS),
        Asked(role="household_member", question=POLICE, why=IN_WORDS),
    ),
    "subject_role_not_allowed": (replace(OM, role="victim", name="stalking.woman"), OM),
    "reclassering_not_about_minors": (
        Asked(role="child", name="stalking.child_1", question="reclassering.known"),
        Asked(role="child", name="stalking.child_1", question="rvdk.known"),
    ),
}


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[Play]:
    """A chain that all walks share."""
    with local_world(tmp_path_factory.mktemp("walks"), registers=registers, members=FIVE) as world:
        yield Play(world)


@pytest.mark.parametrize("code", WALKS)
def test_a_way_out_leads_out(code: str, ordinary: Play) -> None:
    """Refused for this reason; after what the way out says, in the same case, permitted."""
    before, after = WALKS[code]
    case = before.case(ordinary)
    reasons = before.reasons(ordinary, case)
    assert code in reasons
    assert after.reasons(ordinary, after.case(ordinary, case)) == {}
    operations = ordinary_operations(ordinary)
    assert set(reasons[code]["wayOutOperations"]) <= operations


HANDED_IN = {
    "POST /cases": "POST /cases",
    "POST /cases/{id}/assignments": "GET /cases/{id}",
    "POST /cases/{id}/acceptances": "POST /acceptances",
    "POST /enrichments": "POST /inquiries",
}
"""Operations of a node that go on to the broker, with what they call there; the others stay at the node."""


def ordinary_operations(play: Play, party: str = "veilig_thuis") -> set[str]:
    world = world_of(play)
    description = world.apps[world.address(party)].openapi()
    return {f"{method.upper()} {path}" for path, item in description["paths"].items() for method in item}


def test_every_way_out_begins_somewhere(ordinary: Play) -> None:
    """At an operation that the node has, and the broker where it goes on, or at a desk that can be called."""
    operations, at_broker = ordinary_operations(ordinary), ordinary_operations(ordinary, BROKER)
    for code, text in load_release().catalogue.reasons.items():
        assert text.way_out is not None, code
        assert set(text.way_out.operations) <= operations, code
        assert {HANDED_IN[one] for one in text.way_out.operations if one in HANDED_IN} <= at_broker, code
        assert set(text.way_out.operations) <= ADMISSIONS.keys(), code
        assert text.way_out.operations or text.way_out.calls, code


def test_who_is_to_be_called_has_a_number(zvh: Play) -> None:
    """The desk of who was asked, of the chair, of those who accept; never the own."""
    case = zvh.case(zvh.caller("om", "participant"), melding="none", stage="referral")
    om = Asked(
        partner="om", caller="participant", question="rvdk.known", role="child", name="stalking.child_1"
    )
    reasons = om.reasons(zvh, case)
    desks = {
        code: [desk["name"] for desk in reasons[code]["wayOutDesks"]]
        for code in ("melding_missing", "zvh_acceptance_missing")
    }
    assert desks == {
        "melding_missing": ["Loket Veilig Thuis Midden (DEMO)"],
        "zvh_acceptance_missing": [
            "Loket Politie Midden (DEMO)",
            "Loket Raad voor de Kinderbescherming Midden (DEMO)",
        ],
    }


def test_a_victim_in_two_roles_is_motivated_and_the_holder_reads_why(play: Play, world: LocalWorld) -> None:
    """Said without a reason it does not count (C17); with one a person decides, who reads it; nobody else."""
    case, why = play.case(play.chair), "Zij sloeg terug, zegt de melding."
    for about in ({"dualRole": True}, {"dualRole": True, "dualRoleReason": "  "}, {"dualRoleReason": why}):
        assert set(replace(VICTIM, about=about).reasons(play, case)) == {"reclassering_not_about_victims"}
    woman = play.subject(
        "stalking.woman", "victim", ["reclassering.known"], dualRole=True, dualRoleReason=why
    )
    assert ends(play.ask(play.chair, case, [woman])) == {"reclassering.known": "waits_for_person"}
    official = play.caller("reclassering", "official")
    [waiting] = official.get("/v1/questions")
    opened = official.post(f"/v1/questions/{waiting['inquiry']}/{waiting['index']}/views")
    assert opened["stated"] == {"dual_role": why}
    assert not any(why.encode() in body for _, _, _, body in world.wire.sent)


def test_no_way_out_teaches_to_change_what_is_so() -> None:
    """A victim stays a victim, an age is what it is: no text says to look whether role or age fits."""
    for code in ("reclassering_not_about_victims", "subject_role_not_allowed", "age_not_allowed"):
        text = load_release().catalogue.reasons[code].way_out_nl or ""
        assert "klopt" not in text, code
        assert "rol" not in text or "Laat de rol slachtoffer dan staan" in text, code


def overdue(play: Play, partner: str, role: str) -> list[Json]:
    listed: list[Json] = play.caller(partner, role).get("/v1/overdue-meldingen")
    return listed


FG = "data_protection_officer"


def test_a_melding_that_did_not_come_alarms_chair_and_fg_until_it_is_there(
    play: Play, world: LocalWorld
) -> None:
    """Politie asked in acute danger and promised a melding; a day later everything stands still (D03)."""
    officer = play.caller("politie", "duty_officer")
    case = play.case(officer, melding="due", unsafety="acute", stage="meeting")
    play.pass_time(timedelta(hours=23))
    readers = [("veilig_thuis", "chair"), ("veilig_thuis", FG), ("politie", FG)]
    assert [overdue(play, *who) for who in readers] == [[], [], []]
    play.pass_time(timedelta(hours=2))
    for who in readers:
        [row] = overdue(play, *who)
        assert (row["caseRef"], row["region"], row["broughtBy"]) == (case, REGION, "politie"), who
    assert overdue(play, "om", FG) == []
    # stated otherwise, it lasts; told again, it is recorded once
    officer = play.caller("politie", "duty_officer")
    play.case(officer, caseRef=case, melding="none", unsafety="acute", stage="meeting")
    play.pass_time(timedelta(hours=1))
    assert len(overdue(play, "veilig_thuis", "chair")) == 1
    for party in (BROKER, "veilig_thuis", "politie"):
        assert [one["case_ref"] for one in entries(world, party, Kind.MELDING_OVERDUE)] == [case], party
    # the melding comes, however late
    play.chair.post(f"/v1/cases/{case}/assignments", INVITED)
    play.case(play.chair, caseRef=case, unsafety="acute", stage="meeting")
    play.pass_time(timedelta(minutes=1))
    assert [overdue(play, *who) for who in readers] == [[], [], []]
    for party in ("veilig_thuis", "politie"):
        assert [one["case_ref"] for one in entries(world, party, Kind.MELDING_ARRIVED)] == [case], party


def test_a_broker_that_is_silent_or_lies_ends_no_alarm(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of reach, with nothing to tell, or with the proof of another case: it lasts."""
    officer = play.caller("politie", "duty_officer")
    case = play.case(officer, melding="due", unsafety="acute", stage="meeting")
    play.pass_time(timedelta(hours=25))
    node = world.apps[world.address("veilig_thuis")].state.node
    registered = play.case(play.chair)
    broker = world.apps[world.address(BROKER)].state.broker
    [elsewhere] = world.do(broker._trail.read(lambda store: cases.load(store, [registered]))).values()
    proven = broker._case_receipt

    async def another(to: Any, _: Any) -> str:
        said: str = await proven(to, elsewhere)
        return said

    monkeypatch.setattr(broker, "_case_receipt", another)
    with pytest.raises(Problem):
        world.do(node.overdue.follow())
    world.wire.cut = lambda *_: "before"
    with pytest.raises(Problem):
        world.do(node.overdue.follow())
    world.wire.cut = lambda *_: None
    assert [row["caseRef"] for row in overdue(play, "veilig_thuis", "chair")] == [case]


def test_a_broker_that_calls_a_zvh_an_ordinary_region_gets_no_answer(zvh: Play) -> None:
    """Nothing is automatic there (D18), whatever a permit says: the holder has its own hand-out."""
    vt, centre = Insider(world_of(zvh), "veilig_thuis"), Insider(world_of(zvh), BROKER)
    wish = vt.inquiry(vt.case(), "reclassering.known")
    told = centre.show_permit("reclassering", centre.permit(wish).token, wish)
    assert (told.status, json.loads(told.body)["code"]) == (409, "decision_differs")
