"""The whole finite space, once: both engines and the decision by parts agree in every cell, and with the rows
written by hand.
"""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from policies import EmbeddedPolicy, OpaServerPolicy, Release, load_release
from policies.table import Table, cells, facts, table_of, tabulate
from tests.policies.test_matrix import permitted_by_hand, told


def _embedded(_: int) -> str:
    async def run() -> str:
        release = load_release()
        return (await tabulate(EmbeddedPolicy(release, remember=0), release.catalogue)).digest

    return asyncio.run(run())


async def _served(release: Release, url: str) -> str:
    policy = await OpaServerPolicy.open(url, release.revision, release.catalogue, timeout_s=30)
    try:
        return (await tabulate(policy, release.catalogue)).digest
    finally:
        await policy.close()


@pytest.fixture(scope="module")
def table(release: Release) -> Table:
    return table_of(release)


def test_the_hand_out_permits_exactly_what_its_text_says_in_every_cell(table: Table) -> None:
    """A row that is wider than its text by one value is found here, without any other program."""
    permits = {cell.values: one for cell, one in table.decisions.items() if one.permitted}
    expected = permitted_by_hand()
    assert permits.keys() == expected.keys()
    differing = {
        cell: (told(permits[cell]), one) for cell, one in expected.items() if told(permits[cell]) != one
    }
    assert differing == {}


def test_both_engines_decide_every_cell_as_the_parts_do(release: Release, opa_url: str, table: Table) -> None:
    """Takes a minute or more: the engines run side by side on two cores."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        embedded = other.submit(_embedded, 0)
        served = asyncio.run(_served(release, opa_url))
        assert embedded.result() == served == table.digest


def test_every_cell_is_named_once(release: Release) -> None:
    space = list(cells(release.catalogue))
    assert len({str(cell) for cell in space}) == len(space) == 227_500
    assert facts(space[0], release.catalogue)["holder"] == "reclassering"
