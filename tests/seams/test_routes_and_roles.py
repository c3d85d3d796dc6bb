"""Every route of a node, and who of its own people may use it: a table that is written by hand, apart from
the one that the node goes by.

Whoever asks here works on the case that is meant, so that the role alone decides. A route that has no row
falls; so does a row that no route has.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.node.roles import ADMISSIONS, NOBODY
from demo.play import Play
from party.bearer import Colleague
from tests.world import AsgiCaller, LocalWorld, local_world

FG = "data_protection_officer"
ROLES = [
    "chair",
    "participant",
    "duty_officer",
    "case_holder",
    "confidential_doctor",
    "minute_taker",
    "executor",
    "official",
    "manager",
    "privacy_officer",
    FG,
    "security_officer",
]
ASKING = {"chair", "duty_officer"}
"""At Veilig Thuis; at any other partner a participant stands where the chair stands here."""
CHAIR = {"chair"}
PROGRAMS = "signed by the broker"
ANYBODY = "without signing in"

TABLE: dict[str, set[str] | str] = {
    "POST /permits": PROGRAMS,
    "POST /cases": ASKING,
    "POST /cases/{id}/assignments": ASKING,
    "POST /cases/{id}/closures": CHAIR,
    "POST /cases/{id}/acceptances": set(),  # for politie, OM and RvdK, and this is Veilig Thuis
    "POST /enrichments": ASKING,
    "GET /enrichments/{id}": ASKING,
    "POST /enrichments/{id}/onward-shares": CHAIR,
    "GET /questions": {"official"},
    "POST /questions/{id}/{index}/views": {"official"},
    "POST /questions/{id}/{index}/answers": {"official"},
    "POST /questions/{id}/{index}/refusals": {"official"},
    "POST /questions/{id}/{index}/looks": {"official"},
    "POST /questions/{id}/{index}/rectifications": {"official"},
    "GET /standing-decisions": {"manager"},
    "POST /standing-decisions": {"manager"},
    "DELETE /standing-decisions/{rule}": {"manager"},
    "PUT /pause": {"manager"},
    "DELETE /pause": {"manager"},
    "GET /releases": {"privacy_officer"},
    "GET /releases/{id}": {"privacy_officer"},
    "POST /releases": {"privacy_officer"},
    "POST /releases/{id}/steps": {"privacy_officer"},
    "POST /release-rollbacks": {"privacy_officer"},
    "POST /obligations/_search": {*ASKING, FG},
    "POST /obligations/{id}/steps": CHAIR,  # leaving out is the FG's: tests/journeys/test_informing.py
    "POST /obligations/{id}/letters": CHAIR,
    "GET /cases/{case}/obligations": {*ASKING, FG},
    "POST /cases/{case}/obligations/{id}/steps": set(),  # for the OM alone, and this is Veilig Thuis
    "GET /overdue-meldingen": {"chair", FG},
    "POST /overviews": {FG},
    "POST /entries/_search": {"chair", "privacy_officer", FG, "security_officer"},
    "POST /exports": {FG},
    "GET /exports/{id}": {FG},
    "DELETE /exports/{id}": {FG},
    "GET /exports/{id}/file": {FG},
    "POST /requests": {"privacy_officer", FG},
    "POST /requests/_search": {"privacy_officer", FG},
    "POST /requests/{id}/steps": {"privacy_officer", FG},
    "POST /urgent-reviews/_search": {"manager", "privacy_officer", FG},
    "POST /urgent-reviews/{id}/outcomes": {"manager", "privacy_officer"},
}


class House:
    """Veilig Thuis of a running chain: a case that somebody works on, a question, a duty to inform."""

    def __init__(self, world: LocalWorld) -> None:
        self.world = world
        self.app = world.apps[world.address("veilig_thuis")]
        self.description = self.app.openapi()
        play = Play(world)
        chair = AsgiCaller(world, "veilig_thuis", self.token("chair"))
        play._callers["veilig_thuis", "chair", 1] = chair
        self.case = play.case(chair)
        man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
        self.wish = {"caseRef": self.case, "purpose": "enrich_referral", "subjects": [man]}
        self.enrichment = chair.post("/v1/enrichments", self.wish)["id"]
        search = {"caseRef": self.case, "live": False}
        self.owed = chair.post("/v1/obligations/_search", search)[0]

    def token(self, *roles: str, mandated: bool = True) -> str:
        return self.world.token(
            "veilig_thuis", "somebody", sub="who-works-on-it", roles=list(roles), mandated=mandated
        )

    def secured(self) -> dict[str, bool]:
        """Route -> whether a person must sign in."""
        return {
            f"{method.upper()} {path}": bool(operation.get("security"))
            for path, operations in self.description["paths"].items()
            for method, operation in operations.items()
        }

    def ask(self, route: str, token: str | None) -> httpx.Response:
        method, _, path = route.partition(" ")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}

        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://node.example") as client:
                body = self._body(route)
                return await client.request(method, f"/v1{self._place(path)}", json=body, headers=headers)

        response: httpx.Response = self.world.do(one())
        return response

    def _place(self, path: str) -> str:
        ids = {
            "/cases/": self.case,
            "/enrichments/": self.enrichment,
            "/obligations/": self.owed["id"],
            "/releases/": "0" * 64,
        }
        unknown = "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f"
        id_ = next((known for start, known in ids.items() if path.startswith(start)), unknown)
        if "{case}" in path:
            id_ = self.owed["id"]
        for name, value in {"id": id_, "case": self.case, "index": "0", "rule": "A01"}.items():
            path = path.replace(f"{{{name}}}", value)
        return path

    def _body(self, route: str) -> Any:
        """A body that is taken, or the example of the description."""
        plan = {
            "version": 0,
            "step": "plan",
            "channel": "letter",
            "recipient": "self",
            "sender": "veilig_thuis",
            "circumstances": [],
            "plannedOn": self.world.clock().date().isoformat(),
        }
        own = {
            "POST /cases": {
                "region": "utrecht",
                "stage": "enrichment",
                "melding": "registered",
                "criteria": "both",
                "unsafety": "acute",  # else who is on duty has no business here
            },
            "POST /enrichments": self.wish,
            "POST /releases/{id}/steps": {"step": "approve"},
            "POST /cases/{id}/assignments": {"why": "stands_in"},
            "POST /entries/_search": {"purpose": "integrity", "selection": {"cases": [self.case]}},
            "POST /obligations/_search": {"caseRef": self.case},
            "POST /obligations/{id}/steps": plan,
            "POST /cases/{case}/obligations/{id}/steps": plan,
        }
        method, _, path = route.partition(" ")
        operation = self.description["paths"][path][method.lower()]
        if route in own or "requestBody" not in operation:
            return own.get(route)
        [content] = operation["requestBody"]["content"].values()
        schema = content["schema"]
        while "$ref" in schema:
            schema = self.description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema.get("example") or schema.get("examples", [None])[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("roles")
    settings = {"veilig_thuis": {"exports": str(folder / "exports")}}
    (folder / "chain").mkdir()
    with local_world(folder / "chain", registers=registers, settings=settings) as world:
        yield House(world)


def test_every_route_has_a_row_and_every_row_a_route(house: House) -> None:
    """Whoever adds a route says here who may use it."""
    assert {route: not isinstance(who, str) for route, who in TABLE.items()} == house.secured()


PEOPLE = [route for route, who in TABLE.items() if not isinstance(who, str)]


@pytest.mark.parametrize("route", PEOPLE)
def test_who_may_use_a_route_and_nobody_else(route: str, house: House) -> None:
    """Each role in turn; 403 is the only "no" here, everything else is about what was asked."""
    told = {role: house.ask(route, house.token(role)) for role in ROLES}
    problems = {role: one.json().get("code") for role, one in told.items() if one.status_code >= 400}
    assert 500 not in {one.status_code for one in told.values()}, problems
    assert {role for role, one in told.items() if one.status_code != 403} == TABLE[route], problems


@pytest.mark.parametrize("route", PEOPLE)
def test_nobody_comes_in_without_a_role_or_a_token(route: str, house: House) -> None:
    assert house.ask(route, None).status_code == 401
    assert house.ask(route, house.token()).status_code == 403


@pytest.mark.parametrize("route", PEOPLE)
def test_no_role_counts_without_a_mandate_and_no_two_that_ask_count_together(
    route: str, house: House
) -> None:
    told = {role: house.ask(route, house.token(role, mandated=False)) for role in ROLES}
    assert {one.status_code for one in told.values()} == {403}
    both = house.ask(route, house.token("chair", "duty_officer"))
    assert both.status_code == 403


def test_the_node_goes_by_a_table_that_has_each_route() -> None:
    """What it admits to is what is written here, for each of them; each row says where it comes from."""
    assert set(ADMISSIONS) == set(PEOPLE)
    for route, row in ADMISSIONS.items():
        known = frozenset({*row.roles} & ASKING | {*row.roles} - {"participant", "chair", "duty_officer"})
        assert row.roles <= set(ROLES), route
        assert TABLE[route] <= known, route  # type: ignore[operator]
        assert row.source, route


@pytest.mark.parametrize("route", PEOPLE)
def test_at_another_partner_a_participant_stands_where_the_chair_stands(route: str) -> None:
    """A chair is one of Veilig Thuis, elsewhere nobody; a participant is one of the others."""
    row, there = ADMISSIONS[route], {"participant", "duty_officer"}
    for role in ("chair", "participant", "duty_officer"):
        one = Colleague("somebody", frozenset({role}), mandated=True)
        assert row.admits(one, there) == (role in row.roles and role != "chair")
        assert row.admits(one, ASKING) == (role in row.roles and role != "participant")
        assert not row.admits(replace(one, mandated=False), there)


def test_an_operation_without_a_row_is_nobodys() -> None:
    for role in ROLES:
        assert not NOBODY.admits(Colleague("somebody", frozenset({role}), mandated=True), ROLES)
