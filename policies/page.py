"""A comparison of two releases as one HTML page for print: no script, nothing fetched."""

from html import escape

from policies.compare import WIDER, Comparison
from policies.words import Words

_STYLE = """
body { font: 11pt/1.5 sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 1.5rem 0 0; }
ul { margin: 0; padding-left: 1.2rem; } code { overflow-wrap: anywhere; }
.wider { border-left: 4px solid #8a1c00; padding-left: .8rem; }
@media print { section { break-inside: avoid; } }
"""


def page(found: Comparison, words: Words, language: str) -> str:
    """The page, complete; `language` is its code (RFC 5646)."""
    title = "Verschil tussen twee versies van de hand-out" if language == "nl" else "Two hand-outs compared"
    lines = "".join(f"<li><code>{escape(line)}</code></li>" for line in words.summary(found))
    sections = []
    for flip in found.flips:
        first, *rest = words.flip(flip)
        items = "".join(f"<li>{escape(line)}</li>" for line in rest)
        mark = ' class="wider"' if flip.kind in WIDER else ""
        sections.append(f"<section{mark}><h2>{escape(first)}</h2><ul>{items}</ul></section>")
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1><ul>{lines}</ul>"
        + "".join(sections)
        + "</body></html>\n"
    )
