"""The documentation page and the glossary: whole, accessible, and nothing from elsewhere."""

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adapters.node.app import app as node_app
from adapters.node.settings import NodeSettings
from gateway.app import app as broker_app
from gateway.settings import BrokerSettings
from party.page import PAGE_CSP, glossary, page
from tests.sample_api import sample

ROOT = Path(__file__).parents[2]
_SET = {"keys": "k", "directory": "d", "database": "sqlite:///d", "subject_keys": "sqlite:///s"}
_NODE = {
    **_SET,
    "party": "rvdk_midden",
    "partner": "rvdk",
    "register_url": "sqlite:///r",
    "issuer": "https://idp.example",
    "audience": "node",
    "jwks": "jwks.json",
}
DOCUMENTS = {
    "sample": sample().openapi(),
    "broker": broker_app(BrokerSettings.model_validate(_SET)).openapi(),
    "node": node_app(NodeSettings.model_validate(_NODE)).openapi(),
}
PAGES = {**{name: page(document) for name, document in DOCUMENTS.items()}, "glossary": glossary()}

_EMPTY = {"meta"}


class Read(HTMLParser):
    """What stands in a page: the elements in order, with what is open around each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[str]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif "table" in self._open:
            self.tables[-1].append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} closes another element"

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(params=PAGES)
def text(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]


def test_nothing_runs_and_nothing_comes_from_elsewhere(text: str) -> None:
    """No script, handler, asset or foreign link; the one stylesheet is the one in the CSP."""
    read = Read(text)
    assert not read.all("script", "link", "img", "iframe", "form", "object")
    for tag, attributes in read.elements:
        assert not any(name.startswith("on") or name in {"style", "src"} for name in attributes), tag
    for link in read.all("a"):
        assert str(link["href"]).startswith(("#", "/v1/", "mailto:"))
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in PAGE_CSP
    assert "url(" not in style
    assert "@import" not in style


def test_a_reader_finds_the_way_without_sight_or_mouse(text: str) -> None:
    """Language, title, a skip link first, one main, headings without gaps, captions and scopes."""
    read = Read(text)
    assert read.all("html") == [{"lang": "nl"}]
    assert "<title></title>" not in text
    assert read.all("a")[0] == {"class": "skip", "href": "#inhoud"}
    assert read.all("main") == [{"id": "inhoud", "tabindex": "-1"}]
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(table[0] == "caption" for table in read.tables)
    assert all(heading.get("scope") in {"col", "row"} for heading in read.all("th"))


def test_every_link_within_the_page_arrives(text: str) -> None:
    """Ids are unique, and each anchor is there."""
    read = Read(text)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    anchors = {str(link["href"])[1:] for link in read.all("a") if str(link["href"]).startswith("#")}
    assert anchors <= set(ids)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_page_tells_everything_in_the_document(name: str) -> None:
    """Each operation, field, state and problem code of the document stands on the page."""
    document, text = DOCUMENTS[name], PAGES[name]
    assert document["externalDocs"]["url"] in text
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert f"<code>{method.upper()} /v1{path}</code>" in text
            for response in operation["responses"].values():
                problems = response.get("content", {}).get("application/problem+json", {})
                for code in problems.get("examples", {}):
                    assert f'id="fout-{code}"' in text
    for schema in document["components"]["schemas"].values():
        for value in schema.get("enum", ()):
            assert f"<code>{value}</code>" in text
        for field, inner in schema.get("properties", {}).items():
            assert f"<code>{field}</code>" in text
            for state in inner.get("oneOf", ()):
                assert f"<code>{state['const']}</code>" in text


def test_what_a_document_says_cannot_become_markup() -> None:
    """Texts are escaped wherever they stand."""
    document = {**DOCUMENTS["sample"], "info": {**DOCUMENTS["sample"]["info"], "title": "<b>&"}}
    text = page(document)
    assert "<b>" not in text
    assert "<h1>&lt;b&gt;&amp;</h1>" in text


def test_a_text_is_no_more_than_emphasis_code_lists_and_headings() -> None:
    """HTML, links and images in a description stay text; what it may have becomes elements."""
    told = (
        "Een *nadruk*, `code`.\n\n## Een kop\n\n- een\n- twee\n\n<b>x</b> [a](https://b.example) ![c](d.png)"
    )
    document = {**DOCUMENTS["sample"], "info": {**DOCUMENTS["sample"]["info"], "description": told}}
    text = page(document)
    read = Read(text)
    assert "<em>nadruk</em>, <code>code</code>" in text
    assert '<h2 id="een-kop">Een kop</h2>' in text
    assert "<li>twee</li>" in text
    assert "&lt;b&gt;x&lt;/b&gt; [a](https://b.example) ![c](d.png)" in text
    assert not read.all("b", "img")


def test_the_published_glossary_is_the_one_in_the_documents() -> None:
    """`docs/glossary.md` is a copy of what the apps carry with them."""
    packaged = (ROOT / "party/glossary.md").read_text(encoding="utf-8")
    assert (ROOT / "docs/glossary.md").read_text(encoding="utf-8") == packaged
    for word in re.findall(r"^\| ([a-z, -]+) \|", packaged, re.MULTILINE)[1:]:
        assert word in PAGES["glossary"]
