"""Who of a party's own people may do what: one table, denied by default.

- A role counts with a mandate alone.
- A role in which somebody asks counts where the hand-out lets this kind of partner ask in it (a chair is one
  of Veilig Thuis, elsewhere that word opens nothing), and only for who has exactly one.
- What is about a case also wants that the person works on it (asking/cases.py): a role is no key to a case,
  and neither is its reference. A refused attempt is an entry.
- An operation that has no row is nobody's.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from adapters.node.trail.reading import SCOPES
from party.bearer import (
    ASKING,
    FG,
    MANAGER,
    OFFICIAL,
    PRIVACY_OFFICER,
    RESTRICTED_OFFICIAL,
    SECURITY_OFFICER,
    Colleague,
)

ROLES = ASKING | {OFFICIAL, RESTRICTED_OFFICIAL, MANAGER, PRIVACY_OFFICER, FG, SECURITY_OFFICER}
"""All that mean something here; a token may have others."""


@dataclass(frozen=True)
class Admission:
    """The roles that may, and where that comes from (docs/law.md); `of_case`: it is about the people of a
    case, so that a refused attempt is recorded.
    """

    roles: frozenset[str]
    source: str
    of_case: bool = False

    def admits(self, person: Colleague, asking_here: Collection[str]) -> bool:
        """Whether this person has one of the roles, so that it counts. `asking_here`: the roles in which the
        hand-out lets somebody of this kind of partner ask.
        """
        if not person.mandated:
            return False
        asking = person.roles & ASKING
        counting = person.roles - ASKING
        if len(asking) == 1:
            counting |= asking.intersection(asking_here)
        return bool(counting & self.roles)


def _of_case(source: str, *roles: str) -> Admission:
    return Admission(frozenset(roles), source, of_case=True)


def _of_party(source: str, *roles: str) -> Admission:
    return Admission(frozenset(roles), source)


_MEMBERS = ("chair", "participant")
_ASKERS = (*_MEMBERS, "duty_officer")

ADMISSIONS: Mapping[str, Admission] = {
    # cases: who may ask in one vouches for its facts, takes it up and reads what came of it; who was there
    # for one urgent question does not end it
    "POST /cases": _of_case("C1, C2, C15", *_ASKERS),
    "POST /cases/{id}/assignments": _of_case("C15", *_ASKERS),
    "POST /cases/{id}/acceptances": _of_case("C22", "participant"),
    "POST /cases/{id}/closures": _of_case("C15, K3", *_MEMBERS),
    "GET /overdue-meldingen": _of_case("C1b, D03", "chair", FG),
    # questions and their answers
    "POST /enrichments": _of_case("C15", *_ASKERS),
    "GET /enrichments/{id}": _of_case("C15, D01", *_ASKERS),
    "POST /enrichments/{id}/onward-shares": _of_case("D01", *_MEMBERS),
    # the desk of a holder
    "GET /questions": _of_case("C10", OFFICIAL),
    "POST /questions/{id}/{index}/views": _of_case("C10", OFFICIAL),
    "POST /questions/{id}/{index}/answers": _of_case("C10", OFFICIAL),
    "POST /questions/{id}/{index}/refusals": _of_case("C10", OFFICIAL),
    "POST /questions/{id}/{index}/looks": _of_case("C8, C10", OFFICIAL),
    "POST /questions/{id}/{index}/rectifications": _of_case("Wpg 28(5), AVG 19", OFFICIAL),
    "GET /standing-decisions": _of_party("C11", MANAGER),
    "POST /standing-decisions": _of_party("C11", MANAGER),
    "DELETE /standing-decisions/{rule}": _of_party("C11", MANAGER),
    "PUT /pause": _of_party("C11", MANAGER),
    "DELETE /pause": _of_party("C11", MANAGER),
    # the hand-out
    "GET /releases": _of_party("P", PRIVACY_OFFICER),
    "GET /releases/{id}": _of_party("P", PRIVACY_OFFICER),
    "POST /releases": _of_party("P", PRIVACY_OFFICER),
    "POST /releases/{id}/steps": _of_party("P", PRIVACY_OFFICER),
    "POST /release-rollbacks": _of_party("P", PRIVACY_OFFICER),
    # the duty to inform: leaving out is the data protection officer's alone (informing/informing.py)
    "POST /obligations/_search": _of_case("T1-T3", *_ASKERS, FG),
    "POST /obligations/{id}/steps": _of_case("T1-T3, U1-U8", *_MEMBERS, FG),
    "POST /obligations/{id}/letters": _of_case("T1-T3", *_MEMBERS),
    "GET /cases/{case}/obligations": _of_case("T1-T3", *_ASKERS, FG),
    "POST /cases/{case}/obligations/{id}/steps": _of_case("U3", "participant"),
    # what was asked in acute danger, afterwards: by somebody who had no part in it (reviewing/reviews.py)
    "POST /urgent-reviews/_search": _of_case("C9, D05", MANAGER, PRIVACY_OFFICER, FG),
    "POST /urgent-reviews/{id}/outcomes": _of_case("C9, D05", MANAGER, PRIVACY_OFFICER),
    # the trail, and the rights of persons
    "POST /entries/_search": _of_case("Wpg 32a(2)", *SCOPES),
    "POST /exports": _of_case("Wpg 32, 33", FG),
    "GET /exports/{id}": _of_case("Wpg 32, 33", FG),
    "DELETE /exports/{id}": _of_case("Wpg 32, 33", FG),
    "GET /exports/{id}/file": _of_case("Wpg 32, 33", FG),
    "POST /overviews": _of_case("AVG 15, Wpg 25", FG),
    "POST /requests": _of_case("AVG 15-21, Wpg 25-28", FG, PRIVACY_OFFICER),
    "POST /requests/_search": _of_case("AVG 15-21, Wpg 25-28", FG, PRIVACY_OFFICER),
    "POST /requests/{id}/steps": _of_case("AVG 15-21, Wpg 25-28", FG, PRIVACY_OFFICER),
}
"""By operation, as the API has it: its method, and its address below `/v1`."""

NOBODY = Admission(frozenset(), "an operation without a row")
