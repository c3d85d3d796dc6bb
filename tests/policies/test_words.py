"""That a hand-out is a concept stands on all that is told of it, and comes from the release."""

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from policies import Release
from policies.cards import Deck
from policies.compare import compare
from policies.page import page
from policies.release import release_of
from policies.replay import replay
from policies.showing import Showing, lines_of, showing
from policies.table import Table
from policies.words import Words

ROWS = "handout/matrix/data.json"
NOTHING = Table("sha256:0", "regorus", {}, "")


def of_status(release: Release, status: str) -> Release:
    data = json.loads(release.files[ROWS])
    return release_of({**release.files, ROWS: json.dumps({**data, "status": status}).encode()})


def unchanged(release: Release) -> Showing:
    return showing(release, release, Deck((), ()), compare(NOTHING, NOTHING), ((), ()))


TOLD: dict[str, Callable[[Words, Release], str]] = {
    "the table": lambda words, _: "\n".join(words.table(NOTHING)),
    "a change": lambda _, release: "\n".join(lines_of(asdict(unchanged(release)))),
    "the page of a change": lambda _, release: page(unchanged(release)),
    "what is decided again": lambda words, release: "\n".join(
        words.replay(replay([], release, lambda _: None))
    ),
}


@pytest.mark.parametrize("told", TOLD)
@pytest.mark.parametrize("status", ["concept", "reviewed"])
def test_the_status_of_a_release_is_told(told: str, status: str, release: Release) -> None:
    other = of_status(release, status)
    text = TOLD[told](Words(other.catalogue, dutch=True), other)
    assert f"hand-out: {other.catalogue.statuses[status].nl}" in text
    assert ("concept" in text) == (status == "concept")


def test_a_row_that_refuses_shows_its_article(release: Release) -> None:
    rule = release.catalogue.rules["A04"]
    assert "artikel: Reclasseringsregeling 8" in list(Words(release.catalogue, dutch=True).rule(rule))
