"""That a hand-out is a concept stands on all that is told of it, and comes from the release."""

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from policies import Release
from policies.cards import Deck, deck
from policies.compare import compare
from policies.page import page
from policies.release import CATALOGUE, REGIONS, release_of
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
    return showing(release, release, Deck((), ()), compare(NOTHING, NOTHING), ((), ()), absent=())


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


def test_the_page_begins_with_the_verdict(release: Release) -> None:
    told = page(unchanged(release))
    assert told.index(unchanged(release).head[0]) < told.index(release.revision)


def test_rows_that_a_basis_or_a_region_changes_are_not_said_to_be_the_same(release: Release) -> None:
    """A01 stands on the basis; what a region agreed is not all of a region."""
    bases, regions = (json.loads(release.files[path]) for path in (CATALOGUE, REGIONS))
    bases["legal_bases"]["in_vt_criminal"]["articles"].append("UAVG 33(1)(a)")
    here = {"rule": "A07", "purposes": [], "subjects": ["child"], "ages": [], "to": "human"}
    regions["regions"]["twente"]["narrowings"] = [{**here, "answer_codes": [], "conditions": []}]
    told = {CATALOGUE: json.dumps(bases).encode(), REGIONS: json.dumps(regions).encode()}
    new = release_of({**release.files, **told})
    nothing = compare(NOTHING, NOTHING)
    same = showing(release, new, deck(release, new, nothing), nothing, ((), ()), absent=()).same
    assert same.startswith("Door wat hierboven verandert, luidt ook anders: A01, A02, A03. ")
    assert "28 van de 31 regels" in same
    assert "alle afspraken van regio's" not in same
    assert "alle regio's" not in same


def test_a_row_that_refuses_shows_its_article(release: Release) -> None:
    rule = release.catalogue.rules["A04"]
    assert "artikel: Reclasseringsregeling 8" in list(Words(release.catalogue, dutch=True).rule(rule))


@pytest.mark.parametrize("field", ["necessity.motivated", "necessity.subsidiarity", "repetition.new_reason"])
def test_a_reason_is_filled_in_and_not_weighed(release: Release, field: str) -> None:
    words = Words(release.catalogue, dutch=True)
    assert words.fact(field, True).endswith(": ingevuld, niet gewogen")
    assert words.fact(field, False).endswith(": niet ingevuld")
    assert words.fact("subject.dual_role", True).endswith(": ja")
