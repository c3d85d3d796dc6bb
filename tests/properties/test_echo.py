"""What somebody says about a person never comes back in an error, nor stands in any log line: names, birth
dates and numbers are planted in every field of every route.
"""

import io
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.codes import BROKER
from party import events
from party.wire import Response
from tests.world import AsgiWire, LocalWorld, local_world


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes | None = None
    token: str | None = None


MARKERS = (
    "Wilhelmientje",
    "wilhelmientje",
    "Geertruida-Proef",
    "19840312",
    "1984-03-12",
    "999900006",
    "9981ZX",
)

planted = st.sampled_from(MARKERS)
leaves = (
    planted
    | planted.map(lambda text: f"{text} en nog wat")
    | planted.map(lambda text: f"{text}.{text}.{text}")
    | st.integers(min_value=0, max_value=10**12).map(lambda _: 999900006)
    | st.none()
    | st.booleans()
    | st.just(str(uuid.UUID(int=0, version=4)))
)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            planted | st.sampled_from(["identity", "surname", "identities", "questions"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)

WISH: dict[str, Any] = {
    "caseRef": str(uuid.UUID(int=1, version=4)),
    "purpose": "enrich_referral",
    "subjects": [
        {
            "role": "suspected_perpetrator",
            "identity": {"surname": "Testenaar", "givenNames": "Jan", "birthDate": "1984-00-00"},
            "questions": [{"question": "reclassering.known", "necessity": "x", "subsidiarity": "y"}],
        }
    ],
}
JWS = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiIxIn0.AAAA"
REF = str(uuid.UUID(int=2, version=4))
ROUTES: tuple[tuple[str, str, str, Any], ...] = (
    (BROKER, "POST", "/v1/cases", {"statement": JWS}),
    (BROKER, "POST", "/v1/inquiries", {"inquiries": [{"inquiry": JWS, "identities": {REF: "AAAA"}}]}),
    (BROKER, "POST", "/v1/replies", {"reply": JWS}),
    ("reclassering", "POST", "/v1/permits", {"permit": JWS, "inquiry": JWS, "identities": {REF: "AAAA"}}),
    (
        "veilig_thuis",
        "POST",
        "/v1/cases",
        {"region": "utrecht", "melding": "registered", "meetingOn": "2026-12-01"},
    ),
    ("veilig_thuis", "POST", f"/v1/cases/{REF}/assignments", {"why": "stands_in"}),
    ("veilig_thuis", "POST", "/v1/enrichments", WISH),
    ("politie", "POST", f"/v1/questions/{REF}/0/views", {}),
    ("politie", "POST", f"/v1/questions/{REF}/0/answers", {"codes": ["yes"], "kind": "fact"}),
    ("politie", "POST", f"/v1/questions/{REF}/0/refusals", {}),
    ("reclassering", "POST", "/v1/standing-decisions", {"rule": "A01", "validUntil": "2027-01-01T00:00:00Z"}),
)
ROLES = {"veilig_thuis": "chair", "politie": "official", "reclassering": "manager"}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, registers: Path) -> Iterator[LocalWorld]:
    with local_world(tmp_path_factory.mktemp("echo"), registers=registers) as world:
        yield world


@pytest.fixture(scope="module")
def log(chain: LocalWorld) -> Iterator[io.BytesIO]:
    """Every line that any party wrote; in tests a field that an event may not have raises."""
    lines = io.BytesIO()
    events.configure(party="test", strict=True, stream=lines)
    yield lines
    events.configure(party="test", strict=True)


def tell(chain: LocalWorld, party: str, request: Request) -> Response:
    wire = AsgiWire(chain.apps)
    sending = wire.send(
        request.method,
        chain.address(party),
        request.path,
        body=request.body,
        bearer=request.token,
        timeout_s=60,
    )
    response: Response = chain.do(sending)
    return response


def with_planted(draw: st.DrawFn, value: Any, depth: int = 0) -> Any:
    """The value with something planted at one place: a field replaced, one added, or deeper in."""
    if isinstance(value, dict) and value and (depth == 0 or draw(st.booleans())):
        name = draw(st.sampled_from(sorted(value)))
        way = draw(st.integers(0, 3))
        if way == 0:
            return {**value, draw(planted): draw(anything)}
        if way == 1:
            return {**{key: one for key, one in value.items() if key != name}, draw(planted): value[name]}
        return {**value, name: with_planted(draw, value[name], depth + 1)}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [with_planted(draw, value[0], depth + 1), *value[1:]]
    return draw(anything)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, str, Any]:
    party, method, path, body = draw(st.sampled_from(ROUTES))
    return party, method, path, with_planted(draw, body)


def _must_not_echo(response: Response, log: io.BytesIO) -> None:
    said = response.body.decode("utf-8", "replace")
    written = log.getvalue().decode()
    for marker in MARKERS:
        assert marker not in said
        assert marker not in written
    assert response.status != 500


@given(requests())
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_error_and_no_log_line_repeats_what_was_said(
    chain: LocalWorld, log: io.BytesIO, request_: tuple[str, str, str, Any]
) -> None:
    """Whatever is planted where: a named problem without it, never a mistake of ours."""
    party, method, path, body = request_
    token = chain.token(party, ROLES[party]) if party in ROLES else None
    response = tell(chain, party, Request(method, path, json.dumps(body).encode(), token))
    _must_not_echo(response, log)


AROUND: dict[str, Callable[[str, str], Request]] = {
    "path": lambda path, marker: Request("GET", f"{path}/{quote(marker)}"),
    "query key": lambda path, marker: Request("GET", f"{path}/{REF}?{quote(marker)}=1"),
    "query value": lambda path, marker: Request("GET", f"{path}/{REF}?version={quote(marker)}"),
    "token": lambda path, marker: Request("GET", f"{path}/{REF}", token=f"{marker}.{marker}.{marker}"),
    "two tokens": lambda path, marker: Request("GET", f"{path}/{REF}", token=f"{marker} {marker}"),
    "broken body": lambda path, marker: Request("POST", path, f'{{"{marker}": {marker}'.encode()),
    "method": lambda path, marker: Request(marker.upper(), path),
}


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("place", AROUND)
def test_nothing_around_the_body_is_repeated_either(
    place: str, marker: str, chain: LocalWorld, log: io.BytesIO
) -> None:
    """In the address, the token, or a body that is no JSON; at every party, signed in and not."""
    for party, path in (
        (BROKER, "/v1/inquiries"),
        ("veilig_thuis", "/v1/enrichments"),
        ("politie", "/v1/questions"),
    ):
        request = AROUND[place](path, marker)
        signed_in = replace(
            request, token=request.token or (JWS if party == BROKER else chain.token(party, "chair"))
        )
        for one in (request, signed_in):
            response = tell(chain, party, one)
            assert response.status >= 400
            _must_not_echo(response, log)


def test_the_search_of_the_log_finds_what_is_there(chain: LocalWorld, log: io.BytesIO) -> None:
    """Each request above has its line."""
    tell(chain, BROKER, Request("GET", "/v1/cases/x"))
    assert b'"request_handled"' in log.getvalue()
