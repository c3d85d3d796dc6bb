"""From a wish to signed inquiries, one per holder, and what our own trail records of them. Writes nothing."""

import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.node.asking.addressees import Addressed
from adapters.node.asking.enrichments import Enrichment, Item, OwnCase, Sent, Unreached
from adapters.node.asking.wish import Wish, WishedQuestion, WishedSubject, filled_in
from adapters.node.locked import Locked, lock_subjects
from adapters.node.persons import Persons
from adapters.partners.age import age_bands
from audit.entry import Entry
from audit.kinds import Kind
from contract.codes import BROKER, partner_of
from contract.days import day_of
from contract.documents import AskedQuestion, Asker, CaseFacts, Inquiry, Repetition, decision_input
from contract.identity import Identity
from contract.problems import RequestInvalid, invalid_param
from contract.signatory import Signatory
from contract.signing import digest
from party.bearer import Colleague
from policies.catalogue import Regime


@dataclass(frozen=True)
class Subject:
    """A subject of the wish with the reference that it has in this case, and who it is."""

    wished: WishedSubject
    ref: str
    identity: Identity | None


class Composing:
    def __init__(self, signatory: Signatory) -> None:
        self._signatory = signatory
        self._persons = Persons(signatory.keyring.wrapping)
        self._fingerprint_key = hmac.digest(signatory.keyring.wrapping, b"grondslag/1 subjects", "sha256")

    def subjects(
        self,
        case_ref: str,
        wish: Wish,
        identities: Sequence[Identity | None],
        known: Mapping[str, str],
    ) -> tuple[tuple[Subject, ...], dict[str, str]]:
        """Each subject with a reference: the one that it had in this case (`known`, by fingerprint), else a
        new random one; and the new ones by fingerprint.

        The fingerprint keeps "asked before" true when the same person is entered again; it is keyed, and
        differs from case to case. Whoever is entered without given names or a whole birth date is not
        recognised: two parents of one surname must never become one subject.
        """
        fresh: dict[str, str] = {}
        found = []
        for subject, identity in zip(wish.subjects, identities, strict=True):
            ref = str(uuid.uuid4())
            if identity is not None and identity.given_names and not identity.birth_date.endswith("-00"):
                key = self._fingerprint(case_ref, identity)
                ref = known.get(key) or fresh.setdefault(key, ref)
            found.append(Subject(subject, ref, identity))
        return tuple(found), fresh

    def enrichment(
        self,
        case: OwnCase,
        wish: Wish,
        subjects: Sequence[Subject],
        to: Sequence[Addressed],
        person: Colleague,
        *,
        follow_after_s: int,
    ) -> Enrichment:
        """A signed inquiry to each holder, to be followed so many seconds from now. Raises RequestInvalid for
        one person told in two ways, a text that is too long, a question that stands twice; PartyUnknown for a
        holder that cannot be sealed to.
        """
        now, declared = int(self._signatory.now().timestamp()), wish.urgency_declared_by
        holders = dict.fromkeys(one.holder for one in to if one.holder is not None)
        inquiries = tuple(
            self._inquiry(
                holder,
                [one for one in to if one.holder == holder],
                case=case,
                wish=wish,
                subjects=subjects,
                person=person,
            )
            for holder in holders
        )
        unreached = tuple(
            Unreached(
                partner_of(one.question.question),
                subjects[one.subject].ref,
                subjects[one.subject].wished.role,
                one.question.question,
            )
            for one in to
            if one.holder is None
        )
        return Enrichment(
            str(uuid.uuid4()),
            case.case_ref,
            case.facts["region"],
            wish.purpose,
            now,
            person.user,
            inquiries,
            unreached,
            next_at=now + follow_after_s if inquiries else None,
            urgency_declared_by=None if declared is None else declared.user,
        )

    def entries(
        self, enrichment: Enrichment, wish: Wish, subjects: Sequence[Subject], person: Colleague
    ) -> list[Entry]:
        """What our own trail records: each inquiry, and each subject that is asked about, sealed."""
        asked = {item.subject_ref for one in enrichment.inquiries for item in one.items}
        shared = {"enrichment": enrichment.id, "case_ref": enrichment.case_ref}
        user: dict[str, Any] = {
            "user": person.user,
            "user_role": person.role,
            "purpose": wish.purpose,
            "urgency": wish.urgency,
        }
        if wish.urgency_declared_by is not None:
            user["urgency_declared_by"] = wish.urgency_declared_by.model_dump()
        entries = [
            Entry(
                Kind.INQUIRY,
                {**shared, **user, "inquiry": one.jti, "inquiry_digest": one.digest, "holder": one.holder},
            )
            for one in enrichment.inquiries
        ]
        for subject in (one for one in subjects if one.ref in asked):
            sealed = {
                "identity": subject.identity.as_json() if subject.identity else None,
                "necessity": {one.question: one.text() for one in subject.wished.questions},
                "stated": {
                    code: words
                    for one in subject.wished.questions
                    for code, words in _stated(subject.wished, one).items()
                },
            }
            facts = {**shared, "role": subject.wished.role}
            entries.append(Entry(Kind.SUBJECT, facts, subject_ref=subject.ref, sealed=sealed))
            if subject.identity is not None:
                keyed = {"person": self._persons.keyed(subject.identity)}
                entries.append(Entry(Kind.PERSON, shared, subject_ref=subject.ref, sealed=keyed, kept=True))
        return entries

    def decision_input(
        self,
        case: OwnCase,
        wish: Wish,
        subject: WishedSubject,
        question: WishedQuestion,
        person: Colleague,
        *,
        regime: Regime,
    ) -> dict[str, object]:
        """What policy would see, as far as this node knows it; the broker's clock and trail may say
        otherwise.
        """
        me = self._signatory.party
        facts = {name: case.facts[name] for name in ("kind", "stage", "melding", "criteria", "unsafety")}
        region = case.facts["region"]
        return decision_input(
            Asker(str(me.partner), person.role, person.mandated, person.user in case.assigned),
            self._asked(subject, case.case_ref, question),
            purpose=wish.purpose,
            urgency=wish.urgency,
            case=CaseFacts(
                **facts,
                regime=regime,
                region=region,
                own_region=region in me.regions,
                accepted=case.accepted,
            ),
            repetition=Repetition(asked_before=False, over_budget=False),
            re_roled=False,
        )

    # ── the steps ──

    def _inquiry(
        self,
        holder: str,
        to: Sequence[Addressed],
        *,
        case: OwnCase,
        wish: Wish,
        subjects: Sequence[Subject],
        person: Colleague,
    ) -> Sent:
        jti = str(uuid.uuid4())
        asked: list[AskedQuestion] = []
        locked: dict[str, Locked] = {}
        for one in to:
            subject, question = subjects[one.subject], one.question
            asked.append(self._asked(subject.wished, subject.ref, question))
            known = locked.setdefault(subject.ref, Locked(subject.identity, {}))
            if known.identity != subject.identity:
                raise RequestInvalid(invalid_params=[invalid_param(("subjects",), "one_person_two_ways")])
            locked[subject.ref] = Locked(
                subject.identity,
                {**known.necessity, question.question: question.text()},
                {**known.stated, **_stated(subject.wished, question)},
            )
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
                urgency_attested=wish.urgency_declared_by and wish.urgency_declared_by.role,
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
            age_band=_age_band(subject, day_of(self._signatory.now())),
            consent=subject.consent,
            dual_role=subject.in_two_roles,
            question=question.question,
            motivated=filled_in(question.necessity),
            subsidiarity=filled_in(question.subsidiarity),
            weighty_and_urgent=filled_in(question.weighty_interest),
            new_reason=filled_in(question.new_reason),
        )

    def _fingerprint(self, case_ref: str, identity: Identity) -> str:
        who = "\n".join(
            [case_ref, identity.surname.casefold(), identity.given_names.casefold(), identity.birth_date]
        )
        return hmac.new(self._fingerprint_key, who.encode(), hashlib.sha256).hexdigest()


def _stated(subject: WishedSubject, question: WishedQuestion) -> dict[str, dict[str, str]]:
    """What is put in words beside the necessity, by question; none where nothing is."""
    words = {code: text.strip() for code, text in question.stated.items() if text.strip()}
    if subject.in_two_roles:
        words["dual_role"] = subject.dual_role_reason.strip()
    return {question.question: words} if words else {}


def _age_band(subject: WishedSubject, today: date) -> Any:
    """From the birth date; where that leaves it open, what the asker says, if it can be so."""
    birth_date = str((subject.identity or {}).get("birthDate", "0000-00-00"))
    possible = age_bands(birth_date, today)
    if len(possible) == 1:
        return next(iter(possible))
    return subject.age_band if subject.age_band in possible else "unknown"
