"""A broker that tells of releases what it likes: what a node heard is kept, so one answer could last."""

import json
from typing import Any

import pytest

from contract.codes import BROKER
from contract.documents import ReleaseStep
from gateway.handout.agreement import FIRST
from party.wire import Response
from tests.attacks.insider import Insider
from tests.world import LocalWorld

RELEASE = f"sha256:{'ab' * 32}"
FOUND = {"table": "", "changed": 0, "wider": False, "back_wider": False, "partners": [], "signers": []}
FOUND |= {"unfit": None, "again": False}


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": {"position": "x"}},
        {"steps": {"recordedAt": 10**18}},
        {"examined": {**FOUND, "signers": [["om"]]}},
        {"examined": {**FOUND, "signers": "om"}},
        {"examined": {name: value for name, value in FOUND.items() if name != "back_wider"}},
        {"installed": True},
    ],
    ids=[
        "a place that is none",
        "a moment that is none",
        "lists in a list",
        "a text for a list",
        "what was not worked out",
        "a second one that everybody is said to have installed",
    ],
)
def test_what_is_no_life_of_a_release_is_not_kept(
    wrong: dict[str, Any], chain: LocalWorld, vt: Insider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others that are told beside it are heard, and its officers go on reading."""
    releases = chain.apps[chain.address("reclassering")].state.node.releases
    now = int(chain.clock().timestamp())
    fields = {"base": releases._hand_outs.revision(now), "name": "x y"}
    fields |= {"changelog": "een reden die lang genoeg is"}
    more = {"officer": "0" * 64, "at": now, "bundle": "1" * 64, "certificate": RELEASE, **fields}
    step = vt.signatory.write(ReleaseStep, to=BROKER, step="propose", release=RELEASE, **more)
    told = {"document": step.token, "recordedAt": now, "position": 5, **wrong.get("steps", {})}
    life = {"release": RELEASE, **fields, "steps": [told], "examined": wrong.get("examined")}
    if wrong.get("installed"):
        life |= {"base": None, "name": FIRST, "changelog": "", "steps": []}
    honest = releases._broker.call

    async def lying(*asked: Any) -> Response:
        body = json.loads((await honest(*asked)).body)
        return Response(200, json.dumps({"releases": [*body["releases"], life]}).encode())

    with monkeypatch.context() as patch:
        patch.setattr(releases._broker, "call", lying)
        chain.do(releases.hear())
    officer = chain.caller("reclassering", "privacy_officer")
    assert RELEASE not in [one["release"] for one in officer.get("/v1/releases")["releases"]]


def test_a_row_that_is_none_stops_no_other(chain: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the others say is heard; that a step is missing is looked for among what can be read."""
    releases = chain.apps[chain.address("reclassering")].state.node.releases
    honest = releases._broker.call
    odd: list[Any] = [None, 7, "x", {"steps": None}, {"steps": [3, {"document": []}]}, {"release": 5}]

    async def lying(*asked: Any) -> Response:
        body = json.loads((await honest(*asked)).body)
        return Response(200, json.dumps({"releases": [*odd, *body["releases"]]}).encode())

    known = releases._lives
    releases._lives = ()
    with monkeypatch.context() as patch:
        patch.setattr(releases._broker, "call", lying)
        chain.do(releases.hear())
    assert releases._lives == known
