"""The holder's people: see what waits, look, and let one answer go, or ask for more reason before looking.

- Opening shows who it is about and what the register suggests; it is an entry of its own.
- An official chooses from the permit's codes and nothing else; what was shielded or withheld leaves as the
  negative or not determinable.
- "More reason needed" can only be said before opening, so that it never depends on what the register holds
  (docs/law.md, Answers).
- An answer that was let go is handed to the broker until it has it, over restarts. What the broker does not
  take comes back on the list, so that a person calls.
- What may be about own staff or somebody well-known is there for a restricted official alone, and two of them
  let its answer go: one proposes, another who looked as well agrees.
- While the holder pauses nothing is let go and nothing is handed in; both wait.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from prometheus_client import Gauge
from sqlalchemy import Connection

from adapters.node.answering import inbox, standing
from adapters.node.answering.answering import answer_of, asked_of, seal_answers
from adapters.node.answering.duties import OfficialAnswer, to_state, verify_done
from adapters.node.answering.inbox import Taken, Waiting
from adapters.node.locked import Locked, unlock_subjects
from adapters.node.reviewing import reviews
from adapters.partners import Adapter, Finding, RegisterUnavailable
from audit.entry import Entry, Recorded
from audit.kinds import Kind
from audit.trail import Trail
from contract.answers import Answer
from contract.codes import BROKER
from contract.days import day_of
from contract.documents import Inquiry, Outcome, Reply
from contract.problems import (
    Conflict,
    DocumentReplayed,
    InternalError,
    NotAllowed,
    NotFound,
    NotWaiting,
    PartnerUnreachable,
    RequestInvalid,
    TooManyRequests,
    Unavailable,
    invalid_param,
    named,
)
from contract.signatory import Signatory
from contract.signing import moment
from party.backoff import pause_s
from party.bearer import OFFICIAL, RESTRICTED_OFFICIAL, Colleague
from party.events import Event, log
from party.wire import Unreachable, Wire
from policies.catalogue import Catalogue, PermitObligation

_NOT_YET = (Conflict, InternalError, TooManyRequests, Unavailable)
"""What the broker says when a later try may do: its own permit may still be under way to us."""

_waiting = Gauge("grondslag_waiting_questions", "Questions that wait for a person here.", ["overdue"])

_ALONE = frozenset({"yes", "no", "none", "none_shareable", "not_determinable", "in_meeting"})
"""Codes that say all there is to say; the others are flags and may stand together."""


@dataclass(frozen=True)
class OpenedQuestion:
    """What an official sees of one waiting question, here only. `finding`: None when the register cannot be
    asked now: the official answers from what else she can see. `to_state`: what is yet to be put in words.
    """

    taken: Taken
    waiting: Waiting
    subject: Locked
    finding: Finding | None
    to_state: tuple[PermitObligation, ...]
    proposed: Answer | None = None

    @property
    def by_asker(self) -> Mapping[str, str]:
        """What the asker put in words, by obligation."""
        return self.subject.stated.get(self.waiting.question, {})


class AnsweringDesk:
    def __init__(
        self,
        signatory: Signatory,
        wire: Wire,
        trail: Trail,
        adapter: Adapter,
        *,
        catalogue: Callable[[], Catalogue],
        timeout_s: float,
    ) -> None:
        """`catalogue`: of the release that is in force, which says what an obligation asks."""
        self._signatory = signatory
        self._wire = wire
        self._trail = trail
        self._adapter = adapter
        self._catalogue = catalogue
        self._timeout_s = timeout_s

    async def waiting(self, person: Colleague, most: int = 200) -> list[tuple[Taken, Waiting]]:
        """What waits for a person, oldest first; also what was answered as not determinable and still needs
        a look, and what the broker does not take. Raises NotAllowed.
        """
        person.needs(OFFICIAL)

        def load(store: Connection) -> list[tuple[Taken, Waiting]]:
            found = (
                (one, question)
                for one in inbox.load_waiting(store)
                for question in one.questions
                if question.listed and _may_see(question, person)
            )
            return list(islice(found, most))  # what somebody else must do takes no place

        return await self._trail.read(load)

    async def count_waiting(self) -> None:
        """Renews the figure of what waits, for operators."""
        now = self._signatory.now()
        in_time, late = await self._trail.read(lambda store: inbox.count_waiting(store, now))
        _waiting.labels("no").set(in_time)
        _waiting.labels("yes").set(late)

    async def open(self, jti: str, index: int, person: Colleague) -> OpenedQuestion:
        """Looks: who it is about, why it is asked, what the register suggests, if it can be asked; the entry
        says by which rules it was sought, or that it was not. Raises NotAllowed, NotFound, NotWaiting.
        """
        person.needs(OFFICIAL)
        taken, question = await self._question(jti, index, person)
        if not question.to_look_at:
            raise NotWaiting
        inquiry, subjects = self._unlock(taken, question)
        finding = None
        with suppress(RegisterUnavailable):
            asked = asked_of(inquiry.questions[index], subjects, self._catalogue().parameters)
            [finding] = await self._adapter.look_up([asked])
        facts = self._facts(taken, question, person)
        facts |= {"register": "away"} if finding is None else {"matched_by": finding.matched_by}
        entry = Entry(Kind.VIEW, facts, subject_ref=question.subject_ref)

        def seen(one: Taken) -> Taken:
            current = one.question(index)
            if current is None or not current.to_look_at:
                raise NotWaiting  # a colleague was first
            changes: dict[str, Any] = {"state": "opened"} if current.state == "waits" else {}
            if current.restricted and person.user not in current.seen_by:
                changes["seen_by"] = (*current.seen_by, person.user)
            return one.with_question(index, **changes)

        await self._trail.append([entry], lambda store, _: inbox.change(store, jti, seen))
        subject = subjects[question.subject_ref]
        by_asker = subject.stated.get(question.question, {})
        known = self._catalogue().obligations
        missing = tuple(to_state(question.obligations, known, by_asker))
        proposed = await self._proposed(question)
        return OpenedQuestion(taken, question, subject, finding, missing, proposed)

    async def answer(self, jti: str, index: int, chosen: OfficialAnswer, person: Colleague) -> bool:
        """Lets an answer go, once all is done that the rule asks for; False: another official has to agree
        first. Raises AnsweringPaused, NotAllowed, NotFound, NotWaiting, ObligationUnknown, RequestInvalid.
        """
        person.needs(OFFICIAL)
        taken, question = await self._question(jti, index, person)
        if question.state != "opened" or taken.lapsed(self._signatory.now()):
            raise NotWaiting
        permitted = question.permit()
        if not chosen.codes or not set(permitted.answer_codes).issuperset(chosen.codes):
            raise RequestInvalid(invalid_params=[invalid_param(("codes",), "not_in_permit")])
        if len(chosen.codes) > 1 and _ALONE.intersection(chosen.codes):
            raise RequestInvalid(invalid_params=[invalid_param(("codes",), "not_together")])
        _, subjects = self._unlock(taken, question)
        verify_done(
            chosen,
            question.obligations,
            self._catalogue().obligations,
            by_asker=subjects[question.subject_ref].stated.get(question.question, {}),
            since=moment(taken.accepted_at),
            now=self._signatory.now(),
        )
        finding = Finding(chosen.codes, day_of(self._signatory.now()), chosen.valid_until, doubtful=False)
        answer = answer_of(finding, permitted, self._signatory.party.desk, source="official")
        answer = answer.model_copy(update={"kind": chosen.kind})
        facts = {
            **self._facts(taken, question, person),
            **chosen.facts(),
            "status": "answered",
        }
        outcome = Outcome(index=index, status="answered")
        part = {"answer": answer.model_dump(mode="json"), **chosen.sealed()}
        if question.restricted:
            if not await self._agrees(question, answer, person):
                await self._propose(taken, question, person, part)
                return False
            facts["proposed_by"] = question.proposed_by
        # about whom it is stands in the entry of when it came in
        entry = Entry(Kind.ANSWER, facts, subject_ref=question.subject_ref, sealed=part, kept=True)
        await self._let_go(taken, question, outcome, entry, answer)
        return True

    async def ask_more_reason(self, jti: str, index: int, person: Colleague) -> None:
        """Refuses for now, before anybody looked. Raises AnsweringPaused, NotAllowed, NotFound,
        NotWaiting.
        """
        person.needs(OFFICIAL)
        taken, question = await self._question(jti, index, person)
        if question.state != "waits":
            raise NotWaiting
        outcome = Outcome(index=index, status="refused", ground="holder_needs_more_reason")
        facts = {**self._facts(taken, question, person), "status": "refused", "ground": outcome.ground}
        entry = Entry(Kind.ANSWER, facts, subject_ref=question.subject_ref)
        await self._let_go(taken, question, outcome, entry, None)

    async def looked(self, jti: str, index: int, person: Colleague) -> None:
        """A person has dealt with a doubtful match, with an answer that the broker does not take, or with a
        question that waited until no answer counts, by telephone. Raises NotAllowed, NotFound, NotWaiting.
        """
        person.needs(OFFICIAL)
        taken, question = await self._question(jti, index, person)
        lapsed = question.state in {"waits", "opened"} and taken.lapsed(self._signatory.now())
        if not question.doubtful and question.state != "failed" and not lapsed:
            raise NotWaiting
        entry = Entry(Kind.LOOKED, self._facts(taken, question, person), subject_ref=question.subject_ref)

        def done(one: Taken) -> Taken:
            current = one.question(index)
            if lapsed and current is not None and current.state == question.state:
                return one.with_question(index, state="lapsed")
            if current is None or current.state != "failed":
                return one.with_question(index, doubtful=False)
            [status] = [
                outcome["status"]
                for reply in one.later
                for outcome in reply["outcomes"]
                if outcome["index"] == index
            ]
            return one.with_question(index, state=inbox.gone(status), doubtful=False)

        await self._trail.append([entry], lambda store, _: inbox.change(store, jti, done))

    async def deliver_due(self, most: int = 32) -> int:
        """Hands later replies to the broker that it does not have yet; none while the holder pauses. Returns
        how many inquiries it took up.
        """
        now = self._signatory.now()

        def outgoing(store: Connection) -> list[Taken]:
            return [] if standing.load(store, now).paused else inbox.load_outgoing(store, now, most)

        due = await self._trail.read(outgoing)
        for taken in due:
            await self._hand_in_all(taken, now)
        return len(due)

    async def _hand_in_all(self, taken: Taken, now: datetime) -> None:
        told: dict[int, str | None] = {}
        for number, later in enumerate(taken.later):
            if not later["delivered"]:
                with suppress(Unavailable):
                    told[number] = await self._hand_in(taken, later)
        entries = [
            Entry(Kind.FAILED, {"inquiry": taken.jti, "case_ref": taken.case_ref, "problem": problem})
            for number, problem in told.items()
            if problem not in {None, taken.later[number]["problem"]}
        ]

        def after(one: Taken) -> Taken:
            for number, problem in told.items():
                one = one.handed_in(number, problem)
            return _rescheduled(one, now)

        await self._trail.append(entries, lambda store, _: inbox.change(store, taken.jti, after))

    async def _proposed(self, question: Waiting) -> Answer | None:
        """The answer that one of two would let go; None: none yet, or it was erased."""
        if question.proposed_at is None:
            return None
        part = (await self._trail.at([question.proposed_at]))[question.proposed_at].part
        return None if part is None else Answer.model_validate_json(orjson.dumps(part["answer"]))

    async def _agrees(self, question: Waiting, answer: Answer, person: Colleague) -> bool:
        """Whether somebody else proposed just this. Raises NotWaiting for who did not look."""
        if person.user not in question.seen_by:
            raise NotWaiting
        proposed = await self._proposed(question)
        return (
            proposed is not None
            and question.proposed_by != person.user
            and proposed.model_copy(update={"as_of": answer.as_of}) == answer
        )

    async def _propose(
        self, taken: Taken, question: Waiting, person: Colleague, part: Mapping[str, Any]
    ) -> None:
        facts = self._facts(taken, question, person)
        entry = Entry(Kind.PROPOSAL, facts, subject_ref=question.subject_ref, sealed=part)

        def propose(store: Connection, recorded: Sequence[Recorded]) -> None:
            def proposed(one: Taken) -> Taken:
                current = one.question(question.index)
                if current != question:
                    raise NotWaiting  # a colleague was first
                at = recorded[0].position
                return one.with_question(question.index, proposed_by=person.user, proposed_at=at)

            inbox.change(store, taken.jti, proposed)
            if reviews.OBLIGATION in question.obligations:
                reviews.note_actor(store, taken.jti, person.user)

        await self._trail.append([entry], propose)

    async def _let_go(
        self,
        taken: Taken,
        question: Waiting,
        outcome: Outcome,
        entry: Entry,
        answer: Answer | None,
    ) -> None:
        inquiry, _ = self._unlock(taken, question)
        answers = {0: answer} if answer is not None else {}
        sealed = seal_answers(self._signatory, inquiry, taken.requester, 1, answers)
        state = "released" if outcome.status == "answered" else "declined"
        now = self._signatory.now()

        def gone(one: Taken) -> Taken:
            current = one.question(question.index)
            if current is None or current.state != question.state:
                raise NotWaiting  # a colleague was first
            if current.proposed_at != question.proposed_at:
                raise NotWaiting  # and proposed something else
            return one.with_later(outcome, sealed, now).with_question(question.index, state=state)

        def let_go(store: Connection, _: object) -> None:
            standing.verify_answering(store)
            inbox.change(store, taken.jti, gone)
            if reviews.OBLIGATION in question.obligations:
                reviews.note_actor(store, taken.jti, str(entry.facts["user"]))

        await self._trail.append([entry], let_go)

    async def _hand_in(self, taken: Taken, later: Mapping[str, Any]) -> str | None:
        """The code of the problem that the broker has with it; None when it has it. Raises Unavailable when
        that is not known yet.
        """
        outcomes = tuple(Outcome.model_validate(outcome) for outcome in later["outcomes"])
        reply = self._signatory.write(
            Reply,
            to=BROKER,
            permit=taken.permits[-1],
            inquiry=taken.digest,
            inquiry_jti=taken.jti,
            outcomes=outcomes,
            kid=later["sealed"]["kid"],
            sealed=later["sealed"]["text"],
        )
        broker = self._signatory.directory.party(BROKER)
        try:
            response = await self._wire.send(
                "POST",
                broker.address,
                "/v1/replies",
                body=orjson.dumps({"reply": reply.token}),
                timeout_s=self._timeout_s,
            )
        except Unreachable:
            raise PartnerUnreachable from None
        if response.status < 400:
            return None
        problem = named(response.body) or PartnerUnreachable
        if problem is DocumentReplayed:  # the question is answered, and only by us: the broker has it already
            return None
        log(Event.REPLY_NOT_TAKEN, status=response.status)
        if issubclass(problem, _NOT_YET):
            raise PartnerUnreachable
        return problem.code

    async def _question(self, jti: str, index: int, person: Colleague) -> tuple[Taken, Waiting]:
        """Raises NotFound, and NotAllowed for who may not see it; that is recorded."""
        taken = await self._trail.read(lambda store: inbox.load(store, jti))
        question = taken.question(index) if taken is not None else None
        if taken is None or question is None:
            raise NotFound
        if not _may_see(question, person):
            raise NotAllowed(case_ref=taken.case_ref)
        return taken, question

    def _unlock(self, taken: Taken, question: Waiting) -> tuple[Inquiry, dict[str, Locked]]:
        """Reads the stored inquiry again, as of when it came in."""
        if taken.token is None or taken.identities is None:
            raise NotWaiting
        inquiry = self._signatory.read(
            Inquiry, taken.token, audience=BROKER, at=moment(taken.accepted_at)
        ).document
        texts = {question.subject_ref: taken.identities[question.subject_ref]}
        return inquiry, unlock_subjects(inquiry, texts, self._signatory)

    def _facts(self, taken: Taken, question: Waiting, person: Colleague) -> dict[str, Any]:
        return {
            "inquiry": taken.jti,
            "index": question.index,
            "case_ref": taken.case_ref,
            "requester": taken.requester,
            "purpose": taken.purpose,
            "question": question.question,
            "rule": question.permit().rule,
            "user": person.user,
        }


def _may_see(question: Waiting, person: Colleague) -> bool:
    return not question.restricted or RESTRICTED_OFFICIAL in person.roles


def _rescheduled(taken: Taken, now: datetime) -> Taken:
    """A problem that may still be mended is tried again until the questions are due; a broker that cannot be
    reached, always: late is not lost.
    """
    due = now.timestamp() < taken.due_at
    if all(reply["delivered"] or (reply["problem"] and not due) for reply in taken.later):
        return replace(taken, next_at=None, attempts=0)
    later = now + timedelta(seconds=pause_s(taken.attempts))
    return replace(taken, next_at=int(later.timestamp()) + 1, attempts=taken.attempts + 1)
