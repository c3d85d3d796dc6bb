"""One word for one thing: a public name is defined once, over all packages."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PACKAGES = ("adapters", "audit", "bench", "contract", "demo", "gateway", "grondslag", "party", "policies")
_MIGRATIONS = "versions"  # each has its own upgrade() and downgrade()


def _defined(kind: type[ast.stmt] | tuple[type[ast.stmt], ...]) -> dict[str, list[tuple[str, ast.stmt]]]:
    """Public name -> where at the outermost level of a module it is defined, and how."""
    found = defaultdict(list)
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.parent.name == _MIGRATIONS:
                continue
            for statement in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(statement, kind):
                    name: str = statement.name  # type: ignore[attr-defined]  # classes and functions have one
                    if not name.startswith("_"):
                        found[name].append((f"{path.relative_to(ROOT)}:{statement.lineno}", statement))
    assert found
    return found


def test_a_class_is_defined_once() -> None:
    """Two things with one name are told apart by their folder alone, which a reader does not see."""
    twice = {
        name: [place for place, _ in places]
        for name, places in _defined(ast.ClassDef).items()
        if len(places) > 1
    }
    assert twice == {}


def test_a_function_is_written_once() -> None:
    """The same name with the same body is one idea in two places. (Routes and commands are named for what is
    asked for, and `inbox.load` and `cases.load` read by their module.)
    """
    twice = {}
    for name, places in _defined((ast.FunctionDef, ast.AsyncFunctionDef)).items():
        bodies = defaultdict(list)
        for place, function in places:
            assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            body = function.body[1:] if ast.get_docstring(function) else function.body
            bodies[ast.dump(ast.Module(body, []))].append(place)
        same = [one for one in bodies.values() if len(one) > 1]
        if same:
            twice[name] = same
    assert twice == {}
