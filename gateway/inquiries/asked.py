"""An inquiry as the broker takes it: with the facts that it adds, its decisions, what the trail records of
it, and the row that it becomes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

from audit.entry import Entry
from audit.kinds import Kind
from audit.obligations import NoticeClocks
from contract.documents import CaseFacts, Inquiry
from contract.signatory import Received
from gateway.inquiries.cases import Case
from gateway.inquiries.inquiries import FIRST_RETRY_S, Accepted, Progress
from policies import Decision, Parameters

_CLOCKS = tuple(field.name for field in fields(NoticeClocks))
"""Parameters of the hand-out by which a person must be informed; the trail keeps those of the time."""


@dataclass(frozen=True)
class AskedInquiry:
    """An inquiry with the facts that the broker adds, and its decisions once they are there."""

    received: Received[Inquiry]
    identities: Mapping[str, str]
    case: Case
    facts: CaseFacts
    inputs: tuple[Mapping[str, object], ...]
    there: bool
    """Whether its holder takes part, in this region: else it reaches nobody."""
    decisions: tuple[Decision, ...] = ()
    due: tuple[int, ...] = ()


def entries_of(asked: AskedInquiry, engine: str, limits: Parameters) -> list[Entry]:
    """What the trail records of an inquiry: one entry, and one per question with the decision and, apart,
    what it rested on. A permit tells by which clocks the person must be informed.
    """
    document, requester = asked.received.document, asked.received.sender.code
    shared: dict[str, Any] = {
        "inquiry": document.jti,
        "case_ref": document.case_ref,
        "requester": requester,
        "holder": document.holder,
        "purpose": document.purpose,
    }
    of_inquiry = {
        **shared,
        "inquiry_digest": asked.received.digest,
        "case_statement": document.case_statement,
        "requester_role": document.requester_role,
        "urgency": document.urgency,
        **({"urgency_attested": document.urgency_attested} if document.urgency_attested else {}),
        "questions": len(document.questions),
    }
    entries = [Entry(Kind.INQUIRY, of_inquiry)]
    for index, (question, fact, decision, due) in enumerate(
        zip(document.questions, asked.inputs, asked.decisions, asked.due, strict=True)
    ):
        facts = {
            **shared,
            "index": index,
            "question": question.question,
            **decision.facts,
            "engine": engine,
        }
        if decision.effect == "permit":
            facts |= {"due_at": due, "clocks": {name: getattr(limits, name) for name in _CLOCKS}}
        kind = Kind.PERMIT if decision.effect == "permit" else Kind.REFUSAL
        entries.append(Entry(kind, facts, subject_ref=question.subject_ref, sealed={"input": fact}))
    return entries


def accepted_as(asked: AskedInquiry, positions: Sequence[int], now: datetime) -> Accepted:
    """The row of an inquiry whose entries stand at these positions: its own first, then one per question."""
    document = asked.received.document
    questions = []
    for question, fact, decision, due, position in zip(
        document.questions, asked.inputs, asked.decisions, asked.due, positions[1:], strict=True
    ):
        permitted = None
        if decision.effect == "permit":
            repetition = cast(dict[str, bool], fact["repetition"])
            permitted = {
                "rule": decision.rule,
                "mode": decision.mode,
                "answer_codes": list(decision.answer_codes),
                "desk": decision.desk,
                "due_at": due,
                "repetition": {name: repetition[name] for name in ("asked_before", "over_budget")},
                "re_roled": cast(dict[str, bool], fact["subject"])["re_roled"],
            }
        questions.append(
            Progress(
                subject_ref=question.subject_ref,
                role=question.role,
                question=question.question,
                purpose=document.purpose,
                state="refused" if permitted is None else "sent",
                position=position,
                due_at=None if permitted is None else due,
                permitted=permitted,
            )
        )
    waiting = any(question.permitted is not None for question in questions)
    accepted_at = int(now.timestamp())
    return Accepted(
        jti=document.jti,
        digest=asked.received.digest,
        case_ref=document.case_ref,
        requester=asked.received.sender.code,
        holder=document.holder,
        accepted_at=accepted_at,
        revision=asked.decisions[0].revision,  # one call decided them all
        case_facts=asked.facts.model_dump(),
        questions=tuple(questions),
        positions=tuple(positions),
        token=asked.received.token if waiting else None,
        identities=_permitted_identities(asked, questions) if waiting else None,
        tried_until=max((one.due_at for one in questions if one.due_at is not None), default=accepted_at)
        if asked.there
        else accepted_at,
        next_at=accepted_at + FIRST_RETRY_S if waiting else None,
    )


def _permitted_identities(asked: AskedInquiry, questions: Sequence[Progress]) -> dict[str, str]:
    """The identity of a subject about whom nothing is permitted goes no further: not even locked."""
    permitted = {question.subject_ref for question in questions if question.permitted is not None}
    return {
        subject_ref: locked for subject_ref, locked in asked.identities.items() if subject_ref in permitted
    }
