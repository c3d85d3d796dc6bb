"""The one door for everything that is signed: JWS (RFC 7515) with ES256, through PyJWT, which nobody else
imports.

PyJWT's algorithms check the signature, over what is parsed here once. The door adds what a library lets pass,
and refuses before it computes:

- the size is capped before anything is parsed; base64url is strict and canonical; no JSON object names a key
  twice (RFC 8259 4)
- the header is exactly `alg`, `typ` and `kid`; the algorithm is ES256 and nothing else; `typ` is the one of
  this document (RFC 8725 3.11)
- the key is a function of the claimed sender and the key id in the pinned directory, never of anything in
  the message
- an ES256 signature has its low `s`, so that a signed document has one form
- times are whole seconds, a document lives no longer than its kind may, and is read within its time
- the fields are those of the document: unknown ones are refused, and so is another addressee

Whether a document was seen before is for whoever stores it: the replay table is written with the entry.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import BaseModel, ConfigDict, ValidationError

from contract import base64url
from contract.codes import Oin, Ref, Seconds
from contract.keys import SigningKey
from contract.problems import (
    AddresseeWrong,
    DocumentExpired,
    DocumentMalformed,
    DocumentTooLarge,
    SenderUnknown,
    SignatureInvalid,
    invalid_params,
)

CLOCK_SKEW_S = 5

_ORDER = (
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the group of P-256 (SEC 2, 2.4.2)
)
TOKEN_ALGORITHMS = ("ES256", "PS256", "RS256")
MAX_TOKEN_BYTES = 8 * 1024
_jws = jwt.PyJWS(algorithms=list(TOKEN_ALGORITHMS))

VerifyingKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Document(BaseModel):
    """What every signed document says; a kind of document adds its own fields, its `typ`, its longest life
    and its largest size.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    typ: ClassVar[str]
    lifetime_s: ClassVar[int] = 300
    max_bytes: ClassVar[int] = 128 * 1024

    iss: Oin
    aud: Oin
    iat: Seconds
    exp: Seconds
    jti: Ref


D = TypeVar("D", bound=Document)
KeyOf = Callable[[str, str], ec.EllipticCurvePublicKey]
"""(OIN of the claimed sender, key id) -> its key. Raises SenderUnknown."""


@dataclass(frozen=True)
class Signed(Generic[D]):
    """A document whose signature, time and addressee were checked, with its bytes and their SHA-256 in
    hex.
    """

    document: D
    token: str
    digest: str


def sign(document: D, key: SigningKey) -> Signed[D]:
    """The document as a compact JWS."""
    header = json.dumps({"alg": "ES256", "kid": key.kid, "typ": document.typ}, separators=(",", ":"))
    payload = document.model_dump_json(exclude_none=True)
    signed = f"{base64url.encode(header.encode())}.{base64url.encode(payload.encode())}"
    signature = _jws.get_algorithm_by_name("ES256").sign(signed.encode(), key.private)
    token = f"{signed}.{base64url.encode(_low_s(signature))}"
    return Signed(document, token, digest(token))


def read(kind: type[D], token: str, keys: KeyOf, *, audience: str, at: datetime) -> Signed[D]:
    """Checks a document of this kind, addressed to this OIN, as of this time.

    Raises DocumentTooLarge, DocumentMalformed, SenderUnknown, SignatureInvalid, AddresseeWrong,
    DocumentExpired: in this order, so that nothing about addressee or time is told to whoever cannot sign.
    """
    if len(token) > kind.max_bytes:
        raise DocumentTooLarge
    payload = verified_payload(token, kind.typ, lambda claims, kid: keys(_text(claims.get("iss")), kid))
    try:
        document = kind.model_validate_json(payload)
    except ValidationError as error:
        raise DocumentMalformed(invalid_params=invalid_params(error)) from None
    if document.aud != audience:
        raise AddresseeWrong
    verify_time(document.iat, document.exp, kind.lifetime_s, at)
    return Signed(document, token, digest(token))


def verified_payload(
    token: str, typ: str, key_for: Callable[[Mapping[str, Any], str], VerifyingKey]
) -> bytes:
    """The payload of a compact JWS whose header and signature are as they must be; `key_for` sees claims
    that nobody has vouched for yet.

    Raises DocumentMalformed, SignatureInvalid, and whatever `key_for` raises.
    """
    header, claims, payload, signature = _parsed(token)
    if set(header) != {"alg", "typ", "kid"} or header["alg"] != "ES256" or header["typ"] != typ:
        raise DocumentMalformed
    key = key_for(claims, _text(header["kid"]))
    if _low_s(signature) != signature:
        raise SignatureInvalid
    _verify(token, signature, key, "ES256")
    return payload


def token_claims(token: str, keys: Mapping[str, tuple[str, VerifyingKey]]) -> dict[str, Any]:
    """The claims of an access token of an identity provider, signed under one of these keys: key id ->
    (algorithm, key).

    The algorithm is the key's, never the token's; `crit`, `jwk`, `jku` and `x5u` of the token are refused or
    not looked at. Issuer, audience and time are for the caller. Raises DocumentTooLarge, DocumentMalformed,
    SenderUnknown, SignatureInvalid.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise DocumentTooLarge
    header, claims, _, signature = _parsed(token)
    known = keys.get(_text(header.get("kid")))
    if known is None:
        raise SenderUnknown
    algorithm, key = known
    if (
        header.get("alg") != algorithm
        or not header.keys().isdisjoint({"crit", "b64"})  # RFC 7515 4.1.11, RFC 7797 3
        or header.get("typ", "JWT") not in ("JWT", "at+jwt")
    ):
        raise DocumentMalformed
    _verify(token, signature, key, algorithm)
    return claims


def provider_keys(jwks: bytes) -> dict[str, tuple[str, VerifyingKey]]:
    """The signing keys of an identity provider's JWKS (RFC 7517): key id -> (algorithm, key). Keys that are
    weak or of another use are left out.

    Raises DocumentMalformed when it is no JWKS.
    """
    rows = _object(jwks).get("keys")
    if not isinstance(rows, list):
        raise DocumentMalformed
    found = {}
    for row in rows:
        if (
            not isinstance(row, dict)
            or row.get("use", "sig") != "sig"
            or row.get("alg") not in TOKEN_ALGORITHMS
        ):
            continue
        try:
            key = jwt.PyJWK(row).key
        except jwt.PyJWTError:
            continue
        if isinstance(key, ec.EllipticCurvePublicKey) or (
            isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048
        ):
            found[str(row.get("kid"))] = (str(row["alg"]), key)
    return found


def _parsed(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, the payload that holds them, signature."""
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise DocumentMalformed
    try:
        head, payload, signature = map(base64url.decode, parts)
    except ValueError:
        raise DocumentMalformed from None
    return _object(head), _object(payload), payload, signature


def _verify(token: str, signature: bytes, key: VerifyingKey, algorithm: str) -> None:
    # `jwt.decode` would take the token apart again, letter by letter: 0.1 ms for each kB
    scheme = _jws.get_algorithm_by_name(algorithm)
    try:
        valid = scheme.verify(token.rpartition(".")[0].encode(), scheme.prepare_key(key), signature)
    except (jwt.PyJWTError, TypeError):  # a key of another kind than the algorithm's
        raise SignatureInvalid from None
    if not valid:
        raise SignatureInvalid


def verify_time(iat: object, exp: object, lifetime_s: int, at: datetime) -> None:
    """Whole seconds, no longer than allowed, and now within them. Raises DocumentMalformed,
    DocumentExpired.
    """
    if type(iat) is not int or type(exp) is not int or not 0 < exp - iat <= lifetime_s:
        raise DocumentMalformed
    now = at.timestamp()
    if not iat - CLOCK_SKEW_S <= now < exp + CLOCK_SKEW_S:
        raise DocumentExpired


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode()  # json.loads would also guess UTF-16 and UTF-32
        value = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_refuse, parse_float=_refuse)
    except (ValueError, RecursionError):
        raise DocumentMalformed from None
    if not isinstance(value, dict):
        raise DocumentMalformed
    return value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(_: str) -> NoReturn:
    raise ValueError("only whole numbers")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise DocumentMalformed
    return value


def _low_s(signature: bytes) -> bytes:
    if len(signature) != 64:
        raise SignatureInvalid
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + min(s, _ORDER - s).to_bytes(32, "big") if 0 < s < _ORDER else signature
