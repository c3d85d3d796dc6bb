"""What nobody reads is not kept."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "audit", "bench", "contract", "demo", "gateway", "grondslag", "party", "policies")
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def test_every_constant_and_every_function_of_a_module_has_a_reader() -> None:
    """An import is no reader, and neither is a function that calls itself. What is decorated is read by its
    decorator (a command, a route, a property); a row of a table by its metadata.
    """
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _files(*PACKAGES)}
    read: Counter[str] = Counter(re.findall(r"\w+", (ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    for tree in [*trees.values(), *(ast.parse(path.read_text(encoding="utf-8")) for path in _files("tests"))]:
        _count(tree, frozenset(), read)
    unread = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in trees.items()
        if "migrations" not in path.parts
        for name in _names(tree)
        if not read[name] and not name.startswith("__")
    ]
    assert unread == []


def _files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def _count(node: ast.AST, within: frozenset[str], read: Counter[str]) -> None:
    if isinstance(node, _DEFINED):
        within = within | {node.name}
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
    if name is not None and name not in within and isinstance(getattr(node, "ctx", None), ast.Load):
        read[name] += 1
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 80:
        read.update(re.findall(r"\w+", node.value))  # an annotation in quotes, a name to be patched
    for inside in ast.iter_child_nodes(node):
        _count(inside, within, read)


def _names(tree: ast.Module) -> list[str]:
    found = []
    for node in tree.body:
        if isinstance(node, _DEFINED):
            rows = isinstance(node, ast.ClassDef) and any(one.arg == "table" for one in node.keywords)
            found += [] if node.decorator_list or rows else [node.name]
        elif isinstance(node, ast.Assign):
            found += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append(node.target.id)
    return found
