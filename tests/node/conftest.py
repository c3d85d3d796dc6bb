import pytest

from tests.parties import Parties


@pytest.fixture(scope="session")
def parties() -> Parties:
    """All parties at noon; the clock stands still."""
    return Parties()
