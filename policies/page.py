"""What changes between two releases as one HTML page for print: no script, nothing fetched."""

import difflib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from policies.showing import CardText, Showing

_TITLE = "Verschil tussen twee versies van de hand-out"
_STYLE = """
body { font: 11pt/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
h3 { font-size: .9rem; margin: .5rem 0 0; }
ul { margin: 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
section { border-top: 1px solid #999; } .verdict { font-size: 1.2rem; font-weight: bold; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th { text-align: left; font-size: .9rem; } td { vertical-align: top; padding: .1rem .8rem .1rem 0; }
.goes { text-decoration: line-through; color: #8a1c00; } .comes { font-weight: bold; color: #00541f; }
.exactly { font-family: monospace; font-size: .8rem; white-space: pre-wrap; }
@media print { tr, li { break-inside: avoid; } h2, h3 { break-after: avoid; } }
"""


def page(shown: Showing) -> str:
    """The page, complete."""
    elsewhere = (
        _section("Beslissingen die hierdoor veranderen", shown.elsewhere),
        _section("Feiten die iets anders doen dan nu", shown.gates),
    )
    return (
        '<!doctype html><html lang="nl"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{_TITLE}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{_TITLE}</h1>"
        f'<p class="verdict">{escape(shown.head[0])}</p>'
        + _list([*shown.head[1:], f"van {shown.old}", f"naar {shown.new}"])
        + "".join(map(_card, shown.cards))
        + "".join(elsewhere)
        + f"<section><p>{escape(shown.same)}</p></section></body></html>\n"
    )


def _card(card: CardText) -> str:
    """Before and after side by side, what changes by it, and the data to the letter."""
    both = ""
    if card.before or card.after:
        rows = "".join(_beside(card.before, card.after))
        both = f"<table><thead><tr><th>nu</th><th>wordt</th></tr></thead><tbody>{rows}</tbody></table>"
    decisions = f"<h3>beslissingen die veranderen</h3>{_list(card.decisions)}" if card.decisions else ""
    exactly = escape("\n".join(card.data))
    return (
        f"<section><h2>{escape(card.title)}</h2>{both}{decisions}"
        f'<h3>de gegevens, precies</h3><div class="exactly">{exactly}</div></section>'
    )


def _beside(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """One row for each line, what is the same beside itself; so that a long card breaks over pages."""
    found = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for _, first, past, new_first, new_past in found.get_opcodes():
        pairs = itertools.zip_longest(before[first:past], after[new_first:new_past])
        for old, new in pairs:
            marks = ("", "") if old == new else (' class="goes"', ' class="comes"')
            cells = [
                "<td></td>" if line is None else f"<td{mark}>{escape(line)}</td>"
                for line, mark in zip((old, new), marks, strict=True)
            ]
            yield f"<tr>{''.join(cells)}</tr>"


def _section(heading: str, lines: tuple[str, ...]) -> str:
    return f"<section><h2>{heading}</h2>{_list(lines)}</section>" if lines else ""


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
