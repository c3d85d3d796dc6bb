"""Counts the statements that reach a database, whichever way they go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from audit.database import Prepared

Heard = Callable[[Connection, str], None]


@contextmanager
def statements(hear: Heard) -> Iterator[None]:
    """`hear` is told of each statement until the block ends, from any engine; SQLite's BEGIN is none."""

    def executed(connection: Connection, _: Any, text: str, *__: Any) -> None:
        hear(connection, text)

    original = Prepared.__call__

    def prepared(self: Prepared, connection: Connection, rows: Any) -> int:
        hear(connection, str(self._statement))
        return original(self, connection, rows)

    event.listen(Engine, "before_cursor_execute", executed)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Prepared, "__call__", prepared)
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
