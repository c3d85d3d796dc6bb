"""Attacks on signed documents by name, at every door of broker and node: each gets its problem, nothing is
recorded, nothing is sent.

Each attack changes one thing in a document that is taken without it.
"""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contract.codes import BROKER
from contract.documents import Caller
from party.wire import Response
from tests.attacks.insider import (
    Door,
    Insider,
    b64,
    claims_of,
    code_of,
    es256,
    header_of,
    jws,
    unb64,
)
from tests.world import LocalWorld

MALFORMED = (400, "document_malformed")
EXPIRED = (400, "document_expired")
ADDRESSEE = (400, "addressee_wrong")
BAD_SIGNATURE = (401, "signature_invalid")
UNKNOWN = (401, "sender_unknown")
TOO_LARGE = (413, "document_too_large")
NO_JWS = (400, "request_invalid")  # the body says that no compact JWS stands there


@dataclass(frozen=True)
class Good:
    """A document that would be taken: its token, the key that signed it, and another party's key."""

    token: str
    key: ec.EllipticCurvePrivateKey
    others_key: ec.EllipticCurvePrivateKey
    others_kid: str
    header: dict[str, Any] = field(init=False)
    claims: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", header_of(self.token))
        object.__setattr__(self, "claims", claims_of(self.token))

    def signed(self, *, header: Any = None, payload: Any = None) -> str:
        """The document with another header or payload, under the right key."""
        return jws(header or self.header, self.claims if payload is None else payload, es256(self.key))

    def said(self, **changes: Any) -> str:
        """The document with these claims changed, under the right key."""
        return self.signed(payload={**self.claims, **changes})

    def headed(self, **changes: Any) -> str:
        return self.signed(header={**self.header, **changes})

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


Attack = Callable[[Good], str]


def _hmac(key: bytes) -> Callable[[bytes], bytes]:
    return lambda message: hmac.digest(key, message, hashlib.sha256)


def _der(good: Good) -> str:
    return jws(good.header, good.claims, lambda text: good.key.sign(text, ec.ECDSA(hashes.SHA256())))


def _twice(good: Good) -> str:
    text = json.dumps(good.claims, separators=(",", ":"))
    return good.signed(payload=(text[:-1] + f',"iss":"{good.claims["iss"]}"}}').encode())


def _text(good: Good, name: str, value: str) -> bytes:
    """The payload with this JSON text as the value of a claim."""
    marker = "@@@"
    return json.dumps({**good.claims, name: marker}).replace(f'"{marker}"', value).encode()


def _unused_bits(good: Good) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return good.token[:-1] + alphabet[alphabet.index(good.token[-1]) + 1]


def _jwk(good: Good) -> str:
    mine = ec.generate_private_key(ec.SECP256R1())
    point = mine.public_key().public_numbers()
    row = {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(point.x.to_bytes(32, "big")),
        "y": b64(point.y.to_bytes(32, "big")),
    }
    return jws({**good.header, "jwk": row}, good.claims, es256(mine))


def _named_twice_in_header(good: Good) -> str:
    text = json.dumps(good.header)
    return good.signed(header=(text[:-1] + ',"alg":"none"}').encode())


def _life(good: Good, starts_in_s: int, lasts_s: int) -> str:
    iat = int(time.time()) + starts_in_s
    return good.said(iat=iat, exp=iat + lasts_s)


_FOREIGN_OIN = "00000009999999999999"

ATTACKS: dict[str, tuple[Attack, tuple[int, str]]] = {
    # the algorithm
    "alg none, no signature": (lambda g: jws({**g.header, "alg": "none"}, g.claims, lambda _: b""), NO_JWS),
    "alg none, some signature": (
        lambda g: jws({**g.header, "alg": "none"}, g.claims, es256(g.key)),
        MALFORMED,
    ),
    "alg nOnE": (lambda g: g.headed(alg="nOnE"), MALFORMED),
    "alg HS256 with the public key": (
        lambda g: jws({**g.header, "alg": "HS256"}, g.claims, _hmac(g.public_pem())),
        MALFORMED,
    ),
    "alg ES256K": (lambda g: g.headed(alg="ES256K"), MALFORMED),
    "alg RS256": (lambda g: g.headed(alg="RS256"), MALFORMED),
    "alg a list": (lambda g: g.headed(alg=["ES256"]), MALFORMED),
    "ES256 said, HMAC done": (lambda g: jws(g.header, g.claims, _hmac(g.public_pem())), BAD_SIGNATURE),
    # the signature
    "r and s zero": (lambda g: jws(g.header, g.claims, lambda _: bytes(64)), BAD_SIGNATURE),
    "the twin signature with high s": (
        lambda g: jws(g.header, g.claims, es256(g.key, high=True)),
        BAD_SIGNATURE,
    ),
    "a signature in DER": (_der, BAD_SIGNATURE),
    "an over-long signature": (
        lambda g: jws(g.header, g.claims, lambda text: b"\0" + es256(g.key)(text)),
        BAD_SIGNATURE,
    ),
    "a signature of another text": (
        lambda g: jws(g.header, g.claims, lambda text: es256(g.key)(text + b" ")),
        BAD_SIGNATURE,
    ),
    "a changed claim under the old signature": (
        lambda g: ".".join(
            [
                g.token.split(".")[0],
                b64(json.dumps({**g.claims, "exp": g.claims["exp"] - 1}).encode()),
                g.token.split(".")[2],
            ]
        ),
        BAD_SIGNATURE,
    ),
    # the header
    "jwk in the header": (_jwk, MALFORMED),
    "jku in the header": (lambda g: g.headed(jku="https://keys.example/jwks"), MALFORMED),
    "x5u in the header": (lambda g: g.headed(x5u="https://keys.example/chain"), MALFORMED),
    "x5c in the header": (lambda g: g.headed(x5c=["AAAA"]), MALFORMED),
    "crit in the header": (lambda g: g.headed(crit=["exp"]), MALFORMED),
    "b64 false in the header": (lambda g: g.headed(b64=False), MALFORMED),
    "zip in the header": (lambda g: g.headed(zip="DEF"), MALFORMED),
    "the typ of another document": (lambda g: g.headed(typ="grondslag-receipt+jwt"), MALFORMED),
    "typ JWT": (lambda g: g.headed(typ="JWT"), MALFORMED),
    "no typ": (lambda g: g.signed(header={"alg": "ES256", "kid": g.header["kid"]}), MALFORMED),
    "no kid": (lambda g: g.signed(header={"alg": "ES256", "typ": g.header["typ"]}), MALFORMED),
    "kid a list": (lambda g: g.headed(kid=[g.header["kid"]]), MALFORMED),
    "alg twice in the header": (_named_twice_in_header, MALFORMED),
    "a header that is a list": (lambda g: g.signed(header=b"[]"), MALFORMED),
    "a header in UTF-16": (lambda g: g.signed(header=json.dumps(g.header).encode("utf-16")), MALFORMED),
    # whose key
    "a kid that nobody has": (lambda g: g.headed(kid="AAAAAAAAAAAAAAAA"), UNKNOWN),
    "a kid like a path": (lambda g: g.headed(kid="../../keys.json"), UNKNOWN),
    "the kid of another party": (lambda g: g.headed(kid=g.others_kid), UNKNOWN),
    "kid and key of another party": (
        lambda g: jws({**g.header, "kid": g.others_kid}, g.claims, es256(g.others_key)),
        UNKNOWN,
    ),
    "the key of another party under our kid": (
        lambda g: jws(g.header, g.claims, es256(g.others_key)),
        BAD_SIGNATURE,
    ),
    "a sender that does not take part": (lambda g: g.said(iss=_FOREIGN_OIN), UNKNOWN),
    "iss a list": (lambda g: g.said(iss=[g.claims["iss"]]), MALFORMED),
    "no iss": (lambda g: g.signed(payload={k: v for k, v in g.claims.items() if k != "iss"}), MALFORMED),
    # to whom
    "for another party": (lambda g: g.said(aud="99999990000000000009"), ADDRESSEE),
    "for its own sender": (lambda g: g.said(aud=g.claims["iss"]), ADDRESSEE),
    "aud a list": (lambda g: g.said(aud=[g.claims["aud"]]), MALFORMED),
    # when
    "exp as text": (lambda g: g.said(exp=str(g.claims["exp"])), MALFORMED),
    "exp 1e308": (lambda g: g.signed(payload=_text(g, "exp", "1e308")), MALFORMED),
    "exp Infinity": (lambda g: g.signed(payload=_text(g, "exp", "Infinity")), MALFORMED),
    "exp NaN": (lambda g: g.signed(payload=_text(g, "exp", "NaN")), MALFORMED),
    "exp of a thousand digits": (lambda g: g.signed(payload=_text(g, "exp", "9" * 1000)), MALFORMED),
    "exp of five thousand digits": (lambda g: g.signed(payload=_text(g, "exp", "9" * 5000)), MALFORMED),
    "iat as a fraction": (lambda g: g.signed(payload=_text(g, "iat", f"{g.claims['iat']}.0")), MALFORMED),
    "iat true": (lambda g: g.said(iat=True), MALFORMED),
    "no exp": (lambda g: g.signed(payload={k: v for k, v in g.claims.items() if k != "exp"}), MALFORMED),
    "exp null": (lambda g: g.said(exp=None), MALFORMED),
    "a life of ten years": (lambda g: _life(g, 0, 10 * 365 * 24 * 3600), MALFORMED),
    "a life a second too long": (lambda g: _life(g, 0, 301), MALFORMED),
    "a life that ends as it begins": (lambda g: _life(g, 0, 0), MALFORMED),
    "a life backwards": (lambda g: _life(g, 0, -10), MALFORMED),
    "from yesterday": (lambda g: _life(g, -24 * 3600, 60), EXPIRED),
    "just past its time": (lambda g: _life(g, -66, 60), EXPIRED),
    "iat in the future": (lambda g: _life(g, 30, 60), EXPIRED),
    "iat a hundred digits away": (lambda g: g.said(iat=10**100, exp=10**100 + 60), MALFORMED),
    "iat below zero": (lambda g: g.said(iat=-60, exp=0), MALFORMED),
    # what it says
    "a key twice": (_twice, MALFORMED),
    "an unknown field": (lambda g: g.said(remark="een opmerking"), MALFORMED),
    "an unknown field in lower case": (lambda g: g.said(__class__="x"), MALFORMED),
    "no jti": (lambda g: g.signed(payload={k: v for k, v in g.claims.items() if k != "jti"}), MALFORMED),
    "jti no reference": (lambda g: g.said(jti="1; DROP TABLE inquiries"), MALFORMED),
    "jti in capitals": (lambda g: g.said(jti=str(uuid.uuid4()).upper()), MALFORMED),
    "a payload that is a list": (lambda g: g.signed(payload=b"[]"), MALFORMED),
    "a payload that is empty": (lambda g: g.signed(payload=b"{}"), MALFORMED),
    "a payload in UTF-16": (lambda g: g.signed(payload=json.dumps(g.claims).encode("utf-16")), MALFORMED),
    "a payload with a byte order mark": (
        lambda g: g.signed(payload=b"\xef\xbb\xbf" + json.dumps(g.claims).encode()),
        MALFORMED,
    ),
    "half a surrogate": (lambda g: g.signed(payload=_text(g, "remark", '"\\ud800"')), MALFORMED),
    "nested five hundred deep": (
        lambda g: g.signed(payload=b'{"a":' + b"[" * 500 + b"]" * 500 + b"}"),
        MALFORMED,
    ),
    # the form
    "base64 padding": (lambda g: g.token + "==", NO_JWS),
    "unused bits in the signature": (_unused_bits, MALFORMED),
    "a space in front": (lambda g: " " + g.token, NO_JWS),
    "a line end behind": (lambda g: g.token + "\n", NO_JWS),
    "four parts": (lambda g: g.token + ".AAAA", NO_JWS),
    "five parts, as for encryption": (lambda g: g.token + ".AAAA.AAAA", NO_JWS),
    "truncated in the signature": (lambda g: g.token[:-2], BAD_SIGNATURE),
    "truncated in the payload": (
        lambda g: ".".join([*g.token.split(".")[:1], g.token.split(".")[1][:-8], g.token.split(".")[2]]),
        MALFORMED,
    ),
    "oversized": (lambda g: g.signed(payload={**g.claims, "remark": "x" * 1_100_000}), TOO_LARGE),
}

DOORS = ("statement", "inquiry", "permit", "reply", "caller")


@dataclass
class Doors:
    """Every place where a document is taken: a good one for it, and how it is handed over."""

    vt: Insider
    broker: Insider
    politie: Insider
    stranger: Insider

    def __post_init__(self) -> None:
        self.case = self.vt.case()
        # one question that waits at the police, for late replies and for who asks after it
        self.waiting = self.vt.inquiry(self.case, "politie.relevant_registrations")
        [told] = json.loads(self.vt.present(self.waiting).body)["inquiries"]
        assert told["questions"][0]["state"] == "waits_for_person"

    def good(self, door: str) -> tuple[Good, Callable[[str], Response]]:
        made: dict[str, Callable[[], tuple[Insider, str, Callable[[str], Response]]]] = {
            "statement": self._statement,
            "inquiry": self._inquiry,
            "permit": self._permit,
            "reply": self._reply,
            "caller": self._caller,
        }
        insider, token, hand_over = made[door]()
        key, other = (one.signatory.keyring.signing[0] for one in (insider, self.stranger))
        return Good(token, key.private, other.private, other.kid), hand_over

    def _statement(self) -> tuple[Insider, str, Callable[[str], Response]]:
        token = self.vt.statement().token
        return self.vt, token, lambda token: self.vt.post(BROKER, "/v1/cases", {"statement": token})

    def _inquiry(self) -> tuple[Insider, str, Callable[[str], Response]]:
        asked = self.vt.inquiry(self.case)

        def present(token: str) -> Response:
            body = {"inquiry": token, "identities": asked.identities}
            return self.vt.post(BROKER, "/v1/inquiries", {"inquiries": [body]})

        return self.vt, asked.signed.token, present

    def _permit(self) -> tuple[Insider, str, Callable[[str], Response]]:
        asked = self.vt.inquiry(self.case)
        token = self.broker.permit(asked).token
        return self.broker, token, lambda token: self.broker.show_permit("reclassering", token, asked)

    def _reply(self) -> tuple[Insider, str, Callable[[str], Response]]:
        reply = self.politie.reply(
            self.waiting.signed, self._permit_of(self.waiting.signed.document.jti), [None]
        )
        return self.politie, reply.token, self.politie.hand_in

    def _caller(self) -> tuple[Insider, str, Callable[[str], Response]]:
        path = f"/v1/inquiries/{self.waiting.signed.document.jti}"
        return self.vt, self.vt.caller(path).token, lambda token: self.vt.get(BROKER, path, token)

    def _permit_of(self, jti: str) -> str:
        """The digest of the permit under which the police answered."""
        from gateway.inquiries import inquiries

        trail = self.vt.world.apps[self.vt.world.address(BROKER)].state.broker._trail
        accepted = self.vt.world.do(trail.read(lambda store: inquiries.load_one(store, jti)))
        permit: str = accepted.permits[0]
        return permit


@pytest.fixture(scope="module")
def doors(chain: LocalWorld, vt: Insider, broker: Insider) -> Doors:
    return Doors(vt, broker, Insider(chain, "politie"), Insider(chain, "om"))


@pytest.mark.parametrize("door", DOORS)
def test_the_document_is_taken_without_an_attack(door: str, doors: Doors) -> None:
    """The same document, signed again by hand, is taken: so each attack below fails on what it changes."""
    good, hand_over = doors.good(door)
    assert hand_over(good.signed()).status in {200, 201, 204}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_named_and_does_nothing(attack: str, door: str, doors: Doors, chain: LocalWorld) -> None:
    """The problem of this attack; no entry in any trail, nothing sent to anybody."""
    good, hand_over = doors.good(door)
    forge, expected = ATTACKS[attack]
    token = forge(good)
    before = Door(chain)
    response = hand_over(token)
    expected = _at(door, expected, token)
    assert code_of(response) == expected
    assert before.quiet()


def _at(door: str, expected: tuple[int, str], token: str) -> tuple[int, str]:
    """A caller's token stands in a header: what is no JWS there is a malformed document. It is also the
    smallest of all.
    """
    if door == "caller" and len(token) > Caller.max_bytes:
        return TOO_LARGE
    return MALFORMED if door == "caller" and expected == NO_JWS else expected


def test_unused_bits_of_a_document_are_no_second_spelling(doors: Doors) -> None:
    """The attack above changes no byte of the signature, only its spelling."""
    good, _ = doors.good("inquiry")
    other = _unused_bits(good)
    assert other != good.token
    assert unb64(other.split(".")[2]) == unb64(good.token.split(".")[2])


def test_a_flood_of_brackets_is_refused_before_it_is_read(chain: LocalWorld, doors: Doors) -> None:
    """A document larger than its kind may be is not parsed: it takes no longer than any other refusal."""
    good, hand_over = doors.good("inquiry")
    before = Door(chain)
    assert code_of(hand_over(f"{b64(b'[' * 2_000_000)}.{good.token.partition('.')[2]}")) == TOO_LARGE
    assert before.quiet()


def test_two_at_once_under_one_id_are_taken_once(chain: LocalWorld, vt: Insider) -> None:
    """The same inquiry twenty times at the same moment: one row, one permit, whatever the others hear."""
    asked = vt.inquiry(vt.case())
    body = json.dumps({"inquiries": [asked.body()]}).encode()
    wire = chain.wire

    async def flood() -> list[Response]:
        address = chain.address(BROKER)
        sends = [wire.send("POST", address, "/v1/inquiries", body=body, timeout_s=60) for _ in range(20)]
        return await asyncio.gather(*sends)

    before = len(chain.wire.sent)
    answers = [code_of(response) for response in chain.do(flood())]
    assert set(answers) <= {(200, None), (503, "too_busy")}
    assert (200, None) in answers
    permits = [one for one in chain.wire.sent[before:] if one[2] == "/v1/permits"]
    assert len(permits) == 1
