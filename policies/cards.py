"""What changes between two releases, as cards: one for each row, each narrowing and each other thing that is
not the same, with whom it touches.

- A row, a narrowing and a line of the scenarios touch who asks and who is asked there. Everything else
  touches everybody: rules, parameters, legal bases, texts, obligations, names, regions.
- Each datum that differs stands on exactly one card. Each decision that changes belongs to a card; one that
  no card explains is a release that nobody can agree on.

Pure: no database, no web framework, no logger.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, get_args

from policies.catalogue import Rule
from policies.compare import Comparison, Flip
from policies.difference import Difference, differences
from policies.errors import ReleaseError
from policies.release import CATALOGUE, MATRIX, PARAMETERS, REGIONS, SCENARIOS, Release
from policies.scenarios import Scenario, partners_of, scenarios_of

CardKind = Literal[
    "row", "narrowing", "parameter", "basis", "rules", "matrix", "catalogue", "region", "scenarios", "review"
]
"""In the order in which an officer wants to read them. `review`: of a row, only how far its review is and
where it comes from."""

_KINDS: tuple[CardKind, ...] = get_args(CardKind)
_OF_REVIEW = frozenset({"source", "version", "status", "reviewed_by", "reviewed_on"})
_BASES = frozenset({"legal_bases", "open_questions"})


@dataclass(frozen=True)
class Card:
    """One thing that changes. `code`: which (a row, a region, a parameter, a file). `partners`: whom it
    touches. `flips`: the decisions that change by it, where these can be told by row.
    """

    kind: CardKind
    code: str
    partners: tuple[str, ...]
    differences: tuple[Difference, ...]
    flips: tuple[Flip, ...] = ()


@dataclass(frozen=True)
class Deck:
    """All cards between two releases. `everywhere`: decisions that change by what touches everybody, such as
    a rule; there is no row to show them with.
    """

    cards: tuple[Card, ...]
    everywhere: tuple[Flip, ...]

    @property
    def partners(self) -> tuple[str, ...]:
        """Whom any of it touches."""
        return tuple(sorted({partner for card in self.cards for partner in card.partners}))


def deck(old: Release, new: Release, found: Comparison) -> Deck:
    """The cards; `found`: the decisions of both compared. Raises ReleaseError when a decision changes that no
    card explains, or scenarios cannot be read.
    """
    everybody = tuple(sorted({*old.catalogue.partners, *new.catalogue.partners}))
    grouped: dict[tuple[CardKind, str], list[Difference]] = {}
    for one in differences(old, new):
        for key in _cards_of(one, old, new):
            grouped.setdefault(key, []).append(one)
    cards = [
        Card(kind, code, _touched(kind, code, old, new) or everybody, tuple(differing))
        for (kind, code), differing in _with_reviews(grouped).items()
    ]
    cards.sort(key=lambda card: (_KINDS.index(card.kind), card.code))
    return _with_flips(cards, found, everybody, old, new)


def rows_of(release: Release, partner: str, question: str) -> tuple[str, ...]:
    """The rows that this release looks at for this question, in their order."""
    return tuple(rule.code for rule in release.catalogue.candidates(partner, question))


def _cards_of(one: Difference, old: Release, new: Release) -> Iterator[tuple[CardKind, str]]:
    """The card of a difference; of which rows a question looks at: of each row that comes or goes."""
    head, *rest = (*one.place, "")
    match one.file, head, rest:
        case (file, "rules", [code, *_]) if file == MATRIX and code:
            yield "row", code
        case (file, "cells", [partner, question, *_]) if file == MATRIX and question:
            before, after = (rows_of(release, partner, question) for release in (old, new))
            moved = set(before) ^ set(after)
            yield from (("row", code) for code in sorted(moved or {*before, *after}))
        case (file, *_) if file == MATRIX:
            yield "matrix", head
        case (file, *_) if file == PARAMETERS:
            yield "parameter", head
        case (file, "regions" | "arrondissements", [code, "narrowings", *_]) if file == REGIONS:
            yield "narrowing", code
        case (file, *_) if file == REGIONS:
            yield "region", ".".join((head, *rest[:1])).rstrip(".")
        case (file, *_) if file == CATALOGUE and head in _BASES:
            yield "basis", rest[0]
        case (file, *_) if file == CATALOGUE:
            yield "catalogue", ".".join((head, *rest[:1])).rstrip(".")
        case (file, *_) if file == SCENARIOS:
            yield "scenarios", file
        case _:
            yield "rules", one.file


def _with_reviews(
    grouped: Mapping[tuple[CardKind, str], list[Difference]],
) -> dict[tuple[CardKind, str], list[Difference]]:
    """A row of which only the review changes is a card of another kind: it decides nothing."""
    found = {}
    for (kind, code), differing in grouped.items():
        reviewed = kind == "row" and all(
            one.file == MATRIX
            and one.place[:1] == ("rules",)
            and one.place[2:3]
            and one.place[2] in _OF_REVIEW
            for one in differing
        )
        found["review" if reviewed else kind, code] = differing
    return found


def _touched(kind: CardKind, code: str, old: Release, new: Release) -> tuple[str, ...]:
    """Whom a card touches; empty: everybody."""
    if kind in {"row", "review"}:
        return _partners_of_rows([release.catalogue.rules.get(code) for release in (old, new)])
    if kind == "narrowing":
        regions = [one for release in (old, new) for one in release.catalogue.regions.values()]
        here = [one for one in regions if code in {one.code, one.arrondissement}]
        rows = {narrowing.rule for region in here for narrowing in region.narrowings}
        return _partners_of_rows([release.catalogue.rules.get(row) for release in (old, new) for row in rows])
    if kind == "scenarios":
        return _partners_of_scenarios(old, new)
    return ()


def _partners_of_rows(rows: Iterable[Rule | None]) -> tuple[str, ...]:
    """Who asks and who is asked in these rows; a row that no question reaches has nobody of its own."""
    pairs = {(partner, question.partition(".")[0]) for row in rows if row for partner, question in row.cells}
    return tuple(sorted(set(chain.from_iterable(pairs))))


def _partners_of_scenarios(old: Release, new: Release) -> tuple[str, ...]:
    """Of the lines that come or go; everybody when it is no line, but what holds of all of them."""
    before, after = scenarios_of(old), scenarios_of(new)
    lines = [
        (line, release)
        for release, here, there in ((old, before, after), (new, after, before))
        for line in here.lines
        if _told(line) not in {_told(other) for other in there.lines}
    ]
    if before.nothing_else != after.nothing_else or not lines:
        return ()
    return tuple(sorted(set(chain.from_iterable(partners_of(line, one.catalogue) for line, one in lines))))


def _told(line: Scenario) -> tuple[object, ...]:
    """What a line says, wherever it stands."""
    given = tuple(tuple(sorted(one.items())) for one in line.given)
    return given, line.questions, line.effect, tuple(sorted(line.told.items())), line.because


def _with_flips(cards: Sequence[Card], found: Comparison, everybody: tuple[str, ...], *both: Release) -> Deck:
    """Each change of a decision with the card of its row, else with every card of that asker and question."""
    by_pair: dict[tuple[str, str], list[int]] = {}
    for number, card in enumerate(cards):
        for pair in _pairs(card, both):
            by_pair.setdefault(pair, []).append(number)
    flips: dict[int, list[Flip]] = {}
    everywhere: list[Flip] = []
    for flip in found.flips:
        here = by_pair.get((flip.requester, flip.question), [])
        for number in [number for number in here if cards[number].code == flip.rule] or here:
            flips.setdefault(number, []).append(flip)
        if not here:
            everywhere.append(flip)
    if everywhere and not any(card.partners == everybody for card in cards):
        raise ReleaseError("A decision changes that nothing in the release explains.")
    told = [replace(card, flips=tuple(flips.get(number, ()))) for number, card in enumerate(cards)]
    return Deck(tuple(told), tuple(everywhere))


def _pairs(card: Card, both: Sequence[Release]) -> set[tuple[str, str]]:
    """Of which requesters and questions the rows of a card speak, before or after."""
    rows = {card.code} if card.kind in {"row", "review"} else _narrowed(card)
    known = [release.catalogue.rules.get(row) for release in both for row in rows]
    return set(chain.from_iterable(rule.cells for rule in known if rule is not None))


def _narrowed(card: Card) -> set[str]:
    """The rows that the narrowings of a card speak of."""
    if card.kind != "narrowing":
        return set()
    listed = [one.value for each in card.differences for one in (each.before, each.after) if one is not None]
    return {str(narrowing["rule"]) for narrowings in listed for narrowing in narrowings}
