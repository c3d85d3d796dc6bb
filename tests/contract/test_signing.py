"""Writing and reading signed documents: what goes in comes out, and nothing else comes in (the attacks stand
in tests/attacks).
"""

import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from contract.documents import Caller
from contract.problems import (
    DocumentExpired,
    DocumentMalformed,
    DocumentProblem,
    DocumentTooLarge,
    SenderUnknown,
    SignatureInvalid,
)
from contract.signing import (
    CLOCK_SKEW_S,
    MAX_TOKEN_BYTES,
    digest,
    provider_keys,
    token_claims,
    verify_time,
)
from tests.attacks.insider import ORDER, claims_of, header_of, unb64
from tests.parties import NOON, Parties

PATH = "/v1/cases/0"


def test_what_is_written_is_read(parties: Parties) -> None:
    """The same document, under its sender, with the digest of its bytes."""
    signed = parties["om"].write(Caller, to="broker", path=PATH)
    received = parties["broker"].read(Caller, signed.token)
    assert (received.document, received.digest) == (signed.document, digest(signed.token))
    assert received.sender.code == "om"


def test_a_document_says_who_to_whom_and_when(parties: Parties) -> None:
    """Sender and addressee by OIN, a minute of life, an id of its own; the header names only algorithm, key
    and type.
    """
    token = parties["om"].write(Caller, to="broker", path=PATH).token
    claims, directory = claims_of(token), parties.directory
    assert (claims["iss"], claims["aud"]) == (directory.party("om").oin, directory.party("broker").oin)
    assert (claims["iat"], claims["exp"]) == (int(NOON.timestamp()), int(NOON.timestamp()) + 60)
    kid = parties.keyrings["om"].signing[0].kid
    assert header_of(token) == {"alg": "ES256", "kid": kid, "typ": "grondslag-caller+jwt"}
    assert claims["jti"] != claims_of(parties["om"].write(Caller, to="broker", path=PATH).token)["jti"]


def test_every_signature_has_its_low_s(parties: Parties) -> None:
    """So that a document has one form; of thirty, half would have the high one by chance."""
    for _ in range(30):
        token = parties["om"].write(Caller, to="broker", path=PATH).token
        assert int.from_bytes(unb64(token.split(".")[2])[32:], "big") <= ORDER // 2


def test_another_library_accepts_our_signature(parties: Parties) -> None:
    """PyJWT's own high-level reader, with our public key."""
    token = parties["om"].write(Caller, to="broker", path=PATH).token
    key = parties.keyrings["om"].signing[0].private.public_key()
    told = jwt.decode(
        token, key, ["ES256"], options={"verify_exp": False, "verify_iat": False, "verify_aud": False}
    )
    assert told["path"] == PATH


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_document_with_one_other_character_is_refused(keys_made: Parties, data: st.DataObject) -> None:
    """Whatever character is changed, left out or put in: a document problem, never a document."""
    token = keys_made["om"].write(Caller, to="broker", path=PATH).token
    at = data.draw(st.integers(0, len(token) - 1))
    put = data.draw(st.text("ABCXYZabcxyz0189-_.=+ ", max_size=2))
    other = token[:at] + put + token[at + 1 :]
    if other == token:
        return
    with pytest.raises(DocumentProblem):
        keys_made["broker"].read(Caller, other)


@given(st.text(max_size=300) | st.lists(st.text("eyJ.-_A0", max_size=40), max_size=4).map(".".join))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_document_problem(keys_made: Parties, text: str) -> None:
    """No other exception comes out of the door."""
    with pytest.raises(DocumentProblem):
        keys_made["broker"].read(Caller, text)


def test_a_document_counts_from_just_before_its_time_to_just_after(parties: Parties) -> None:
    """Clocks may differ by a few seconds, no more."""
    token = parties["om"].write(Caller, to="broker", path=PATH).token
    for passed, holds in ((-CLOCK_SKEW_S, True), (-CLOCK_SKEW_S - 1, False), (64, True), (65, False)):
        parties.clock.at = NOON + timedelta(seconds=passed)
        if holds:
            assert parties["broker"].read(Caller, token)
        else:
            with pytest.raises(DocumentExpired):
                parties["broker"].read(Caller, token)


@pytest.mark.parametrize(
    ("iat", "exp"), [("0", 60), (0.0, 60), (True, 60), (0, None), (60, 0), (0, 0), (0, 301)]
)
def test_times_are_whole_seconds_within_a_life(iat: object, exp: object) -> None:
    """Neither text, nor a fraction, nor a boolean, nor too long."""
    with pytest.raises(DocumentMalformed):
        verify_time(iat, exp, 300, NOON)


# ── access tokens of an identity provider ──

EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def jwks(*rows: object) -> bytes:
    return json.dumps({"keys": list(rows)}).encode()


def ec_row(**changes: object) -> dict[str, object]:
    row = json.loads(ECAlgorithm.to_jwk(EC_KEY.public_key()))
    return {**row, "kid": "k1", "use": "sig", "alg": "ES256", **changes}


def rsa_row(key: rsa.RSAPrivateKey = RSA_KEY, **changes: object) -> dict[str, object]:
    row = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {**row, "kid": "k2", "use": "sig", "alg": "RS256", **changes}


def test_good_keys_of_a_provider_are_taken() -> None:
    """ES256, RS256 and PS256, for signing."""
    found = provider_keys(jwks(ec_row(), rsa_row(), rsa_row(kid="k3", alg="PS256")))
    assert {kid: algorithm for kid, (algorithm, _) in found.items()} == {
        "k1": "ES256",
        "k2": "RS256",
        "k3": "PS256",
    }


@pytest.mark.filterwarnings("ignore:The RSA key is")
def test_keys_that_are_weak_or_of_another_use_are_left_out() -> None:
    """For encryption, symmetric, short, of another algorithm, or no key at all."""
    short = rsa.generate_private_key(65537, 1024)
    symmetric = {"kty": "oct", "k": "c2VjcmV0", "kid": "k5", "alg": "HS256"}
    rows = [ec_row(use="enc"), symmetric, rsa_row(short), ec_row(alg="none"), ec_row(alg=["ES256"])]
    rows += [ec_row(x="AA"), ec_row(alg="RS256"), {"kid": "k6", "alg": "ES256"}, "k7", 8, None]
    assert provider_keys(jwks(*rows)) == {}


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"keys": 1}', b"{}", b"<html>", b'{"keys":[],"keys":[]}'])
def test_what_is_no_jwks_is_malformed(raw: bytes) -> None:
    """A page of a proxy, for instance."""
    with pytest.raises(DocumentMalformed):
        provider_keys(raw)


def token(key: object = EC_KEY, alg: str = "ES256", **header: object) -> str:
    return jwt.encode({"sub": "x"}, key, alg, {"kid": "k1", **header})  # type: ignore[arg-type]


def test_an_access_token_is_read_under_the_providers_key() -> None:
    """Of each kind of key."""
    keys = provider_keys(jwks(ec_row(), rsa_row(), rsa_row(kid="k3", alg="PS256")))
    for signed in (token(), token(RSA_KEY, "RS256", kid="k2"), token(RSA_KEY, "PS256", kid="k3")):
        assert token_claims(signed, keys) == {"sub": "x"}


def test_an_access_token_cannot_choose_its_algorithm_or_its_key() -> None:
    """The algorithm is the key's; what the token says of keys is not looked at, and `crit` is refused."""
    keys = provider_keys(jwks(ec_row(), rsa_row(), rsa_row(kid="k3", alg="PS256")))
    other = ec.generate_private_key(ec.SECP256R1())
    refused = {
        token(RSA_KEY, "RS256", kid="k3"): DocumentMalformed,
        token(RSA_KEY, "PS256", kid="k1"): DocumentMalformed,
        token(other): SignatureInvalid,
        token(other, jwk=json.loads(ECAlgorithm.to_jwk(other.public_key()))): SignatureInvalid,
        token(kid="k9"): SenderUnknown,
        token(crit=["exp"]): DocumentMalformed,
        token(typ="grondslag-caller+jwt"): DocumentMalformed,
        token()[:-2]: SignatureInvalid,
        token(pad="x" * MAX_TOKEN_BYTES): DocumentTooLarge,
    }
    for signed, problem in refused.items():
        with pytest.raises(problem):
            token_claims(signed, keys)


@pytest.mark.parametrize("typ", [[], {}, None, 5, ["JWT"]])
def test_a_type_that_is_no_text_is_malformed(typ: object) -> None:
    """Also when a key is named that exists."""
    head, body, signature = token().split(".")
    from tests.attacks.insider import b64

    header = {**json.loads(unb64(head)), "typ": typ}
    with pytest.raises(DocumentProblem):
        token_claims(f"{b64(json.dumps(header).encode())}.{body}.{signature}", provider_keys(jwks(ec_row())))


def test_a_token_has_a_largest_size_and_may_have_it() -> None:
    """Before anything of it is read."""
    keys = provider_keys(jwks(ec_row()))
    for more, problem in ((0, DocumentMalformed), (1, DocumentTooLarge)):
        with pytest.raises(problem):
            token_claims("x" * (MAX_TOKEN_BYTES + more), keys)
