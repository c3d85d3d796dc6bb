"""The API's own documentation as one plain HTML page, made from its OpenAPI document, and the glossary.

- No script, no asset, no foreign address: the one stylesheet stands in the page, and `PAGE_CSP` allows it and
  nothing else, by its hash.
- One `h1`, no heading level left out, captions and scopes on every table, a skip link; nothing within the
  page scrolls by itself, so that the keyboard reaches all of it.
- What is said about an operation stands in the document, where programs read it too; the page adds no facts.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Final

import orjson

from party.openapi import GLOSSARY_PATH, PROBLEM_JSON

Json = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #767676; --soft: #f2f4f7; --link: #01458a }
@media (prefers-color-scheme: dark) { :root { --line: #8c8c8c; --soft: #22262b; --link: #9cc7ff } }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
a { color: var(--link) }
a:focus-visible, main:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.skip { position: absolute; left: -100rem; background: Canvas; padding: .5rem }
.skip:focus { left: 1rem }
h1, h2, h3, h4 { line-height: 1.25; margin: 2rem 0 .5rem }
h2 { border-bottom: 2px solid var(--line); padding-bottom: .25rem }
h3 { margin-top: 3rem }
code, pre { font: .9rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { background: var(--soft); border-left: 4px solid var(--line); padding: .75rem; white-space: pre-wrap }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem }
caption { text-align: left; font-weight: 600; padding: .25rem 0 }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top }
td, th, th code { overflow-wrap: break-word }
@media (max-width: 40rem) {
  th, td { padding: .25rem; font-size: .875rem }
  dd { margin-left: 1rem }
}
thead th { background: var(--soft) }
dt { font-weight: 600 }
@media print { nav, .skip { display: none } }
"""

PAGE_CSP: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For these pages only: their own stylesheet, and nothing else."""

_GLOSSARY = Path(__file__).with_name("glossary.md")
_PLACES = {"path": "adres", "query": "zoekveld", "header": "kop"}
_TYPES = {
    "string": "tekst",
    "integer": "heel getal",
    "number": "getal",
    "boolean": "waar of niet waar",
    "object": "object",
    "null": "leeg",
}
_FORMATS = {"date": "datum", "date-time": "datum en tijd", "uri": "adres"}


def page(document: Json) -> str:
    """The documentation page of an OpenAPI document that `openapi.described` made."""
    info = document["info"]
    operations = list(_operations(document))
    schemas = document["components"]["schemas"]
    parts = [
        f"<h1>{escape(info['title'])}</h1>",
        f"<p>Versie {escape(info['version'])}. {_links(document)}</p>",
        _prose(info["description"]),
        '<h2 id="aanmelden">Aanmelden</h2>',
        _prose(document["components"]["securitySchemes"]["bearer"]["description"]),
        _prose("Een document dat is ondertekend, is zelf de aanmelding van de partij die het stuurt."),
        '<h2 id="handelingen">Handelingen</h2>',
        *(_operation(*one) for one in operations),
        '<h2 id="gegevens">Gegevens</h2>',
        *(_schema(name, schema) for name, schema in sorted(schemas.items())),
        '<h2 id="foutcodes">Foutcodes</h2>',
        _prose(
            "Elke fout is een `Problem` (RFC 9457). Programma's kijken naar de code, mensen lezen de tekst."
        ),
        _problems(operation for *_, operation in operations),
    ]
    entries = [("aanmelden", "Aanmelden"), ("handelingen", "Handelingen")]
    entries += [(_anchor(method, path), operation["summary"]) for method, path, operation in operations]
    entries += [("gegevens", "Gegevens"), ("foutcodes", "Foutcodes")]
    return _html(info["title"], "\n".join(parts), entries)


def glossary() -> str:
    """The glossary (`docs/glossary.md`) as a page."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in _GLOSSARY.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    body = "\n".join(
        f'<tr><th scope="row" lang="en">{_inline(word)}</th><td>{_inline(dutch)}</td>'
        f'<td lang="en">{_inline(meaning)}</td></tr>'
        for word, dutch, meaning in rows[2:]
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Engels", "Nederlands", "Betekenis (Engels)"))
    table = (
        f"<table><caption>Eén woord voor één ding, in code, API en teksten</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    return _html("Woordenlijst", f"<h1>Woordenlijst</h1>\n{table}", [])


def _html(title: str, main: str, entries: Iterable[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="#{anchor}">{escape(text)}</a></li>' for anchor, text in entries)
    nav = f'<nav aria-label="Op deze pagina"><ol>{items}</ol></nav>\n' if items else ""
    return (
        '<!doctype html>\n<html lang="nl">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#inhoud">Naar de inhoud</a>\n{nav}'
        f'<main id="inhoud" tabindex="-1">\n{main}\n</main>\n</body>\n</html>\n'
    )


def _links(document: Json) -> str:
    contact = document["info"]["contact"]
    mail = escape(contact["email"])
    return (
        f'<a href="/v1/openapi.json">OpenAPI-document</a>, <a href="{GLOSSARY_PATH}">woordenlijst</a>. '
        f'{escape(contact["name"])}: <a href="mailto:{mail}">{mail}</a>.'
    )


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        prefix = "" if "servers" in item else document["servers"][0]["url"]
        for method, operation in item.items():
            if isinstance(operation, dict):
                yield method.upper(), prefix + path, operation


def _anchor(method: str, path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{method} {path}".lower()).strip("-")


def _operation(method: str, path: str, operation: Json) -> str:
    signed_in = "Token nodig." if operation.get("security") else "Geen token nodig."
    parts = [
        f'<h3 id="{_anchor(method, path)}">{escape(operation["summary"])}</h3>',
        f"<p><code>{method} {escape(path)}</code>. {signed_in}</p>",
        _prose(operation.get("description", "")),
        _parameters(operation.get("parameters", [])),
    ]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<h4>Verzoek</h4>\n<p><code>{escape(kind)}</code>: {_type(content['schema'])}</p>")
        parts.append(_example(content))
    failures = []
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            failures += [(status, code) for code in _codes(response)]
            continue
        parts.append(f"<h4>Antwoord {status}</h4>\n{_prose(response['description'])}")
        for kind, content in response.get("content", {}).items():
            parts.append(f"<p><code>{escape(kind)}</code>: {_type(content['schema'])}</p>")
            parts.append(_example(content))
    links = ", ".join(f'{status} <a href="#fout-{code}"><code>{code}</code></a>' for status, code in failures)
    parts.append(f"<h4>Als het niet lukt</h4>\n<p>{links}</p>")
    return "\n".join(part for part in parts if part)


def _parameters(parameters: Iterable[Json]) -> str:
    rows = [
        (
            f"<code>{escape(one['name'])}</code>",
            f"{_PLACES[one['in']]}, {'verplicht' if one.get('required') else 'mag ontbreken'}",
            _type(one["schema"]),
            _inline(one.get("description", "")),
        )
        for one in parameters
    ]
    return _table("In het adres", ("Naam", "Waar", "Soort", "Betekenis"), rows) if rows else ""


def _example(content: Json) -> str:
    if "example" not in content:
        return ""
    text = orjson.dumps(content["example"], option=orjson.OPT_INDENT_2).decode()
    return f"<p>Voorbeeld:</p>\n<pre><code>{escape(text)}</code></pre>"


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = [
        (
            f"<code>{escape(field)}</code>",
            "verplicht" if field in required else "mag ontbreken",
            _type(inner),
            _meaning(inner),
        )
        for field, inner in schema.get("properties", {}).items()
    ]
    table = _table(f"Velden van {name}", ("Naam", "Nodig", "Soort", "Betekenis"), rows) if rows else ""
    about = _prose(schema.get("description", ""))
    return f'<h3 id="gegeven-{escape(name)}"><code>{escape(name)}</code></h3>\n{about}\n{table}'


def _type(schema: Json) -> str:  # noqa: PLR0911 - a list of shapes, in order
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#gegeven-{name}"><code>{name}</code></a>'
    for several in ("anyOf", "oneOf"):
        if several in schema:
            if all("const" in one for one in schema[several]):
                return "een code"
            return " of ".join(dict.fromkeys(_type(one) for one in schema[several]))
    if "enum" in schema:
        return "een van " + ", ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    kind = schema.get("type")
    if kind == "array":
        return f"lijst van {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object, per naam {_type(schema['additionalProperties'])}"
    return _FORMATS.get(schema.get("format", ""), _TYPES.get(str(kind), "alles"))


def _meaning(schema: Json) -> str:
    told = _inline(schema.get("description", ""))
    states = [one for one in schema.get("oneOf", ()) if "const" in one]
    if not states:
        return told
    rows = "".join(
        f"<dt><code>{escape(one['const'])}</code></dt><dd>{_inline(one['description'])}</dd>"
        for one in states
    )
    return f"{told}<dl>{rows}</dl>"


def _codes(response: Json) -> list[str]:
    return list(response.get("content", {}).get(PROBLEM_JSON, {}).get("examples", {}))


def _problems(operations: Iterable[Json]) -> str:
    known: dict[str, Json] = {}
    for operation in operations:
        for response in operation["responses"].values():
            examples = response.get("content", {}).get(PROBLEM_JSON, {}).get("examples", {})
            known |= {code: one["value"] for code, one in examples.items()}
    rows = [
        (
            f'<code id="fout-{code}">{code}</code>',
            str(problem["status"]),
            escape(problem["title"]),
            escape(problem["detail"]),
        )
        for code, problem in sorted(known.items(), key=lambda row: (row[1]["status"], row[0]))
    ]
    return _table("Alle foutcodes", ("Code", "Status", "Wat er is", "Wat u kunt doen"), rows)


def _table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in others) + "</tr>"
        for first, *others in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table>"
    )


def _prose(text: str) -> str:
    """The little Markdown that our descriptions use: paragraphs, `## `, lists, `**` and backticks."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        if block.startswith("## "):
            title = block.removeprefix("## ")
            anchor = re.sub(r"[^a-z]+", "-", title.lower())
            blocks.append(f'<h2 id="{anchor}">{escape(title)}</h2>')
        elif block.startswith("- "):
            items = "".join(f"<li>{_inline(line.removeprefix('- '))}</li>" for line in lines)
            blocks.append(f"<ul>{items}</ul>")
        elif block:
            blocks.append(f"<p>{_inline(block)}</p>")
    return "\n".join(blocks)


def _inline(text: str) -> str:
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)
