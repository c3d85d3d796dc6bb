"""An enrichment as people read it: codes with the texts of the release's catalogue."""

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from adapters.node.asking.asking import Allowed, Shown
from adapters.node.asking.enrichments import Item, Sent
from adapters.node.node import Node
from contract.answers import Answer
from contract.codes import Code, Ref, partner_of
from contract.directory import Desk as DeskContact
from contract.documents import Receipt
from contract.signing import moment
from party.body import Body, shown
from party.openapi import jws

_CASE = "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10"
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


class Texts:
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
        return self._described(partner_of(allowed.question), item, None).model_copy(
            update={"subject": allowed.subject}
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
