"""Answers that whoever asked passes on: a second act, recorded apart (D01).

An answer opens at whoever asked alone. Telling it to somebody else happens in a meeting or by telephone,
never through here; that it happened, to whom, which answers and why is an entry about each subject. A partner
that hears one is a receiver: its name is in what the person is told (informing/).
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from adapters.node.asking import enrichments
from adapters.node.asking.cases import verify_reads
from adapters.node.asking.enrichments import Enrichment, Item, Sent
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.codes import BROKER, Ref, Role
from contract.directory import PartyCode
from contract.problems import NotFound, PartyUnknown, RequestInvalid, invalid_param
from contract.signatory import Signatory
from party.bearer import Colleague
from party.body import Body, shown

_INQUIRY = "5f0c9f1e-2b74-4c58-9d0e-6a7b8c9d0e1f"


class PassedAnswer(Body):
    model_config = shown("Eén antwoord.", {"inquiry": _INQUIRY, "index": 0})

    inquiry: Ref = Field(description="Kenmerk van de bevraging.")
    index: int = Field(ge=0, lt=60, description="Plaats van de vraag in de bevraging.")


class OnwardShareWish(Body):
    """Which answers were passed on to whom, how and why; `why` is sealed."""

    model_config = shown(
        "Welke antwoorden u doorgaf, aan wie en waarom.",
        {
            "answers": [{"inquiry": _INQUIRY, "index": 0}],
            "receiver": "politie",
            "receiverRole": "participant",
            "how": "in_meeting",
            "why": "Nodig om samen te duiden wat het eerst moet gebeuren.",
        },
    )

    answers: Annotated[list[PassedAnswer], Field(min_length=1, max_length=60)] = Field(
        description="De antwoorden."
    )
    receiver: PartyCode = Field(
        description="Code van de organisatie die het hoorde; ook de eigen, bij een collega."
    )
    receiver_role: Role = Field(description="In welke rol die persoon erbij was; nooit een naam.")
    how: Literal["in_meeting", "spoken"] = Field(description="In het overleg, of daarbuiten mondeling.")
    why: str = Field(min_length=10, max_length=2_000, description="Waarom; staat verzegeld.")


class OnwardShares:
    def __init__(self, signatory: Signatory, trail: Trail) -> None:
        self._signatory = signatory
        self._trail = trail

    async def record(self, enrichment_id: str, wish: OnwardShareWish, person: Colleague) -> None:
        """Raises NotFound, NotAllowed, RequestInvalid for an answer that is not there or was taken back, or a
        receiver that has no part in the region or gave it itself; TrailUnavailable.
        """
        enrichment = await self._trail.read(lambda store: enrichments.load(store, enrichment_id))
        if enrichment is None:
            raise NotFound
        case_ref = enrichment.case_ref
        case = await self._trail.read(lambda store: enrichments.load_case(store, case_ref))
        verify_reads(enrichment, case, person)
        passed = self._passed(enrichment, wish)
        by_subject: dict[str, list[tuple[Sent, Item]]] = {}
        for sent, item in passed:
            by_subject.setdefault(item.subject_ref, []).append((sent, item))
        facts = {
            "enrichment": enrichment.id,
            "case_ref": case_ref,
            "user": person.user,
            "user_role": person.role,
            "receiver": wish.receiver,
            "receiver_role": wish.receiver_role,
            "own": wish.receiver == self._signatory.party.code,
            "how": wish.how,
        }
        await self._trail.append(
            [
                Entry(
                    Kind.ONWARD_SHARE,
                    {**facts, "answers": [_named(one) for one in items]},
                    subject_ref=subject_ref,
                    sealed={"why": wish.why},
                )
                for subject_ref, items in by_subject.items()
            ]
        )

    def _passed(self, enrichment: Enrichment, wish: OnwardShareWish) -> list[tuple[Sent, Item]]:
        """The questions whose answers these are. Raises RequestInvalid, with every mistake."""
        there = {
            (sent.jti, item.index): (sent, item)
            for sent in enrichment.inquiries
            for item in sent.items
            if item.answer_at is not None and not item.rectified
        }
        wrong, passed = [], {}
        for number, one in enumerate(wish.answers):
            here = one.inquiry, one.index
            if here not in there:
                wrong.append(invalid_param(("answers", number), "no_answer"))
            elif there[here][0].holder == wish.receiver:
                wrong.append(invalid_param(("answers", number), "gave_it"))
            else:
                passed[here] = there[here]
        if not self._takes_part(wish.receiver, enrichment.region):
            wrong.append(invalid_param(("receiver",), "unknown"))
        if wrong:
            raise RequestInvalid(invalid_params=wrong)
        return list(passed.values())

    def _takes_part(self, receiver: str, region: str) -> bool:
        try:
            party = self._signatory.directory.party(receiver)
        except PartyUnknown:
            return False
        return party.code != BROKER and party.serves(region, self._signatory.now())


def _named(one: tuple[Sent, Item]) -> Mapping[str, str | int]:
    sent, item = one
    return {"inquiry": sent.jti, "index": item.index, "holder": sent.holder, "question": item.question}
