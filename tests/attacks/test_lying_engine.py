"""An OPA server that lies: whatever it changes in a decision, or makes of one, is noticed."""

import asyncio
import io
import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from party import events
from party.start import open_policy
from policies import Policy, PolicyUnavailable, Release, load_release
from tests.policies.conftest import asking
from tests.policies.test_opa_server import Misbehaving

Document = dict[str, Any]

PERMITTED: dict[str, Document] = {
    "answered by machine": asking({}),
    "in acute danger": asking({"purpose": "immediate_safety", "case.urgency": "acute_danger"}),
    "a victim who is a perpetrator too": asking({"subject.role": "victim", "subject.dual_role": True}),
    "by hand at the prosecutor": asking(
        {"holder": "om", "question": "om.ongoing_prosecution", "necessity.weighty_and_urgent": True}
    ),
}
CLOSED: dict[str, Any] = {  # a gate that is shut, on an input that is permitted but for that
    "requester.role": "confidential_doctor",
    "requester.mandated": False,
    "requester.assigned": False,
    "case.kind": "anonymous",
    "case.stage": "closed",
    "case.melding": "none",
    "case.criteria": "neither",
    "case.regime": "zvh",
    "case.own_region": False,
    "case.region": "nowhere",
    "subject.consent": None,
    "subject.re_roled": None,
    "necessity.motivated": False,
    "necessity.subsidiarity": False,
    "repetition.asked_before": True,
    "repetition.over_budget": True,
    "subject.age_band": "unknown",
    "subject.role": "third_person",
    "purpose": "interpret",
}


def _lists(given: list[Any], known: list[Any]) -> Iterator[list[Any]]:
    """Each list that differs in one thing: one less, one more, another order."""
    for number in range(len(given)):
        yield [*given[:number], *given[number + 1 :]]
    yield from ([*given, one] for one in known if one not in given)
    if len(given) > 1:
        yield given[::-1]


def _changed(document: Document, release: Release) -> Iterator[tuple[str, Document]]:
    """Each document that differs from this one in one field."""
    catalogue = release.catalogue
    known: Mapping[str, list[Any]] = {
        "rule": [None, *catalogue.rules],
        "effect": ["permit", "refusal"],
        "mode": [None, "automatic", "human"],
        "deadline": [None, "human_deadline", "fast_deadline"],
        "desk": [True, False],
        "status": ["concept", "reviewed"],
        "revision": [f"sha256:{'1' * 64}"],
    }
    codes: Mapping[str, list[Any]] = {
        "answer_codes": ["yes", "no", "not_determinable", "shareable"],
        "legal_bases": list(catalogue.legal_bases),
        "obligations": list(catalogue.obligations),
        "transparency": list(catalogue.transparency),
        "retention": list(catalogue.retention),
        "reasons": [
            {"code": one.code, "citations": list(one.citations)} for one in catalogue.reasons.values()
        ],
    }
    for field, values in known.items():
        yield from ((field, {**document, field: one}) for one in values if one != document[field])
    for field, values in codes.items():
        yield from ((field, {**document, field: one}) for one in _lists(document[field], values))


class Liar:
    """A party with an OPA server that says what it is told to."""

    def __init__(self, release: Release, engine: str = "server") -> None:
        self.release, self.engine = release, engine
        self.server = Misbehaving(release)
        self.says: Document | None = None
        self._honest = Misbehaving(release)

    async def decided(self, asked: Document) -> Document:
        """What it would say honestly."""
        [told] = await self._honest.documents({"input": {"items": [asked]}})
        found: Document = told
        return found

    async def opened(self, url: str) -> Policy:
        settings: Any = SimpleNamespace(
            policy_engine=self.engine, opa_url=url, opa_token=None, opa_timeout_s=15
        )
        return await open_policy(settings, self.release)

    async def answer(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"result": [self.says], "provenance": {"version": "1.2.3"}})

    async def believed(self, asked: Document, lies: list[tuple[str, Document]]) -> list[str]:
        """Which of these lies about one question count as its decision."""
        found = []
        async with self.server.serving() as url:
            policy = await self.opened(url)
            self.server.answer = self.answer
            for name, self.says in lies:
                try:
                    await policy.decide([asked])
                    found.append(name)
                except PolicyUnavailable:
                    pass
            self.says = await self.decided(asked)
            assert json.loads((await policy.decide([asked]))[0].as_json()) == self.says
            await policy.close()
            self.server.answer = None
        return found


@pytest.mark.parametrize("name", PERMITTED)
def test_a_permit_of_which_one_thing_is_changed_is_not_believed(name: str) -> None:
    liar = Liar(load_release())

    async def run() -> tuple[int, list[str]]:
        lies = list(_changed(await liar.decided(PERMITTED[name]), liar.release))
        return len(lies), await liar.believed(PERMITTED[name], lies)

    tried, believed = asyncio.run(run())
    assert (tried > 100, believed) == (True, [])


@pytest.mark.parametrize("gate", CLOSED)
def test_a_permit_where_a_gate_is_shut_is_not_believed(gate: str) -> None:
    """It is the permit of the same question with the gate open, so it fits its row in everything."""
    liar = Liar(load_release())

    async def run() -> list[str]:
        permit, refusal = await liar.decided(asking({})), await liar.decided(asking({gate: CLOSED[gate]}))
        assert (permit["effect"], refusal["effect"]) == ("permit", "refusal")
        return await liar.believed(asking({gate: CLOSED[gate]}), [(gate, permit)])

    assert asyncio.run(run()) == []


def test_a_refusal_of_which_one_thing_is_changed_is_not_believed() -> None:
    liar = Liar(load_release())
    asked = asking({"case.melding": "none", "requester.mandated": False})

    async def run() -> list[str]:
        return await liar.believed(asked, list(_changed(await liar.decided(asked), liar.release)))

    assert asyncio.run(run()) == []


def test_a_refusal_where_nothing_is_against_it_is_not_believed() -> None:
    liar = Liar(load_release())

    async def run() -> list[str]:
        refusal = await liar.decided(asking({"case.melding": "none"}))
        return await liar.believed(asking({}), [("refusal", refusal)])

    assert asyncio.run(run()) == []


@pytest.fixture
def log() -> Iterator[io.BytesIO]:
    lines = io.BytesIO()
    events.configure(party="test", strict=True, stream=lines)
    yield lines
    events.configure(party="test", strict=True)


def test_somebody_hears_of_a_server_that_decides_otherwise(log: io.BytesIO) -> None:
    liar = Liar(load_release())

    async def run() -> None:
        permit = await liar.decided(asking({}))
        await liar.believed(asking({"case.melding": "none"}), [("permit", permit)])

    asyncio.run(run())
    [said] = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (said["event"], said["level"], said["count"]) == ("engines_differ", "error", 1)


def test_a_party_that_believes_a_server_alone_says_so_at_its_start(log: io.BytesIO) -> None:
    """And is lied to: the strict reader sees a permit that fits its row."""
    liar = Liar(load_release(), "server_alone")

    async def run() -> list[str]:
        permit = await liar.decided(asking({}))
        return await liar.believed(asking({"case.melding": "none"}), [("permit", permit)])

    assert asyncio.run(run()) == ["permit"]
    [said] = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (said["event"], said["level"]) == ("engine_alone", "warning")
