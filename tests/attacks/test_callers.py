"""Who calls the broker with a token alone: it is a party's own, fresh, and signed for one address."""

import re
import uuid
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from contract.codes import BROKER
from gateway.callers import _calling
from party.openapi import SIGNED_IN
from tests.attacks.insider import Insider, code_of
from tests.world import LocalWorld

ROUTES = {
    "/v1/cases/{id}": "case",
    "/v1/cases/{id}/obligations": "case",
    "/v1/inquiries/{id}": "inquiry",
    "/v1/obligations": None,
    "/v1/overdue-meldingen": None,
    "/v1/rectifications": None,
    "/v1/releases": None,
    "/v1/releases/{id}": "release",
}
"""Every route of the broker that a token opens, and what its address names."""


def _dependencies(dependant: Any) -> set[Any]:
    return {dependant.call, *(call for one in dependant.dependencies for call in _dependencies(one))}


def test_the_table_has_every_route_that_a_token_opens(chain: LocalWorld) -> None:
    """A route that asks for a token has the one dependency that reads it, and is tried here."""
    app = chain.apps[chain.address(BROKER)]
    routes = [
        context.original_route
        for context in iter_route_contexts(app.routes)
        if hasattr(context.original_route, "dependant")
    ]
    asking = {one.path for one in routes if (one.openapi_extra or {}).items() >= SIGNED_IN.items()}
    reading = {one.path for one in routes if _calling in _dependencies(one.dependant)}

    assert asking == reading == set(ROUTES)


@pytest.fixture(scope="module")
def addresses(vt: Insider) -> dict[str, str]:
    """Of each route, an address of something that Veilig Thuis may see."""
    case = vt.case()
    asked = vt.inquiry(case)
    assert vt.present(asked).status == 200
    named = {
        "case": case.case_ref,
        "inquiry": asked.signed.document.jti,
        "release": vt.revision.removeprefix("sha256:"),
        None: "",
    }
    return {route: route.replace("{id}", named[noun]) for route, noun in ROUTES.items()}


@pytest.mark.parametrize("route", ROUTES)
def test_a_token_for_another_path_is_refused(vt: Insider, addresses: dict[str, str], route: str) -> None:
    """What a token for this address shows, a token for any other address does not."""
    here = addresses[route]
    assert vt.get(BROKER, here, vt.caller(here).token).status == 200

    elsewhere = [other for other in addresses.values() if other != here]
    if "{id}" in route:
        elsewhere.append(route.replace("{id}", str(uuid.uuid4())))
    for other in elsewhere:
        response = vt.get(BROKER, here, vt.caller(other).token)
        assert code_of(response) == (404, "not_found"), other


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_token_nothing_is_looked_at(vt: Insider, addresses: dict[str, str], route: str) -> None:
    """No token, or something that is none, is refused at once."""
    assert code_of(vt.get(BROKER, addresses[route], None)) == (401, "not_signed_in")
    assert code_of(vt.get(BROKER, addresses[route], "a.b.c")) == (400, "document_malformed")


def test_who_is_not_signed_in_is_told_nothing_about_what_a_node_takes(chain: LocalWorld, vt: Insider) -> None:
    """Every route for people says who may come in before it looks at what they bring."""
    app = chain.apps[chain.address("veilig_thuis")]
    tried = 0
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            if method != "post" or operation.get("security") is None:
                continue
            place = re.sub(r"{\w+}", "nonsense", f"/v1{path}")
            assert code_of(vt.post("veilig_thuis", place, {"nonsense": 1})) == (401, "not_signed_in"), place
            tried += 1
    assert tried > 15
