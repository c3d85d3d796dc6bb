"""Which facts each rule of the hand-out reads, and which other rules: read from the rules themselves.

A decision is a function of what its rules read, so cells that agree in that share its value, and "this fact
is read by that rule alone" is looked up, not believed. Rules must name what they read:
`input.<group>.<field>`, `data.handout.<package>.<rule>`; whole groups and computed names are refused. Pure:
it is given the syntax tree of the embedded engine.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies.errors import ReleaseError

ENTRY_POINT = "data.handout.decision"
_HANDS_ON = "data.handout.batch"
"""No decision: it gives each decision of a call its own input."""

SyntaxTree = Any
"""JSON of the syntax tree: every expression is an object with one key, its kind."""


@dataclass(frozen=True)
class RuleNode:
    """A rule by its path: the fields of the input that it reads itself (also by way of functions, which have
    no value of their own), and the rules whose value it uses.
    """

    path: str
    fields: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass
class _Read:
    fields: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    function: bool = False


def nodes(modules: Sequence[SyntaxTree], vocabulary: Mapping[str, object]) -> tuple[RuleNode, ...]:
    """The rules that the decision rests on, each after those whose value it uses; the decision is the last.

    Raises ReleaseError for a rule that reads what the vocabulary does not name, or a circle of rules.
    """
    packages: dict[str, list[SyntaxTree]] = {}
    for module in modules:
        name = ".".join(_names(module["ast"]["package"]["refr"]))
        packages.setdefault(f"data.{name}", []).extend(module["ast"]["rules"])
    known = {f"{package}.{_rule_name(rule)}" for package, rules in packages.items() for rule in rules}
    read: dict[str, _Read] = {path: _Read() for path in known}
    for package, rules in packages.items():
        for rule in rules:
            path = f"{package}.{_rule_name(rule)}"
            read[path].function |= "Func" in _body(rule).get("head", {})
            if path == _HANDS_ON:
                continue
            for root, names in _references(rule):
                used = _rule(root, names, package, known)
                if root == "input":
                    read[path].fields.add(_fact(path, names, vocabulary))
                elif used is not None and used != path:
                    read[path].rules.add(used)
    return tuple(_ordered(ENTRY_POINT, read))


def _fact(path: str, names: Sequence[str], vocabulary: Mapping[str, object]) -> str:
    for length in (2, 1):
        name = ".".join(names[:length])
        if name in vocabulary:
            return name
    raise ReleaseError(f"The rule {path} reads {'.'.join(['input', *names])}: no fact has that name.")


def _rule(root: str, names: Sequence[str], package: str, known: Collection[str]) -> str | None:
    """The rule that a reference leads to; None when it leads to data, an argument or a local name."""
    if root != "data":
        return f"{package}.{root}" if f"{package}.{root}" in known else None
    whole = ".".join(["data", *names])
    if any(one.startswith(f"{whole}.") for one in known):
        raise ReleaseError(f"A rule in {package} reads the whole of {whole}.")
    return next((one for one in known if whole == one or whole.startswith(f"{one}.")), None)


def _ordered(goal: str, read: Mapping[str, _Read]) -> Iterator[RuleNode]:
    done: set[str] = set()
    under_way: set[str] = set()

    def visit(path: str) -> Iterator[RuleNode]:
        if path in done:
            return
        if path in under_way:
            raise ReleaseError(f"The rule {path} rests on itself.")
        under_way.add(path)
        fields, rules = _without_functions(path, read, frozenset())
        for rule in sorted(rules):
            yield from visit(rule)
        done.add(path)
        yield RuleNode(path, tuple(sorted(fields)), tuple(sorted(rules)))

    if goal not in read:
        raise ReleaseError(f"The hand-out has no rule {goal}.")
    yield from visit(goal)


def _without_functions(
    path: str, read: Mapping[str, _Read], callers: frozenset[str]
) -> tuple[set[str], set[str]]:
    if path in callers:
        raise ReleaseError(f"The function {path} calls itself.")
    fields, rules = set(read[path].fields), set()
    for used in read[path].rules:
        if read[used].function:
            more_fields, more_rules = _without_functions(used, read, callers | {path})
            fields |= more_fields
            rules |= more_rules
        else:
            rules.add(used)
    return fields, rules


def _references(tree: SyntaxTree) -> Iterator[tuple[str, list[str]]]:
    """Every name that is looked at, with the fields that are written after it."""
    if isinstance(tree, list):
        for one in tree:
            yield from _references(one)
    elif isinstance(tree, dict):
        for kind, inner in tree.items():
            if kind in {"Var", "RefDot", "RefBrack"} and isinstance(inner, dict):
                root, names, indexes = _chain({kind: inner})
                if root is not None:
                    yield root, names
                for index in indexes:
                    yield from _references(index)
            elif kind not in {"span", "head"}:
                yield from _references(inner)
            elif kind == "head":
                # the name of the rule itself is no reference; what it yields is
                for part in ("key", "value", "args", "assign"):
                    yield from _references([one.get(part) for one in inner.values()])


def _chain(tree: SyntaxTree) -> tuple[str | None, list[str], list[SyntaxTree]]:
    """The root of a reference, the names that follow until the first computed one, and what is computed."""
    ((kind, inner),) = tree.items()
    if kind == "Var":
        return inner["value"], [], []
    if kind not in {"RefDot", "RefBrack"}:
        return None, [], [tree]
    root, names, indexes = _chain(inner["refr"])
    if kind == "RefBrack":
        return root, names, [*indexes, inner["index"]]
    return root, (names if indexes else [*names, inner["field"][1]]), indexes


def _names(tree: SyntaxTree) -> list[str]:
    root, names, _ = _chain(tree)
    return [str(root), *names]


def _body(rule: SyntaxTree) -> Mapping[str, SyntaxTree]:
    ((_, inner),) = rule.items()
    return inner  # type: ignore[no-any-return]


def _rule_name(rule: SyntaxTree) -> str:
    inner = _body(rule)
    if "refr" in inner:  # a default
        return ".".join(_names(inner["refr"]))
    ((_, head),) = inner["head"].items()
    return ".".join(_names(head["refr"]))
