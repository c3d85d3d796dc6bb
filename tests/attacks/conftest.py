from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import adapters.node.app
import gateway.app
from demo.play import Play, decide_standing
from tests.attacks.insider import Insider
from tests.world import LocalWorld, local_world


@asynccontextmanager
async def none(**tasks: Any) -> AsyncIterator[None]:
    yield


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[LocalWorld]:
    """A running chain for all tests of a module, whose holders decided what is answered automatically.

    Nothing happens by itself in it (nobody tries again or asks after), so that "nothing happened" can be
    seen; and a slow holder is waited for.
    """
    with pytest.MonkeyPatch.context() as patch:
        for app in (adapters.node.app, gateway.app):
            patch.setattr(app, "rounds", none)
        patience = {"broker": {"partner_timeout_s": 20}}
        folder = tmp_path_factory.mktemp("chain")
        with local_world(folder, registers=registers, settings=patience) as world:
            decide_standing(Play(world))
            yield world


@pytest.fixture(scope="module")
def vt(chain: LocalWorld) -> Insider:
    """Somebody with the keys of Veilig Thuis."""
    return Insider(chain, "veilig_thuis")


@pytest.fixture(scope="module")
def broker(chain: LocalWorld) -> Insider:
    """Somebody with the keys of the broker."""
    return Insider(chain, "broker")


@pytest.fixture(scope="module")
def reclassering(chain: LocalWorld) -> Insider:
    """Somebody with the keys of Reclassering."""
    return Insider(chain, "reclassering")
