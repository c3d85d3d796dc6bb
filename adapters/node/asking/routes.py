"""The node's API: for the partner's own people and software (cases, enrichments, questions at the desk,
standing decisions), and for the
broker (permits). What comes in is turned into one call, what it gives into JSON.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from adapters.node.answering import standing
from adapters.node.answering.desk import Release
from adapters.node.answering.inbox import Taken, Waiting
from adapters.node.asking.asking import Allowed, Shown
from adapters.node.asking.enrichments import Item, Sent
from adapters.node.asking.wish import Wish, WishedCase
from adapters.node.node import Node
from contract.answers import Answer
from contract.codes import Code, Ref, holder_of
from contract.directory import Desk as DeskContact
from contract.documents import Inquiry, Permit, Receipt, Reply
from contract.problems import (
    AnsweringPaused,
    CaseNotYours,
    CaseStatementStale,
    CaseUnknown,
    Conflict,
    DecisionDiffers,
    IdentityProviderUnavailable,
    NotWaiting,
    PartnerUnreachable,
    PolicyUnavailable,
    RegisterUnavailable,
    RequestInvalid,
    SealedForAnother,
    invalid_param,
    invalid_params,
)
from contract.signing import moment
from party.bearer import MANAGER, Person
from party.openapi import OF_DOCUMENTS, SIGNED_IN, body_of, jws, told

_JWS = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"
Authorization = Annotated[str | None, Header(include_in_schema=False)]
InquiryId = Annotated[Ref, Path(alias="id", description="Kenmerk van de bevraging")]
Index = Annotated[int, Path(ge=0, lt=60, description="Plaats van de vraag in de bevraging")]


class Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


_CASE = "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10"
_INQUIRY = "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f"
_SUBJECT = "c2a9e0d4-6b1f-4f5a-8e37-1d2c3b4a5f60"
_DESK = {
    "name": "Loket Reclassering Utrecht",
    "phone": "030 000 00 00",
    "hours": "op werkdagen van 9 tot 17 uur",
}

STATES = {
    "draft": "De vraag is nog niet bij de centrale aangekomen, of dit is een proef.",
    "refused": "De hand-out staat de vraag niet toe; `reasons` zegt waarom.",
    "sent": "De vraag is vrijgegeven. Er is nog geen antwoord van de houder.",
    "waits_for_person": "Een medewerker van de houder moet kijken.",
    "answered": "Het antwoord is er.",
    "refused_by_holder": "De houder geeft nu geen antwoord; `ground` zegt waarom.",
    "late": "De uiterste tijd is voorbij. Het antwoord kan nog komen; bel het loket van de houder.",
    "undelivered": "De houder was al die tijd niet te bereiken.",
    "failed": "De vraag kon niet worden gesteld, of het antwoord klopte niet en is niet geopend.",
}
"""Of one question, as the asker sees it."""


def shown(about: str, *examples: dict[str, Any]) -> ConfigDict:
    extra: dict[str, Any] = {"description": about}
    return ConfigDict(json_schema_extra={**extra, "examples": list(examples)} if examples else extra)


class PermitIn(Body):
    model_config = shown(
        "Een vrijgave van de centrale, met de bevraging waar zij bij hoort.",
        {
            "permit": jws(Permit.typ),
            "inquiry": jws(Inquiry.typ),
            "identities": {_SUBJECT: "bG9ja2VkIGlkZW50aXR5IG9mIGEgc3ViamVjdA"},
        },
    )

    permit: str = Field(pattern=_JWS, description="Vrijgave, ondertekend door de centrale.")
    inquiry: str = Field(
        pattern=_JWS,
        description="Bevraging, ondertekend door de vrager.",
        json_schema_extra={"maxLength": Inquiry.max_bytes},
    )
    identities: dict[Ref, str] = Field(
        min_length=1, max_length=12, description="Vergrendelde gegevens van de betrokkenen."
    )


class ReplyOut(Body):
    model_config = shown("Het antwoord van de houder.", {"reply": jws(Reply.typ)})

    reply: str = Field(description="Antwoord, ondertekend en verzegeld voor de vrager.")


class CaseOut(Body):
    model_config = shown(
        "Een casus zoals dit knooppunt haar kent.",
        {
            "caseRef": _CASE,
            "statement": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "facts": {"region": "utrecht", "kind": "named", "stage": "enrichment", "melding": "registered"},
        },
    )

    case_ref: Ref = Field(description="Kenmerk van de casus; het staat in geen ander systeem.")
    statement: str = Field(description="Kenmerk van de nieuwste casusverklaring.")
    facts: dict[str, Any] = Field(description="De feiten daaruit, als codes.")


class ReasonOut(Body):
    model_config = shown("Waarom iets niet mag.")

    code: Code = Field(description="Vaste code, voor programma's.")
    text: str = Field(description="Waarom niet, in gewone taal.")
    way_out: str | None = Field(description="Wat u wel kunt doen.")
    citations: list[str] = Field(description="De artikelen.")


class OpenQuestionOut(Body):
    model_config = shown("Een vraag over de grondslag die een jurist nog moet beantwoorden.")

    code: str = Field(description="Nummer van de vraag in de hand-out.")
    text: str = Field(description="De vraag in gewone taal.")


class AnswerOut(Body):
    """An opened answer; its `codes` are those of the question in the hand-out."""

    model_config = shown("Het antwoord op één vraag, zoals de houder het heeft verzegeld.")

    codes: list[Code] = Field(description="Het antwoord, als code.")
    as_of: date = Field(description="De dag waarop het register zo was.")
    kind: Literal["fact", "judgement"] = Field(description="Een feit, of het oordeel van een medewerker.")
    source: Literal["register", "official"] = Field(
        description="Uit het register, of vrijgegeven door een medewerker."
    )
    desk: DeskContact | None = Field(description="Wie u kunt bellen; nooit een persoon.")
    valid_until: date | None = Field(description="Tot wanneer dit geldt.")


class ItemOut(Body):
    """One question as the asker sees it."""

    model_config = shown("Eén vraag, zoals de vrager haar ziet.")

    subject: int | None = Field(
        default=None, description="Bij een proef: plaats van de betrokkene in het verzoek."
    )
    subject_ref: str | None = Field(default=None, description="Kenmerk van de betrokkene in deze casus.")
    subject_role: str = Field(description="Rol van de betrokkene.")
    holder: str = Field(description="Wie de vraag beantwoordt.")
    question: str = Field(description="Code van de vraag.")
    question_text: str = Field(description="De vraag in gewone taal.")
    effect: str | None = Field(
        description="`permit` of `refusal`; leeg zolang de centrale niets heeft gezegd."
    )
    rule: str | None = Field(description="De regel van de hand-out.")
    rule_status: str | None = Field(description="`concept`, zolang geen jurist de regel heeft getoetst.")
    mode: str | None = Field(description="`automatic`, of `human` als een medewerker het antwoord vrijgeeft.")
    status: str = Field(
        description="Hoe ver de vraag is.",
        json_schema_extra={
            "oneOf": [{"const": state, "description": meaning} for state, meaning in STATES.items()]
        },
    )
    ground: ReasonOut | None = Field(description="Waarom de houder nu geen antwoord geeft.")
    answer: AnswerOut | None = Field(description="Het antwoord, zodra het er is.")
    reasons: list[ReasonOut] = Field(description="Waarom de vraag niet mag; leeg als zij mag.")
    legal_bases: list[str] = Field(description="Op welke grondslag de houder mag antwoorden.")
    open_questions: list[OpenQuestionOut] = Field(
        description="Wat een jurist over die grondslag nog moet beantwoorden."
    )
    gaps: list[str] = Field(description="Wat die grondslag niet dekt.")
    revision: str | None = Field(description="Versie van de hand-out.")
    due_at: datetime | None = Field(description="Uiterste tijd van de houder.")
    desk: DeskContact = Field(description="Wie u bij de houder kunt bellen.")
    position: int | None = Field(description="Plaats van de beslissing in het spoor van de centrale.")
    rectified: bool = Field(
        default=False, description="De houder nam dit antwoord terug: het telt niet meer. Vraag opnieuw."
    )


class EnrichmentOut(Body):
    model_config = shown(
        "Een verrijking: alle vragen van één casus, en hoe ver zij zijn.",
        {
            "id": "7d3b9a64-1c2e-4f80-9b5a-0e1f2a3b4c5d",
            "caseRef": _CASE,
            "items": [
                {
                    "subject": None,
                    "subjectRef": _SUBJECT,
                    "subjectRole": "suspected_perpetrator",
                    "holder": "reclassering",
                    "question": "reclassering.under_supervision",
                    "questionText": "nu onder toezicht?",
                    "effect": "permit",
                    "rule": "A02",
                    "ruleStatus": "concept",
                    "mode": "automatic",
                    "status": "answered",
                    "ground": None,
                    "answer": {
                        "codes": ["yes"],
                        "asOf": "2026-11-20",
                        "kind": "fact",
                        "source": "register",
                        "desk": _DESK,
                        "validUntil": None,
                    },
                    "reasons": [],
                    "legalBases": ["Wmo 5.2.6; Reclasseringsregeling 37; AVG 6(1)(e)"],
                    "openQuestions": [
                        {
                            "code": "Q5",
                            "text": "Telt een staand besluit als een eigen afweging volgens Wmo 5.2.6?",
                        }
                    ],
                    "gaps": [],
                    "revision": f"sha256:{'0' * 64}",
                    "dueAt": "2026-11-26T16:00:00Z",
                    "desk": _DESK,
                    "position": 4211,
                },
            ],
            "problems": [],
            "receipts": [jws(Receipt.typ)],
        },
    )

    id: str | None = Field(description="Kenmerk van de verrijking; leeg bij een proef.")
    case_ref: Ref = Field(description="Kenmerk van de casus.")
    items: list[ItemOut] = Field(description="De vragen.")
    problems: list[str] = Field(description="Codes van wat niet verstuurd kon worden.")
    receipts: list[str] = Field(description="Ontvangstbewijzen, nagekeken.")


class WaitingOut(Body):
    model_config = shown(
        "Een vraag die op een medewerker wacht. Over wie het gaat, ziet u pas als u haar opent.",
        {
            "inquiry": _INQUIRY,
            "index": 1,
            "requester": "veilig_thuis",
            "requesterRole": "chair",
            "purpose": "enrich_referral",
            "urgency": "normal",
            "question": "politie.relevant_registrations",
            "subjectRole": "suspected_perpetrator",
            "rule": "A09",
            "answerCodes": ["yes", "no", "not_determinable"],
            "obligations": [],
            "dueAt": "2026-11-26T16:00:00Z",
            "state": "waits",
            "doubtful": False,
        },
    )

    inquiry: Ref = Field(description="Kenmerk van de bevraging.")
    index: int = Field(description="Plaats van de vraag in de bevraging.")
    requester: str = Field(description="Wie het vraagt.")
    requester_role: str = Field(description="In welke rol.")
    purpose: str = Field(description="Met welk doel.")
    urgency: str = Field(description="`normal` of `acute_danger`.")
    question: str = Field(description="Code van de vraag.")
    subject_role: str = Field(description="Rol van de betrokkene.")
    rule: str = Field(description="De regel van de hand-out.")
    answer_codes: list[str] = Field(description="Wat u kunt antwoorden.")
    obligations: list[str] = Field(description="Wat erbij hoort volgens de regel.")
    due_at: datetime = Field(description="Uiterste tijd.")
    state: str = Field(
        description="`waits` of `opened`; bij een twijfel ook `answered`; `failed`: de centrale neemt het "
        "antwoord niet aan, bel de vrager."
    )
    doubtful: bool = Field(description="Al beantwoord als niet vast te stellen; iemand moet nog kijken.")


class OpenedOut(Body):
    model_config = shown(
        "Een geopende vraag. Wat hier staat, blijft bij de houder.",
        {
            "identity": {"surname": "Voorbeeld", "given_names": "Proef", "birth_date": "1984-00-00"},
            "necessity": "De dreiging loopt en wij moeten dit weten voor het overleg.",
            "suggested": ["yes"],
            "doubtful": False,
            "answerCodes": ["yes", "no", "not_determinable"],
            "obligations": [],
        },
    )

    identity: dict[str, str] = Field(description="Over wie het gaat.")
    necessity: str = Field(description="Waarom de vrager het wil weten.")
    suggested: list[str] = Field(description="Wat het register voorstelt. U beslist.")
    doubtful: bool = Field(description="Of het register twijfelt.")
    answer_codes: list[str] = Field(description="Wat u kunt antwoorden.")
    obligations: list[str] = Field(description="Wat erbij hoort volgens de regel.")


class ReleaseIn(Body):
    model_config = shown("Het antwoord dat u vrijgeeft.", {"codes": ["yes"], "kind": "fact"})

    codes: list[Code] = Field(min_length=1, max_length=6, description="Codes uit `answerCodes`.")
    kind: Literal["fact", "judgement"] = Field(default="fact", description="Een feit of uw oordeel.")
    valid_until: date | None = Field(default=None, description="Tot wanneer dit geldt.")
    prosecutor_agrees: bool = Field(
        default=False, description="Dat de officier van justitie instemt, waar de regel dat vraagt."
    )


class StandingIn(Body):
    model_config = shown("Een staand besluit.", {"rule": "A02", "validUntil": "2027-06-30T22:00:00Z"})

    rule: str = Field(pattern=r"^[A-Z][0-9]{2}$", description="Regel van de hand-out.")
    valid_until: datetime = Field(description="Tot wanneer; ten hoogste een jaar.")


class StandingOut(Body):
    model_config = shown("Wat nu automatisch gaat.", {"automatic": ["A01", "A02"], "paused": False})

    automatic: list[str] = Field(description="Regels die automatisch worden beantwoord.")
    paused: bool = Field(description="Of alles stilstaat.")


def routes(node: Callable[[], Node]) -> APIRouter:
    router = APIRouter(prefix="/v1")

    # ── for the broker ──

    @router.post(
        "/permits",
        summary="Beantwoord een bevraging die de centrale heeft vrijgegeven",
        description="De houder beslist opnieuw, zoekt in het eigen register en antwoordt met een code.",
        response_model=ReplyOut,
        responses=told(
            *OF_DOCUMENTS,
            SealedForAnother,
            DecisionDiffers,
            AnsweringPaused,
            Conflict,
            PolicyUnavailable,
            RegisterUnavailable,
        ),
        openapi_extra=body_of(PermitIn),
    )
    async def permit(request: Request) -> Response:
        try:
            body = PermitIn.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestInvalid(invalid_params=invalid_params(error)) from None
        reply = await node().answering.answer(body.permit, body.inquiry, body.identities)
        return Response(orjson.dumps({"reply": reply}), media_type="application/json")

    # ── for who asks ──

    @router.post(
        "/cases",
        status_code=201,
        summary="Leg een casus vast",
        description="Met de feiten als codes, en zonder persoon. Met `caseRef` vervangt u wat er eerder lag.",
        response_model=CaseOut,
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable, CaseNotYours, CaseUnknown, PartnerUnreachable),
    )
    async def state_case(body: WishedCase, authorization: Authorization = None) -> Any:
        person = await node().people.person(authorization)
        case = await node().asking.state_case(body, person)
        return CaseOut(case_ref=case.case_ref, statement=case.statement, facts=case.facts)

    @router.post(
        "/cases/{id}/assignments",
        status_code=201,
        summary="Ga aan een casus werken",
        description="Daarna mag u er vragen in stellen. De casus komt zo nodig van de centrale.",
        response_model=CaseOut,
        responses=told(IdentityProviderUnavailable, CaseUnknown, PartnerUnreachable),
        openapi_extra=SIGNED_IN,
    )
    async def take_up(
        id: Annotated[Ref, Path(description="Kenmerk van de casus")], authorization: Authorization = None
    ) -> Any:
        case = await node().asking.take_up(id, await node().people.person(authorization))
        return CaseOut(case_ref=case.case_ref, statement=case.statement, facts=case.facts)

    @router.post(
        "/cases/{id}/closures",
        status_code=204,
        summary="Sluit een casus af",
        description="Wat hier over personen staat, wordt na de bewaartermijn gewist, tenzij iemand de casus "
        "weer opneemt of nog moet worden geïnformeerd. Wat is vastgelegd, blijft voor zijn eigen termijn.",
        responses=told(IdentityProviderUnavailable, CaseUnknown),
        openapi_extra=SIGNED_IN,
    )
    async def close(
        id: Annotated[Ref, Path(description="Kenmerk van de casus")], authorization: Authorization = None
    ) -> None:
        await node().asking.close(id, await node().people.person(authorization))

    @router.post(
        "/enrichments",
        status_code=201,
        summary="Stel de vragen van één verrijking, of kijk wat mag",
        description="Met `dryRun` wordt niets verstuurd: u ziet per vraag wat mag en waarom niet.",
        response_model=EnrichmentOut,
        responses=told(
            IdentityProviderUnavailable,
            CaseUnknown,
            CaseStatementStale,
            PartnerUnreachable,
            PolicyUnavailable,
        ),
        openapi_extra=SIGNED_IN,
    )
    async def ask(body: Wish, authorization: Authorization = None) -> Any:
        person = await node().people.person(authorization)
        if not body.dry_run:
            return _Texts(node()).enrichment(await node().asking.ask(body, person))
        allowed = await node().asking.may_ask(body, person)
        items = [_Texts(node()).allowed(one, body.subjects[one.subject].role) for one in allowed]
        return EnrichmentOut(id=None, case_ref=body.case_ref, items=items, problems=[], receipts=[])

    @router.get(
        "/enrichments/{id}",
        summary="Haal een verrijking op",
        description="Wat er nu is: antwoorden, weigeringen en wat nog wacht.",
        response_model=EnrichmentOut,
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def enrichment(
        id: Annotated[Ref, Path(description="Kenmerk van de verrijking")],
        authorization: Authorization = None,
    ) -> Any:
        person = await node().people.person(authorization)
        return _Texts(node()).enrichment(await node().asking.show(id, person))

    # ── for the holder's people ──

    @router.get(
        "/questions",
        summary="Wat wacht op een medewerker",
        description="De oudste eerst, ook twijfels die nog iemand moet bekijken. Zonder wie het betreft.",
        response_model=list[WaitingOut],
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def waiting(authorization: Authorization = None) -> Any:
        person = await node().people.person(authorization)
        return [
            _Texts(node()).waiting(taken, question) for taken, question in await node().desk.waiting(person)
        ]

    @router.post(
        "/questions/{id}/{index}/views",
        summary="Open een vraag",
        description="U ziet over wie het gaat en wat het register voorstelt. Dat u keek, staat in het spoor.",
        response_model=OpenedOut,
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable, NotWaiting, RegisterUnavailable),
    )
    async def view(id: InquiryId, index: Index, authorization: Authorization = None) -> Any:
        opened = await node().desk.open(id, index, await node().people.person(authorization))
        permitted = opened.waiting.permit()
        assert opened.subject.identity is not None  # noqa: S101 - a permit is never about an anonymous case
        return OpenedOut(
            identity=opened.subject.identity.as_json(),
            necessity=opened.subject.necessity.get(opened.waiting.question, ""),
            suggested=list(opened.finding.codes),
            doubtful=opened.finding.doubtful,
            answer_codes=list(permitted.answer_codes),
            obligations=list(opened.waiting.obligations),
        )

    @router.post(
        "/questions/{id}/{index}/releases",
        status_code=204,
        summary="Geef een antwoord vrij",
        description="Alleen na openen, en alleen met codes die de regel toestaat.",
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable, NotWaiting, AnsweringPaused),
    )
    async def release(
        id: InquiryId, index: Index, body: ReleaseIn, authorization: Authorization = None
    ) -> Response:
        chosen = Release(tuple(body.codes), body.kind, body.valid_until, body.prosecutor_agrees)
        await node().desk.release(id, index, chosen, await node().people.person(authorization))
        return Response(status_code=204)

    @router.post(
        "/questions/{id}/{index}/refusals",
        status_code=204,
        summary="Vraag eerst meer uitleg",
        description="Alleen voor het openen, zodat het nooit afhangt van wat in het register staat.",
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable, NotWaiting, AnsweringPaused),
    )
    async def more_reason(id: InquiryId, index: Index, authorization: Authorization = None) -> Response:
        await node().desk.ask_more_reason(id, index, await node().people.person(authorization))
        return Response(status_code=204)

    @router.post(
        "/questions/{id}/{index}/looks",
        status_code=204,
        summary="Meld dat u een twijfel hebt bekeken, of een antwoord dat niet aankwam",
        description="Het antwoord verandert niet; de vrager belt het loket. De vraag gaat van de lijst af.",
        responses=told(IdentityProviderUnavailable, NotWaiting),
        openapi_extra=SIGNED_IN,
    )
    async def looked(id: InquiryId, index: Index, authorization: Authorization = None) -> Response:
        await node().desk.looked(id, index, await node().people.person(authorization))
        return Response(status_code=204)

    # ── for who decides what is answered automatically ──

    @router.get(
        "/standing-decisions",
        summary="Wat automatisch wordt beantwoord",
        description="De regels met een staand besluit dat nu geldt.",
        response_model=StandingOut,
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def standing_now(authorization: Authorization = None) -> Any:
        _manager(await node().people.person(authorization))
        now = await node().trail.read(lambda store: standing.load(store, node().signatory.now()))
        return StandingOut(automatic=sorted(now.automatic), paused=now.paused)

    @router.post(
        "/standing-decisions",
        status_code=204,
        summary="Besluit dat een regel automatisch wordt beantwoord",
        description="Zonder besluit kijkt altijd een medewerker. Een besluit geldt ten hoogste een jaar.",
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def decide(body: StandingIn, authorization: Authorization = None) -> Response:
        person = _manager(await node().people.person(authorization))
        rule = node().release.catalogue.rules.get(body.rule)
        if rule is None or rule.mode != "automatic" or not _ours(rule.cells, node().signatory.party.code):
            raise RequestInvalid(invalid_params=[invalid_param(("rule",), "not_automatic_here")])
        try:
            await standing.decide(
                node().trail,
                body.rule,
                by=person.user,
                now=node().signatory.now(),
                valid_until=body.valid_until,
            )
        except (ValueError, TypeError):
            raise RequestInvalid(invalid_params=[invalid_param(("validUntil",), "within_a_year")]) from None
        return Response(status_code=204)

    @router.delete(
        "/standing-decisions/{rule}",
        status_code=204,
        summary="Beëindig een staand besluit",
        description="Vanaf nu kijkt bij deze regel een medewerker.",
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def end(
        rule: Annotated[str, Path(pattern=r"^[A-Z][0-9]{2}$", description="Regel")],
        authorization: Authorization = None,
    ) -> Response:
        person = _manager(await node().people.person(authorization))
        await standing.end(node().trail, rule, by=person.user)
        return Response(status_code=204)

    @router.put(
        "/pause",
        status_code=204,
        summary="Pauzeer: nu wordt niets beantwoord",
        description="De vrager hoort dat de houder pauzeert, en wie hij kan bellen.",
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def pause(authorization: Authorization = None) -> Response:
        person = _manager(await node().people.person(authorization))
        await standing.pause(node().trail, by=person.user, now=node().signatory.now())
        return Response(status_code=204)

    @router.delete(
        "/pause",
        status_code=204,
        summary="Hervat",
        description="Vanaf nu wordt weer geantwoord.",
        openapi_extra=SIGNED_IN,
        responses=told(IdentityProviderUnavailable),
    )
    async def resume(authorization: Authorization = None) -> Response:
        person = _manager(await node().people.person(authorization))
        await standing.resume(node().trail, by=person.user)
        return Response(status_code=204)

    return router


def _manager(person: Person) -> Person:
    person.needs(MANAGER)
    return person


def _ours(cells: frozenset[tuple[str, str]], partner: str) -> bool:
    return any(question.startswith(f"{partner}.") for _, question in cells)


class _Texts:
    """Codes with the texts that people read, from the release's catalogue."""

    def __init__(self, node: Node) -> None:
        self._catalogue = node.release.catalogue
        self._directory = node.signatory.directory
        self._now = node.signatory.now

    def enrichment(self, shown: Shown) -> EnrichmentOut:
        items, problems, receipts = [], [], []
        for sent in shown.enrichment.inquiries:
            problems += [sent.problem] if sent.problem else []
            receipts += [sent.receipt] if sent.receipt and sent.receipt not in receipts else []
            items += [
                self._item(sent, item, shown.answers.get((sent.jti, item.index))) for item in sent.items
            ]
        return EnrichmentOut(
            id=shown.enrichment.id,
            case_ref=shown.enrichment.case_ref,
            items=items,
            problems=problems,
            receipts=receipts,
        )

    def allowed(self, allowed: Allowed, role: str) -> ItemOut:
        decision = asdict(allowed.decision)
        item = Item(
            0,
            "",
            role,
            allowed.question,
            state="refused" if decision["effect"] == "refusal" else "draft",
            decision=decision,
        )
        return self._described(holder_of(allowed.question), item, None).model_copy(
            update={"subject": allowed.subject}
        )

    def waiting(self, taken: Taken, question: Waiting) -> WaitingOut:
        permitted = question.permit()
        return WaitingOut(
            inquiry=taken.jti,
            index=question.index,
            requester=taken.requester,
            requester_role=taken.requester_role,
            purpose=taken.purpose,
            urgency=taken.urgency,
            question=question.question,
            subject_role=question.subject_role,
            rule=permitted.rule,
            answer_codes=list(permitted.answer_codes),
            obligations=list(question.obligations),
            due_at=moment(permitted.due_at),
            state=question.state,
            doubtful=question.doubtful,
        )

    def _item(self, sent: Sent, item: Item, answer: Answer | None) -> ItemOut:
        status = item.state_at(self._now().timestamp()) if sent.state == "sent" else sent.state
        return self._described(sent.holder, replace(item, state=status), answer)

    def _described(self, holder: str, item: Item, answer: Answer | None) -> ItemOut:
        decision = item.decision or {}
        due = decision.get("due_at")
        catalogue = self._catalogue
        bases = [code for code in decision.get("legal_bases", []) if code in catalogue.legal_bases]
        return ItemOut(
            subject_ref=item.subject_ref or None,
            subject_role=item.subject_role,
            holder=holder,
            question=item.question,
            question_text=catalogue.questions[item.question].nl
            if item.question in catalogue.questions
            else item.question,
            effect=decision.get("effect"),
            rule=decision.get("rule"),
            rule_status=decision.get("status"),
            mode=decision.get("mode"),
            status=item.state,
            ground=self._reason(item.ground) if item.ground else None,
            answer=AnswerOut.model_validate(dict(answer)) if answer else None,
            reasons=[self._reason(reason["code"]) for reason in decision.get("reasons", [])],
            legal_bases=[catalogue.legal_bases[code].text for code in bases],
            open_questions=[
                OpenQuestionOut(code=question.code, text=question.nl)
                for question in catalogue.unsettled(bases)
            ],
            gaps=[gap.nl for gap in catalogue.gaps(bases)],
            revision=decision.get("revision"),
            due_at=moment(due) if due else None,
            desk=self._directory.party(holder).desk,
            position=item.position,
            rectified=item.rectified,
        )

    def _reason(self, code: str) -> ReasonOut:
        text = self._catalogue.reasons.get(code)
        if text is None:  # of a release that this partner did not accept
            return ReasonOut(code=code, text=code, way_out="", citations=[])
        return ReasonOut(
            code=code, text=text.text_nl, way_out=text.way_out_nl, citations=list(text.citations)
        )
