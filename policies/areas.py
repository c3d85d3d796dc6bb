"""A release in every region: nationally, and in each area whose arrondissement or regions narrowed something.

Regions with equal narrowings decide alike. That is shown, not assumed: what reads the region reads nothing
else, and gives the same for both. Pure: no database, no web framework, no logger.
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policies.compare import KINDS, Comparison, Flip, compare
from policies.errors import ReleaseError
from policies.parts import Parts
from policies.release import Release, release_of
from policies.table import Table, cells, facts

_FIELD = "case.region"
_REGIONS = "handout/regions/data.json"

TableOf = Callable[[Release, str], Table]
"""A release and a region -> the table there."""


def verify_alike(parts: Parts) -> None:
    """Shows that regions of one area decide alike. Raises ReleaseError when that cannot be shown."""
    reading = [number for number, node in enumerate(parts.nodes) if _FIELD in node.fields]
    for number in reading:
        node = parts.nodes[number]
        if set(node.fields) != {_FIELD} or node.rules:
            raise ReleaseError(
                f"The rule {node.path} reads the region and more: that areas are alike is not shown."
            )
    catalogue = parts.release.catalogue
    cell = next(cells(catalogue))
    for first, regions in catalogue.areas.items():
        values = {
            region: [parts.values(parts.reader.facts(facts(cell, catalogue, region)))[at] for at in reading]
            for region in regions
        }
        if any(values[region] != values[first] for region in regions):
            raise ReleaseError(f"The regions that go with {first} do not decide alike.")


def digest_of(tables: Mapping[str, Table]) -> str:
    """Of the tables of all areas; of the national one where there is no other."""
    digests = [table.digest for table in tables.values()]
    if len(digests) == 1:
        return digests[0]
    return f"sha256:{hashlib.sha256(' '.join(digests).encode()).hexdigest()}"


def compare_all(old: Release, new: Release, table: TableOf) -> Comparison:
    """Two releases, everywhere: regions that change alike together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for region in new.catalogue.regions:
        groups.setdefault((_area(old, region), _area(new, region)), []).append(region)
    found = [
        (tuple(regions), compare(table(old, before), table(new, after)))
        for (before, after), regions in groups.items()
    ]
    if len(found) == 1:
        return found[0][1]
    flips = _joined(found)
    return replace(
        found[0][1],
        cells=sum(one.cells for _, one in found),
        changed=sum(one.changed for _, one in found),
        flips=tuple(sorted(flips, key=lambda flip: KINDS.index(flip.kind))),
        rows=tuple(sorted({row for _, one in found for row in one.rows})),
        partners=tuple(sorted({partner for _, one in found for partner in one.partners})),
    )


def _joined(found: Sequence[tuple[tuple[str, ...], Comparison]]) -> list[Flip]:
    """What changes alike in several groups of regions once, with all of these; without any where it is
    everywhere.
    """
    joined: dict[tuple[object, ...], Flip] = {}
    for regions, one in found:
        for flip in one.flips:
            about = tuple(flip.subjects.items())
            key = flip.kind, flip.requester, flip.question, flip.rule, flip.what, flip.purposes, about
            known = joined.get(key, replace(flip, cells=0))
            joined[key] = replace(known, regions=(*known.regions, *regions), cells=known.cells + flip.cells)
    everywhere = sum(len(regions) for regions, _ in found)
    return [
        replace(flip, regions=()) if len(flip.regions) == everywhere else flip for flip in joined.values()
    ]


def loosened(release: Release, table: TableOf) -> str | None:
    """A region that permits more than its arrondissement does, or that more than the nation; None: none."""
    if not any(region.narrowings for region in release.catalogue.regions.values()):
        return None
    above, national = _stripped(release, own=True), _stripped(release, own=False)
    for region in release.catalogue.areas:
        layers = [table(one, _area(one, region)) for one in (national, above, release)]
        for wide, narrow in itertools.pairwise(layers):
            if compare(wide, narrow).wider:
                return region
    return None


def _area(release: Release, region: str) -> str:
    """The first region of the area that this one is in."""
    found = [first for first, regions in release.catalogue.areas.items() if region in regions]
    return found[0] if found else next(iter(release.catalogue.areas))


def _stripped(release: Release, *, own: bool) -> Release:
    """The release without what regions agreed (`own`), and without what arrondissements did."""
    data: dict[str, Any] = json.loads(release.files[_REGIONS])
    for one in data["regions"].values():
        one["narrowings"] = []
    if not own:
        for one in data["arrondissements"].values():
            one["narrowings"] = []
    return release_of({**release.files, _REGIONS: json.dumps(data).encode()})
