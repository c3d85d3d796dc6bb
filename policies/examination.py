"""What a release decides, and whether all that must hold of it holds: worked out by whoever asks, from the
release alone. It takes a minute, so it is kept.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from policies.areas import digest_of, loosened, verify_alike
from policies.errors import ReleaseError
from policies.evaluator import NAME
from policies.gates import Change, changes
from policies.invariants import Invariant, invariants
from policies.parts import Parts
from policies.release import Release
from policies.scenarios import scenarios_of
from policies.table import Table, read_table, table_of


@dataclass(frozen=True)
class Examination:
    """`digest`: of the tables of all areas; `cells`: of one of them. `unreached`: lines of rules that no
    cell, gate or absent fact reaches.
    """

    revision: str
    digest: str
    cells: int
    gates: tuple[Change, ...]
    invariants: tuple[Invariant, ...]
    unreached: tuple[str, ...]


def examination(
    release: Release, tables: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> Examination:
    """Examines a release; `tables`: a folder of our own in which what was found is kept.

    Raises ReleaseError, PolicyUnavailable.
    """
    known = _kept(release, tables)
    if known is not None:
        return known
    parts = Parts(release)
    parts.evaluator.watch()
    say("de hele ruimte, in elke regio")
    verify_alike(parts)
    made = {region: kept_table(release, tables, region, parts) for region in release.catalogue.areas}
    table = next(iter(made.values()))
    say("poorten")
    gates = changes(parts)
    say("wat altijd moet gelden")
    held = [
        *invariants(parts, table, gates),
        Invariant(
            "region_never_loosens",
            "Een regio of arrondissement staat nooit meer toe dan het land (hand-out 10).",
            sum(len(one.decisions) for one in made.values()),
            loosened(release, lambda one, region: _table(made, release, one, region)),
        ),
    ]
    say("de scenariotabel")
    scenarios = scenarios_of(release)
    held.append(
        Invariant(
            "scenarios",
            "Elke regel van de scenariotabel komt uit, en niets anders mag.",
            len(scenarios.lines),
            scenarios.broken(parts),
        )
    )
    found = Examination(
        revision=release.revision,
        digest=digest_of(made),
        cells=len(table.decisions),
        gates=tuple(gates),
        invariants=tuple(held),
        unreached=parts.evaluator.unreached(),
    )
    if tables is not None:
        keep(asdict(found), _place(release, tables))
    return found


def kept_table(
    release: Release, folder: Path | None, region: str | None = None, parts: Parts | None = None
) -> Table:
    """The table of a release in a region; from the folder where it is kept, else worked out and kept there. A
    damaged one is made again.
    """
    region = region or next(iter(release.catalogue.areas))
    name = f"{release.revision.removeprefix('sha256:')}-{region}.table.gz"
    path = None if folder is None else folder / name
    if path is not None and path.exists():
        with suppress(ReleaseError):
            kept = read_table(path)
            if (kept.revision, kept.engine) == (release.revision, NAME):
                return kept
    made = table_of(parts or Parts(release), region=region)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        made.write(path)
    return made


def keep(values: Mapping[str, Any], place: Path) -> None:
    """As JSON, whole or not at all: others may read and write the same."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(values), encoding="utf-8")
    fresh.replace(place)


@cache
def program() -> str:
    """A short name for this very program and its engine: what another one found says nothing of this one."""
    digest = sha256(NAME.encode())
    folder = Path(__file__).parent
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.relative_to(folder).as_posix().encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _place(release: Release, tables: Path) -> Path:
    return tables / f"{release.revision.removeprefix('sha256:')[:32]}-{program()}.examination.json"


def _kept(release: Release, tables: Path | None) -> Examination | None:
    """None: it was not examined by this program, or what was kept is damaged."""
    if tables is None:
        return None
    with suppress(OSError, ValueError, TypeError, KeyError):
        held: dict[str, Any] = json.loads(_place(release, tables).read_text(encoding="utf-8"))
        if held["revision"] != release.revision:
            return None
        return Examination(
            revision=held["revision"],
            digest=held["digest"],
            cells=held["cells"],
            gates=tuple(
                Change(**{**one, "adds": tuple(tuple(codes) for codes in one["adds"])})
                for one in held["gates"]
            ),
            invariants=tuple(Invariant(**one) for one in held["invariants"]),
            unreached=tuple(held["unreached"]),
        )
    return None


def _table(made: Mapping[str, Table], release: Release, one: Release, region: str) -> Table:
    """What was tabulated already, else now."""
    return made[region] if one is release and region in made else table_of(Parts(one), region=region)
