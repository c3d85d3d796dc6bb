"""Who is shielded at a holder is as who is not there (D11): for every question, by the register and by hand,
for the asker, the official at the desk, and whoever reads a trail.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic.alias_generators import to_camel

from adapters.partners import _READINGS, om
from adapters.partners.adapter import RegisterAdapter
from adapters.registers.register import Person, Record
from adapters.registers.thresholds import read_thresholds
from contract.codes import BROKER
from contract.days import day_of
from contract.identity import Identity
from demo.caller import DemoCaller, Json
from demo.play import Play, decide_standing
from tests.journeys.watching import INVITED, STATED, WAITS, agreement, place, trail, waiting
from tests.properties.test_no_oracle import Held
from tests.world import LocalWorld, local_world

TODAY = day_of(datetime.now(UTC))
LATELY = TODAY - timedelta(days=90)
PEOPLE = {
    "known": Identity("Bekendsma", "Teunis", "1984-05-06", postcode="9991ZX", house_number="1"),
    "shielded": Identity("Schermstra", "Wobbe", "1971-11-19", postcode="9992ZX", house_number="27"),
    "absent": Identity("Nergenhuis", "Harmen", "1990-08-23", postcode="9993ZX", house_number="8"),
}
RECORDS = {
    "reclassering": {Record("conditional_sentence", "client", LATELY, None, frozenset({"contact_ban"}))},
    "rvdk": {Record("protection", "parent", LATELY, None, frozenset({"measure_advised"}))},
    "politie": {
        Record("violence", "suspect", LATELY),
        Record("staff_safety_alert", "suspect", LATELY),
    },
    "om": {Record("case", "suspect", LATELY), Record("behaviour_order", "suspect", LATELY)},
    "veilig_thuis": {Record("melding", role, LATELY) for role in ("suspected_perpetrator", "parent")},
}
ASKED: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "veilig_thuis",
        "chair",
        "enrich_referral",
        "suspected_perpetrator",
        (
            "reclassering.known",
            "reclassering.under_supervision",
            "politie.relevant_registrations",
            "politie.staff_safety_alert",
            "om.ongoing_prosecution",
        ),
    ),
    (
        "veilig_thuis",
        "chair",
        "interpret",
        "suspected_perpetrator",
        ("reclassering.supervision_kind", "om.safety_measure_in_force", "om.antecedents"),
    ),
    ("veilig_thuis", "chair", "enrich_referral", "parent", ("rvdk.known",)),
    ("veilig_thuis", "chair", "interpret", "parent", ("rvdk.investigation_type", "rvdk.measure_advised")),
    (
        "politie",
        "participant",
        "enrich_referral",
        "suspected_perpetrator",
        ("veilig_thuis.earlier_report", "veilig_thuis.ongoing_involvement"),
    ),
    (
        "rvdk",
        "participant",
        "interpret",
        "parent",
        ("veilig_thuis.earlier_report", "veilig_thuis.ongoing_involvement"),
    ),
)
"""Who asks, in which role, for which purpose, about whom, what: every question there is."""
ONE_TIME = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|[A-Za-z0-9_-]{43,}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+]00:00)"
)
"""References, digests and moments."""
PLACES = {"position", "joint_id", "joint_at", "due_at"}


def adapter(partner: str) -> RegisterAdapter:
    """A register with the same about two persons, one of whom is shielded; the third is not there."""
    persons = [
        Person(who, PEOPLE[who], frozenset(RECORDS[partner]), shielded=who == "shielded")
        for who in ("known", "shielded")
    ]
    always = om.ALWAYS if partner == "om" else {}
    readings = _READINGS[partner]
    return RegisterAdapter(
        partner, Held(persons), readings, thresholds=read_thresholds(), today=lambda: TODAY, always=always
    )


@pytest.fixture
def world(tmp_path: Path, registers: Path) -> Iterator[LocalWorld]:
    made = {partner: adapter(partner) for partner in RECORDS}
    with local_world(tmp_path, registers=registers, adapters=made) as chain:
        yield chain


@pytest.mark.parametrize("standing", [True, False], ids=["by the register", "by hand"])
def test_nobody_can_tell_who_is_shielded_from_who_is_not_there(standing: bool, world: LocalWorld) -> None:
    """Items, lists, what a desk shows, and entries are alike; of who is known they are not."""
    play = Play(world)
    if standing:
        decide_standing(play)
    seen = {who: everything_about(play, world, who) for who in PEOPLE}
    for kind, rows in seen["shielded"].items():
        assert Counter(rows) - Counter(seen["absent"][kind]) == Counter(seen["absent"][kind]) - Counter(rows)
    for kind in ("items", "opened"):
        assert seen["known"][kind] != seen["absent"][kind]
    asked = {question for *_, questions in ASKED for question in questions}
    assert {json.loads(row)["question"] for row in seen["absent"]["items"]} == asked


def everything_about(play: Play, world: LocalWorld, who: str) -> dict[str, list[str]]:
    """What is to be seen, by anybody, of every question about this person; without what names this one
    time.
    """
    before = {party: len(facts(world, party)) for party in (BROKER, *RECORDS)}
    case = play.case(play.chair)
    asked = []
    for partner, role, purpose, of, questions in ASKED:
        asker = play.caller(partner, role)
        if partner != "veilig_thuis":
            asker.post(f"/v1/cases/{case}/assignments", INVITED)
        told = {name: value for name, value in vars(PEOPLE[who]).items() if value}
        subject = play.subject("stalking.man", of, questions, weighty=True)
        subject["identity"] = {to_camel(name): value for name, value in told.items()}
        asked.append((asker, play.ask(asker, case, [subject], purpose)["id"]))
    listed, opened = [], []
    for partner in RECORDS:
        official = play.caller(partner, "official")
        for row in waiting(play, partner):
            listed.append(row)
            found = official.post(f"{place(row)}/views")
            opened.append({"question": row["question"], **found, "identity": ""})
            official.post(f"{place(row)}/answers", answer(world, found))
    items = [item for asker, one in asked for item in answered(asker, one)["items"]]
    entries = [
        {"party": party, **one} for party, count in before.items() for one in facts(world, party)[count:]
    ]
    return {
        "items": alike(items),
        "listed": alike(listed),
        "opened": alike(opened),
        "entries": alike(entries),
    }


def answer(world: LocalWorld, found: Json) -> Json:
    """What the register suggests, with all that the rule asks beside it."""
    suggested = [code for code in found["suggested"] if code in found["answerCodes"]]
    body: Json = {"codes": suggested, "stated": {one["code"]: STATED for one in found["toState"]}}
    if "prosecutor_agrees" in found["obligations"]:
        body["prosecutor"] = agreement(world)
    if "oral_only" in found["obligations"]:
        told = {"teller": "parket-0042", "hearer": "de voorzitter", "channel": "meeting"}
        body["spoken"] = {**told, "at": world.clock().isoformat()}
    return body


def answered(asker: DemoCaller, enrichment: str) -> Json:
    def done(now: Json) -> bool:
        return not any(item["status"] in WAITS for item in now["items"])

    return asker.until(f"/v1/enrichments/{enrichment}", done)


def facts(world: LocalWorld, party: str) -> list[Json]:
    """What stands open in this party's trail; but for what an asker read when, which is by the clock."""

    async def read() -> list[Json]:
        told = [one.recorded.facts async for one in trail(world, party).entries()]
        return [one for one in told if "answers" not in one]

    found: list[Json] = world.do(read())
    return found


def alike(rows: list[Json]) -> list[str]:
    """Without what is of this one time: references, moments, places."""
    kept = [{name: value for name, value in row.items() if name not in PLACES} for row in rows]
    return sorted(ONE_TIME.sub("…", json.dumps(row, sort_keys=True)) for row in kept)
