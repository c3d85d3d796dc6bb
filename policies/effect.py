"""What a release would change: what a change is agreed on by. Everybody works it out alone, apart, since it
takes a minute and the release may come from somebody who means ill.

What is examined gets a process with limits: one that takes too long, too much memory or tells too much is no
release, for good.
"""

import asyncio
import os
import resource
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from json import dumps, loads
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from policies.areas import compare_all
from policies.cards import CardKind, deck
from policies.closed import Shut, closed
from policies.errors import PolicyError, PolicyUnavailable, ReleaseError
from policies.examination import examination, keep, kept_table, program
from policies.gates import Change
from policies.invariants import Invariant, limits
from policies.parts import Parts
from policies.release import Release, release_of
from policies.showing import Showing, read_showing, showing
from policies.table import Table

_CONTEXT = get_context("spawn")
_OF_EVERY_ROW: frozenset[CardKind] = frozenset({"rules", "matrix"})
"""What every row needs stands in these alone; of a row, its card shows what it needs."""


@dataclass(frozen=True)
class Limits:
    """Of what examines a release: twenty times the time, and some six times the memory that it takes; and how
    much it may tell.
    """

    cpu_s: int = 1200
    memory_bytes: int = 2 * 1024**3
    told_bytes: int = 8 * 1024 * 1024


_LIMITS = Limits()


@dataclass(frozen=True)
class Effect:
    """`table`: the digest of the new release's tables. `partners`: the kinds whom anything in it touches, so
    who must sign; `wider`: whether anything is permitted that was not, or asked no longer; `back_wider`: the
    same of going back. `shown`: all of it for whoever signs.
    """

    table: str
    changed: int
    wider: bool
    back_wider: bool
    partners: tuple[str, ...]
    shown: Showing


def effect(old: Release, new: Release, tables: Path | None = None) -> Effect:
    """What `new` would change; `tables`: a folder of our own in which what is found is kept.

    Raises ReleaseError, also for a release of which something does not hold that always must; and
    PolicyUnavailable.
    """
    known = kept_effect(old, new, tables)
    if known is not None:
        return known
    _verify([limits(new.catalogue)])  # known at once: nothing need be worked out first
    _verify(examination(new, tables).invariants)
    found = compared(old, new, tables)
    if tables is not None:
        keep(asdict(found), _place(old, new, tables))
    return found


def compared(old: Release, new: Release, tables: Path | None = None) -> Effect:
    """The same, whether or not everything holds that always must: for whoever makes a release. Raises
    ReleaseError, PolicyUnavailable.
    """
    was, becomes = examination(old, tables), examination(new, tables)
    made: dict[tuple[str, str], Table] = {}

    def table(release: Release, region: str) -> Table:
        key = (release.revision, region)
        if key not in made:
            made[key] = kept_table(release, tables, region)
        return made[key]

    parts = {release.revision: Parts(release) for release in (old, new)}
    shut: dict[Shut, Table] = {}  # the tables of `closed`

    def change(
        before: Release, after: Release, gates: tuple[Sequence[Change], Sequence[Change]]
    ) -> tuple[int, tuple[str, ...], Showing]:
        found = compare_all(before, after, table)
        dealt = deck(before, after, found)
        deep = any(card.kind in _OF_EVERY_ROW for card in dealt.cards)
        both = parts[before.revision], parts[after.revision]
        absent = tuple(closed(*both, gates, found, shut)) if deep else ()
        return found.changed, dealt.partners, showing(before, after, dealt, found, gates, absent=absent)

    changed, partners, shown = change(old, new, (was.gates, becomes.gates))
    _, _, back = change(new, old, (becomes.gates, was.gates))
    return Effect(
        table=becomes.digest,
        changed=changed,
        wider=shown.verdict == "wider",
        back_wider=back.verdict == "wider",
        partners=partners,
        shown=shown,
    )


def _verify(held: Iterable[Invariant]) -> None:
    """Raises ReleaseError with the first thing that does not hold."""
    for one in held:
        if not one.holds:
            raise ReleaseError(f"Dit geldt niet: {one.text} ({one.broken})")


async def effect_apart(
    old: Release, new: Release, tables: Path | None = None, limits: Limits = _LIMITS
) -> Effect:
    """The same; what was not kept in a process of its own, after everything that is urgent, and a cancelled
    call ends it.

    Raises ReleaseError, also for a release that cannot be examined within its limits; and PolicyUnavailable
    when it was cut short.
    """
    known = kept_effect(old, new, tables)
    if known is not None:
        return known
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(
        target=_work, args=(theirs, dict(old.files), dict(new.files), tables, limits), daemon=True
    )
    starting = asyncio.ensure_future(asyncio.to_thread(process.start))
    try:
        await asyncio.shield(starting)
        theirs.close()
        told = await asyncio.to_thread(_received, ours, limits.told_bytes)
        if told is None:
            await asyncio.to_thread(process.join)
            raise _ended(process.exitcode)
    finally:
        await starting  # one that is half started cannot be ended
        process.kill()
        await asyncio.to_thread(process.join)
        ours.close()
    if isinstance(told, str):
        raise ReleaseError(told)
    return told


def _received(ours: Connection, most: int) -> Effect | str | None:
    """What the other process found, or why it cannot be a release; None: it ended without a word."""
    try:
        raw = ours.recv_bytes(most)
    except EOFError:
        return None
    except OSError:
        return f"What it would change takes more than {most} bytes to tell."
    told = loads(raw)
    return told if isinstance(told, str) else _read(told)


def _ended(status: int | None) -> PolicyError:
    """Why there is nothing. Killed from outside, it may be tried again; what the release did itself stays."""
    if status in {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, None}:
        return PolicyUnavailable("Working out the effect was cut short.")
    return ReleaseError("It cannot be examined within the limits of time and memory.")


def _work(
    out: Connection,
    old: Mapping[str, bytes],
    new: Mapping[str, bytes],
    tables: Path | None,
    within: Limits,
) -> None:
    os.nice(10)
    # SIGXCPU first, which the engine cannot ignore and nobody outside sends
    resource.setrlimit(resource.RLIMIT_CPU, (within.cpu_s, within.cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_AS, (within.memory_bytes, within.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found: Effect | str = effect(release_of(old), release_of(new), tables)
    except PolicyUnavailable:
        found = "The policy engine cannot decide under it."
    except PolicyError as error:
        found = str(error)
    except MemoryError:
        found = f"It takes more than {within.memory_bytes} bytes to examine."
    out.send_bytes(dumps(found if isinstance(found, str) else asdict(found)).encode())


def _place(old: Release, new: Release, tables: Path) -> Path:
    names = [one.revision.removeprefix("sha256:")[:32] for one in (old, new)]
    return tables / f"{'-'.join(names)}-{program()}.effect.json"


def kept_effect(old: Release, new: Release, tables: Path | None) -> Effect | None:
    """None: it was not worked out by this program, or what was kept is damaged."""
    if tables is None:
        return None
    with suppress(OSError, ValueError, TypeError, KeyError):
        found = _read(loads(_place(old, new, tables).read_text(encoding="utf-8")))
        if (found.shown.old, found.shown.new) == (old.revision, new.revision):
            return found
    return None


def _read(held: dict[str, Any]) -> Effect:
    """Raises TypeError, KeyError."""
    partners, shown = tuple(held["partners"]), read_showing(held["shown"])
    return Effect(**{**held, "partners": partners, "shown": shown})
