"""The facts of a case: who may state them, and when a melding that is due is overdue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.directory import Party
from contract.documents import Attested, CaseStatement
from contract.problems import CaseNotYours
from gateway.inquiries.cases import Case, another_chairs, stated

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DUE = timedelta(hours=24)
REF = "00000000-0000-4000-8000-000000000000"


def said(**changes: Any) -> CaseStatement:
    fields: dict[str, Any] = {
        "iss": "9" * 20,
        "aud": "8" * 20,
        "iat": 0,
        "exp": 60,
        "jti": REF,
        "case_ref": REF,
        "region": "utrecht",
        "kind": "named",
        "stage": "referral",
        "melding": "none",
        "criteria": "none",
        "unsafety": "none",
        "attested": Attested(melding="chair", criteria="chair", unsafety="chair", mandated=True),
    }
    return CaseStatement(**{**fields, **changes})


def party(code: str) -> Party:
    """One that bears the name of its kind, or another of that kind in the north."""
    return Party.model_construct(code=code, partner=code.removesuffix("_noord"))


def case(by: str, before: Case | None = None, now: datetime = NOW, **changes: Any) -> Case:
    kept_by = None if before is None else party(before.brought_by)
    chairs = party(by).partner == "veilig_thuis"
    return stated(said(**changes), "d" * 64, party(by), before, kept_by, chairs=chairs, now=now, due=DUE)


def seen(one: Case, now: datetime) -> str:
    return one.facts_for(now=now, regime="bilateral", own_region=True).melding


@pytest.mark.parametrize("by", ["politie", "om", "reclassering", "rvdk"])
def test_only_veilig_thuis_states_that_there_is_a_melding(by: str) -> None:
    """Another partner's claim never suffices."""
    with pytest.raises(CaseNotYours):
        case(by, melding="registered")
    assert case("veilig_thuis", melding="registered").facts["melding"] == "registered"


def test_a_partner_restates_its_own_case_until_veilig_thuis_takes_it_over() -> None:
    """And never another's."""
    brought = case("om", melding="due")
    again = case("om", brought, melding="due", stage="enrichment")
    assert (again.brought_by, again.version) == ("om", 1)
    with pytest.raises(CaseNotYours):
        case("politie", brought)
    taken_over = case("veilig_thuis", again, melding="registered")
    with pytest.raises(CaseNotYours):
        case("om", taken_over)


def test_one_veilig_thuis_does_not_take_over_the_case_of_another() -> None:
    """It takes over what another kind of partner brought, and restates its own."""
    brought = case("politie", melding="due")
    taken = case("veilig_thuis_noord", brought, melding="registered")
    assert case("veilig_thuis_noord", taken, melding="registered").brought_by == "veilig_thuis_noord"
    with pytest.raises(CaseNotYours):
        case("veilig_thuis", taken, melding="registered")


def test_who_left_chairs_no_case_any_more() -> None:
    """Its neighbour goes on with the case; another kind of partner never chairs one."""
    here, there = party("veilig_thuis"), party("veilig_thuis_noord")
    gone = there.model_copy(update={"until": NOW})
    for kept_by, chairs, another in ((there, True, True), (gone, True, False), (there, False, False)):
        assert another_chairs(here, kept_by, chairs=chairs, now=NOW) is another
    assert not another_chairs(here, here, chairs=True, now=NOW)
    assert not another_chairs(here, party("om"), chairs=True, now=NOW)


@pytest.mark.parametrize("changes", [{"region": "gelderland"}, {"kind": "anonymous"}])
def test_a_case_keeps_its_region_and_kind(changes: dict[str, str]) -> None:
    """Also for Veilig Thuis (D04)."""
    with pytest.raises(CaseNotYours):
        case("veilig_thuis", case("veilig_thuis"), **changes)


def test_a_melding_that_is_due_becomes_overdue_by_the_clock() -> None:
    """To the second, and not before."""
    brought = case("om", melding="due")
    assert seen(brought, NOW + DUE - timedelta(seconds=1)) == "due"
    assert seen(brought, NOW + DUE) == "overdue"
    registered = case("veilig_thuis", brought, melding="registered")
    assert seen(registered, NOW + 2 * DUE) == "registered"


@pytest.mark.parametrize("between", ["none", "due"])
def test_the_clock_is_not_started_again(between: str) -> None:
    """Whatever is stated in between."""
    brought = case("om", melding="due")
    later = case("om", brought, NOW + timedelta(hours=20), melding=between)
    again = case("om", later, NOW + timedelta(hours=21), melding="due")
    assert seen(again, NOW + DUE) == "overdue"


def test_an_alarm_lasts_until_a_melding_is_registered() -> None:
    """Stating something else does not end it (D03)."""
    raised = replace(case("politie", melding="due"), overdue=7)
    assert case("politie", raised, melding="none").overdue == 7
    assert case("veilig_thuis", raised, melding="due").overdue == 7
    assert case("veilig_thuis", raised, melding="registered").overdue is None
