"""A row can be automatic for one purpose and by hand for another."""

import asyncio
import json

import pytest

from policies import Decision, EmbeddedPolicy, OpaServerPolicy, PolicyUnavailable, Release
from policies.engine import Policy, Reader
from policies.mutants import wider_rows
from policies.release import release_of
from policies.words import Words
from tests.opa import opa_server
from tests.policies.conftest import asking

MATRIX = "handout/matrix/data.json"
INPUTS = [asking({"purpose": purpose}) for purpose in ("enrich_referral", "decide_attendance")]


@pytest.fixture(scope="module")
def mixed(release: Release) -> Release:
    """A02 is automatic to enrich, and by hand to decide who joins."""
    matrix = json.loads(release.files[MATRIX])
    matrix["rules"]["A02"]["by_hand_for"] = ["decide_attendance"]
    return release_of({**release.files, MATRIX: json.dumps(matrix).encode()})


def test_the_purpose_decides_whether_a_person_answers_in_both_engines(mixed: Release) -> None:
    async def decide(url: str) -> list[list[Decision]]:
        served = await OpaServerPolicy.open(url, mixed.revision, mixed.catalogue, timeout_s=30)
        engines: list[Policy] = [EmbeddedPolicy(mixed), served]
        found = [await engine.decide(INPUTS) for engine in engines]
        await served.close()
        return found

    with opa_server(mixed) as url:
        embedded, server = asyncio.run(decide(url))
    assert embedded == server
    assert [(one.rule, one.mode) for one in embedded] == [("A02", "automatic"), ("A02", "human")]
    assert ["release_by_official" in one.obligations for one in embedded] == [False, True]


def test_an_engine_that_says_automatic_all_the_same_is_not_believed(release: Release, mixed: Release) -> None:
    [_, automatic] = asyncio.run(EmbeddedPolicy(release).decide(INPUTS))
    reader = Reader(mixed.catalogue, mixed.revision)
    lie = json.loads(automatic.as_json()) | {"revision": mixed.revision}
    with pytest.raises(PolicyUnavailable, match="looser"):
        reader.decision(reader.facts(INPUTS[1]), lie)


def test_people_read_for_which_purposes(mixed: Release) -> None:
    lines = "\n".join(Words(mixed.catalogue, dutch=True).rule(mixed.catalogue.rules["A02"]))
    assert "door een mens bij: besluiten of Reclassering of RvdK aansluit" in lines


def test_leaving_the_purpose_out_is_one_of_the_mutants(mixed: Release) -> None:
    assert "A02 by machine for decide_attendance" in {one.place for one in wider_rows(mixed)}
