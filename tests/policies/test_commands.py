"""`policy` as a person uses it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policies import Release
from policies.commands import app
from tests.policies.conftest import asking


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "inputs.json"
    path.write_text(json.dumps([asking({}), asking({"case.melding": "none"})]))
    return path


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.output


def test_decide_tells_rule_mode_and_article_or_reason_and_way_out(file: Path) -> None:
    code, told = _run("decide", str(file))
    assert code == 0
    for words in ("A02", "concept", "Wmo 5.1.6", "Er is nog geen melding", "Dien een melding in", "sha256:"):
        assert words in told


def test_decide_speaks_english_too(file: Path) -> None:
    assert "There is no report at Veilig Thuis yet." in _run("decide", str(file), "--language", "en")[1]


def test_decide_gives_json_that_is_equal_for_both_engines(file: Path, opa_url: str) -> None:
    embedded = _run("decide", str(file), "--json")
    served = _run("decide", str(file), "--json", "--engine", "server", "--opa-url", opa_url)
    assert embedded == served
    assert [one["effect"] for one in json.loads(embedded[1])] == ["permit", "refusal"]


def test_show_shows_each_row_and_that_it_is_concept(release: Release) -> None:
    code, told = _run("show")
    assert code == 0
    assert told.count("concept") > len(release.catalogue.rules)
    assert all(rule in told for rule in release.catalogue.rules)
    assert len(json.loads(_run("show", "--json")[1])) == len(release.catalogue.rules)


@pytest.mark.parametrize(
    "content", ["", "no json", "3", "[]", "[1]", '[{"name": "x"}]', "[" * 100_000], ids=range(7)
)
def test_a_bad_file_is_one_sentence_and_exit_status_2(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    code, told = _run("decide", str(path))
    assert code == 2
    assert told.count("\n") == 1
    assert told.endswith(".\n")


def test_an_absent_file_server_or_address_is_exit_status_2(tmp_path: Path, file: Path) -> None:
    assert _run("decide", str(tmp_path / "absent.json"))[0] == 2
    assert _run("decide", str(file), "--engine", "server")[0] == 2
    assert _run("decide", str(file), "--engine", "server", "--opa-url", "http://127.0.0.1:9")[0] == 2
