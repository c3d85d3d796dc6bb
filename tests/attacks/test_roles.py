"""Somebody in a role that may not, without a mandate, or in a case that is another's: nothing is done."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.kinds import Kind
from contract.codes import BROKER
from contract.documents import Attested
from demo.members import FIVE, MEMBERS, OTHER_REGION, REGION
from demo.play import Play, ended
from tests.attacks.insider import Case, Door, Insider, code_of
from tests.attacks.test_chain import refusal, states
from tests.journeys.watching import INVITED, trail
from tests.world import AsgiCaller, LocalWorld, local_world

NEVER = ("case_holder", "confidential_doctor", "minute_taker", "executor")
FACTS = ("melding", "criteria", "unsafety")


def attested(role: Any, *, mandated: bool = True, **others: Any) -> Attested:
    return Attested(**{**dict.fromkeys(FACTS, role), "mandated": mandated, **others})


def tell(insider: Insider, **changes: Any) -> tuple[int, str | None]:
    statement = insider.statement(**changes)
    return code_of(insider.post(BROKER, "/v1/cases", {"statement": statement.token}))


@pytest.mark.parametrize("fact", FACTS)
def test_who_may_not_attest_opens_no_question(fact: str, chain: LocalWorld, vt: Insider) -> None:
    """One fact of a case that a minute taker, a doctor or somebody's executor vouched for is no fact."""
    before = Door(chain)
    for role in (*NEVER, "participant"):  # Veilig Thuis has a chair, other partners have participants
        told = attested("chair", **{fact: role})
        assert tell(vt, attested=told) == (403, "not_attested"), role
    assert before.quiet()


def test_without_a_mandate_nobody_attests(chain: LocalWorld, vt: Insider) -> None:
    before = Door(chain)
    assert tell(vt, attested=attested("chair", mandated=False)) == (403, "not_attested")
    assert before.quiet()


def test_what_is_due_or_anonymous_is_attested_by_who_brings_it(chain: LocalWorld) -> None:
    """By a participant of that partner; there is no chair there who could."""
    om = Insider(chain, "om")
    for facts in ({"melding": "due"}, {"melding": "none", "kind": "anonymous"}):
        for role in (*NEVER, "chair"):
            assert tell(om, **facts, attested=attested(role)) == (403, "not_attested")
        assert tell(om, **facts, attested=attested("participant")) == (201, None)


def test_a_duty_officer_attests_in_acute_danger_alone(chain: LocalWorld, vt: Insider) -> None:
    told = attested("duty_officer")
    assert tell(vt, attested=told, unsafety="structural") == (403, "not_attested")
    assert tell(vt, attested=told, unsafety="acute") == (201, None)


def last(world: LocalWorld, party: str) -> dict[str, Any]:
    """The facts of the newest entry of this party's trail."""
    made = trail(world, party)
    place = made.size() - 1
    facts: dict[str, Any] = world.do(made.at([place]))[place].recorded.facts
    return facts


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[LocalWorld]:
    """Two Veilig Thuis organisations serve one region."""
    second = next(one for one in MEMBERS if one.code == "veilig_thuis_flevoland")
    members = (*FIVE, replace(second, regions=(REGION, OTHER_REGION)))
    folder = tmp_path_factory.mktemp("neighbours")
    with local_world(folder, registers=registers, members=members) as world:
        yield world


def test_a_second_veilig_thuis_does_not_ask_in_the_case_of_the_first(neighbours: LocalWorld) -> None:
    """Though it serves the region, and knows the reference and the newest statement."""
    first, second = Insider(neighbours, "veilig_thuis"), Insider(neighbours, "veilig_thuis_flevoland")
    case = first.case()
    path = f"/v1/cases/{case.case_ref}"
    assert first.get(BROKER, path, first.caller(path).token).status == 200
    assert code_of(second.get(BROKER, path, second.caller(path).token)) == (404, "not_found")
    response = second.present(
        second.inquiry(
            Case(case.case_ref, case.statement),
            "rvdk.known",
            question_changes={"role": "child", "age_band": "under_12"},
        )
    )
    assert states(response) == ["refused"]
    assert [one["code"] for one in last(neighbours, BROKER)["reasons"]] == ["requester_not_assigned"]
    assert first.present(first.inquiry(case)).status == 200


# ── at the own node ──


def colleague(
    world: LocalWorld, who: str, role: str = "chair", partner: str = "veilig_thuis", **claims: Any
) -> AsgiCaller:
    return AsgiCaller(world, partner, world.token(partner, role, sub=who, **claims))


def attempts(world: LocalWorld, party: str, who: str) -> list[dict[str, Any]]:
    """What this person was refused, by the entries of the own trail."""
    made = trail(world, party)
    every = world.do(made.at(list(range(made.size()))))
    facts = [every[place].recorded.facts for place in sorted(every)]
    return [one for one in facts if one["kind"] == Kind.ATTEMPT and one["user"] == who]


@pytest.fixture(scope="module")
def asked(chain: LocalWorld) -> dict[str, Any]:
    """What the chair asked, and was answered."""
    play = Play(chain)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    shown: dict[str, Any] = play.ask(play.chair, play.case(play.chair), [man])
    assert ended(shown["items"][0]) == "answered:yes"
    return shown


@pytest.mark.parametrize("partner", ["veilig_thuis", "om"])
@pytest.mark.parametrize("role", NEVER)
def test_a_role_that_does_not_ask_gets_into_no_case(
    role: str, partner: str, chain: LocalWorld, asked: dict[str, Any]
) -> None:
    """Not by its reference, not to read, not to close, not to state one; each try is an entry."""
    case, who = asked["caseRef"], f"who-is-{role}"
    stated = {"region": REGION, "stage": "enrichment", "melding": "registered", "criteria": "both"}
    somebody = colleague(chain, who, role, partner)
    tries: dict[str, Callable[[], Any]] = {
        "POST /cases/{id}/assignments": lambda: somebody.post(f"/v1/cases/{case}/assignments", INVITED),
        "GET /enrichments/{id}": lambda: somebody.get(f"/v1/enrichments/{asked['id']}"),
        "POST /cases/{id}/closures": lambda: somebody.post(f"/v1/cases/{case}/closures"),
        "POST /cases": lambda: somebody.post("/v1/cases", {**stated, "caseRef": case}),
        "GET /cases/{case}/obligations": lambda: somebody.get(f"/v1/cases/{case}/obligations"),
    }
    for attempt in tries.values():
        assert refusal(attempt) == (403, "not_allowed")
    seen = attempts(chain, partner, who)
    assert [one["operation"] for one in seen] == list(tries)
    assert {tuple(one["roles"]) for one in seen} == {(role,)}
    assert seen[0]["ref"] == case
    assert seen[0].get("case_ref") == (case if partner == "veilig_thuis" else None)


def test_who_has_no_mandate_gets_into_no_case(chain: LocalWorld, asked: dict[str, Any]) -> None:
    case, who = asked["caseRef"], "zonder-mandaat"
    somebody = colleague(chain, who, mandated=False)
    assert refusal(lambda: somebody.post(f"/v1/cases/{case}/assignments", INVITED)) == (403, "not_allowed")
    assert [one["mandated"] for one in attempts(chain, "veilig_thuis", who)] == [False]


def test_a_reference_is_no_key_to_a_case(chain: LocalWorld, asked: dict[str, Any]) -> None:
    """A colleague says why, and that is an entry that whoever works on the case may read."""
    case, place = asked["caseRef"], f"/v1/enrichments/{asked['id']}"
    other = colleague(chain, "another-chair")
    assert refusal(lambda: other.get(place)) == (403, "not_allowed")
    assert [one["case_ref"] for one in attempts(chain, "veilig_thuis", "another-chair")] == [case]
    for body in (None, {}, INVITED, {"why": "curious"}):  # invited is who comes first
        assert refusal(lambda body=body: other.post(f"/v1/cases/{case}/assignments", body))[0] == 400
    assert refusal(lambda: other.get(place)) == (403, "not_allowed")
    other.post(f"/v1/cases/{case}/assignments", {"why": "stands_in"})
    assert other.get(place)["id"] == asked["id"]
    search = {"purpose": "internal_control", "selection": {"cases": [case], "kinds": ["assignment"]}}
    seen = [line["facts"] for line in Play(chain).chair.post("/v1/entries/_search", search)["lines"]]
    assert [(one["user"], one["why"]) for one in seen] == [("another-chair", "stands_in")]


def test_who_takes_over_works_on_it_alone(chain: LocalWorld) -> None:
    play = Play(chain)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    shown = play.ask(play.chair, play.case(play.chair), [man])
    place = f"/v1/enrichments/{shown['id']}"
    colleague(chain, "successor").post(f"/v1/cases/{shown['caseRef']}/assignments", {"why": "takes_over"})
    assert refusal(lambda: play.chair.get(place)) == (403, "not_allowed")
    assert last(chain, "veilig_thuis")["kind"] == Kind.ATTEMPT
    assert colleague(chain, "successor").get(place)["id"] == shown["id"]


def test_an_attempt_holds_no_text_of_who_tried(chain: LocalWorld) -> None:
    """An address may say anything, also a name."""
    somebody = colleague(chain, "curious", "minute_taker", roles=["minute_taker", "Wilhelmina"])
    assert refusal(lambda: somebody.get("/v1/enrichments/Wilhelmina")) == (403, "not_allowed")
    [seen] = attempts(chain, "veilig_thuis", "curious")
    assert "Wilhelmina" not in str(seen)
    assert "ref" not in seen
