"""Requests of persons about their own data: logged, with the term of the law, extended, answered."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.days import day_of
from demo.caller import DemoCaller, Refused
from policies import load_release
from tests.journeys.test_rights import entries
from tests.world import AsgiCaller, LocalWorld, local_world

FG, PRIVACY = "data_protection_officer", "privacy_officer"
WHY = "Uitgezocht en met de betrokkene besproken."


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[LocalWorld]:
    """One chain for all of these: each has requests of its own."""
    with local_world(tmp_path_factory.mktemp("requests"), registers=registers) as made:
        yield made


def officer(world: LocalWorld, partner: str = "veilig_thuis", role: str = FG, number: int = 1) -> DemoCaller:
    return AsgiCaller(world, partner, world.token(partner, role, sub=f"{role}-{number}"))


def received(caller: DemoCaller, on: date, asked: str = "access") -> dict[str, Any]:
    told = {
        "asked": asked,
        "receivedOn": on.isoformat(),
        "name": "Anna Voorbeeld",
        "words": "Wat is er gevraagd?",
    }
    found: dict[str, Any] = caller.post("/v1/requests", told)
    return found


def of(world: LocalWorld, request_id: str) -> list[dict[str, Any]]:
    """What the trail has of this request."""
    told = entries(world, "veilig_thuis", "request") + entries(world, "veilig_thuis", "request_step")
    return [facts for facts in told if facts["case_ref"] == request_id]


def step(caller: DemoCaller, one: dict[str, Any], name: str) -> dict[str, Any]:
    told = {"step": name, "version": one["version"], "why": WHY}
    after: dict[str, Any] = caller.post(f"/v1/requests/{one['id']}/steps", told)
    return after


@pytest.mark.parametrize(
    ("partner", "asked", "received_on", "due_on", "extended"),
    [
        ("veilig_thuis", "access", "2026-01-31", "2026-02-28", "2026-04-30"),
        ("veilig_thuis", "erasure", "2026-11-30", "2027-02-28", "2027-02-28"),
        ("reclassering", "objection", "2026-11-23", "2026-12-23", "2027-02-23"),
        ("rvdk", "access", "2028-01-30", "2028-02-29", "2028-04-30"),
        ("politie", "access", "2026-11-23", "2027-01-04", "2027-02-01"),
        ("om", "access", "2026-11-23", "2026-12-21", "2026-12-21"),
        ("om", "rectification", "2026-11-23", "2027-01-04", "2027-01-04"),
    ],
)
def test_the_term_is_that_of_the_partners_law(
    partner: str, asked: Any, received_on: str, due_on: str, extended: str
) -> None:
    term = load_release().catalogue.partners[partner].term(asked)
    due = term.due(date.fromisoformat(received_on))
    longest = term.extended(date.fromisoformat(received_on))
    assert (due.isoformat(), longest.isoformat()) == (due_on, extended)


def test_a_request_is_logged_extended_and_answered(world: LocalWorld) -> None:
    fg = officer(world)
    today = day_of(world.clock())
    one = received(fg, today)
    assert (one["outcome"], one["overdue"], one["version"]) == (None, False, 0)
    longer = step(fg, one, "extension")
    assert longer["extended"]
    assert longer["dueOn"] > one["dueOn"]
    with pytest.raises(Refused, match="request_invalid"):
        step(fg, longer, "extension")
    done = step(officer(world, role=PRIVACY), longer, "granted")
    assert done["outcome"] == "granted"
    for again in ("granted", "refused"):
        with pytest.raises(Refused, match="precondition_failed"):
            step(fg, done, again)
    waiting, known = (fg.post("/v1/requests/_search", {"live": live}) for live in (True, False))
    assert one["id"] not in {row["id"] for row in waiting}
    assert [row for row in known if row["id"] == one["id"]] == [done]
    # who asked, and why it was answered so, is in no leaf
    told = of(world, one["id"])
    assert [facts["kind"] for facts in told] == ["request", "request_step", "request_step"]
    assert all("part" in facts for facts in told)
    assert not any("Voorbeeld" in str(facts) or WHY in str(facts) for facts in told)


def test_two_officers_at_once(world: LocalWorld) -> None:
    one = received(officer(world), day_of(world.clock()))
    step(officer(world, number=2), one, "refused")
    with pytest.raises(Refused, match="precondition_failed"):
        step(officer(world), one, "granted")
    assert [facts["kind"] for facts in of(world, one["id"])] == ["request", "request_step"]


def test_what_is_overdue_is_first_and_said(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(
        "adapters.node.rights.requests.log", lambda event, **fields: said.append((event.name, fields))
    )
    today = day_of(world.clock())
    fresh = received(officer(world), today)
    old = received(officer(world), today - timedelta(days=40))
    requests = world.apps[world.address("veilig_thuis")].state.node.requests
    assert officer(world).post("/v1/requests/_search", {})[0]["id"] == old["id"]
    world.do(requests.look())
    assert said == [("REQUESTS_OVERDUE", {"count": 1})]
    with pytest.raises(Refused, match="request_invalid"):
        step(officer(world), old, "extension")
    step(officer(world), old, "partly_granted")
    world.do(requests.look())
    assert len(said) == 1
    step(officer(world), fresh, "granted")


def test_who_may_not_and_what_cannot(world: LocalWorld) -> None:
    today = day_of(world.clock())
    before = len(entries(world, "veilig_thuis", "request"))
    for caller in (
        officer(world, role="chair"),
        officer(world, role="manager"),
        officer(world, role="official"),
    ):
        with pytest.raises(Refused, match="not_allowed"):
            received(caller, today)
    with pytest.raises(Refused, match="request_invalid"):
        received(officer(world), today + timedelta(days=2))
    with pytest.raises(Refused, match="404"):
        step(officer(world), {"id": "3f1c2a9e-0000-4000-8000-000000000001", "version": 0}, "granted")
    assert len(entries(world, "veilig_thuis", "request")) == before
