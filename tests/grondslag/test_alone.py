"""A party installs its side alone; a supervisor installs the check of exports alone.

Each command runs in a process of its own, in which the other side, and what only that side needs from others,
cannot be imported.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.play import Play, decide_standing
from tests.world import LocalWorld, local_world

ABSENT = {
    "node": ("gateway", "demo", "tests", "rfc3161_client"),
    "broker": ("adapters", "demo", "tests", "rapidfuzz", "sqlmodel"),
}
"""What is not there where this side is installed alone."""

_WITHOUT = """
import json, sys
absent = set(sys.argv[1].split(","))
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from typer.testing import CliRunner
from grondslag.cli import main
told = {}
for name, arguments in json.load(sys.stdin).items():
    done = CliRunner().invoke(main, arguments, env={"COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    told[name] = (done.exit_code, done.output)
json.dump(told, sys.stdout)
"""
_WITH_CRYPTOGRAPHY = """
import runpy, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        there = {*sys.stdlib_module_names, "audit", "cryptography", "cffi", "_cffi_backend"}
        built = name.startswith("_sysconfigdata")  # of this Python, made when it was built
        if name.partition(".")[0] not in there and not built:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
sys.argv[0] = "audit"
runpy.run_module("audit", run_name="__main__")
"""

ROOT = Path(__file__).parents[2]
WHY = ("--purpose", "internal_control", "--by", "fg-1")

Row = tuple[tuple[str, ...], int, str]
"""A command, its exit status, and something that it says. SETTINGS stands for the settings of the party."""

BOTH: dict[str, Row] = {
    "settings are looked at": (("doctor", "SETTINGS"), 0, " can start."),
    "a trail is exported": (("audit", "export", "SIDE.zip", "SETTINGS", *WHY), 0, "entries in"),
    "an export is verified": (("audit", "verify", "SIDE.zip"), 0, "HEEL"),
    "records are written": (
        ("audit", "records", "ldv", "SIDE.ldv", "SETTINGS", *WHY, "--register", "https://register.example"),
        0,
        "records in",
    ),
    "a database is backed up": (
        ("backup", "create", "SIDE.1", "SETTINGS", "--what", "database"),
        0,
        "rows of `database`",
    ),
    "keys of sealed parts are backed up": (
        ("backup", "create", "SIDE.2", "SETTINGS", "--what", "subject_keys"),
        0,
        "rows of `subject_keys`",
    ),
    "what was kept long enough is destroyed": (("retention", "run", "SETTINGS"), 0, "0 entries pruned"),
    "keys are made": (("init", "keys", "--party", "om", "--keys", "SIDE-keys.json"), 0, "Made"),
    "a card is made": (("init", "card", "--party", "om", "--keys", "SIDE-keys.json"), 0, "kid"),
    "the hand-out is shown": (("policy", "show", "--json"), 0, "A02"),
    "a decision is tried": (("policy", "decide", f"{ROOT}/docs/examples/decision-input.json"), 0, "A0"),
    "a decision is explained": (("policy", "explain", f"{ROOT}/docs/examples/explain-input.json"), 0, "A02"),
    "help tells what is here": (("--help",), 0, "doctor"),
    "the demo is not here": (("demo", "--once"), 1, "not installed here (demo is missing)"),
}
ONE: dict[str, dict[str, Row]] = {
    "broker": {
        "decisions are decided again": (
            ("policy", "replay", f"{ROOT}/policies/handout", "--since", "2020-01-01", "SETTINGS"),
            0,
            "",
        ),
        "a recorded decision is explained": (("policy", "explain", "99999", "SETTINGS"), 2, "no decision"),
        "a question is shown": (("audit", "question", "99999", "x.json", "SETTINGS", *WHY), 1, "no decision"),
        "a node is not here": (("node", "run", "SETTINGS"), 1, "not installed here (adapters is missing)"),
        "persons are not matched here": (("match", "evaluate", "x"), 1, "not installed here"),
        "a node's settings are not for here": (
            ("doctor", "SETTINGS", "--node"),
            1,
            "pip install 'grondslag[node]'",
        ),
    },
    "node": {
        "the register is asked": (("doctor", "SETTINGS"), 0, "register_url: answers"),
        "pairs are made": (("match", "generate", "pairs.csv", "--size", "500"), 0, "500 pairs"),
        "persons are matched": (("match", "evaluate", "pairs.csv"), 0, "recall"),
        "decisions are decided again elsewhere": (("policy", "replay"), 2, "No such command"),
        "a question is shown elsewhere": (("audit", "question"), 2, "No such command"),
        "the broker is not here": (("broker", "SETTINGS"), 1, "not installed here (gateway is missing)"),
        "a broker's settings are not for here": (
            ("retention", "run", "SETTINGS", "--broker"),
            1,
            "pip install 'grondslag[broker]'",
        ),
    },
}
ROWS = [(side, name) for side in ONE for name in {**BOTH, **ONE[side]}]


def ran(script: str, *arguments: str, folder: Path, given: str = "") -> tuple[int, str]:
    """Exit status and all that was printed by a fresh Python."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def stopped(registers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorld]:
    """A chain in which one enrichment was asked, and then every party stopped; each has a settings file."""
    with local_world(tmp_path_factory.mktemp("alone"), registers=registers) as world:
        play = Play(world)
        decide_standing(play)
        man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
        play.ask(play.chair, play.case(play.chair), [man])
        for party in list(world._stacks):
            world.stop(party)
            values = {name: value for name, value in world.settings(party).items() if value is not None}
            lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
            (world.folder / f"{party}.toml").write_text("".join(lines), encoding="utf-8")
        yield world


@pytest.fixture(scope="module")
def told(stopped: LocalWorld) -> dict[str, dict[str, tuple[int, str]]]:
    """What every command of each side said, where that side is installed alone."""
    found = {}
    for side, own in ONE.items():
        party = "broker" if side == "broker" else "reclassering"

        def whole(arguments: tuple[str, ...], side: str = side, party: str = party) -> list[str]:
            settings = ["--settings", f"{party}.toml"]
            return [
                text
                for one in arguments
                for text in (settings if one == "SETTINGS" else [one.replace("SIDE", side)])
            ]

        commands = {name: whole(arguments) for name, (arguments, _, _) in {**BOTH, **own}.items()}
        status, text = ran(
            _WITHOUT, ",".join(ABSENT[side]), folder=stopped.folder, given=json.dumps(commands)
        )
        assert status == 0, text
        found[side] = json.loads(text.splitlines()[-1])
    return found


@pytest.mark.parametrize(("side", "name"), ROWS)
def test_a_command_works_where_its_side_is_installed_alone(
    told: dict[str, dict[str, tuple[int, str]]], side: str, name: str
) -> None:
    """On the settings and the trail of a party that was asked, or asked, something."""
    _, expected, says = {**BOTH, **ONE[side]}[name]
    status, text = told[side][name]

    assert status == expected, text
    assert says in text


@pytest.mark.parametrize("side", ONE)
def test_a_supervisor_verifies_with_cryptography_alone(
    stopped: LocalWorld, told: dict[str, dict[str, tuple[int, str]]], side: str
) -> None:
    """An export, by `python -m audit verify`, where nothing else can be imported."""
    assert told[side]["a trail is exported"][0] == 0
    status, text = ran(_WITH_CRYPTOGRAPHY, "verify", f"{side}.zip", folder=stopped.folder)
    assert (status, "HEEL" in text) == (0, True), text


def test_without_a_side_the_command_says_what_there_is(tmp_path: Path) -> None:
    """For whoever installed no more than the check of exports."""
    script = _WITH_CRYPTOGRAPHY.replace('run_module("audit"', 'run_module("grondslag"')
    script = script.replace('"audit", "cryptography"', '"audit", "grondslag", "cryptography"')
    status, text = ran(script, "audit", "verify", "x.zip", folder=tmp_path)
    assert (status, "python -m audit verify" in text, "Traceback" in text) == (1, True, False), text
