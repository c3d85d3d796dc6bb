"""The rules themselves, by the real opa program and by a linter over its syntax tree."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.opa import opa_program

_POLICIES = Path(__file__).parents[2] / "policies"
_RULES = sorted(path for path in (_POLICIES / "handout").rglob("*.rego") if not path.stem.endswith("_test"))


def _opa(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [opa_program(), *arguments],
        cwd=_POLICIES.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_rego_test_passes() -> None:
    ran = _opa("test", "--bundle", "policies", "--fail-on-empty", "--format", "json")
    results = json.loads(ran.stdout)
    assert ran.returncode == 0, [one["name"] for one in results if one.get("fail") or one.get("error")]
    assert len(results) >= 40


def test_the_rego_tests_reach_every_line_of_the_rules() -> None:
    ran = _opa("test", "--bundle", "policies", "--coverage", "--format", "json")
    files = json.loads(ran.stdout)["files"]
    assert {name: one["not_covered"] for name, one in files.items() if one.get("not_covered")} == {}


def test_the_rules_are_strict_and_use_only_what_both_engines_do_alike() -> None:
    arguments = ("--strict", "--capabilities", "policies/portable.json", "--ignore", "*_test.rego")
    ran = _opa("check", *arguments, "policies/handout")
    assert ran.returncode == 0, ran.stderr


def test_a_rule_outside_the_portable_subset_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "now.rego").write_text("package now\n\nat := time.now_ns()\n")
    ran = _opa("check", "--strict", "--capabilities", "policies/portable.json", str(tmp_path))
    assert ran.returncode != 0


def test_the_rules_are_formatted() -> None:
    ran = _opa("fmt", "--fail", "--list", "policies/handout")
    assert (ran.returncode, ran.stdout) == (0, "")


def _tree(path: Path) -> dict[str, Any]:
    ran = _opa("parse", "--format", "json", "--json-include", "comments", str(path))
    tree: dict[str, Any] = json.loads(ran.stdout)
    return tree


def _nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


def _path(node: dict[str, Any]) -> list[str]:
    return [str(part.get("value")) for part in node["value"] if isinstance(part, dict)]


def _problems(path: Path) -> list[str]:
    tree = _tree(path)
    package = [part["value"] for part in tree["package"]["path"]]
    found = []
    text = path.read_text().splitlines()
    seen: set[str] = set()
    for number, line in enumerate(text):
        public = line[:1].isalpha() and line.split()[0] not in ("package", "default", "import")
        name = line.split("(")[0].split()[0] if public else ""
        if public and name not in seen:
            seen.add(name)
            above = next((text[n] for n in range(number - 1, -1, -1) if not text[n].startswith("#")), "")
            documented = "# METADATA" in text[max(0, number - 8) : number]
            if not documented and not above.startswith("default"):
                found.append(f"{name}: no METADATA")
    if "# scope: package" not in text:
        found.append("package: no METADATA")
    found += [f"import {node}" for node in tree.get("imports", [])]
    for node in _nodes(tree["rules"]):
        if node.get("type") == "ref":
            parts = _path(node)
            if parts[:1] == ["data"] and any(part.startswith("_") for part in parts[1:]):
                found.append(f"reference to a private rule: {'.'.join(parts)}")
        if node.get("negated") and not _safe_under_not(node["terms"]):
            found.append("a fact inside a call or a path under `not`: an absent one would lose the reason")
        if node.get("with") and "batch" not in json.dumps([*package, _rule_of(tree, node)]):
            found.append("with outside the batch")
    return found


def _rule_of(tree: dict[str, Any], inside: dict[str, Any]) -> str:
    for rule in tree["rules"]:
        if any(node is inside for node in _nodes(rule)):
            return str(rule["head"].get("name"))
    return ""


def _safe_under_not(terms: object) -> bool:
    """OPA takes operands of a call and indices of a path out of the `not`, but not those of ==."""
    if isinstance(terms, dict) and terms["type"] != "ref":  # a rule of this package
        return True
    if isinstance(terms, dict):  # one path
        return sum(node.get("value") == "input" for node in _nodes(terms)) == (_path(terms)[0] == "input")
    assert isinstance(terms, list)
    if _path(terms[0]) in (["eq"], ["equal"]):
        return True
    return not any(node.get("value") == "input" for node in _nodes(terms))


@pytest.mark.parametrize("path", _RULES, ids=lambda path: path.stem)
def test_each_policy_keeps_the_rules_of_the_house(path: Path) -> None:
    """METADATA, no private rule of another package, no alias, no lost fact, `with` only in the batch."""
    assert _problems(path) == []


def test_the_linter_sees_a_fact_that_would_be_lost_under_not(tmp_path: Path) -> None:
    bad = tmp_path / "bad.rego"
    bad.write_text(
        "# METADATA\n# scope: package\npackage bad\n\n"
        "_a if not input.x in {1}\n\n_b if not data.y[input.z]\n\n"
        "_c if data.handout.case._private\n\n_d if not input.x == 1\n"
    )
    assert len(_problems(bad)) == 3
