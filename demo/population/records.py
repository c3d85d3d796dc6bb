"""What registers hold about invented persons, by chance."""

from datetime import date, timedelta
from random import Random

from adapters.partners import om, politie, reclassering, rvdk, veilig_thuis
from adapters.registers.households import HouseholdMember
from adapters.registers.register import Record


def belongs(partner: str, member: HouseholdMember) -> bool:
    """Whether such a register would hold somebody of this age."""
    match partner:
        case "reclassering":
            return member.age >= 18
        case "om" | "politie":
            return member.age >= 12
        case "rvdk":
            return member.age < 18 or member.parent
        case _:
            return True


def by_chance(partner: str, member: HouseholdMember, random: Random, today: date) -> frozenset[Record]:
    """The records of one person in one register; perhaps none."""
    return frozenset(_CHANCES[partner](member, random, today))


def _reclassering(member: HouseholdMember, random: Random, today: date) -> list[Record]:
    start, end = _span(random, today, min(4000, (member.age - 17) * 365), 900)
    chance = random.random()
    if chance < 0.1:
        return [Record(reclassering.REPORT, "client", start, end)]
    if chance < 0.25:
        return [Record(reclassering.COMMUNITY_SERVICE, "client", start, end)]
    traits = {name for name in ("suspended", *reclassering.CONDITIONS) if random.random() < 0.15}
    return [Record(random.choice(reclassering.SUPERVISIONS), "client", start, end, frozenset(traits))]


def _rvdk(member: HouseholdMember, random: Random, today: date) -> list[Record]:
    longest = min(3000, member.age * 365 or 200) if member.age < 18 else 3000
    start, end = _span(random, today, longest, 400)
    role = "child" if member.age < 18 else "parent"
    kind = random.choices((*rvdk.COUNTED, *rvdk.NEVER_COUNTED), (40, 30, 0, 4, 4, 10, 12))[0]
    if member.age >= 12 and role == "child" and random.random() < 0.2:
        kind, role = "criminal", "suspected_perpetrator"
    advised = frozenset({rvdk.MEASURE_ADVISED} if kind == "protection" and random.random() < 0.4 else ())
    return [Record(kind, role, start, end, advised)]


def _politie(member: HouseholdMember, random: Random, today: date) -> list[Record]:
    records = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        start, _ = _span(random, today, min(4000, (member.age - 11) * 365), 1)
        kind = random.choice((*politie.FLAGS, "other", "other", "other"))
        records.append(Record(kind, random.choice(("suspect", "victim", "witness", "involved")), start))
    if random.random() < 0.01:
        records.append(Record(politie.STAFF_ALERT, "suspect", today - timedelta(days=random.randint(1, 300))))
    return records


def _om(member: HouseholdMember, random: Random, today: date) -> list[Record]:
    start, end = _span(random, today, min(3000, (member.age - 11) * 365), 500)
    records = [Record(om.CASE, "suspect", start, end)]
    if random.random() < 0.15:
        until = start + timedelta(days=random.randint(90, 720))
        records.append(Record(random.choice(om.MEASURES), "suspect", start, until))
    return records


def _veilig_thuis(member: HouseholdMember, random: Random, today: date) -> list[Record]:
    start, end = _span(random, today, min(3000, member.age * 365 or 200), 300)
    adult_roles = ("suspected_perpetrator", "victim", "parent", "household_member")
    role = "child" if member.age < 18 else random.choice(adult_roles)
    records = [Record(veilig_thuis.MELDING, role, start, end)]
    if random.random() < 0.3:
        records.append(Record(veilig_thuis.ONDERZOEK, role, start, end))
    return records


def _span(random: Random, today: date, longest_ago: int, longest: int) -> tuple[date, date | None]:
    start = today - timedelta(days=random.randint(0, max(1, longest_ago)))
    end = start + timedelta(days=random.randint(1, longest))
    return start, end if end < today or random.random() < 0.5 else None


_CHANCES = {
    "reclassering": _reclassering,
    "rvdk": _rvdk,
    "politie": _politie,
    "om": _om,
    "veilig_thuis": _veilig_thuis,
}
