"""What is asked in a measurement: the demo's cast in ever new cases, so that no question was asked before."""

from collections.abc import Sequence
from typing import Any

from demo.play import Chain, Play

QUESTIONS = 20
PARTNERS = 4

_MEN = ("stalking.man", "acute_danger.man", "asked_again.man")
_CHILDREN = ("stalking.child_1", "stalking.child_2", "stalking.child_3", "children_and_adults.girl")
_PARENTS = ("stalking.woman", "children_and_adults.mother")
_OF_A_MAN = (
    "reclassering.known",
    "reclassering.under_supervision",
    "politie.relevant_registrations",
    "om.ongoing_prosecution",
)
_OF_A_PARENT = ("rvdk.known", "politie.staff_safety_alert")
_STANDING = {"reclassering": ("A01", "A02"), "rvdk": ("A06",)}


class Workload:
    """Wishes for the requester's node, as JSON values, and the cases that they are about."""

    def __init__(self, chain: Chain) -> None:
        self.play = Play(chain)
        self._year = chain.today.year

    def decide_standing(self) -> None:
        """Lets Reclassering and RvdK answer by themselves what the hand-out lets them."""
        for partner, rules in _STANDING.items():
            for rule in rules:
                decision = {"rule": rule, "validUntil": f"{self._year + 1}-01-01T00:00:00Z"}
                self.play.caller(partner, "manager").post("/v1/standing-decisions", decision)

    def cases(self, count: int) -> list[str]:
        return [self.play.case(self.play.chair) for _ in range(count)]

    def enrichment(self, case: str) -> dict[str, Any]:
        """20 questions about nine persons to four partners, all permitted: 12 answered at once, 8 wait."""
        return self._wish(
            case,
            [
                *(self._subject(name, "suspected_perpetrator", _OF_A_MAN) for name in _MEN),
                *(self._subject(name, "child", ["rvdk.known"]) for name in _CHILDREN),
                *(self._subject(name, "parent", _OF_A_PARENT) for name in _PARENTS),
            ],
        )

    def small(self, case: str) -> dict[str, Any]:
        """One question to each of the same four partners."""
        asked = [question for question in _OF_A_MAN if question != "reclassering.known"]
        return self._wish(
            case,
            [
                self._subject("stalking.man", "suspected_perpetrator", asked),
                self._subject("stalking.child_1", "child", ["rvdk.known"]),
            ],
        )

    def single(self, case: str) -> dict[str, Any]:
        """One question, to one partner, that answers at once."""
        man = self._subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
        return self._wish(case, [man])

    def _subject(self, name: str, role: str, questions: Sequence[str]) -> dict[str, Any]:
        return self.play.subject(name, role, questions, weighty=True)

    @staticmethod
    def _wish(case: str, subjects: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {"caseRef": case, "purpose": "enrich_referral", "subjects": list(subjects)}


def wrong(enrichment: dict[str, Any]) -> list[str]:
    """Questions that ended otherwise than they must, whatever the registers hold."""
    automatic = ("reclassering.", "rvdk.")
    return [
        f"{item['question']}: {item['status']}"
        for item in enrichment["items"]
        if item["status"] != ("answered" if item["question"].startswith(automatic) else "waits_for_person")
    ]
