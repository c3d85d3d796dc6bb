"""What the asker would see, as tables, in Dutch."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contract.days import ZONE, day_of
from contract.words import OBLIGATIONS, QUESTIONS, SOURCES, label
from demo.caller import Json
from demo.members import SHORT
from demo.play import AskedBy, PlayedStory
from policies.catalogue import Catalogue

_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")

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
    "nobody_alone": "Eén organisatie wil meer dan mag: niemand kan tekenen, en iedereen ziet waarom",
    "another_region": "Een ander Veilig Thuis vraagt: twee reclasseringen, en een Raad die nog niet meedoet",
    "new_release": "Een nieuwe versie van de hand-out: voorgesteld, ondertekend, in werking, teruggezet",
    "informed": "Niemand wordt vergeten: een jaar van de zaak, versneld",
    "export_verified": "De FG voert uit en kijkt na, zonder ons te geloven",
    "insider_caught": "Iemand van binnen herschrijft het spoor",
}


class Show:
    """Prints on a console, in the words of the hand-out."""

    def __init__(self, console: Console, catalogue: Catalogue) -> None:
        self._console = console
        self._catalogue = catalogue

    def story(self, told: PlayedStory) -> None:
        """Who asks and why; per question what came of it, by which rule; what a lawyer must still answer."""
        self._console.print(TITLES.get(told.name, told.name), style="bold")
        for one in told.asked:
            self._line(f"Wie vraagt: {self._asker(one)}")
        table = Table(expand=True, show_lines=True)
        for name, width in (
            ("Betrokkene", 14),
            ("Partner", 12),
            ("Vraag", 14),
            ("Uitkomst", None),
            ("Regel en grondslag", None),
        ):
            table.add_column(name, width=width, ratio=None if width else 1, overflow="fold")
        people = self._people(told)
        for item in told.items:
            table.add_row(
                people[item["subjectRef"]],
                SHORT[item["holder"] or item["partner"]],
                item["questionText"],
                self._outcome(item),
                self._ground(item),
            )
        if told.items:
            self._console.print(table)
        for line in _unsettled(told.items):
            self._line(line)
        for note in told.notes:
            self._line(note)
        if any(item["answer"] and item["answer"]["codes"] == ["no"] for item in told.items):
            self._console.print("  ! 'Nee' betekent niet dat het veilig is.", style="yellow")
        for wrong in told.wrong:
            self._console.print(f"  NIET ZOALS HET MOET: {wrong}", style="bold red")
        self._console.print()

    def obligations(self, stories: Sequence[PlayedStory]) -> None:
        """Who must be told, in which story, about which organisations, and before when."""
        self._console.print(
            "Wie moet worden geïnformeerd: de stand aan het eind van elk verhaal", style="bold"
        )
        table = Table(expand=True)
        for name, width in (
            ("Verhaal", None),
            ("Betrokkene", 24),
            ("Gevraagd aan", None),
            ("Antwoord voor", 12),
            ("Gevraagd op", 10),
            ("Stand", 10),
            ("Vertellen vóór", 10),
        ):
            table.add_column(name, width=width, ratio=None if width else 1, overflow="fold")
        for told in stories:
            people = self._people(told)
            for row in sorted(unique(told.obligations), key=lambda one: people[one["subjectRef"]]):
                table.add_row(
                    TITLES.get(told.name, told.name).partition(":")[0],
                    people[row["subjectRef"]],
                    ", ".join(_asked_about(told, row["subjectRef"])),
                    SHORT[row["receiver"]],
                    _on(row["openedAt"]),
                    label(OBLIGATIONS, row["state"]),
                    _on(row["dueAt"]),
                )
        self._console.print(table)

    def _people(self, told: PlayedStory) -> dict[str, str]:
        """Everyone of a story by reference: a letter and the role, never a name."""
        roles = {item["subjectRef"]: item["subjectRole"] for item in told.items}
        return {
            ref: f"{chr(ord('A') + number)} ({self._catalogue.subject_roles[role].nl})"
            for number, (ref, role) in enumerate(roles.items())
        }

    def _asker(self, asked: AskedBy) -> str:
        role = self._catalogue.requester_roles[asked.role].nl
        return f"{SHORT[asked.partner]}, {role}. Doel: {self._catalogue.purposes[asked.purpose].nl}."

    def _outcome(self, item: Json) -> str:
        """The answer as of when, or who has to act and until when, and whom to call."""
        desk = item["desk"]
        call = f"Bel {desk['name']}, {desk['phone']}." if desk else "Bel."
        waits = item["status"] in {"sent", "waits_for_person"}
        until = f"Uiterlijk {moment(item['dueAt'])}. Haast? " if waits else ""
        if item["answer"]:
            return self._answer(item["answer"])
        told = QUESTIONS[item["status"]].text
        if item["reasons"]:
            texts = [f"{reason['text']} {reason['wayOut']}" for reason in item["reasons"]]
            return f"{told} {' '.join(texts)} Vragen? {call}"
        if item["ground"]:
            return f"{item['ground']['text']} {call}"
        return f"{told} {until}{call}"

    def _answer(self, answer: Json) -> str:
        said = ", ".join(self._catalogue.answer_codes[code].nl for code in answer["codes"])
        by = label(SOURCES, answer["source"])
        desk = answer["desk"]
        after = f" – bel {desk['name']}, {desk['phone']}" if desk else ""
        return f"{said[0].upper()}{said[1:]} ({by}; stand {day(answer['asOf'])}){after}"

    def _ground(self, item: Json) -> str:
        if item["status"] == "not_joined":
            return "niet getoetst: niet gevraagd"
        rule = f"regel {item['rule']}" if item["rule"] else "geen regel"
        status = f" ({self._catalogue.statuses[item['ruleStatus']].nl})" if item["ruleStatus"] else ""
        bases = "; ".join(item["legalBases"]) or "; ".join(
            dict.fromkeys(citation for reason in item["reasons"] for citation in reason["citations"])
        )
        codes = ", ".join(question["code"] for question in item["openQuestions"])
        unsettled = f"\nopen vraag {codes}" if codes else ""
        release = item["revision"][7:19] if item["revision"] else "–"
        return f"{rule}{status}\n{bases}{unsettled}\nhand-out {release}, spoor {item['position']}"

    def _line(self, text: str) -> None:
        self._console.print(Padding(Text(text), (0, 0, 0, 2)))


def unique(rows: Sequence[Json]) -> list[Json]:
    """The obligations, each once and as it was last seen."""
    return list({(row["subjectRef"], row["receiver"]): row for row in rows}.values())


def moment(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(ZONE)
    return f"{_DAYS[at.weekday()]} {at:%d-%m-%Y %H.%M} uur"


def day(text: str) -> str:
    return date.fromisoformat(text).strftime("%d-%m-%Y")


def _on(text: str) -> str:
    return f"{day_of(datetime.fromisoformat(text)):%d-%m-%Y}"


def _asked_about(told: PlayedStory, subject_ref: str) -> list[str]:
    asked = [
        item["holder"]
        for item in told.items
        if item["subjectRef"] == subject_ref and item["effect"] == "permit"
    ]
    return [SHORT[holder] for holder in dict.fromkeys(asked)]


def _unsettled(items: Sequence[Json]) -> Iterator[str]:
    """The open questions and gaps of all these questions, each once."""
    texts = {question["code"]: question["text"] for item in items for question in item["openQuestions"]}
    for code, text in sorted(texts.items(), key=lambda one: int(one[0][1:])):
        yield f"open vraag {code}: {text}"
    for gap in dict.fromkeys(gap for item in items for gap in item["gaps"]):
        yield f"let op: {gap}"
