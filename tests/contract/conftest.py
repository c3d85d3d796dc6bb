import pytest

from tests.parties import Parties


@pytest.fixture(scope="session")
def keys_made() -> Parties:
    """Made once: keys take time."""
    return Parties()


@pytest.fixture
def parties(keys_made: Parties) -> Parties:
    """All parties at noon."""
    fresh = object.__new__(Parties)
    fresh.__dict__.update(keys_made.__dict__)
    fresh.clock = type(keys_made.clock)()
    return fresh
