"""The cases that this party works on: it vouches for their facts at the broker, takes them up, closes
them.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from adapters.node.asking import enrichments
from adapters.node.asking.enrichments import Enrichment, OwnCase
from adapters.node.asking.opening import Opening
from adapters.node.asking.wish import TakingUp, WishedCase
from adapters.node.broker_line import BrokerLine
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.codes import BROKER
from contract.documents import Attested, CaseAcceptance, CaseStatement
from contract.problems import (
    AcceptanceNotYours,
    CaseUnknown,
    DocumentMalformed,
    NotAllowed,
    RequestInvalid,
    invalid_param,
)
from contract.signatory import Signatory
from party.bearer import Colleague
from policies.catalogue import Catalogue

_FACTS = ("region", "kind", "stage", "melding", "criteria", "unsafety")


class OwnCases:
    def __init__(
        self,
        signatory: Signatory,
        broker: BrokerLine,
        trail: Trail,
        opening: Opening,
        *,
        catalogue: Callable[[], Catalogue],
    ) -> None:
        self._signatory = signatory
        self._broker = broker
        self._trail = trail
        self._opening = opening
        self._catalogue = catalogue

    async def state(self, wish: WishedCase, person: Colleague) -> OwnCase:
        """Vouches for the facts of a case, at the broker. Raises NotAllowed, RequestInvalid,
        PartnerUnreachable, the broker's problems, and a document problem when it recorded something else.
        """
        before = None if wish.case_ref is None else await self.of(wish.case_ref, person)
        if wish.region not in self._signatory.party.regions:
            raise RequestInvalid(invalid_params=[invalid_param(("region",), "unknown")])
        case_ref = wish.case_ref or str(uuid.uuid4())
        facts = {name: getattr(wish, name) for name in _FACTS}
        role = person.role
        statement = self._signatory.write(
            CaseStatement,
            to=BROKER,
            case_ref=case_ref,
            **facts,
            attested=Attested(melding=role, criteria=role, unsafety=role, mandated=person.mandated),
            meeting_on=wish.meeting_on,
            replaces=before.statement if before else None,
        )
        entry = Entry(
            Kind.CASE,
            {"case_ref": case_ref, "statement": statement.digest, "user": person.user, "facts": facts},
        )
        await self._trail.append([entry])
        response = await self._broker.call("POST", "/v1/cases", {"statement": statement.token})
        stated = self._opening.case(case_ref, response.body)
        if (stated.statement, stated.facts) != (statement.digest, facts):
            raise DocumentMalformed
        return await self._saved([], stated, person)

    async def take_up(self, case_ref: str, why: TakingUp, person: Colleague) -> OwnCase:
        """Assigns a case to this person, with its newest statement from the broker's trail. Who works on it
        already does so with the newest statement from then on.

        Raises RequestInvalid when colleagues work on it and this person says to be the first, or the reverse;
        NotFound, PartnerUnreachable, and a document problem.
        """
        before = await self._trail.read(lambda store: enrichments.load_case(store, case_ref))
        colleagues = () if before is None else before.assigned
        if person.user not in colleagues and (why == "invited") == bool(colleagues):
            raise RequestInvalid(invalid_params=[invalid_param(("why",), "not_so_here")])
        stated = self._opening.case(
            case_ref, (await self._broker.call("GET", f"/v1/cases/{case_ref}", None)).body
        )
        facts: dict[str, Any] = {
            "case_ref": case_ref,
            "user": person.user,
            "role": person.role,
            "why": why,
        }
        if why == "takes_over":
            facts["instead_of"] = [user for user in colleagues if user != person.user]
        return await self._saved([Entry(Kind.ASSIGNMENT, facts)], stated, person, alone=why == "takes_over")

    async def accept(self, case_ref: str, person: Colleague) -> OwnCase:
        """Accepts a case in a Zorg- en Veiligheidshuis, as this person last took it up (C22, WGS 2.31).
        Accepting it again changes nothing.

        Raises CaseUnknown, NotAllowed, AcceptanceNotYours, PartnerUnreachable, the broker's problems, and a
        document problem when it recorded something else.
        """
        before, partner = await self.of(case_ref, person), self._signatory.party.partner
        catalogue = self._catalogue()
        may = catalogue.has_duty(partner, "accepts") and person.role in catalogue.asking_roles[str(partner)]
        if not may or not person.mandated:
            raise AcceptanceNotYours
        acceptance = self._signatory.write(
            CaseAcceptance,
            to=BROKER,
            case_ref=case_ref,
            case_statement=before.statement,
            attested=person.role,
            mandated=person.mandated,
        )
        facts = {
            "case_ref": case_ref,
            "statement": before.statement,
            "acceptance": acceptance.digest,
            "user": person.user,
            "user_role": person.role,
        }
        await self._trail.append([Entry(Kind.ACCEPTANCE, facts)])
        response = await self._broker.call("POST", "/v1/acceptances", {"acceptance": acceptance.token})
        after = self._opening.case(case_ref, response.body)
        if not after.accepted:
            raise DocumentMalformed
        return await self._saved([], after, person)

    async def close(self, case_ref: str, person: Colleague) -> None:
        """Records that the work on a case is done: its persons are erased here when its time is over, unless
        somebody takes it up again. Raises CaseUnknown, NotAllowed, TrailUnavailable.
        """
        await self.of(case_ref, person)
        await self._trail.append([Entry(Kind.CLOSURE, {"case_ref": case_ref, "user": person.user})])

    async def of(self, case_ref: str, person: Colleague) -> OwnCase:
        """A case that is assigned to this person. Raises CaseUnknown, NotAllowed."""
        return assigned(await self._trail.read(lambda store: enrichments.load_case(store, case_ref)), person)

    async def _saved(
        self, entries: Sequence[Entry], stated: OwnCase, person: Colleague, *, alone: bool = False
    ) -> OwnCase:
        case = replace(stated, assigned=(person.user,))
        saved = await self._trail.append(
            entries, lambda store, _: enrichments.save_case(store, case, alone=alone)
        )
        return saved.result


def verify_reads(enrichment: Enrichment, case: OwnCase | None, person: Colleague) -> None:
    """That this person may read what came of it: who works on its case; who did so on duty, of what that
    person asked alone (D01). Raises CaseUnknown, NotAllowed.
    """
    assigned(case, person)
    if person.role == "duty_officer" and enrichment.created_by != person.user:
        raise NotAllowed(case_ref=enrichment.case_ref)


def assigned(case: OwnCase | None, person: Colleague) -> OwnCase:
    """Raises CaseUnknown, NotAllowed."""
    if case is None:
        raise CaseUnknown
    if person.user not in case.assigned:
        raise NotAllowed(case_ref=case.case_ref)
    return case
