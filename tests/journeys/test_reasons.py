"""No reason, alone or with others, depends on what only the holder knows (hand-out 9, design 4).

Two kinds of reasons exist: those of the hand-out, from facts that the asker and the broker sign or record,
neither of which has a register; and three of the holder, decided before anybody looks (`test_desk.py` and
`test_holder_decides.py` show that the last comes too late once somebody did).
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest

from adapters.partners.adapter import Adapter
from contract.documents import AskedQuestion, Asker, CaseFacts, Ground, Repetition, decision_input
from demo.play import Play
from party.hand_outs import HandOuts
from policies import load_release
from tests.journeys.watching import POLICE, SUPERVISED, WAITS, ask, ends, official, place, waiting, watch


def _paths(given: Mapping[str, Any]) -> Iterator[str]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner in value)
        else:
            yield name


def test_every_fact_that_a_rule_can_read_is_the_askers_or_the_brokers() -> None:
    """The input is built from their documents alone, and no fact of the vocabulary comes from elsewhere."""
    built = decision_input(
        Asker("veilig_thuis", "chair", mandated=True, assigned=True),
        AskedQuestion.model_construct(
            question=SUPERVISED, **dict.fromkeys(set(AskedQuestion.model_fields) - {"question"})
        ),
        purpose="interpret",
        urgency="normal",
        case=CaseFacts.model_construct(**dict.fromkeys(CaseFacts.model_fields)),
        repetition=Repetition.model_construct(**dict.fromkeys(Repetition.model_fields)),
        re_roled=False,
    )
    assert set(_paths(built)) == set(load_release().catalogue.vocabulary)


def test_the_holder_has_three_reasons_of_its_own_and_the_catalogue_names_them() -> None:
    reasons = load_release().catalogue.reasons
    assert {code for code in reasons if code.startswith("holder_")} == set(get_args(Ground))


def test_each_of_them_is_given_without_a_look_at_the_register(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The register of every holder is out of reach, and all three come all the same."""

    async def out_of_reach(*_: object) -> None:
        raise AssertionError("a register was opened for a reason")

    monkeypatch.setattr(Adapter, "look_up", out_of_reach)
    asked = ask(play, POLICE)
    official(play).post(f"{place(waiting(play)[0])}/refusals")
    assert watch(play, asked, lambda now: now[POLICE] not in WAITS) == {
        POLICE: "refused_by_holder:holder_needs_more_reason"
    }
    manager = play.caller("reclassering", "manager")
    manager.put("/v1/pause")
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "refused_by_holder:holder_paused"}
    manager.delete("/v1/pause")
    monkeypatch.setattr(HandOuts, "valid", lambda *_: False)
    assert ends(ask(play, SUPERVISED)) == {SUPERVISED: "refused_by_holder:holder_revision_differs"}
