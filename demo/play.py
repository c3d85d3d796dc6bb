"""How a story is played: who takes part, what they saw, and what went otherwise than it must."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from demo.caller import DemoCaller, Json, Refused
from demo.cast import cast
from demo.members import REGION
from demo.pace import Patience
from demo.population import CastMember
from demo.proposal import Proposal

_WHY = "De veiligheid van betrokkenen vraagt om deze ene vraag."
_NOT_LESS = "Met minder, of op een andere manier, is dit niet te weten."
_STATED = "Dit is voor deze vraag afgewogen en in orde bevonden."
_WEIGHTY = "Er is nu een zwaarwegend en dringend belang: de dreiging loopt."


@dataclass(frozen=True)
class AskedBy:
    """Who asked, in which role, and why."""

    partner: str
    role: str
    purpose: str


@dataclass
class PlayedStory:
    """A story as it went: who asked, what the asker saw, and what went otherwise than it must."""

    name: str
    asked: list[AskedBy] = field(default_factory=list)
    items: list[Json] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    obligations: list[Json] = field(default_factory=list)

    def take(self, enrichment: Json) -> Json:
        self.items += enrichment["items"]
        self.receipts += enrichment["receipts"]
        return enrichment

    def must(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.wrong.append(sentence)

    def must_end(self, enrichment: Json, expected: Mapping[tuple[str, str], str]) -> None:
        """`expected`: (question, subject role) -> "refused:<reason>", "waits_for_person", "answered:<code>"
        and so on.
        """
        seen: dict[tuple[str, str], set[str]] = {}
        for item in enrichment["items"]:
            seen.setdefault((item["question"], item["subjectRole"]), set()).add(ended(item))
        for key, end in expected.items():
            self.must(seen.get(key) == {end}, f"{key[0]} ({key[1]}): {seen.get(key)} in plaats van {end}")
        for key in seen.keys() - expected.keys():
            self.wrong.append(f"{key[0]} ({key[1]}): niet verwacht")


def ended(item: Json) -> str:
    """How a question ended, in one word or two."""
    if item["status"] == "refused":
        return "refused:" + "+".join(sorted(reason["code"] for reason in item["reasons"]))
    if item["status"] == "refused_by_holder":
        return f"refused_by_holder:{item['ground']['code']}"
    if item["answer"]:
        return "answered:" + "+".join(item["answer"]["codes"])
    return str(item["status"])


class Chain(Protocol):
    """A running chain: the demo's own processes, or the tests' chain in one process."""

    today: date
    folder: Path

    @property
    def say(self) -> Callable[[str], None]: ...

    @property
    def parties(self) -> tuple[str, ...]: ...

    def settings(self, party: str) -> dict[str, Any]: ...

    def caller(self, partner: str, role: str, number: int = 1) -> DemoCaller: ...

    def proposal(self) -> Proposal: ...

    def stop(self, party: str) -> None: ...

    def start(self, party: str) -> None: ...

    def wait_ready(self, party: str) -> None: ...

    def now(self) -> datetime: ...

    def pass_time(self, passed: timedelta) -> None: ...


class Play:
    """The callers of all partners, and the cast."""

    def __init__(self, world: Chain) -> None:
        self.world = world
        self.cast = cast(world.today)
        self.asked: list[AskedBy] = []
        self.asked_in: dict[str, tuple[str, str, int]] = {}
        self._callers: dict[tuple[str, str, int], DemoCaller] = {}

    def caller(self, partner: str, role: str, number: int = 1) -> DemoCaller:
        key = (partner, role, number)
        if key not in self._callers:
            self._callers[key] = self.world.caller(partner, role, number)
        return self._callers[key]

    @property
    def chair(self) -> DemoCaller:
        return self.caller("veilig_thuis", "chair")

    def pass_time(self, passed: timedelta) -> None:
        """The chain's clocks jump ahead; everybody signs in anew."""
        self.world.pass_time(passed)
        self._callers.clear()

    def soon(self, holds: Callable[[], bool], within_s: float = 30) -> bool:
        """Looks again until it is so, or the time is over, also for a machine as slow as this one is."""
        patience = Patience(within_s, "het verhaal wacht nog", self.world.say)
        while not holds():
            if patience.over():
                return False
            time.sleep(0.2)
        return True

    def case(self, caller: DemoCaller, **facts: Any) -> str:
        told = {
            "region": REGION,
            "stage": "enrichment",
            "melding": "registered",
            "criteria": "both",
            "unsafety": "structural",
        }
        return str(caller.post("/v1/cases", {**told, **facts})["caseRef"])

    def subject(self, name: str, role: str, questions: Sequence[str], **more: Any) -> Json:
        member: CastMember = self.cast[name]
        weighty = more.pop("weighty", False)
        new_reason = more.pop("new_reason", "")
        asked = [
            {
                "question": question,
                "necessity": _WHY,
                "subsidiarity": _NOT_LESS,
                "weightyInterest": _WEIGHTY if weighty else "",
                "newReason": new_reason,
            }
            for question in questions
        ]
        identity = {_camel(key): value for key, value in member.identity.as_json().items() if value}
        return {"role": role, "consent": "not_asked_unsafe", "identity": identity, "questions": asked, **more}

    def ask(
        self,
        caller: DemoCaller,
        case: str,
        subjects: Sequence[Json],
        purpose: str = "enrich_referral",
        **more: Any,
    ) -> Json:
        wish = {"caseRef": case, "purpose": purpose, "subjects": list(subjects), **more}
        enrichment: Json = caller.post("/v1/enrichments", wish)
        who = next(who for who, one in self._callers.items() if one is caller)
        self.asked.append(AskedBy(who[0], who[1], purpose))
        self.asked_in[case] = who
        return enrichment

    def release(
        self, partner: str, case_items: Iterable[Json], question: str, codes: Sequence[str], **more: Any
    ) -> int:
        """An official of this partner opens what waits and lets these codes go; how many questions."""
        official = self.caller(partner, "official")
        wanted = [
            item
            for item in case_items
            if item["question"] == question and item["status"] == "waits_for_person"
        ]
        done = 0
        for waiting in official.get("/v1/questions"):
            if waiting["question"] == question and done < len(wanted):
                place = f"/v1/questions/{waiting['inquiry']}/{waiting['index']}"
                opened = official.post(f"{place}/views")
                stated = {one["code"]: _STATED for one in opened["toState"]}
                official.post(f"{place}/answers", {"codes": list(codes), "stated": stated, **more})
                done += 1
        return done


Story = Callable[[Play, PlayedStory], None]


def played(story: Story, play: Play) -> PlayedStory:
    """One story, with everyone who asked in it; one that breaks off is wrong."""
    play.asked, play.asked_in = [], {}
    told = PlayedStory(story.__name__)
    try:
        story(play, told)
        for case, who in play.asked_in.items():
            search = {"caseRef": case, "live": False}
            told.obligations += play.caller(*who).post("/v1/obligations/_search", search)
    except (Refused, OSError, KeyError) as error:
        told.wrong.append(f"brak af: {type(error).__name__} {error}")
    told.asked = list(dict.fromkeys(play.asked))
    return told


def decide_standing(play: Play) -> None:
    """Each holder's manager decides which of its rules may be answered automatically."""
    until = f"{play.world.today.year + 1}-{play.world.today:%m}-01T00:00:00Z"
    for partner, rules in {
        "reclassering": ("A01", "A02", "J01"),
        "rvdk": ("A06",),
        "veilig_thuis": ("B01",),
        "verslavingsreclassering": ("A01", "A02", "J01"),
    }.items():
        if partner not in play.world.parties:
            continue
        for rule in rules:
            play.caller(partner, "manager").post(
                "/v1/standing-decisions", {"rule": rule, "validUntil": until}
            )


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
