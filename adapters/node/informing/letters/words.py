"""The words of letters and overviews, in Dutch that most people can read (B1)."""

from dataclasses import dataclass
from datetime import date

_MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)


@dataclass(frozen=True)
class Holder:
    """An organisation that can be asked, and the kind of data that it is asked about."""

    name: str
    category: str


@dataclass(frozen=True)
class Organisation:
    """A party as a person reads of it: its kind, and its own name."""

    partner: str
    name: str


HOLDERS = {
    "reclassering": Holder("de Reclassering", "begeleiding en toezicht"),
    "rvdk": Holder("de Raad voor de Kinderbescherming", "onderzoek en hulp voor kinderen"),
    "politie": Holder("de politie", "meldingen en aangiften"),
    "om": Holder("het Openbaar Ministerie", "strafzaken"),
    "veilig_thuis": Holder("Veilig Thuis", "eerdere meldingen"),
}
SENDERS = {
    "veilig_thuis": "Veilig Thuis",
    "politie": "de politie",
    "om": "het Openbaar Ministerie",
    "reclassering": "de Reclassering",
    "rvdk": "de Raad voor de Kinderbescherming",
}
WHY = {
    "enrich_referral": "om te weten wie al betrokken is, vóór een overleg",
    "decide_attendance": "om te besluiten wie er bij het overleg moet zijn",
    "interpret": "om samen te begrijpen wat er speelt",
    "immediate_safety": "omdat er snel iets moest gebeuren voor de veiligheid",
    "carry_out_and_monitor": "om te kijken of afspraken lukken",
}
STATES = {
    "open": "U hoort hier nog over.",
    "met": "Dit is al verteld.",
}


def day(moment: date) -> str:
    """As people write it: 3 december 2026."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
