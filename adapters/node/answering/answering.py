"""The holder's side of the one path: take a permit and its inquiry, decide again, find the person, answer
with a code and nothing else.

- Two signatures are needed: the broker's under the permit, the requester's under the inquiry; neither alone
  opens anything here.
- The holder decides again on the same release and with what it knows itself; where that gives another
  decision, nothing is answered.
- The holder only narrows: without its own standing decision a rule waits for a person, and while it pauses
  nothing is answered.
- Reply and record stand together: entries, row and sealed reply are written in one transaction, before the
  reply is signed.
- What was asked here too often, about one person or by one requester, waits for a person: counted before the
  register is asked, and again within the transaction that records it.
- Yes and no cost the same work, have the same length, and leave at a beat of the clock.
- What was taken longer ago than any question may wait is not answered, under whatever permit.
- The same inquiry under a fresh permit gets the same reply: the register is not asked twice.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import Counter
from sqlalchemy import Connection

from adapters.node.answering import inbox, standing
from adapters.node.answering.attempts import Attempt, Counting
from adapters.node.answering.duties import BY_PROGRAM
from adapters.node.answering.inbox import Taken, Waiting
from adapters.node.answering.marks import Marks
from adapters.node.answering.standing import Standing
from adapters.node.locked import Locked, unlock_subjects
from adapters.node.persons import Persons
from adapters.node.reviewing import reviews
from adapters.node.reviewing.reviews import UrgentReview
from adapters.partners import Adapter, Asked, Finding
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.answers import Answer, envelope
from contract.codes import BROKER
from contract.days import day_of
from contract.directory import Desk
from contract.documents import (
    AskedQuestion,
    Ground,
    Inquiry,
    Outcome,
    Permit,
    PermittedQuestion,
    Reply,
    decision_input,
)
from contract.problems import (
    AddresseeWrong,
    Conflict,
    DecisionDiffers,
    DocumentExpired,
    DocumentMalformed,
    DocumentReplayed,
)
from contract.sealing import Context, Sealed, seal
from contract.signatory import Received, Signatory
from contract.signing import CLOCK_SKEW_S, moment
from contract.working_days import working_days_after
from party.events import Event, log
from party.hand_outs import HandOuts
from policies import Decision, Parameters

_answers = Counter(
    "grondslag_answers_total",
    "Permitted questions that were taken in, by what became of them.",
    ["status", "mode"],
)


@dataclass(frozen=True)
class _Question:
    """A permitted question, the decision on it here, and what becomes of it: answered at once, for a person,
    or refused on a ground.
    """

    asked: AskedQuestion
    permitted: PermittedQuestion
    decision: Decision | None
    ground: Ground | None
    automatic: bool
    attempts: tuple[Attempt, ...] = ()
    often: bool = False
    answer: Answer | None = None
    doubtful: bool = False
    restricted: bool = False
    matched_by: str | None = None

    def outcome(self) -> Outcome:
        if self.ground is not None:
            return Outcome(index=self.permitted.index, status="refused", ground=self.ground)
        return Outcome(index=self.permitted.index, status="answered" if self.answer else "waits_for_person")


class Answering:
    """`beat` is the timing class: a reply leaves at a whole number of beats after its permit came in."""

    def __init__(
        self,
        signatory: Signatory,
        hand_outs: HandOuts,
        trail: Trail,
        adapter: Adapter,
        *,
        counting: Counting,
        beat: timedelta,
        hear: Callable[[], Awaitable[None]],
        marks: Marks,
        persons: Persons,
    ) -> None:
        """`hear` asks the broker at once which releases were agreed on. `marks`: about whom few may look."""
        self._persons = persons
        self._signatory = signatory
        self._hand_outs = hand_outs
        self._hear = hear
        self._marks = marks
        self._trail = trail
        self._adapter = adapter
        self._counting = counting
        self._beat_s = beat.total_seconds()

    async def answer(self, permit_token: str, inquiry_token: str, identities: Mapping[str, str]) -> str:
        """The signed reply to a permit.

        Raises a document problem (400, 401, 409, 413), AnsweringPaused for what was answered before the
        pause, Conflict when the holder decided otherwise meanwhile, PolicyUnavailable, TrailUnavailable,
        RegisterUnavailable; then nothing is answered.
        """
        started = time.monotonic()
        # 5  whose signatures, the same release
        permit, inquiry = self._read(permit_token, inquiry_token, identities)
        known, holds = await self._trail.read(lambda store: self._known(store, inquiry))
        before = next((taken for taken in known if taken.jti == inquiry.document.jti), None)
        if before is not None:
            return await self._again(before, permit, inquiry)
        # 6  decide again, standing decision, pause
        questions = await self._decided(permit.document, inquiry, holds, known)
        # 7  find the person, minimise, record
        subjects = unlock_subjects(inquiry.document, identities, self._signatory)
        questions = await self._counted(permit.document, inquiry, questions, subjects)
        limits = self._hand_outs.newest(int(self._signatory.now().timestamp())).catalogue.parameters
        questions = await self._answered(questions, subjects, limits)
        outcomes = [question.outcome() for question in questions]
        sealed = self._sealed(inquiry, questions)
        await self._record(permit, inquiry, identities, questions, subjects=subjects, sealed=sealed)
        # 8  sign, and leave at the beat
        reply = self._reply(permit.digest, inquiry.digest, inquiry.document.jti, outcomes, sealed)
        await self._even(started)
        return reply

    async def forget(self) -> None:
        """What was counted goes when it was kept long enough. Raises TrailUnavailable."""
        now = self._signatory.now()
        await self._trail.append([], lambda store, _: self._counting.forget(store, now))

    # ── the steps ──

    def _read(
        self, permit_token: str, inquiry_token: str, identities: Mapping[str, str]
    ) -> tuple[Received[Permit], Received[Inquiry]]:
        permit = self._signatory.read(Permit, permit_token)
        if permit.sender.code != BROKER:
            raise DocumentMalformed
        self._verify_time(permit.document)
        accepted_at = moment(permit.document.accepted_at)
        inquiry = self._signatory.read(Inquiry, inquiry_token, audience=BROKER, at=accepted_at)
        document = inquiry.document
        if permit.document.inquiry != inquiry.digest:
            raise DocumentMalformed
        me = self._signatory.party
        if document.holder != me.code:
            raise AddresseeWrong
        if document.asks != me.partner or inquiry.sender.partner is None or inquiry.sender.code == me.code:
            raise DocumentMalformed
        asked = len(document.questions)
        if any(question.index >= asked for question in permit.document.questions):
            raise DocumentMalformed
        needed = {document.questions[question.index].subject_ref for question in permit.document.questions}
        if set(identities) != needed or not document.locks(identities):
            raise DocumentMalformed
        return permit, inquiry

    def _verify_time(self, permit: Permit) -> None:
        """Raises DocumentExpired for an inquiry that was taken longer ago than any question may wait, or was
        not taken yet; DocumentMalformed for a later deadline. By our own clock, calendar and hand-out: what
        the broker kept does not live as long as it says.
        """
        accepted_at, now = moment(permit.accepted_at), self._signatory.now()
        if now < accepted_at - timedelta(seconds=CLOCK_SKEW_S):
            raise DocumentExpired
        limits = self._hand_outs.newest(permit.accepted_at).catalogue.parameters
        longest = max(
            working_days_after(accepted_at, limits.human_deadline_working_days),
            accepted_at + timedelta(hours=limits.fast_deadline_hours),
        )
        on_the_way = timedelta(seconds=Permit.lifetime_s)
        if now > longest + on_the_way:
            raise DocumentExpired
        if any(moment(question.due_at) > longest + on_the_way for question in permit.questions):
            raise DocumentMalformed

    def _known(self, store: Connection, inquiry: Received[Inquiry]) -> tuple[list[Taken], Standing]:
        document = inquiry.document
        known = inbox.load_known(store, document.jti, document.case_ref)
        return known, standing.load(store, self._signatory.now())

    async def _again(self, before: Taken, permit: Received[Permit], inquiry: Received[Inquiry]) -> str:
        if before.digest != inquiry.digest or permit.digest in before.permits:
            raise DocumentReplayed

        def repeated(store: Connection, _: object) -> None:
            standing.verify_answering(store)  # the broker tries again: the reply is kept, not lost
            inbox.change(store, before.jti, lambda one: one.under(permit.digest))

        again = {"inquiry": before.jti, "case_ref": before.case_ref, "permit": permit.digest}
        await self._trail.append([Entry(Kind.REPLY_AGAIN, again)], repeated)
        outcomes, sealed = before.first()
        return self._reply(permit.digest, before.digest, before.jti, outcomes, sealed)

    async def _decided(
        self, permit: Permit, inquiry: Received[Inquiry], holds: Standing, known: Sequence[Taken]
    ) -> list[_Question]:
        """Raises DecisionDiffers when this release, with what is known here, does not give exactly what the
        permit says.
        """
        ground: Ground | None = "holder_paused" if holds.paused else None
        if not await self._accepts(permit):
            ground = "holder_revision_differs"
        pairs = [(inquiry.document.questions[one.index], one) for one in permit.questions]
        if ground is not None:
            return [_Question(asked, permitted, None, ground, automatic=False) for asked, permitted in pairs]
        asked_here = {
            (one.subject_ref, one.question, taken.purpose) for taken in known for one in taken.questions
        }
        inputs = []
        for asked, permitted in pairs:
            repeated = (asked.subject_ref, asked.question, inquiry.document.purpose) in asked_here
            repetition = permitted.repetition
            if repeated and not repetition.asked_before:
                repetition = repetition.model_copy(update={"asked_before": True})
            inputs.append(
                decision_input(
                    inquiry.document.asker(str(inquiry.sender.partner)),
                    asked,
                    purpose=inquiry.document.purpose,
                    urgency=inquiry.document.urgency,
                    case=permit.case,
                    repetition=repetition,
                    re_roled=permitted.re_roled,
                )
            )
        now = int(self._signatory.now().timestamp())
        hand_out = await self._hand_outs.of(permit.revision, now)
        catalogue = hand_out.release.catalogue
        if permit.case.regime != catalogue.regime(permit.case.region):
            raise DecisionDiffers
        attested, partner = inquiry.document.urgency_attested, inquiry.sender.partner
        if attested is not None and not catalogue.may_declare_urgency(partner, attested):
            raise DocumentMalformed
        # on the day on which the broker took it, as the broker did
        decided = await hand_out.decide(inputs, datetime.fromtimestamp(permit.accepted_at, UTC))
        questions = []
        for (asked, permitted), dated in zip(pairs, decided, strict=True):
            decision = dated.decision
            same = (decision.effect, decision.rule, decision.mode) == (
                "permit",
                permitted.rule,
                permitted.mode,
            )
            if not same or decision.answer_codes != permitted.answer_codes or decision.desk != permitted.desk:
                log(Event.DECISION_DIFFERS, question=asked.question, rule=permitted.rule)
                raise DecisionDiffers
            automatic = (
                decision.mode == "automatic"
                and permitted.rule in holds.automatic
                and BY_PROGRAM.issuperset(decision.obligations)  # what only a person does waits for one
            )
            questions.append(_Question(asked, permitted, decision, None, automatic))
        return questions

    async def _accepts(self, permit: Permit) -> bool:
        """Whether the permit rests on a release that this partner accepted, and that was in force when the
        broker took the inquiry.
        """
        if not self._hand_outs.valid(permit.revision, permit.accepted_at):
            await self._hear()
        return self._hand_outs.valid(permit.revision, permit.accepted_at)

    async def _counted(
        self,
        permit: Permit,
        inquiry: Received[Inquiry],
        questions: Sequence[_Question],
        subjects: Mapping[str, Locked],
    ) -> list[_Question]:
        """What was asked too often waits for a person."""
        if not self._counting.counts or any(question.ground is not None for question in questions):
            return [*questions]
        now = self._signatory.now()
        hand_out = await self._hand_outs.of(permit.revision, int(now.timestamp()))
        repeats = hand_out.release.catalogue.limits(permit.case.region).max_repeats
        asked = []
        for question in questions:
            attempts = self._counting.of_question(
                question.asked.question,
                asked_of(question.asked, subjects).identity,
                each=f"{inquiry.document.jti} {question.permitted.index}",
                requester=inquiry.sender.code,
                day=day_of(now),
                repeats=repeats,
            )
            asked.append(replace(question, attempts=attempts))
        every = [attempt for question in asked for attempt in question.attempts]
        over = await self._trail.read(lambda store: self._counting.over(store, every, now))
        counted = []
        for question in asked:
            often = not over.isdisjoint(_fingerprints(question))
            if often:
                log(Event.ASKED_OFTEN, partner=inquiry.sender.code, question=question.asked.question)
            counted.append(replace(question, often=often, automatic=question.automatic and not often))
        return counted

    async def _answered(
        self, questions: Sequence[_Question], subjects: Mapping[str, Locked], limits: Parameters
    ) -> list[_Question]:
        automatic = [question for question in questions if question.automatic]
        findings = iter(
            await self._adapter.look_up([asked_of(one.asked, subjects, limits) for one in automatic])
        )
        # whether few may look changes nothing here: what no person looks at, nobody is kept from
        marked = {ref for ref, one in subjects.items() if one.identity and self._marks.may_be(one.identity)}
        answered = []
        for one in questions:
            question = replace(one, restricted=one.asked.subject_ref in marked)
            if not question.automatic:
                answered.append(question)
                continue
            finding = next(findings)
            answer = answer_of(finding, question.permitted, self._signatory.party.desk, source="register")
            question = replace(question, answer=answer, doubtful=finding.doubtful)
            answered.append(replace(question, matched_by=finding.matched_by))
        return answered

    def _sealed(self, inquiry: Received[Inquiry], questions: Sequence[_Question]) -> Sealed:
        answers = {
            slot: question.answer for slot, question in enumerate(questions) if question.answer is not None
        }
        return seal_answers(self._signatory, inquiry.document, inquiry.sender.code, len(questions), answers)

    async def _record(
        self,
        permit: Received[Permit],
        inquiry: Received[Inquiry],
        identities: Mapping[str, str],
        questions: Sequence[_Question],
        *,
        subjects: Mapping[str, Locked],
        sealed: Sealed,
    ) -> None:
        document, requester = inquiry.document, inquiry.sender.code
        shared: dict[str, Any] = {
            "inquiry": document.jti,
            "case_ref": document.case_ref,
            "requester": requester,
            "purpose": document.purpose,
        }
        of_inquiry = {
            **shared,
            "inquiry_digest": inquiry.digest,
            "permit": permit.digest,
            "revision": permit.document.revision,
        }
        entries = [Entry(Kind.INQUIRY, of_inquiry)]
        for question in questions:
            identity = subjects[question.asked.subject_ref].identity
            person = None if identity is None else self._persons.keyed(identity)
            entries.append(_entry(shared, question, person))
        taken = Taken(
            jti=document.jti,
            digest=inquiry.digest,
            case_ref=document.case_ref,
            requester=requester,
            purpose=document.purpose,
            requester_role=document.requester_role,
            urgency=document.urgency,
            accepted_at=permit.document.accepted_at,
            received_at=int(self._signatory.now().timestamp()),
            permits=(permit.digest,),
            questions=tuple(_waiting(question) for question in questions),
            outcomes=tuple(question.outcome().model_dump(exclude_none=True) for question in questions),
            sealed=vars(sealed),
            token=inquiry.token,
            identities=dict(identities),
        )
        reviewed = await self._to_review(permit.document, inquiry, questions)
        entries += [one.entry() for one in reviewed]
        kept = taken if taken.waiting else replace(taken, token=None, identities=None)
        used = {question.permitted.rule for question in questions if question.answer is not None}
        attempts = [attempt for question in questions for attempt in question.attempts]
        urgent = None
        if attempts and document.urgency == "acute_danger" and permit.document.case.melding != "registered":
            urgent = self._counting.of_urgency(requester, document.case_ref)
            attempts.append(urgent)

        def record(store: Connection, _: object) -> frozenset[str]:
            now = self._signatory.now()
            if used:
                holds = standing.load(store, now)
                if holds.paused or not holds.automatic.issuperset(used):
                    raise Conflict  # decided otherwise while the register was asked: the broker tries again
            over: frozenset[str] = frozenset()
            if attempts:
                over = self._counting.over(store, attempts, now)
                if any(one.answer and not over.isdisjoint(_fingerprints(one)) for one in questions):
                    raise Conflict  # asked elsewhere at the same time: at the next try it waits for a person
                self._counting.note(store, attempts, now)
            inbox.insert(store, kept)
            reviews.save(store, reviewed)
            return over

        over = (await self._trail.append(entries, record)).result
        if urgent is not None and urgent.fingerprint in over:
            log(Event.URGENT_OFTEN, partner=requester)
        for question in questions:
            _answers.labels(question.outcome().status, question.permitted.mode).inc()

    async def _to_review(
        self, permit: Permit, inquiry: Received[Inquiry], questions: Sequence[_Question]
    ) -> list[UrgentReview]:
        """What is looked at afterwards, where the rule obliges to that; at most one."""
        decisions = [one.decision for one in questions if one.decision is not None]
        if not any(reviews.OBLIGATION in decision.obligations for decision in decisions):
            return []
        now, document = self._signatory.now(), inquiry.document
        hand_out = await self._hand_outs.of(permit.revision, int(now.timestamp()))
        days = hand_out.release.catalogue.limits(permit.case.region).urgent_review_working_days
        return [
            reviews.opened(
                document.jti,
                document.case_ref,
                "answered",
                inquiry.sender.code,
                (),
                now=now,
                working_days=days,
            )
        ]

    def _reply(self, permit: str, inquiry: str, jti: str, outcomes: Sequence[Outcome], sealed: Sealed) -> str:
        return self._signatory.write(
            Reply,
            to=BROKER,
            permit=permit,
            inquiry=inquiry,
            inquiry_jti=jti,
            outcomes=tuple(outcomes),
            kid=sealed.kid,
            sealed=sealed.text,
        ).token

    async def _even(self, started: float) -> None:
        if self._beat_s > 0:
            await asyncio.sleep(self._beat_s - (time.monotonic() - started) % self._beat_s)


def _fingerprints(question: _Question) -> frozenset[str]:
    return frozenset(attempt.fingerprint for attempt in question.attempts)


def asked_of(
    question: AskedQuestion, subjects: Mapping[str, Locked], limits: Parameters | None = None
) -> Asked:
    """Raises DocumentMalformed when nobody's identity came along: then nothing may have been permitted."""
    identity = subjects[question.subject_ref].identity
    if identity is None:
        raise DocumentMalformed
    years = None if limits is None else limits.police_lookback_years
    return Asked(question.question, identity, question.role, question.age_band, years)


def answer_of(finding: Finding, permitted: PermittedQuestion, desk: Desk, *, source: Any) -> Answer:
    """What leaves of a finding: only codes of the permit, and a desk only where there is something to call
    about.
    """
    codes = tuple(code for code in finding.codes if code in permitted.answer_codes)
    if not codes:
        codes = (
            ("none",) if "none" in permitted.answer_codes and not finding.doubtful else ("not_determinable",)
        )
    unsure = codes == ("not_determinable",)
    negative = codes in {("no",), ("none",), ("none_shareable",)}
    return Answer(
        codes=codes,
        as_of=finding.as_of,
        source=source,
        desk=desk if unsure or (permitted.desk and not negative) else None,
        valid_until=None if unsure or negative else finding.valid_until,
    )


def seal_answers(
    signatory: Signatory, inquiry: Inquiry, requester: str, slots: int, answers: Mapping[int, Answer]
) -> Sealed:
    """The envelope with these answers by slot, for the requester alone."""
    me = signatory.party
    plaintext = envelope(oin=me.oin, inquiry=inquiry.jti, slots=slots, answers=answers)
    context = Context("reply", inquiry.case_ref, inquiry.purpose, requester, me.code, inquiry.jti)
    return seal(plaintext, signatory.directory.sealing_key(requester, signatory.now()), context)


def _entry(shared: Mapping[str, Any], question: _Question, person: Mapping[str, Any] | None) -> Entry:
    """`person`: about whom it is, keyed; by that it is found when that person asks what is recorded."""
    outcome = question.outcome()
    facts = {
        **shared,
        "index": outcome.index,
        "question": question.asked.question,
        "rule": question.permitted.rule,
        "mode": question.permitted.mode,
        "status": outcome.status,
        "ground": outcome.ground,
        "legal_bases": [] if question.decision is None else list(question.decision.legal_bases),
    }
    if question.often:
        facts["often"] = True
    if question.matched_by is not None:
        facts["matched_by"] = question.matched_by
    sealed: dict[str, Any] = {"person": person}
    if question.answer is not None:
        sealed["answer"] = question.answer.model_dump(mode="json")
    return Entry(Kind.ANSWER, facts, subject_ref=question.asked.subject_ref, sealed=sealed, kept=True)


def _waiting(question: _Question) -> Waiting:
    states = {"refused": "refused", "answered": "answered", "waits_for_person": "waits"}
    return Waiting(
        index=question.permitted.index,
        subject_ref=question.asked.subject_ref,
        subject_role=question.asked.role,
        age_band=question.asked.age_band,
        permitted=question.permitted.model_dump(mode="json"),
        question=question.asked.question,
        state=states[question.outcome().status],
        doubtful=question.doubtful,
        restricted=question.restricted,
        often=question.often,
        obligations=question.decision.obligations if question.decision is not None else (),
    )
