"""Regions narrow what the nation permits, in every cell, and never loosen it."""

import json
from typing import Any

import pytest

from policies import Release, ReleaseError
from policies.areas import compare_all, digest_of, loosened, verify_alike
from policies.compare import compare
from policies.parts import Parts
from policies.release import release_of
from policies.table import Table, space
from policies.words import Words
from tests.policies.test_graph import with_rule

REGIONS = "handout/regions/data.json"
NONE: dict[str, Any] = {
    "purposes": [],
    "subjects": [],
    "ages": [],
    "to": None,
    "answer_codes": [],
    "conditions": [],
}


def narrowed(release: Release, **places: list[dict[str, Any]]) -> Release:
    """The release with these narrowings, by region or arrondissement."""
    data = json.loads(release.files[REGIONS])
    for place, narrowings in places.items():
        layer = "regions" if place in data["regions"] else "arrondissements"
        data[layer][place]["narrowings"] = [{**NONE, **one} for one in narrowings]
    return release_of({**release.files, REGIONS: json.dumps(data).encode()})


@pytest.fixture(scope="module")
def agreed(release: Release) -> Release:
    """Every kind of narrowing, in an arrondissement and in one of its regions."""
    return narrowed(
        release,
        oost_nederland=[{"rule": "A06", "to": "human"}],
        twente=[
            {"rule": "A01", "to": "refuse", "purposes": ["decide_attendance"]},
            {"rule": "A02", "answer_codes": ["no"], "ages": ["adult"]},
            {"rule": "A02", "conditions": ["weighty_interest"], "subjects": ["suspected_perpetrator"]},
        ],
    )


PAIRS = {
    ("veilig_thuis", "rvdk.known"),
    ("veilig_thuis", "reclassering.known"),
    ("veilig_thuis", "reclassering.under_supervision"),
}
"""What the narrowings below speak of; of the rest of the space one table is like the other."""


def tabulated(release: Release, region: str) -> Table:
    """The cells of these questions."""
    parts = Parts(release)
    every = dict(space(parts, region, frozenset(PAIRS)))
    decisions = dict(zip(every, parts.decisions(list(every.values())), strict=True))
    return Table(release.revision, "regorus", decisions, f"digest of {region}")


def test_the_25_regions_stand_under_10_arrondissements(release: Release) -> None:
    """Hand-out section 10; none has agreed anything yet."""
    regions = release.catalogue.regions
    assert len(regions) == 25
    assert len({region.arrondissement for region in regions.values()}) == 10
    assert list(release.catalogue.areas.values()) == [tuple(regions)]


def test_regions_that_agreed_the_same_decide_alike_and_that_is_shown(
    agreed: Release, release: Release
) -> None:
    """One area for each distinct agreement, the nation's first; nothing else reads the region."""
    areas = agreed.catalogue.areas
    assert [len(regions) for regions in areas.values()] == [20, 4, 1]
    verify_alike(Parts(agreed))
    leaking = with_rule(release, 'reasons contains "case_closed" if input.case.region == "twente"')
    with pytest.raises(ReleaseError, match="reads the region and more"):
        verify_alike(Parts(leaking))


def test_a_region_permits_less_in_exactly_what_it_agreed(agreed: Release) -> None:
    """Nothing wider anywhere; the kinds of change are those of the agreements."""
    nation = tabulated(agreed, next(iter(agreed.catalogue.areas)))
    found = {region: compare(nation, tabulated(agreed, region)) for region in agreed.catalogue.areas}
    assert not any(one.wider for one in found.values())
    kinds = {region: {(flip.kind, flip.rule) for flip in one.flips} for region, one in found.items()}
    assert kinds["noord_oost_gelderland"] == {("by_hand", "A06"), ("more_duties", "A06")}
    assert {("refused", "A01"), ("fewer_answers", "A02"), ("by_hand", "A06")} <= kinds["twente"]
    assert loosened(agreed, tabulated) is None


def test_a_rule_that_lets_a_region_loosen_is_found(agreed: Release) -> None:
    """Twente agreed to narrow; a rule that forgets D09 there lets a machine answer about a victim."""
    path = "handout/matrix/matrix.rego"
    source = agreed.files[path].decode()
    broken = source.replace(
        "\trule.subjects[input.subject.role].dual_role == false # D09\n",
        "\tmine := rule.subjects[input.subject.role].dual_role\n"
        "\t[1 | mine; data.handout.regions.agreed == []] == []\n",
    )
    assert broken != source
    assert loosened(release_of({**agreed.files, path: broken.encode()}), tabulated) is not None


def test_a_comparison_says_in_which_regions(release: Release, agreed: Release) -> None:
    """Each change once, with the regions where it holds; everywhere else nothing changes. Each group of
    regions counts, in what changes and in how many there are.
    """
    found = compare_all(release, agreed, tabulated)
    assert {flip.regions for flip in found.flips} == {
        ("noord_oost_gelderland", "ijsselland", "gelderland_zuid", "gelderland_midden", "twente"),
        ("twente",),
    }
    assert found.cells == 3 * compare(tabulated(release, "utrecht"), tabulated(release, "utrecht")).cells
    assert found.partners == ("reclassering", "rvdk", "veilig_thuis")
    words = Words(agreed.catalogue, dutch=True)
    assert "alleen in: Twente" in [line for flip in found.flips for line in words.flip(flip)]
    assert digest_of({"a": tabulated(release, "utrecht")}) == tabulated(release, "utrecht").digest


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rule": "A04", "to": "refuse"}, "narrows a row that permits nothing"),
        ({"rule": "Z01", "to": "refuse"}, "narrows a row that permits nothing"),
        ({"rule": "A02"}, "narrows nothing"),
        ({"rule": "A02", "to": "automatic"}, "to is none of 'human' or 'refuse'"),
        ({"rule": "A02", "to": "human", "purposes": ["interpret"]}, "unknown codes: interpret"),
        ({"rule": "A02", "answer_codes": ["yes", "no", "not_determinable"]}, "leaves no answer"),
        ({"rule": "A02", "to": "human", "permit": True}, "permit"),
    ],
    ids=str,
)
def test_what_would_loosen_or_says_nothing_is_no_narrowing(
    change: dict[str, Any], sentence: str, release: Release
) -> None:
    with pytest.raises(ReleaseError, match=sentence):
        narrowed(release, twente=[change])


def test_a_region_may_lower_a_limit_and_not_raise_it(release: Release) -> None:
    data = json.loads(release.files[REGIONS])
    data["regions"]["twente"]["parameters"] = {"max_repeats": 1}
    lower = release_of({**release.files, REGIONS: json.dumps(data).encode()})
    assert lower.catalogue.limits("twente").max_repeats == 1
    assert lower.catalogue.limits("utrecht").max_repeats == 2
    data["regions"]["twente"]["parameters"] = {"max_repeats": 3}
    with pytest.raises(ReleaseError, match="looser than nationally"):
        release_of({**release.files, REGIONS: json.dumps(data).encode()})
