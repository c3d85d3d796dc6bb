"""The persons of the demo's stories, all invented (TEST), and what each partner's register knows about them.

They stand in the registers beside a hundred thousand others. The day of the demo is an argument, so that ages
and dates fit whenever it is run.
"""

from collections.abc import Callable
from datetime import date, timedelta

from adapters.registers.register import Record
from contract.identity import Identity
from demo.population import CastMember, MemberFacts


def cast(today: date) -> dict[str, CastMember]:
    """Everyone, by name."""
    everyone = [
        *_stalking(today),
        *_uncertain_match(today),
        *_shielded(today),
        *_children_and_adults(today),
        *_acute_danger(today),
        *_moved(today),
        *_partner_down(today),
        *_asked_again(today),
        *_another_region(today),
    ]
    return {member.name: member for member in everyone}


def _another_region(today: date) -> list[CastMember]:
    """A man who moved: reported on where he lived, under supervision of one of two where he lives now."""
    ago = _ago(today)
    supervision = Record("conditional_sentence", "client", ago(90), today + timedelta(days=300))
    return [
        CastMember(
            "another_region.man",
            Identity("Verhuisma", "Wietse Jelmer", "1986-08-19", postcode="9993ZX", house_number="5"),
            {
                "veilig_thuis": _facts(Record("melding", "suspected_perpetrator", ago(400))),
                "verslavingsreclassering": _facts(supervision),
            },
        ),
        CastMember(
            "another_region.child",
            Identity("Verhuisma", "Fedde", _born(today, 7), postcode="9993ZX", house_number="5"),
        ),
    ]


def _stalking(today: date) -> list[CastMember]:
    ago = _ago(today)
    home = {"postcode": "9999ZX", "house_number": "12"}
    man = Identity("Testenaar", "Diederik Olivier", "1984-03-12", postcode="9998ZX", house_number="7b")
    children = [("Jildou", 13), ("Tygo", 9), ("Merel", 4)]
    conditions = frozenset({"contact_ban", "area_ban"})
    return [
        CastMember(
            "stalking.man",
            man,
            {
                "reclassering": _facts(
                    Record(
                        "suspension_supervision", "client", ago(60), today + timedelta(days=300), conditions
                    )
                ),
                "om": _facts(
                    Record("case", "suspect", ago(70)),
                    Record("suspension_conditions", "suspect", ago(60), today + timedelta(days=120)),
                ),
                "politie": _facts(
                    Record("stalking", "suspect", ago(75)),
                    Record("stalking", "suspect", ago(20)),
                    Record("other", "involved", ago(900)),
                ),
                "veilig_thuis": _facts(Record("melding", "suspected_perpetrator", ago(3))),
            },
        ),
        CastMember(
            "stalking.woman",
            Identity("Proefstra", "Marijke Geertruida", "1987-11-02", **home),
            {"politie": _facts(Record("stalking", "victim", ago(20)))},
        ),
        *(
            CastMember(f"stalking.child_{number}", Identity("Testenaar", name, _born(today, age), **home))
            for number, (name, age) in enumerate(children, 1)
        ),
    ]


def _uncertain_match(today: date) -> list[CastMember]:
    """Two persons who differ in one letter of a first name; the question is about one of them."""
    ago = _ago(today)
    home = {"postcode": "9997ZX", "house_number": "3"}
    supervision = Record("conditional_sentence", "client", ago(200), today + timedelta(days=500))
    return [
        CastMember(
            "uncertain_match.man",
            Identity("Tweelingsma", "Jorrit", "1979-06-21", **home),
            {"reclassering": _facts(supervision)},
        ),
        CastMember(
            "uncertain_match.look_alike",
            Identity("Tweelingsma", "Jorrid", "1979-06-21", **home),
            {"reclassering": _facts(Record("community_service", "client", ago(90)))},
        ),
    ]


def _shielded(today: date) -> list[CastMember]:
    """One who is shielded in two registers, and one who is not there at all."""
    ago = _ago(today)
    supervision = Record("conditional_release", "client", ago(100), today + timedelta(days=400))
    child = _facts(Record("protection", "child", ago(150)), shielded=True)
    return [
        CastMember(
            "shielded.man",
            Identity("Verborgema", "Sietse Klaas", "1981-01-30", postcode="9996ZX", house_number="21"),
            {"reclassering": _facts(supervision, shielded=True)},
        ),
        CastMember(
            "shielded.child",
            Identity("Verborgema", "Ylse", _born(today, 8), postcode="9996ZX", house_number="21"),
            {"rvdk": child},
        ),
        CastMember(
            "shielded.absent_man",
            Identity("Onbekendema", "Roelof Hendrik", "1982-09-14", postcode="9996ZX", house_number="44"),
        ),
        CastMember(
            "shielded.absent_child",
            Identity("Onbekendema", "Lobke", _born(today, 7), postcode="9996ZX", house_number="44"),
        ),
        CastMember(
            "shielded.deceased",
            Identity("Wijlensma", "Harm Wolter", "1950-04-04", postcode="9996ZX", house_number="60"),
            {"reclassering": _facts(Record("report", "client", ago(30)), deceased=True)},
        ),
    ]


def _children_and_adults(today: date) -> list[CastMember]:
    """A family known at RvdK; the boy of 13 is asked about as a child and as a suspect."""
    ago = _ago(today)
    home = {"postcode": "9995ZX", "house_number": "88"}
    file = (ago(120), None, frozenset({"measure_advised"}))
    registration = _facts(Record("violence", "suspect", ago(40)))
    return [
        CastMember(
            "children_and_adults.mother",
            Identity("Gezinsma", "Fenna Alida", "1990-02-17", partner_surname="Proefkind", **home),
            {"rvdk": _facts(Record("protection", "parent", *file))},
        ),
        CastMember(
            "children_and_adults.girl",
            Identity("Proefkind", "Isa", _born(today, 6), **home),
            {"rvdk": _facts(Record("protection", "child", *file))},
        ),
        CastMember(
            "children_and_adults.boy",
            Identity("Proefkind", "Boaz", _born(today, 13), **home),
            {
                "rvdk": _facts(
                    Record("protection", "child", *file), Record("criminal", "suspected_perpetrator", ago(30))
                ),
                "politie": registration,
                "om": _facts(Record("case", "suspect", ago(35))),
            },
        ),
        CastMember(
            "children_and_adults.adopted",
            Identity("Proefkind", "Noé", _born(today, 2), **home),
            # D12: an adoption file never counts
            {"rvdk": _facts(Record("adoption", "child", ago(300)))},
        ),
    ]


def _acute_danger(today: date) -> list[CastMember]:
    ago = _ago(today)
    supervision = Record("conditional_sentence", "client", ago(10), today + timedelta(days=700))
    alert = Record("staff_safety_alert", "suspect", ago(15))
    return [
        CastMember(
            "acute_danger.man",
            Identity("Spoedema", "Wessel Jan", "1976-08-08", postcode="9994ZX", house_number="1"),
            {
                "reclassering": _facts(supervision),
                "politie": _facts(alert, Record("weapons", "suspect", ago(15))),
                "om": _facts(Record("case", "suspect", ago(12))),
            },
        )
    ]


def _moved(today: date) -> list[CastMember]:
    """A man who was put out of the house; nobody knows his new address yet but Veilig Thuis."""
    supervision = Record("conditional_sentence", "client", _ago(today)(60), today + timedelta(days=400))
    return [
        CastMember(
            "moved.man",
            Identity("Uithuisma", "Sjoerd Alle", "1984-11-07", postcode="9992ZX", house_number="21B"),
            {"reclassering": _facts(supervision)},
        )
    ]


def _partner_down(today: date) -> list[CastMember]:
    supervision = Record("conditional_sentence", "client", _ago(today)(33), today + timedelta(days=300))
    return [
        CastMember(
            "partner_down.man",
            Identity("Stilstandema", "Arend", "1969-12-05", postcode="9993ZX", house_number="5"),
            {"reclassering": _facts(supervision)},
        )
    ]


def _asked_again(today: date) -> list[CastMember]:
    return [
        CastMember(
            "asked_again.man",
            Identity("Herhaalsma", "Teunis", "1993-10-19", postcode="9992ZX", house_number="9"),
            {"reclassering": _facts(Record("report", "client", _ago(today)(14)))},
        )
    ]


def _facts(*records: Record, shielded: bool = False, deceased: bool = False) -> MemberFacts:
    return MemberFacts(frozenset(records), deceased=deceased, shielded=shielded)


def _ago(today: date) -> Callable[[int], date]:
    return lambda days: today - timedelta(days=days)


def _born(today: date, age: int) -> str:
    # some months past the birthday, whatever the day of the demo
    return (today - timedelta(days=round(age * 365.25) + 60 + age * 13)).isoformat()
