"""One contract over every kind of register: SQL in SQLite and PostgreSQL, CSV extracts, an HTTP service."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice, product
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import pytest

from adapters.partners import adapter_for
from adapters.partners.adapter import Adapter, Asked, Finding
from adapters.partners.contract import AdapterContract, Examples
from adapters.registers.register import Record, RegisterUnavailable
from adapters.registers.thresholds import read_thresholds
from contract.identity import Identity
from demo.population import CastMember, MemberFacts, build
from tests.rvdk_service import TOKEN, rvdk_service

TODAY = date(2026, 3, 10)
HOME = {"postcode": "9991ZX", "house_number": "14a"}
KNOWN = Identity("Öztürkma", "Emine Şerife", "1988-07-23", **HOME)
UNKNOWN = Identity("Nergensma", "Wout Pieter", "1977-05-19", postcode="9990ZX", house_number="2")
TWIN, OTHER = (Identity("Dubbelma", name, "1990-01-09", **HOME) for name in ("Marit", "Marijt"))
SHIELDED = Identity("Schuilma", "Tjibbe", "1970-10-31", **HOME)
DECEASED = Identity("Overledema", "Geeske", "1949-02-03", **HOME)

POSITIVE = {
    "reclassering": (Record("conditional_sentence", "client", date(2025, 9, 1)),),
    "om": (Record("case", "suspect", date(2025, 9, 1)),),
    "veilig_thuis": (Record("melding", "suspected_perpetrator", date(2025, 9, 1)),),
    "politie": (Record("violence", "suspect", date(2025, 9, 1)),),
    "rvdk": (Record("protection", "parent", date(2025, 9, 1)),),
}
QUESTIONS = {
    "reclassering": ("reclassering.under_supervision", "suspected_perpetrator"),
    "om": ("om.ongoing_prosecution", "suspected_perpetrator"),
    "veilig_thuis": ("veilig_thuis.earlier_report", "suspected_perpetrator"),
    "politie": ("politie.relevant_registrations", "suspected_perpetrator"),
    "rvdk": ("rvdk.known", "parent"),
}


def everyone(partner: str) -> list[CastMember]:
    """The persons of the examples, as this partner's register knows them."""
    records = frozenset(POSITIVE[partner])
    facts = {
        KNOWN: MemberFacts(records),
        TWIN: MemberFacts(records),
        OTHER: MemberFacts(records),
        SHIELDED: MemberFacts(records, shielded=True),
        DECEASED: MemberFacts(records, deceased=True),
    }
    return [CastMember("example", identity, {partner: fact}) for identity, fact in facts.items()]


def examples(partner: str) -> Examples:
    """One question of this partner about each of them."""
    question, role = QUESTIONS[partner]
    asked = (Asked(question, one, role, "adult") for one in (KNOWN, UNKNOWN, TWIN, SHIELDED, DECEASED))
    return Examples(*asked)


class Reference(AdapterContract):
    """Where the register of one partner is; the rest is the contract."""

    partner: ClassVar[str]
    nowhere: ClassVar[str]
    address: str

    def adapter(self) -> Adapter:
        return self._over(self.address)

    def unreachable(self) -> Adapter:
        return self._over(self.nowhere)

    def examples(self) -> Examples:
        return examples(self.partner)

    def _over(self, address: str) -> Adapter:
        return adapter_for(self.partner, address, thresholds=read_thresholds(), today=lambda: TODAY)


class _InSqlite(Reference):
    nowhere = "sqlite:////nowhere/at-all.sqlite"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _built(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.address = f"sqlite:///{tmp_path_factory.mktemp('register')}/{cls.partner}.sqlite"
        build(cls.partner, cls.address, 1, 2000, everyone(cls.partner), today=TODAY)


class TestReclasseringInSqlite(_InSqlite):
    partner = "reclassering"


class TestOmInSqlite(_InSqlite):
    partner = "om"


class TestVeiligThuisInSqlite(_InSqlite):
    partner = "veilig_thuis"


class TestPolitieInExtracts(Reference):
    partner = "politie"
    nowhere = "file:///nowhere/at-all"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _built(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("register")
        cls.address = f"file://{folder}"
        build(cls.partner, folder, 1, 2000, everyone(cls.partner), today=TODAY)


class TestRvdkBehindHttp(Reference):
    partner = "rvdk"
    nowhere = "http://node:token@127.0.0.1:9"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _built(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        database = f"sqlite:///{tmp_path_factory.mktemp('register')}/rvdk.sqlite"
        build(cls.partner, database, 1, 2000, everyone(cls.partner), today=TODAY)
        with rvdk_service(database, lambda: TODAY) as host:
            cls.address = f"http://node:{quote(TOKEN)}@{host}"
            yield


def test_a_path_is_a_path(tmp_path: Path) -> None:
    """An address that is no database, service or folder is refused at once, without being repeated."""
    for partner, address in [("om", "http://x"), ("rvdk", "sqlite:///x"), ("politie", str(tmp_path))]:
        with pytest.raises(RegisterUnavailable, match=r"`register_url` must be like .* for") as refused:
            adapter_for(partner, address, thresholds=read_thresholds(), today=lambda: TODAY)
        assert address not in str(refused.value)


def _asked_over(partner: str, folder: Path, everyone: list[CastMember]) -> list[Finding]:
    """What this partner's register of these persons says of one who is known and one who lives there too."""

    async def asked(address: str) -> list[Finding]:
        adapter = adapter_for(partner, address, thresholds=read_thresholds(), today=lambda: TODAY)
        question, role = QUESTIONS[partner]
        other = replace(UNKNOWN, **HOME)
        try:
            return await adapter.look_up([Asked(question, one, role, "adult") for one in (KNOWN, other)])
        finally:
            await adapter.close()

    folder.mkdir()
    if partner == "politie":
        build(partner, folder, 1, 20, everyone, today=TODAY)
        return asyncio.run(asked(f"file://{folder}"))
    database = f"sqlite:///{folder}/{partner}.sqlite"
    build(partner, database, 1, 20, everyone, today=TODAY)
    if partner != "rvdk":
        return asyncio.run(asked(database))
    with rvdk_service(database, lambda: TODAY) as host:
        return asyncio.run(asked(f"http://node:{quote(TOKEN)}@{host}"))


@pytest.mark.parametrize("partner", QUESTIONS)
def test_how_many_live_at_an_address_changes_no_answer(partner: str, tmp_path: Path) -> None:
    """A hundred others and a shielded one, or nobody else: who is there is found, who is not is not."""
    facts = {partner: MemberFacts(frozenset(POSITIVE[partner]))}
    hidden = {partner: MemberFacts(frozenset(POSITIVE[partner]), shielded=True)}
    residents = [
        CastMember(
            f"resident {number}",
            Identity(f"Bewoner{letters}ma", "Wobbe", f"19{number % 90 + 10}-07-0{number % 9 + 1}", **HOME),
            hidden if number == 100 else facts,
        )
        for number, letters in enumerate(islice(map("".join, product("abcdefghijk", repeat=2)), 101))
    ]
    alone = [CastMember("known", KNOWN, facts)]
    assert _asked_over(partner, tmp_path / "home", [*alone, *residents]) == _asked_over(
        partner, tmp_path / "alone", alone
    )
