"""What is taken out of a trail, within a transaction of its writer: parts about one subject, or entries that
were kept long enough. Hashes stay, and so do root and proofs.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from audit.tables import doomed, entries, parts, subjects

Run = tuple[int, int]
"""Positions from the first to the last, both of them in it."""

_EMPTY = (
    update(entries).where(entries.c.position.between(bindparam("first"), bindparam("last"))).values(leaf=b"")
)


class RacedError(Exception):
    """Something came in that must not be lost: look again."""


def held(connection: Connection, refs: Collection[str]) -> list[int]:
    """The positions of the parts under the keys of these references."""
    query = select(parts.c.position).where(parts.c.subject_ref.in_(refs)).order_by(parts.c.position)
    return list(connection.execute(query).scalars())


def erase(connection: Connection, refs: Collection[str], known: Sequence[int]) -> None:
    """Deletes exactly these parts, and dooms the keys. Raises RacedError when there are others."""
    about = parts.c.subject_ref.in_(refs)
    gone = connection.execute(parts.delete().where(about).returning(parts.c.position)).scalars()
    if sorted(gone) != list(known):
        raise RacedError
    _doom(connection, refs)


def prune(connection: Connection, runs: Sequence[Run]) -> None:
    """Empties these leaves, deletes their parts, and dooms the key of whoever has none left."""
    if not runs:
        return
    touched: set[str] = set()
    for first, last in runs:
        here = parts.c.position.between(first, last)
        touched.update(
            connection.execute(parts.delete().where(here).returning(parts.c.subject_ref)).scalars()
        )
    left = select(parts.c.subject_ref).where(parts.c.subject_ref.in_(touched)).distinct()
    _doom(connection, touched.difference(connection.execute(left).scalars()))
    connection.execute(_EMPTY, [{"first": first, "last": last} for first, last in runs])


def runs_of(positions: Collection[int]) -> list[Run]:
    """These positions as runs, in their order."""
    runs: list[list[int]] = []
    for position in sorted(positions):
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        else:
            runs.append([position, position])
    return [(first, last) for first, last in runs]


def _doom(connection: Connection, subject_refs: Collection[str]) -> None:
    if not subject_refs:
        return
    about = subjects.c.subject_ref.in_(sorted(subject_refs))
    keys = list(connection.execute(subjects.delete().where(about).returning(subjects.c.key_id)).scalars())
    if keys:
        connection.execute(insert(doomed), [{"key_id": key_id} for key_id in keys])
