"""A register in a database: SQLite or PostgreSQL, the URL chooses.

- One statement per inquiry, whatever the number of persons and whether they are there or not: hits in the
  table of blocks, the persons of these hits, and what is recorded about them. More rows than can be read are
  an outage, not an answer. Once a minute is looked by which version the blocks were made, and of which day.
- The database is only ever read. Statements run in a few threads of the register's own, each with a
  connection that stays open.
- What a partner supplies is a `SqlShape`: its own tables, joined and labelled.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Integer,
    MetaData,
    Select,
    Subquery,
    Table,
    Text,
    bindparam,
    create_engine,
    make_url,
    select,
    type_coerce,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import NullType

from adapters.registers.blocks import BLOCKS_VERSION, blocks_for
from adapters.registers.reading import Spot, iso_date, mark, read_person, tell_odd, verify_fresh
from adapters.registers.register import (
    Candidates,
    Found,
    Person,
    Record,
    RegisterUnavailable,
    RegisterUnreadable,
)
from contract.identity import Identity

_THREADS = 4
_MOST_ROWS = 100_000
_STATEMENT_TIMEOUT_MS = 5000
_LOOK_EVERY_S = 60


def blocks_table(metadata: MetaData) -> Table:
    """The index that a register keeps beside its persons: `blocks_of(identity)` for each, renewed whenever a
    person changes. With it comes the table `blocks_made`, one row: by which version blocks were made
    (`BLOCKS_VERSION`), and of which day the data are; no day where the database is the register itself.
    """
    Table(
        "blocks_made",
        metadata,
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("as_of", Date),
    )
    return Table(
        "blocks",
        metadata,
        Column("block", BigInteger, primary_key=True),
        Column("person", Text, primary_key=True),
        sqlite_with_rowid=False,
    )


@dataclass(frozen=True)
class SqlShape:
    """How a partner's own tables become persons.

    `statement(hits)` joins the subquery `hits` (columns `block`, `person`) to the partner's tables and
    returns one row or more per hit, labelled `block key surname prefix given_names birth_date partner_surname
    postcode house_number deceased shielded in_doubt`, and whatever `records` reads. `records(row)` makes the
    records that stand in one row, and raises ValueError or TypeError for what it does not know; the same
    record in two rows counts once. `born`: how birth dates are written.
    """

    statement: Callable[[Subquery], Select[Any]]
    records: Callable[[Mapping[str, Any]], Iterable[Record]]
    born: Callable[[str], str] = iso_date


class SqlRegister:
    def __init__(
        self, url: str, shape: SqlShape, *, today: Callable[[], date], max_age_days: int = 2
    ) -> None:
        """`max_age_days`: working days. Raises RegisterUnavailable for a URL that cannot be used."""
        self._engine = _engine(url)
        self._shape = shape
        self._today = today
        self._max_age_days = max_age_days
        self._looked: tuple[float, date | None] = (-math.inf, None)
        self._statement = _as_it_stands(shape.statement(_hits())).limit(_MOST_ROWS + 1)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="register")

    async def find(self, identities: Sequence[Identity]) -> Found:
        blocks = [blocks_for(identity) for identity in identities]
        every = sorted(frozenset[int]().union(*blocks))
        read = await asyncio.get_running_loop().run_in_executor(self._threads, self._read, every)
        as_of, by_block, persons = read
        return Found(as_of, tuple(_candidates(own, by_block, persons) for own in blocks))

    async def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._engine.dispose()

    def _read(self, blocks: Sequence[int]) -> tuple[date, dict[int, dict[str, None]], dict[str, Person]]:
        by_block: dict[int, dict[str, None]] = {}
        rows: dict[str, Mapping[str, Any]] = {}
        records: dict[str, set[Record]] = {}
        read: set[tuple[Any, ...]] = set()
        odd: set[str] = set()
        try:
            with self._engine.connect() as connection:
                as_of = self._made(connection)
                found = connection.execute(self._statement, {"blocks": blocks})
                names = list(found.keys())
                lines = found.fetchall()
                if len(lines) > _MOST_ROWS:
                    raise RegisterUnavailable("the register's database gives more rows than can be read")
                for line in lines:
                    block, key, *_ = line
                    by_block.setdefault(block, {})[str(key)] = None
                    if line[1:] in read:
                        continue  # the same row through another block
                    read.add(line[1:])
                    row = dict(zip(names, line, strict=True))
                    rows.setdefault(str(key), row)
                    of_one = records.setdefault(str(key), set())
                    try:
                        of_one.update(self._shape.records(row))
                    except (KeyError, ValueError, TypeError):
                        odd.add(str(key))
            persons = {key: self._person(row, records[key], odd=key in odd) for key, row in rows.items()}
            return as_of, by_block, persons
        except SQLAlchemyError as error:
            # the text of a database error may hold what was asked
            raise RegisterUnavailable(f"the register's database: {type(error).__name__}") from None
        except (KeyError, ValueError, TypeError):
            raise RegisterUnreadable("a row of the register is not in its agreed shape") from None

    def _made(self, connection: Connection) -> date:
        """Of which day the data are. Raises RegisterUnreadable, ExtractStale."""
        looked, as_of = self._looked
        if time.monotonic() - looked > _LOOK_EVERY_S:
            made = connection.execute(_MADE).all()
            if [row.version for row in made] != [BLOCKS_VERSION]:
                raise RegisterUnreadable("the table of blocks was made by another version, or is empty")
            as_of = made[0].as_of
            self._looked = time.monotonic(), as_of
        today = self._today()
        if as_of is None:
            return today
        verify_fresh(as_of, today, self._max_age_days)
        return as_of

    def _person(self, row: Mapping[str, Any], records: Iterable[Record], *, odd: bool) -> Person:
        marks = {name: mark(row, name) for name in ("deceased", "shielded", "in_doubt")}
        person, place = read_person(str(row["key"]), row, records, marks, born=self._shape.born, odd=odd)
        if person.unreadable:
            tell_odd([Spot("database", column=place or "record")], 1)
        return person


def _candidates(
    own: Iterable[int], by_block: Mapping[int, Mapping[str, None]], persons: Mapping[str, Person]
) -> Candidates:
    keys = dict.fromkeys(key for block in sorted(own) for key in by_block.get(block, ()))
    return Candidates(tuple(persons[key] for key in keys))


def _made() -> Select[Any]:
    tables = MetaData()
    blocks_table(tables)
    return select(tables.tables["blocks_made"])


_MADE = _made()


def _hits() -> Subquery:
    blocks = blocks_table(MetaData())
    wanted = blocks.c.block.in_(bindparam("blocks", expanding=True))
    return select(blocks.c.block, blocks.c.person).where(wanted).subquery("hits")


def _as_it_stands(statement: Select[Any]) -> Select[Any]:
    """Marks as the database holds them: read as a boolean, whatever is not empty would be true."""
    columns = [
        type_coerce(column, NullType()).label(column.name) if isinstance(column.type, Boolean) else column
        for column in statement.selected_columns
    ]
    return statement.with_only_columns(*columns, maintain_column_froms=True)


def _engine(text: str) -> Engine:
    try:
        url = make_url(text)
        if url.get_backend_name() == "sqlite":
            return _create(_read_only(url))
        if url.get_backend_name() == "postgresql":
            options = f"-c default_transaction_read_only=on -c statement_timeout={_STATEMENT_TIMEOUT_MS}"
            return _create(url.set(drivername="postgresql+psycopg"), options=options)
    except SQLAlchemyError:
        pass
    raise RegisterUnavailable("the register's address is no sqlite or postgresql URL")


def _create(url: URL, **connect_args: str) -> Engine:
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT",  # one reading statement: no begin and rollback around it
        pool_size=_THREADS,
        max_overflow=0,
        hide_parameters=True,
        connect_args=connect_args,
    )


def _read_only(url: URL) -> URL:
    # opened for reading, a file that is not there is an error and not a new, empty register
    return url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
