"""A change as an officer reads it before signing: the verdict first, then each card whole, before and after,
in plain Dutch and to the datum. Nothing is left out or cut; its digest goes into what is signed.
"""

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from typing import Any, Literal, get_args

from policies.cards import Card, CardKind, Deck
from policies.catalogue import Catalogue, Narrowing, Rule
from policies.closed import Closed
from policies.compare import WIDER, Comparison, Flip, KindOfChange
from policies.difference import Datum, Difference
from policies.gates import Change, Does
from policies.release import Release, canonical_json
from policies.words import PARAMETERS, Words

Verdict = Literal["wider", "stricter", "different", "review"]
"""`review`: only how far the review of rows is, and where they come from."""

_VERDICTS: Mapping[Verdict, str] = {
    "wider": "RUIMER: er komt iets bij dat mag, of er valt iets weg dat nodig was.",
    "stricter": "STRENGER: er mag minder, en niets meer dan nu.",
    "different": "ANDERS: niet zonder meer ruimer of strenger. Lees elke kaart.",
    "review": "ALLEEN DE TOETSING: er verandert niets aan wat mag.",
}
_NARROWS: frozenset[KindOfChange] = frozenset({"refused", "by_hand", "fewer_answers", "more_duties"})
_TELLING: frozenset[CardKind] = frozenset({"row", "narrowing", "scenarios", "review"})
"""Cards of which the decisions that change tell whether they are wider."""

_STRENGTH: Sequence[Does] = ("widens", "nothing", "narrows", "refuses some", "refuses")


@dataclass(frozen=True)
class CardText:
    """One card in words. `partners`: whom it touches. `before`, `after`: lines, whole; `decisions`: what
    changes by it; `data`: each datum that differs, exactly.
    """

    kind: CardKind
    code: str
    title: str
    partners: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    decisions: tuple[str, ...]
    data: tuple[str, ...]


@dataclass(frozen=True)
class Showing:
    """All that is shown of a change. `same`: what does not change. `elsewhere`: decisions that change by what
    touches everybody; `gates`: facts that do something else than before.
    """

    old: str
    new: str
    verdict: Verdict
    head: tuple[str, ...]
    cards: tuple[CardText, ...]
    elsewhere: tuple[str, ...]
    gates: tuple[str, ...]
    same: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it, in hex."""
        return hashlib.sha256(canonical_json(asdict(self))).hexdigest()


def lines_of(shown: Mapping[str, Any]) -> Iterator[str]:
    """All of a showing, as JSON values, for a terminal or a page of text."""
    yield from shown["head"]
    for card in shown["cards"]:
        yield ""
        yield card["title"]
        yield from (f"  {line}" for line in _marked(card["before"], card["after"]))
        yield from (f"  = {line}" for line in card["decisions"])
        yield from (f"  · {line}" for line in card["data"])
    if shown["elsewhere"]:
        yield ""
        yield "Beslissingen die hierdoor veranderen:"
        yield from (f"  = {line}" for line in shown["elsewhere"])
    if shown["gates"]:
        yield ""
        yield "Feiten die iets anders doen dan nu:"
        yield from (f"  {line}" for line in shown["gates"])
    yield ""
    yield shown["same"]


def read_showing(values: Mapping[str, Any]) -> Showing:
    """One that was kept as JSON (`asdict`). Raises TypeError, KeyError."""
    cards = tuple(CardText(**_tuples(card)) for card in values["cards"])
    return Showing(**{**_tuples(values), "cards": cards})


def showing(
    old: Release,
    new: Release,
    dealt: Deck,
    found: Comparison,
    gates: tuple[Sequence[Change], Sequence[Change]],
    *,
    absent: Sequence[Closed],
) -> Showing:
    """Everything of a change in words; `gates`: what each fact does, before and after; `absent`: what changes
    only where something that is needed is not there.
    """
    before, after = Words(old.catalogue, dutch=True), Words(new.catalogue, dutch=True)
    less = any(_asks_less(card, old, new) for card in dealt.cards)
    verdict = _verdict(dealt, found, gates, absent, less=less)
    return Showing(
        old=old.revision,
        new=new.revision,
        verdict=verdict,
        head=(
            _VERDICTS[verdict],
            "Moet tekenen: "
            + ", ".join(_short(code, new.catalogue, old.catalogue) for code in dealt.partners)
            + ".",
            f"{found.changed} van {found.cells} beslissingen veranderen als aan alle vaste eisen is voldaan.",
            *(
                ["Ook als dat niet zo is, verandert er iets: lees welke feiten iets anders doen."]
                * bool(absent)
            ),
            after.status(),
        ),
        cards=tuple(_text(card, old, new, before, after) for card in dealt.cards),
        elsewhere=tuple(_of_flips(dealt.everywhere, after)),
        gates=(*_gates(*gates, before, after), *_absent(absent, after)),
        same=_same(dealt, old, new, before, after),
    )


def _verdict(
    dealt: Deck,
    found: Comparison,
    gates: tuple[Sequence[Change], Sequence[Change]],
    absent: Sequence[Closed],
    *,
    less: bool,
) -> Verdict:
    cards = {card.kind for card in dealt.cards}
    changed = {flip.kind for flip in chain(found.flips, *(one.flips for one in absent))}
    if changed & WIDER or _looser(*gates) or less:
        return "wider"
    if cards <= {"review"}:
        return "review"
    narrowed = bool(changed & _NARROWS) and changed <= {*_NARROWS, "other_reasons"}
    return "stricter" if narrowed and cards <= _TELLING else "different"


def _asks_less(card: Card, old: Release, new: Release) -> bool:
    """Whether a row, or what was agreed for it somewhere, asks less than it did: a condition is gone, or it
    holds on more days. No cell shows either, and of a fact only that it still refuses somewhere.
    """
    row = new.catalogue.rules.get(card.code)
    if card.kind == "row" and row is not None and row.mode != "refuse":
        before = old.catalogue.rules.get(card.code, row)
        gone = set(before.conditions) - {*row.conditions, *new.catalogue.every_rule}
        longer = row.valid_from < before.valid_from or _last(row) > _last(before)
        return bool(gone) or longer
    if card.kind == "narrowing":
        regions = [new.catalogue.regions.get(code) for code in old.catalogue.regions]
        return any(
            not _asked_still(condition, narrowing, region.narrowings, new.catalogue)
            for region in regions
            if region is not None and card.code in {region.code, region.arrondissement}
            for narrowing in old.catalogue.regions[region.code].narrowings
            for condition in narrowing.conditions
        )
    return False


def _last(row: Rule) -> date:
    return row.valid_until or date.max


def _asked_still(condition: str, before: Narrowing, now: Iterable[Narrowing], catalogue: Catalogue) -> bool:
    """Whether all that had to meet this condition has to, or is refused."""
    row = catalogue.rules.get(before.rule)
    if row is None or row.mode == "refuse" or condition in {*row.conditions, *catalogue.every_rule}:
        return True
    return any(
        one.rule == before.rule
        and (condition in one.conditions or one.to == "refuse")
        and all(
            not wide or (narrow and set(wide) >= set(narrow))
            for wide, narrow in (
                (one.purposes, before.purposes),
                (one.subjects, before.subjects),
                (one.ages, before.ages),
            )
        )
        for one in now
    )


def _looser(old: Sequence[Change], new: Sequence[Change]) -> bool:
    """Whether a fact that refuses or narrows does so less."""
    known = {(one.field, one.value): one for one in new}
    return any(
        _STRENGTH.index(known[key].does) < _STRENGTH.index(one.does)
        for one in old
        if (key := (one.field, one.value)) in known
    )


def _gates(old: Sequence[Change], new: Sequence[Change], before: Words, after: Words) -> Iterator[str]:
    told = [
        {(one.field, one.value): words.change(one) for one in changes}
        for changes, words in ((old, before), (new, after))
    ]
    for key in dict.fromkeys([*told[0], *told[1]]):
        was, becomes = (one.get(key, "niets") for one in told)
        if was != becomes:
            yield f"- {was}"
            yield f"+ {becomes}"


def _absent(absent: Sequence[Closed], after: Words) -> Iterator[str]:
    """What changes where a fact is not as it has to be."""
    for one in absent:
        yield f"Als {after.fact(one.field, one.value)}:"
        yield from (f"  {line}" for line in _of_flips(one.flips, after))


def _text(card: Card, old: Release, new: Release, before: Words, after: Words) -> CardText:
    told = [list(_said(card, release, words)) for release, words in ((old, before), (new, after))]
    touched = ", ".join(_short(code, new.catalogue, old.catalogue) for code in card.partners)
    return CardText(
        kind=card.kind,
        code=card.code,
        title=f"{_title(card, new.catalogue)} · raakt {touched}",
        partners=card.partners,
        before=tuple(told[0]),
        after=tuple(told[1]),
        decisions=tuple(_of_flips(card.flips, after)),
        data=tuple(line for one in card.differences for line in _exactly(one)),
    )


_TITLES: Mapping[CardKind, str] = {
    "row": "Regel {}",
    "narrowing": "Afspraak in {}",
    "parameter": "Grens of termijn: {}",
    "basis": "Grondslag of open vraag {}",
    "rules": "De regels zelf (Rego): {}",
    "matrix": "Wat voor elke regel geldt: {}",
    "catalogue": "Catalogus: {}",
    "region": "Regio: {}",
    "scenarios": "De scenariotabel waaraan de versie moet voldoen",
    "review": "Toetsing van regel {}",
}


def _title(card: Card, catalogue: Catalogue) -> str:
    name = card.code
    if card.kind == "parameter":
        name = PARAMETERS.get(card.code, card.code)
    if card.kind == "narrowing" and card.code in catalogue.regions:
        name = catalogue.regions[card.code].nl
    return _TITLES[card.kind].format(name)


def _said(card: Card, release: Release, words: Words) -> Iterator[str]:
    """What a release says of the thing of a card, in words; nothing where it has none."""
    catalogue = release.catalogue
    match card.kind:
        case "row" | "review" if card.code in catalogue.rules:
            yield from words.rule(catalogue.rules[card.code])
        case "narrowing":
            here = [one for one in catalogue.regions.values() if card.code in {one.code, one.arrondissement}]
            yield from dict.fromkeys(line for region in here for line in words.narrowings(region))
        case "basis" if card.code in catalogue.legal_bases:
            yield from words.basis(card.code)


def _of_flips(flips: Iterable[Flip], words: Words) -> Iterator[str]:
    for flip in flips:
        first, *rest = words.flip(flip)
        yield first
        yield from (f"  {line}" for line in rest)


def _exactly(one: Difference) -> Iterator[str]:
    """A datum before and after; of a whole file each line that differs, with what stands round it."""
    if one.place:
        yield f"{'.'.join(one.place)}: {_datum(one.before)} → {_datum(one.after)}"
        return
    was, becomes = ((each.text if each is not None else "").splitlines() for each in (one.before, one.after))
    yield one.file
    yield from (line.rstrip("\n") for line in list(difflib.unified_diff(was, becomes, lineterm="", n=2))[2:])


def _datum(one: Datum | None) -> str:
    return "niets" if one is None else one.text


def _same(dealt: Deck, old: Release, new: Release, before: Words, after: Words) -> str:
    """What does not change, counted; and which rows without a card read otherwise, since a limit, a legal
    basis or a text of theirs changes.
    """
    changed: dict[str, int] = {}
    for kind in get_args(CardKind):
        changed[kind] = sum(card.kind == kind for card in dealt.cards)
    catalogue = new.catalogue
    own = {card.code for card in dealt.cards if card.kind in {"row", "review"}}
    otherwise = [
        code
        for code, rule in catalogue.rules.items()
        if code not in own and list(before.rule(old.catalogue.rules[code])) != list(after.rule(rule))
    ]
    rows = len(catalogue.rules) - len(own & set(catalogue.rules)) - len(otherwise)
    parts = [f"{rows} van de {len(catalogue.rules)} regels"]
    for kind, all_of_it in (
        ("parameter", "alle grenzen en termijnen"),
        ("basis", "alle grondslagen"),
        ("catalogue", "alle teksten, vragen, plichten en rollen"),
        ("matrix", "wat voor elke regel geldt"),
        ("narrowing", "alle afspraken van regio's"),
        ("region", "van elke regio naam, arrondissement, samenwerking en grenzen"),
        ("rules", "de logica"),
        ("scenarios", "de scenariotabel"),
    ):
        if not changed[kind]:
            parts.append(all_of_it)
    also = f"Door wat hierboven verandert, luidt ook anders: {', '.join(otherwise)}. " if otherwise else ""
    return f"{also}De rest is precies hetzelfde: {', '.join(parts)}."


def _short(code: str, *catalogues: Catalogue) -> str:
    return next((one.partners[code].short for one in catalogues if code in one.partners), code)


def _marked(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Both as one list: what goes with -, what comes with +, the rest as it is."""
    for line in difflib.ndiff(before, after):
        if not line.startswith("?"):
            yield line


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
