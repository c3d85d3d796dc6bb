"""The node's API for the desk: questions that wait for one of the holder's own people."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field, StringConstraints

from adapters.node.addresses import Index, InquiryId
from adapters.node.answering.duties import (
    OfficialAnswer,
    ProsecutorAgreement,
    ProsecutorRole,
    SpokenChannel,
    WordOfMouth,
)
from adapters.node.answering.inbox import Taken, Waiting
from adapters.node.callers import SignedIn, ThisNode
from contract.answers import Answer
from contract.codes import Code, Ref
from contract.directory import Directory
from contract.problems import (
    AnsweringPaused,
    CannotSignIn,
    NotWaiting,
    ObligationUnknown,
)
from contract.signing import moment
from contract.words import COMPARED, DESK, NATURES, described
from party.body import Body, shown
from party.openapi import SIGNED_IN, told
from policies.catalogue import Catalogue

_INQUIRY = "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f"


class WaitingOut(Body):
    model_config = shown(
        "Een vraag die op een medewerker wacht. Over wie het gaat, ziet u pas als u haar opent.",
        {
            "inquiry": _INQUIRY,
            "index": 1,
            "requester": "veilig_thuis_midden",
            "requesterName": "Veilig Thuis Midden",
            "requesterRole": "chair",
            "purpose": "enrich_referral",
            "urgency": "normal",
            "question": "politie.relevant_registrations",
            "subjectRole": "suspected_perpetrator",
            "rule": "A09",
            "ruleStatus": "concept",
            "answerCodes": ["yes", "no", "not_determinable"],
            "obligations": [],
            "dueAt": "2026-11-26T16:00:00Z",
            "state": "waits",
            "doubtful": False,
            "restricted": False,
            "proposed": False,
            "often": False,
        },
    )

    inquiry: Ref = Field(description="Kenmerk van de bevraging.")
    index: int = Field(description="Plaats van de vraag in de bevraging.")
    requester: str = Field(description="Wie het vraagt: code van de organisatie.")
    requester_name: str = Field(description="Hoe die organisatie heet.")
    requester_role: str = Field(description="In welke rol.")
    purpose: str = Field(description="Met welk doel.")
    urgency: str = Field(description="`normal` of `acute_danger`.")
    question: str = Field(description="Code van de vraag.")
    subject_role: str = Field(description="Rol van de betrokkene.")
    rule: str = Field(description="De regel van de hand-out.")
    rule_status: str | None = Field(
        description="Of een jurist de regel heeft getoetst; leeg: de geldende hand-out kent haar niet.",
        examples=["concept"],
    )
    answer_codes: list[str] = Field(description="Wat u kunt antwoorden.")
    obligations: list[str] = Field(description="Wat erbij hoort volgens de regel.")
    due_at: datetime = Field(description="Uiterste tijd.")
    state: str = Field(description="Hoe ver de vraag is.", json_schema_extra=described(DESK))
    doubtful: bool = Field(description="Al beantwoord als niet vast te stellen; iemand moet nog kijken.")
    restricted: bool = Field(
        description="Misschien over een eigen medewerker of een bekend persoon: weinigen zien de vraag, en "
        "twee geven het antwoord vrij."
    )
    proposed: bool = Field(description="Iemand stelde een antwoord voor; een ander moet instemmen.")
    often: bool = Field(description="Vaker gevraagd dan een programma beantwoordt. Vraag na waarom.")


UserReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9@._:-]{1,64}$")]
StatedWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1_000)]


class ToStateOut(Body):
    model_config = shown("Wat u volgens de regel nog opschrijft.")

    code: Code = Field(description="De verplichting: de sleutel in `stated`.")
    text: str = Field(description="Wat u opschrijft.")


class ProposedOut(Body):
    model_config = shown("Een antwoord dat een ander voorstelde.")

    codes: list[Code] = Field(description="Codes.")
    kind: Literal["fact", "judgement"] = Field(description="Een feit of een oordeel.")
    valid_until: date | None = Field(description="Tot wanneer dit geldt.")


class CandidateOut(Body):
    model_config = shown("Iemand in het register die het kan zijn.")

    identity: dict[str, str] = Field(description="Wat het register van deze persoon weet.")
    states: dict[str, str] = Field(
        description="Per veld of het overeenkomt.", json_schema_extra=described(COMPARED)
    )
    fits: bool = Field(description="Of alles gelijk is.")


class OpenedOut(Body):
    model_config = shown(
        "Een geopende vraag. Wat hier staat, blijft bij de houder.",
        {
            "identity": {"surname": "Voorbeeld", "given_names": "Proef", "birth_date": "1984-00-00"},
            "necessity": "De dreiging loopt en wij moeten dit weten voor het overleg.",
            "suggested": ["yes"],
            "registerAway": False,
            "doubtful": False,
            "candidates": [
                {
                    "identity": {"surname": "Voorbeeld", "given_names": "Proef", "birth_date": "1984-01-31"},
                    "states": {
                        "surname": "equal",
                        "given_names": "equal",
                        "birth_date": "year",
                        "address": "different",
                    },
                    "fits": False,
                }
            ],
            "answerCodes": ["yes", "no", "not_determinable"],
            "obligations": ["release_by_official", "state_severity"],
            "stated": {},
            "toState": [{"code": "state_severity", "text": "schrijf op hoe ernstig het is"}],
            "proposed": None,
        },
    )

    identity: dict[str, str] = Field(description="Over wie het gaat.")
    necessity: str = Field(description="Waarom de vrager het wil weten.")
    suggested: list[str] = Field(description="Wat het register voorstelt. U beslist.")
    register_away: bool = Field(
        description="Of het register nu niet te bevragen is. U antwoordt dan uit wat u zelf kunt inzien."
    )
    doubtful: bool = Field(description="Of het register twijfelt.")
    candidates: list[CandidateOut] = Field(
        description="Wie het kan zijn volgens het register, de waarschijnlijkste eerst. Alleen voor u."
    )
    answer_codes: list[str] = Field(description="Wat u kunt antwoorden.")
    obligations: list[str] = Field(description="Wat erbij hoort volgens de regel.")
    stated: dict[str, str] = Field(description="Wat de vrager daarover opschreef, per verplichting.")
    to_state: list[ToStateOut] = Field(description="Wat u nog opschrijft voordat u een antwoord vrijgeeft.")
    proposed: ProposedOut | None = Field(
        description="Wat een ander voorstelde, bij een vraag met `restricted`. Stemt u in, geef dan "
        "hetzelfde vrij."
    )


class AgreementIn(Body):
    model_config = shown(
        "Dat de officier van justitie instemt. Dit blijft bij de houder.",
        {"user": "ovj-0117", "role": "prosecutor", "at": "2026-11-24T09:30:00Z"},
    )

    user: UserReference = Field(description="Kenmerk van de officier; geen naam en geen nummer van de staat.")
    role: ProsecutorRole = Field(description="Officier, of plaatsvervangend officier.")
    at: AwareDatetime = Field(description="Wanneer hij instemde: nadat de vraag kwam.")

    def value(self) -> ProsecutorAgreement:
        return ProsecutorAgreement(self.user, self.role, self.at)


class WordOfMouthIn(Body):
    model_config = shown(
        "Wie het aan wie vertelde. Wat is verteld, staat nergens.",
        {
            "teller": "parket-0042",
            "hearer": "voorzitter van Veilig Thuis Midden",
            "channel": "meeting",
            "at": "2026-11-24T10:00:00Z",
        },
    )

    teller: UserReference = Field(description="Kenmerk van wie het vertelde.")
    hearer: str = Field(min_length=3, max_length=200, description="Aan wie; staat verzegeld.")
    channel: SpokenChannel = Field(description="In het overleg, per telefoon of onder vier ogen.")
    at: AwareDatetime = Field(description="Wanneer.")

    def value(self) -> WordOfMouth:
        return WordOfMouth(self.teller, self.hearer, self.channel, self.at)


class AnswerIn(Body):
    model_config = shown(
        "Het antwoord dat u vrijgeeft.",
        {"codes": ["yes"], "kind": "fact"},
        {
            "codes": ["in_meeting"],
            "prosecutor": {"user": "ovj-0117", "role": "prosecutor", "at": "2026-11-24T09:30:00Z"},
            "spoken": {
                "teller": "parket-0042",
                "hearer": "voorzitter van Veilig Thuis Midden",
                "channel": "meeting",
                "at": "2026-11-24T10:00:00Z",
            },
        },
    )

    codes: list[Code] = Field(min_length=1, max_length=6, description="Codes uit `answerCodes`.")
    kind: Literal["fact", "judgement"] = Field(
        default="fact", description="Wat het is.", json_schema_extra=described(NATURES)
    )
    valid_until: date | None = Field(default=None, description="Tot wanneer dit geldt.")
    prosecutor: AgreementIn | None = Field(
        default=None, description="De officier die instemt, als de regel dat vraagt (`prosecutor_agrees`)."
    )
    spoken: WordOfMouthIn | None = Field(
        default=None, description="Wie het aan wie vertelde, als de regel dat vraagt (`oral_only`)."
    )
    stated: dict[Code, StatedWords] = Field(
        default={}, max_length=5, description="Wat u opschrijft, per verplichting uit `toState`."
    )

    def chosen(self) -> OfficialAnswer:
        return OfficialAnswer(
            codes=tuple(self.codes),
            kind=self.kind,
            valid_until=self.valid_until,
            prosecutor=None if self.prosecutor is None else self.prosecutor.value(),
            spoken=None if self.spoken is None else self.spoken.value(),
            stated=self.stated,
        )


router = APIRouter(prefix="/v1")


@router.get(
    "/questions",
    summary="Wat wacht op een medewerker",
    description="De oudste eerst, ook twijfels die nog iemand moet bekijken. Zonder wie het betreft.",
    response_model=list[WaitingOut],
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn),
)
async def waiting(node: ThisNode, person: SignedIn) -> Any:
    return [
        _waiting(taken, question, node.signatory.directory, node.release.catalogue)
        for taken, question in await node.desk.waiting(person)
    ]


@router.post(
    "/questions/{id}/{index}/views",
    summary="Open een vraag",
    description="U ziet over wie het gaat en wat het register voorstelt. Dat u keek, staat in het spoor.",
    response_model=OpenedOut,
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn, NotWaiting),
)
async def view(inquiry: InquiryId, index: Index, node: ThisNode, person: SignedIn) -> Any:
    opened = await node.desk.open(inquiry, index, person)
    found = opened.finding
    permitted = opened.waiting.permit()
    assert opened.subject.identity is not None  # noqa: S101 - a permit is never about an anonymous case
    return OpenedOut(
        identity=opened.subject.identity.as_json(),
        necessity=opened.subject.necessity.get(opened.waiting.question, ""),
        suggested=[] if found is None else list(found.codes),
        register_away=found is None,
        doubtful=found is None or found.doubtful,
        candidates=[
            CandidateOut(identity=one.identity.as_json(), states=dict(one.states), fits=one.fits)
            for one in (() if found is None else found.candidates)
        ],
        answer_codes=list(permitted.answer_codes),
        obligations=list(opened.waiting.obligations),
        stated=dict(opened.by_asker),
        to_state=[ToStateOut(code=one.code, text=one.nl) for one in opened.to_state],
        proposed=_proposed(opened.proposed),
    )


@router.post(
    "/questions/{id}/{index}/answers",
    status_code=204,
    summary="Geef een antwoord vrij",
    description="Alleen na openen, alleen met codes die de regel toestaat, en pas als alles er is waartoe "
    "de regel verplicht. Bij een vraag met `restricted` is het eerst een voorstel (`202`): een tweede "
    "medewerker die haar ook opende, geeft hetzelfde antwoord, en dan gaat het uit.",
    openapi_extra=SIGNED_IN,
    responses={
        **told(CannotSignIn, NotWaiting, AnsweringPaused, ObligationUnknown),
        202: {"description": "Voorgesteld. Een tweede medewerker moet instemmen."},
    },
)
async def answer(
    inquiry: InquiryId, index: Index, body: AnswerIn, node: ThisNode, person: SignedIn
) -> Response:
    gone = await node.desk.answer(inquiry, index, body.chosen(), person)
    return Response(status_code=204 if gone else 202)


@router.post(
    "/questions/{id}/{index}/refusals",
    status_code=204,
    summary="Vraag eerst meer uitleg",
    description="Alleen voor het openen, zodat het nooit afhangt van wat in het register staat.",
    openapi_extra=SIGNED_IN,
    responses=told(CannotSignIn, NotWaiting, AnsweringPaused),
)
async def more_reason(inquiry: InquiryId, index: Index, node: ThisNode, person: SignedIn) -> Response:
    await node.desk.ask_more_reason(inquiry, index, person)
    return Response(status_code=204)


@router.post(
    "/questions/{id}/{index}/looks",
    status_code=204,
    summary="Meld dat u een twijfel hebt bekeken, of een antwoord dat niet aankwam",
    description="Het antwoord verandert niet; de vrager belt het loket. De vraag gaat van de lijst af.",
    responses=told(CannotSignIn, NotWaiting),
    openapi_extra=SIGNED_IN,
)
async def looked(inquiry: InquiryId, index: Index, node: ThisNode, person: SignedIn) -> Response:
    await node.desk.looked(inquiry, index, person)
    return Response(status_code=204)


def _proposed(answer: Answer | None) -> ProposedOut | None:
    if answer is None:
        return None
    return ProposedOut(codes=list(answer.codes), kind=answer.kind, valid_until=answer.valid_until)


def _waiting(taken: Taken, question: Waiting, directory: Directory, catalogue: Catalogue) -> WaitingOut:
    permitted = question.permit()
    rule = catalogue.rules.get(permitted.rule)
    return WaitingOut(
        inquiry=taken.jti,
        index=question.index,
        requester=taken.requester,
        requester_name=directory.party(taken.requester).name,
        requester_role=taken.requester_role,
        purpose=taken.purpose,
        urgency=taken.urgency,
        question=question.question,
        subject_role=question.subject_role,
        rule=permitted.rule,
        rule_status=None if rule is None else rule.status,
        answer_codes=list(permitted.answer_codes),
        obligations=list(question.obligations),
        due_at=moment(permitted.due_at),
        state=question.state,
        doubtful=question.doubtful,
        restricted=question.restricted,
        proposed=question.proposed_at is not None,
        often=question.often,
    )
