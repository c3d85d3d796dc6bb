"""Somebody who holds a party's own keys and speaks to the chain without that party's node; and how tokens are
forged by hand.
"""

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from adapters.node.locked import Locked, lock_subjects
from audit.kinds import Kind
from contract.answers import Answer, envelope
from contract.codes import BROKER, Role
from contract.directory import Directory
from contract.documents import (
    AskedQuestion,
    Attested,
    Caller,
    CaseFacts,
    CaseStatement,
    Inquiry,
    Outcome,
    Permit,
    PermittedQuestion,
    Repetition,
    Reply,
)
from contract.identity import Identity
from contract.keys import read_keys
from contract.sealing import Context, seal
from contract.signatory import Signatory
from contract.signing import Signed, digest
from demo.members import REGION
from party.wire import Response
from tests.world import AsgiWire, LocalWorld

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SEC 2, 2.4.2)
YES_OR_NO = ("yes", "no", "not_determinable")
SOMEBODY = Identity("Herhaalsma", "Teunis", "1993-10-19", postcode="9992ZX", house_number="9")


@dataclass(frozen=True)
class Asked:
    """An inquiry with the locked identities that travel beside it."""

    signed: Signed[Inquiry]
    identities: dict[str, str]

    def body(self) -> dict[str, Any]:
        return {"inquiry": self.signed.token, "identities": self.identities}


@dataclass(frozen=True)
class Case:
    case_ref: str
    statement: str


class Insider:
    """`world` runs; `party` is whose keys were taken."""

    def __init__(self, world: LocalWorld, party: str) -> None:
        self.world = world
        keyring = read_keys(world.folder / party / "keys.json", party=party, demo=True)
        directory = Directory.read(world.folder / "directory.json")
        self.signatory = Signatory(directory, keyring, world.clock)

    # ── speaking ──

    def post(self, to: str, path: str, body: Mapping[str, Any]) -> Response:
        return self._send("POST", to, path, json.dumps(body).encode(), None)

    def get(self, to: str, path: str, token: str | None) -> Response:
        return self._send("GET", to, path, None, token)

    def present(self, *asked: Asked) -> Response:
        return self.post(BROKER, "/v1/inquiries", {"inquiries": [one.body() for one in asked]})

    def show_permit(self, holder: str, permit: str, asked: Asked, **changes: Any) -> Response:
        return self.post(holder, "/v1/permits", {"permit": permit, **asked.body(), **changes})

    def hand_in(self, reply: str) -> Response:
        return self.post(BROKER, "/v1/replies", {"reply": reply})

    def _send(self, method: str, to: str, path: str, body: bytes | None, token: str | None) -> Response:
        wire = AsgiWire(self.world.apps)
        sending = wire.send(method, self.world.address(to), path, body=body, bearer=token, timeout_s=60)
        response: Response = self.world.do(sending)
        return response

    # ── composing ──

    def statement(self, **changes: Any) -> Signed[CaseStatement]:
        role: Role = "chair" if self.signatory.party.partner == "veilig_thuis" else "participant"
        fields: dict[str, Any] = {
            "case_ref": str(uuid.uuid4()),
            "region": REGION,
            "kind": "named",
            "stage": "enrichment",
            "melding": "registered",
            "criteria": "both",
            "unsafety": "structural",
            "attested": Attested(melding=role, criteria=role, unsafety=role, mandated=True),
        }
        return self.signatory.write(CaseStatement, to=BROKER, **{**fields, **changes})

    def case(self, **changes: Any) -> Case:
        """A case that the broker knows."""
        signed = self.statement(**changes)
        response = self.post(BROKER, "/v1/cases", {"statement": signed.token})
        assert response.status == 201, response.body
        return Case(signed.document.case_ref, signed.digest)

    def inquiry(
        self,
        case: Case,
        *questions: str,
        holder: str | None = None,
        identity: Identity = SOMEBODY,
        subject_ref: str | None = None,
        question_changes: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Asked:
        """An inquiry of this party, as its node would compose it, but for what is changed."""
        questions = questions or ("reclassering.known",)
        holder = holder or questions[0].partition(".")[0]
        ref, jti, purpose = subject_ref or str(uuid.uuid4()), str(uuid.uuid4()), "enrich_referral"
        texts, sealed = lock_subjects(
            {ref: Locked(identity, dict.fromkeys(questions, "Vanwege de veiligheid."))},
            signatory=self.signatory,
            holder=holder,
            case_ref=case.case_ref,
            purpose=changes.get("purpose", purpose),
            jti=changes.get("jti", jti),
        )
        asked = tuple(
            AskedQuestion(
                **{
                    "subject_ref": ref,
                    "role": "suspected_perpetrator",
                    "age_band": "adult",
                    "consent": "not_asked_unsafe",
                    "dual_role": False,
                    "question": question,
                    "motivated": True,
                    "subsidiarity": True,
                    "weighty_and_urgent": True,
                    "new_reason": False,
                    **(question_changes or {}),
                }
            )
            for question in questions
        )
        fields: dict[str, Any] = {
            "jti": jti,
            "case_ref": case.case_ref,
            "case_statement": case.statement,
            "holder": holder,
            "purpose": purpose,
            "urgency": "normal",
            "requester_role": "chair",
            "mandated": True,
            "assigned": True,
            "questions": asked,
            "identities": {subject: digest(text) for subject, text in texts.items()},
            "kid": sealed.kid,
            "sealed": sealed.text,
        }
        return Asked(self.signatory.write(Inquiry, to=BROKER, **{**fields, **changes}), texts)

    def permit(
        self,
        asked: Asked,
        *,
        to: str = "reclassering",
        question: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Signed[Permit]:
        """A permit for the first question of this inquiry (`reclassering.known`, rule A01), but for what is
        changed.
        """
        now = int(self.world.clock().timestamp())
        permitted = PermittedQuestion(
            **{
                "index": 0,
                "position": 0,
                "rule": "A01",
                "mode": "automatic",
                "answer_codes": YES_OR_NO,
                "desk": False,
                "due_at": now + 3600,
                "repetition": Repetition(asked_before=False, over_budget=False),
                "re_roled": False,
                **(question or {}),
            }
        )
        fields: dict[str, Any] = {
            "inquiry": asked.signed.digest,
            "accepted_at": now,
            "revision": self.revision,
            "case": CaseFacts(
                kind="named",
                stage="enrichment",
                melding="registered",
                criteria="both",
                unsafety="structural",
                regime="bilateral",
                region="utrecht",
                own_region=True,
                accepted=False,
            ),
            "questions": (permitted,),
        }
        return self.signatory.write(Permit, to=to, **{**fields, **changes})

    def reply(
        self,
        asked: Signed[Inquiry],
        permit: str,
        answers: Sequence[Answer | None],
        *,
        sealed_for: str = "veilig_thuis",
        plaintext: Callable[[bytes], bytes] = bytes,
        **changes: Any,
    ) -> Signed[Reply]:
        """A reply of this party with one outcome per answer: answered, or waiting where there is none."""
        document, me = asked.document, self.signatory.party
        by_slot = {slot: answer for slot, answer in enumerate(answers) if answer is not None}
        whole = envelope(oin=me.oin, inquiry=document.jti, slots=len(answers), answers=by_slot)
        context = Context("reply", document.case_ref, document.purpose, "veilig_thuis", me.code, document.jti)
        key = self.signatory.directory.sealing_key(sealed_for, self.world.clock())
        sealed = seal(plaintext(whole), key, context)
        outcomes = tuple(
            Outcome(index=slot, status="waits_for_person" if answer is None else "answered")
            for slot, answer in enumerate(answers)
        )
        fields: dict[str, Any] = {
            "permit": permit,
            "inquiry": asked.digest,
            "inquiry_jti": document.jti,
            "outcomes": outcomes,
            "kid": sealed.kid,
            "sealed": sealed.text,
        }
        return self.signatory.write(Reply, to=BROKER, **{**fields, **changes})

    def forged(self, signed: Signed[Any], **claims: Any) -> str:
        """The document with these claims instead, signed as this party signs, whatever its form allows."""
        key = self.signatory.keyring.signing_key(self.world.clock()).private
        return jws(header_of(signed.token), {**claims_of(signed.token), **claims}, es256(key))

    def caller(self, path: str, **changes: Any) -> Signed[Caller]:
        return self.signatory.write(Caller, to=BROKER, **{"path": path, **changes})

    @property
    def revision(self) -> str:
        revision: str = self.world.apps[self.world.address("reclassering")].state.node.release.revision
        return revision


class Door:
    """What was said to a party and what came of it: `quiet()` is true when nothing was recorded anywhere and
    nothing was sent.
    """

    def __init__(self, world: LocalWorld) -> None:
        self._world = world
        self._before = self._state()

    def quiet(self) -> bool:
        return self._state() == self._before

    def only_attempts(self, party: str = "veilig_thuis") -> bool:
        """When nothing was sent, and this party recorded that somebody was refused, and nothing else."""
        sizes, sent = self._state()
        before, sent_before = self._before
        made = self._world.apps[self._world.address(party)].state.node.trail
        new = self._world.do(made.at(list(range(before[party], sizes[party]))))
        kinds = {one.recorded.kind for one in new.values()}
        others = {**sizes, party: 0} == {**before, party: 0}
        return others and sent == sent_before and kinds == {Kind.ATTEMPT}

    def _state(self) -> tuple[dict[str, int], int]:
        return (trail_sizes(self._world), len(self._world.wire.sent))


def trail_sizes(world: LocalWorld) -> dict[str, int]:
    """How many entries each running party's trail has."""
    sizes = {}
    for party in ("broker", "veilig_thuis", "politie", "om", "reclassering", "rvdk"):
        app: Any = world.apps.get(world.address(party))
        if hasattr(app, "state"):  # not while another stands in for it
            trail = app.state.broker._trail if party == BROKER else app.state.node.trail
            sizes[party] = int(trail.checkpoint().split("\n")[1])
    return sizes


# ── forging ──


def code_of(response: Response) -> tuple[int, str | None]:
    """Status and problem code."""
    try:
        return response.status, json.loads(response.body).get("code")
    except (ValueError, AttributeError):
        return response.status, None


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(unb64(token.split(".")[1]))
    return claims


def header_of(token: str) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(unb64(token.split(".", maxsplit=1)[0]))
    return header


def jws(
    header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, sign: Callable[[bytes], bytes]
) -> str:
    """A compact JWS over exactly these bytes, or this JSON."""
    parts = [
        part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
        for part in (header, payload)
    ]
    text = ".".join(b64(part) for part in parts)
    return f"{text}.{b64(sign(text.encode()))}"


def es256(key: ec.EllipticCurvePrivateKey, *, high: bool = False) -> Callable[[bytes], bytes]:
    """Signs as RFC 7518 3.4 says; with the low `s`, or its twin."""

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        low = min(s, ORDER - s)
        return r.to_bytes(32, "big") + (ORDER - low if high else low).to_bytes(32, "big")

    return sign


def without_values(text: str) -> str:
    """A problem's body without the ids that change with every request."""
    return re.sub(r"[0-9a-f]{32}|[0-9a-f-]{36}", "-", text)
