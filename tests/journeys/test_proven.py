"""How far a question is, the requester reads from entries that are proven to be in the broker's trail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from adapters.node.asking import enrichments
from contract.codes import BROKER
from contract.documents import ProvenEntry, Receipt
from demo.play import Play
from party.wire import Response
from tests.attacks.insider import Insider, claims_of
from tests.journeys.watching import (
    POLICE,
    SUPERVISED,
    WAITS,
    accepted,
    ask,
    ends,
    pass_until,
    release,
    trail,
    waiting,
    watch,
)
from tests.world import LocalWorld

Body = dict[str, Any]


@contextmanager
def broker_that_reports(world: LocalWorld, change: Callable[[Body], Body]) -> Iterator[None]:
    """As long as the block lasts, every report of the broker is what `change` makes of it."""
    real = world.wire.send

    async def send(method: str, address: str, path: str, **more: Any) -> Response:
        response = await real(method, address, path, **more)
        reports = path.startswith("/v1/inquiries") and response.status == 200
        return Response(200, orjson.dumps(change(orjson.loads(response.body)))) if reports else response

    world.wire.send = send  # type: ignore[method-assign]
    try:
        yield
    finally:
        world.wire.send = real  # type: ignore[method-assign]


def saying(state: str) -> Callable[[Body], Body]:
    def change(body: Body) -> Body:
        for inquiry in body["inquiries"]:
            for question in inquiry["questions"]:
                question.update(state=state, ground="holder_paused")
        return body

    return change


@pytest.mark.parametrize("state", ["refused", "refused_by_holder", "undelivered", "sent", "-"])
def test_what_the_broker_says_beside_the_proof_counts_for_nothing(
    state: str, play: Play, world: LocalWorld
) -> None:
    """The holder answered, refuses, or was not reached yet, whatever the report says of it."""
    play.caller("om", "manager").put("/v1/pause")
    world.stop("politie")
    with broker_that_reports(world, saying(state)):
        asked = ask(play, SUPERVISED, "om.ongoing_prosecution", POLICE)
    assert ends(asked) == {
        SUPERVISED: "answered:yes",
        "om.ongoing_prosecution": "refused_by_holder:holder_paused",
        POLICE: "sent",
    }


def test_what_is_final_stays_when_its_entry_is_left_out(play: Play, world: LocalWorld) -> None:
    """A newer report without the entries of the replies makes no answer disappear."""
    asked = ask(play, SUPERVISED)
    broker = Insider(world, BROKER)

    def change(body: Body) -> Body:
        told = claims_of(body["receipt"])
        entries = tuple(
            ProvenEntry(**one) for one in told["entries"] if orjson.loads(one["leaf"])["kind"] != "reply"
        )
        receipt = broker.signatory.write(
            Receipt, to="veilig_thuis", checkpoint=told["checkpoint"], entries=entries
        )
        [inquiry] = body["inquiries"]
        return {
            "receipt": receipt.token,
            "inquiries": [{**inquiry, "version": inquiry["version"] + 1, "replies": []}],
        }

    requester, path = Insider(world, "veilig_thuis"), f"/v1/inquiries/{accepted(world)[0].jti}"
    report = requester.get(BROKER, path, requester.caller(path).token)
    lied = Response(200, orjson.dumps(change(orjson.loads(report.body))))
    asking = world.apps[world.address("veilig_thuis")].state.node.asking
    known = world.do(trail(world, "veilig_thuis").read(lambda store: enrichments.load(store, asked["id"])))
    assert (
        world.do(asking._open(known, lied, None)).enrichment.inquiries[0].version
        == known.inquiries[0].version + 1
    )
    [item] = play.chair.get(f"/v1/enrichments/{asked['id']}")["items"]
    assert (item["status"], item["answer"]["codes"]) == ("answered", ["yes"])


def test_giving_up_is_proven_too(play: Play, world: LocalWorld) -> None:
    """That a holder was not reached in all its time is an entry, and its proof stands in the receipt."""
    world.stop("reclassering")
    asked = ask(play, SUPERVISED)
    play = pass_until(play, asked["items"][0]["dueAt"])
    with broker_that_reports(world, saying("sent")):
        now = watch(play, asked, lambda ends: ends[SUPERVISED] == "undelivered")
    assert now == {SUPERVISED: "undelivered"}
    [receipt] = play.chair.get(f"/v1/enrichments/{asked['id']}")["receipts"]
    kinds = [orjson.loads(one["leaf"])["kind"] for one in claims_of(receipt)["entries"]]
    assert kinds == ["inquiry", "permit", "undelivered"]


def test_a_later_answer_is_read_from_its_own_entry(play: Play, world: LocalWorld) -> None:
    """First the entry of the reply that waits, then that of the answer; the report itself says nothing."""
    with broker_that_reports(world, saying("-")):
        asked = ask(play, POLICE)
        assert ends(asked) == {POLICE: "waits_for_person"}
        release(play, waiting(play)[0], "shareable")
        now = watch(play, asked, lambda ends: ends[POLICE] not in WAITS)
    assert now == {POLICE: "answered:shareable"}
