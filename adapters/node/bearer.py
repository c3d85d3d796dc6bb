"""Who calls the node: a person or software of this partner, signed in at the partner's own identity provider.

The node believes one issuer, whose keys it takes from one configured place. Deny by default: a token without
a role that is listed here
opens nothing, and a role of the token is all that counts.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast, get_args

from adapters.contract.codes import Role
from adapters.contract.problems import NotAllowed, NotSignedIn, Problem
from adapters.contract.signing import CLOCK_SKEW_S, PublicKey, provider_keys, token_claims

ASKING: frozenset[str] = frozenset(get_args(Role))
OFFICIAL = "official"  # releases answers by hand
MANAGER = "manager"  # decides what is answered automatically, and pauses

LONGEST_LIFE_S = 3600
_KEPT = timedelta(minutes=10)
_REFRESHED_AT_MOST = timedelta(minutes=1)


@dataclass(frozen=True)
class Person:
    """Who calls, as far as the token goes: a user reference that is no name and no number of the state,
    roles, and a mandate.
    """

    user: str
    roles: frozenset[str]
    mandated: bool

    @property
    def asks(self) -> bool:
        """Whether any role gives access to what was asked."""
        return bool(self.roles & ASKING)

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


class IdentityProvider:
    """One issuer (OIDC) and its keys. `fetch` brings the JWKS; the clock is an argument."""

    def __init__(
        self, issuer: str, audience: str, fetch: Callable[[], Awaitable[bytes]], now: Callable[[], datetime]
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._fetch = fetch
        self._now = now
        self._keys: dict[str, tuple[str, PublicKey]] = {}
        self._fetched: datetime | None = None

    async def person(self, authorization: str | None) -> Person:
        """The caller behind an `Authorization` header. Raises NotSignedIn, with nothing that helps to
        guess.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn
        try:
            await self._freshen(token)
            claims = token_claims(token, self._keys)
        except (Problem, OSError):
            raise NotSignedIn from None
        return self._read(claims)

    def _read(self, claims: dict[str, Any]) -> Person:
        now = self._now().timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        issued, expires, user = claims.get("iat"), claims.get("exp"), claims.get("sub")
        roles = claims.get("roles")
        if claims.get("iss") != self._issuer or self._audience not in audiences:
            raise NotSignedIn
        if type(issued) is not int or type(expires) is not int or not 0 < expires - issued <= LONGEST_LIFE_S:
            raise NotSignedIn
        if (
            not issued - CLOCK_SKEW_S <= now < expires + CLOCK_SKEW_S
            or now < claims.get("nbf", 0) - CLOCK_SKEW_S
        ):
            raise NotSignedIn
        # a BSN is never a user reference (OIDC NL GOV)
        if not isinstance(user, str) or not 1 <= len(user) <= 64 or re.fullmatch(r"[0-9]{8,9}", user):
            raise NotSignedIn
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise NotSignedIn
        return Person(user, frozenset(roles), claims.get("mandated") is True)

    async def _freshen(self, token: str) -> None:
        now = self._now()
        age = None if self._fetched is None else now - self._fetched
        if age is None or age > _KEPT or (_key_id(token) not in self._keys and age > _REFRESHED_AT_MOST):
            self._keys = provider_keys(await self._fetch())
            self._fetched = now


def _key_id(token: str) -> str | None:
    try:
        head = token.split(".", 1)[0]
        kid = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4))).get("kid")
    except (ValueError, AttributeError, RecursionError):
        return None
    return kid if isinstance(kid, str) else None
