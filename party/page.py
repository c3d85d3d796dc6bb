"""The API's own documentation as one plain HTML page, made from its OpenAPI document, and the glossary.

- No script, no asset, no foreign address: the one stylesheet stands in the page, and `PAGE_CSP` allows it and
  nothing else, by its hash.
- One `h1`, no heading level left out, captions and scopes on every table, a skip link; nothing within the
  page scrolls by itself, so that the keyboard reaches all of it.
- What is said about an operation stands in the document, where programs read it too; the page adds no facts.
- Texts are Markdown, but only what our descriptions use: no HTML, no links, no images.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import orjson
from markdown_it import MarkdownIt
from markupsafe import Markup

from party.openapi import GLOSSARY_PATH, PROBLEM_JSON
from party.pdf import templates

JsonObject = Mapping[str, Any]

_FOLDER = Path(__file__).with_name("templates")
_STYLE = _FOLDER.joinpath("page.css").read_text(encoding="utf-8")

PAGE_CSP: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For these pages only: their own stylesheet, and nothing else."""

_GLOSSARY = Path(__file__).with_name("glossary.md")
_MARKDOWN = MarkdownIt("zero").enable(["heading", "list", "emphasis", "backticks", "table"])
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


@dataclass(frozen=True)
class _Operation:
    method: str
    path: str
    about: JsonObject

    @property
    def anchor(self) -> str:
        return _anchor(f"{self.method} {self.path}")

    @property
    def answers(self) -> list[tuple[str, JsonObject]]:
        """What comes when it goes well: per status the response."""
        return [(status, one) for status, one in self.about["responses"].items() if int(status) < 400]

    @property
    def failures(self) -> list[tuple[str, str]]:
        """What may come instead: status and code of each problem."""
        return [
            (status, code)
            for status, one in self.about["responses"].items()
            if int(status) >= 400
            for code in _problems(one)
        ]


def page(document: JsonObject) -> str:
    """The documentation page of an OpenAPI document that `openapi.described` made."""
    operations = list(_operations(document))
    known = {
        code: problem
        for one in operations
        for response in one.about["responses"].values()
        for code, problem in _problems(response).items()
    }
    return _ENVIRONMENT.get_template("documentation.html").render(
        title=document["info"]["title"],
        document=document,
        operations=operations,
        problems=sorted(known.items(), key=lambda row: (row[1]["status"], row[0])),
        glossary_path=GLOSSARY_PATH,
    )


def glossary() -> str:
    """The glossary (`docs/glossary.md`) as a page."""
    tokens = _MARKDOWN.parse(_GLOSSARY.read_text(encoding="utf-8"))
    cells = [inside.content for before, inside in pairwise(tokens) if before.type == "td_open"]
    rows = list(zip(cells[::3], cells[1::3], cells[2::3], strict=True))
    return _ENVIRONMENT.get_template("glossary.html").render(title="Woordenlijst", rows=rows)


def problem_page(members: Mapping[str, object]) -> str:
    """A problem (its members as in problem+json) as a page."""
    template = _ENVIRONMENT.get_template("problem.html")
    return template.render(title=members["title"], detail=members["detail"], number=members["traceId"])


def _operations(document: JsonObject) -> Iterator[_Operation]:
    for path, item in document["paths"].items():
        prefix = "" if "servers" in item else document["servers"][0]["url"]
        for method, about in item.items():
            if isinstance(about, dict):
                yield _Operation(method.upper(), prefix + path, about)


def _problems(response: JsonObject) -> dict[str, JsonObject]:
    examples = response.get("content", {}).get(PROBLEM_JSON, {}).get("examples", {})
    return {code: one["value"] for code, one in examples.items()}


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _prose(text: str) -> Markup:
    """Markdown of several lines; its headings can be linked to."""
    tokens = _MARKDOWN.parse(text)
    for heading, inside in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", _anchor(inside.content))
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - it escapes


def _line(text: str) -> Markup:
    """Markdown within one line."""
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704 - it escapes


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


_ENVIRONMENT = templates(_FOLDER)
_ENVIRONMENT.filters |= {"prose": _prose, "line": _line, "json": _json}
_ENVIRONMENT.globals |= {
    "style": Markup(_STYLE),  # noqa: S704 - our own file
    "places": _PLACES,
    "types": _TYPES,
    "formats": _FORMATS,
}
