"""Entries as rows of a table for people: Dutch headings, local times and dates, numbers as numbers. Pure.

Whoever checks an export makes the same rows again from its lines; the tables in it are held against them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from audit.terms import ZONE

CellValue = str | int | datetime | date
"""A text, a number, a local time without its zone, or a day."""


@dataclass(frozen=True)
class Column:
    """`fact`: of the leaf; `heading`: as people read it."""

    fact: str
    heading: str
    kind: Literal["text", "number", "time"] = "text"


COLUMNS = (
    Column("position", "regel van het spoor", "number"),
    Column("at", "tijdstip", "time"),
    Column("kind", "soort"),
    Column("case_ref", "casus"),
    Column("subject_ref", "betrokkene"),
    Column("requester", "vrager"),
    Column("holder", "houder"),
    Column("receiver", "wie informeert"),
    Column("question", "vraag"),
    Column("purpose", "doel"),
    Column("rule", "regel van de hand-out"),
    Column("status", "uitkomst, of hoever de toetsing van de regel is"),
    Column("mode", "wijze"),
    Column("user", "medewerker"),
    Column("by", "door"),
    Column("ground", "grond"),
    Column("reasons", "redenen"),
    Column("legal_bases", "grondslagen"),
    Column("revision", "versie van de hand-out"),
    Column("due_at", "uiterlijk", "time"),
    Column("obligation", "informatieplicht"),
    Column("until", "tot", "time"),
    Column("inquiry", "bevraging"),
    Column("id", "kenmerk"),
)
"""Of the tables for people; other facts stand in `entries.jsonl` alone."""

HEADINGS = tuple(column.heading for column in COLUMNS)

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})")


def row_of(position: int, leaf: bytes) -> list[CellValue]:
    """One entry; a leaf that somebody spoiled has its position alone."""
    facts = _facts(leaf)
    return [position, *(_cell(column, facts.get(column.fact)) for column in COLUMNS[1:])]


def _facts(leaf: bytes) -> Mapping[str, Any]:
    try:
        facts = json.loads(leaf)
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _cell(column: Column, value: Any) -> CellValue:
    if value is None:
        return ""
    if column.kind == "time":
        return local(value)
    if isinstance(value, list):
        return ", ".join(_texts(value))
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def local(value: Any) -> CellValue:
    """A moment, or seconds since 1970, as the clock in the Netherlands shows it; else as it is."""
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, ZONE).replace(tzinfo=None)
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(ZONE).replace(tzinfo=None, microsecond=0)
    except (ValueError, OverflowError, OSError):
        pass
    return str(value)


def _texts(values: list[Any]) -> Iterator[str]:
    for value in values:
        yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
