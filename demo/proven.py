"""The stories of those who trust nobody: the data protection officer who checks an export, and an insider who
rewrites the trail with every key there is.
"""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.node.settings import NodeSettings
from audit.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from audit.merkle import Tree, leaf_hash
from audit.obligations import obligations
from audit.selection import Selection
from contract.codes import BROKER
from contract.keys import read_keys
from contract.signatory import trail_origin
from demo.play import Play, PlayedStory
from party.commands.trail import exported

_QUARTER = timedelta(days=92)


def export_verified(play: Play, told: PlayedStory) -> None:
    """The data protection officer exports the last quarter, checks it offline, and finds a notice that is
    overdue.
    """
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    told.take(play.ask(play.chair, case, [man]))
    play.pass_time(timedelta(days=29))

    def alarmed() -> bool:
        [one] = play.chair.post("/v1/obligations/_search", {"caseRef": case, "live": True})
        return not any(row["code"].startswith("overdue") for row in one["reminders"])

    told.must(play.soon(alarmed), "te laat, en niemand is gewaarschuwd")
    world = play.world
    now, out = world.now(), world.folder / "export.zip"
    settings = NodeSettings(**world.settings("veilig_thuis"))
    quarter = Selection(since=now - _QUARTER)
    made = asyncio.run(exported(settings, out, selection=quarter, purpose="kwartaalcontrole", by="fg-1"))
    status, said = _check(out, _key(world, "veilig_thuis"))
    told.must(status == 0, f"de uitvoer is niet heel: {said}")
    told.notes.append(f"De FG voert een kwartaal uit ({made.lines} regels) en kijkt het offline na:")
    told.notes += [line for line in said.splitlines() if line]
    found = obligations(_leaves(out))
    late = [one for one in found if one.case_ref == case and one.overdue(now)]
    told.must(len(late) == 1, f"{len(late)} kennisgevingen te laat in plaats van 1")
    told.notes.append("Uit die uitvoer blijkt: één kennisgeving is te laat.")
    said = _run("report", out, _key(world, "veilig_thuis"))[1]
    for heading in ("Gevraagd", "Geweigerd", "Wie keek", "Wie het moet weten", "Wat dit niet bewijst"):
        told.must(f"\n{heading}" in said, f"in het verslag ontbreekt: {heading}")
    told.must("1 te laat op" in said, "het verslag telt niet wat te laat is")
    told.notes += ["Het verslag voor de FG, uit hetzelfde bestand:", *_some(said)]
    changed = out.with_name("changed.zip")
    _change(out, changed)
    status, said = _check(changed, _key(world, "veilig_thuis"))
    told.must(status == 1, "een veranderde regel viel niet op")
    line = next((line for line in said.splitlines() if line.startswith("Regel")), "")
    told.must(bool(line), "welke regel is veranderd, staat er niet bij")
    told.notes.append(f"Iemand verandert één regel: {line}")


def insider_caught(play: Play, told: PlayedStory) -> None:
    """Somebody with the broker's key and all rights on its database changes a decision in the trail, and
    signs anew. Every partner notices.
    """
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    told.take(play.ask(play.chair, case, [man]))
    world = play.world
    database = world.folder / BROKER / "trail.sqlite"
    told.must(play.soon(lambda: _witnessed(world) >= _size(database)), "de getuigen tekenden niet")
    seen = {partner: _misdeeds(world, partner) for partner in world.parties}
    world.stop(BROKER)
    kept = world.folder / "honest"
    shutil.copytree(database.parent, kept)
    _rewrite(world, database)
    world.start(BROKER)
    world.wait_ready(BROKER)
    told.must(
        play.soon(lambda: all(_misdeeds(world, partner) > seen[partner] for partner in world.parties)),
        "niet elke getuige merkte het",
    )
    world.stop(BROKER)
    shutil.rmtree(database.parent)
    shutil.copytree(kept, database.parent)
    world.start(BROKER)
    world.wait_ready(BROKER)
    told.take(play.ask(play.chair, play.case(play.chair), [man]))
    told.notes += [
        "Iemand met de sleutel van de centrale veranderde een beslissing in het spoor en tekende opnieuw.",
        f"Alle {len(world.parties)} knooppunten merkten het, tekenden niet, en bewaren het bewijs.",
        "Met de eerlijke back-up gaat de centrale gewoon verder.",
    ]


def _some(report: str) -> list[str]:
    """Of a report the part on who must be told."""
    lines = report.splitlines()
    start = lines.index("Wie het moet weten:")
    return lines[start : start + 6]


def _check(export: Path, key: str) -> tuple[int, str]:
    return _run("verify", export, key)


def _run(command: str, export: Path, key: str) -> tuple[int, str]:
    """What whoever has nothing but Python finds: exit status and what is told."""
    command_line = [sys.executable, "-m", "audit", command, str(export), "--key", key]
    done = subprocess.run(command_line, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    return done.returncode, done.stdout.strip()


def _key(world: Any, party: str) -> str:
    keyring = read_keys(world.folder / party / "keys.json", party=party, demo=True)
    return verifier_key(_origin(world, party), keyring.trail[-1].public_key())


def _origin(world: Any, party: str) -> str:
    directory = json.loads((world.folder / "directory.json").read_text(encoding="utf-8"))
    return trail_origin(next(one["oin"] for one in directory["parties"] if one["code"] == party))


def _leaves(export: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(export) as archive:
        return [json.loads(line)["leaf"] for line in archive.read("entries.jsonl").splitlines()]


def _change(export: Path, changed: Path) -> None:
    """Another answer to who asked, in one line."""
    with zipfile.ZipFile(export) as archive, zipfile.ZipFile(changed, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "entries.jsonl":
                content = content.replace(b'"kind":"permit"', b'"kind":"refusal"', 1)
            copy.writestr(name, content)


def _rewrite(world: Any, database: Path) -> None:
    """What the insider does: a permit becomes a refusal, and every hash and the checkpoint are made anew."""
    keyring = read_keys(world.folder / BROKER / "keys.json", party=BROKER, demo=True)
    with sqlite3.connect(database) as store:
        rows = store.execute("SELECT leaf FROM trail_entries ORDER BY position").fetchall()
        leaves = [bytes(row[0]) for row in rows]
        last = max(place for place, leaf in enumerate(leaves) if b'"kind":"permit"' in leaf)
        leaves[last] = leaves[last].replace(b'"kind":"permit"', b'"kind":"refusal"')
        tree, full = Tree().extended([leaf_hash(leaf) for leaf in leaves])
        state = Checkpoint(_origin(world, BROKER), tree.size, tree.root())
        store.execute("DELETE FROM trail_entries")
        store.executemany(
            "INSERT INTO trail_entries (position, hash, leaf) VALUES (?, ?, ?)",
            [(place, leaf_hash(leaf), leaf) for place, leaf in enumerate(leaves)],
        )
        store.execute("DELETE FROM trail_tiles")
        store.executemany("INSERT INTO trail_tiles (level, number, hash) VALUES (?, ?, ?)", full)
        signed = sign_checkpoint(state, keyring.trail[-1])
        store.execute("UPDATE trail_head SET size = ?, checkpoint = ?", (tree.size, signed))
    store.close()


def _size(database: Path) -> int:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        size = int(store.execute("SELECT size FROM trail_head").fetchone()[0])
    store.close()
    return size


def _witnessed(world: Any) -> int:
    """How much of the broker's trail every partner has signed."""
    return min(_scalar(world, partner, "SELECT max(size) FROM witnessed") for partner in world.parties)


def _misdeeds(world: Any, partner: str) -> int:
    """How many misdeeds of the broker this partner's own trail holds the evidence of."""
    query = 'SELECT count(*) FROM trail_entries WHERE instr(CAST(leaf AS TEXT), \'"kind":"misdeed"\') > 0'
    return _scalar(world, partner, query)


def _scalar(world: Any, partner: str, query: str) -> int:
    database = world.folder / partner / "trail.sqlite"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        found = store.execute(query).fetchone()[0]
    store.close()
    return int(found or 0)
