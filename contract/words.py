"""What people read for the codes of the program itself: how far something is, and where an answer came from.
In Dutch that most people can read (B1), each text once; pages, tables, letters and the API's description take
it from here.

What the hand-out says (partners, purposes, roles, reasons, obligations) is in its catalogue, where a lawyer
changes it, and what a problem says stands with the problem (`problems.py`). What kinds of entries mean is in
`audit.kinds`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wording:
    """`label`: for a cell of a table, or after a colon. `text`: sentences. `ends`: it does not change any
    more. `told`: as the person concerned reads it, where that person does.
    """

    label: str
    text: str
    ends: bool = False
    told: str | None = None


QUESTIONS: Mapping[str, Wording] = {
    "draft": Wording(
        "niet verstuurd", "De vraag is nog niet bij de centrale aangekomen, of dit is een proef."
    ),
    "refused": Wording("mag niet", "De hand-out staat de vraag niet toe.", ends=True),
    "sent": Wording("vrijgegeven", "De vraag is vrijgegeven. Er is nog geen antwoord van de houder."),
    "waits_for_person": Wording("ligt bij een medewerker", "Een medewerker van de houder moet kijken."),
    "answered": Wording("beantwoord", "Het antwoord is er.", ends=True),
    "refused_by_holder": Wording(
        "de houder geeft geen antwoord", "De houder geeft nu geen antwoord; `ground` zegt waarom.", ends=True
    ),
    "late": Wording("te laat", "De uiterste tijd is voorbij. Het antwoord kan nog komen."),
    "undelivered": Wording(
        "niet bezorgd", "De houder was al die tijd niet te bereiken, of doet niet meer mee.", ends=True
    ),
    "not_joined": Wording(
        "niet gevraagd", "Deze organisatie doet nog niet mee. De vraag is niet gesteld.", ends=True
    ),
    "failed": Wording(
        "mislukt",
        "De vraag kon niet worden gesteld, of het antwoord klopte niet en is niet geopend.",
        ends=True,
    ),
}
"""How far one question is, as the asker sees it."""

AT_BROKER = ("refused", "sent", "waits_for_person", "answered", "refused_by_holder", "late", "undelivered")
"""Those that the broker knows."""

FIELDS: Mapping[str, str] = {
    "surname": "achternaam",
    "given_names": "voornamen",
    "birth_date": "geboortedatum",
    "address": "adres",
}
"""What is compared of two persons."""

COMPARED: Mapping[str, Wording] = {
    "equal": Wording("gelijk", "Beide weten het, en het is gelijk."),
    "in_part": Wording("deels gelijk", "Gelijk voor zover beide het weten."),
    "year": Wording("jaar gelijk", "Alleen het jaar is van beide bekend, en gelijk."),
    "alike": Wording("lijkt erop", "Misschien hetzelfde, anders geschreven."),
    "open": Wording("onbekend", "Een van beide weet het niet."),
    "different": Wording("anders", "Beide weten het, en het is anders."),
}
"""What comparing one field of two persons gives."""

DESK: Mapping[str, Wording] = {
    "waits": Wording("wacht", "De vraag wacht op een medewerker."),
    "opened": Wording("geopend", "Een medewerker keek; er is nog geen antwoord."),
    "answered": Wording("beantwoord", "Het antwoord is weg. Bij een twijfel moet nog iemand kijken."),
    "failed": Wording("niet bezorgd: bel", "De centrale neemt het antwoord niet aan. Bel de vrager."),
}
"""How far a question is at its holder's desk."""

RELEASES: Mapping[str, Wording] = {
    "proposed": Wording(
        "voorgesteld; het gevolg wordt uitgerekend", "De versie is voorgesteld. Het gevolg wordt uitgerekend."
    ),
    "unfit": Wording("niet bruikbaar", "Dit kan geen versie worden; `unfit` zegt waarom.", ends=True),
    "examined": Wording(
        "wacht op akkoord", "Het gevolg is bekend. Nog niet ieder die moet tekenen is akkoord."
    ),
    "rejected": Wording("afgewezen", "Een organisatie die moest tekenen is niet akkoord.", ends=True),
    "agreed": Wording("akkoord", "Ieder die moet tekenen is akkoord. Er is nog geen moment."),
    "planned": Wording("gaat gelden", "De versie gaat voor allen op hetzelfde moment gelden."),
    "in_force": Wording("geldt nu", "Onder deze versie wordt nu beslist."),
    "superseded": Wording("gold eerder", "Een latere versie kwam ervoor in de plaats."),
    "retired": Wording("ingetrokken", "De versie is ingetrokken, of de weg terug naar haar.", ends=True),
}
"""How far a version of the hand-out is."""

OBLIGATIONS: Mapping[str, Wording] = {
    "open": Wording(
        "open", "De betrokkene moet het weten; er is nog niets besloten.", told="U hoort hier nog over."
    ),
    "planned": Wording("gepland", "Wie het vertelt, wanneer en hoe is besloten."),
    "sent": Wording("verstuurd", "De kennisgeving is weg; nog niet zeker is dat zij aankwam."),
    "deferred": Wording("uitgesteld", "Het wacht tot een datum. Daarna is de plicht vanzelf weer open."),
    "met": Wording("verteld", "De betrokkene weet het, met bewijs.", ends=True, told="Dit is al verteld."),
    "met_by_other": Wording("verteld", "De kennisgeving van een andere organisatie dekt precies dit."),
    "omitted": Wording("weggelaten", "Weggelaten, met handtekening van de FG."),
}
"""How far a duty to inform is, where it is kept."""

JOINT_OBLIGATIONS: Mapping[str, Wording] = {
    "open": Wording("open", "De betrokkene moet het nog horen."),
    "postponed": Wording("uitgesteld", "Het wacht tot een datum. De grond staat bij wie besliste."),
    "met": Wording("verteld", "De betrokkene weet het."),
    "omitted": Wording("weggelaten", "Weggelaten door de FG."),
}
"""How far a duty to inform is, where all organisations see it."""

EXPORTS: Mapping[str, Wording] = {
    "running": Wording("loopt", "Het bestand wordt gemaakt."),
    "done": Wording("klaar", "Het bestand staat klaar, een dag lang."),
    "canceled": Wording("gestopt", "Iemand stopte het, of het knooppunt ging uit.", ends=True),
    "failed": Wording("mislukt", "Het bestand kon niet worden gemaakt.", ends=True),
    "gone": Wording("weg", "Het bestand is na een dag vernietigd.", ends=True),
}
"""How far an export of the trail is."""

EFFECTS: Mapping[str, Wording] = {
    "permit": Wording("toegestaan", "De vraag mag worden gesteld."),
    "refusal": Wording("geweigerd", "De vraag mag niet worden gesteld."),
}
"""What the hand-out says of one question."""

SOURCES: Mapping[str, Wording] = {
    "register": Wording("automatisch", "Uit het register, zonder dat iemand keek."),
    "official": Wording("door een mens", "Vrijgegeven door een medewerker."),
}
"""Where an answer came from."""

NATURES: Mapping[str, Wording] = {
    "fact": Wording("feit", "Een feit."),
    "judgement": Wording("oordeel", "Het oordeel van een medewerker."),
}
"""What an answer is."""


GROUNDS: Mapping[str, Wording] = {
    "safety_of_involved": Wording(
        "veiligheid van betrokkenen",
        "Vertellen is gevaarlijk voor slachtoffer, kind of een ander (Wmo 5.3.1(2); UAVG 41(1)(i)).",
    ),
    "safety_of_professionals": Wording(
        "veiligheid van medewerkers",
        "Vertellen is nu gevaarlijk voor een medewerker (UAVG 41(1)(i)).",
    ),
    "criminal_investigation": Wording(
        "strafrechtelijk onderzoek",
        "De officier van justitie verklaart dat het onderzoek wacht (UAVG 41(1)(d); Wpg 27(1); Wjsg 21(2)).",
    ),
    "veilig_thuis_investigation": Wording(
        "onderzoek van Veilig Thuis",
        "Veilig Thuis onderzoekt een redelijk vermoeden (Wmo 5.3.1(2)).",
    ),
    "public_safety": Wording("openbare veiligheid", "De openbare veiligheid vraagt het (UAVG 41(1)(c))."),
    "no_safe_channel": Wording(
        "geen veilige weg",
        "Er is geen veilige weg, of de persoon is niet te bereiken (AVG 14(5)(b)).",
    ),
    "already_informed": Wording(
        "al verteld",
        "De persoon weet het al door een kennisgeving van een ander. Dit is geen uitstel (AVG 14(5)(a)).",
    ),
    "professional_secrecy": Wording(
        "beroepsgeheim",
        "Een beroepsgeheim laat minder toe, of met de FG niets (AVG 14(5)(d)).",
    ),
}
"""U1 to U8: why a person is told later, less, or by another (docs/law.md, Telling)."""


def label(words: Mapping[str, Wording], code: str) -> str:
    """The label of a code; the code itself where this version does not know it."""
    return words[code].label if code in words else code


def described(words: Mapping[str, Wording], codes: Iterable[str] | None = None) -> dict[str, Any]:
    """These codes (all, when not given) with their texts, for the JSON schema of a field."""
    return {
        "oneOf": [
            {"const": code, "description": words[code].text + " Dit verandert niet meer." * words[code].ends}
            for code in (words if codes is None else codes)
        ]
    }
