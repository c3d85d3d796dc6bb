"""Who calls: one issuer, its keys from one place, and no more than its token says."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm

from contract.problems import NotAllowed, NotSignedIn
from contract.signing import TOKEN_ALGORITHMS
from party.bearer import (
    ASKING,
    LONGEST_LIFE_S,
    MANAGER,
    OFFICIAL,
    Colleague,
    IdentityProvider,
    IdentityProviderUnavailable,
)
from tests.attacks.insider import b64
from tests.parties import NOON, Clock

KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
ISSUER, AUDIENCE = "https://idp.example", "grondslag"


def row(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    return {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", "alg": "ES256"}


class Provider:
    """An identity provider whose keys may change or not be there, and an account of how often they were
    fetched.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.keys = [row(KEY, "k1")]
        self.down = False
        self.fetched = 0
        self.node = IdentityProvider(ISSUER, AUDIENCE, self._fetch, self.clock)

    async def _fetch(self) -> bytes:
        self.fetched += 1
        if self.down:
            raise OSError("down")
        return json.dumps({"keys": self.keys}).encode()

    def token(self, key: Any = KEY, kid: str = "k1", **claims: Any) -> str:
        now = int(self.clock().timestamp())
        told: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "iat": now, "exp": now + 600}
        told |= {"roles": ["chair"], "mandated": True, **claims}
        told = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(told, key, "ES256", {"kid": kid, "typ": "at+jwt"})

    def person(self, header: str | None) -> Colleague:
        return asyncio.run(self.node.person(header))

    def refused(self, header: str | None) -> None:
        with pytest.raises(NotSignedIn):
            self.person(header)


def test_a_good_token_is_a_person() -> None:
    """With the roles and the mandate that it gives; the audience may be one of several."""
    provider = Provider()
    for audience in (AUDIENCE, ["other", AUDIENCE]):
        person = provider.person(f"Bearer {provider.token(aud=audience)}")
        assert person == Colleague("u-1", frozenset({"chair"}), mandated=True)
    assert provider.person(f"bearer {provider.token(roles=[])}").roles == frozenset()


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic dTpw", "Bearer x", "Bearer a.b.c", "Bearer " + "x" * 9000],
)
def test_no_token_is_nobody(header: str | None) -> None:
    """The same problem for all."""
    Provider().refused(header)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"iss": ISSUER + "/"},
        {"aud": "other"},
        {"aud": None},
        {"aud": ["other"]},
        {"exp": None},
        {"iat": None},
        {"exp": str(int(NOON.timestamp()) + 600)},
        {"iat": int(NOON.timestamp()) + 60, "exp": int(NOON.timestamp()) + 600},
        {"iat": int(NOON.timestamp()) - 700, "exp": int(NOON.timestamp()) - 100},
        {"exp": int(NOON.timestamp()) + 3601},
        {"nbf": int(NOON.timestamp()) + 60},
        {"nbf": str(int(NOON.timestamp()))},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 65},
        {"sub": "999900006"},
        {"sub": "99990000"},
        {"roles": None},
        {"roles": "chair"},
        {"roles": ["chair", 1]},
        {"roles": {"chair": True}},
    ],
)
def test_a_token_that_says_something_else_is_nobody(claims: dict[str, Any]) -> None:
    """Another issuer or audience, no time or too long, a number of the state for a user, roles that are
    no list.
    """
    provider = Provider()
    provider.refused(f"Bearer {provider.token(**claims)}")


def test_a_mandate_is_only_what_is_true() -> None:
    """Not the text, not a number, not left out."""
    provider = Provider()
    for mandated in ("true", 1, None, [True]):
        assert not provider.person(f"Bearer {provider.token(mandated=mandated)}").mandated


@pytest.mark.parametrize(
    "header", [[], {}, 5, True, "[" * 3000, {"kid": []}, {"kid": {}}, {"kid": None}, {"alg": "none"}]
)
def test_a_header_of_any_shape_is_nobody(header: Any) -> None:
    """Also when keys were fetched before, so that the key id is looked up."""
    provider = Provider()
    provider.person(f"Bearer {provider.token()}")
    raw = header if isinstance(header, str) else json.dumps(header)
    provider.refused(f"Bearer {b64(raw.encode())}.{provider.token().split('.', 1)[1]}")


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_text_as_a_header_is_nobody(text: str) -> None:
    """No other exception comes out."""
    provider = Provider()
    provider.refused(text)
    provider.refused(f"Bearer {text}")


def test_keys_are_fetched_once_and_kept() -> None:
    """For ten minutes; then they are fetched again."""
    provider = Provider()
    for _ in range(5):
        provider.person(f"Bearer {provider.token()}")
    assert provider.fetched == 1
    provider.clock.at += timedelta(minutes=11)
    provider.person(f"Bearer {provider.token()}")
    assert provider.fetched == 2


def test_a_new_key_is_found_and_an_unknown_one_does_not_flood_the_provider() -> None:
    """An unknown key id fetches at most once a minute."""
    provider = Provider()
    provider.person(f"Bearer {provider.token()}")
    provider.keys.append(row(OTHER, "k2"))
    fresh = f"Bearer {provider.token(OTHER, 'k2')}"
    for _ in range(5):
        provider.refused(fresh)
    assert provider.fetched == 1
    provider.clock.at += timedelta(seconds=61)
    assert provider.person(f"Bearer {provider.token(OTHER, 'k2')}").user == "u-1"
    assert provider.fetched == 2


def test_a_key_that_the_provider_took_back_opens_nothing() -> None:
    """After ten minutes at the latest."""
    provider = Provider()
    provider.person(f"Bearer {provider.token()}")
    provider.keys = [row(OTHER, "k2")]
    provider.clock.at += timedelta(minutes=11)
    provider.refused(f"Bearer {provider.token()}")


def test_a_provider_that_is_not_there_is_not_told_as_a_wrong_token() -> None:
    """At the start and after its keys are too old; who shows no token is nobody as ever."""
    provider = Provider()
    provider.down = True
    for _ in range(2):
        with pytest.raises(IdentityProviderUnavailable, match="jwks"):
            provider.person(f"Bearer {provider.token()}")
        with pytest.raises(IdentityProviderUnavailable):
            asyncio.run(provider.node.verify())
        provider.refused(None)
        provider.down = False
        assert provider.person(f"Bearer {provider.token()}").user == "u-1"
        asyncio.run(provider.node.verify())
        provider.clock.at += timedelta(minutes=11)
        provider.down = True


def test_a_provider_that_goes_away_lets_its_keys_be_used_for_a_while() -> None:
    """For ten minutes; a token under a key that is not known asks for it once a minute and no more."""
    provider = Provider()
    provider.person(f"Bearer {provider.token()}")
    provider.down = True
    provider.clock.at += timedelta(minutes=5)
    assert provider.person(f"Bearer {provider.token()}").user == "u-1"
    with pytest.raises(IdentityProviderUnavailable):
        provider.person(f"Bearer {provider.token(OTHER, 'k2')}")
    provider.refused(f"Bearer {provider.token(OTHER, 'k2')}")
    assert provider.fetched == 2
    asyncio.run(provider.node.verify())


def test_keys_that_cannot_be_used_are_no_keys() -> None:
    """An empty list, or keys without `alg`: nobody could sign in."""
    provider = Provider()
    for keys in ([], [{"kty": "EC", "kid": "k1"}]):
        provider.keys = keys
        with pytest.raises(IdentityProviderUnavailable):
            provider.person(f"Bearer {provider.token()}")


def test_the_page_for_operators_says_what_a_token_must_hold() -> None:
    """Every claim that is read, every role, the algorithms and the longest life."""
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    table = page.partition("## Access tokens")[2].partition("## Running")[0]
    for word in (*ASKING, OFFICIAL, MANAGER, "iss", "aud", "iat", "exp", "nbf", "sub", "roles", "mandated"):
        assert f"`{word}`" in table, word
    assert all(algorithm in table for algorithm in TOKEN_ALGORITHMS)
    assert "at most one hour" in table
    assert LONGEST_LIFE_S == 3600


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["chair"], "chair"),
        (["duty_officer", "official"], "duty_officer"),
        ([], None),
        (["official"], None),
        (["manager"], None),
        (["chair", "participant"], None),
        (["CHAIR"], None),
    ],
)
def test_a_person_asks_in_one_role(roles: list[str], role: str | None) -> None:
    """None, two or an unknown one: not allowed."""
    person = Colleague("u", frozenset(roles), mandated=True)
    if role is not None:
        assert person.role == role
        return
    with pytest.raises(NotAllowed):
        _ = person.role


@pytest.mark.parametrize("role", [OFFICIAL, MANAGER])
def test_the_desk_and_the_switch_need_their_role_and_a_mandate(role: str) -> None:
    """Both, not one of them."""
    Colleague("u", frozenset({role}), mandated=True).needs(role)
    for roles, mandated in (({role}, False), ({"chair"}, True), (set(), True)):
        with pytest.raises(NotAllowed):
            Colleague("u", frozenset(roles), mandated=mandated).needs(role)
