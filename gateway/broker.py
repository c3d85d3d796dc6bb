"""The broker: the one path of a question through the centre, blind to persons and to answers.

- Nothing leaves before the entry that says so is durable; what cannot be recorded is not done.
- A refusal, "not yet" and a partner that is down are values; a policy that cannot be read or a trail that
  cannot be written is an error.
- What is accepted survives a restart: it stands in the inquiry's row, written with its entries, and is
  delivered again until its time is over.
- An inquiry is accepted once: the same bytes again get its state, other bytes under its id are refused.
- No two decisions rest on the same version of a case, so "asked before" cannot be raced.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import Counter
from sqlalchemy import Connection

from audit.entry import Entry, Recorded
from audit.errors import TrailUnavailable
from audit.kinds import Kind
from audit.trail import Trail
from contract.directory import Party
from contract.documents import (
    ANSWERED_WITHIN,
    CaseAcceptance,
    CaseStatement,
    Inquiry,
    Reply,
    decision_input,
)
from contract.problems import (
    AcceptanceNotNeeded,
    AcceptanceNotYours,
    CaseNotYours,
    CaseStatementStale,
    CaseUnknown,
    Conflict,
    DocumentExpired,
    DocumentMalformed,
    DocumentReplayed,
    InternalError,
    NotFound,
    PartyIsOwn,
    PartyUnknown,
    SenderUnknown,
    TooBusy,
)
from contract.signatory import Received, Signatory
from gateway.inquiries import cases, inquiries
from gateway.inquiries.asked import AskedInquiry, accepted_as, entries_of
from gateway.inquiries.cases import Case, CaseRaced
from gateway.inquiries.courier import Courier, DeliveredReply
from gateway.inquiries.deadlines import due_at
from gateway.inquiries.inquiries import Accepted, earlier
from gateway.inquiries.receipts import receipt
from party.hand_outs import HandOut, HandOuts
from policies.catalogue import Catalogue

_decisions = Counter("grondslag_decisions_total", "Decisions that were recorded.", ["effect", "mode"])
_arrived = Counter(
    "grondslag_questions_arrived_total", "Questions, by what the holder's reply said of them.", ["state"]
)


@dataclass(frozen=True)
class Presented:
    """An inquiry as it came in: the document, and the locked identities that travel beside it, by subject
    reference.
    """

    token: str
    identities: Mapping[str, str]


@dataclass(frozen=True)
class RequesterView:
    """What a requester may know of its inquiries: how far each question is, the sealed replies, and the
    receipt.
    """

    inquiries: tuple[Accepted, ...]
    receipt: str


class Broker:
    """The centre's one path. Everything it stands on is an argument; its own state is only how many are
    inside.
    """

    def __init__(
        self,
        signatory: Signatory,
        courier: Courier,
        hand_outs: HandOuts,
        trail: Trail,
        *,
        most_at_once: int,
        keep_replies: timedelta,
    ) -> None:
        """`keep_replies`: how long a sealed reply waits for its requester at most (K0)."""
        self._signatory = signatory
        self._courier = courier
        self._hand_outs = hand_outs
        self._trail = trail
        self._room = most_at_once
        self._keep_replies = keep_replies

    async def handle(self, presented: Sequence[Presented]) -> RequesterView:
        """One enrichment: all inquiries of one requester, together.

        Raises a document problem, CaseUnknown, CaseStatementStale, TooBusy, PolicyUnavailable,
        TrailUnavailable; then nothing has left.
        """
        async with self._admitted():
            # 1  who is calling, is it fresh, is it whole
            hand_out = await self._hand_outs.now(int(self.now_s()))
            received = self._read(presented, hand_out)
            known_cases, known = await self._trail.read(lambda store: _known(store, received))
            repeated = _repeated(received, known)
            if repeated:
                return await self._report(received[0].sender, repeated)
            asked = self._placed(received, presented, known_cases, known, hand_out)
            # 2  decide: one call for all questions
            now = self._signatory.now()  # the day that holders decide by too
            asked = await self._decided(asked, hand_out, now)
            # 3  record, durably, before anything leaves
            accepted = await self._accept(asked, hand_out, now)
            # 4-7  permits go out, the holders answer
            deliveries = await self._courier.deliver_all([one for one in accepted if not one.in_vain])
            # 8  check, record
            try:
                after = await self._arrived(deliveries) | await self._given_up(accepted)
            except TrailUnavailable:  # not recorded, not passed on: the permits go out again later
                after = {}
            # 9  reply, receipt
            try:
                return await self._report(received[0].sender, [after.get(one.jti, one) for one in accepted])
            except TrailUnavailable:  # "nothing has left" would be untrue by now
                raise InternalError from None

    async def state_case(self, token: str) -> str:
        """Takes a new statement of a case; the receipt. Raises a document problem, CaseNotYours, NotAttested,
        CaseStatementStale, TrailUnavailable.
        """
        statement = self._signatory.read(CaseStatement, token)
        said, by = statement.document, statement.sender
        directory = self._signatory.directory
        if by.code == self._signatory.party.code or said.region not in directory.regions:
            raise DocumentMalformed
        if not by.serves(said.region, self._signatory.now()):
            raise CaseNotYours
        catalogue = self._hand_outs.newest(int(self.now_s())).catalogue
        cases.verify_attested(
            said,
            asking=catalogue.asking_roles.get(str(by.partner), ()),
            urgent=catalogue.urgent_asking_roles,
        )
        before = (await self._trail.read(lambda store: cases.load(store, [said.case_ref]))).get(said.case_ref)
        if said.replaces != (before.statement if before else None):
            raise CaseStatementStale
        due = timedelta(hours=catalogue.limits(said.region).melding_due_hours)
        kept_by = None if before is None else directory.party(before.brought_by)
        after = cases.stated(
            said,
            statement.digest,
            by,
            before,
            kept_by,
            chairs=catalogue.has_duty(by.partner, "chairs"),
            now=self._signatory.now(),
            due=due,
        )
        facts = {
            "case_ref": said.case_ref,
            "statement": statement.digest,
            "by": by.code,
            "region": said.region,
            "facts": after.facts,
            "attested": said.attested.model_dump(),
        }

        def save(store: Connection, recorded: Sequence[Recorded]) -> None:
            cases.save(store, replace(after, position=recorded[0].position), before)

        try:
            appended = await self._trail.append([Entry(Kind.CASE, facts)], save)
        except CaseRaced:
            raise CaseStatementStale from None
        return await self._case_receipt(by, replace(after, position=appended.recorded[0].position))

    async def accept_case(self, token: str) -> str:
        """Takes that a partner accepted a case (C22); the receipt, with the case as it was stated. A case is
        accepted once: whoever accepts it again gets the receipt of the first.

        Raises a document problem, AcceptanceNotYours, CaseUnknown, AcceptanceNotNeeded, CaseStatementStale,
        TooBusy, TrailUnavailable.
        """
        acceptance = self._signatory.read(CaseAcceptance, token)
        said, by = acceptance.document, acceptance.sender
        now = self._signatory.now()
        catalogue = self._hand_outs.newest(int(self.now_s())).catalogue
        roles = catalogue.asking_roles.get(str(by.partner), ())
        may = said.mandated and said.attested in roles
        if not may or not catalogue.has_duty(by.partner, "accepts"):
            raise AcceptanceNotYours
        before = (await self._trail.read(lambda store: cases.load(store, [said.case_ref]))).get(said.case_ref)
        if before is None or not by.serves(before.region, now):
            raise CaseUnknown  # unknown and another's look alike
        if catalogue.regime(before.region) != "zvh":
            raise AcceptanceNotNeeded
        if before.accepted is not None:
            return await self._case_receipt(by, before)
        if said.case_statement != before.statement:
            raise CaseStatementStale
        facts = {
            "case_ref": said.case_ref,
            "statement": said.case_statement,
            "acceptance": acceptance.digest,
            "by": by.code,
            "attested": said.attested,
            "region": before.region,
        }
        after = replace(before, version=before.version + 1)

        def save(store: Connection, recorded: Sequence[Recorded]) -> Case:
            accepted = replace(after, accepted=recorded[0].position)
            cases.save(store, accepted, before)
            return accepted

        try:
            appended = await self._trail.append([Entry(Kind.ACCEPTANCE, facts)], save)
        except CaseRaced:
            raise TooBusy from None  # restated, asked in or accepted just now: try again, knowing that
        return await self._case_receipt(by, appended.result)

    async def case(self, case_ref: str, caller: Party) -> str:
        """The receipt of the newest statement of a case, for partners of its region, but not for another of
        the kind that chairs it. Raises NotFound: unknown and another's look alike.
        """
        case = (await self._trail.read(lambda store: cases.load(store, [case_ref]))).get(case_ref)
        if case is None or not caller.serves(case.region, self._signatory.now()):
            raise NotFound
        if self._another_chairs(case, caller, self._hand_outs.newest(int(self.now_s())).catalogue):
            raise NotFound
        return await self._case_receipt(caller, case)

    def now_s(self) -> float:
        return self._signatory.now().timestamp()

    async def take_reply(self, token: str) -> None:
        """A reply that a holder's person released later. Handing the same one in again changes nothing.

        Raises a document problem, also for a reply to what was asked so long ago that no answer counts any
        more, DocumentReplayed when it answers what was answered already, Conflict when its permit may still
        come to count, TrailUnavailable.
        """
        reply = self._signatory.read(Reply, token)
        accepted = await self._trail.read(lambda store: inquiries.load_one(store, reply.document.inquiry_jti))
        if accepted is None:
            raise DocumentMalformed
        if self.now_s() > accepted.accepted_at + ANSWERED_WITHIN.total_seconds():
            raise DocumentExpired
        if accepted.token is not None and accepted.holder == reply.sender.code:
            raise Conflict  # the first reply was lost: a fresh permit follows, and this one under that
        delivery = self._courier.delivery(accepted, reply, permits=accepted.permits)
        if any(earlier_reply["digest"] == reply.digest for earlier_reply in accepted.replies):
            return
        await self._arrived([delivery], once=True)

    async def report(self, jti: str, caller: Party, *, seen: int) -> RequesterView | None:
        """The state of one inquiry for its requester; None when it has seen this version. What it has seen
        is no longer kept.

        Raises NotFound for an inquiry that is unknown or another's: the two look alike.
        """
        accepted = await self._trail.read(lambda store: inquiries.load_one(store, jti))
        if accepted is None or accepted.requester != caller.code:
            raise NotFound
        if any(reply["token"] and reply["version"] <= seen for reply in accepted.replies):
            [accepted] = (
                await self._trail.append(
                    [], lambda store, _: inquiries.change(store, [jti], lambda one: one.seen(seen))
                )
            ).result
        return None if seen >= accepted.version else await self._report(caller, [accepted])

    async def deliver_due(self, most: int = 32) -> int:
        """Tries again what did not arrive, and lets go what was kept long enough. Returns how many inquiries
        it took up.
        """
        now = self._signatory.now()
        due = await self._trail.read(lambda store: inquiries.load_due(store, now, most))
        arrived = await self._arrived(await self._courier.deliver_all(due))
        missed = [one for one in due if one.jti not in arrived]
        if missed:
            with suppress(CaseRaced):  # a reply came in by another way: all of them are taken up again
                await self._postpone(missed, now)
        return len(due)

    # ── the steps ──

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        if self._room <= 0:
            raise TooBusy  # past this point more at once only makes everyone wait longer
        self._room -= 1
        try:
            yield
        finally:
            self._room += 1

    def _read(self, presented: Sequence[Presented], hand_out: HandOut) -> list[Received[Inquiry]]:
        received = [self._signatory.read(Inquiry, one.token) for one in presented]
        senders = {one.sender.code for one in received}
        ids = {one.document.jti for one in received}
        addressed = {(one.document.case_ref, one.document.holder) for one in received}
        if (
            len(senders) != 1
            or senders == {self._signatory.party.code}
            or not len(ids) == len(addressed) == len(received)
        ):
            raise DocumentMalformed
        for one, beside in zip(received, presented, strict=True):
            document = one.document
            whole = beside.identities.keys() == document.identities.keys()
            if (
                not whole
                or not document.locks(beside.identities)
                or any(
                    question.question not in hand_out.release.catalogue.questions
                    for question in document.questions
                )
            ):
                raise DocumentMalformed
            attested = document.urgency_attested
            if attested is not None and not hand_out.release.catalogue.may_declare_urgency(
                one.sender.partner, attested
            ):
                raise DocumentMalformed
            if document.holder == one.sender.code:
                raise PartyIsOwn
            if not one.sender.takes_part(self._signatory.now()):
                raise SenderUnknown
        return received

    def _placed(
        self,
        received: Sequence[Received[Inquiry]],
        presented: Sequence[Presented],
        known_cases: Mapping[str, Case],
        known: Sequence[Accepted],
        hand_out: HandOut,
    ) -> list[AskedInquiry]:
        """Each inquiry in its case, with what policy is to see of it."""
        asked = []
        now = self._signatory.now()
        catalogue = hand_out.release.catalogue
        for one, beside in zip(received, presented, strict=True):
            document, requester = one.document, one.sender
            case = known_cases.get(document.case_ref)
            if case is None:
                raise CaseUnknown
            if case.statement != document.case_statement:
                raise CaseStatementStale
            before = earlier(accepted for accepted in known if accepted.case_ref == case.case_ref)
            together = [
                (question.subject_ref, question.role)
                for other in received
                if other.document.case_ref == case.case_ref
                for question in other.document.questions
            ]
            limits = catalogue.limits(case.region)
            asker = document.asker(str(requester.partner))
            if self._another_chairs(case, requester, catalogue):
                asker = replace(asker, assigned=False)  # whatever its node says
            facts = case.facts_for(
                now=now,
                regime=catalogue.regime(case.region),
                own_region=case.region in requester.regions,
            )
            inputs = tuple(
                decision_input(
                    asker,
                    question,
                    purpose=document.purpose,
                    urgency=document.urgency,
                    case=facts,
                    repetition=before.repetition(
                        question, document.holder, document.purpose, limits, together=together
                    ),
                    re_roled=before.re_roled(question, together=together),
                )
                for question in document.questions
            )
            there = self._there(document, requester, case.region, now)
            asked.append(AskedInquiry(one, beside.identities, case, facts, inputs, there))
        return asked

    def _another_chairs(self, case: Case, party: Party, catalogue: Catalogue) -> bool:
        kept_by = self._signatory.directory.party(case.brought_by)
        chairs = catalogue.has_duty(party.partner, "chairs")
        return cases.another_chairs(party, kept_by, chairs=chairs, now=self._signatory.now())

    def _there(self, document: Inquiry, requester: Party, region: str, now: datetime) -> bool:
        """Whether the holder takes part and serves the region; another region is asked of one's own kind
        alone (hand-out, row A15). Raises DocumentMalformed for one of another kind than it is asked as.
        """
        try:
            holder = self._signatory.directory.party(document.holder)
        except PartyUnknown:  # the requester has another directory: its other inquiries go on
            return False
        if holder.partner != document.asks:
            raise DocumentMalformed
        return holder.takes_part(now) and (region in holder.regions or holder.partner == requester.partner)

    async def _decided(
        self, asked: Sequence[AskedInquiry], hand_out: HandOut, now: datetime
    ) -> list[AskedInquiry]:
        catalogue = hand_out.release.catalogue
        decisions = iter(await hand_out.decide([fact for one in asked for fact in one.inputs], now))
        decided = []
        for one in asked:
            limits = catalogue.limits(one.case.region)
            own = tuple(next(decisions) for _ in one.inputs)
            due = tuple(
                due_at(
                    dated.decision.deadline,
                    now=now,
                    meeting_on=one.case.meeting_on,
                    working_days=limits.human_deadline_working_days,
                    before_meeting=limits.human_deadline_working_days_before_meeting,
                    fast_hours=limits.fast_deadline_hours,
                )
                for dated in own
            )
            decided.append(
                replace(
                    one,
                    inputs=tuple(dated.given for dated in own),
                    decisions=tuple(dated.decision for dated in own),
                    due=tuple(int(moment.timestamp()) for moment in due),
                )
            )
        return decided

    async def _accept(
        self, asked: Sequence[AskedInquiry], hand_out: HandOut, now: datetime
    ) -> list[Accepted]:
        """The entries and the rows of these inquiries, in one transaction."""
        limits = hand_out.release.catalogue.limits
        entries = [
            entry
            for one in asked
            for entry in entries_of(one, hand_out.policy.engine, limits(one.case.region))
        ]

        def accept(store: Connection, recorded: Sequence[Recorded]) -> list[Accepted]:
            for case in {one.case.case_ref: one.case for one in asked}.values():
                cases.advance(store, case)
            positions = iter([entry.position for entry in recorded])
            accepted = [
                accepted_as(one, [next(positions) for _ in range(1 + len(one.inputs))], now) for one in asked
            ]
            inquiries.insert(store, accepted)
            return accepted

        try:
            accepted = (await self._trail.append(entries, accept)).result
        except CaseRaced:
            raise TooBusy from None  # somebody asked in this case just now: ask again, knowing that
        for decision in (decision for one in asked for decision in one.decisions):
            _decisions.labels(decision.effect, decision.mode or "none").inc()
        return accepted

    async def _arrived(
        self, deliveries: Sequence[DeliveredReply], *, once: bool = False
    ) -> dict[str, Accepted]:
        """Records the replies, all in one transaction; the inquiries as they are now, by id.

        `once`: raises DocumentReplayed when one answers what was answered already, seen from within the
        transaction.
        """
        if not deliveries:
            return {}
        now = self._signatory.now()
        entries = [Entry(Kind.REPLY, _reply_facts(delivery)) for delivery in deliveries]

        def arrive(store: Connection, recorded: Sequence[Recorded]) -> list[Accepted]:
            arrived = {
                delivery.accepted.jti: (delivery, entry.position)
                for delivery, entry in zip(deliveries, recorded, strict=True)
            }

            def after(one: Accepted) -> Accepted:
                delivery, position = arrived[one.jti]
                if once and one.answered(delivery.reply):
                    raise DocumentReplayed
                return one.after(delivery.reply, position=position, now=now, keep=self._keep_replies)

            return inquiries.change(store, list(arrived), after)

        changed = (await self._trail.append(entries, arrive)).result
        for outcome in (outcome for one in deliveries for outcome in one.reply.document.outcomes):
            _arrived.labels(outcome.state).inc()
        return {one.jti: one for one in changed}

    async def _given_up(self, accepted: Sequence[Accepted]) -> dict[str, Accepted]:
        """Records at once what can reach nobody; these inquiries as they are now, by id."""
        in_vain = [one for one in accepted if one.in_vain]
        return await self._postpone(in_vain, self._signatory.now()) if in_vain else {}

    async def _postpone(self, missed: Sequence[Accepted], now: datetime) -> dict[str, Accepted]:
        """These inquiries as they are now, by id. Raises CaseRaced when one that was to be given up changed
        since it was read.
        """
        read = {one.jti: one.version for one in missed}
        given_up = [one for one in missed if one.token is not None and now.timestamp() >= one.tried_until]
        facts = [{"inquiry": one.jti, "case_ref": one.case_ref, "holder": one.holder} for one in given_up]

        def postponed(store: Connection, recorded: Sequence[Recorded]) -> list[Accepted]:
            positions = {one.jti: entry.position for one, entry in zip(given_up, recorded, strict=True)}

            def after(one: Accepted) -> Accepted:
                position, changed = positions.get(one.jti), one.version != read[one.jti]
                if position is None:
                    return one if changed else one.postponed(now)
                if changed:
                    raise CaseRaced
                return one.given_up(position=position)

            return inquiries.change(store, list(read), after)

        entries = [Entry(Kind.UNDELIVERED, fact) for fact in facts]
        return {one.jti: one for one in (await self._trail.append(entries, postponed)).result}

    async def _case_receipt(self, to: Party, case: Case) -> str:
        """Of its newest statement, and of its acceptance."""
        positions = [position for position in (case.position, case.accepted) if position is not None]
        return await receipt(self._signatory, self._trail, to, positions)

    async def _report(self, requester: Party, accepted: Sequence[Accepted]) -> RequesterView:
        positions = [position for one in accepted for position in one.positions]
        return RequesterView(
            tuple(accepted), await receipt(self._signatory, self._trail, requester, positions)
        )


def _known(
    store: Connection, received: Sequence[Received[Inquiry]]
) -> tuple[dict[str, Case], list[Accepted]]:
    documents = [one.document for one in received]
    return cases.load(store, [document.case_ref for document in documents]), inquiries.load_known(
        store, documents
    )


def _repeated(received: Sequence[Received[Inquiry]], known: Sequence[Accepted]) -> list[Accepted]:
    """The inquiries that were accepted before, when all of these were, byte for byte; none when none was.
    Raises DocumentReplayed.
    """
    by_id = {accepted.jti: accepted for accepted in known}
    before = [by_id[one.document.jti] for one in received if one.document.jti in by_id]
    same = {accepted.digest for accepted in before} == {one.digest for one in received}
    if before and not same:
        raise DocumentReplayed
    return before


def _reply_facts(delivery: DeliveredReply) -> dict[str, Any]:
    accepted, reply = delivery.accepted, delivery.reply
    return {
        "inquiry": accepted.jti,
        "case_ref": accepted.case_ref,
        "requester": accepted.requester,
        "holder": accepted.holder,
        "permit": delivery.permit,
        "reply": reply.digest,
        "outcomes": [outcome.model_dump(exclude_none=True) for outcome in reply.document.outcomes],
    }
