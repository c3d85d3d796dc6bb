"""Somebody in a role that may not, without a mandate, or in a case that is another's: nothing is done."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.codes import BROKER
from contract.documents import Attested
from demo.members import FIVE, MEMBERS, OTHER_REGION, REGION
from tests.attacks.insider import Case, Door, Insider, code_of
from tests.attacks.test_chain import states
from tests.journeys.watching import trail
from tests.world import LocalWorld, local_world

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
