"""Who calls the node: a person or software of this partner, signed in at the partner's own identity provider.

The node believes one issuer, whose keys it takes from one configured place. Deny by default: a token without
a role that is listed here opens nothing, and a role of the token is all that counts.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, cast, get_args

from fastapi import Header

from contract import base64url
from contract.codes import Role
from contract.problems import NotAllowed, NotSignedIn, Problem
from contract.signing import CLOCK_SKEW_S, VerifyingKey, provider_keys, token_claims
from party.events import Event, log

ASKING: frozenset[str] = frozenset(get_args(Role))
OFFICIAL = "official"  # lets answers go by hand
RESTRICTED_OFFICIAL = "restricted_official"  # beside it: also about own staff and well-known persons
PRIVACY_OFFICER = "privacy_officer"  # agrees on versions of the hand-out
FG = "data_protection_officer"  # leaves a notice out, reads and exports the trail
SECURITY_OFFICER = "security_officer"  # reads the technical entries of the trail
MANAGER = "manager"  # decides what is answered automatically, and pauses

Authorization = Annotated[str | None, Header(include_in_schema=False)]

LONGEST_LIFE_S = 3600
_KEPT = timedelta(minutes=10)
_REFRESHED_AT_MOST = timedelta(minutes=1)


@dataclass(frozen=True)
class Colleague:
    """Who calls, as far as the token goes: a user reference that is no name and no number of the state,
    roles, and a mandate. `acr`: how they signed in (OpenID Connect), where the provider tells.
    """

    user: str
    roles: frozenset[str]
    mandated: bool
    acr: str | None = None

    @property
    def role(self) -> Role:
        """The one role in which this person asks. Raises NotAllowed when there is none, or more than one."""
        asking = self.roles & ASKING
        if len(asking) != 1:
            raise NotAllowed
        return cast(Role, next(iter(asking)))

    def needs(self, role: str) -> None:
        """Raises NotAllowed."""
        if role not in self.roles or not self.mandated:
            raise NotAllowed


def bearer_of(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    return token


class IdentityProviderUnavailable(Exception):
    """The keys of the identity provider cannot be had; who calls cannot be told."""


class IdentityProvider:
    """One issuer (OIDC) and its keys. `fetch` brings the JWKS or raises OSError; the clock is an argument."""

    def __init__(
        self, issuer: str, audience: str, fetch: Callable[[], Awaitable[bytes]], now: Callable[[], datetime]
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._fetch = fetch
        self._now = now
        self._keys: dict[str, tuple[str, VerifyingKey]] = {}
        self._fetched: datetime | None = None
        self._tried: datetime | None = None

    async def person(self, authorization: str | None) -> Colleague:
        """The caller behind an `Authorization` header. Raises NotSignedIn, with nothing that helps to
        guess, and IdentityProviderUnavailable.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn
        await self._freshen(unknown=_key_id(token) not in self._keys)
        try:
            claims = token_claims(token, self._keys)
        except Problem:
            raise NotSignedIn from None
        return self._read(claims)

    async def verify(self) -> None:
        """Raises IdentityProviderUnavailable when nobody could sign in now."""
        await self._freshen(unknown=False)

    def _read(self, claims: dict[str, Any]) -> Colleague:
        now = self._now().timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        issued, expires, user = claims.get("iat"), claims.get("exp"), claims.get("sub")
        not_before = claims.get("nbf", issued)
        roles = claims.get("roles")
        if claims.get("iss") != self._issuer or self._audience not in audiences:
            raise NotSignedIn
        if type(issued) is not int or type(expires) is not int or type(not_before) is not int:
            raise NotSignedIn
        if not 0 < expires - issued <= LONGEST_LIFE_S:
            raise NotSignedIn
        if not issued - CLOCK_SKEW_S <= now < expires + CLOCK_SKEW_S or now < not_before - CLOCK_SKEW_S:
            raise NotSignedIn
        # a BSN is never a user reference (OIDC NL GOV)
        if not isinstance(user, str) or not 1 <= len(user) <= 64 or re.fullmatch(r"[0-9]{8,9}", user):
            raise NotSignedIn
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise NotSignedIn
        acr = claims.get("acr")
        if acr is not None and not (isinstance(acr, str) and re.fullmatch(r"[!-~]{1,80}", acr)):
            raise NotSignedIn
        return Colleague(user, frozenset(roles), claims.get("mandated") is True, acr)

    async def _freshen(self, *, unknown: bool) -> None:
        """`unknown`: a key is asked for that we do not have; that alone fetches at most once a minute."""
        now = self._now()
        old = self._fetched is None or now - self._fetched > _KEPT
        if not old and not (unknown and (self._tried is None or now - self._tried > _REFRESHED_AT_MOST)):
            return
        self._tried = now
        try:
            self._keys = keys_of(await self._fetch())
        except OSError as error:
            log(Event.IDENTITY_PROVIDER_UNAVAILABLE, error=type(error).__name__)
            raise IdentityProviderUnavailable(
                "the keys of the identity provider cannot be fetched (setting jwks)"
            ) from None
        self._fetched = now


def keys_of(jwks: bytes) -> dict[str, tuple[str, VerifyingKey]]:
    """The keys that tokens may be signed under, at least one. Raises OSError when these bytes hold none."""
    try:
        found = provider_keys(jwks)
    except Problem:
        found = {}
    if not found:
        raise OSError("no usable key (ES256, PS256 or RS256, with `alg` and `kid`) in what `jwks` names")
    return found


def _key_id(token: str) -> str | None:
    try:
        head = token.split(".", 1)[0]
        kid = json.loads(base64url.decode(head)).get("kid")
    except (ValueError, AttributeError, RecursionError):
        return None
    return kid if isinstance(kid, str) else None
