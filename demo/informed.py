"""The story of those who must be told: a year of the stalking case, played at speed."""

import base64
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from contract.days import day_of
from demo.caller import Json, Refused
from demo.play import Play, PlayedStory

_FACTORS = [
    "purposes",
    "categories",
    "extent",
    "safeguards",
    "controller",
    "retention",
    "risks",
    "right_to_know",
]
_RECEIPT = base64.b64encode(b"een getekend bewijs van ontvangst").decode()
_MAN, _WOMAN, _CHILD = "suspected_perpetrator", "victim", "child"
_WHO = {_MAN: "de man", _WOMAN: "de vrouw", _CHILD: "een kind"}


def informed(play: Play, told: PlayedStory) -> None:
    """Somebody is told in time; the prosecutor lets another wait and that ends; a third is overdue and goes
    to chair and FG; a fourth is left out by the FG. After a year nobody is forgotten.
    """
    year = _Year(play, told)
    man = play.subject("stalking.man", _MAN, ["reclassering.known"])
    woman = play.subject("stalking.woman", _WOMAN, ["politie.relevant_registrations"], weighty=True)
    children = [play.subject(f"stalking.child_{number}", _CHILD, ["rvdk.known"]) for number in (1, 2)]
    told.take(play.ask(play.chair, year.case, [man, *children]))
    play.case(play.chair, caseRef=year.case, stage="meeting")
    seen = told.take(play.ask(play.chair, year.case, [woman], "interpret"))
    first, second = (one for one in year.owed() if one["subjectRole"] == _CHILD)
    told.must_end(seen, {("politie.relevant_registrations", _WOMAN): "waits_for_person"})
    told.must(len(year.owed()) == 4, f"{len(year.owed())} plichten in plaats van 4")
    # day 2: a child is told, through its representative or together with it
    year.pass_days(2)
    year.tell(first, "conversation")
    # day 3: the prosecutor lets the man wait
    year.pass_days(1)
    year.let_wait(year.one(_MAN))
    year.must(lambda: year.one(_MAN)["state"] == "deferred", "het uitstel van de officier kwam niet aan")
    told.must("ground" not in year.one(_MAN)["last"], "de grond van de officier is bekend bij Veilig Thuis")
    # day 18: that has ended by itself; day 20: he is told, by word of mouth
    year.pass_days(15)
    year.must(lambda: year.one(_MAN)["state"] == "open", "het uitstel eindigde niet vanzelf")
    year.must(lambda: not year.waits(_MAN, "deferral_ended"), "aan het einde is niemand herinnerd")
    year.pass_days(2)
    year.tell(year.one(_MAN), "conversation")
    # day 29: of the woman nobody thought
    year.pass_days(9)
    year.must(lambda: year.one(_WOMAN)["overdue"], "te laat, en niemand zag het")
    year.must(lambda: not year.waits(_WOMAN, "overdue"), "voorzitter en FG zijn niet gewaarschuwd")
    year.say("de vrouw wist het nog niet: voorzitter en FG zijn gewaarschuwd")
    year.tell(year.one(_WOMAN), "conversation")
    # the other child: the FG leaves it out
    fg = play.caller("veilig_thuis", "data_protection_officer")
    words = "Vertellen zou verraden wat het beroepsgeheim beschermt."
    omission = {"step": "omission", "ground": "professional_secrecy", "weighing": words}
    fg.post(year.place(second), {"version": year.again(second)["version"], **omission})
    year.say("de FG liet één kennisgeving weg, met handtekening")
    # a year later
    year.pass_days(365 - 29)
    ends = sorted(one["state"] for one in year.owed())
    told.must(ends == ["met", "met", "met", "omitted"], f"na een jaar: {ends}")
    shared = sorted(one["state"] for one in year.joint())
    told.must(shared == ends, f"de centrale weet iets anders: {shared}")
    told.notes += year.notes


def told_safely(play: Play, told: PlayedStory) -> None:
    """A woman whose post and telephone somebody else reads: that is said once, and holds at each step. What
    is written as proof stays at the node.
    """
    year = _Year(play, told)
    play.case(play.chair, caseRef=year.case, stage="meeting")
    woman = play.subject("stalking.woman", _WOMAN, ["politie.relevant_registrations"], weighty=True)
    told.take(play.ask(play.chair, year.case, [woman], "interpret"))
    one = year.one(_WOMAN)
    today = day_of(play.world.now()).isoformat()
    shared = ["address_shared", "device_shared"]
    spoken = {"channel": "conversation", "recipient": "self"}
    plan = {"step": "plan", "sender": "veilig_thuis", "plannedOn": today, **spoken}

    def refused(one: Json, body: Json) -> bool:
        try:
            play.chair.post(year.place(one), {"version": one["version"], **body})
        except Refused as problem:
            return problem.code == "request_invalid"
        return False

    told.must(refused(one, plan), "of haar post veilig is, hoefde niemand te zeggen")
    letter = {**plan, "channel": "letter", "circumstances": shared}
    told.must(refused(one, letter), "een brief naar een gedeeld adres kon")
    planned = play.chair.post(year.place(one), {"version": one["version"], **plan, "circumstances": shared})
    notice = {"step": "notice", "textVersion": "2026-11", "safetyCheckedOn": today, **spoken}
    for channel in ("letter", "phone"):
        told.must(refused(planned, {**notice, "channel": channel}), f"{channel} kon na het plan alsnog")
    year.tell(planned, "conversation", shared)
    told.notes.append(
        "Brief en telefoon konden niet, ook bij een latere stap niet. Zij hoorde het in een gesprek."
    )


class _Year:
    """The case, its days, and who acts in it."""

    def __init__(self, play: Play, told: PlayedStory) -> None:
        self._play = play
        self._told = told
        self._day = 0
        self.case = play.case(play.chair)
        self.notes: list[str] = []

    def pass_days(self, days: int) -> None:
        self._day += days
        self._play.pass_time(timedelta(days=days))

    def owed(self) -> list[Json]:
        search = {"caseRef": self.case, "live": False}
        found: list[Json] = self._play.chair.post("/v1/obligations/_search", search)
        return found

    def one(self, role: str) -> Json:
        return next(one for one in self.owed() if one["subjectRole"] == role)

    def again(self, one: Json) -> Json:
        return next(now for now in self.owed() if now["id"] == one["id"])

    def waits(self, role: str, reminder: str) -> bool:
        """Whether this reminder is still to be given."""
        return any(row["code"].startswith(reminder) for row in self.one(role)["reminders"])

    def joint(self) -> list[Json]:
        found: list[Json] = self._play.chair.get(f"/v1/cases/{self.case}/obligations")
        return found

    def place(self, one: Json) -> str:
        return f"/v1/obligations/{one['id']}/steps"

    def let_wait(self, one: Json) -> None:
        told = {
            "version": one["version"],
            "step": "deferral",
            "until": (self._play.world.now() + timedelta(days=14)).isoformat(),
            "ground": "criminal_investigation",
            "decider": "officier van justitie",
            "factors": _FACTORS,
            "weighing": "Het onderzoek loopt gevaar als hij het nu hoort.",
        }
        prosecutor = self._play.caller("om", "participant")
        prosecutor.post(f"/v1/cases/{self.case}/assignments", {"why": "invited"})
        prosecutor.post(f"/v1/cases/{self.case}/obligations/{one['id']}/steps", told)
        self.say("de officier van justitie liet het voor de man veertien dagen wachten")

    def tell(self, one: Json, channel: str, circumstances: Sequence[str] = ()) -> None:
        """Plans, makes the letter to take along, tells and confirms, all on one day."""
        today = day_of(self._play.world.now()).isoformat()
        ages = {"under_12": "representative", "from_12_to_15": "child_and_representative"}
        how: dict[str, Any] = {"channel": channel, "recipient": ages.get(one["ageBand"], "self")}
        plan = {"step": "plan", "sender": "veilig_thuis", "plannedOn": today, **how}
        plan["circumstances"] = [*circumstances]
        one = self._play.chair.post(self.place(one), {"version": one["version"], **plan})
        letter = self._play.chair.post(f"/v1/obligations/{one['id']}/letters")
        self._told.must("In deze brief staat niet van wie." in letter["html"], "de brief klopt niet")
        for step in (
            {"step": "notice", "textVersion": "2026-11", "safetyCheckedOn": today, **how},
            {"step": "delivery", "how": "receipt_signed", "document": _RECEIPT, "deliveredOn": today},
        ):
            one = self._play.chair.post(self.place(one), {"version": one["version"], **step})
        self._told.must(one["state"] == "met", f"verteld, en toch {one['state']}")
        self.say(f"{_WHO[one['subjectRole']]} weet het, door een gesprek en een brief")

    def must(self, holds: Callable[[], bool], sentence: str) -> None:
        """Waits until it is so."""
        self._told.must(self._play.soon(holds), sentence)

    def say(self, what: str) -> None:
        self.notes.append(f"Dag {self._day}: {what}.")
