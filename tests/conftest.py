from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from policies.release import MATRIX
from tests.releases import Prepared, changed, prepare
from tests.world import LocalWorld, local_world, small_registers

# how long drawing an example takes says something of the machine, nothing of the program
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: a worker that begins it last is waited for by the others."""
    items.sort(key=lambda item: ("long" not in item.keywords, item.get_closest_marker("xdist_group") is None))


@pytest.fixture(scope="session")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registers of all partners, with everyone of the stories; built once."""
    return small_registers(tmp_path_factory.mktemp("registers"))


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Where the tables of releases are kept for all workers of this run: each is worked out once."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if hasattr(request.config, "workerinput") else own) / "tables"


@pytest.fixture(scope="session")
def prepared(tables: Path) -> Prepared:
    """RvdK may also be asked whether it knows somebody when the partners interpret together (row A06)."""
    wider = changed(
        MATRIX,
        lambda data: data["rules"]["A06"]["purposes"].append("interpret"),
        ("veilig_thuis P1|P2 child|parent ", "veilig_thuis P1|P2|P3 child|parent "),
    )
    return prepare(wider, tables)


@pytest.fixture
def world(tmp_path: Path, registers: Path) -> Iterator[LocalWorld]:
    """A fresh chain in this process."""
    with local_world(tmp_path, registers=registers) as chain:
        yield chain
