"""What the chair would see, as tables."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from grondslag.demo.caller import Json
from grondslag.demo.stories import Told

_ZONE = ZoneInfo("Europe/Amsterdam")
_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")

ROLES = {
    "suspected_perpetrator": "vermoedelijke pleger",
    "victim": "slachtoffer",
    "child": "kind",
    "parent": "ouder",
    "household_member": "huisgenoot",
    "third_person": "derde",
}
PARTNERS = {
    "veilig_thuis": "Veilig Thuis",
    "politie": "Politie",
    "om": "OM",
    "reclassering": "Reclassering",
    "rvdk": "Raad (RvdK)",
}
TITLES = {
    "stalking": "Stalking: vier partners, vijf betrokkenen",
    "no_melding": "Zonder melding: geen vraag over een persoon",
    "anonymous": "Anonieme casus van de officier",
    "uncertain_match": "Twee mensen passen: een medewerker kijkt",
    "shielded": "Afgeschermd: hetzelfde antwoord als voor wie er niet is",
    "children_and_adults": "Kinderen en volwassenen: leeftijd en rol tellen",
    "acute_danger": "Acuut gevaar: eerst bellen",
    "partner_down": "Een partner is even weg",
    "asked_again": "Dezelfde vraag nog een keer",
}
CODES = {
    "yes": "Ja",
    "no": "Nee",
    "not_determinable": "Niet vast te stellen",
    "shareable": "er is iets dat gedeeld mag worden",
    "none_shareable": "niets dat gedeeld mag worden",
    "stalking": "stalking",
    "violence": "geweld",
    "weapons": "wapens",
}


def show_story(console: Console, told: Told) -> None:
    table = Table(
        title=TITLES.get(told.name, told.name),
        title_justify="left",
        title_style="bold",
        expand=True,
        show_lines=True,
    )
    for name, ratio in (
        ("Betrokkene", 2),
        ("Partner", 2),
        ("Vraag", 3),
        ("Uitkomst", 5),
        ("Regel en grondslag", 5),
    ):
        table.add_column(name, ratio=ratio, overflow="fold")
    refs: dict[str, str] = {}
    for item in told.items:
        letter = refs.setdefault(item["subjectRef"], chr(ord("A") + len(refs)))
        table.add_row(
            f"{letter} ({ROLES.get(item['subjectRole'], item['subjectRole'])})",
            PARTNERS[item["holder"]],
            item["questionText"],
            outcome(item),
            _ground(item),
        )
    console.print(table)
    for note in told.notes:
        console.print(f"  {note}")
    if any(item["answer"] and item["answer"]["codes"] == ["no"] for item in told.items):
        console.print("  ! 'Nee' betekent niet dat het veilig is.", style="yellow")
    for wrong in told.wrong:
        console.print(f"  NIET ZOALS HET MOET: {wrong}", style="bold red", markup=False)
    console.print()


def outcome(item: Json) -> str:
    """The answer as of when, or who has to act and until when, and whom to call."""
    desk = item["desk"]
    call = f"bel {desk['name']}, {desk['phone']}"
    until = f"uiterlijk {moment(item['dueAt'])}" if item["dueAt"] else ""
    if item["answer"]:
        answer = item["answer"]
        said = ", ".join(CODES.get(code, code.replace("_", " ")) for code in answer["codes"])
        own = answer["desk"]
        after = f" – bel {own['name']}, {own['phone']}" if own else ""
        by = " (vrijgegeven door een medewerker)" if answer["source"] == "official" else ""
        return f"{said} (stand {day(answer['asOf'])}){by}{after}"
    if item["status"] == "refused":
        texts = [
            reason["text"] + (f" {reason['wayOut']}" if reason["wayOut"] else "")
            for reason in item["reasons"]
        ]
        return "Mag niet: " + " ".join(texts) + f" Vragen? {call}"
    if item["status"] == "refused_by_holder":
        return f"{item['ground']['text']} {call}"
    if item["status"] == "waits_for_person":
        return f"Ligt bij een medewerker van {PARTNERS[item['holder']]} – {until}. Haast? {call}"
    if item["status"] == "sent":
        return f"Niet bereikt; wordt geprobeerd tot {moment(item['dueAt'])}. Haast? {call}"
    return f"Geen antwoord op tijd – {call}"


def show_obligations(console: Console, obligations: list[Json]) -> None:
    table = Table(title="Wie moet worden geïnformeerd", title_justify="left", title_style="bold")
    for name in ("Betrokkene", "Ontvanger van het antwoord", "Stand", "Vóór"):
        table.add_column(name)
    for row in obligations:
        table.add_row(row["subjectRef"][:8], PARTNERS[row["receiver"]], row["state"], moment(row["dueAt"]))
    console.print(table)


def moment(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(_ZONE)
    return f"{_DAYS[at.weekday()]} {at:%d-%m-%Y %H.%M} uur"


def day(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%d-%m-%Y")


def _ground(item: Json) -> str:
    rule = f"regel {item['rule']}" if item["rule"] else "geen regel"
    status = (
        f" ({item['ruleStatus']}, niet getoetst door een jurist)" if item["ruleStatus"] == "concept" else ""
    )
    bases = "; ".join(item["legalBases"]) or "; ".join(
        dict.fromkeys(citation for reason in item["reasons"] for citation in reason["citations"])
    )
    release = item["revision"][7:19] if item["revision"] else "–"
    return f"{rule}{status}\n{bases}\nhand-out {release}, spoor {item['position']}"
