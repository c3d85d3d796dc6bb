import pytest

from tests.parties import Parties


@pytest.fixture(scope="session")
def keys_made() -> Parties:
    """All parties with their keys, made once; the clock stands still."""
    return Parties()


@pytest.fixture
def parties(keys_made: Parties) -> Parties:
    return keys_made
