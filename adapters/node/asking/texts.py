"""An enrichment as people read it: codes with the texts of the release's catalogue."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from adapters.node.asking.asking import Allowed, OpenedEnrichment
from adapters.node.asking.enrichments import Item, Sent, Unreached
from adapters.node.node import Node
from contract.answers import Answer
from contract.codes import Code, Ref, partner_of
from contract.days import day_of
from contract.directory import Desk as DeskContact
from contract.directory import Party
from contract.documents import Receipt
from contract.signing import moment
from contract.words import EFFECTS, NATURES, QUESTIONS, SOURCES, described
from party.body import Body, shown
from party.openapi import jws
from policies.catalogue import Called

_CASE = "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10"
_SUBJECT = "c2a9e0d4-6b1f-4f5a-8e37-1d2c3b4a5f60"
_DESK = {
    "name": "Loket Reclassering Utrecht",
    "phone": "030 000 00 00",
    "hours": "op werkdagen van 9 tot 17 uur",
}


class ReasonOut(Body):
    model_config = shown("Waarom iets niet mag.")

    code: Code = Field(description="Vaste code, voor programma's.")
    text: str = Field(description="Waarom niet, in gewone taal.")
    way_out: str | None = Field(description="Wat u wel kunt doen.")
    way_out_operations: list[str] = Field(
        description="Waarmee dat begint: methode en adres in deze API, voor u of een collega."
    )
    way_out_desks: list[DeskContact] = Field(description="Wie u daarvoor kunt bellen.")
    citations: list[str] = Field(description="De artikelen.")


class OpenQuestionOut(Body):
    model_config = shown("Een vraag over de grondslag die een jurist nog moet beantwoorden.")

    code: str = Field(description="Nummer van de vraag in de hand-out.")
    text: str = Field(description="De vraag in gewone taal.")


class ToPutInWordsOut(Body):
    model_config = shown("Wat de regel u laat opschrijven, naast de noodzaak.")

    code: Code = Field(description="De verplichting: de sleutel in `stated` van de vraag.")
    text: str = Field(description="Wat u opschrijft.")


class BoundByOut(Body):
    model_config = shown("Waaraan u met dit antwoord gebonden bent.")

    code: Code = Field(description="`remind_of_secrecy` of `no_onward_use`.")
    text: str = Field(description="De zin die u leest.")
    citation: str | None = Field(description="Het artikel dat de houder bindt; leeg als er geen is.")


class AnswerOut(Body):
    """An opened answer; its `codes` are those of the question in the hand-out."""

    model_config = shown("Het antwoord op één vraag, zoals de houder het heeft verzegeld.")

    codes: list[Code] = Field(description="Het antwoord, als code.")
    as_of: date = Field(description="De dag waarop het register zo was.")
    kind: Literal["fact", "judgement"] = Field(
        description="Wat het is.", json_schema_extra=described(NATURES)
    )
    source: Literal["register", "official"] = Field(
        description="Waar het vandaan komt.", json_schema_extra=described(SOURCES)
    )
    desk: DeskContact | None = Field(description="Wie u kunt bellen; nooit een persoon.")
    valid_until: date | None = Field(description="Tot wanneer dit geldt.")
    texts: list[str] = Field(description="Het antwoord in gewone taal, per code.")
    reminders: list[BoundByOut] = Field(description="Waaraan u met dit antwoord gebonden bent.")
    old: bool = Field(
        description="Of het register van langer geleden is dan de hand-out vers noemt (`answer_fresh_days`)."
    )


class ItemOut(Body):
    """One question as the asker sees it."""

    model_config = shown("Eén vraag, zoals de vrager haar ziet.")

    subject: int | None = Field(
        default=None, description="Bij een proef: plaats van de betrokkene in het verzoek."
    )
    subject_ref: str | None = Field(default=None, description="Kenmerk van de betrokkene in deze casus.")
    subject_role: str = Field(description="Rol van de betrokkene.")
    partner: str = Field(description="De soort organisatie waar de vraag bij hoort.")
    holder: str | None = Field(
        description="De organisatie die antwoordt; leeg als er van die soort nog geen meedoet."
    )
    holder_name: str | None = Field(description="Hoe die organisatie heet.")
    question: str = Field(description="Code van de vraag.")
    question_text: str = Field(description="De vraag in gewone taal.")
    effect: str | None = Field(
        default=None,
        description="Wat de hand-out zegt; leeg zolang de centrale niets heeft gezegd.",
        examples=list(EFFECTS),
    )
    rule: str | None = Field(default=None, description="De regel van de hand-out.")
    rule_status: str | None = Field(
        default=None, description="`concept`, zolang geen jurist de regel heeft getoetst."
    )
    mode: str | None = Field(
        default=None, description="`automatic`, of `human` als een medewerker het antwoord vrijgeeft."
    )
    status: str = Field(
        description="Hoe ver de vraag is.",
        json_schema_extra=described(QUESTIONS),
    )
    ground: ReasonOut | None = Field(default=None, description="Waarom de houder nu geen antwoord geeft.")
    answer: AnswerOut | None = Field(default=None, description="Het antwoord, zodra het er is.")
    to_state: list[ToPutInWordsOut] = Field(
        default=[], description="Wat de regel u laat opschrijven, naast de noodzaak."
    )
    reasons: list[ReasonOut] = Field(default=[], description="Waarom de vraag niet mag; leeg als zij mag.")
    legal_bases: list[str] = Field(default=[], description="Op welke grondslag de houder mag antwoorden.")
    open_questions: list[OpenQuestionOut] = Field(
        default=[], description="Wat een jurist over die grondslag nog moet beantwoorden."
    )
    gaps: list[str] = Field(default=[], description="Wat die grondslag niet dekt.")
    revision: str | None = Field(default=None, description="Versie van de hand-out.")
    due_at: datetime | None = Field(default=None, description="Uiterste tijd van de houder.")
    desk: DeskContact | None = Field(description="Wie u bij de houder kunt bellen.")
    duty_desk: DeskContact | None = Field(
        default=None, description="Wie u kunt bellen als dat loket dicht is, als er zo'n dienst is."
    )
    position: int | None = Field(
        default=None, description="Plaats van de beslissing in het spoor van de centrale."
    )
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
                    "partner": "reclassering",
                    "holder": "reclassering_midden",
                    "holderName": "Reclassering Midden",
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
                        "texts": ["ja"],
                        "old": False,
                        "reminders": [
                            {
                                "code": "remind_of_secrecy",
                                "text": "Wat hier staat, is geheim. De Reclassering is gebonden aan "
                                "Reclasseringsregeling 37.",
                                "citation": "Reclasseringsregeling 37",
                            },
                            {
                                "code": "no_onward_use",
                                "text": "Niet voor een ander doel en niet voor opsporing, zonder overleg "
                                "met de houder.",
                                "citation": None,
                            },
                        ],
                    },
                    "toState": [],
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
        self._own = node.signatory.party.code

    def enrichment(self, shown: OpenedEnrichment) -> EnrichmentOut:
        items, problems, receipts = [], [], []
        for sent in shown.enrichment.inquiries:
            problems += [sent.problem] if sent.problem else []
            receipts += [sent.receipt] if sent.receipt and sent.receipt not in receipts else []
            items += [
                self._item(sent, item, shown.answers.get((sent.jti, item.index)), shown.enrichment.region)
                for item in sent.items
            ]
        items += [self._unreached(one, shown.enrichment.region) for one in shown.enrichment.unreached]
        return EnrichmentOut(
            id=shown.enrichment.id,
            case_ref=shown.enrichment.case_ref,
            items=items,
            problems=problems,
            receipts=receipts,
        )

    def allowed(self, allowed: Allowed, region: str) -> ItemOut:
        about = {
            "subject": allowed.subject,
            "subject_role": allowed.role,
            **self._asked(allowed.question),
        }
        if allowed.holder is None or allowed.decision is None:
            return ItemOut(**about, **self._nobody(partner_of(allowed.question), region))
        status = "refused" if allowed.decision.effect == "refusal" else "draft"
        return ItemOut(
            **about,
            **self._party(allowed.holder, region),
            **self._decision(asdict(allowed.decision), region, allowed.holder),
            status=status,
        )

    def _item(self, sent: Sent, item: Item, answer: Answer | None, region: str) -> ItemOut:
        status = item.state_at(self._now().timestamp()) if sent.state == "sent" else sent.state
        return ItemOut(
            subject_ref=item.subject_ref,
            subject_role=item.subject_role,
            **self._asked(item.question),
            **self._party(sent.holder, region),
            **self._decision(item.decision or {}, region, sent.holder),
            status=status,
            ground=self._reason(item.ground, region, sent.holder) if item.ground else None,
            answer=self._answer(answer, item, sent.holder, region) if answer else None,
            position=item.position,
            rectified=item.rectified,
        )

    def _unreached(self, one: Unreached, region: str) -> ItemOut:
        return ItemOut(
            subject_ref=one.subject_ref,
            subject_role=one.subject_role,
            **self._asked(one.question),
            **self._nobody(one.partner, region),
        )

    def _asked(self, question: str) -> dict[str, Any]:
        known = self._catalogue.questions.get(question)
        text = question if known is None else known.nl
        return {"question": question, "question_text": text, "partner": partner_of(question)}

    def _party(self, code: str, region: str) -> dict[str, Any]:
        """Who is asked, and whom to call there; also of who left since."""
        party = self._directory.party(code)
        return {
            "holder": code,
            "holder_name": party.name,
            "desk": party.desk_in(region),
            "duty_desk": party.duty_desk,
        }

    def _nobody(self, partner: str, region: str) -> dict[str, Any]:
        """Nobody of this kind takes part: whom to call, if the directory says."""
        outsider = self._directory.outside(partner, region)
        return {
            "holder": None,
            "holder_name": None if outsider is None else outsider.name,
            "desk": None if outsider is None else outsider.desk,
            "status": "not_joined",
        }

    def _decision(self, decision: Mapping[str, Any], region: str, holder: str) -> dict[str, Any]:
        """What the hand-out says of a question, with the texts of its codes; empty until it is decided."""
        due, catalogue = decision.get("due_at"), self._catalogue
        bases = [code for code in decision.get("legal_bases", []) if code in catalogue.legal_bases]
        return {
            "effect": decision.get("effect"),
            "rule": decision.get("rule"),
            "rule_status": decision.get("status"),
            "mode": decision.get("mode"),
            "to_state": [
                ToPutInWordsOut(code=code, text=catalogue.obligations[code].nl)
                for code in decision.get("obligations", ())
                if code in catalogue.obligations and catalogue.obligations[code].stated_by == "asker"
            ],
            "reasons": [
                self._reason(reason["code"], region, holder) for reason in decision.get("reasons", [])
            ],
            "legal_bases": [catalogue.legal_bases[code].text for code in bases],
            "open_questions": [
                OpenQuestionOut(code=question.code, text=question.nl)
                for question in catalogue.unsettled(bases)
            ],
            "gaps": [gap.nl for gap in catalogue.gaps(bases)],
            "revision": decision.get("revision"),
            "due_at": moment(due) if due else None,
        }

    def _answer(self, answer: Answer, item: Item, holder: str, region: str) -> AnswerOut:
        """What the holder sealed, its codes as people read them, and what binds whoever reads it."""
        known = self._catalogue.answer_codes
        texts = [known[code].nl if code in known else code for code in answer.codes]
        owed = (item.decision or {}).get("obligations", ())
        partner = str(self._directory.party(holder).partner)
        reminders = self._reminders(owed, partner)
        days = (day_of(self._now()) - answer.as_of).days
        old = days > self._catalogue.limits(region).answer_fresh_days
        return AnswerOut.model_validate({**dict(answer), "texts": texts, "reminders": reminders, "old": old})

    def _reminders(self, owed: Collection[str], partner: str) -> list[BoundByOut]:
        """Secrecy under the holder's own article, and no other use (D20)."""
        catalogue, reminders = self._catalogue, []
        kind, article = catalogue.partners.get(partner), catalogue.secrecy.get(partner)
        if "remind_of_secrecy" in owed:
            bound = f" {_sentence(kind.in_sentence)} is gebonden aan {article}." if kind and article else ""
            text = f"Wat hier staat, is geheim.{bound}"
            reminders.append(BoundByOut(code="remind_of_secrecy", text=text, citation=article))
        if "no_onward_use" in owed:
            text = f"{_sentence(catalogue.obligations['no_onward_use'].nl)}."
            reminders.append(BoundByOut(code="no_onward_use", text=text, citation=None))
        return reminders

    def _reason(self, code: str, region: str, holder: str) -> ReasonOut:
        text = self._catalogue.reasons.get(code)
        if text is None or text.way_out is None:  # of a release that this partner did not accept
            return ReasonOut(
                code=code, text=code, way_out="", way_out_operations=[], way_out_desks=[], citations=[]
            )
        desks = [
            party.desk_in(region) for who in text.way_out.calls for party in self._called(who, region, holder)
        ]
        return ReasonOut(
            code=code,
            text=text.text_nl,
            way_out=text.way_out_nl,
            way_out_operations=list(text.way_out.operations),
            way_out_desks=desks,
            citations=list(text.citations),
        )

    def _called(self, who: Called, region: str, holder: str) -> list[Party]:
        """Whom to call, of others than ourselves."""
        if who == "holder":
            return [self._directory.party(holder)]
        now = self._now()
        return [
            one
            for one in self._directory.parties(now)
            if one.serves(region, now)
            and one.code != self._own
            and self._catalogue.has_duty(one.partner, who)
        ]


def _sentence(words: str) -> str:
    """With a capital in front."""
    return words[:1].upper() + words[1:]
