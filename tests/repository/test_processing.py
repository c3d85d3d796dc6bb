"""The register of processing activities has each activity that a row of the trail can name."""

import json
from pathlib import Path

from audit.kinds import KINDS
from audit.ldv import row
from policies import load_release

ROOT = Path(__file__).parents[2]
REGISTER = "https://example.org/register"


def test_each_activity_that_a_row_names_is_in_the_register() -> None:
    """By its purpose, or else by what was done; and each is told whole."""
    known = json.loads((ROOT / "docs/processing/activities.json").read_text(encoding="utf-8"))["activiteiten"]
    purposes = load_release().catalogue.vocabulary["purpose"]
    named = set()
    for kind, meaning in KINDS.items():
        for more in ({}, *({"purpose": purpose} for purpose in purposes)):
            facts = {"kind": kind, "id": "0" * 32, "at": "2026-01-01T00:00:00Z", "subject_ref": "s", **more}
            made = row(facts, party="p", register=REGISTER) if meaning.row is not None else None
            if made is not None:
                named |= {
                    value.partition("#")[2]
                    for name, value in made["attributes"].items()
                    if name in {"dpl.core.processing_activity_id", "dpl.core.data_subject_id_type"}
                }
    assert named == set(known)
    for code, activity in known.items():
        if code != "subject_ref":
            assert all(activity[name] for name in ("naam", "doel", "grondslagen", "ontvangers", "bewaren")), (
                code
            )
