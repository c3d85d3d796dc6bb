"""The demo's own identity provider: it signs in anybody who asks, as anyone. TEST – geen echte personen.
Never outside the demo.

One issuer per partner, as in life; each has its own key. `POST /{partner}/token` with `role` gives a token;
with `number`, of another person in that role.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.members import MEMBERS

LOUD = "DEMO: deze aanmelding controleert niemand. Alleen voor verzonnen gegevens."
ROLES = frozenset(
    {
        "chair",
        "participant",
        "duty_officer",
        "minute_taker",
        "official",
        "manager",
        "privacy_officer",
        "data_protection_officer",
    }
)
_MOST_PEOPLE = 9


def app_of(base: str, ahead: Callable[[], int]) -> Starlette:
    """The service under this address, on a clock so many seconds ahead; keys live in memory, and a restart
    makes new ones.
    """
    keys = {partner: ec.generate_private_key(ec.SECP256R1()) for partner in (one.code for one in MEMBERS)}

    async def jwks(request: Request) -> Response:
        partner = request.path_params["partner"]
        if partner not in keys:
            return JSONResponse({"title": "Dit is er niet."}, 404)
        row: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(keys[partner].public_key()))
        return JSONResponse({"keys": [{**row, "kid": f"demo-{partner}", "use": "sig", "alg": "ES256"}]})

    async def token(request: Request) -> Response:
        partner, body = request.path_params["partner"], await request.json()
        role, number = body.get("role"), body.get("number", 1)
        if partner not in keys or role not in ROLES or number not in range(1, _MOST_PEOPLE + 1):
            return JSONResponse({"title": "Deze rol is er niet.", "rollen": sorted(ROLES)}, 400)
        now = int(time.time()) + ahead()
        claims = {
            "iss": f"{base}/{partner}",
            "aud": f"grondslag-{partner}",
            "sub": f"demo-{partner}-{role}-{number}",
            "iat": now,
            "exp": now + 3600,
            "roles": [role],
            "mandated": True,
        }
        signed = jwt.encode(claims, keys[partner], "ES256", {"kid": f"demo-{partner}", "typ": "at+jwt"})
        return JSONResponse(
            {"access_token": signed, "token_type": "Bearer", "expires_in": 3600, "warning": LOUD}
        )

    return Starlette(
        routes=[
            Route("/{partner}/jwks", jwks),
            Route("/{partner}/token", token, methods=["POST"]),
        ]
    )


def _ahead(place: Path) -> int:
    return int(place.read_text(encoding="ascii")) if place.exists() else 0


if __name__ == "__main__":
    port, clock = int(sys.argv[1]), Path(sys.argv[2])
    sys.stderr.write(LOUD + "\n")
    app = app_of(f"http://127.0.0.1:{port}", lambda: _ahead(clock))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
