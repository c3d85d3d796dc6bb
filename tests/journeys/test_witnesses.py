"""Every node witnesses the broker's trail: an insider with the broker's key and database is noticed."""

import base64
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select, text

from adapters.node.trail import witness
from adapters.node.trail.witness import UNSEEN_S, witnessed
from audit.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from audit.errors import TrailError
from audit.merkle import Tree, leaf_hash, verify_consistency
from audit.tables import stored_entries
from contract.codes import BROKER
from contract.problems import PartnerUnreachable, Problem
from contract.signatory import trail_origin
from demo.caller import Refused
from demo.members import PARTIES
from demo.play import Play
from gateway.trail.witnesses import Witnesses
from party.events import Event
from party.wire import Response
from tests.journeys.watching import SUPERVISED, ask
from tests.world import LocalWorld


def show(world: LocalWorld) -> None:
    """The broker's next turn."""
    world.do(world.apps[world.address(BROKER)].state.witnesses.show())


def shown(world: LocalWorld, *since: int) -> Any:
    return world.do(world.apps[world.address(BROKER)].state.witnesses.shown(since))


def seen(world: LocalWorld, partner: str) -> Any:
    engine = create_engine(world.settings(partner)["database"])
    with engine.connect() as store:
        row = store.execute(select(witnessed)).first()
    engine.dispose()
    return row


def evidence(world: LocalWorld, partner: str) -> list[dict[str, Any]]:
    """What this partner's own trail has of the broker's misdeeds."""
    engine = create_engine(world.settings(partner)["database"])
    with engine.connect() as store:
        leaves = [json.loads(one.leaf) for one in stored_entries(store, 10_000)]
    engine.dispose()
    return [leaf for leaf in leaves if leaf["kind"] == "misdeed"]


def insider(world: LocalWorld, change: Callable[[list[bytes]], object]) -> None:
    """Rewrites the broker's trail while it is down, and signs the new state with the broker's own key."""
    keyring = world.apps[world.address(BROKER)].state.broker._signatory.keyring
    origin = trail_origin(world.apps[world.address(BROKER)].state.broker._signatory.party.oin)
    world.stop(BROKER)
    engine = create_engine(world.settings(BROKER)["database"])
    with engine.begin() as store:
        leaves = [one.leaf for one in stored_entries(store, 10_000)]
        change(leaves)
        _write(store, leaves, sign_checkpoint(_state(origin, leaves), keyring.trail[-1]))
    engine.dispose()
    world.start(BROKER)


def _state(origin: str, leaves: list[bytes]) -> Checkpoint:
    return Checkpoint(origin, len(leaves), Tree().extended([leaf_hash(leaf) for leaf in leaves])[0].root())


def _write(store: Connection, leaves: list[bytes], checkpoint: str) -> None:
    store.execute(text("DELETE FROM trail_entries"))
    for position, leaf in enumerate(leaves):
        row = {"position": position, "hash": leaf_hash(leaf), "leaf": leaf}
        store.execute(text("INSERT INTO trail_entries VALUES (:position, :hash, :leaf)"), row)
    head = {"size": len(leaves), "checkpoint": checkpoint}
    store.execute(text("UPDATE trail_head SET size = :size, checkpoint = :checkpoint"), head)


def edited(leaves: list[bytes]) -> None:
    leaf = json.loads(leaves[2])
    leaves[2] = json.dumps({**leaf, "id": "another"}, separators=(",", ":"), sort_keys=True).encode()


def test_every_partner_signs_and_the_broker_shows_who(play: Play, world: LocalWorld) -> None:
    """The state that all signed, with proof that it grew from what a receipt was given for."""
    ask(play, SUPERVISED)
    before = shown(world)
    assert before.witnesses == ()  # the broker alone, and it says so
    show(world)
    now = shown(world)
    assert len(now.witnesses) == len(PARTIES)
    ask(play, SUPERVISED)
    show(world)
    later = shown(world, 2)
    keys = world.apps[world.address("om")].state.node.signatory.directory.trail_keys(BROKER)
    origin = now.checkpoint.partition("\n")[0]
    old, new = (verify_checkpoint(one.checkpoint, origin, keys) for one in (now, later))
    assert new.size > old.size
    none, growth, same = shown(world, 0, old.size, new.size).proofs
    verify_consistency(old.size, old.root, new.size, new.root, growth)
    assert none == same == ()
    assert [seen(world, partner).size for partner in PARTIES] == [new.size] * len(PARTIES)
    assert all(evidence(world, partner) == [] for partner in PARTIES)


@pytest.mark.parametrize(
    ("change", "misdeed"),
    [
        (edited, {"forked", "inconsistent"}),
        (lambda leaves: leaves.pop(2), {"forked", "shrunk", "inconsistent"}),
        (lambda leaves: leaves.insert(2, leaves.pop(3)), {"forked", "inconsistent"}),
        (lambda leaves: leaves.__delitem__(slice(3, None)), {"forked", "shrunk", "inconsistent"}),
        (lambda leaves: leaves.append(leaves.pop(2)), {"forked", "inconsistent"}),
    ],
    ids=["edited", "deleted", "reordered", "cut off", "forked"],
)
def test_an_insider_with_the_brokers_key_is_noticed_by_every_witness(
    change: Callable[[list[bytes]], object],
    misdeed: set[str],
    play: Play,
    world: LocalWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None signs; each keeps the evidence, once; what they signed before stays what is shown."""

    async def unlooked(_: Witnesses) -> None:
        """An insider's broker does not ask whether it fell behind."""

    monkeypatch.setattr(Witnesses, "verify_newest", unlooked)
    ask(play, SUPERVISED)
    show(world)
    signed = {partner: seen(world, partner).checkpoint for partner in PARTIES}
    insider(world, change)
    show(world)
    show(world)
    for partner in PARTIES:
        [found] = evidence(world, partner)
        assert found["misdeed"] in misdeed
        assert found["seen"] == seen(world, partner).checkpoint == signed[partner]
        assert found["given"].startswith("old ")


def test_too_few_witnesses_are_no_quorum(play: Play, world: LocalWorld) -> None:
    """Three of five must sign; what is shown stays what enough of them signed."""
    ask(play, SUPERVISED)
    show(world)
    before = shown(world).checkpoint
    for partner in ("om", "politie", "rvdk"):
        world.stop(partner)
    ask(play, "reclassering.known")
    show(world)
    assert shown(world).checkpoint == before
    for partner in ("om", "politie", "rvdk"):
        world.start(partner)
    show(world)
    assert shown(world).checkpoint != before


def test_a_broker_that_shows_nothing_is_noticed(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an hour without a state of the trail is told to operators; before that it is not."""
    told: list[Event] = []
    monkeypatch.setattr(witness, "log", lambda event, **_: told.append(event))
    node = world.apps[world.address("om")].state.node
    show(world)
    for ahead, expected in ((UNSEEN_S - 60, []), (120, [Event.LOG_UNSEEN])):
        world.clock.ahead += timedelta(seconds=ahead)
        world.do(node.witness.look())
        assert told == expected


def test_a_receipt_is_held_against_what_all_were_shown(play: Play, world: LocalWorld) -> None:
    """Settled once this witness signed a later state; one from another history is kept as evidence."""
    node = world.apps[world.address("veilig_thuis")].state.node
    ask(play, SUPERVISED)
    assert node.witness._receipts
    world.do(node.witness.look())
    assert node.witness._receipts  # nothing was shown yet
    show(world)
    world.do(node.witness.look())
    assert node.witness._receipts == {}
    assert evidence(world, "veilig_thuis") == []
    origin = trail_origin(node.signatory.directory.party(BROKER).oin)
    key = world.apps[world.address(BROKER)].state.broker._signatory.keyring.trail[-1]
    other = sign_checkpoint(_state(origin, [b"of", b"another", b"history"]), key)
    node.witness.note(other)
    world.do(node.witness.look())
    [found] = evidence(world, "veilig_thuis")
    assert found["misdeed"] == "receipt"
    assert other in found["given"]
    longer = sign_checkpoint(Checkpoint(origin, 10_000, bytes(32)), key)
    node.witness.note(longer)
    world.do(node.witness.look())
    assert [checkpoint for checkpoint, _ in node.witness._receipts.values()] == [longer]  # still unseen


def test_many_receipts_are_held_together(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as fit in a request; one from another history spoils none of the others."""
    monkeypatch.setattr(witness, "MOST_HELD", 4)
    node = world.apps[world.address("veilig_thuis")].state.node
    for _ in range(5):
        ask(play, SUPERVISED)
    origin = trail_origin(node.signatory.directory.party(BROKER).oin)
    key = world.apps[world.address(BROKER)].state.broker._signatory.keyring.trail[-1]
    node.witness.note(sign_checkpoint(_state(origin, [b"of", b"another", b"history"]), key))
    ask(play, SUPERVISED)
    show(world)
    count = len(node.witness._receipts)
    assert count > 8
    world.wire.sent.clear()
    world.do(node.witness.look())
    asked = [path for method, _, path, _ in world.wire.sent if path.startswith("/v1/checkpoint?")]
    assert len(asked) == -(-count // 4)
    assert node.witness._receipts == {}
    assert [one["misdeed"] for one in evidence(world, "veilig_thuis")] == ["receipt"]


def answering(world: LocalWorld, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Any], None]) -> Any:
    """The witness of Veilig Thuis, to which the broker's answers come like this."""
    found = world.apps[world.address("veilig_thuis")].state.node.witness
    honest = found._broker.call

    async def call(*asked: Any, **more: Any) -> Response:
        answer = await honest(*asked, **more)
        told = json.loads(answer.body)
        spoil(told)
        return Response(answer.status, json.dumps(told).encode())

    monkeypatch.setattr(found._broker, "call", call)
    return found


def unreachable(_: Any) -> None:
    raise PartnerUnreachable


@pytest.mark.parametrize(
    "spoil",
    [unreachable, lambda told: told["proofs"].pop(), lambda told: told.pop("proofs")],
    ids=["an error", "a proof too few", "no proofs"],
)
def test_a_broker_that_answers_wrongly_settles_nothing_and_silences_nothing(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Any], None]
) -> None:
    """What waits too long is told, whatever the broker says."""
    told: list[Event] = []
    monkeypatch.setattr(witness, "log", lambda event, **_: told.append(event))
    ask(play, SUPERVISED)
    found = answering(world, monkeypatch, spoil)
    waiting = {**found._receipts}
    for ahead, expected in ((0, []), (UNSEEN_S + 60, [Event.LOG_UNSEEN])):
        world.clock.ahead += timedelta(seconds=ahead)
        show(world)
        with pytest.raises(Problem):
            world.do(found.look())
        assert told == expected
    assert found._receipts == waiting


def test_a_proof_that_is_too_long_to_keep_hides_no_misdeed(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(play, SUPERVISED)
    show(world)
    long = [base64.b64encode(bytes(32)).decode()] * 2_000  # more than a leaf holds
    found = answering(world, monkeypatch, lambda told: told.update(proofs=[long] * len(told["proofs"])))
    count = len(found._receipts)
    world.do(found.look())
    assert found._receipts == {}
    assert [one["misdeed"] for one in evidence(world, "veilig_thuis")] == ["receipt"] * count


def backed_up(world: LocalWorld, name: str = "older") -> Callable[[], None]:
    """A back-up of the broker as it is now; what puts it back, while the broker is down."""
    place, kept = world.folder / BROKER, world.folder / name
    world.stop(BROKER)
    shutil.copytree(place, kept)
    world.start(BROKER)

    def put_back() -> None:
        shutil.rmtree(place)
        shutil.copytree(kept, place)

    return put_back


def test_a_back_up_that_is_an_hour_behind_refuses_to_go_on(play: Play, world: LocalWorld) -> None:
    """It says why; the newest one, put back, goes on without a fork."""
    ask(play, SUPERVISED)
    put_back = backed_up(world, "older")
    ask(play, "reclassering.known")
    show(world)
    newest = backed_up(world, "newest")
    world.stop(BROKER)
    put_back()
    with pytest.raises(TrailError, match="too old"):
        world.start(BROKER)
    newest()
    world.start(BROKER)
    ask(play, SUPERVISED)
    show(world)
    assert len(shown(world).witnesses) == len(PARTIES)
    assert all(evidence(world, partner) == [] for partner in PARTIES)


def test_a_back_up_put_back_while_everybody_was_away_stops_at_the_first_witness(
    play: Play, world: LocalWorld
) -> None:
    """Nothing is added from then on, and nothing leaves; what was recorded can be read."""
    ask(play, SUPERVISED)
    put_back = backed_up(world)
    for _ in range(3):
        ask(play, "reclassering.known")
    show(world)
    for party in (BROKER, *PARTIES):
        world.stop(party)
    put_back()
    for party in (BROKER, *PARTIES):
        world.start(party)
    show(world)
    with pytest.raises(Refused) as refused:
        play.case(play.chair)
    assert refused.value.code == "trail_unavailable"
    assert shown(world).checkpoint


def test_a_witness_that_lies_about_what_it_saw_stops_nobody(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what bears the broker's own signature counts."""
    ask(play, SUPERVISED)
    show(world)
    origin = trail_origin(world.apps[world.address(BROKER)].state.broker._signatory.party.oin)
    own = world.apps[world.address("om")].state.node.signatory.keyring.trail[-1]
    lie = sign_checkpoint(Checkpoint(origin, 10_000, bytes(32)), own)

    async def newest(_: object) -> str:
        return lie

    monkeypatch.setattr(witness.Witnessing, "newest", newest)
    world.stop(BROKER)
    world.start(BROKER)
    ask(play, SUPERVISED)
    show(world)
    assert len(shown(world).witnesses) == len(PARTIES)
