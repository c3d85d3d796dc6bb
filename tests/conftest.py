from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.releases import Prepared, prepare
from tests.world import LocalWorld, local_world, small_registers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "long" not in item.keywords)


@pytest.fixture(scope="session")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registers of all partners, with everyone of the stories; built once."""
    return small_registers(tmp_path_factory.mktemp("registers"))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """RvdK may also be asked whether it knows somebody when the partners interpret together (row A06)."""
    return prepare(
        tmp_path_factory.mktemp("release"),
        lambda rows: rows["A06"]["purposes"].append("interpret"),
        tables=tmp_path_factory.getbasetemp().parent / "tables",  # of all workers
    )


@pytest.fixture
def world(tmp_path: Path, registers: Path) -> Iterator[LocalWorld]:
    """A fresh chain in this process."""
    with local_world(tmp_path, registers=registers) as chain:
        yield chain
