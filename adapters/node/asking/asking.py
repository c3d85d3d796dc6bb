"""The requester's side of the one path: seal, sign, record, ask; verify, open, record, show.

- What is asked is recorded here before it is sent, and what came back is recorded before it is shown.
- A reply counts only with its receipt: every decision is read from an entry that is proven to be in the
  broker's trail.
- Only codes that the permit allows are opened; anything else is refused.
- After a restart, what was sent is asked after, never asked twice: the inquiry's id is its idempotency key.
"""

import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import Connection

from adapters.node.asking import enrichments
from adapters.node.asking.enrichments import Enrichment, Item, OwnCase, Raced, Sent
from adapters.node.asking.opening import Opening
from adapters.node.asking.wish import Wish, WishedCase, WishedQuestion, WishedSubject
from adapters.node.broker_line import BrokerLine
from adapters.node.locked import Locked, lock_subjects
from adapters.partners.age import age_bands
from audit.entry import Entry, Recorded
from audit.trail import Trail
from contract.answers import Answer
from contract.codes import BROKER, partner_of
from contract.days import day_of
from contract.documents import (
    AskedQuestion,
    Asker,
    Attested,
    CaseFacts,
    CaseStatement,
    Inquiry,
    Repetition,
    decision_input,
)
from contract.identity import Identity
from contract.problems import (
    CaseUnknown,
    DocumentMalformed,
    InternalError,
    NotAllowed,
    NotFound,
    PartnerUnreachable,
    Problem,
    RequestInvalid,
    RevisionUnknown,
    Unavailable,
    invalid_param,
)
from contract.signatory import Signatory
from contract.signing import digest
from party.backoff import pause_s
from party.bearer import Person
from party.events import Event, log
from party.hand_outs import HandOuts
from party.wire import Response
from policies import Decision

Answers = Mapping[tuple[str, int], Answer]
"""By inquiry id and question index."""


@dataclass(frozen=True)
class Shown:
    """An enrichment with the answers that were opened."""

    enrichment: Enrichment
    answers: Answers


@dataclass(frozen=True)
class Allowed:
    """What a dry run says of one question."""

    subject: int
    question: str
    decision: Decision


class Asking:
    def __init__(
        self,
        signatory: Signatory,
        broker: BrokerLine,
        hand_outs: HandOuts,
        trail: Trail,
        *,
        note: Callable[[str], None],
        poll_s: float,
    ) -> None:
        """`note` hears the checkpoint of every receipt."""
        self._signatory = signatory
        self._broker = broker
        self._hand_outs = hand_outs
        self._trail = trail
        self._opening = Opening(signatory, note)
        self._poll_s = poll_s
        self._fingerprint_key = hmac.digest(signatory.keyring.wrapping, b"grondslag/1 subjects", "sha256")

    # ── cases ──

    async def state_case(self, wish: WishedCase, person: Person) -> OwnCase:
        """Vouches for the facts of a case, at the broker. Raises NotAllowed, RequestInvalid,
        PartnerUnreachable, the broker's problems, and a document problem when it recorded something else.
        """
        before = None
        if wish.case_ref is not None:
            before = await self._own_case(wish.case_ref, person)
        if wish.region not in self._signatory.party.regions:
            raise RequestInvalid(invalid_params=[invalid_param(("region",), "unknown")])
        case_ref = wish.case_ref or str(uuid.uuid4())
        facts = {
            name: getattr(wish, name)
            for name in ("region", "kind", "stage", "melding", "criteria", "unsafety")
        }
        role = person.role
        statement = self._signatory.write(
            CaseStatement,
            to=BROKER,
            case_ref=case_ref,
            **facts,
            attested=Attested(melding=role, criteria=role, unsafety=role),
            meeting_on=wish.meeting_on,
            replaces=before.statement if before else None,
        )
        entry = Entry(
            "case", {"case_ref": case_ref, "statement": statement.digest, "user": person.user, "facts": facts}
        )
        await self._trail.append([entry])
        response = await self._broker.call("POST", "/v1/cases", {"statement": statement.token})
        stated = self._opening.case(case_ref, response.body)
        if (stated.statement, stated.facts) != (statement.digest, facts):
            raise DocumentMalformed
        return await self._saved([], stated, person)

    async def take_up(self, case_ref: str, person: Person) -> OwnCase:
        """Assigns a case to this person, with its newest statement from the broker's trail. Raises NotFound,
        PartnerUnreachable, and a document problem.
        """
        stated = self._opening.case(
            case_ref, (await self._broker.call("GET", f"/v1/cases/{case_ref}", None)).body
        )
        entry = Entry("assignment", {"case_ref": case_ref, "user": person.user, "role": person.role})
        return await self._saved([entry], stated, person)

    async def close(self, case_ref: str, person: Person) -> None:
        """Records that the work on a case is done: its persons are erased here when its time is over, unless
        somebody takes it up again. Raises CaseUnknown, NotAllowed, TrailUnavailable.
        """
        await self._own_case(case_ref, person)
        await self._trail.append([Entry("closure", {"case_ref": case_ref, "user": person.user})])

    # ── asking ──

    async def may_ask(self, wish: Wish, person: Person) -> list[Allowed]:
        """What the hand-out says of each question, here and now, with what this node knows; nothing is sent.

        Raises CaseUnknown, NotAllowed, RequestInvalid, RevisionUnknown, PolicyUnavailable.
        """
        case = await self._own_case(wish.case_ref, person)
        wish.identities(named=case.facts["kind"] == "named")
        asked, inputs = [], []
        for number, subject in enumerate(wish.subjects):
            for question in subject.questions:
                asked.append((number, question.question))
                inputs.append(self._input(case, wish, subject, question, person))
        now = int(self._signatory.now().timestamp())
        if not self._hand_outs.holds(self._hand_outs.revision(now)):
            raise RevisionUnknown
        hand_out = await self._hand_outs.now(now)
        decisions = await hand_out.policy.decide(inputs)
        return [
            Allowed(number, code, decision) for (number, code), decision in zip(asked, decisions, strict=True)
        ]

    async def ask(self, wish: Wish, person: Person) -> Shown:
        """Asks, and waits for what comes at once.

        Raises CaseUnknown, NotAllowed, RequestInvalid, TrailUnavailable, and the broker's problems: then
        nothing was asked.
        """
        found, known = await self._trail.read(
            lambda store: (
                enrichments.load_case(store, wish.case_ref),
                enrichments.load_subjects(store, wish.case_ref),
            )
        )
        case = _may_ask(found, person)
        identities = wish.identities(named=case.facts["kind"] == "named")
        refs, fresh = self._subject_refs(case.case_ref, identities, known)
        inquiries = self._inquiries(case, wish, identities, refs, person)
        now = int(self._signatory.now().timestamp())
        # followed only when the first answer can no longer be under way, so that the two do not meet
        later = now + int(self._broker.timeout_s) + 5
        enrichment = Enrichment(
            str(uuid.uuid4()), case.case_ref, wish.purpose, now, person.user, inquiries, next_at=later
        )
        entries = self._asked_entries(enrichment, wish, identities, refs, person)

        def sent(store: Connection, _: object) -> None:
            enrichments.save_subjects(store, case.case_ref, fresh)
            enrichments.insert(store, enrichment)

        await self._trail.append(entries, sent)
        return await self._send(enrichment)

    async def show(self, enrichment_id: str, person: Person) -> Shown:
        """How far an enrichment is, with its answers, opened from our own trail. Raises NotFound,
        NotAllowed.
        """
        enrichment = await self._trail.read(lambda store: enrichments.load(store, enrichment_id))
        if enrichment is None:
            raise NotFound
        await self._own_case(enrichment.case_ref, person)
        return await self._shown(enrichment)

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

    # ── the steps of asking ──

    async def _saved(self, entries: Sequence[Entry], stated: OwnCase, person: Person) -> OwnCase:
        case = replace(stated, assigned=(person.user,))
        return (await self._trail.append(entries, lambda store, _: enrichments.save_case(store, case))).result

    async def _own_case(self, case_ref: str, person: Person) -> OwnCase:
        found = await self._trail.read(lambda store: enrichments.load_case(store, case_ref))
        return _may_ask(found, person)

    def _subject_refs(
        self, case_ref: str, identities: Sequence[Identity | None], known: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """A reference per subject: the one it had in this case, else a new random one; and the new ones by
        fingerprint.

        The fingerprint keeps "asked before" true when the same person is entered again; it is keyed, and
        differs from case to case. Whoever is entered without given names or a whole birth date is not
        recognised: two parents of one surname must never become one subject.
        """
        fresh: dict[str, str] = {}
        refs = []
        for identity in identities:
            ref = str(uuid.uuid4())
            if identity is not None and identity.given_names and not identity.birth_date.endswith("-00"):
                key = self._fingerprint(case_ref, identity)
                ref = known.get(key) or fresh.setdefault(key, ref)
            refs.append(ref)
        return refs, fresh

    def _fingerprint(self, case_ref: str, identity: Identity) -> str:
        who = "\n".join(
            [case_ref, identity.surname.casefold(), identity.given_names.casefold(), identity.birth_date]
        )
        return hmac.new(self._fingerprint_key, who.encode(), hashlib.sha256).hexdigest()

    def _inquiries(
        self,
        case: OwnCase,
        wish: Wish,
        identities: Sequence[Identity | None],
        refs: Sequence[str],
        person: Person,
    ) -> tuple[Sent, ...]:
        holders = dict.fromkeys(
            partner_of(one.question) for subject in wish.subjects for one in subject.questions
        )
        return tuple(
            self._inquiry(
                holder=holder, case=case, wish=wish, identities=identities, refs=refs, person=person
            )
            for holder in holders
        )

    def _inquiry(
        self,
        *,
        holder: str,
        case: OwnCase,
        wish: Wish,
        identities: Sequence[Identity | None],
        refs: Sequence[str],
        person: Person,
    ) -> Sent:
        jti = str(uuid.uuid4())
        asked: list[AskedQuestion] = []
        locked: dict[str, Locked] = {}
        for subject, identity, ref in zip(wish.subjects, identities, refs, strict=True):
            mine = [question for question in subject.questions if partner_of(question.question) == holder]
            if mine:
                asked += [self._asked(subject, ref, question) for question in mine]
                reasons = {
                    **(locked[ref].necessity if ref in locked else {}),
                    **{one.question: one.text() for one in mine},
                }
                if ref in locked and locked[ref].identity != identity:
                    raise RequestInvalid(invalid_params=[invalid_param(("subjects",), "one_person_two_ways")])
                locked[ref] = Locked(identity, reasons)
        try:
            texts, sealed = lock_subjects(
                locked,
                signatory=self._signatory,
                holder=holder,
                case_ref=case.case_ref,
                purpose=wish.purpose,
                jti=jti,
            )
            inquiry = self._signatory.write(
                Inquiry,
                to=BROKER,
                jti=jti,
                case_ref=case.case_ref,
                case_statement=case.statement,
                holder=holder,
                purpose=wish.purpose,
                urgency=wish.urgency,
                requester_role=person.role,
                mandated=person.mandated,
                assigned=person.user in case.assigned,
                questions=tuple(asked),
                identities={ref: digest(text) for ref, text in texts.items()},
                kid=sealed.kid,
                sealed=sealed.text,
            )
        except ValueError:  # a text too long for its envelope, or the same question twice
            raise RequestInvalid(
                invalid_params=[invalid_param(("subjects",), "too_long_or_double")]
            ) from None
        items = tuple(
            Item(index, question.subject_ref, question.role, question.question)
            for index, question in enumerate(asked)
        )
        return Sent(jti, inquiry.digest, holder, items, inquiry.token, texts)

    def _asked(self, subject: WishedSubject, ref: str, question: WishedQuestion) -> AskedQuestion:
        return AskedQuestion(
            subject_ref=ref,
            role=subject.role,
            age_band=self._age_band(subject),
            consent=subject.consent,
            dual_role=subject.dual_role,
            question=question.question,
            motivated=bool(question.necessity.strip()),
            subsidiarity=bool(question.subsidiarity.strip()),
            weighty_and_urgent=bool(question.weighty_interest.strip()),
            new_reason=bool(question.new_reason.strip()),
        )

    def _age_band(self, subject: WishedSubject) -> Any:
        """From the birth date; where that leaves it open, what the asker says, if it can be so."""
        birth_date = str((subject.identity or {}).get("birthDate", "0000-00-00"))
        possible = age_bands(birth_date, day_of(self._signatory.now()))
        if len(possible) == 1:
            return next(iter(possible))
        return subject.age_band if subject.age_band in possible else "unknown"

    def _input(
        self, case: OwnCase, wish: Wish, subject: WishedSubject, question: WishedQuestion, person: Person
    ) -> dict[str, object]:
        """What policy would see, as far as this node knows it; the broker's clock and trail may say
        otherwise.
        """
        facts = {name: case.facts[name] for name in ("kind", "stage", "melding", "criteria", "unsafety")}
        region = case.facts["region"]
        regime = self._signatory.directory.regions[region].regime
        own_region = region in self._signatory.party.regions
        assigned = person.user in case.assigned
        return decision_input(
            Asker(self._signatory.party.code, person.role, person.mandated, assigned),
            self._asked(subject, case.case_ref, question),
            purpose=wish.purpose,
            urgency=wish.urgency,
            case=CaseFacts(**facts, regime=regime, region=region, own_region=own_region, accepted=False),
            repetition=Repetition(asked_before=False, over_budget=False),
            re_roled=False,
        )

    def _asked_entries(
        self,
        enrichment: Enrichment,
        wish: Wish,
        identities: Sequence[Identity | None],
        refs: Sequence[str],
        person: Person,
    ) -> list[Entry]:
        shared = {"enrichment": enrichment.id, "case_ref": enrichment.case_ref}
        user = {
            "user": person.user,
            "user_role": person.role,
            "purpose": wish.purpose,
            "urgency": wish.urgency,
        }
        entries = [
            Entry(
                "inquiry",
                {**shared, **user, "inquiry": one.jti, "inquiry_digest": one.digest, "holder": one.holder},
            )
            for one in enrichment.inquiries
        ]
        for subject, identity, ref in zip(wish.subjects, identities, refs, strict=True):
            sealed = {
                "identity": identity.as_json() if identity else None,
                "necessity": {question.question: question.text() for question in subject.questions},
            }
            entries.append(Entry("subject", {**shared, "role": subject.role}, subject_ref=ref, sealed=sealed))
        return entries

    # ── the steps of sending and opening ──

    async def _send(self, enrichment: Enrichment, *, again: bool = False) -> Shown:
        body = {
            "inquiries": [
                {"inquiry": one.token, "identities": one.identities} for one in enrichment.inquiries
            ]
        }
        try:
            response = await self._broker.call("POST", "/v1/inquiries", body)
        except (PartnerUnreachable, InternalError):
            await self._postpone(enrichment)
            return Shown(enrichment, {})  # perhaps taken, perhaps not: it is asked after
        except Problem as problem:
            if again and isinstance(problem, Unavailable):
                raise  # it may have been taken before; it is tried again
            code = problem.code
            await self._trail.append(
                [Entry("failed", {"enrichment": enrichment.id, "problem": code})],
                lambda store, _: enrichments.change(store, enrichment.id, lambda one: one.failed(code)),
            )
            raise
        return await self._open(enrichment, response)

    async def _follow(self, enrichment: Enrichment) -> None:
        unsent = [one for one in enrichment.inquiries if one.state == "draft"]
        if unsent:
            age = self._signatory.now().timestamp() - enrichment.created_at
            if age < Inquiry.lifetime_s / 2:  # near its end the broker's clock may already call it expired
                await self._send(enrichment, again=True)
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
                    raise Raced from None
                return before.updated({sent.jti: sent.failed(NotFound.code)})

            with suppress(Raced):  # it came in by another way: the broker did know it
                await self._trail.append(
                    [Entry("failed", facts)], lambda store, _: enrichments.change(store, enrichment.id, gone)
                )
            return True
        if response.status != 204:
            await self._open(enrichment, response)
        return response.status != 204

    async def _postpone(self, enrichment: Enrichment) -> None:
        pause = timedelta(seconds=pause_s(enrichment.attempts, first_s=self._poll_s))
        later = int((self._signatory.now() + pause).timestamp())

        def postponed(one: Enrichment) -> Enrichment:
            return replace(one, next_at=later, attempts=one.attempts + 1)

        await self._trail.append([], lambda store, _: enrichments.change(store, enrichment.id, postponed))

    async def _open(self, enrichment: Enrichment, response: Response) -> Shown:
        """Records what the broker sent, once it is checked and opened, then shows it. Raises a document
        problem when it is not what it must be.

        When two ask after the same at once, the second looks again at what we have by then: neither
        overwrites what is newer, and nothing is recorded twice.
        """
        known = enrichment
        while True:
            try:
                return await self._shown(*await self._recorded(known, response.body))
            except Raced:
                by_then = await self._trail.read(lambda store: enrichments.load(store, enrichment.id))
                if by_then is None:  # pruned with its case
                    raise NotFound from None
                known = by_then

    async def _recorded(self, enrichment: Enrichment, body: bytes) -> tuple[Enrichment, Answers]:
        """The enrichment as it is now, and the answers that are new, durable by then."""
        arrivals = self._opening.read(enrichment, body)
        entries = [entry for one in arrivals for entry in one.entries]

        def arrived(store: Connection, recorded: Sequence[Recorded]) -> Enrichment:
            places = iter(recorded)
            updates = {one.sent.jti: one.placed_at([next(places) for _ in one.entries]) for one in arrivals}

            def updated(before: Enrichment) -> Enrichment:
                known, now_known = enrichment.versions(), before.versions()
                if any(known[jti] != now_known[jti] for jti in updates):
                    raise Raced
                after = before.updated(updates)
                pause = timedelta(seconds=self._poll_s)
                later = int((self._signatory.now() + pause).timestamp())
                return replace(
                    after, next_at=later if any(one.open for one in after.inquiries) else None, attempts=0
                )

            return enrichments.change(store, enrichment.id, updated)

        after = (await self._trail.append(entries, arrived)).result
        return after, {
            (one.sent.jti, index): answer for one in arrivals for index, answer in one.answers.items()
        }

    async def _shown(self, enrichment: Enrichment, fresh: Answers = MappingProxyType({})) -> Shown:
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
        return Shown(enrichment, answers)


def _may_ask(case: OwnCase | None, person: Person) -> OwnCase:
    """Raises CaseUnknown, NotAllowed."""
    if case is None:
        raise CaseUnknown
    if person.user not in case.assigned or not person.asks:
        raise NotAllowed
    return case
