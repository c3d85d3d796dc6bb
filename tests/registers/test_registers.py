"""What goes wrong in a register, and how much work it does."""

import asyncio
import hashlib
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from adapters.partners import politie, reclassering, rvdk
from adapters.registers import sql_register
from adapters.registers.csv_register import MANIFEST, CsvRegister
from adapters.registers.register import (
    ExtractIncomplete,
    ExtractStale,
    Found,
    Record,
    Register,
    RegisterUnavailable,
    RegisterUnreadable,
)
from adapters.registers.rest_register import RestRegister, identity_of, search_of
from adapters.registers.sql_register import SqlRegister
from contract.identity import Identity
from demo.population import CastMember, MemberFacts, build
from tests.rvdk_service import TOKEN, rvdk_service

TODAY = date(2026, 3, 10)
THERE = Identity("Proefstrama", "Hidde Jan", "1980-05-14", postcode="9991ZX", house_number="3")
NOWHERE = Identity("Nergensma", "Wout Pieter", "1977-05-19", postcode="9990ZX", house_number="2")
_T = TypeVar("_T")


def run(register: Register, act: Callable[[Register], Awaitable[_T]]) -> _T:
    async def within() -> _T:
        try:
            return await act(register)
        finally:
            await register.close()

    return asyncio.run(within())


def find(register: Register, *identities: Identity) -> Found:
    return run(register, lambda one: one.find(identities))


def cast(partner: str, *records: Record) -> list[CastMember]:
    return [CastMember("there", THERE, {partner: MemberFacts(frozenset(records))})]


# --- SQL


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('sql')}/register.sqlite"
    build("reclassering", url, 1, 3000, cast("reclassering", Record("report", "client", TODAY)), today=TODAY)
    return url


def in_sql(url: str) -> SqlRegister:
    return SqlRegister(url, reclassering.SHAPE, today=lambda: TODAY)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement of every engine, and every new connection."""
    seen: list[str] = []

    def executed(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    def connected(*_: object) -> None:
        seen.append("connect")

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "connect", connected)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "connect", connected)


@pytest.mark.parametrize("asked", [[THERE], [NOWHERE], [THERE, NOWHERE] * 10])
def test_an_inquiry_is_one_statement_and_no_connection_once_warm(
    database: str, asked: list[Identity]
) -> None:
    """Whoever is asked about, there or not, and however many."""

    async def twice(register: Register) -> list[str]:
        await register.find([NOWHERE])
        with statements() as seen:
            await register.find(asked)
        return seen

    seen = run(in_sql(database), twice)
    assert len(seen) == 1
    assert "connect" not in seen


def test_the_statement_is_the_same_text_for_who_is_there_and_who_is_not(database: str) -> None:
    """The database is asked the same for a yes and for a no; only the numbers of the blocks differ."""

    async def both(register: Register) -> list[str]:
        with statements() as seen:
            await register.find([THERE])
            await register.find([NOWHERE])
        return [text for text in seen if text != "connect" and "blocks_made" not in text]

    there, nowhere = run(in_sql(database), both)
    assert there.partition(" IN ")[0] == nowhere.partition(" IN ")[0]


def test_the_register_cannot_be_written(database: str) -> None:
    """A reference adapter opens it for reading only."""
    with pytest.raises(Exception, match="readonly"), in_sql(database)._engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM clients")


def test_more_rows_than_can_be_read_are_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is read or nobody: how many there are never makes an answer another one."""
    url = f"sqlite:///{tmp_path}/crowd.sqlite"
    family = [replace(THERE, given_names=name) for name in ("Hidde", "Sjoukje", "Wobbe")]
    everyone = [CastMember(one.given_names, one, {"reclassering": MemberFacts()}) for one in family]
    build("reclassering", url, 1, 50, everyone, today=TODAY)
    assert len(find(in_sql(url), THERE).candidates[0].persons) >= 3
    monkeypatch.setattr(sql_register, "_MOST_ROWS", 2)
    with pytest.raises(RegisterUnavailable, match="more rows"):
        find(in_sql(url), THERE)


def test_a_database_of_another_shape_is_unavailable(tmp_path: Path) -> None:
    """The error names no value and carries no other error."""
    url = f"sqlite:///{tmp_path}/other.sqlite"
    build("om", url, 1, 10, today=TODAY)
    with pytest.raises(RegisterUnavailable) as refused:
        find(in_sql(url), THERE)
    assert refused.value.__suppress_context__
    assert "Proefstrama" not in str(refused.value)


# --- CSV


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build("politie", tmp_path, 1, 200, cast("politie", Record("violence", "suspect", TODAY)), today=TODAY)
    return tmp_path


def in_csv(folder: Path, today: date = TODAY) -> CsvRegister:
    return CsvRegister(folder, politie.SHAPE, today=lambda: today)


def found_there(found: Found) -> bool:
    return any(person.identity == THERE for person in found.candidates[0].persons)


def test_an_extract_answers_as_of_its_own_day(folder: Path) -> None:
    """Two days later it still answers, as of the day of the extract; three days later it is stale."""
    found = find(in_csv(folder, TODAY + timedelta(days=2)), THERE)
    assert (found.as_of, found_there(found)) == (TODAY, True)
    with pytest.raises(ExtractStale):
        find(in_csv(folder, TODAY + timedelta(days=3)), THERE)


def test_a_new_extract_is_taken_up(folder: Path) -> None:
    """Without a restart, at the next question."""

    async def before_and_after(register: Register) -> list[bool]:
        first = await register.find([THERE])
        build("politie", folder, 2, 500, today=TODAY)
        return [found_there(first), found_there(await register.find([THERE]))]

    assert run(in_csv(folder), before_and_after) == [True, False]


def _cut(folder: Path) -> None:
    content = (folder / "registraties.csv").read_bytes()
    (folder / "registraties.csv").write_bytes(content[: len(content) // 2])


def _alter(folder: Path) -> None:
    text = (folder / "registraties.csv").read_text()
    (folder / "registraties.csv").write_text(text.replace("geweld", "wapens"))


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _alter,
        lambda folder: (folder / "personen.csv").unlink(),
        lambda folder: (folder / MANIFEST).unlink(),
        lambda folder: (folder / MANIFEST).write_text('{"extracted_on": "2026-'),
        lambda folder: (folder / MANIFEST).write_text('{"extracted_on": "2026-03-10", "files": {}}'),
    ],
)
def test_a_half_written_extract_is_refused_also_after_a_whole_one(
    folder: Path, damage: Callable[[Path], object]
) -> None:
    """Cut, altered, missing, or no manifest: ExtractIncomplete, and no answer from what was read before."""

    async def after_a_whole_one(register: Register) -> None:
        await register.find([THERE])
        build("politie", folder, 3, 50, today=TODAY)
        damage(folder)
        await register.find([THERE])

    with pytest.raises(ExtractIncomplete):
        run(in_csv(folder), after_a_whole_one)


def test_rows_of_another_shape_are_unreadable(folder: Path) -> None:
    """A whole extract with a column that is not agreed, or a date that is none."""
    content = (folder / "registraties.csv").read_bytes()
    content = re.sub(rb"([0-9]{4})-([0-9]{2})-([0-9]{2})", rb"\3-\2-\1", content)
    (folder / "registraties.csv").write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["registraties.csv"] |= {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(RegisterUnreadable):
        find(in_csv(folder), THERE)


# --- HTTP


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    url = f"sqlite:///{tmp_path_factory.mktemp('rest')}/rvdk.sqlite"
    build("rvdk", url, 1, 500, cast("rvdk", Record("protection", "parent", TODAY)), today=TODAY)
    with rvdk_service(url, lambda: TODAY) as host:
        yield host


def over_http(host: str, token: str = TOKEN, timeout_s: float = 5.0) -> RestRegister:
    return RestRegister(
        f"http://node:{token.replace(' ', '%20')}@{host}",
        rvdk.records,
        today=lambda: TODAY,
        timeout_s=timeout_s,
    )


def test_the_service_finds_who_is_there(service: str) -> None:
    """Identity, records and marks come through whole."""
    found = find(over_http(service), THERE, NOWHERE)
    assert [person.identity for person in found.candidates[0].persons if person.key[0] == "C"] == [THERE]
    assert (found.as_of, len(found.candidates)) == (TODAY, 2)


@pytest.mark.parametrize("token", ["", "x", TOKEN + "x"])
def test_the_service_refuses_who_has_no_token(service: str, token: str) -> None:
    """Deny by default."""
    with pytest.raises(RegisterUnavailable, match="401"):
        find(over_http(service, token), THERE)


def test_one_client_serves_every_inquiry(service: str) -> None:
    """No new connection once warm."""

    async def many(register: Register) -> int:
        assert isinstance(register, RestRegister)
        await register.find([THERE])
        client = register._client
        for _ in range(5):
            await register.find([NOWHERE])
        assert register._client is client
        assert client is not None
        assert client.connector is not None
        return sum(len(connections) for connections in client.connector._conns.values())  # type: ignore[attr-defined]

    assert run(over_http(service), many) == 1


@contextmanager
def answering(status: int, body: bytes, after_s: float = 0.0) -> Iterator[str]:
    """An HTTP server that always answers the same."""
    release = threading.Event()

    class Always(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            release.wait(after_s)
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Always)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        release.set()
        server.shutdown()
        server.server_close()


_EMPTY = {"type": "ZoekMetStatutaireSet", "peildatum": "2026-03-10", "resultaten": []}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (302, b"{}"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, json.dumps(_EMPTY).encode()),
        (200, json.dumps({**_EMPTY, "resultaten": [{"personen": []}]}).encode()),
        (
            200,
            json.dumps({**_EMPTY, "resultaten": [{"personen": [{"nummer": 1}], "teVeel": False}]}).encode(),
        ),
        (
            200,
            json.dumps(
                {**_EMPTY, "type": "Anders", "resultaten": [{"personen": [], "teVeel": False}]}
            ).encode(),
        ),
        (200, b" " * (5 * 1024 * 1024)),
    ],
)
def test_anything_but_a_whole_response_is_unavailable(status: int, body: bytes) -> None:
    """An error, a redirect, another shape, another number of results, too much: never an empty result."""
    with answering(status, body) as host, pytest.raises(RegisterUnavailable) as refused:
        find(over_http(host), THERE)
    assert "Proefstrama" not in str(refused.value)


def test_a_slow_service_is_unavailable() -> None:
    """The time-out counts for the whole response."""
    with answering(200, b"{}", after_s=5) as host, pytest.raises(RegisterUnavailable, match="Timeout"):
        find(over_http(host, timeout_s=0.2), THERE)


@pytest.mark.parametrize("born", ["1980-05-14", "1980-05-00", "1980-00-00", "0000-00-00"])
def test_an_identity_goes_over_the_wire_and_back(born: str) -> None:
    """Birth dates are polymorphic, as Haal Centraal has them."""
    identity = Identity("Vries", "Noé", born, "de", "Bakker", "9991ZX", "3-a")
    assert identity_of(search_of(identity)) == identity
