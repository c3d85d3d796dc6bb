"""The releases of the hand-out at the broker: the signed bundle of each, and its steps. One row per
release.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Column, Connection, LargeBinary, String, Table, Text, bindparam, select, update

from contract.releases import Life, Step, read_life
from gateway.tables import metadata

releases = Table(
    "releases",
    metadata,
    Column("release", String(71), primary_key=True),
    Column("base", String(71)),
    Column("name", String(40), nullable=False),
    Column("changelog", Text, nullable=False),
    Column("certificate", Text),
    Column("bundle", LargeBinary, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("examined", JSON),
)

_LIFE = [column for column in releases.columns if column.name not in {"bundle", "certificate"}]
_CHANGE = update(releases).where(releases.c.release == bindparam("changed"))


class Changed(Exception):
    """Somebody took a step with this release just now."""


def load(store: Connection) -> list[Life]:
    """All of them, without their bundles."""
    rows = store.execute(select(*_LIFE)).mappings()
    return [read_life({**row}) for row in rows]


def load_bundle(store: Connection, release: str) -> bytes | None:
    return store.execute(select(releases.c.bundle).where(releases.c.release == release)).scalar()


def load_certificate(store: Connection, release: str) -> str | None:
    return store.execute(select(releases.c.certificate).where(releases.c.release == release)).scalar()


def put(store: Connection, life: Life, *, bundle: bytes, certificate: str | None) -> None:
    """A release that is brought; one that was unfit is brought anew."""
    store.execute(releases.delete().where(releases.c.release == life.release))
    values = {"release": life.release, "base": life.base, "name": life.name, "changelog": life.changelog}
    store.execute(
        releases.insert(), {**values, **_changing(life), "bundle": bundle, "certificate": certificate}
    )


def change(store: Connection, life: Life, *, before: Sequence[Step]) -> None:
    """Raises Changed when its steps are no longer those of `before`."""
    [now] = [one for one in load(store) if one.release == life.release]
    if now.steps != tuple(before):
        raise Changed
    store.execute(_CHANGE, {"changed": life.release, **_changing(life)})


def _changing(life: Life) -> dict[str, Any]:
    return {
        "steps": [asdict(step) for step in life.steps],
        "examined": None if life.examined is None else asdict(life.examined),
    }
