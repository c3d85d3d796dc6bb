"""What is written for readers: whole sentences, and nothing cited that is not here."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PACKAGES = ("adapters", "audit", "bench", "contract", "demo", "gateway", "grondslag", "party", "policies")
_ENDS_EARLY = 100  # columns within which the next word would have stood; lines may have 110
_DRAWN = re.compile(r"[│├└┌►◄▼▲─‖|→]|\S {2,}\S|`{3}|<[a-z]+>$")
_ITEM = re.compile(r"(- |\* |\d+[. ] ?)")


def _docstrings() -> Iterator[tuple[str, list[str]]]:
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            lines = path.read_text(encoding="utf-8").split("\n")
            for node in ast.walk(ast.parse("\n".join(lines))):
                first = getattr(node, "body", None)
                for one in first if isinstance(first, list) else ():
                    if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                        place = f"{path.relative_to(ROOT)}:{one.lineno}"
                        yield place, lines[one.lineno - 1 : one.end_lineno]


def _paragraphs(lines: list[str]) -> Iterator[list[str]]:
    current: list[str] = []
    for line in [*lines, ""]:
        if not line.strip() or _ITEM.match(line.strip()):
            if len(current) > 1 and not any(_DRAWN.search(one) for one in current):
                yield current
            current = []
        if line.strip() not in {"", '"""'}:
            current.append(line)


def test_no_docstring_breaks_off_in_mid_sentence() -> None:
    """A line goes on as far as it can; one that ends early was broken by a change of width."""
    broken = [
        (place, before.strip())
        for place, lines in _docstrings()
        for paragraph in _paragraphs(lines)
        for before, after in pairwise(paragraph)
        if len(before) + 1 + len(after.split()[0]) <= _ENDS_EARLY
    ]
    assert broken == []


_CITED = re.compile(r"(?<![\w/.-])((?:[a-z-]+/)*[a-z-]+\.md)\b")
_CODE = re.compile(r"(?<![\w./-])(C[0-9]{1,2}[a-z]?|D[0-9]{2}|[TUK][0-9])(?![\w.-])")


def _comments() -> Iterator[tuple[str, str]]:
    for place, lines in _docstrings():
        yield place, "\n".join(lines)
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
                _, mark, said = line.partition("# ")
                if mark and not said.startswith("noqa"):
                    yield f"{path.relative_to(ROOT)}:{number}", said


def test_every_document_that_is_cited_is_here() -> None:
    """From the top of the repository, beside the file, or in docs/."""
    missing = [
        (place, name)
        for place, said in _comments()
        for name in _CITED.findall(said)
        if not any((ROOT / folder / name).is_file() for folder in ("", "docs", Path(place).parent))
    ]
    assert missing == []


def test_every_code_of_the_law_that_is_cited_is_explained() -> None:
    """In docs/law.md, each in a row or a sentence of its own."""
    explained = set(_CODE.findall((ROOT / "docs" / "law.md").read_text(encoding="utf-8")))
    missing = [
        (place, code) for place, said in _comments() for code in _CODE.findall(said) if code not in explained
    ]
    assert missing == []


def test_every_test_that_shows_a_limit_is_there() -> None:
    """docs/limits.md names files, and functions in them."""
    text = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert named
    for name, function in named:
        found = (ROOT / name).read_text(encoding="utf-8")
        assert f"def {function}" in found, (name, function)
