"""`grondslag init`: from keys to a directory, and what is said of a file that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from contract.directory import Directory
from party.commands.init import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "party.json"
REGION = ["--region", "utrecht"]


def run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.output.replace("\n", " ")


@pytest.fixture
def broker(tmp_path: Path) -> Path:
    """A party file as an operator makes it: the example with other values, and a card of fresh keys."""
    keys = tmp_path / "keys.json"
    assert run("keys", "--party", "broker", "--keys", keys)[0] == 0
    status, card = run("card", "--party", "broker", "--keys", keys)
    assert status == 0
    party = {
        **json.loads(EXAMPLE.read_text(encoding="utf-8")),
        "code": "broker",
        "partner": None,
        "regions": [],
    }
    path = tmp_path / "broker.json"
    path.write_text(json.dumps({**party, "oin": "99999990000000000099", "keys": json.loads(card)}))
    return path


def test_the_example_of_a_party_is_taken(broker: Path, tmp_path: Path) -> None:
    """Together with a broker it is a directory, whose keys all parse."""
    out = tmp_path / "directory.json"
    status, said = run("directory", broker, EXAMPLE, "--out", out, *REGION)
    assert (status, "with 1 parties" in said) == (0, True), said
    directory = Directory.read(out)
    assert not directory.demo
    assert {key.use for key in directory.party("reclassering_voorbeeldland").keys} == {
        "sign",
        "seal",
        "trail",
        "witness",
    }


def _changed(folder: Path, **changes: Any) -> Path:
    path = folder / "changed.json"
    path.write_text(json.dumps({**json.loads(EXAMPLE.read_text(encoding="utf-8")), **changes}))
    return path


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"oin": "123"}, "at oin"),
        ({"desk": {"name": "Loket", "phone": "bel maar", "hours": ""}}, "at desk.phone"),
        ({"colour": "blue"}, "at colour"),
        ({"keys": [{"kid": "x"}]}, "at keys.0"),
    ],
)
def test_a_wrong_party_file_is_named_with_the_place_and_an_example(
    changes: dict[str, Any], place: str, broker: Path, tmp_path: Path
) -> None:
    """The file, not its number in the list."""
    wrong = _changed(tmp_path, **changes)
    status, said = run("directory", broker, wrong, "--out", tmp_path / "directory.json", *REGION)
    assert status == 2
    assert f"The party file {wrong} is wrong {place}" in said
    assert "docs/examples/party.json" in said
    assert not (tmp_path / "directory.json").exists()


def test_a_party_file_that_is_not_there_or_no_json_is_named(broker: Path, tmp_path: Path) -> None:
    """Each by its path."""
    out = ["--out", tmp_path / "directory.json", *REGION]
    assert (
        f"There is no readable party file {tmp_path / 'none.json'}"
        in run("directory", broker, tmp_path / "none.json", *out)[1]
    )
    text = tmp_path / "text.json"
    text.write_text("{")
    assert f"The party file {text} is wrong: Invalid JSON" in run("directory", broker, text, *out)[1]


def test_a_region_is_written_as_its_code(broker: Path, tmp_path: Path) -> None:
    """How partners work together there stands in the hand-out."""
    status, said = run("directory", broker, "--out", tmp_path / "directory.json", "--region", "Utrecht=zvh")
    assert (status, "regions.0" in said) == (2, True), said


def test_nobody_and_no_key_is_left_out_of_a_new_directory(broker: Path, tmp_path: Path) -> None:
    """A party that leaves and a key that is retired get an end; taking them out is refused, by name."""
    out, fresh = tmp_path / "directory.json", tmp_path / "fresh.json"
    assert run("directory", broker, EXAMPLE, "--out", out, *REGION)[0] == 0
    status, said = run("directory", broker, "--out", fresh, "--before", out, *REGION)
    assert (status, "reclassering_voorbeeldland of" in said) == (2, True), said
    keys = json.loads(EXAMPLE.read_text(encoding="utf-8"))["keys"]
    fewer = _changed(tmp_path, keys=keys[1:])
    status, said = run("directory", broker, fewer, "--out", fresh, "--before", out, *REGION)
    assert (status, f"key {keys[0]['kid']} of" in said) == (2, True), said
    assert not fresh.exists()
    ended = [{**keys[0], "valid_until": "2026-10-01T00:00:00Z"}, *keys[1:]]
    left = _changed(tmp_path, keys=ended, until="2026-11-01T00:00:00Z")
    assert run("directory", broker, left, "--out", fresh, "--before", out, *REGION)[0] == 0


def test_whom_to_call_of_who_does_not_take_part_stands_in_the_directory(broker: Path, tmp_path: Path) -> None:
    """The example of such a file is taken."""
    out = tmp_path / "directory.json"
    absent = EXAMPLE.with_name("outside.json")
    assert run("directory", broker, EXAMPLE, "--outside", absent, "--out", out, *REGION)[0] == 0
    found = Directory.read(out).outside("rvdk", "utrecht")
    assert found is not None
    assert found.desk.phone == "088-000 00 01"
