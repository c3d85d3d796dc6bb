"""What a node keeps of a case is what the broker's trail holds; colleagues do not lose each other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.node.asking import enrichments
from adapters.node.asking.enrichments import OwnCase
from contract.codes import BROKER
from demo.caller import Refused
from demo.play import Play
from party.wire import Response
from tests.journeys.watching import INVITED
from tests.world import AsgiCaller, LocalWorld


def case_at(world: LocalWorld, partner: str, case_ref: str) -> OwnCase | None:
    """The case as this partner's node keeps it."""
    node = world.apps[world.address(partner)].state.node
    kept: OwnCase | None = world.do(node.trail.read(lambda store: enrichments.load_case(store, case_ref)))
    return kept


def colleague(world: LocalWorld, name: str, partner: str = "veilig_thuis") -> AsgiCaller:
    return AsgiCaller(world, partner, world.token(partner, "chair", sub=name))


def swap(world: LocalWorld, about: str, body: Any) -> None:
    """From now on the broker's responses about this path are `body(response)`."""
    real = world.wire.send

    async def send(method: str, address: str, path: str, **more: Any) -> Response:
        response = await real(method, address, path, **more)
        if address == world.address(BROKER) and path.startswith(about) and response.status < 400:
            return Response(response.status, body(response))
        return response

    world.wire.send = send  # type: ignore[method-assign]


def test_who_takes_a_case_up_has_its_facts(play: Play, world: LocalWorld) -> None:
    """At another partner too: the statement and the facts are those that Veilig Thuis vouched for."""
    case = play.case(play.chair)
    world.caller("om", "participant").post(f"/v1/cases/{case}/assignments", INVITED)
    stated, taken_up = case_at(world, "veilig_thuis", case), case_at(world, "om", case)
    assert stated is not None
    assert taken_up is not None
    assert (taken_up.statement, taken_up.facts) == (stated.statement, stated.facts)
    assert taken_up.facts["melding"] == "registered"


def test_facts_without_their_proof_are_not_taken(play: Play, world: LocalWorld) -> None:
    """Neither bare facts, nor the receipt of another case, nor anything else."""
    case, other = play.case(play.chair), play.case(play.chair)
    kept: list[bytes] = []
    swap(world, f"/v1/cases/{other}", lambda response: kept.append(response.body) or response.body)
    om = world.caller("om", "participant")
    om.post(f"/v1/cases/{other}/assignments", INVITED)
    bare = b'{"statement":"%s","facts":{"kind":"named"}}' % (b"0" * 64)
    for body in (bare, kept[0], b"{}", b"[]", b"-"):
        swap(world, f"/v1/cases/{case}", lambda _, body=body: body)
        with pytest.raises(Refused, match="document_malformed"):
            om.post(f"/v1/cases/{case}/assignments", INVITED)
    assert case_at(world, "om", case) is None


def test_a_statement_that_was_not_recorded_does_not_count(play: Play, world: LocalWorld) -> None:
    """The broker says 201 with the receipt of something else: the chair hears it, and has no case."""
    kept: list[bytes] = []
    swap(world, "/v1/cases", lambda response: kept.append(response.body) or response.body)
    play.case(play.chair)
    swap(world, "/v1/cases", lambda _: kept[0])
    with pytest.raises(Refused, match="document_malformed"):
        play.case(play.chair)


def test_colleagues_who_take_a_case_up_together_are_all_assigned(play: Play, world: LocalWorld) -> None:
    """Each writes what it adds to what is there by then, not to what it read before."""
    case = play.case(play.chair)
    names = [f"colleague-{number}" for number in range(6)]
    together = threading.Barrier(len(names))

    def take_up(name: str) -> None:
        together.wait(30)
        colleague(world, name).post(f"/v1/cases/{case}/assignments", {"why": "stands_in"})

    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(take_up, names))
    kept = case_at(world, "veilig_thuis", case)
    assert kept is not None
    assert set(names) < set(kept.assigned)


def test_the_newest_statement_stands_and_nobody_is_dropped() -> None:
    """Whichever of the two is written last."""
    older = OwnCase("ref", 4, "a" * 64, {"stage": "referral"}, ("one", "two"))
    newer = OwnCase("ref", 9, "b" * 64, {"stage": "meeting"}, ("three",))
    expected = OwnCase("ref", 9, "b" * 64, {"stage": "meeting"}, ("one", "three", "two"))
    assert older.merged(newer) == newer.merged(older) == expected


def test_a_statement_is_believed_only_when_its_own_entry_is_proven(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that proves the statement before it, of the same case, is not believed."""
    broker = world.apps[world.address("veilig_thuis")].state.node.asking._broker
    real, told = broker.call, []

    async def call(method: str, path: str, body: Any = None, *, query: str = "") -> Any:
        response = await real(method, path, body, query=query)
        if path != "/v1/cases":
            return response
        told.append(response)
        return told[0]

    monkeypatch.setattr(broker, "call", call)
    case = play.case(play.chair)
    with pytest.raises(Refused, match="document_malformed"):
        play.case(play.chair, caseRef=case, unsafety="acute")
    assert len(told) == 2
