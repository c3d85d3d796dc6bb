"""A refusal names its way out, and the way out can be walked."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.kinds import Kind
from contract.codes import BROKER
from contract.directory import directory_text
from contract.documents import CaseAcceptance
from demo.caller import Json, Refused
from demo.members import FIVE, REGION
from demo.play import Play, decide_standing
from gateway.inquiries import cases
from tests.attacks.insider import Insider
from tests.journeys.watching import INVITED, SUPERVISED, ends
from tests.world import LocalWorld, local_world


def relisted(world: LocalWorld, change: Callable[[Json], None]) -> None:
    """The directory changed, and taken up by everybody."""
    path = world.folder / "directory.json"
    contents = json.loads(path.read_text(encoding="utf-8"))
    change(contents)
    path.write_bytes(directory_text(contents))
    for party in (BROKER, *world.parties):
        world.stop(party)
        world.start(party)


def entries(world: LocalWorld, party: str, kind: Kind) -> list[dict[str, Any]]:
    """What this party's trail says of a kind, oldest first."""
    state = world.apps[world.address(party)].state
    trail = state.broker._trail if party == BROKER else state.node.trail

    async def read() -> list[dict[str, Any]]:
        return [dict(one.recorded.facts) async for one in trail.entries() if one.recorded.kind == kind]

    found: list[dict[str, Any]] = world.do(read())
    return found


@pytest.fixture(scope="module")
def zvh(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[Play]:
    """The chain in a region that has become a Zorg- en Veiligheidshuis."""
    with local_world(tmp_path_factory.mktemp("zvh"), registers=registers, members=FIVE) as world:
        relisted(world, lambda contents: contents["regions"][REGION].update(regime="zvh"))
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


URGENT: Json = {
    "purpose": "immediate_safety",
    "urgency": "acute_danger",
    "urgencyDeclaredBy": {"user": "piketleider-1", "role": "duty_officer"},
}


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
