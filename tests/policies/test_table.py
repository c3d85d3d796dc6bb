"""The whole finite space, once: both engines and the decision by parts agree in every cell, and with the rows
written by hand.
"""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from policies import Decision, EmbeddedPolicy, OpaServerPolicy, Release, load_release
from policies.table import cells, facts, table_of, tabulate
from tests.policies.test_matrix import permitted_by_hand, told

Permits = dict[tuple[str | bool, ...], Decision]


def _embedded(_: int) -> tuple[str, int, Permits]:
    async def run() -> tuple[str, int, Permits]:
        release = load_release()
        table = await tabulate(EmbeddedPolicy(release, remember=0), release.catalogue)
        permits = {cell.values: one for cell, one in table.decisions.items() if one.permitted}
        return table.digest, len(table.decisions), permits

    return asyncio.run(run())


async def _served(release: Release, url: str) -> str:
    policy = await OpaServerPolicy.open(url, release.revision, release.catalogue, timeout_s=30)
    try:
        return (await tabulate(policy, release.catalogue)).digest
    finally:
        await policy.close()


def test_both_engines_permit_exactly_what_the_hand_out_says_in_every_cell(
    release: Release, opa_url: str
) -> None:
    """Takes a minute or more: the engines run side by side on two cores."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        embedded = other.submit(_embedded, 0)
        by_parts = table_of(release)
        served = asyncio.run(_served(release, opa_url))
        digest, size, permits = embedded.result()
    assert (digest, size) == (served, 227_500)
    assert by_parts.digest == digest
    expected = permitted_by_hand()
    assert permits.keys() == expected.keys()
    differing = {
        cell: (told(permits[cell]), one) for cell, one in expected.items() if told(permits[cell]) != one
    }
    assert differing == {}


def test_every_cell_is_named_once(release: Release) -> None:
    space = list(cells(release.catalogue))
    assert len({str(cell) for cell in space}) == len(space) == 227_500
    assert facts(space[0], release.catalogue)["holder"] == "reclassering"
