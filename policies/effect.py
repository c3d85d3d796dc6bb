"""What a release would change: what a change is agreed on by, worked out apart, since it takes many
seconds.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from policies.areas import compare_all, digest_of
from policies.errors import PolicyError, PolicyUnavailable, ReleaseError
from policies.evaluator import NAME
from policies.parts import Parts
from policies.release import Release, release_of
from policies.table import Table, read_table, table_of
from policies.words import Words

_CONTEXT = get_context("spawn")
_MOST_LINES = 200


@dataclass(frozen=True)
class Effect:
    """`table`: the digest of the new release's whole table. `partners`: requester and holder of each cell
    that changes; `lines`: the changes in plain Dutch.
    """

    table: str
    changed: int
    wider: bool
    partners: tuple[str, ...]
    rows: tuple[str, ...]
    lines: tuple[str, ...]


def effect(old: Release, new: Release, tables: Path | None = None) -> Effect:
    """What `new` would change; `tables`: a folder of our own in which tables and effects are kept.

    Raises ReleaseError, PolicyUnavailable.
    """
    known = _kept(old, new, tables)
    if known is not None:
        return known
    found = _effect(old, new, tables)
    if tables is not None:
        place = _place(old, new, tables)
        fresh = place.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(asdict(found)), encoding="utf-8")
        fresh.replace(place)
    return found


def _place(old: Release, new: Release, tables: Path) -> Path:
    name = "-".join(one.revision.removeprefix("sha256:")[:32] for one in (old, new))
    return tables / f"{name}.effect.json"


def _kept(old: Release, new: Release, tables: Path | None) -> Effect | None:
    """None: it was not worked out yet, or what was kept is damaged."""
    if tables is None:
        return None
    with suppress(OSError, ValueError, TypeError):
        values: dict[str, Any] = json.loads(_place(old, new, tables).read_text(encoding="utf-8"))
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return Effect(**{**values, **lists})
    return None


def _effect(old: Release, new: Release, tables: Path | None) -> Effect:
    made: dict[tuple[str, str], Table] = {}

    def table(release: Release, region: str) -> Table:
        key = (release.revision, region)
        if key not in made:
            made[key] = kept_table(release, tables, region)
        return made[key]

    found = compare_all(old, new, table)
    words = Words(new.catalogue, dutch=True)
    return Effect(
        table=digest_of({region: table(new, region) for region in new.catalogue.areas}),
        changed=found.changed,
        wider=found.wider,
        partners=found.partners,
        rows=found.rows,
        lines=tuple(line for line in words.comparison(found))[:_MOST_LINES],
    )


async def effect_apart(old: Release, new: Release, tables: Path | None = None) -> Effect:
    """The same; what was not kept in a process of its own, after everything that is urgent, and a cancelled
    call ends it.

    Raises ReleaseError, and PolicyUnavailable when it was cut short.
    """
    known = _kept(old, new, tables)
    if known is not None:
        return known
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(
        target=_work, args=(theirs, dict(old.files), dict(new.files), tables), daemon=True
    )
    starting = asyncio.ensure_future(asyncio.to_thread(process.start))
    try:
        await asyncio.shield(starting)
        theirs.close()
        found = await asyncio.to_thread(_received, ours)
    finally:
        await starting  # one that is half started cannot be ended
        process.kill()
        await asyncio.to_thread(process.join)
        ours.close()
    if isinstance(found, str):
        raise ReleaseError(found)
    return found


def _received(ours: Connection) -> Effect | str:
    try:
        found: Effect | str = ours.recv()
    except EOFError:
        raise PolicyUnavailable("Working out the effect was cut short.") from None
    return found


def _work(out: Connection, old: Mapping[str, bytes], new: Mapping[str, bytes], tables: Path | None) -> None:
    os.nice(10)
    try:
        out.send(effect(release_of(old), release_of(new), tables))
    except PolicyError as error:
        out.send(str(error))


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
