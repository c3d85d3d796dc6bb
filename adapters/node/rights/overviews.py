"""The overview that a person gets on request, from this party's own trail: what it asked about them, and what
it was asked about them as a holder.

- A person is found by keyed digests that are kept as long as the entries (K1): also when the case was closed
  and forgotten (K3).
- Who resembles the person and may be another is put before the FG, part by part, and is in the overview only
  when the FG says so.
- What nobody told the person yet is in it only when it was checked today that this is safe; what waits or was
  left out, never. At the holder that is as the joint trail has it; what that does not tell stays out, and the
  FG hears how much was left out.
- Each overview answers a request, and stands in the trail with it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from adapters.node.informing.informing import Informing
from adapters.node.informing.letters import Contact, Overview
from adapters.node.informing.letters.overview import AskedAbout
from adapters.node.informing.letters.words import Organisation, bases_of, name_of
from adapters.node.persons import Keyed, PartState, Persons, Resemblance
from adapters.node.rights.requests import Requests
from audit.book import Book
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Opened, Trail
from contract.days import day_of
from contract.identity import Identity
from contract.problems import NotFound, RequestInvalid, invalid_param
from contract.signatory import Signatory
from party.bearer import FG, Colleague
from policies.catalogue import Catalogue

_TOLD = frozenset({"met", "met_by_other"})
_WAITS = frozenset({"deferred", "postponed", "omitted"})


@dataclass(frozen=True)
class NearHit:
    """Who resembles the person and may be another, under the reference of one case."""

    subject_ref: str
    case_ref: str
    since: date
    asker: str
    surname: PartState
    given_names: PartState
    birth_date: PartState


@dataclass(frozen=True)
class MadeOverview:
    """`near`: for the FG to decide; `left_out`: how much was found that the person may not see now."""

    overview: Overview
    near: tuple[NearHit, ...]
    left_out: int


@dataclass
class _Found:
    """What is recorded under one reference. `held`: our answers by inquiry and index, as they came in."""

    resemblance: Resemblance
    case_ref: str
    at: datetime
    asker: str
    held: dict[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)


class Overviews:
    def __init__(
        self,
        signatory: Signatory,
        trail: Trail,
        book: Book,
        informing: Informing,
        requests: Requests,
        *,
        persons: Persons,
        catalogue: Callable[[], Catalogue],
        contact: Contact,
    ) -> None:
        self._contact = contact
        self._signatory = signatory
        self._trail = trail
        self._book = book
        self._informing = informing
        self._requests = requests
        self._persons = persons
        self._catalogue = catalogue

    async def make(
        self,
        request_id: str,
        identity: Identity,
        person: Colleague,
        *,
        also: Collection[str] = (),
        safety_checked_on: date | None = None,
    ) -> MadeOverview:
        """What this person may see; that it was given is an entry. `also`: near hits that the FG holds to be
        this person.

        Raises NotAllowed, NotFound and RequestInvalid when there is no open request for access with this
        reference, or no such near hit; PartnerUnreachable, TrailUnavailable.
        """
        person.needs(FG)
        await self._requests.verify_access(request_id)
        safe = safety_checked_on == day_of(self._signatory.now())
        found = await self._find(identity)
        near = {ref: one for ref, one in found.items() if one.resemblance.near}
        if not near.keys() >= set(also):
            raise RequestInvalid(invalid_params=[invalid_param(("also",), "unknown")])
        meant = {ref: one for ref, one in found.items() if one.resemblance.same or ref in also}
        own, own_left = await self._asked_by_us(meant, safe=safe)
        held, held_left = await self._asked_of_us(meant, person, safe=safe)
        shown = sorted((*own, *held), key=lambda one: (one.at, one.holder.name))
        facts = {
            "case_ref": request_id,  # kept, held and destroyed with the request that it answers
            "user": person.user,
            "shown": len(shown),
            "subjects": len(meant),
            "near": len(near),
            "left_out": own_left + held_left,
            "safe": safe,
        }
        sealed = {"identity": identity.as_json(), "subjects": sorted(meant), "also": sorted(also)}
        await self._trail.append([Entry(Kind.OVERVIEW, facts, subject_ref=request_id, sealed=sealed)])
        size, root = self._trail.state()
        party = self._signatory.party
        overview = Overview(
            name=name_of(identity.as_json()),
            reference=request_id,
            sender=str(party.partner),
            sender_name=party.name,
            desk=party.desk.name,
            phone=party.desk.phone,
            hours=party.desk.hours,
            written_on=day_of(self._signatory.now()),
            asked=tuple(shown),
            size=size,
            root=root.hex(),
            contact=self._contact,
        )
        hits = tuple(_hit(ref, one) for ref, one in near.items() if ref not in also)
        return MadeOverview(overview, hits, own_left + held_left)

    async def _find(self, identity: Identity) -> dict[str, _Found]:
        """Everybody who is this person, or resembles them, by reference."""
        asked, found = self._persons.keyed(identity), dict[str, _Found]()
        async for one in self._trail.entries():
            recorded = self._keyed(one)
            if recorded is None:
                continue
            resemblance = self._persons.compare(asked, recorded)
            if not resemblance.same and not resemblance.near:
                continue
            facts = one.recorded.facts
            asker = str(facts.get("requester", self._signatory.party.code))
            at = datetime.fromisoformat(facts["at"])
            new = _Found(resemblance, str(facts["case_ref"]), at, asker)
            under = found.setdefault(str(facts["subject_ref"]), new)
            if resemblance.same:
                under.resemblance = resemblance
            if one.recorded.kind == Kind.ANSWER:
                under.held.setdefault((str(facts["inquiry"]), int(facts["index"])), facts)
        return found

    def _keyed(self, one: Opened) -> Keyed | None:
        """Whom an entry is about; of one of before digests were kept, by the identity itself."""
        part = one.part or {}
        if one.recorded.kind in {Kind.PERSON, Kind.ANSWER}:
            return part.get("person")
        known = part.get("identity") if one.recorded.kind == Kind.SUBJECT else None
        return self._persons.keyed(Identity.parse(known)) if known else None

    async def _asked_by_us(self, meant: Collection[str], *, safe: bool) -> tuple[list[AskedAbout], int]:
        now, catalogue, shown, left = self._signatory.now(), self._catalogue(), list[AskedAbout](), 0
        for one in await self._book.find():
            if one.subject_ref not in meant:
                continue
            if one.state not in _TOLD and (not safe or one.at(now).state in _WAITS):
                left += len(one.disclosures)
                continue
            shown += [
                AskedAbout(
                    day_of(row.at),
                    self._organisation(one.receiver),
                    self._organisation(row.holder),
                    row.purpose,
                    row.rule,
                    bases_of(row.legal_bases, catalogue),
                    told=one.state in _TOLD,
                    passed_to=tuple(sorted(self._organisation(code).name for code in row.passed_to)),
                )
                for row in one.disclosures
            ]
        return shown, left

    async def _asked_of_us(
        self, meant: Mapping[str, _Found], person: Colleague, *, safe: bool
    ) -> tuple[list[AskedAbout], int]:
        catalogue, me = self._catalogue(), self._organisation(self._signatory.party.code)
        joint: dict[str, dict[tuple[str, str], str] | None] = {}
        shown, left = list[AskedAbout](), 0
        for ref, one in meant.items():
            if one.held and one.case_ref not in joint:
                joint[one.case_ref] = await self._joint(one.case_ref, person)
            for facts in one.held.values():
                states = joint[one.case_ref]
                state = "postponed" if states is None else states.get((ref, facts["requester"]), "open")
                told = state == "met"
                if not told and (not safe or state in _WAITS):
                    left += 1
                    continue
                shown.append(
                    AskedAbout(
                        day_of(datetime.fromisoformat(facts["at"])),
                        self._organisation(facts["requester"]),
                        me,
                        facts["purpose"],
                        facts["rule"],
                        bases_of(facts["legal_bases"], catalogue),
                        told=told,
                    )
                )
        return shown, left

    async def _joint(self, case_ref: str, person: Colleague) -> dict[tuple[str, str], str] | None:
        """How far each duty of this case is, by subject and receiver; None: the broker does not tell us."""
        try:
            found = await self._informing.of_case(case_ref, person)
        except NotFound:
            return None
        return {(one.subject_ref, one.receiver): one.state for one in found}

    def _organisation(self, code: str) -> Organisation:
        party = self._signatory.directory.party(code)
        return Organisation(str(party.partner), party.name)


def _hit(ref: str, one: _Found) -> NearHit:
    states = one.resemblance
    return NearHit(
        ref, one.case_ref, day_of(one.at), one.asker, states.surname, states.given_names, states.birth_date
    )
