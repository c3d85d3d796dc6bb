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

from adapters.contract.answers import Answer
from adapters.contract.codes import Code, Ref, holder_of
from adapters.contract.directory import Desk as DeskContact
from adapters.contract.documents import Inquiry
from adapters.contract.problems import RequestInvalid, invalid_param, invalid_params
from adapters.contract.signing import moment
from adapters.node import standing
from adapters.node.asking import Allowed, Shown
from adapters.node.bearer import MANAGER, Person
from adapters.node.desk import Release
from adapters.node.enrichments import Enrichment, Item, Sent
from adapters.node.inbox import Taken, Waiting
from adapters.node.node import Node
from adapters.node.wish import Wish, WishedCase
from audit.obligations import obligations

_JWS = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"
Authorization = Annotated[str | None, Header(include_in_schema=False)]
InquiryId = Annotated[Ref, Path(alias="id", description="Kenmerk van de bevraging")]
Index = Annotated[int, Path(ge=0, lt=60, description="Plaats van de vraag in de bevraging")]


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class PermitIn(_Body):
    permit: str = Field(pattern=_JWS, description="Vrijgave, ondertekend door de centrale.")
    inquiry: str = Field(
        pattern=_JWS,
        description="Bevraging, ondertekend door de vrager.",
        json_schema_extra={"maxLength": Inquiry.max_bytes},
    )
    identities: dict[Ref, str] = Field(
        min_length=1, max_length=12, description="Vergrendelde gegevens van de betrokkenen."
    )


class ReplyOut(_Body):
    reply: str = Field(description="Antwoord, ondertekend en verzegeld voor de vrager.")


class CaseOut(_Body):
    case_ref: Ref
    statement: str
    facts: dict[str, Any]


class ReasonOut(_Body):
    code: Code
    text: str = Field(description="Waarom niet, in gewone taal.")
    way_out: str | None = Field(description="Wat u wel kunt doen.")
    citations: list[str]


class AnswerOut(_Body):
    """An opened answer; its `codes` are those of the question in the hand-out."""

    codes: list[Code]
    as_of: date = Field(description="De dag waarop het register zo was.")
    kind: Literal["fact", "judgement"]
    source: Literal["register", "official"] = Field(
        description="Uit het register, of vrijgegeven door een medewerker."
    )
    desk: DeskContact | None
    valid_until: date | None


class ItemOut(_Body):
    """One question as the asker sees it."""

    subject: int | None = Field(
        default=None, description="Bij een proef: plaats van de betrokkene in het verzoek."
    )
    subject_ref: str | None = None
    subject_role: str
    holder: str
    question: str
    question_text: str
    effect: str | None = Field(description="permit of refusal; leeg zolang de centrale niets heeft gezegd.")
    rule: str | None
    rule_status: str | None = Field(description="concept, zolang geen jurist de regel heeft getoetst.")
    mode: str | None
    status: str
    ground: ReasonOut | None
    answer: AnswerOut | None
    reasons: list[ReasonOut]
    legal_bases: list[str]
    revision: str | None
    due_at: datetime | None
    desk: DeskContact
    position: int | None


class ObligationOut(_Body):
    subject_ref: str
    receiver: str
    state: str
    opened_at: datetime
    due_at: datetime


class EnrichmentOut(_Body):
    id: str | None
    case_ref: Ref
    items: list[ItemOut]
    problems: list[str] = Field(description="Codes van wat niet verstuurd kon worden.")
    receipts: list[str] = Field(description="Ontvangstbewijzen, nagekeken.")
    obligations: list[ObligationOut] = Field(description="Wie moet worden geïnformeerd, en voor wanneer.")


class WaitingOut(_Body):
    inquiry: Ref
    index: int
    requester: str
    requester_role: str
    purpose: str
    urgency: str
    question: str
    subject_role: str
    rule: str
    answer_codes: list[str]
    obligations: list[str]
    due_at: datetime
    state: str
    doubtful: bool


class OpenedOut(_Body):
    identity: dict[str, str]
    necessity: str
    suggested: list[str] = Field(description="Wat het register voorstelt. U beslist.")
    doubtful: bool
    answer_codes: list[str]
    obligations: list[str]


class ReleaseIn(_Body):
    codes: list[Code] = Field(min_length=1, max_length=6)
    kind: Literal["fact", "judgement"] = "fact"
    valid_until: date | None = None
    prosecutor_agrees: bool = False


class StandingIn(_Body):
    rule: str = Field(pattern=r"^[A-Z][0-9]{2}$")
    valid_until: datetime


class StandingOut(_Body):
    automatic: list[str]
    paused: bool


def routes(node: Callable[[], Node]) -> APIRouter:
    router = APIRouter(prefix="/v1")

    # ── for the broker ──

    @router.post(
        "/permits",
        summary="Beantwoord een bevraging die de centrale heeft vrijgegeven",
        description="De houder beslist opnieuw, zoekt in het eigen register en antwoordt met een code.",
        response_model=ReplyOut,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": PermitIn.model_json_schema()}},
            }
        },
    )
    async def permit(request: Request) -> Response:
        try:
            body = PermitIn.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestInvalid(invalid_params=invalid_params(error)) from None
        reply = await node().answering.answer(body.permit, body.inquiry, body.identities)
        return Response(orjson.dumps({"reply": reply}), media_type="application/json")

    # ── for who asks ──

    @router.post("/cases", status_code=201, summary="Leg een casus vast", response_model=CaseOut)
    async def state_case(body: WishedCase, authorization: Authorization = None) -> Any:
        person = await node().people.person(authorization)
        case = await node().asking.state_case(body, person)
        return CaseOut(case_ref=case.case_ref, statement=case.statement, facts=case.facts)

    @router.post(
        "/cases/{id}/assignments", status_code=201, summary="Ga aan een casus werken", response_model=CaseOut
    )
    async def take_up(
        id: Annotated[Ref, Path(description="Kenmerk van de casus")], authorization: Authorization = None
    ) -> Any:
        case = await node().asking.take_up(id, await node().people.person(authorization))
        return CaseOut(case_ref=case.case_ref, statement=case.statement, facts=case.facts)

    @router.post(
        "/enrichments",
        status_code=201,
        summary="Stel de vragen van één verrijking, of kijk wat mag",
        description="Met `dryRun` wordt niets verstuurd: u ziet per vraag wat mag en waarom niet.",
        response_model=EnrichmentOut,
    )
    async def ask(body: Wish, authorization: Authorization = None) -> Any:
        person = await node().people.person(authorization)
        if not body.dry_run:
            return _Texts(node()).enrichment(await node().asking.ask(body, person))
        allowed = await node().asking.may_ask(body, person)
        items = [_Texts(node()).allowed(one, body.subjects[one.subject].role) for one in allowed]
        return EnrichmentOut(
            id=None, case_ref=body.case_ref, items=items, problems=[], receipts=[], obligations=[]
        )

    @router.get("/enrichments/{id}", summary="Haal een verrijking op", response_model=EnrichmentOut)
    async def enrichment(
        id: Annotated[Ref, Path(description="Kenmerk van de verrijking")],
        authorization: Authorization = None,
    ) -> Any:
        person = await node().people.person(authorization)
        return _Texts(node()).enrichment(await node().asking.show(id, person))

    # ── for the holder's people ──

    @router.get("/questions", summary="Wat wacht op een medewerker", response_model=list[WaitingOut])
    async def waiting(authorization: Authorization = None) -> Any:
        person = await node().people.person(authorization)
        return [
            _Texts(node()).waiting(taken, question) for taken, question in await node().desk.waiting(person)
        ]

    @router.post("/questions/{id}/{index}/views", summary="Open een vraag", response_model=OpenedOut)
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

    @router.post("/questions/{id}/{index}/releases", status_code=204, summary="Geef een antwoord vrij")
    async def release(
        id: InquiryId, index: Index, body: ReleaseIn, authorization: Authorization = None
    ) -> Response:
        chosen = Release(tuple(body.codes), body.kind, body.valid_until, body.prosecutor_agrees)
        await node().desk.release(id, index, chosen, await node().people.person(authorization))
        return Response(status_code=204)

    @router.post("/questions/{id}/{index}/refusals", status_code=204, summary="Vraag eerst meer uitleg")
    async def more_reason(id: InquiryId, index: Index, authorization: Authorization = None) -> Response:
        await node().desk.ask_more_reason(id, index, await node().people.person(authorization))
        return Response(status_code=204)

    @router.post(
        "/questions/{id}/{index}/looks", status_code=204, summary="Meld dat u een twijfel hebt bekeken"
    )
    async def looked(id: InquiryId, index: Index, authorization: Authorization = None) -> Response:
        await node().desk.looked(id, index, await node().people.person(authorization))
        return Response(status_code=204)

    # ── for who decides what is answered automatically ──

    @router.get("/standing-decisions", summary="Wat automatisch wordt beantwoord", response_model=StandingOut)
    async def standing_now(authorization: Authorization = None) -> Any:
        _manager(await node().people.person(authorization))
        now = await node().trail.read(lambda store: standing.load(store, node().signatory.now()))
        return StandingOut(automatic=sorted(now.automatic), paused=now.paused)

    @router.post(
        "/standing-decisions", status_code=204, summary="Besluit dat een regel automatisch wordt beantwoord"
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

    @router.delete("/standing-decisions/{rule}", status_code=204, summary="Beëindig een staand besluit")
    async def end(
        rule: Annotated[str, Path(pattern=r"^[A-Z][0-9]{2}$", description="Regel")],
        authorization: Authorization = None,
    ) -> Response:
        person = _manager(await node().people.person(authorization))
        await standing.end(node().trail, rule, by=person.user)
        return Response(status_code=204)

    @router.put("/pause", status_code=204, summary="Pauzeer: nu wordt niets beantwoord")
    async def pause(authorization: Authorization = None) -> Response:
        person = _manager(await node().people.person(authorization))
        await standing.pause(node().trail, by=person.user, now=node().signatory.now())
        return Response(status_code=204)

    @router.delete("/pause", status_code=204, summary="Hervat")
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
            obligations=self._obligations(shown.enrichment),
        )

    def _obligations(self, enrichment: Enrichment) -> list[ObligationOut]:
        decided = [
            {**item.decision, "subject_ref": item.subject_ref}
            for sent in enrichment.inquiries
            for item in sent.items
            if item.decision is not None
        ]
        opened = obligations(decided, notice_days=self._catalogue.parameters.notice_days)
        return [
            ObligationOut(
                subject_ref=one.subject_ref,
                receiver=one.receiver,
                state=one.state,
                opened_at=one.opened_at,
                due_at=one.due_at,
            )
            for one in opened
        ]

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
        bases = self._catalogue.legal_bases
        return ItemOut(
            subject_ref=item.subject_ref or None,
            subject_role=item.subject_role,
            holder=holder,
            question=item.question,
            question_text=self._catalogue.questions[item.question].nl
            if item.question in self._catalogue.questions
            else item.question,
            effect=decision.get("effect"),
            rule=decision.get("rule"),
            rule_status=decision.get("status"),
            mode=decision.get("mode"),
            status=item.state,
            ground=self._reason(item.ground) if item.ground else None,
            answer=AnswerOut.model_validate(dict(answer)) if answer else None,
            reasons=[self._reason(reason["code"]) for reason in decision.get("reasons", [])],
            legal_bases=[bases[code].text for code in decision.get("legal_bases", []) if code in bases],
            revision=decision.get("revision"),
            due_at=moment(due) if due else None,
            desk=self._directory.party(holder).desk,
            position=item.position,
        )

    def _reason(self, code: str) -> ReasonOut:
        text = self._catalogue.reasons[code]
        return ReasonOut(
            code=code, text=text.text_nl, way_out=text.way_out_nl, citations=list(text.citations)
        )
