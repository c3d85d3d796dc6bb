"""What loading accepts crashes nothing that reads it later: a release is refused with a sentence when it is
read, or everything that is worked out from it ends, if only with the sentence that there is no decision.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import EmbeddedPolicy, PolicyError, Release, ReleaseError, load_release
from policies.cards import deck
from policies.catalogue.facts import VALUES
from policies.compare import compare
from policies.effect import compared
from policies.explain import explain
from policies.page import page
from policies.parts import Parts
from policies.release import release_of
from policies.showing import lines_of, showing
from policies.table import Table, space
from policies.words import Words
from tests.policies.conftest import asking

BASE = load_release()
DATA = {path: json.loads(content) for path, content in BASE.files.items() if path.endswith(".json")}
CATALOGUE, MATRIX = "handout/catalogue/data.json", "handout/matrix/data.json"

Place = tuple[str | int, ...]


def _places(value: Any, at: Place = ()) -> Iterator[Place]:
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*at, key))


PLACES = [(path, at) for path, document in DATA.items() for at in _places(document)]
ODD = [None, True, 0, -1, 10**12, "", "nowhere", "1", " ", [], ["nowhere"], {}, {"nowhere": {}}]


def _spoilt(path: str, at: Place, draw: st.DataObject) -> dict[str, bytes]:
    """Our files with one thing dropped, twice, emptied, or another in its place."""
    document = copy.deepcopy(DATA[path])
    place = document
    for key in at[:-1]:
        place = place[key]
    there, key = place[at[-1]], at[-1]
    beside = list(place.values()) if isinstance(place, dict) else place
    options = ["drop", "odd", "swap", "twice"]
    match draw.draw(st.sampled_from(options)):
        case "drop":
            del place[key]
        case "odd":
            place[key] = draw.draw(st.sampled_from(ODD))
        case "swap":
            place[key] = draw.draw(st.sampled_from(beside))
        case _:
            if isinstance(place, list):
                place.append(there)
            else:
                place["nowhere"] = there
    return _with({path: document})


def _with(documents: dict[str, Any]) -> dict[str, bytes]:
    return {**BASE.files, **{path: json.dumps(one).encode() for path, one in documents.items()}}


def _read(release: Release) -> None:
    """All that takes no table."""
    EmbeddedPolicy(release)
    parts = Parts(release)
    for dutch in (True, False):
        words = Words(release.catalogue, dutch=dutch)
        list(words.every_rule())
        list(words.regions())
        for rule in release.catalogue.rules.values():
            list(words.rule(rule))
        for changed in ({}, {"case.melding": "none"}):
            found = explain(parts, asking(changed))
            list(words.explanation(found))
            list(words.decision(found.decision))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), st.data())
def test_a_spoilt_release_is_refused_or_read(where: tuple[str, Place], draw: st.DataObject) -> None:
    try:
        release = release_of(_spoilt(*where, draw))
    except ReleaseError:
        return
    try:
        _read(release)
    except PolicyError:
        return  # somebody is told, in a sentence


@pytest.mark.parametrize("field", VALUES)
def test_a_release_that_forgets_a_fact_is_refused(field: str) -> None:
    """In both places, so that neither contradicts the other."""
    catalogue = copy.deepcopy(DATA[CATALOGUE])
    del catalogue["vocabulary"][field], catalogue["facts"][field]
    with pytest.raises(ReleaseError, match="lacks what a decision is asked with"):
        release_of(_with({CATALOGUE: catalogue}))


def test_a_release_with_a_fact_that_nobody_hands_in_is_refused() -> None:
    catalogue = copy.deepcopy(DATA[CATALOGUE])
    catalogue["vocabulary"]["case.weather"] = ["fine"]
    catalogue["facts"]["case.weather"] = catalogue["facts"]["case.kind"]
    with pytest.raises(ReleaseError, match="nobody hands in"):
        release_of(_with({CATALOGUE: catalogue}))


def test_a_release_with_a_value_that_never_comes_is_refused() -> None:
    catalogue = copy.deepcopy(DATA[CATALOGUE])
    catalogue["vocabulary"]["case.urgency"].append("tomorrow")
    with pytest.raises(ReleaseError, match="other values than the program hands in"):
        release_of(_with({CATALOGUE: catalogue}))


def _asks_nothing(partner: str) -> Release:
    """The release in which this kind of partner has neither a row that asks, nor a role that may."""
    matrix, catalogue = copy.deepcopy(DATA[MATRIX]), copy.deepcopy(DATA[CATALOGUE])
    del matrix["cells"][partner]
    matrix["asking_roles"][partner] = []
    asked = {question for questions in matrix["cells"].values() for question in questions}
    left = {code for questions in matrix["cells"].values() for codes in questions.values() for code in codes}
    for code, row in list(matrix["rules"].items()):
        row.get("legal_bases", {}).pop(partner, None)
        if code not in left and row["subjects"]:
            del matrix["rules"][code]
    catalogue["questions"] = {code: one for code, one in catalogue["questions"].items() if code in asked}
    catalogue["vocabulary"]["question"] = list(catalogue["questions"])
    return release_of(_with({MATRIX: matrix, CATALOGUE: catalogue}))


def _table(release: Release, partner: str) -> Table:
    """Of one question by this partner."""
    parts = Parts(release)
    every = space(parts, pairs=frozenset({(partner, "veilig_thuis.earlier_report")}))
    found = {cell: parts.decide(facts) for cell, facts in every}
    return Table(release.revision, "regorus", found, "sha256:0")


def test_a_partner_that_asks_nothing_has_a_table_of_refusals() -> None:
    release = _asks_nothing("rvdk")
    _read(release)
    before, after = _table(BASE, "rvdk"), _table(release, "rvdk")
    assert before.permits > after.permits == 0
    found = compare(before, after)
    assert {flip.kind for flip in found.flips} >= {"refused"}
    page(showing(BASE, release, deck(BASE, release, found), found, ((), ()), absent=()))


@pytest.mark.long
@pytest.mark.parametrize("partner", ["rvdk", "veilig_thuis"])
def test_all_that_is_worked_out_of_such_a_release_ends(partner: str, tables: Path) -> None:
    """Tables, gates, invariants and scenarios, and the cards both ways, as lines and as a page."""
    release = _asks_nothing(partner)
    for old, new in ((BASE, release), (release, BASE)):
        found = compared(old, new, tables)
        assert found.changed
        page(found.shown)
        list(lines_of(asdict(found.shown)))


@pytest.mark.parametrize("reason", ["asked_before", "no_rule", "requester_not_mandated", "age_unknown"])
def test_a_reason_that_a_rule_gives_is_one_of_the_hand_out(reason: str) -> None:
    """Gone, it would take its refusal with it: no decision for whoever it was about, from that day on."""
    catalogue = copy.deepcopy(DATA[CATALOGUE])
    del catalogue["reasons"][reason]
    with pytest.raises(ReleaseError, match=r"\.rego:\d+ has a word that the data"):
        release_of(_with({CATALOGUE: catalogue}))


def test_a_misspelt_word_in_a_rule_is_refused() -> None:
    path = "handout/case/case.rego"
    source = BASE.files[path].replace(b'== "acute_danger"', b'== "acute_dangr"')
    with pytest.raises(ReleaseError, match=r"case\.rego:\d+ has a word"):
        release_of({**BASE.files, path: source})
