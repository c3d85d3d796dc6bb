"""What changes between two releases as one HTML page for print: no script, nothing fetched."""

from collections.abc import Iterable, Iterator
from html import escape

from policies.showing import CardText, Showing

_TITLE = "Verschil tussen twee versies van de hand-out"
_STYLE = """
body { font: 11pt/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
h3 { font-size: .9rem; margin: .5rem 0 0; }
ul { margin: 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
section { border-top: 1px solid #999; } .both { display: flex; gap: 1rem; } .both div { flex: 1; }
.goes { text-decoration: line-through; color: #8a1c00; } .comes { font-weight: bold; color: #00541f; }
.exactly { font-family: monospace; font-size: .8rem; white-space: pre-wrap; }
@media print { section { break-inside: avoid; } }
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
        + _list([f"van {shown.old}", f"naar {shown.new}", *shown.head])
        + "".join(map(_card, shown.cards))
        + "".join(elsewhere)
        + f"<section><p>{escape(shown.same)}</p></section></body></html>\n"
    )


def _card(card: CardText) -> str:
    """Before and after side by side, what changes by it, and the data to the letter."""
    both = ""
    if card.before or card.after:
        before = "".join(_lines(card.before, "goes", card.after))
        after = "".join(_lines(card.after, "comes", card.before))
        both = (
            f'<div class="both"><div><h3>nu</h3><ul>{before}</ul></div>'
            f"<div><h3>wordt</h3><ul>{after}</ul></div></div>"
        )
    decisions = f"<h3>beslissingen die veranderen</h3>{_list(card.decisions)}" if card.decisions else ""
    exactly = escape("\n".join(card.data))
    return (
        f"<section><h2>{escape(card.title)}</h2>{both}{decisions}"
        f'<h3>de gegevens, precies</h3><div class="exactly">{exactly}</div></section>'
    )


def _lines(lines: Iterable[str], mark: str, others: Iterable[str]) -> Iterator[str]:
    known = set(others)
    for line in lines:
        yield f"<li>{escape(line)}</li>" if line in known else f'<li class="{mark}">{escape(line)}</li>'


def _section(heading: str, lines: tuple[str, ...]) -> str:
    return f"<section><h2>{heading}</h2>{_list(lines)}</section>" if lines else ""


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
