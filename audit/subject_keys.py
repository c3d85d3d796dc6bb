"""The keys of sealed parts, in a database of their own with short back-ups. Destroying a key destroys what it
sealed, in every copy.

Keys are made ahead, many in one transaction, so that recording something about a new subject costs no second
commit: which subject has which key is written with the entry.
"""

import os
import secrets
import threading

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, delete, insert, select

from audit.database import engine, wipe
from audit.errors import TrailError
from audit.migration import KEYS, verify_migrated

metadata = MetaData()

subject_keys = Table(
    "subject_keys",
    metadata,
    # random: two processes never choose the same, and a restored back-up never gives one out again
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),  # AES-KW (RFC 3394) under the party's wrapping key
)

AHEAD = 256
"""Keys made in one commit."""


class SubjectKeys:
    """Keys are taken by the trail's writer thread alone; its readers read and destroy."""

    def __init__(self, url: str, kek: bytes) -> None:
        self._engine = engine(url, writes=True)
        self._readers_engine = engine(url, writes=False)
        self._kek = kek
        self._made: dict[int, bytes] = {}
        self._writing = threading.Lock()

    def verify(self) -> None:
        """Raises TrailError when the tables are not those of this version, or the keys not wrapped by us."""
        with self._readers_engine.connect() as connection:
            verify_migrated(connection, KEYS)
            one = connection.execute(select(subject_keys.c.wrapped).limit(1)).scalar()
        try:
            if one is not None:
                aes_key_unwrap(self._kek, one)
        except InvalidUnwrap:
            raise TrailError(
                "The keys of sealed parts are wrapped under another key. Put back our wrapping key."
            ) from None

    def take(self) -> tuple[int, bytes]:
        """A key that no subject has yet, and its id; new ones are made in one commit when none is left."""
        if not self._made:
            made = {secrets.randbits(62): os.urandom(32) for _ in range(AHEAD)}
            rows = [{"id": number, "wrapped": aes_key_wrap(self._kek, key)} for number, key in made.items()]
            with self._writing, self._engine.begin() as connection:
                connection.execute(insert(subject_keys), rows)
            self._made = made
        return self._made.popitem()

    def read(self, ids: set[int]) -> dict[int, bytes]:
        """The keys that still exist."""
        if not ids:
            return {}
        with self._readers_engine.connect() as connection:
            rows = connection.execute(select(subject_keys).where(subject_keys.c.id.in_(ids)))
            return {row.id: aes_key_unwrap(self._kek, row.wrapped) for row in rows}

    def destroy(self, ids: list[int]) -> None:
        with self._writing, self._engine.begin() as connection:
            connection.execute(delete(subject_keys).where(subject_keys.c.id.in_(ids)))
        wipe(self._readers_engine)

    def close(self) -> None:
        for one in (self._readers_engine, self._engine):
            one.dispose()
