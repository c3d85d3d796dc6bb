"""A release held against all that must hold of it. The digest of the certificate goes into the release."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from policies.certificate import fingerprint
from policies.embedded import EmbeddedPolicy
from policies.engine import Policy
from policies.examination import examination, kept_table
from policies.gates import Change
from policies.invariants import Invariant
from policies.mutants import Mutations, mutations
from policies.opa_program import OpaProgram
from policies.opa_server import OpaServerPolicy
from policies.release import Release
from policies.scenarios import scenarios_of
from policies.table import Table, tabulate


@dataclass(frozen=True)
class EngineCheck:
    """An engine that decided every cell, one by one, and in how many it differed from the parts."""

    name: str
    cells: int
    differences: int


@dataclass(frozen=True)
class Certificate:
    """`unreached`: rows that decide in no cell, and lines of rules that no cell, gate or absent fact reaches.
    `rego`: what the real opa found wrong; None: it is absent.
    """

    revision: str
    digest: str
    cells: int
    gates: tuple[Change, ...]
    invariants: tuple[Invariant, ...]
    unreached: tuple[str, ...]
    engines: tuple[EngineCheck, ...]
    rego: tuple[str, ...] | None
    mutants: Mutations | None
    seconds: float

    @property
    def good(self) -> bool:
        return (
            all(one.holds for one in self.invariants)
            and not any(engine.differences for engine in self.engines)
            and not self.rego
            and not (self.mutants and self.mutants.survived)
        )

    def facts(self) -> dict[str, Any]:
        """As JSON values, for the file and for the digest."""
        held = asdict(self)
        held["gates"] = [asdict(one) | {"gate": one.gate} for one in self.gates]
        held["invariants"] = [
            {"name": one.name, "holds": one.holds, "cells": one.cells, "broken": one.broken}
            for one in self.invariants
        ]
        return held

    def fingerprint(self) -> str:
        """The digest that goes into the release."""
        return fingerprint(self.facts())


def check(
    release: Release,
    folder: Path,
    opa: OpaProgram | None,
    *,
    quick: bool = False,
    mutants: bool = False,
    tables_in: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Certificate:
    """Checks a release, whose hand-out stands in this folder. Takes minutes.

    `quick`: two, and asks no engine about each cell. `mutants`: checks the checks too, with the release
    changed in one thing each time. `tables_in`: a folder in which tables are kept. Raises PolicyError.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as own:  # the table is made once, also where nothing is kept
        tables = tables_in or Path(own)
        found = examination(release, tables, say)
        table = kept_table(release, tables)
    rego = None
    if opa is not None:
        say("opa check en opa test")
        rego = tuple(found for found in (opa.check(folder), opa.test(folder)) if found)
    engines = []
    if not quick:
        say("elke cel bij de ingebouwde motor")
        engines.append(asyncio.run(_asked(EmbeddedPolicy(release, remember=0), table, release)))
    if not quick and opa is not None:
        say("elke cel bij een OPA-server")
        with opa.serving(release) as url:
            engines.append(asyncio.run(_served(url, table, release)))
    decided = {one.rule for one in table.decisions.values()}
    return Certificate(
        revision=release.revision,
        digest=found.digest,
        cells=found.cells,
        gates=found.gates,
        invariants=found.invariants,
        unreached=(
            *(code for code in release.catalogue.rules if code not in decided),
            *found.unreached,
        ),
        engines=tuple(engines),
        rego=rego,
        mutants=mutations(release, folder, scenarios_of(release), opa, say) if mutants else None,
        seconds=round(time.monotonic() - started, 1),
    )


async def _served(url: str, table: Table, release: Release) -> EngineCheck:
    return await _asked(
        await OpaServerPolicy.open(url, release.revision, release.catalogue, timeout_s=30), table, release
    )


async def _asked(policy: Policy, table: Table, release: Release) -> EngineCheck:
    try:
        other = await tabulate(policy, release.catalogue)
    finally:
        await policy.close()
    differing = sum(one != table.decisions[cell] for cell, one in other.decisions.items())
    return EngineCheck(other.engine, len(other.decisions), differing)
