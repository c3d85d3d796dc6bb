"""What a trail says, told to a data protection officer: counted from an export alone, offline, in Dutch.

Numbers of what is there, never a person: who was asked about stands in a trail as a reference. Who of the
staff looked is a reference too, which the party itself can look up.
"""

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.kinds import OF_DUTIES, Kind
from audit.obligations import Obligations
from audit.rows import local

_MOST_NAMED = 20
_LOOKING = (Kind.VIEW, Kind.READING, Kind.LETTER, Kind.OVERVIEW, Kind.EXPORT, Kind.ATTEMPT, Kind.ONWARD_SHARE)

_HEAD = {
    Kind.VIEW: "keek naar een vraag of een antwoord",
    Kind.READING: "las in het spoor",
    Kind.LETTER: "maakte een brief",
    Kind.OVERVIEW: "gaf een overzicht aan een persoon",
    Kind.EXPORT: "voerde het spoor uit",
    Kind.ATTEMPT: "werd geweigerd",
    Kind.ONWARD_SHARE: "gaf een antwoord door",
}
_STATES = {
    "open": "nog te vertellen",
    "planned": "gepland",
    "sent": "verstuurd, nog niet bewezen",
    "deferred": "uitgesteld",
    "met": "verteld",
    "met_by_other": "verteld door een ander",
    "omitted": "weggelaten door de FG",
}
_NOT_PROVEN = (
    "- of wat de vrager opschreef (melding, noodzaak, criteria) waar is: het is ingevuld, en niet gewogen;",
    "- of er is gevraagd of gekeken buiten dit systeem om, per telefoon of in een ander register;",
    "- of twee kenmerken van medewerkers twee personen zijn: dat weet de organisatie zelf;",
    "- wat er in een verzegeld deel staat; wie de sleutel niet heeft, ziet alleen dat het er is;",
    "- van een keuze: of er regels zijn weggelaten. Vraag dan het hele spoor.",
)


@dataclass
class Account:
    """What was counted. `since`, `until`: the first and the last time, as the trail has them."""

    entries: int = 0
    since: str = ""
    until: str = ""
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    reviewed: Counter[str] = field(default_factory=Counter)  # how far the review of the rules was
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    looked: Counter[tuple[Kind, str, str]] = field(default_factory=Counter)
    erasures: Counter[tuple[str, str]] = field(default_factory=Counter)
    misdeeds: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    differences: int = 0
    duties: Obligations = field(default_factory=Obligations)
    odd: int = 0
    """Lines that cannot be read: a check of the export says which."""

    def take(self, position: int, facts: Mapping[str, Any]) -> None:
        """One line."""
        kind, at = facts.get("kind"), str(facts.get("at", ""))
        self.entries += 1
        self.since, self.until = min(self.since or at, at), max(self.until, at)
        if kind in {Kind.PERMIT, Kind.REFUSAL}:
            asked = _text(facts, "requester"), _text(facts, "holder"), _text(facts, "question")
            self.asked[asked] += 1
            self.reviewed[_text(facts, "status")] += 1
            if kind == Kind.REFUSAL:
                for reason in facts.get("reasons", ()):
                    self.refused[(asked[0], asked[1], str(reason))] += 1
        elif kind == Kind.ANSWER:
            said = " ".join(filter(None, (_text(facts, "status"), _text(facts, "ground"))))
            self.outcomes[(_text(facts, "requester"), _text(facts, "question"), said)] += 1
        elif kind in _LOOKING:
            ground = _text(facts, "ground") or _text(facts, "purpose") or _text(facts, "why")
            self.looked[(Kind(kind), _text(facts, "user") or _text(facts, "by"), ground)] += 1
        elif kind == Kind.ERASURE:
            self.erasures[(_text(facts, "reason"), _text(facts, "by"))] += 1
        elif kind == Kind.MISDEED:
            self.misdeeds[_text(facts, "misdeed")] += 1
        elif kind == Kind.COMPARISON:
            self.compared += 1
            found = [facts.get(name) for name in ("only_here", "only_there")]
            self.differences += sum(len(one) for one in found if isinstance(one, list))
        if kind in OF_DUTIES:
            self.duties.take(facts, position)


def account_of(path: Path, *, joint: bool | None = None) -> Account:
    """Reads an export. `joint`: whether it is the broker's trail; without it that is seen from the lines.

    Raises OSError, zipfile.BadZipFile, KeyError for a file that is no export.
    """
    if joint is None:
        joint = not any("joint_id" in facts for _, facts in _lines(path) if facts.get("kind") == Kind.PERMIT)
    found = Account(duties=Obligations(joint))
    for position, facts in _lines(path):
        if not facts:
            found.odd += 1
            continue
        try:
            found.take(position, facts)
        except (KeyError, ValueError, TypeError, AttributeError):
            found.odd += 1
    return found


def told_account(found: Account, now: datetime | None = None) -> Iterator[str]:
    """All of it in Dutch, line by line. `now`: as of when something is too late; without it as of the last
    line, since what came after that is not in the export.
    """
    now = now or _last(found)
    yield f"{found.entries} regels, van {_when(found.since)} tot en met {_when(found.until)}."
    if found.odd:
        yield f"{found.odd} regels zijn niet te lezen en niet meegeteld; de controle zegt welke."
    yield from _section("Gevraagd (vrager → houder, vraag)", _counted(found.asked))
    rules = (f"{count} × {status or 'staat er niet bij'}" for status, count in _sorted(found.reviewed))
    yield from _section("Hoever de toetsing was van de regel waarnaar is beslist", rules)
    yield from _section("Geweigerd door de hand-out (vrager → houder, reden)", _counted(found.refused))
    yield from _section("Beantwoord hier (vrager, vraag, uitkomst)", _counted(found.outcomes, " · "))
    yield from _section("Wie keek, las of doorgaf", _looks(found))
    yield from _section("Wie het moet weten", _duties(found, now))
    yield from _section("Gewist op verzoek of na de termijn", _erased(found))
    compared = f"{found.compared} vergelijkingen met een ander spoor"
    yield from _section(
        "Misstanden en vergelijkingen",
        [
            *(f"{count} × {misdeed}" for misdeed, count in _sorted(found.misdeeds)),
            f"{compared}, {found.differences} regels die één kant mist",
        ],
    )
    yield ""
    yield "Wat dit niet bewijst:"
    yield from _NOT_PROVEN


def _duties(found: Account, now: datetime) -> Iterator[str]:
    every = [one.at(now) for one in found.duties.by_id.values()]
    for state, count in _sorted(Counter(one.state for one in every)):
        yield f"{count} × {_STATES[state]}"
    late = sorted((one for one in every if one.overdue(now)), key=lambda one: one.due_at)
    yield f"{len(late)} te laat op {_when(now.isoformat())}"
    for one in late[:_MOST_NAMED]:
        yield f"  {one.receiver}, casus {one.case_ref}: had moeten zijn vóór {_when(one.due_at.isoformat())}"
    if len(late) > _MOST_NAMED:
        yield f"  en {len(late) - _MOST_NAMED} andere"
    breached = sum(one.breached_since is not None for one in every)
    yield f"{breached} uitgesteld toen het al te laat was"


def _last(found: Account) -> datetime:
    try:
        return datetime.fromisoformat(found.until)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _erased(found: Account) -> Iterator[str]:
    for (reason, by), count in _sorted(found.erasures):
        yield f"{count} × {reason}" + (f", door {by}" if by else "")


def _looks(found: Account) -> Iterator[str]:
    for (kind, user, ground), count in _sorted(found.looked):
        why = f", grond: {ground}" if ground else ""
        yield f"{count} × {user or 'onbekend'} {_HEAD[kind]}{why}"


def _section(title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    told = list(lines)
    yield from (f"  {line}" for line in told)
    if not told:
        yield "  niets"


def _counted(counts: Counter[tuple[str, str, str]], between: str = " → ") -> Iterator[str]:
    for (one, other, what), count in _sorted(counts):
        yield f"{count} × {one}{between}{other}: {what}"


def _sorted(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return "" if value is None else str(value)


def _when(moment: str) -> str:
    shown = local(moment)
    return f"{shown:%d-%m-%Y %H.%M}" if isinstance(shown, datetime) else str(shown)


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with zipfile.ZipFile(path) as archive, archive.open("entries.jsonl") as lines:
        for line in lines:
            try:
                read = json.loads(line)
                yield int(read["position"]), dict(read["leaf"])
            except (ValueError, KeyError, TypeError, RecursionError):
                yield -1, {}
