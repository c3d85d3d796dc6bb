"""A register in a database: SQLite or PostgreSQL, the URL chooses.

- One statement per inquiry, whatever the number of persons and whether they are there or not: hits in the
  table of blocks, the persons of these hits, and what is recorded about them. More rows than can be read are
  an outage, not an answer.
- The database is only ever read. Statements run in a few threads of the register's own, each with a
  connection that stays open.
- What a partner supplies is a `SqlShape`: its own tables, joined and labelled.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Engine,
    MetaData,
    Select,
    Subquery,
    Table,
    Text,
    bindparam,
    create_engine,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from adapters.registers.blocks import blocks_for
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
_PERSON = ("surname", "prefix", "given_names", "birth_date", "partner_surname", "postcode", "house_number")


def blocks_table(metadata: MetaData) -> Table:
    """The index that a register keeps beside its persons: `blocks_of(identity)` for each, renewed whenever a
    person changes.
    """
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
    records that stand in one row; the same record in two rows counts once.
    """

    statement: Callable[[Subquery], Select[Any]]
    records: Callable[[Mapping[str, Any]], Iterable[Record]]


class SqlRegister:
    def __init__(self, url: str, shape: SqlShape, *, today: Callable[[], date]) -> None:
        """Raises RegisterUnavailable for a URL that cannot be used."""
        self._engine = _engine(url)
        self._shape = shape
        self._today = today
        self._statement = shape.statement(_hits()).limit(_MOST_ROWS + 1)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="register")

    async def find(self, identities: Sequence[Identity]) -> Found:
        blocks = [blocks_for(identity) for identity in identities]
        every = sorted(frozenset[int]().union(*blocks))
        by_block, persons = await asyncio.get_running_loop().run_in_executor(self._threads, self._read, every)
        return Found(self._today(), tuple(_candidates(own, by_block, persons) for own in blocks))

    async def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._engine.dispose()

    def _read(self, blocks: Sequence[int]) -> tuple[dict[int, dict[str, None]], dict[str, Person]]:
        by_block: dict[int, dict[str, None]] = {}
        rows: dict[str, Mapping[str, Any]] = {}
        records: dict[str, set[Record]] = {}
        read: set[tuple[Any, ...]] = set()
        try:
            with self._engine.connect() as connection:
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
                    records.setdefault(str(key), set()).update(self._shape.records(row))
            return by_block, {key: _person(row, records[key]) for key, row in rows.items()}
        except SQLAlchemyError as error:
            # the text of a database error may hold what was asked
            raise RegisterUnavailable(f"the register's database: {type(error).__name__}") from None
        except (KeyError, ValueError, TypeError):
            raise RegisterUnreadable("a row of the register is not in its agreed shape") from None


def _candidates(
    own: Iterable[int], by_block: Mapping[int, Mapping[str, None]], persons: Mapping[str, Person]
) -> Candidates:
    keys = dict.fromkeys(key for block in sorted(own) for key in by_block.get(block, ()))
    return Candidates(tuple(persons[key] for key in keys))


def _hits() -> Subquery:
    blocks = blocks_table(MetaData())
    wanted = blocks.c.block.in_(bindparam("blocks", expanding=True))
    return select(blocks.c.block, blocks.c.person).where(wanted).subquery("hits")


def _person(row: Mapping[str, Any], records: Iterable[Record]) -> Person:
    values = {name: row[name] or "" for name in _PERSON}
    values["postcode"] = values["postcode"].replace(" ", "").upper()
    return Person(
        key=str(row["key"]),
        identity=Identity(**values),
        records=frozenset(records),
        deceased=bool(row["deceased"]),
        shielded=bool(row["shielded"]),
        in_doubt=bool(row["in_doubt"]),
    )


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
