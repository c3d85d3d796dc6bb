"""`policy` as a person uses it."""

import json
import os
import re
import subprocess
import sys
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


def test_decide_shows_under_each_basis_what_a_lawyer_has_still_to_answer(file: Path) -> None:
    told = _run("decide", str(file))[1].splitlines()
    first = next(number for number, line in enumerate(told) if "AVG 10" in line)
    assert told[first + 1].startswith("     open vraag Q1: ")
    assert told[first + 2].startswith("     let op: ")
    assert sum("open vraag" in line for line in told) == 3  # Q1, Q2, Q5; a refusal rests on no basis


@pytest.mark.parametrize(
    ("path", "value"),
    [("question", "reclassering.under_supervison"), ("purpose", "enrich_referal"), ("case.region", "utrcht"),
     ("subject.age_band", ["adult"])],
)  # fmt: skip
def test_decide_decides_on_nothing_that_does_not_exist(path: str, value: object, tmp_path: Path) -> None:
    """Named by its place, without what was written."""
    file = tmp_path / "inputs.json"
    file.write_text(json.dumps([asking({}), asking({path: value})]))
    assert _run("decide", str(file)) == (2, f"2. {path} has a value that the hand-out does not know.\n")


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


def test_show_says_all_of_a_row_in_dutch_words(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    told = _run("show")[1]
    rows = re.split(r"[├└]─", told)
    first, a03, a04, a07, a12 = (
        next(row for row in rows if f"│ {code} " in row) for code in ("A01", "A03", "A04", "A07", "A12")
    )
    assert "slachtoffer (18 en ouder) – alleen als dit ook een vermoedelijke pleger is" in first
    assert "ook nodig: acute of structurele onveiligheid is aangegeven" in first
    assert "getoetst door: niemand; geldt vanaf 01-01-2026" in first
    assert "open vraag Q1" in first
    assert "contactverbod, locatieverbod" in a03
    assert "slachtoffer" in a04
    assert "niet als dit ook een vermoedelijke pleger is" in a04
    assert "antwoord alleen: straf, geen, niet vast te stellen – de officier van justitie stemt in" in a07
    assert "verplicht: de officier van justitie stemt in; een bevoegde medewerker" in a12
    catalogue = release.catalogue
    codes = {*catalogue.answer_codes, *catalogue.subject_roles, *catalogue.age_bands, *catalogue.conditions}
    shown = set(re.findall(r"[a-z_]+", told))
    assert {code for code in codes & shown if "_" in code} == set()


def test_show_says_once_what_every_row_needs(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    told = _run("show", "--language", "en")[1]
    for code in release.catalogue.every_rule:
        assert told.count(release.catalogue.conditions[code].en) == 1


def test_show_gives_open_questions_and_gaps_as_json_too() -> None:
    rows = {row["rule"]: row for row in json.loads(_run("show", "--json")[1])}
    assert rows["A02"]["open_questions"] == ["Q1", "Q2", "Q5"]
    assert rows["A02"]["gaps"]
    assert rows["A02"]["subjects"]["victim"]["dual_role"] is True
    assert rows["A04"]["open_questions"] == []


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


def test_the_commands_in_the_guides_work(tmp_path: Path) -> None:
    """Each line of `policy` in the guide for officers and in the one for developers, as it stands."""
    root = Path(__file__).parents[2]
    for name in ("policies", "docs"):
        (tmp_path / name).symlink_to(root / name, target_is_directory=True)
    commands = [
        line.partition(" # ")[0].split()[1:]
        for guide in ("docs/policy-guide.md", "policies/README.md")
        for line in (root / guide).read_text(encoding="utf-8").splitlines()
        if line.lstrip().startswith(".venv/bin/grondslag policy")
    ]
    minutes = [command for command in commands if command[1] in {"table", "compare"}]  # tested elsewhere
    commands = [command for command in commands if command not in minutes]
    assert len(commands) >= 4
    for command in commands:
        ran = subprocess.run(
            [sys.executable, "-m", "grondslag", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == 0, (command, ran.stderr)
        assert ran.stdout, command
