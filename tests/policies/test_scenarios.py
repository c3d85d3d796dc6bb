"""The table that a lawyer reads: every line comes out, and it speaks of every row and every reason."""

from pathlib import Path

import pytest

from policies import Release, ReleaseError, load_release
from policies.parts import Parts
from policies.scenarios import FILE, Scenario, outcome, read_scenarios, unexpected

HAND_OUT = Path(__file__).parents[2] / "policies" / "handout"
LINES = read_scenarios(HAND_OUT, load_release().catalogue)
ELSEWHERE = {
    "rule_not_in_force",  # of a release, decided before any rule
    "narrowed_by_region",  # no region has agreed anything yet: tests/policies/test_areas.py
    "melder_protected",  # on pages only: no question has a code for it
    "advice_not_shared",
    "holder_paused",  # the holder's own, before its register is opened
    "holder_revision_differs",
    "holder_needs_more_reason",
}


@pytest.fixture(scope="module")
def parts(release: Release) -> Parts:
    return Parts(release)


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.line} {line.name}")
def test_a_line_comes_out(line: Scenario, parts: Parts) -> None:
    assert outcome(parts.decide(parts.reader.facts(line.given))) == line.expected, line.because


def test_every_row_and_every_reason_has_a_line(release: Release) -> None:
    """And every acceptance story."""
    expected = {word for line in LINES for word in line.expected.replace("+", " ").split()}
    refusing = {code: rule.reason for code, rule in release.catalogue.rules.items() if rule.reason}
    assert set(release.catalogue.rules) - refusing.keys() <= expected
    assert set(release.catalogue.reasons) - expected == ELSEWHERE
    assert {line.name.split()[0] for line in LINES} >= {f"V{number}" for number in range(1, 13)}


def test_a_line_that_does_not_come_out_is_named_with_what_came(release: Release, tmp_path: Path) -> None:
    text = (HAND_OUT / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text.replace("automatisch A01", "mens A01", 1), encoding="utf-8")
    found = list(unexpected(Parts(release), read_scenarios(tmp_path, release.catalogue)))
    assert found == [f"{FILE}:2 V1 stalking: man: automatisch A01, verwacht mens A01"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("enrich_referral", "opsporing", "says purpose='opsporing'"),
        ("subject.consent=refused", "subject.bsn=1", r"says subject\.bsn='1'"),
        ("scenario,", "verhaal,", "has other columns"),
        (",De Reclassering kan", "", "has other columns"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_with_its_line(
    old: str, new: str, sentence: str, release: Release, tmp_path: Path
) -> None:
    text = (HAND_OUT / FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReleaseError, match=sentence):
        read_scenarios(tmp_path, release.catalogue)


def test_no_table_is_no_lines(release: Release, tmp_path: Path) -> None:
    assert read_scenarios(tmp_path, release.catalogue) == []
