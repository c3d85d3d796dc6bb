"""The requester's side of the one path: seal, sign, record, ask; verify, open, record, show.

- What is asked is recorded here before it is sent, and what came back is recorded before it is shown.
- A reply counts only with its receipt: every decision is read from an entry that is proven to be in the
  broker's trail.
- Only codes that the permit allows are opened; anything else is refused.
- After a restart, what was sent is asked after, never asked twice: the inquiry's id is its idempotency key.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import Connection

from adapters.node.asking import enrichments
from adapters.node.asking.addressees import Addressed, addressed
from adapters.node.asking.cases import assigned, verify_reads
from adapters.node.asking.composing import Composing
from adapters.node.asking.enrichments import Enrichment, EnrichmentRaced, OwnCase, Sent
from adapters.node.asking.opening import Arrived, Opening
from adapters.node.asking.views import Views
from adapters.node.asking.wish import Wish
from adapters.node.broker_line import BrokerLine
from adapters.node.reviewing import reviews
from adapters.node.reviewing.reviews import UrgentReview
from audit.entry import Entry, Recorded
from audit.kinds import Kind
from audit.trail import Trail
from contract.answers import Answer
from contract.documents import (
    Inquiry,
)
from contract.problems import (
    InternalError,
    NotFound,
    PartnerUnreachable,
    Problem,
    RevisionUnknown,
    Unavailable,
)
from contract.signatory import Signatory
from party.backoff import pause_s
from party.bearer import Colleague
from party.events import Event, log
from party.hand_outs import HandOuts
from party.wire import Response
from policies import Decision

Answers = Mapping[tuple[str, int], Answer]
"""By inquiry id and question index."""


@dataclass(frozen=True)
class OpenedEnrichment:
    """An enrichment with the answers that were opened."""

    enrichment: Enrichment
    answers: Answers


@dataclass(frozen=True)
class Allowed:
    """What a dry run says of one question to one holder; `holder` is None, and nothing is decided, where
    nobody of its kind takes part.
    """

    subject: int
    role: str
    question: str
    holder: str | None
    decision: Decision | None


class Asking:
    def __init__(
        self,
        signatory: Signatory,
        broker: BrokerLine,
        hand_outs: HandOuts,
        trail: Trail,
        opening: Opening,
        *,
        poll_s: float,
    ) -> None:
        self._signatory = signatory
        self._broker = broker
        self._hand_outs = hand_outs
        self._trail = trail
        self._opening = opening
        self._composing = Composing(signatory)
        self._poll_s = poll_s
        self._views = Views(signatory.now)

    async def may_ask(self, wish: Wish, person: Colleague) -> tuple[str, list[Allowed]]:
        """The region of the case, and what the hand-out says of each question, here and now, with what this
        node knows; nothing is sent.

        Raises CaseUnknown, NotAllowed, QuestionUnknown, RequestInvalid, PartyIsOwn, RevisionUnknown,
        PolicyUnavailable.
        """
        found = await self._trail.read(lambda store: enrichments.load_case(store, wish.case_ref))
        case = await self._looked_up(assigned(found, person))
        self._verify_asked(wish, person)
        wish.identities(named=case.facts["kind"] == "named")
        to = self._addressed(case, wish)
        now = self._signatory.now()
        moment = int(now.timestamp())
        if not self._hand_outs.holds(self._hand_outs.revision(moment)):
            raise RevisionUnknown
        hand_out = await self._hand_outs.now(moment)
        # policy sees kinds: a question to several parties of one kind is decided once
        asked = {(one.subject, one.question.question): one.question for one in to if one.holder is not None}
        regime = hand_out.release.catalogue.regime(case.facts["region"])
        decided = await hand_out.decide(
            [
                self._composing.decision_input(
                    case, wish, wish.subjects[subject], question, person, regime=regime
                )
                for (subject, _), question in asked.items()
            ],
            now,
        )
        decisions = {one: dated.decision for one, dated in zip(asked, decided, strict=True)}
        return case.facts["region"], [
            Allowed(
                one.subject,
                wish.subjects[one.subject].role,
                one.question.question,
                one.holder,
                decisions.get((one.subject, one.question.question)),
            )
            for one in to
        ]

    async def ask(self, wish: Wish, person: Colleague) -> OpenedEnrichment:
        """Asks, and waits for what comes at once.

        Raises CaseUnknown, NotAllowed, QuestionUnknown, RequestInvalid, PartyIsOwn, TrailUnavailable, and the
        broker's problems: then nothing was asked.
        """
        found, known = await self._trail.read(
            lambda store: (
                enrichments.load_case(store, wish.case_ref),
                enrichments.load_subjects(store, wish.case_ref),
            )
        )
        # who asks, about whom, and whom
        case = assigned(found, person)
        self._verify_asked(wish, person)
        identities = wish.identities(named=case.facts["kind"] == "named")
        to = self._addressed(case, wish)
        # seal and sign: an inquiry to each holder
        subjects, fresh = self._composing.subjects(case.case_ref, wish, identities, known)
        # followed only when the first answer can no longer be under way, so that the two do not meet
        patience_s = int(self._broker.timeout_s) + 5
        enrichment = self._composing.enrichment(case, wish, subjects, to, person, follow_after_s=patience_s)

        # record, before anything leaves
        def asked(store: Connection, _: object) -> None:
            enrichments.save_subjects(store, case.case_ref, fresh)
            enrichments.insert(store, enrichment)

        await self._trail.append(self._composing.entries(enrichment, wish, subjects, person), asked)
        # send, open what comes, record it, show
        if not enrichment.inquiries:
            return OpenedEnrichment(enrichment, {})
        return await self._send(enrichment, person)

    async def show(self, enrichment_id: str, person: Colleague) -> OpenedEnrichment:
        """How far an enrichment is, with its answers, opened from our own trail; that this person read them
        is an entry first. Raises NotFound, CaseUnknown, NotAllowed, TrailUnavailable.
        """
        enrichment = await self._trail.read(lambda store: enrichments.load(store, enrichment_id))
        if enrichment is None:
            raise NotFound
        case_ref = enrichment.case_ref
        case = await self._trail.read(lambda store: enrichments.load_case(store, case_ref))
        verify_reads(enrichment, case, person)
        return await self._shown(await self._opened(enrichment), person)

    async def follow_due(self, most: int = 16) -> int:
        """Asks the broker after what is still open, and sends what a restart left unsent. Returns how many
        enrichments it took up.
        """
        now = self._signatory.now()
        due = await self._trail.read(lambda store: enrichments.load_due(store, now, most))
        for enrichment in due:
            try:
                await self._follow(enrichment)
            except Problem as problem:
                log(Event.FOLLOWING_FAILED, code=problem.code)
                await self._postpone(enrichment)
            except Exception as error:
                log(Event.ROUND_FAILED, task="follow", error=type(error).__name__)
                await self._postpone(enrichment)
        return len(due)

    # ── the steps ──

    def _verify_asked(self, wish: Wish, person: Colleague) -> None:
        now, partner = int(self._signatory.now().timestamp()), self._signatory.party.partner
        catalogue = self._hand_outs.newest(now).catalogue
        if self._hand_outs.holds(self._hand_outs.revision(now)):  # else the broker knows more questions
            wish.verify_questions(catalogue.questions)
        wish.verify_urgency(
            person.user, person.role, lambda role: catalogue.may_declare_urgency(partner, role)
        )

    async def _looked_up(self, case: OwnCase) -> OwnCase:
        """Whether others accepted the case is not ours to know: asked of the broker, where it counts. As it
        was, when the broker says nothing.
        """
        now = int(self._signatory.now().timestamp())
        zvh = self._hand_outs.newest(now).catalogue.regime(case.facts["region"]) == "zvh"
        if zvh and not case.accepted:
            with suppress(Problem):
                told = await self._broker.call("GET", f"/v1/cases/{case.case_ref}", None)
                return replace(case, accepted=self._opening.case(case.case_ref, told.body).accepted)
        return case

    def _addressed(self, case: OwnCase, wish: Wish) -> tuple[Addressed, ...]:
        me, now = self._signatory.party, self._signatory.now()
        return addressed(wish, self._signatory.directory, case.facts["region"], me, now)

    async def _send(
        self, enrichment: Enrichment, reader: Colleague | None, *, again: bool = False
    ) -> OpenedEnrichment:
        body = {
            "inquiries": [
                {"inquiry": one.token, "identities": one.identities} for one in enrichment.inquiries
            ]
        }
        try:
            response = await self._broker.call("POST", "/v1/inquiries", body)
        except (PartnerUnreachable, InternalError):
            await self._postpone(enrichment)
            return OpenedEnrichment(enrichment, {})  # perhaps taken, perhaps not: it is asked after
        except Problem as problem:
            if again and isinstance(problem, Unavailable):
                raise  # it may have been taken before; it is tried again
            code = problem.code
            await self._trail.append(
                [Entry(Kind.FAILED, {"enrichment": enrichment.id, "problem": code})],
                lambda store, _: enrichments.change(store, enrichment.id, lambda one: one.failed(code)),
            )
            raise
        return await self._open(enrichment, response, reader)

    async def _follow(self, enrichment: Enrichment) -> None:
        unsent = [one for one in enrichment.inquiries if one.state == "draft"]
        if unsent:
            age = self._signatory.now().timestamp() - enrichment.created_at
            if age < Inquiry.lifetime_s / 2:  # near its end the broker's clock may already call it expired
                await self._send(enrichment, None, again=True)
                return
        news = [await self._ask_after(enrichment, one) for one in enrichment.inquiries if one.open]
        if not any(news):
            await self._postpone(enrichment)

    async def _ask_after(self, enrichment: Enrichment, sent: Sent) -> bool:
        """Whether there was something new."""
        try:
            response = await self._broker.call(
                "GET", f"/v1/inquiries/{sent.jti}", None, query=f"?version={sent.version}"
            )
        except NotFound:
            facts = {"enrichment": enrichment.id, "inquiry": sent.jti, "problem": NotFound.code}

            def gone(before: Enrichment) -> Enrichment:
                if before.versions()[sent.jti] != (sent.version, sent.state):
                    raise EnrichmentRaced from None
                return before.updated({sent.jti: sent.failed(NotFound.code)})

            with suppress(EnrichmentRaced):  # it came in by another way: the broker did know it
                await self._trail.append(
                    [Entry(Kind.FAILED, facts)],
                    lambda store, _: enrichments.change(store, enrichment.id, gone),
                )
            return True
        if response.status != 204:
            await self._open(enrichment, response, None)
        return response.status != 204

    async def _postpone(self, enrichment: Enrichment) -> None:
        pause = timedelta(seconds=pause_s(enrichment.attempts, first_s=self._poll_s))
        later = int((self._signatory.now() + pause).timestamp())

        def postponed(one: Enrichment) -> Enrichment:
            return replace(one, next_at=later, attempts=one.attempts + 1)

        await self._trail.append([], lambda store, _: enrichments.change(store, enrichment.id, postponed))

    async def _open(
        self, enrichment: Enrichment, response: Response, reader: Colleague | None
    ) -> OpenedEnrichment:
        """Records what the broker sent, once it is checked and opened, and that this person, who waits for
        it, read it; then shows it. Raises a document problem when it is not what it must be.

        When two ask after the same at once, the second looks again at what we have by then: neither
        overwrites what is newer, and nothing is recorded twice.
        """
        known = enrichment
        while True:
            try:
                opened = await self._opened(*await self._recorded(known, response.body, reader))
                return opened if reader is None else await self._shown(opened, reader)
            except EnrichmentRaced:
                by_then = await self._trail.read(lambda store: enrichments.load(store, enrichment.id))
                if by_then is None:  # pruned with its case
                    raise NotFound from None
                known = by_then

    async def _recorded(
        self, enrichment: Enrichment, body: bytes, reader: Colleague | None
    ) -> tuple[Enrichment, Answers]:
        """The enrichment as it is now, and the answers that are new, durable by then."""
        arrivals = self._opening.read(enrichment, body)
        entries = [entry for one in arrivals for entry in one.entries]
        reviewed = self._to_review(enrichment, arrivals)
        entries += [one.entry() for one in reviewed]
        fresh = {(one.sent.jti, index): answer for one in arrivals for index, answer in one.answers.items()}
        entries += self._viewed(enrichment, fresh, reader)

        def arrived(store: Connection, recorded: Sequence[Recorded]) -> Enrichment:
            places = iter(recorded)
            updates = {one.sent.jti: one.placed_at([next(places) for _ in one.entries]) for one in arrivals}
            reviews.save(store, reviewed)

            def updated(before: Enrichment) -> Enrichment:
                known, now_known = enrichment.versions(), before.versions()
                if any(known[jti] != now_known[jti] for jti in updates):
                    raise EnrichmentRaced
                after = before.updated(updates)
                pause = timedelta(seconds=self._poll_s)
                later = int((self._signatory.now() + pause).timestamp())
                return replace(
                    after, next_at=later if any(one.open for one in after.inquiries) else None, attempts=0
                )

            return enrichments.change(store, enrichment.id, updated)

        after = (await self._trail.append(entries, arrived)).result
        if reader is not None:
            self._views.note(reader.user, enrichment.id, fresh)
        return after, fresh

    async def _shown(self, opened: OpenedEnrichment, reader: Colleague) -> OpenedEnrichment:
        """Once what this person was not shown in this session is recorded."""
        entries = self._viewed(opened.enrichment, opened.answers, reader)
        if entries:
            await self._trail.append(entries)
        self._views.note(reader.user, opened.enrichment.id, opened.answers)
        return opened

    def _viewed(
        self, enrichment: Enrichment, answers: Collection[tuple[str, int]], reader: Colleague | None
    ) -> list[Entry]:
        """That this person reads these answers, an entry for each subject; none for what was recorded in this
        session, or that nobody reads yet.
        """
        if reader is None:
            return []
        fresh = self._views.fresh(reader.user, enrichment.id, answers)
        by_subject: dict[str, list[dict[str, Any]]] = {}
        for sent in enrichment.inquiries:
            for item in sent.items:
                if (sent.jti, item.index) in fresh:
                    one = {"inquiry": sent.jti, "index": item.index}
                    by_subject.setdefault(item.subject_ref, []).append(one)
        facts = {"enrichment": enrichment.id, "case_ref": enrichment.case_ref}
        who = {"user": reader.user, "user_role": reader.role}
        return [
            Entry(Kind.VIEW, {**facts, **who, "answers": read}, subject_ref=subject_ref)
            for subject_ref, read in by_subject.items()
        ]

    def _to_review(self, enrichment: Enrichment, arrivals: Sequence[Arrived]) -> list[UrgentReview]:
        """What was permitted just now and is looked at afterwards, where the rule obliges to that."""
        now = self._signatory.now()
        catalogue = self._hand_outs.newest(int(now.timestamp())).catalogue
        acted = {enrichment.created_by, enrichment.urgency_declared_by} - {None}
        return [
            reviews.opened(
                one.sent.jti,
                enrichment.case_ref,
                "asked",
                one.sent.holder,
                sorted(map(str, acted)),
                now=now,
                working_days=catalogue.limits(enrichment.region).urgent_review_working_days,
            )
            for one in arrivals
            if any(
                entry.kind == Kind.PERMIT and reviews.OBLIGATION in entry.facts.get("obligations", ())
                for entry in one.entries
            )
        ]

    async def _opened(
        self, enrichment: Enrichment, fresh: Answers = MappingProxyType({})
    ) -> OpenedEnrichment:
        """With the answers from our own trail, but for those that were just recorded there."""
        places = {
            item.answer_at: (one.jti, item.index)
            for one in enrichment.inquiries
            for item in one.items
            if item.answer_at is not None and (one.jti, item.index) not in fresh
        }
        opened = await self._trail.at(sorted(places))
        answers = dict(fresh) | {
            places[position]: Answer.model_validate_json(orjson.dumps(one.part["answer"]))
            for position, one in opened.items()
            if one.part is not None
        }
        return OpenedEnrichment(enrichment, answers)
