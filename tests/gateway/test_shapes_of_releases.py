"""What a former version kept of releases goes on: what it did not work out is taken strictly."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from adapters.node.app import MIGRATIONS as NODE
from audit.migration import migrate
from contract.releases import Examined, read_life
from gateway.app import MIGRATIONS as BROKER

EXAMINED = {
    name: value for name, value in asdict(Examined(table="t", changed=3)).items() if name != "back_wider"
}


def life(release: str, examined: dict[str, Any] | None) -> dict[str, Any]:
    base = None if examined is None else "first"
    return {"release": release, "base": base, "name": "", "changelog": "", "steps": [], "examined": examined}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'old.sqlite'}"


def run(url: str, *statements: tuple[str, dict[str, Any]]) -> list[Any]:
    engine = create_engine(url)
    with engine.begin() as store:
        found = [store.execute(text(statement), values) for statement, values in statements]
        rows = [[*one] for one in found[-1].all()] if found[-1].returns_rows else []
    engine.dispose()
    return rows


def test_a_node_goes_on_with_what_it_heard(url: str) -> None:
    migrate(url, NODE)
    lives = json.dumps([life("first", None), life("second", EXAMINED)])
    run(
        url,
        ("UPDATE node_migrations_version SET version_num = '0014'", {}),
        ("INSERT INTO heard_releases (number, lives) VALUES (1, :lives)", {"lives": lives}),
    )
    migrate(url, NODE)
    [[kept]] = run(url, ("SELECT lives FROM heard_releases", {}))
    first, second = (read_life(one) for one in json.loads(kept))
    assert first.examined is None
    assert second.examined == Examined(table="t", changed=3, back_wider=True)


def test_a_broker_goes_on_with_what_it_worked_out(url: str) -> None:
    migrate(url, BROKER)
    names = "release, base, name, changelog, bundle, steps, examined"
    row = f"INSERT INTO releases ({names}) VALUES (:r, :b, '', '', '', '[]', :e)"
    run(
        url,
        ("UPDATE gateway_migrations_version SET version_num = '0009'", {}),
        (row, {"r": "first", "b": None, "e": None}),
        (row, {"r": "second", "b": "first", "e": json.dumps(EXAMINED)}),
    )
    migrate(url, BROKER)
    kept = dict(run(url, ("SELECT release, examined FROM releases", {})))
    assert kept["first"] in {None, "null"}
    assert Examined(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(kept["second"]).items()}
    ).back_wider
