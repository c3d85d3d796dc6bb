"""One word for one thing: a public name is defined once, over all packages."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PACKAGES = ("adapters", "audit", "bench", "contract", "demo", "gateway", "grondslag", "party", "policies")
_PUBLIC = re.compile("[A-Za-z]")
_TYPE = re.compile("[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_MIGRATIONS = "versions"  # each has its own upgrade() and downgrade()


def _name(statement: ast.stmt) -> str:
    """What is defined here; of assignments only names of types, `LikeThis`."""
    if isinstance(statement, ast.Assign):
        [*_, target] = statement.targets
        return target.id if isinstance(target, ast.Name) and _TYPE.fullmatch(target.id) else "_"
    return str(getattr(statement, "name"))  # noqa: B009  # classes and functions have one


def _defined(kind: type[ast.stmt] | tuple[type[ast.stmt], ...]) -> dict[str, list[tuple[str, ast.stmt]]]:
    """Public name -> where at the outermost level of a module it is defined, and how."""
    found = defaultdict(list)
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.parent.name == _MIGRATIONS:
                continue
            for statement in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(statement, kind) and _PUBLIC.match(name := _name(statement)):
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


def test_the_name_of_a_type_means_one_thing() -> None:
    """Also where a name stands for a type that is written out: it is no class's name, and says the same
    everywhere.
    """
    meant = defaultdict(set)
    for name, places in _defined((ast.ClassDef, ast.Assign)).items():
        for place, statement in places:
            meant[name].add(ast.unparse(statement.value) if isinstance(statement, ast.Assign) else place)
    assert {name: sorted(told) for name, told in meant.items() if len(told) > 1} == {}


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
