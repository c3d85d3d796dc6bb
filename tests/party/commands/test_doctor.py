"""`grondslag doctor`: says of real settings what a start would stumble over, and leaves all as it was."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from party.commands.doctor import app
from tests.world import LocalWorld, local_world


@pytest.fixture(scope="module")
def settings(registers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorld]:
    """A chain whose settings are whole; RvdK's register answers, and no party runs."""
    with local_world(tmp_path_factory.mktemp("doctor"), registers=registers) as world:
        for party in list(world._stacks):
            world.stop(party)
        yield world


def looked(world: LocalWorld, party: str, *options: str, **changes: Any) -> tuple[int, str]:
    """Exit status and text for the settings of this party with these changes; None takes a setting out."""
    values = {**world.settings(party), **changes}
    path = world.folder / "looked-at.toml"
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items() if value is not None]
    path.write_text("".join(lines), encoding="utf-8")
    done = CliRunner().invoke(app, ["--settings", str(path), *options])
    path.unlink()
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("party", ["broker", "veilig_thuis", "politie", "om", "reclassering", "rvdk"])
def test_settings_that_work_are_told_so_and_nothing_is_written(settings: LocalWorld, party: str) -> None:
    """Every look is made; no file appears or changes, and the register is asked about nobody."""
    before = contents(settings.folder)
    status, text = looked(settings, party, *([] if party == "broker" else ["--node"]))
    assert status == 0, text
    assert f"{party} can start." in text
    assert "database and subject_keys: up to date" in text
    assert ("goed   jwks: 1 keys" in text) == (party != "broker")
    assert contents(settings.folder) == before


def test_a_database_that_is_not_there_yet_is_not_made(settings: LocalWorld) -> None:
    """It says that a start would."""
    place = settings.folder / "new"
    place.mkdir()
    changes = {name: f"sqlite:///{place / name}" for name in ("database", "subject_keys")}
    status, text = looked(settings, "om", "--node", **changes)
    assert (status, "would make or migrate database and subject_keys" in text) == (0, True), text
    assert list(place.iterdir()) == []


_WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no register": ({"register_url": "sqlite:///HERE/none.sqlite"}, "register_url"),
    "a register of another kind": ({"register_url": "file:///HERE"}, "register_url"),
    "the register as database": (
        {"database": "sqlite:///HERE/register/om.sqlite", "register_url": "sqlite:///x"},
        "`database`",
    ),
    "one database for both": (
        {"subject_keys": "sqlite:///HERE/om/trail.sqlite"},
        "`subject_keys` and `database`",
    ),
    "no keys of the identity provider": ({"jwks": "HERE/none.json"}, "jwks"),
    "nobody at the identity provider": ({"jwks": "http://127.0.0.1:1/jwks"}, "jwks"),
    "another kind than the directory has": ({"partner": "rvdk"}, "says rvdk"),
    "a kind without an adapter": ({"partner": "ggz"}, "no reference adapter for the kind ggz"),
    "keys of another party": ({"keys": "HERE/rvdk/keys.json"}, "`keys`"),
    "no OPA": ({"policy_engine": "server", "opa_url": "http://127.0.0.1:1"}, "hand-out and policy engine"),
    "no certificate": ({"certificate": "HERE/none.pem"}, "`certificate`"),
}


@pytest.mark.parametrize("what", _WRONG)
def test_what_cannot_work_is_named_by_its_setting(settings: LocalWorld, what: str) -> None:
    """One line says FOUT with the setting in it, and the exit status is 1."""
    told, name = _WRONG[what]
    changes = {setting: value.replace("HERE", str(settings.folder)) for setting, value in told.items()}
    status, text = looked(settings, "om", "--node", **changes)
    assert (status, "can start." in text) == (1, False), text
    assert name in "".join(line for line in text.splitlines() if line.startswith("FOUT"))


def test_a_port_that_is_taken_is_named(settings: LocalWorld) -> None:
    """Whoever listens there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, text = looked(settings, "om", "--node", port=taken.getsockname()[1])
    assert (status, "FOUT   port and management_port: `port`" in text) == (1, True), text


@pytest.mark.parametrize(
    ("party", "options", "advice"),
    [
        ("om", [], "add --node"),
        ("broker", ["--node"], "add --broker"),
    ],
)
def test_settings_of_the_other_kind_say_which_option(
    settings: LocalWorld, party: str, options: list[str], advice: str
) -> None:
    """A node's settings without --node, a broker's with it."""
    changes: dict[str, Any] = {} if party == "om" else {"most_at_once": 4}
    status, text = looked(settings, party, *options, **changes)
    assert (status, advice in text) == (1, True), text
