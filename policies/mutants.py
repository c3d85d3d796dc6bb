"""The hand-out with one thing changed: a rule left out, a condition turned round, a row one value wider.

The checks of a release must find each of them wrong; what they do not find is named. A row reaches only the
cells of its own requesters and questions, so only these are decided again.
"""

import copy
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.caps import CAPS, beyond
from policies.compare import differences_of
from policies.errors import PolicyError, ReleaseError
from policies.invariants import of_cells
from policies.opa_program import OpaProgram
from policies.parts import Parts
from policies.release import ROOT, Release, release_of
from policies.scenarios import Scenarios
from policies.table import Pairs, space, table_of

_MATRIX = f"{ROOT}/matrix/data.json"
_PARAMETERS = f"{ROOT}/parameters/data.json"
_SOME: Pairs = frozenset({("veilig_thuis", "rvdk.known"), ("veilig_thuis", "om.ongoing_prosecution")})
"""What shows a change that reaches every row."""

_RULE = re.compile(r"^[a-z_]")  # a rule begins at the margin; what belongs to it does not
_NO_RULE = re.compile(r"^(package|import)\b")
_TURNABLE = re.compile(r"^\t(?!some\b|not\b|[}\])]|[a-z_]+ := )\S")


@dataclass(frozen=True)
class Mutant:
    """Where it differs; the files; and the (requester, question) that it reaches, None: any."""

    place: str
    files: dict[str, bytes]
    pairs: Pairs | None = None


@dataclass(frozen=True)
class Mutations:
    """`same`: not caught, but decides the same in every cell that it reaches; `survived`: not caught."""

    total: int
    caught: int
    same: tuple[str, ...]
    survived: tuple[str, ...]


def mutations(
    release: Release,
    folder: Path,
    scenarios: Scenarios,
    opa: OpaProgram | None,
    say: Callable[[str], None] = lambda _: None,
) -> Mutations:
    """Makes each mutant of the release, whose hand-out with its tests stands in this folder, and checks
    it. Raises ReleaseError for scenarios that do not fit the release.
    """
    original = Parts(release)
    total = caught = 0
    same, survived = [], []
    for mutant in (
        *rules_changed(release),
        *wider_rows(release),
        *wider_limits(release),
        *fewer_duties(release),
    ):
        total += 1
        say(f"{total} {mutant.place}")
        if caught_by(mutant, scenarios, folder, opa) is not None:
            caught += 1
        elif _same(original, mutant):
            same.append(mutant.place)
        else:
            survived.append(mutant.place)
    return Mutations(total, caught, tuple(same), tuple(survived))


def caught_by(
    mutant: Mutant, scenarios: Scenarios, folder: Path | None = None, opa: OpaProgram | None = None
) -> str | None:
    """`catalogue`, `limits`, `rego`, `reader`, `scenarios` or `invariants`: the first that finds it wrong;
    None: it survives.
    """
    try:
        parts = Parts(release_of(mutant.files))
    except ReleaseError:
        return "catalogue"
    if any(beyond(parts.release.catalogue)):
        return "limits"
    if mutant.pairs is None and opa is not None and folder is not None and _fails(mutant, folder, opa):
        return "rego"
    try:
        if scenarios.broken(parts, mutant.pairs):
            return "scenarios"
        held = of_cells(parts.release.catalogue, table_of(parts, pairs=mutant.pairs))
        return None if all(one.holds for one in held) else "invariants"
    except PolicyError:
        return "reader"


def rules_changed(release: Release) -> Iterator[Mutant]:
    """Each rule left out, and each condition turned round; what is no program any more is caught."""
    for path, source in release.rego().items():
        lines = source.split("\n")
        starts = [
            number for number, line in enumerate(lines) if _RULE.match(line) and not _NO_RULE.match(line)
        ]
        for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
            yield _rego(release, f"{path}:{start + 1} left out", path, [*lines[:start], *lines[stop:]])
            for number in range(start, stop):
                turned = _turned(lines[number], number == start)
                if turned is not None:
                    yield _rego(
                        release,
                        f"{path}:{number + 1} turned",
                        path,
                        [*lines[:number], turned, *lines[number + 1 :]],
                    )


def _turned(line: str, first: bool) -> str | None:
    """The line with its condition turned round; None: it has none that can be."""
    if first:
        head, found, condition = line.partition(" if ")
        simple = found and not condition.startswith(("{", "some ", "not ")) and ":=" not in condition
        return f"{head} if not {condition}" if simple else None
    if line.startswith("\tnot "):
        return f"\t{line.removeprefix(chr(9) + 'not ')}"
    return f"\tnot {line[1:]}" if _TURNABLE.match(line) and line[-1] not in ",{[(" else None


def _rego(release: Release, place: str, path: str, lines: list[str]) -> Mutant:
    return Mutant(place, {**release.files, path: "\n".join(lines).encode()})


def _fails(mutant: Mutant, folder: Path, opa: OpaProgram) -> bool:
    """Whether the tests beside the rules find it."""
    with tempfile.TemporaryDirectory() as place:
        copied = Path(place) / folder.name
        shutil.copytree(folder, copied)
        for path, content in mutant.files.items():
            (copied / path.removeprefix(f"{ROOT}/")).write_bytes(content)
        return bool(opa.test(copied))


def _same(original: Parts, mutant: Mutant) -> bool:
    parts = Parts(release_of(mutant.files))
    rows = list(dict(space(original, pairs=mutant.pairs)).values())
    pairs = zip(original.decisions(rows), parts.decisions(rows), strict=True)
    return not any(any(differences_of(before, after)) for before, after in pairs)


def wider_rows(release: Release) -> Iterator[Mutant]:
    """A purpose, role, age band or answer code more, a person less, a condition less, a cell more."""
    matrix = json.loads(release.files[_MATRIX])
    words = release.catalogue.vocabulary
    codes = sorted({code for one in matrix["rules"].values() for code in one.get("answer_codes", [])})
    for rule, row in matrix["rules"].items():
        if row["mode"] == "refuse":
            continue
        pairs = {(who, what) for who, cell in matrix["cells"].items() for what in cell if rule in cell[what]}
        for place, wider in _wider(row, words, codes):
            changed = copy.deepcopy(matrix)
            changed["rules"][rule] = wider
            yield _mutant(release, f"{rule} {place}", changed, pairs)
        for who in row["legal_bases"]:
            for what in words["question"]:
                if rule not in matrix["cells"][who].get(what, []):
                    changed = copy.deepcopy(matrix)
                    changed["cells"][who].setdefault(what, []).append(rule)
                    yield _mutant(release, f"{rule} cell {who} {what}", changed, {(who, str(what))})


def _wider(row: dict[str, Any], words: Any, codes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    def but(change: dict[str, Any]) -> dict[str, Any]:
        return {**copy.deepcopy(row), **change}

    for purpose in set(words["purpose"]) - set(row["purposes"]):
        yield f"purpose {purpose}", but({"purposes": [*row["purposes"], purpose]})
    for role in set(words["subject.role"]) - set(row["subjects"]):
        about = {"ages": ["adult"], "dual_role": False, "obligations": []}
        yield f"role {role}", but({"subjects": {**row["subjects"], role: about}})
    for role, about in row["subjects"].items():
        for age in set(words["subject.age_band"]) - set(about["ages"]):
            older = {**about, "ages": [*about["ages"], age]}
            yield f"age {role} {age}", but({"subjects": {**row["subjects"], role: older}})
    for code in set(codes) - set(row["answer_codes"]):
        yield f"answer {code}", but({"answer_codes": [*row["answer_codes"], code]})
    for purpose in row.get("by_hand_for", []):
        kept = [one for one in row["by_hand_for"] if one != purpose]
        yield f"by machine for {purpose}", but({"by_hand_for": kept})
    if row["mode"] == "human":
        yield "mode automatic", but({"mode": "automatic"})
    for condition in row["conditions"]:
        yield f"without {condition}", but({"conditions": [c for c in row["conditions"] if c != condition]})


def wider_limits(release: Release) -> Iterator[Mutant]:
    """Each limit one more than it may be; and no reminder before the last day."""
    limits = json.loads(release.files[_PARAMETERS])
    changes: dict[str, object] = {cap.parameter: cap.most + 1 for cap in CAPS}
    changes["notice_reminder_days"] = []
    for name, value in changes.items():
        files = {**release.files, _PARAMETERS: json.dumps({**limits, name: value}).encode()}
        yield Mutant(f"limit {name}", files, _SOME)


def fewer_duties(release: Release) -> Iterator[Mutant]:
    """An obligation less: of every permit, of what a person answers, in danger; and of each row."""
    matrix = json.loads(release.files[_MATRIX])
    listed = [
        *((["every_permit"], duty) for duty in matrix["every_permit"]),
        *((["by_mode", "human"], duty) for duty in matrix["by_mode"]["human"]),
        *(
            (["by_urgency", urgency, "obligations"], duty)
            for urgency, row in matrix["by_urgency"].items()
            for duty in row["obligations"]
        ),
        *(
            (["rules", code, "obligations"], duty)
            for code, row in matrix["rules"].items()
            for duty in row.get("obligations", [])
        ),
    ]
    for path, duty in listed:
        changed = copy.deepcopy(matrix)
        place = changed
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = [one for one in place[path[-1]] if one != duty]
        pairs = _SOME
        if path[0] == "rules":
            cells = matrix["cells"].items()
            pairs = frozenset((who, what) for who, asked in cells for what in asked if path[1] in asked[what])
        yield _mutant(release, f"{' '.join(path)} without {duty}", changed, set(pairs))


def _mutant(release: Release, place: str, matrix: Any, pairs: set[tuple[str, str]]) -> Mutant:
    files = {**release.files, _MATRIX: json.dumps(matrix).encode()}
    return Mutant(place, files, frozenset(pairs))
