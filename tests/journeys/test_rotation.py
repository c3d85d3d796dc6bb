"""Keys of trails and witnesses follow one another while the chain runs: nothing stops, and what was signed
before can still be verified.
"""

import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.checkpoint import verifier_key
from audit.errors import TrailError
from audit.report import CANNOT_TELL, DAMAGED, WHOLE
from audit.verify import verify
from audit.witness import cosigner_key
from contract.codes import BROKER
from contract.directory import Directory, directory_text
from contract.keys import RETIRED_AFTER, read_keys, retired, rotated, write_keys
from contract.signatory import trail_origin
from demo.members import PARTIES
from demo.play import Play
from gateway.settings import BrokerSettings
from party.commands.trail import exported
from tests.journeys.watching import SUPERVISED, ask, ends
from tests.world import LocalWorld


def keys_of(world: LocalWorld, party: str) -> Path:
    return world.folder / party / "keys.json"


def change(world: LocalWorld, party: str, how: Any) -> None:
    path = keys_of(world, party)
    write_keys(path, how(json.loads(path.read_text(encoding="utf-8")), now=world.clock()))


def replaced(contents: Any, now: Any) -> Any:
    """A new key of the trail, and the old one gone."""
    return {**contents, "trail": rotated(contents, now=now)["trail"][1:]}


def publish(world: LocalWorld) -> None:
    """The directory with every key that is in a file, beside those that it had."""
    path = world.folder / "directory.json"
    contents = json.loads(path.read_text(encoding="utf-8"))
    for row in contents["parties"]:
        fresh = read_keys(keys_of(world, row["code"]), party=row["code"], demo=True).public_keys()
        known = {key["kid"] for key in row["keys"]}
        row["keys"] += [key for key in fresh if key["kid"] not in known]
    path.write_bytes(directory_text(contents))


def restart(world: LocalWorld, *parties: str) -> None:
    for party in parties:
        world.stop(party)
        world.start(party)


def lines_of(note: str) -> int:
    return note.count("— ")


def show(world: LocalWorld) -> str:
    """The newest state of the broker's trail that enough witnesses signed."""
    witnesses = world.apps[world.address(BROKER)].state.witnesses
    world.do(witnesses.show())
    shown = world.do(witnesses.shown([]))
    assert len(shown.witnesses) == len(PARTIES)
    return str(shown.checkpoint)


def test_the_keys_of_trail_and_witness_are_rotated(play: Play, world: LocalWorld, tmp_path: Path) -> None:
    asked = ends(ask(play, SUPERVISED))
    before = show(world)
    before_rotation = keys_of(world, BROKER).read_text(encoding="utf-8")
    own = read_keys(keys_of(world, BROKER), party=BROKER, demo=True).public_keys()
    known_before = {key["kid"] for key in own}
    # 1: broker and a witness have new keys beside the old; the others still have the old directory
    for party in (BROKER, "veilig_thuis"):
        change(world, party, rotated)
    publish(world)
    restart(world, BROKER)
    assert ends(ask(Play(world), SUPERVISED, name="stalking.woman")).keys() == asked.keys()
    both = show(world)
    assert lines_of(both) == lines_of(before) + 2  # the log's second key, of each kind
    # 2: the others follow
    restart(world, *PARTIES)
    ask(Play(world), SUPERVISED)
    assert lines_of(show(world)) == lines_of(both) + 1  # the witness signs with both of its keys
    # 3: a month later the old ones are retired
    world.clock.ahead += RETIRED_AFTER + timedelta(days=2)
    for party in (BROKER, "veilig_thuis"):
        change(world, party, retired)
    restart(world, BROKER, *PARTIES)
    ask(Play(world), SUPERVISED)
    after = show(world)
    assert lines_of(after) == lines_of(before)
    # whoever has the old key signs nothing that counts any more
    path = world.folder / "directory.json"
    contents = json.loads(path.read_text(encoding="utf-8"))
    old = json.loads(before_rotation)["trail"][0]
    for row in contents["parties"]:
        for key in row["keys"]:
            if row["code"] == BROKER and key["use"] == "trail" and key["kid"] in known_before:
                key["valid_until"] = world.clock().isoformat()
    path.write_bytes(directory_text(contents))
    now = Directory.read(path)
    assert (len(now.trail_keys(BROKER)), len(now.trail_keys(BROKER, world.clock()))) == (2, 1)
    assert old["private"] not in path.read_text(encoding="utf-8")
    restart(world, *PARTIES)
    ask(Play(world), SUPERVISED, name="stalking.woman")
    # what was signed before is still of the same log
    directory = Directory.read(world.folder / "directory.json")
    origin = trail_origin(directory.party(BROKER).oin)
    keys = [verifier_key(origin, key) for key in directory.trail_keys(BROKER)]
    assert len(keys) == 2
    out = tmp_path / "trail.zip"
    world.do(exported(BrokerSettings(**world.settings(BROKER)), out, purpose="audit_2026", by="fg-1"))
    report = verify(out, keys, [before, both, after])
    assert (report.outcome, report.findings, report.earlier) == (WHOLE, [], 3)
    assert verify(out, keys[:1], []).outcome == DAMAGED  # the old key alone signs nothing any more


def test_a_second_signature_that_is_asked_for_must_be_there(
    play: Play, world: LocalWorld, tmp_path: Path
) -> None:
    ask(play, SUPERVISED)
    settings = BrokerSettings(**world.settings(BROKER))
    out, without = tmp_path / "trail.zip", tmp_path / "without.zip"
    world.do(exported(settings, without, purpose="audit_2026", by="fg-1"))
    show(world)
    world.do(exported(settings, out, purpose="audit_2026", by="fg-1"))
    directory = Directory.read(world.folder / "directory.json")
    origin = trail_origin(directory.party(BROKER).oin)
    first = verifier_key(origin, directory.trail_keys(BROKER)[-1])
    second = cosigner_key(origin, directory.second_trail_keys(BROKER)[-1])
    other = cosigner_key(origin, directory.second_trail_keys("om")[-1])
    report = verify(out, [first, second])
    assert (report.outcome, report.findings) == (WHOLE, [])
    assert report.second is not None
    assert 0 < report.second <= report.entries
    assert verify(out, [second]).second
    assert verify(out, [first, other]).outcome == DAMAGED
    assert verify(without, [first, second]).outcome == DAMAGED
    assert verify(out, [first, second[:-8]]).outcome == CANNOT_TELL
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(out) as archive, zipfile.ZipFile(forged, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "witnesses":
                lines = content.decode().splitlines(keepends=True)
                content = "".join(line for line in lines if len(line) < 3_000).encode()
            copy.writestr(name, content)
    assert verify(forged, [first, second]).outcome == DAMAGED


def test_a_key_that_replaces_another_without_overlap_stops_the_start(play: Play, world: LocalWorld) -> None:
    """The old one is in no file and in no directory: nobody could say whose trail this is."""
    ask(play, SUPERVISED)
    world.stop(BROKER)
    change(world, BROKER, replaced)
    path = world.folder / "directory.json"
    contents = json.loads(path.read_text(encoding="utf-8"))
    for row in contents["parties"]:
        if row["code"] == BROKER:
            row["keys"] = read_keys(keys_of(world, BROKER), party=BROKER, demo=True).public_keys()
    path.write_bytes(directory_text(contents))
    with pytest.raises(TrailError, match="not signed with our key"):
        world.start(BROKER)
