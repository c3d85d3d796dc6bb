"""The demo from beginning to end: the chain, its stories, and the proof that all went right."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from adapters.node.settings import NodeSettings
from audit.checkpoint import verifier_key
from audit.report import WHOLE
from audit.verify import verify
from contract import base64url
from contract.codes import BROKER
from contract.directory import Directory
from contract.documents import Receipt
from contract.problems import AddresseeWrong, Problem
from contract.receipts import proven_entries
from contract.signatory import trail_origin
from contract.signing import read
from demo.caller import Json
from demo.leaks import found_in_files, found_in_memory, markers
from demo.members import NAMES
from demo.play import Play, PlayedStory
from demo.show import Show, unique
from demo.stories import play_all
from demo.world import World, running_world
from gateway.settings import BrokerSettings
from party.commands.trail import exported
from policies import load_release


def run_demo(*, once: bool, json_file: Path | None, folder: Path) -> bool:
    """Starts the chain, plays the stories, checks the proofs; whether everything went as it must.

    Unless `once`, the chain then stays until Ctrl-C. Raises WorldProblem.
    """
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    show = Show(console, load_release().catalogue)
    console.rule("TEST – geen echte personen – hand-out: CONCEPT, niet getoetst door een jurist", style="red")
    started = time.monotonic()
    with running_world(folder.resolve(), console.print) as world:
        play = Play(world)
        console.print("Het voorstel voor een nieuwe versie van de hand-out wordt nagekeken (eenmalig).")
        world.proposal()
        begun = time.monotonic()
        console.print(f"Voorbereid in {begun - started:.0f} s. De verhalen beginnen.\n")
        told = play_all(play, show.story)
        report = _report(console, world, play, told)
        show.obligations(told)
        if json_file is not None:
            json_file.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        good = _good(report, told)
        end = "Alles is gegaan zoals het moet." if good else "NIET alles ging zoals het moet; zie hierboven."
        console.print(f"\n{end}\nDe proef zelf duurde {time.monotonic() - begun:.0f} seconden.")
        if not once:
            _stay(console, world)
    return good


def _report(console: Console, world: World, play: Play, told: Sequence[PlayedStory]) -> Json:
    """Checks receipts, logs and leaks, says so, and gives it all as one document."""
    receipts = sorted({receipt for one in told for receipt in one.receipts})
    directory = Directory.read(world.folder / "directory.json")
    valid = sum(_receipt_holds(receipt, directory) for receipt in receipts)
    console.print(f"Ontvangstbewijzen: {len(receipts)} nagekeken, {valid} kloppen.")
    logs = [_log(world, party) for party in (BROKER, "veilig_thuis")]
    for log in logs:
        console.print(
            f"Spoor van {NAMES[log['party']]}: {log['entries']} regels, "
            f"{'heel' if log['valid'] else 'BESCHADIGD'}."
        )
    leaks = _leaks(world, play)
    console.print(f"Gegevens van personen bij de centrale (bestanden, logregels, geheugen): {leaks}.")
    return {
        "stories": [{"name": one.name, "items": [_item(item) for item in one.items]} for one in told],
        "receipts": {"checked": len(receipts), "valid": valid},
        "logs": logs,
        "leaks": leaks,
        "obligations": unique([row for one in told for row in one.obligations]),
    }


def _good(report: Json, told: Sequence[PlayedStory]) -> bool:
    receipts = report["receipts"]
    return (
        not any(one.wrong for one in told)
        and 0 < receipts["checked"] == receipts["valid"]
        and all(log["valid"] and log["entries"] > 0 for log in report["logs"])
        and report["leaks"] == 0
        and bool(report["obligations"])
    )


def _item(item: Json) -> Json:
    return {
        "holder": item["holder"],
        "question": item["question"],
        "subject_role": item["subjectRole"],
        "effect": item["effect"],
        "rule": item["rule"],
        "mode": item["mode"],
        "status": item["status"],
        "answer": item["answer"],
        "reasons": [reason["code"] for reason in item["reasons"]],
        "legal_bases": item["legalBases"],
        "revision": item["revision"],
    }


def _receipt_holds(token: str, directory: Directory) -> bool:
    """Checks a receipt as a stranger would: with the directory, and nothing of the node that has it; as of
    when it was written, for weeks went by in some stories.
    """
    body = token.split(".")[1]
    written_at = json.loads(base64url.decode(body))["iat"]
    now = datetime.fromtimestamp(written_at, UTC)
    for partner in directory.parties():
        try:
            receipt = read(
                Receipt,
                token,
                lambda oin, kid: directory.signing_key(oin, kid, now),
                audience=partner.oin,
                at=now,
            )
            return bool(proven_entries(receipt.document, directory))
        except AddresseeWrong:
            continue
        except Problem:
            return False
    return False


def _log(world: World, party: str) -> Json:
    """The whole log of a party, exported and checked as a stranger would, with the directory's key."""
    values = world.settings(party)
    settings = BrokerSettings(**values) if party == BROKER else NodeSettings(**values)
    path = world.folder / f"{party}-trail.zip"
    asyncio.run(exported(settings, path, purpose="de proef nakijken", by="demo"))
    directory = Directory.read(world.folder / "directory.json")
    origin = trail_origin(directory.party(party).oin)
    report = verify(path, [verifier_key(origin, key) for key in directory.trail_keys(party)])
    return {"party": party, "entries": report.entries, "valid": report.outcome == WHOLE}


def _leaks(world: World, play: Play) -> int:
    """The broker's files, its log and its memory, searched for everyone of the stories."""
    wanted = markers(play.cast.values())
    files = [*(world.folder / BROKER).glob("*.sqlite*"), world.folder / f"{BROKER}.log"]
    return found_in_files(files, wanted) + found_in_memory(world.running[BROKER].pid, wanted)


def _stay(console: Console, world: World) -> None:
    console.rule("De keten blijft draaien. Ctrl-C stopt alles.")
    for party in (BROKER, *world.parties):
        console.print(f"  {NAMES[party]:<48} {world.address(party)}/v1/openapi.json")
    console.print(
        f"  Aanmelden (DEMO, controleert niemand): POST {world.address('issuer')}/veilig_thuis/token "
        'met {"role": "chair"}'
    )
    console.print(
        "  Wat bij de politie wacht (rol official): "
        f"grondslag node desk list --node {world.address('politie')} --token TOKEN"
    )
    while True:
        time.sleep(3600)
