"""The whole finite space: it permits what the rows written by hand say, and a table is kept as it is.

That both engines decide every cell as the parts do is in `test_check.py`.
"""

import gzip
import json
import math
from pathlib import Path

import pytest

from policies import Release, ReleaseError
from policies.table import Table, cells, facts, read_table
from tests.policies.test_matrix import permitted_by_hand, told


def test_the_hand_out_permits_exactly_what_its_text_says_in_every_cell(table: Table) -> None:
    """A row that is wider than its text by one value is found here, without any other program."""
    permits = {cell: one for cell, one in table.decisions.items() if one.permitted}
    expected = permitted_by_hand()
    assert permits.keys() == expected.keys()
    differing = {
        cell: (told(permits[cell]), one) for cell, one in expected.items() if told(permits[cell]) != one
    }
    assert differing == {}


def test_a_table_that_was_written_is_read_back_equal(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "table.gz"
    table.write(path)
    assert read_table(path) == table
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize("damage", [b"", b"no gzip", None], ids=["empty", "other", "one document changed"])
def test_a_damaged_table_is_refused(table: Table, tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "table.gz"
    table.write(path)
    held = json.loads(gzip.decompress(path.read_bytes()))
    permit = next(document for document in held["documents"] if document["effect"] == "permit")
    permit["mode"] = "automatic" if permit["mode"] == "human" else "human"
    path.write_bytes(gzip.compress(json.dumps(held).encode()) if damage is None else damage)
    with pytest.raises(ReleaseError):
        read_table(path)


def test_every_cell_is_named_once(release: Release) -> None:
    space = list(cells(release.catalogue))
    words = release.catalogue.vocabulary
    fields = (
        "requester.partner",
        "question",
        "purpose",
        "subject.age_band",
        "case.urgency",
        "case.regime",
        "case.stage",
    )
    whom = len(words["subject.role"]) + 1  # a victim with and without a dual role
    assert len({str(cell) for cell in space}) == len(space)
    assert len(space) == whom * math.prod(len(words[field]) for field in fields)
    assert facts(space[0], release.catalogue)["holder"] == "reclassering"
