"""A real OPA server for tests: starts with one release on a free loopback port, and ends with the block."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies import Release
from policies.opa_program import OpaProgram

_TOOLS = Path(__file__).parent.parent / ".tools" / "opa"


def opa_program() -> str:
    """The path of the opa program; skips the test where there is none, and fails in CI."""
    found = str(_TOOLS) if _TOOLS.exists() else shutil.which("opa")
    if found is None:
        sentence = "There is no opa program: run `make tools`, or put one on the PATH."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


@contextlib.contextmanager
def opa_server(release: Release, *extra: str) -> Iterator[str]:
    """The address (`http://127.0.0.1:port`) of an OPA server that has this release in force."""
    with OpaProgram(opa_program()).serving(release, *extra) as url:
        yield url
