"""A version of the hand-out is proposed, agreed on, put in force while questions are under way, and rolled
back.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.codes import BROKER
from contract.documents import ReleaseStep
from contract.problems import Problem
from contract.releases import Life
from demo.caller import Json, Refused
from demo.play import Play, decide_standing
from gateway.handout import releases
from gateway.handout.recorded import course_of, known_releases, recorded, recorded_at
from policies import ReleaseError, load_release
from policies.bundle import pack
from policies.certificate import fingerprint
from policies.explain import explain
from policies.parts import Parts
from policies.release import MATRIX, SCENARIOS
from policies.replay import replay
from tests.journeys.watching import accepted, ends, kinds, trail
from tests.opa import opa_server
from tests.releases import Prepared, agreeing_soon, changed, prepare
from tests.world import AsgiCaller, LocalWorld, local_world

KNOWN = "rvdk.known"


@pytest.fixture
def agreeing(tmp_path: Path, registers: Path, prepared: Prepared) -> Iterator[Play]:
    """A chain whose parties keep tables, and hear of releases soon."""
    with chain(tmp_path, registers, prepared.tables) as play:
        yield play


@contextmanager
def chain(folder: Path, registers: Path, tables: Path, **chosen: Any) -> Iterator[Play]:
    with local_world(folder, registers=registers, settings=agreeing_soon(tables), **chosen) as world:
        play = Play(world)
        decide_standing(play)
        yield play


def officer(play: Play, partner: str, name: str = "one") -> AsgiCaller:
    world = world_of(play)
    return AsgiCaller(world, partner, world.token(partner, "privacy_officer", sub=f"officer-{name}"))


def world_of(play: Play) -> LocalWorld:
    assert isinstance(play.world, LocalWorld)
    return play.world


def listed(play: Play, prepared: Prepared, partner: str = "rvdk") -> Json:
    rows: list[Json] = officer(play, partner).get("/v1/releases")["releases"]
    return next(row for row in rows if row["release"] == prepared.release.revision)


def reaches(play: Play, prepared: Prepared, state: str, partner: str = "rvdk") -> bool:
    """Whether it gets there in real time, which is what working out the effect takes."""

    async def look() -> bool:
        for _ in range(2400):
            row = await asyncio.to_thread(listed, play, prepared, partner)
            if row["state"] == state:
                return True
            await asyncio.sleep(0.1)
        return False

    return asyncio.run(look())


def propose(play: Play, prepared: Prepared) -> None:
    officer(play, "rvdk").post("/v1/releases", prepared.body())
    assert reaches(play, prepared, "examined")


def agree(play: Play, prepared: Prepared) -> None:
    for partner in ("veilig_thuis", "rvdk"):
        step(play, prepared, partner, "two", "approve")


def shown(play: Play, prepared: Prepared, partner: str) -> Json:
    """What the own node shows of it, once it has worked that out."""
    place = f"/v1/releases/{prepared.release.revision[7:]}"
    for _ in range(2400):
        row: Json = officer(play, partner).get(place)
        if row["shown"] or row["unfit"]:
            return row
        time.sleep(0.1)
    raise AssertionError("it was not worked out")


def asks(play: Play) -> Json:
    """The chair asks, to interpret, whether RvdK knows a child."""
    case = play.case(play.chair, stage="meeting")
    child = play.subject("children_and_adults.girl", "child", [KNOWN])
    return play.ask(play.chair, case, [child], purpose="interpret")


def test_a_release_is_agreed_on_by_those_it_touches_and_rolled_back(
    agreeing: Play, prepared: Prepared
) -> None:
    """Refused before; allowed from the moment; refused again after. Each step is an entry."""
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}
    propose(agreeing, prepared)
    row = shown(agreeing, prepared, "veilig_thuis")
    assert (row["needed"], row["missing"], row["verdict"]) == (["rvdk", "veilig_thuis"],) * 2 + ("wider",)
    assert [(card["kind"], card["code"]) for card in row["cards"]] == [
        ("row", "A06"),
        ("scenarios", SCENARIOS),
    ]
    assert any("samen duiden" in line for line in row["cards"][0]["after"])
    assert not any("samen duiden" in line for line in row["cards"][0]["before"])

    agree(agreeing, prepared)
    assert listed(agreeing, prepared)["state"] == "agreed"
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}
    officer(agreeing, "rvdk").post(prepared.steps, {"step": "activate"})
    asked = asks(agreeing)
    assert ends(asked)[KNOWN].startswith("answered")
    assert asked["items"][0]["revision"] == prepared.release.revision

    back = officer(agreeing, "veilig_thuis").post("/v1/release-rollbacks", {})
    assert back["release"] == load_release().revision
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}
    assert listed(agreeing, prepared)["state"] == "superseded"
    with pytest.raises(Refused, match="nothing_before"):  # once: there is nothing before the first
        officer(agreeing, "veilig_thuis").post("/v1/release-rollbacks", {})
    officer(agreeing, "rvdk").post(prepared.steps, {"step": "activate"})
    assert ends(asks(agreeing))[KNOWN].startswith("answered")
    # whom it does not touch does not become involved by agreeing, and undoes nothing
    step(agreeing, prepared, "om", "one", "approve")
    with pytest.raises(Refused, match="not_involved"):
        officer(agreeing, "om").post("/v1/release-rollbacks", {})
    steps = [one for one in kinds(world_of(agreeing), BROKER) if one == "release"]
    assert len(steps) == len(
        ["install", "propose", "examine", "approve", "approve", "approve", *["activate"] * 3]
    )


@pytest.fixture(scope="session")
def narrower(prepared: Prepared) -> Prepared:
    """Another version: RvdK may be asked for one purpose less (row A06). Tables stand beside the first's."""
    less = changed(
        MATRIX,
        lambda data: data["rules"]["A06"]["purposes"].remove("enrich_referral"),
        ("veilig_thuis P1|P2 child|parent ", "veilig_thuis P2 child|parent "),
    )
    return prepare(less, prepared.tables)


def step(play: Play, prepared: Prepared, partner: str, name: str, what: str, **more: Any) -> None:
    if what == "approve" and "shown" not in more:
        more = {**more, "shown": shown(play, prepared, partner)["shown"]}
    officer(play, partner, name).post(prepared.steps, {"step": what, **more})


def at(play: Play, **later: float) -> str:
    return (world_of(play).clock() + timedelta(**later)).isoformat()


def test_each_step_that_may_not_be_taken_is_refused_by_name(agreeing: Play, prepared: Prepared) -> None:
    """And the release in force stays what it is; nothing that was agreed is lost."""
    propose(agreeing, prepared)
    refused = [
        ("veilig_thuis", "one", "approve", {"shown": None}, "not_shown"),
        ("veilig_thuis", "one", "approve", {"shown": "0" * 64}, "not_shown"),
        ("rvdk", "one", "approve", {}, "own_proposal"),
        ("rvdk", "two", "activate", {}, "not_agreed"),
        ("om", "one", "reject", {}, "not_involved"),
        ("om", "one", "activate", {}, "not_involved"),
        ("om", "one", "retire", {}, "not_involved"),
    ]
    for partner, name, what, more, code in refused:
        with pytest.raises(Refused, match=code):
            step(agreeing, prepared, partner, name, what, **more)
    step(agreeing, prepared, "rvdk", "two", "approve")
    with pytest.raises(Refused, match="already_agreed"):
        step(agreeing, prepared, "rvdk", "three", "approve")
    with pytest.raises(Refused, match="not_agreed"):
        step(agreeing, prepared, "rvdk", "two", "activate")
    step(agreeing, prepared, "veilig_thuis", "one", "approve")
    with pytest.raises(Refused, match="moment_past"):
        step(agreeing, prepared, "rvdk", "two", "activate", at=at(agreeing, minutes=-5))
    with pytest.raises(Refused, match="release_known"):
        officer(agreeing, "rvdk").post("/v1/releases", prepared.body())
    chair = agreeing.chair
    with pytest.raises(Refused, match="not_allowed"):
        chair.post(prepared.steps, {"step": "approve", "shown": "0" * 64})
    with pytest.raises(Refused, match="not_found"):
        officer(agreeing, "rvdk").post(f"/v1/releases/{'0' * 64}/steps", {"step": "reject"})
    assert listed(agreeing, prepared)["state"] == "agreed"
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}


def test_a_plan_survives_a_restart_and_can_be_taken_back(agreeing: Play, prepared: Prepared) -> None:
    """Broker and holder restart between approval and its moment; then it comes in force for both."""
    world = world_of(agreeing)
    propose(agreeing, prepared)
    agree(agreeing, prepared)
    step(agreeing, prepared, "rvdk", "two", "activate", at=at(agreeing, minutes=30))
    for party in (BROKER, "rvdk"):
        world.stop(party)
        world.start(party)
    assert listed(agreeing, prepared)["state"] == "planned"
    assert ends(asks(agreeing)) == {KNOWN: "refused:purpose_not_allowed"}
    with pytest.raises(Refused, match="not_agreed"):  # it is planned already
        step(agreeing, prepared, "rvdk", "two", "activate", at=at(agreeing, minutes=40))
    world.clock.ahead += timedelta(minutes=31)
    later = Play(world)
    assert ends(asks(later))[KNOWN].startswith("answered")
    with pytest.raises(Refused, match="still_in_force"):
        step(later, prepared, "rvdk", "two", "retire")


def test_what_was_taken_back_never_comes_in_force(agreeing: Play, prepared: Prepared) -> None:
    """A plan, before its moment; also not by rolling back."""
    propose(agreeing, prepared)
    agree(agreeing, prepared)
    step(agreeing, prepared, "rvdk", "two", "activate", at=at(agreeing, minutes=30))
    step(agreeing, prepared, "veilig_thuis", "one", "retire")
    world_of(agreeing).clock.ahead += timedelta(minutes=31)
    later = Play(world_of(agreeing))
    assert listed(later, prepared)["state"] == "retired"
    assert ends(asks(later)) == {KNOWN: "refused:purpose_not_allowed"}
    with pytest.raises(Refused, match="nothing_before"):
        officer(later, "veilig_thuis").post("/v1/release-rollbacks", {})


def test_a_proposal_on_a_release_that_is_no_longer_in_force_must_be_made_anew(
    agreeing: Play, prepared: Prepared, narrower: Prepared
) -> None:
    """Its effect was worked out against something else; and a rejected one never comes in force."""
    propose(agreeing, prepared)
    propose(agreeing, narrower)
    for one in (prepared, narrower):
        agree(agreeing, one)
    step(agreeing, prepared, "rvdk", "two", "activate")
    with pytest.raises(Refused, match="release_stale"):
        step(agreeing, narrower, "rvdk", "two", "activate")
    step(agreeing, narrower, "veilig_thuis", "one", "reject")
    assert listed(agreeing, narrower)["state"] == "rejected"


def test_a_holder_that_did_not_accept_refuses_by_name(agreeing: Play, prepared: Prepared) -> None:
    """A node that did not hear of it in time answers under nothing that it did not accept; once it has, it
    works out itself that nothing touches it.
    """
    world = world_of(agreeing)
    world._more = {**world._more, "reclassering": {**world._more["reclassering"], "releases_s": 3600}}
    world.stop("reclassering")
    world.start("reclassering")
    propose(agreeing, prepared)
    agree(agreeing, prepared)
    step(agreeing, prepared, "rvdk", "two", "activate")
    case = agreeing.case(agreeing.chair)
    man = agreeing.subject("stalking.man", "suspected_perpetrator", ["reclassering.under_supervision"])
    asked = agreeing.ask(agreeing.chair, case, [man])
    assert ends(asked) == {"reclassering.under_supervision": "refused_by_holder:holder_revision_differs"}
    world.do(world.apps[world.address("reclassering")].state.node.releases.follow())
    case = agreeing.case(agreeing.chair)
    asked = agreeing.ask(agreeing.chair, case, [man])
    assert ends(asked)["reclassering.under_supervision"].startswith("answered")


def test_an_opa_server_that_still_serves_the_old_release_decides_nothing(
    tmp_path: Path, registers: Path, prepared: Prepared
) -> None:
    """Nothing leaves until it serves the one in force; then the same question is answered."""
    with ExitStack() as stack:
        url = stack.enter_context(opa_server(load_release()))
        agreeing = stack.enter_context(chain(tmp_path, registers, prepared.tables, opa_url=url))
        propose(agreeing, prepared)
        agree(agreeing, prepared)
        case = agreeing.case(agreeing.chair, stage="meeting")
        step(agreeing, prepared, "rvdk", "two", "activate")
        child = agreeing.subject("children_and_adults.girl", "child", [KNOWN])
        with pytest.raises(Refused, match="policy_unavailable"):
            agreeing.ask(agreeing.chair, case, [child], purpose="interpret")
        assert accepted(world_of(agreeing)) == []
        officer(agreeing, "veilig_thuis").post("/v1/release-rollbacks", {})
        case = agreeing.case(agreeing.chair, stage="meeting")
        asked = agreeing.ask(agreeing.chair, case, [child], purpose="interpret")
        assert ends(asked) == {KNOWN: "refused:purpose_not_allowed"}


def test_what_is_not_what_was_signed_changes_nothing(agreeing: Play, prepared: Prepared) -> None:
    """Handed to the broker past the node: another bundle, key, certificate, release or base."""
    world = world_of(agreeing)
    broker = world.apps[world.address(BROKER)].state.agreement
    rvdk, police = (
        world.apps[world.address(partner)].state.node.signatory for partner in ("rvdk", "politie")
    )
    found = json.loads(prepared.certificate)

    def hand_in(
        signatory: Any = rvdk, signs: Any = rvdk, certificate: str = prepared.certificate, **other: Any
    ) -> str:
        now = world.clock()
        key = signs.keyring.signing_key(now)
        bundle = pack(prepared.release, key.private, key.kid)
        fields = {
            "step": "propose",
            "release": prepared.release.revision,
            "officer": "0" * 64,
            "at": int(now.timestamp()),
            "base": load_release().revision,
            "bundle": hashlib.sha256(bundle).hexdigest(),
            "certificate": fingerprint(found),
            "name": "klopt niet",
            "changelog": "Een versie die niet klopt.",
            **other,
        }
        token = signatory.write(ReleaseStep, to=BROKER, **fields).token
        try:
            world.do(broker.propose(token, bundle, certificate))
        except Problem as problem:
            return problem.code
        return "taken"

    assert hand_in(signs=police) == "release_unfit"
    assert hand_in(certificate="{}") == "release_unfit"
    assert hand_in(certificate=json.dumps({**found, "invariants": []})) == "release_unfit"
    assert hand_in(bundle="0" * 64) == "document_malformed"
    assert hand_in(release=f"sha256:{'0' * 64}") == "release_unfit"
    assert hand_in(base=f"sha256:{'0' * 64}") == "release_stale"
    assert [row["state"] for row in officer(agreeing, "rvdk").get("/v1/releases")["releases"]] == ["in_force"]


def test_a_certificate_that_does_not_tell_how_it_decides_ends_the_proposal(
    agreeing: Play, prepared: Prepared
) -> None:
    """The broker tabulates the release itself; what was signed does not make it true."""
    found = json.loads(prepared.certificate) | {"digest": f"sha256:{'1' * 64}"}
    body = prepared.body() | {"certificate": json.dumps(found)}
    officer(agreeing, "rvdk").post("/v1/releases", body)
    assert reaches(agreeing, prepared, "unfit")
    assert "certificaat" in listed(agreeing, prepared)["unfit"]
    with pytest.raises(Refused, match="release_unfit"):
        step(agreeing, prepared, "veilig_thuis", "one", "approve")
    propose(agreeing, prepared)  # with the right one it may be brought again
    agree(agreeing, prepared)
    assert listed(agreeing, prepared)["state"] == "agreed"


def test_a_broker_that_tells_of_a_release_what_it_does_not_do_gets_no_agreement(
    agreeing: Play, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node of whoever agrees works the effect out itself, and accepts nothing else."""
    propose(agreeing, prepared)
    agreement = world_of(agreeing).apps[world_of(agreeing).address(BROKER)].state.agreement
    honest = agreement.listed

    def lying(*given: Any, **more: Any) -> list[Life]:
        lives = honest(*given, **more)
        return [replace(one, examined=one.examined and replace(one.examined, changed=0)) for one in lives]

    monkeypatch.setattr(agreement, "listed", lying)
    with pytest.raises(Refused, match="release_unfit"):
        step(agreeing, prepared, "veilig_thuis", "one", "approve")
    assert not listed(agreeing, prepared, "veilig_thuis")["accepted"]
    monkeypatch.setattr(agreement, "listed", honest)
    step(agreeing, prepared, "veilig_thuis", "one", "approve")
    node = world_of(agreeing).apps[world_of(agreeing).address("veilig_thuis")].state.node
    monkeypatch.setattr(agreement, "listed", lying)  # afterwards it is too late: what was checked holds
    world_of(agreeing).do(node.releases.hear())
    [life] = [one for one in node.releases._lives if one.release == prepared.release.revision]
    assert life.examined is not None
    assert life.examined.changed > 0


def test_the_decisions_of_a_chain_are_replayed_and_explained_from_its_trail(
    agreeing: Play, prepared: Prepared
) -> None:
    """What was refused would be allowed under the new release; an input that was changed is an alarm."""
    position = asks(agreeing)["items"][0]["position"]
    trail_of = trail(world_of(agreeing), BROKER)
    since = world_of(agreeing).clock() - timedelta(hours=1)
    decisions = world_of(agreeing).do(recorded(trail_of, since, None))
    held = world_of(agreeing).do(known_releases(trail_of))
    found = replay(decisions, prepared.release, held.get)
    assert [(one.kind, one.positions) for one in found.otherwise] == [("allowed", (position,))]
    assert (found.alarms, found.unknown, found.left_out) == ((), {}, {})
    one = world_of(agreeing).do(recorded_at(trail_of, position))
    assert dict(explain(Parts(load_release()), one.given).changes[0])["purpose"] == "enrich_referral"
    now = world_of(agreeing).clock()
    came = world_of(agreeing).do(course_of(trail_of, position, now=now))
    assert [line.partition(": ")[2] for line in came] == ["geweigerd", "hoeft niet, er is niets gedeeld"]
    assert world_of(agreeing).do(recorded_at(trail_of, 0)) is None
    assert world_of(agreeing).do(recorded(trail_of, since, since)) == []


def test_what_was_heard_once_is_never_forgotten(agreeing: Play, prepared: Prepared) -> None:
    """A broker that leaves a signed step out undoes nothing; one that cannot be read stops no other."""
    propose(agreeing, prepared)
    agree(agreeing, prepared)
    officer(agreeing, "rvdk").post(prepared.steps, {"step": "activate"})
    officer(agreeing, "veilig_thuis").post("/v1/release-rollbacks", {})
    world = world_of(agreeing)
    node = world.apps[world.address("rvdk")].state.node
    world.do(node.releases.hear())
    told = world.do(node.releases._broker.call("GET", "/v1/releases")).body
    rows = json.loads(told)["releases"]
    old = load_release().revision
    assert listed(agreeing, prepared)["state"] == "superseded"
    for row in rows:
        if row["release"] == old:
            row["steps"] = []  # without the step that rolled back, the new one would be in force again
    odd = {
        **rows[-1],
        "release": f"sha256:{'0' * 64}",
        "steps": [{"document": "x", "recordedAt": 0, "position": 0}],
    }
    lives = {life.release: life for life in node.releases._joined([odd, *rows])}
    assert odd["release"] not in lives
    assert [step.step for step in lives[old].steps] == ["activate"]


def test_a_broker_that_loses_a_signed_step_is_caught_and_does_not_start(
    agreeing: Play, prepared: Prepared
) -> None:
    """With one row less in its database: nodes keep what they heard and record it once; the broker itself
    finds that its trail says more than its database.
    """
    propose(agreeing, prepared)
    agree(agreeing, prepared)
    step(agreeing, prepared, "rvdk", "two", "activate")
    world = world_of(agreeing)
    node = world.apps[world.address("rvdk")].state.node
    world.do(node.releases.hear())
    agreement = world.apps[world.address(BROKER)].state.agreement
    agreement._lives.pop(prepared.release.revision)
    for _ in range(2):
        world.do(node.releases.hear())
    assert kinds(world, "rvdk").count("misdeed") == 4  # proposed, agreed on twice, put in force
    assert node.hand_outs.revision(int(world.clock().timestamp())) == prepared.release.revision

    def lose(store: Any, _: object) -> None:
        store.execute(releases.releases.delete().where(releases.releases.c.base.is_not(None)))

    world.do(agreement._trail.append([], lose))
    world.stop(BROKER)
    with pytest.raises(ReleaseError, match="lacks a step"):
        world.start(BROKER)
