"""A code that does not exist is an error of whoever wrote it: no refusal, no desk to call, nothing asked."""

from typing import Any

import pytest

from demo.caller import Refused
from demo.play import Play
from tests.attacks.insider import Door
from tests.world import LocalWorld

UNKNOWN = (400, "question_unknown")
INVALID = (400, "request_invalid")

MISSPELT: dict[
    str, tuple[dict[str, Any], tuple[int, str]]
] = {  # changes to the wish, by where -> what is told
    "a question": ({"question": "reclassering.under_supervison"}, UNKNOWN),
    "a question of a kind that nobody is": ({"question": "gemeente.known"}, UNKNOWN),
    "a question of the own kind": ({"question": "veilig_thuis.earlier_rapport"}, UNKNOWN),
    "a question without a kind": ({"question": "under_supervision"}, INVALID),
    "a party": ({"holder": "reclassering_noord"}, INVALID),
    "a purpose": ({"purpose": "enrich_referal"}, INVALID),
    "an urgency": ({"urgency": "acute"}, INVALID),
    "a role": ({"role": "suspect"}, INVALID),
    "an age band": ({"ageBand": "from_16_to_18"}, INVALID),
    "a consent": ({"consent": "no"}, INVALID),
}


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("what", MISSPELT)
def test_what_does_not_exist_is_not_asked_for(what: str, dry_run: bool, chain: LocalWorld) -> None:
    """Beside a question that does exist, which is not asked either."""
    changes, told = MISSPELT[what]
    play = Play(chain)
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known", "reclassering.known"])
    man["questions"][1]["question"] = "reclassering.under_supervision"
    wish = {"caseRef": case, "purpose": "enrich_referral", "subjects": [man], "dryRun": dry_run}
    for name, value in changes.items():
        place = man["questions"][1] if name in ("question", "holder") else man if name in man else wish
        (man if name == "ageBand" else place)[name] = value
    before = Door(chain)
    with pytest.raises(Refused) as refused:
        play.chair.post("/v1/enrichments", wish)
    assert (refused.value.status, refused.value.code) == told
    assert before.quiet()


@pytest.mark.parametrize(
    "changes",
    [{"region": "utrcht"}, {"stage": "enriching"}, {"melding": "yes"}, {"criteria": "all"}],
    ids=str,
)
def test_a_case_is_not_stated_with_what_does_not_exist(changes: dict[str, str], chain: LocalWorld) -> None:
    play, before = Play(chain), Door(chain)
    with pytest.raises(Refused) as refused:
        play.case(play.chair, **changes)
    assert (refused.value.status, refused.value.code) == INVALID
    assert before.quiet()
