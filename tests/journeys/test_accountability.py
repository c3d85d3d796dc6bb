"""What others ask of the trail: rows of the log standards, and the exhibit of one question."""

import asyncio
import base64
import gc
import json
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.node.settings import NodeSettings
from audit.__main__ import check
from audit.adl import given_of
from audit.checkpoint import verify_checkpoint
from audit.exhibit import verify_exhibit
from audit.quorum import read_quorum
from audit.report import CANNOT_TELL, DAMAGED, WHOLE
from audit.witness import cosign, cosigner_key
from contract.codes import BROKER
from contract.directory import Directory
from contract.signatory import witness_name
from demo.play import Play
from gateway.settings import BrokerSettings
from gateway.trail.commands import questioned
from gateway.trail.evidence import policy
from gateway.trail.exhibit import ATTACHED, NoQuestion
from party.commands.trail import recorded
from policies import EmbeddedPolicy, load_release
from tests.journeys.watching import PROSECUTED, SUPERVISED, ask
from tests.pdf import inflated, printing
from tests.world import LocalWorld

HEX_16, HEX_8 = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")
REGISTER = "https://verwerkingen.example/vt"


def values(world: LocalWorld, party: str) -> dict[str, Any]:
    clock = world.folder / "ahead"
    clock.write_text(str(int(world.clock.ahead.total_seconds())), encoding="ascii")
    return {**world.settings(party), "demo_clock": str(clock)}


def records(world: LocalWorld, party: str, standard: Literal["ldv", "adl"]) -> list[dict[str, Any]]:
    settings = (
        BrokerSettings(**values(world, party)) if party == BROKER else NodeSettings(**values(world, party))
    )
    out = world.folder / "records.jsonl"
    told = {"purpose": "audit_2026", "by": "fg-1", "register": REGISTER}
    made = world.do(recorded(settings, out, standard, **told))
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert made.lines == len(lines)
    return lines


def questions(world: LocalWorld, party: str = BROKER) -> list[tuple[int, dict[str, Any]]]:
    trail = world.apps[world.address(party)].state.informing._trail

    async def found() -> list[tuple[int, dict[str, Any]]]:
        return [
            (one.recorded.position, one.recorded.facts)
            async for one in trail.entries()
            if one.recorded.kind in {"permit", "refusal"}
        ]

    return world.do(found())  # type: ignore[no-any-return]


def exhibit(world: LocalWorld, position: int, name: str = "exhibit.json") -> Path:
    out = world.folder / name
    world.do(questioned(BrokerSettings(**values(world, BROKER)), position, out, purpose="court", by="fg-1"))
    return out


def test_each_decision_is_a_record_that_decides_again(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED, PROSECUTED)
    ask(play, "reclassering.known", purpose="interpret")
    lines = records(world, BROKER, "adl")
    decided = questions(world)
    assert len(lines) == len(decided) > 2
    policy = EmbeddedPolicy(load_release())
    for line, (_, facts) in zip(lines, decided, strict=True):
        assert HEX_16.fullmatch(line["trace_id"])
        assert HEX_8.fullmatch(line["span_id"])
        assert line["status"] == "Unset"
        assert not line["attributes"].keys() & line["body"].keys()
        assert line["attributes"]["adl.core.policies"] == {"hand_out": facts["revision"]}
        response = line["body"]["adl.core.response"]
        given = given_of(line)
        assert given is not None
        [again] = asyncio.run(policy.decide([given]))
        assert again.permitted == response["decision"]
        told = json.loads(json.dumps(again.facts))
        assert all(told[name] == value for name, value in response["context"].items())
    assert len({(line["trace_id"], line["span_id"]) for line in lines}) == len(lines)
    # the decisions of one inquiry are children of one call
    assert len({line["parent_span_id"] for line in lines}) == len({facts["inquiry"] for _, facts in decided})


def test_each_subject_has_a_row_per_action_and_nobody_else_is_in_it(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    for party in ("veilig_thuis", "reclassering"):
        lines = records(world, party, "ldv")
        about = [line for line in lines if "dpl.core.data_subject_id" in line["attributes"]]
        assert {line["name"] for line in about} >= {"answer"}
        for line in lines:
            assert HEX_16.fullmatch(line["trace_id"])
            assert HEX_8.fullmatch(line["span_id"])
            assert line["status"] == "Unset"
            assert line["start_time"] == line["end_time"] > 1_600_000_000_000
            assert line["attributes"]["dpl.core.processing_activity_id"].startswith(f"{REGISTER}#")
        whole = json.dumps(lines)
        assert "test-veilig_thuis" not in whole  # no employee
        assert '"codes"' not in whole  # no answer


def test_after_an_erasure_the_row_stays_without_its_subject(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    before = records(world, "veilig_thuis", "ldv")
    [ref] = {line["attributes"].get("dpl.core.data_subject_id") for line in before} - {None}
    world.do(world.apps[world.address("veilig_thuis")].state.node.trail.erase(ref, "request"))
    after = records(world, "veilig_thuis", "ldv")
    assert [line["span_id"] for line in after][: len(before)] == [line["span_id"] for line in before]
    assert ref not in json.dumps(after)


def test_an_exhibit_proves_one_question_and_no_other(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED, PROSECUTED)
    ask(play, SUPERVISED, name="stalking.woman")
    world.do(world.apps[world.address(BROKER)].state.witnesses.show())
    for position, facts in questions(world):
        content = exhibit(world, position).read_bytes()
        document = json.loads(content)
        report = verify_exhibit(content, document["keys"])
        assert (report.outcome, report.trusted) == (WHOLE, True)
        assert any("getuigen" in line for line in report.findings)
        assert report.kinds.keys() >= {"inquiry", facts["kind"]}
        told = document["told"]
        assert told["Besluit"] == {"permit": "toegestaan", "refusal": "geweigerd"}[facts["kind"]]
        assert told["Code van de vraag"] == facts["question"]
        refs = {json.loads(base64.b64decode(one["leaf"])).get("subject_ref") for one in document["entries"]}
        assert refs - {None} == {facts["subject_ref"]}
        assert check(world.folder / "exhibit.json", [], [], None) == WHOLE


def test_nobody_witnesses_for_itself_and_keys_in_the_file_are_named_as_such(
    play: Play, world: LocalWorld
) -> None:
    ask(play, SUPERVISED)
    position, _ = questions(world)[0]
    alone = verify_exhibit(exhibit(world, position).read_bytes())
    assert any("geen getuige" in line for line in alone.findings)  # its own second key is no witness
    world.do(world.apps[world.address(BROKER)].state.witnesses.show())
    seen = verify_exhibit(exhibit(world, position).read_bytes())
    assert any("5 getuigen" in line for line in seen.findings)
    assert any("komen uit het bestand zelf" in line for line in seen.findings)
    assert check(world.folder / "exhibit.json", [], [world.folder / "exhibit.json"], None) == CANNOT_TELL


def test_witnesses_that_the_forger_brought_do_not_count(play: Play, world: LocalWorld) -> None:
    """With the log's own key and invented witnesses in the file; the reader has a list of their own."""
    ask(play, SUPERVISED)
    position, _ = questions(world)[0]
    directory = Directory.read(world.folder / "directory.json")
    quorum = read_quorum(policy(directory, [], 3))
    forged = json.loads(exhibit(world, position).read_bytes())
    name = witness_name(directory.party("om").oin)
    key = Ed25519PrivateKey.generate()
    note = forged["states"][0]["checkpoint"]
    origin = note.partition("\n")[0]
    state = verify_checkpoint(note, origin, directory.trail_keys(BROKER))
    forged["states"][0]["checkpoint"] = note + cosign(state, name, key, 1_800_000_000)
    forged["witnesses"] = [cosigner_key(name, key.public_key())]
    assert verify_exhibit(json.dumps(forged).encode(), quorum=quorum).outcome == DAMAGED
    world.do(world.apps[world.address(BROKER)].state.witnesses.show())
    report = verify_exhibit(exhibit(world, position).read_bytes(), quorum=quorum)
    assert (report.outcome, report.trusted) == (WHOLE, True)
    assert report.witnessed is not None


def test_a_changed_exhibit_does_not_hold(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    position, _ = questions(world)[0]
    good = json.loads(exhibit(world, position).read_bytes())

    def outcome(**changed: Any) -> int:
        return verify_exhibit(json.dumps({**good, **changed}).encode()).outcome

    leaf = base64.b64decode(good["entries"][1]["leaf"]).replace(b"permit", b"refusal")
    forged = [good["entries"][0], {**good["entries"][1], "leaf": base64.b64encode(leaf).decode()}]
    state = good["states"][0]
    assert outcome() == WHOLE
    assert outcome(entries=[*forged, *good["entries"][2:]]) == DAMAGED
    assert outcome(entries=good["entries"][1:]) == DAMAGED
    assert outcome(states=[{**state, "proofs": state["proofs"][::-1]}]) == DAMAGED
    assert outcome(states=[{**state, "checkpoint": state["checkpoint"].replace("\n", "0\n", 2)}]) == DAMAGED
    assert outcome(states=[]) == CANNOT_TELL
    assert outcome(entries=[]) == CANNOT_TELL
    assert outcome(keys=[]) == DAMAGED
    assert outcome(format="other") == CANNOT_TELL
    for spoiled in (
        b"{",
        b"{}",
        b"[1]",
        b'{"format": "grondslag/1 exhibit"}',
        b'{"format": "grondslag/1 exhibit", "keys": 1}',
    ):
        assert verify_exhibit(spoiled).outcome == CANNOT_TELL


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_exhibit_is_a_pdf_that_can_be_archived(play: Play, world: LocalWorld) -> None:
    """PDF/A-3a with the exhibit itself inside it. WeasyPrint leaves its colour profile open: the warning of
    that is its own.
    """
    ask(play, SUPERVISED)
    position, _ = questions(world)[0]
    with printing():
        raw = exhibit(world, position, "exhibit.pdf").read_bytes()
    gc.collect()
    streams = inflated(raw)
    whole = raw + b"".join(streams)
    assert raw.startswith(b"%PDF-1.")
    assert re.search(rb"pdfaid:part[^0-9]{1,8}3", whole)
    assert re.search(rb"pdfaid:conformance[^A-Z]{1,8}A", whole)
    assert b"/AFRelationship" in whole
    [inside] = [one for one in streams if one.startswith(b'{\n  "format": "grondslag/1 exhibit"')]
    assert verify_exhibit(inside).outcome == WHOLE
    assert ATTACHED.encode() in whole or ATTACHED.encode("utf-16-be") in whole


def test_where_no_decision_stands_there_is_no_exhibit(play: Play, world: LocalWorld) -> None:
    for position in (0, 10_000):
        with pytest.raises(NoQuestion):
            exhibit(world, position)
    assert not (world.folder / "exhibit.json").exists()
