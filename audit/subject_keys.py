"""The keys of sealed parts, in a database of their own with short backups. Destroying a key destroys what it sealed, in every copy.

Keys are made ahead, many in one transaction, so that recording something about a new subject costs no second commit: which subject has
which key is written with the entry.
"""

import os

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, Table, delete, func, insert, select

metadata = MetaData()

subject_keys = Table(
    "subject_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),  # AES-KW (RFC 3394) under the party's wrapping key
)

AHEAD = 256


class SubjectKeys:
    """Used from the trail's writer thread, and read from its readers."""

    def __init__(self, engine: Engine, kek: bytes) -> None:
        self._engine = engine
        self._kek = kek
        self._made: dict[int, bytes] = {}

    def take(self) -> tuple[int, bytes]:
        """A key that no subject has yet, and its id; a new store of keys is made in one commit when the last is gone."""
        if not self._made:
            self._make()
        number = next(iter(self._made))
        return number, self._made.pop(number)

    def _make(self) -> None:
        with self._engine.begin() as connection:
            highest = connection.execute(select(func.max(subject_keys.c.id))).scalar() or 0
            made = {number: os.urandom(32) for number in range(highest + 1, highest + 1 + AHEAD)}
            rows = [{"id": number, "wrapped": aes_key_wrap(self._kek, key)} for number, key in made.items()]
            connection.execute(insert(subject_keys), rows)
        self._made = made

    def read(self, ids: set[int]) -> dict[int, bytes]:
        """The keys that still exist."""
        if not ids:
            return {}
        with self._engine.connect() as connection:
            rows = connection.execute(select(subject_keys).where(subject_keys.c.id.in_(ids)))
            return {row.id: aes_key_unwrap(self._kek, row.wrapped) for row in rows}

    def destroy(self, number: int) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(subject_keys).where(subject_keys.c.id == number))
