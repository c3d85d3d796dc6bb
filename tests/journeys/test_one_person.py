"""One person entered twice in one request: who it is must be said once, in one way."""

import json

import pytest

from demo.play import Play
from tests.journeys.watching import POLICE, SUPERVISED, accepted, ends, kinds
from tests.world import AsgiCaller, LocalWorld


def wish(play: Play, second_question: str, **second: str) -> dict[str, object]:
    """The same man twice; the second time with this in his identity."""
    case = play.case(play.chair)
    one = play.subject("stalking.man", "suspected_perpetrator", [SUPERVISED], weighty=True)
    other = play.subject("stalking.man", "suspected_perpetrator", [second_question], weighty=True)
    other["identity"] = {**other["identity"], **second}
    return {"caseRef": case, "purpose": "enrich_referral", "subjects": [one, other]}


@pytest.mark.parametrize(
    "second", [{"postcode": "9999ZZ"}, {"houseNumber": "999"}, {"prefix": "ten"}], ids=str
)
def test_one_holder_is_never_told_two_ways(second: dict[str, str], play: Play, world: LocalWorld) -> None:
    """It would look for one of them, and answer about both. Nothing is recorded, nothing leaves."""
    assert isinstance(play.chair, AsgiCaller)
    asked = json.dumps(wish(play, "reclassering.known", **second)).encode()
    before = kinds(world, "veilig_thuis")
    response = play.chair.raw("POST", "/v1/enrichments", asked)
    problem = json.loads(response.body)
    assert (response.status, problem["code"]) == (400, "request_invalid")
    assert [(one["name"], one["code"]) for one in problem["invalidParams"]] == [
        ("subjects", "one_person_two_ways")
    ]
    assert second.popitem()[1] not in response.body.decode()
    assert kinds(world, "veilig_thuis") == before
    assert accepted(world) == []


def test_one_way_twice_is_one_person(play: Play) -> None:
    """With the questions of both."""
    enrichment = play.chair.post("/v1/enrichments", wish(play, POLICE))
    assert set(ends(enrichment)) == {SUPERVISED, POLICE}
    assert len({item["subjectRef"] for item in enrichment["items"]}) == 1
