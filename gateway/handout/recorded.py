"""The decisions that stand in the broker's trail, with what each rested on: for replaying and explaining
them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit.kinds import DECISIONS, Kind
from audit.obligations import Obligations
from audit.tables import leaves_of
from audit.trail import Opened, Trail
from gateway.handout import releases
from gateway.inquiries.course import whole_course
from policies import Decision, Release, ReleaseError
from policies.bundle import unpack
from policies.replay import RecordedDecision

_FIELDS = tuple(Decision.__dataclass_fields__)


async def recorded(trail: Trail, since: datetime, until: datetime | None) -> list[RecordedDecision]:
    """All decisions in a period, in their order. Raises VerifyError, TrailUnavailable."""
    found = []
    async for one in trail.entries():
        facts = one.recorded.facts
        at = datetime.fromisoformat(facts["at"])
        if facts["kind"] in DECISIONS and since <= at and (until is None or at < until):
            found.append(_recorded(one, facts))
    return found


async def recorded_at(trail: Trail, position: int) -> RecordedDecision | None:
    """The decision at this position; None when none stands there. Raises VerifyError, TrailUnavailable."""
    async for one in trail.entries(position, position + 1):
        facts = one.recorded.facts
        return _recorded(one, facts) if facts["kind"] in DECISIONS else None
    return None


async def course_of(trail: Trail, position: int, *, now: datetime) -> list[str]:
    """What came of the question that was decided at this position, as the trail has it. Raises VerifyError,
    TrailUnavailable.
    """
    fold = Obligations(joint=True)
    own: dict[str, Any] = {}
    later = []
    async for one in trail.entries():
        facts = one.recorded.facts
        fold.take(facts, one.recorded.position)
        if one.recorded.position == position:
            own = facts
        elif own and facts.get("inquiry") == own["inquiry"] and facts["kind"] not in DECISIONS:
            later.append(facts)
    duties = (
        duty for duty in fold.by_id.values() if any(own["id"] == row.permit for row in duty.disclosures)
    )
    return list(whole_course(own, later, next(duties, None), now))


async def known_releases(trail: Trail) -> dict[str, Release]:
    """Every release that the broker keeps, by its revision. One that cannot be read, or is another than its
    revision says, is left out.
    """

    def load(store: Any) -> Sequence[tuple[str, bytes | None]]:
        return [(life.release, releases.load_bundle(store, life.release)) for life in releases.load(store)]

    found = {}
    for revision, bundle in await trail.scan(load):
        try:
            release = unpack(bundle or b"", None)
        except ReleaseError:
            continue
        if release.revision == revision:
            found[revision] = release
    return found


def taken_steps(store: Connection) -> set[str]:
    """The digest of every signed step with a release that the trail says was recorded."""
    return {one.facts["document"] for one in leaves_of(store, Kind.RELEASE) if "document" in one.facts}


def _recorded(one: Opened, facts: dict[str, Any]) -> RecordedDecision:
    return RecordedDecision(
        position=one.recorded.position,
        at=facts["at"],
        case_ref=facts["case_ref"],
        requester=facts["requester"],
        decided={name: facts[name] for name in _FIELDS if name in facts},
        given=None if one.part is None else one.part.get("input"),
    )
