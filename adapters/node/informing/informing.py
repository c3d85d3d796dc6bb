"""The duty to inform at the node of whoever must: what is owed, what was decided, that it was done.

- What is owed follows from our own trail, with the times of the joint one.
- Each step is recorded here first, with who decided and why; then the broker hears of it, without ground,
  person or channel. What the broker does not take stays until somebody has looked at it.
- The prosecutor may let another's obligation wait. We hear that from the joint trail, proven, without the
  ground.
- Who must act is reminded in time, and every reminder is an entry.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy import BigInteger, Column, Connection, Integer, Table, delete, insert, select

from adapters.node.asking import enrichments
from adapters.node.asking.views import Views
from adapters.node.broker_line import BrokerLine
from adapters.node.informing.letters import TEXT_VERSION, Contact, Letter
from adapters.node.informing.letters.letter import told_of
from adapters.node.informing.letters.words import Organisation, name_of
from adapters.node.informing.steps import DECLARED_BY, Deferral, Delivery, Notice, Plan, StepWish
from adapters.node.informing.telling import Circumstance, channels, recipients
from adapters.node.outbox import Outbox
from adapters.node.tables import metadata
from adapters.partners.age import age_bands
from audit.book import Book
from audit.entry import Entry, Recorded
from audit.errors import StepRaced, StepRefused
from audit.kinds import Kind
from audit.obligations import JOINT_STEPS, LONGEST_DEFERRAL, Obligation
from audit.trail import Opened, Trail
from contract.codes import BROKER
from contract.days import day_of
from contract.documents import ObligationStep, Receipt
from contract.problems import (
    DocumentMalformed,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    RequestInvalid,
    StepNotTaken,
    invalid_param,
)
from contract.receipts import proven_entries
from contract.signatory import Signatory
from party.bearer import FG, Colleague
from party.events import Event, log
from policies.catalogue import Catalogue

OBLIGATIONS, RECTIFICATIONS = 1, 2
"""Rows of `heard`: of what we asked the broker how far."""

heard = Table(
    "obligations_heard",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("since", BigInteger, nullable=False),  # the position in the broker's trail to ask from
)


@dataclass(frozen=True)
class Owed:
    """An obligation with what the own trail knows of the person's part in the case."""

    obligation: Obligation
    subject_role: str | None
    age_band: str
    last: Mapping[str, Any]
    """What was decided last, codes and words."""


@dataclass(frozen=True)
class Joint:
    """An obligation of any partner, as the joint trail has it."""

    id: str
    case_ref: str
    subject_ref: str
    receiver: str
    state: str
    opened_at: datetime
    due_at: datetime
    until: datetime | None
    overdue: bool
    breached_since: datetime | None
    latest_at: datetime


class Informing:
    def __init__(
        self,
        signatory: Signatory,
        broker: BrokerLine,
        outbox: Outbox,
        trail: Trail,
        book: Book,
        *,
        catalogue: Callable[[], Catalogue],
        contact: Contact,
    ) -> None:
        """`contact`: whom a letter says that one can write to."""
        self._contact = contact
        self._signatory = signatory
        self._broker = broker
        self._trail = trail
        self._book = book
        self._catalogue = catalogue
        self._outbox = outbox
        self._views = Views(signatory.now)
        outbox.register(JOINT_STEPS, self._told_as)

    # ── for people ──

    async def owed(self, person: Colleague, *, case_ref: str | None, live: bool) -> list[Owed]:
        """What this partner owes, as of now: to who works on the case; the FG and the chair see all.

        Raises NotAllowed, TrailUnavailable.
        """
        found = await self._book.find(case_ref=case_ref, live=True if live else None)
        if not person.roles & {FG, "chair"}:
            if case_ref is None:
                raise NotAllowed
            await self._verify_assigned(case_ref, person)
        mine = [one for one in found if one.receiver == self._signatory.party.code]
        await self._read("obligations", case_ref, [f"{one.id} {one.version}" for one in mine], person)
        return await self._known(mine)

    async def of_case(self, case_ref: str, person: Colleague) -> list[Joint]:
        """The obligations of all partners in a case, from the joint trail. Raises NotAllowed, NotFound,
        PartnerUnreachable, a document problem.
        """
        if FG not in person.roles:
            await self._verify_assigned(case_ref, person)
        response = await self._broker.call("GET", f"/v1/cases/{case_ref}/obligations")
        shared = [_joint(row) for row in self._told(response.body)[0].obligations]
        await self._read("joint_obligations", case_ref, [one.id for one in shared], person)
        return shared

    async def step(self, obligation_id: str, wish: StepWish, person: Colleague) -> Owed:
        """Takes a step about an obligation of this partner.

        Raises NotFound, NotAllowed, RequestInvalid, PreconditionFailed when somebody was first, StepNotTaken,
        TrailUnavailable: nothing was recorded.
        """
        before = await self._book.get(obligation_id)
        if before is None or before.receiver != self._signatory.party.code:
            raise NotFound
        await self._verify_may_step(before, wish, person)
        [owed] = await self._known([before])
        if isinstance(wish, Plan | Notice):
            wish = wish.model_copy(update={"circumstances": await self._circumstances(before, wish)})
        self._verify_wish(wish, owed.age_band, wrong=self._wrong_of(wish, owed))
        entry = self._entry(before, wish, person)
        try:
            after = await self._book.step(entry, version=wish.version, change=self._put(wish.step))
        except StepRaced:
            raise PreconditionFailed from None
        except StepRefused:
            raise StepNotTaken from None
        await self._outbox.deliver_quietly()
        return (await self._known([after]))[0]

    async def letter(self, obligation_id: str, person: Colleague) -> Letter:
        """The letter for what was planned, with all that it will cover; that it was made is an entry.

        Raises NotFound, NotAllowed, StepNotTaken when nothing is planned or the person was erased,
        TrailUnavailable.
        """
        one = await self._book.get(obligation_id)
        if one is None or one.receiver != self._signatory.party.code:
            raise NotFound
        await self._verify_assigned(one.case_ref, person)
        [owed] = await self._known([one])
        name = await self._name(one.subject_ref)
        if owed.obligation.state != "planned" or name is None:
            raise StepNotTaken
        party = self._signatory.party
        letter = Letter(
            name=name,
            reference=one.id,
            recipient=owed.last["recipient"],
            age_band=owed.age_band,
            sender=str(party.partner),
            sender_name=party.name,
            desk=party.desk.name,
            phone=party.desk.phone,
            hours=party.desk.hours,
            receiver=self._organisation(one.receiver).partner,
            written_on=day_of(self._signatory.now()),
            told=told_of(
                [
                    (
                        self._organisation(row.holder),
                        row.purpose,
                        row.legal_bases,
                        day_of(row.at),
                    )
                    for row in one.disclosures
                ]
            ),
            passed_to=self._names({code for row in one.disclosures for code in row.passed_to}),
            circumstances=tuple(owed.last.get("circumstances", ())),
            contact=self._contact,
        )
        facts = {
            "obligation": one.id,
            "case_ref": one.case_ref,
            "user": person.user,
            "text_version": TEXT_VERSION,
            "covers": [row.permit for row in one.disclosures],
        }
        await self._trail.append([Entry(Kind.LETTER, facts, subject_ref=one.subject_ref)])
        return letter

    async def let_wait(self, obligation_id: str, case_ref: str, wish: StepWish, person: Colleague) -> None:
        """The prosecutor lets another partner's obligation wait, or lifts that: the ground stays here.

        Raises NotFound, NotAllowed, RequestInvalid, TrailUnavailable.
        """
        if wish.step not in {Kind.DEFERRAL, Kind.RESUMPTION}:
            raise NotAllowed(case_ref=case_ref)
        joint = next((one for one in await self.of_case(case_ref, person) if one.id == obligation_id), None)
        if joint is None:
            raise NotFound
        if joint.receiver == self._signatory.party.code:
            raise NotAllowed(case_ref=case_ref)  # its own way is `step`
        self._verify_wish(wish, "unknown", own=False)
        sealed = _sealed(wish)
        facts = {**self._facts(obligation_id, wish, person), "case_ref": case_ref}
        entry = Entry(
            Kind(wish.step), facts, subject_ref=joint.subject_ref if sealed else None, sealed=sealed
        )
        await self._trail.append([entry], self._put(wish.step))
        await self._outbox.deliver_quietly()

    # ── rounds ──

    async def follow(self) -> int:
        """Takes over what the prosecutor decided about our obligations, once it is proven; how many steps.

        Raises PartnerUnreachable, a document problem, TrailUnavailable.
        """
        mine = select(heard.c.since).where(heard.c.number == OBLIGATIONS)
        since = await self._trail.read(lambda store: store.execute(mine).scalar()) or 0
        response = await self._broker.call("GET", "/v1/obligations", query=f"?since={since}")
        told, proven = self._told(response.body)
        me, taken, next_since = self._signatory.party.code, 0, told.next_since
        for position, facts in proven:
            if facts.get("by") == me or facts.get("kind") not in {Kind.DEFERRAL, Kind.RESUMPTION}:
                continue
            before = await self._book.get(str(facts["obligation"]))
            if before is None:
                # its permit is still on its way to us: the step is asked for again, while it can count
                if self._signatory.now() - datetime.fromisoformat(facts["at"]) < LONGEST_DEFERRAL:
                    next_since = min(next_since, position)
                continue
            if facts["step"] in before.taken:
                continue
            here = {
                "obligation": before.id,
                "case_ref": before.case_ref,
                "by": facts["by"],
                "step": facts["step"],
                "position": position,
                **({"until": facts["until"]} if "until" in facts else {}),
            }
            with suppress(StepRefused):  # by then it had ended here, or its time was over
                await self._book.step(Entry(Kind(facts["kind"]), here, subject_ref=before.subject_ref))
                taken += 1
        if next_since != since:
            await self._trail.append([], lambda store, _: _hear(store, next_since))
        return taken

    async def remind(self) -> int:
        """Records who must be reminded by now; how many reminders. Raises TrailUnavailable."""
        count = 0
        for one, due in await self._book.due(self._signatory.now()):
            if one.receiver != self._signatory.party.code:
                continue
            for reminder in due:
                facts = {
                    "obligation": one.id,
                    "case_ref": one.case_ref,
                    "reminder": reminder.code,
                    "to": reminder.to,
                }
                with suppress(StepRefused):  # another process of this node was first
                    await self._book.step(Entry(Kind.REMINDER, facts, subject_ref=one.subject_ref))
                    count += 1
                    log(Event.REMINDED, reminder=reminder.code.partition(":")[0], to="+".join(reminder.to))
        return count

    # ── the steps ──

    async def _read(self, what: str, case_ref: str | None, items: Sequence[str], person: Colleague) -> None:
        """Records that this person reads these, but for what was recorded in this session."""
        shelf = f"{what} {case_ref}"
        if self._views.fresh(person.user, shelf, items):
            case = {} if case_ref is None else {"case_ref": case_ref}
            facts = {"user": person.user, "what": what, "lines": len(items), **case}
            await self._trail.append([Entry(Kind.READING, facts)])
        self._views.note(person.user, shelf, items)

    async def _verify_assigned(self, case_ref: str, person: Colleague) -> None:
        case = await self._trail.read(lambda store: enrichments.load_case(store, case_ref))
        if case is None or person.user not in case.assigned:
            raise NotAllowed(case_ref=None if case is None else case_ref)

    async def _verify_may_step(self, one: Obligation, wish: StepWish, person: Colleague) -> None:
        """Leaving out is the FG's; the rest is for who works on the case, with a mandate."""
        if wish.step in {"omission", "reopening"}:
            person.needs(FG)
            return
        if isinstance(wish, Deferral) and one.for_the_fg(self._signatory.now()):
            person.needs(FG)  # again and again, or for months, is a decision of the data protection officer
            return
        await self._verify_assigned(one.case_ref, person)

    async def _circumstances(self, one: Obligation, wish: Plan | Notice) -> tuple[Circumstance, ...]:
        """What holds for this step: what is said now, and what was said at an earlier one, but for what is
        said to hold no longer. Nobody has to say twice that an address is shared.
        """
        steps = await self._trail.at([*one.places])
        said = [(steps[place].part or {}).get("circumstances") for place in one.places if place in steps]
        before = next((known for known in reversed(said) if known is not None), ())
        holding = dict.fromkeys([*before, *wish.circumstances])
        return tuple(each for each in holding if each not in wish.no_longer)

    def _wrong_of(self, wish: StepWish, owed: Owed) -> list[tuple[str, str]]:
        """What does not go with the obligation and its last step."""
        one, today = owed.obligation, day_of(self._signatory.now())
        asked, wrong = day_of(one.opened_at), list[tuple[str, str]]()
        if isinstance(wish, Plan | Notice) and wish.no_longer and wish.no_longer_why is None:
            wrong.append(("noLongerWhy", "required"))
        if isinstance(wish, Plan) and not asked <= wish.planned_on <= max(day_of(one.latest_at), today):
            wrong.append(("plannedOn", "not_within_the_term"))
        sender = owed.last.get("sender")
        if isinstance(wish, Notice) and sender not in {None, self._signatory.party.code}:
            wrong.append(("step", "sender_is_another"))  # who tells it records that; it covers this one
        if isinstance(wish, Delivery) and not asked <= wish.delivered_on <= today:
            wrong.append(("deliveredOn", "not_between_question_and_today"))
        return wrong

    def _verify_wish(
        self, wish: StepWish, age_band: Any, *, own: bool = True, wrong: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Raises RequestInvalid, with every mistake; `wrong`: those that were found before."""
        now, me = self._signatory.now(), self._signatory.party.partner
        wrong = [*wrong]
        if isinstance(wish, Plan | Notice):
            if wish.channel not in channels(wish.circumstances):
                wrong.append(("channel", "unsafe"))
            if wish.recipient not in recipients(age_band, wish.circumstances):
                wrong.append(("recipient", "not_for_this_person"))
        taking_part = {party.code for party in self._signatory.directory.parties(now)}
        taking_part.add(self._signatory.party.code)  # who leaves tells what it owes
        if isinstance(wish, Plan) and wish.sender not in taking_part:
            wrong.append(("sender", "unknown"))
        if isinstance(wish, Notice) and wish.safety_checked_on != day_of(now):
            wrong.append(("safetyCheckedOn", "not_today"))
        if isinstance(wish, Deferral):
            if not now < wish.until:
                wrong.append(("until", "past"))
            duty, catalogue = DECLARED_BY.get(wish.ground), self._catalogue()
            mine = duty is None or catalogue.has_duty(me, duty)
            if not mine or (not own and duty != "prosecutes"):
                wrong.append(("ground", "not_yours"))
        if wrong:
            raise RequestInvalid(invalid_params=[invalid_param((name,), code) for name, code in wrong])

    def _entry(self, one: Obligation, wish: StepWish, person: Colleague) -> Entry:
        facts = {**self._facts(one.id, wish, person), "case_ref": one.case_ref, "receiver": one.receiver}
        sealed = _sealed(wish)
        if wish.step == "notice":
            facts["covers"] = [row.permit for row in one.disclosures]
        elif wish.step == "delivery":
            facts |= {"covers": list(one.covers), "covers_others": list(one.covers_others)}
        elif wish.step in {"omission", "reopening"}:
            signed = self._signatory.write(
                ObligationStep,
                to=BROKER,
                step=wish.step,
                obligation=one.id,
                fg=self._signatory.officer(person.user),
            )
            facts["fg_signature"] = signed.digest
            sealed = {**(sealed or {}), "signed": signed.token}
        return Entry(Kind(wish.step), facts, subject_ref=one.subject_ref, sealed=sealed)

    def _facts(self, obligation_id: str, wish: StepWish, person: Colleague) -> dict[str, Any]:
        as_fg = wish.step in {"omission", "reopening"} or (wish.step == "deferral" and FG in person.roles)
        role = FG if as_fg else person.role
        return {
            "obligation": obligation_id,
            "step": str(uuid.uuid4()),
            "user": person.user,
            "user_role": role,
            **wish.facts(),
        }

    def _put(self, step: str) -> Callable[[Connection, Sequence[Recorded]], None]:
        """What puts a recorded step among those that the broker is to hear of."""
        return lambda store, recorded: self._outbox.put(store, step, recorded[0].position)

    def _told_as(self, facts: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """What the broker hears of a step of ours: how far it is, and nothing of why."""
        until = facts.get("until")
        more: dict[str, Any] = {
            "until": None if until is None else int(datetime.fromisoformat(until).timestamp()),
            "covers": tuple(facts.get("covers", ())) if facts["kind"] == Kind.DELIVERY else (),
            "covers_others": tuple(facts.get("covers_others", ())) if facts["kind"] == Kind.DELIVERY else (),
            "proof": facts.get("proof"),
            "notice": facts.get("notice"),
            "fg": self._signatory.officer(facts["user"]) if "fg_signature" in facts else None,
        }
        step = self._signatory.write(
            ObligationStep,
            to=BROKER,
            jti=facts["step"],
            step=facts["kind"],
            obligation=facts["obligation"],
            **more,
        )
        return "/v1/obligation-steps", {"step": step.token}

    def _told(self, body: bytes) -> tuple["_Told", list[tuple[int, dict[str, Any]]]]:
        """What the broker says, and the entries that it proves. Raises a document problem."""
        try:
            told = _Told.model_validate_json(body)
        except ValidationError:
            raise DocumentMalformed from None
        receipt = self._signatory.read(Receipt, told.receipt)
        return told, proven_entries(receipt.document, self._signatory.directory)

    def _organisation(self, code: str) -> Organisation:
        party = self._signatory.directory.party(code)
        return Organisation(str(party.partner), party.name)

    def _names(self, codes: Collection[str]) -> tuple[str, ...]:
        return tuple(sorted(self._organisation(code).name for code in codes))

    async def _name(self, subject_ref: str) -> str | None:
        """The own name of a subject; None when it was erased."""
        about = (await self._trail.about(Kind.SUBJECT, {subject_ref})).get(subject_ref)
        identity = ((about.part if about is not None else None) or {}).get("identity")
        return None if identity is None else name_of(identity)

    async def _known(self, found: Sequence[Obligation]) -> list[Owed]:
        """With what the own trail holds of each: role and age as of today, and what was decided last."""
        about = await self._trail.about(Kind.SUBJECT, {one.subject_ref for one in found})
        last = await self._trail.at([one.places[-1] for one in found if one.places])
        now = self._signatory.now()
        owed = []
        for one in found:
            subject = about.get(one.subject_ref)
            role = None if subject is None else str(subject.recorded.facts["role"])
            decided = last.get(one.places[-1]) if one.places else None
            facts = {} if decided is None else {**decided.recorded.facts, **(decided.part or {})}
            owed.append(Owed(one.at(now), role, _age_band(subject, day_of(now)), facts))
        return owed


def _age_band(subject: Opened | None, today: date) -> str:
    """Of who was erased, or is not known well enough: unknown."""
    identity = ((subject.part if subject is not None else None) or {}).get("identity") or {}
    bands = age_bands(str(identity.get("birth_date") or "0000-00-00"), today)
    return next(iter(bands)) if len(bands) == 1 else "unknown"


class _Row(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    case_ref: str
    subject_ref: str
    receiver: str
    state: str
    opened_at: datetime
    due_at: datetime
    until: datetime | None
    overdue: bool
    breached_since: datetime | None
    latest_at: datetime


class _Told(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    obligations: list[_Row]
    receipt: str
    next_since: int


def _joint(row: _Row) -> Joint:
    return Joint(**row.model_dump())


def _sealed(wish: StepWish) -> dict[str, Any] | None:
    words = wish.words()
    return words or None


def _hear(store: Connection, since: int) -> None:
    store.execute(delete(heard).where(heard.c.number == OBLIGATIONS))
    store.execute(insert(heard), {"number": OBLIGATIONS, "since": since})
