"""What nobody would notice: the program with one thing changed, and the tests that must see it.

    python -m tests.mutants [--each 12] [--seed 1] [--jobs 2] [--only audit/]

Over what every promise rests on: the path, the door, the trail, the obligations. Each mutant is one change in
the syntax tree (a comparison turned round, a bound moved by one, a condition or its opposite, a check or a
call left out) in a copy of this tree; the tests of its module run on it until the first one that falls. Some
of all mutants are taken, the same ones for the same seed. Exit status 1 when fewer are found than FLOOR.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[1]

FLOOR = 0.7
"""Of what is tried, so much must be found. It only rises."""

TARGETS: Mapping[str, tuple[str, ...]] = {
    "contract/signing.py": ("tests/contract/test_signing.py", "tests/attacks/test_documents.py"),
    "contract/sealing.py": ("tests/contract/test_sealing.py", "tests/properties/test_envelopes.py"),
    "audit/merkle.py": ("tests/audit/test_merkle.py",),
    "audit/checkpoint.py": ("tests/audit/test_checkpoint.py", "tests/audit/test_witness.py"),
    "audit/trail.py": (
        "tests/audit/test_trail.py",
        "tests/audit/test_erasure.py",
        "tests/audit/test_disk.py",
    ),
    "audit/verify.py": ("tests/audit/test_verify.py", "tests/audit/test_export.py"),
    "adapters/node/asking/opening.py": ("tests/node/test_opening.py",),
    "adapters/node/asking/enrichments.py": ("tests/node/test_enrichments.py",),
    "adapters/node/asking/composing.py": ("tests/node/test_composing.py",),
    "adapters/node/answering/inbox.py": ("tests/node/test_inbox.py",),
    "adapters/node/answering/duties.py": ("tests/node/test_duties.py",),
    "adapters/node/answering/marks.py": ("tests/node/test_marks.py",),
    "gateway/inquiries/courier.py": ("tests/gateway/test_courier.py",),
    "gateway/inquiries/asked.py": ("tests/gateway/test_asked.py",),
    "audit/obligations.py": ("tests/audit/test_obligations.py", "tests/audit/test_book.py"),
    "adapters/node/informing/steps.py": ("tests/node/test_letters.py", "tests/journeys/test_informing.py"),
    "gateway/broker.py": (
        "tests/gateway",
        "tests/attacks/test_chain.py",
        "tests/journeys/test_interrupted.py",
        "tests/journeys/test_late.py",
    ),
    "adapters/node/answering/answering.py": (
        "tests/attacks/test_chain.py",
        "tests/journeys/test_holder_decides.py",
        "tests/journeys/test_interrupted.py",
    ),
    "adapters/node/asking/asking.py": (
        "tests/attacks/test_documents.py",
        "tests/journeys/test_one_person.py",
        "tests/journeys/test_interrupted.py",
        "tests/journeys/test_cases.py",
        "tests/journeys/test_proven.py",
    ),
}
"""Module -> the tests that must find it changed, the quickest first."""

_ENOUGH_S = 420
"""A mutant that hangs is found."""

_SKIPPED = shutil.ignore_patterns(
    ".git",
    ".venv",
    ".tools",
    ".demo",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "*.egg-info",
)
_TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Mutant:
    module: str
    line: int
    what: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.what}"


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Every mutant of one module, in the order of its lines."""
    tree = ast.parse(source)
    found: list[tuple[int, str, Callable[[ast.AST], None], int]] = []
    decorators = [one for node in ast.walk(tree) for one in getattr(node, "decorator_list", ())]
    outside = {id(node) for one in decorators for node in ast.walk(one)}  # whether a value is frozen, say
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in outside:
            continue
        found += [(node.lineno, what, change, number) for what, change in _changes(node)]  # type: ignore[attr-defined]
    for line, what, change, number in sorted(found, key=lambda one: (one[0], one[3])):
        changed = copy.deepcopy(tree)
        change(next(node for at, node in enumerate(ast.walk(changed)) if at == number))
        yield Mutant(module, line, what, ast.unparse(ast.fix_missing_locations(changed)))


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _TURNED:
        new = _TURNED[type(node.ops[0])]
        yield (
            f"{type(node.ops[0]).__name__} is {new.__name__}",
            lambda at: _set(at, "ops", [new(), *at.ops[1:]]),
        )  # type: ignore[attr-defined]
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} is {other.__name__}", lambda at: _set(at, "op", other())
    elif isinstance(node, ast.If | ast.IfExp):
        yield "condition is its opposite", lambda at: _set(at, "test", ast.UnaryOp(ast.Not(), at.test))  # type: ignore[attr-defined]
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"{node.value} is {not node.value}", lambda at: _set(at, "value", not at.value)  # type: ignore[attr-defined]
    elif isinstance(node, ast.Constant) and type(node.value) is int and node.value < 1 << 32:
        yield f"{node.value} is {node.value + 1}", lambda at: _set(at, "value", at.value + 1)  # type: ignore[attr-defined]
    if isinstance(node, ast.stmt):
        called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
        if called or isinstance(node, ast.Raise):
            yield "left out", _leave_out


def _set(node: ast.AST, name: str, value: object) -> None:
    setattr(node, name, value)


def _leave_out(node: ast.AST) -> None:
    """A statement becomes one that does nothing."""
    for name in node._fields:
        delattr(node, name)
    node.__class__ = ast.Pass


def chosen(each: int, seed: int, only: str) -> list[Mutant]:
    """Of each module so many, spread by chance."""
    some: list[Mutant] = []
    for module in TARGETS:
        if module.startswith(only):
            every = list(mutants(module, (ROOT / module).read_text(encoding="utf-8")))
            picked = random.Random(f"{seed} {module}").sample(every, min(each, len(every)))
            some += sorted(picked, key=lambda one: one.line)
    return some


def found(folder: Path, module: str, source: str | None) -> bool:
    """Whether a test of this module falls in this copy of the tree, with the module as it is given."""
    place = folder / module
    before = place.read_text(encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not long"]
    if source is not None:
        place.write_text(source, encoding="utf-8")
    try:
        ran = subprocess.run(
            [*command, *TARGETS[module]],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=_ENOUGH_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_text(before, encoding="utf-8")
    return ran.returncode != 0


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--each", type=int, default=12, help="mutants of each module")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--only", default="", help="modules whose path begins so")
    options = asked.parse_args()
    some, begun = chosen(options.each, options.seed, options.only), time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(options.jobs):
            folder = Path(place) / str(number)
            shutil.copytree(ROOT, folder, ignore=_SKIPPED)
            if (ROOT / ".tools").exists():
                (folder / ".tools").symlink_to((ROOT / ".tools").resolve(), target_is_directory=True)
            free.put(folder)

        def tried(module: str, source: str | None, name: str) -> bool:
            folder = free.get()
            try:
                outcome = found(folder, module, source)
            finally:
                free.put(folder)
            print(
                f"{'found   ' if outcome else 'SURVIVES'}  {name}" if source else f"begins    {name}",
                flush=True,
            )
            return outcome

        with ThreadPoolExecutor(options.jobs) as pool:
            modules = dict.fromkeys(one.module for one in some)
            sound = list(pool.map(lambda module: not tried(module, None, module), modules))
            if not all(sound):
                broken = [module for module, good in zip(modules, sound, strict=True) if not good]
                print(f"Mend these first, their tests fall on the program as it is: {', '.join(broken)}")
                return 2
            outcomes = list(pool.map(lambda one: tried(one.module, one.source, str(one)), some))
    for module in modules:
        of_it = [outcome for one, outcome in zip(some, outcomes, strict=True) if one.module == module]
        print(f"{sum(of_it):>4} of {len(of_it):<4} {module}")
    share = sum(outcomes) / len(outcomes)
    print(f"{sum(outcomes):>4} of {len(outcomes):<4} found: {share:.0%}, in {time.monotonic() - begun:.0f} s")
    return 0 if share >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
