"""One release, one good input, and a real OPA server for the whole run of a worker."""

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from policies import Release, load_release
from policies.examination import kept_table
from policies.table import Table
from tests.opa import opa_server

_PERMITTED: dict[str, Any] = {
    "requester": {"partner": "veilig_thuis", "role": "chair", "mandated": True, "assigned": True},
    "holder": "reclassering",
    "question": "reclassering.under_supervision",
    "purpose": "enrich_referral",
    "rule": {"in_force": True},
    "case": {
        "kind": "named",
        "stage": "enrichment",
        "melding": "registered",
        "criteria": "both",
        "unsafety": "acute",
        "urgency": "normal",
        "regime": "bilateral",
        "region": "utrecht",
        "own_region": True,
        "accepted": False,
    },
    "subject": {
        "role": "suspected_perpetrator",
        "age_band": "adult",
        "consent": "not_asked_unsafe",
        "dual_role": False,
        "re_roled": False,
    },
    "necessity": {"motivated": True, "subsidiarity": True, "weighty_and_urgent": False},
    "repetition": {"asked_before": False, "new_reason": False, "over_budget": False},
}

Asking = Callable[[Mapping[str, Any]], dict[str, Any]]


def asking(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The good input with changes by path (`case.melding`); None removes the fact."""
    given = copy.deepcopy(_PERMITTED)
    for path, value in changes.items():
        *groups, name = path.split(".")
        place = given
        for group in groups:
            place = place[group]
        if value is None:
            del place[name]
        else:
            place[name] = value
    return given


@pytest.fixture(scope="session")
def release() -> Release:
    return load_release()


@pytest.fixture(scope="session")
def table(release: Release, tables: Path) -> Table:
    """The whole space of the release."""
    return kept_table(release, tables)


@pytest.fixture(scope="session")
def opa_url(release: Release) -> Iterator[str]:
    with opa_server(release) as url:
        yield url
