"""Both sides of the nightly comparison of two trails (audit/comparison.py): what a party remembers of a day,
its signed statement about that, and the entry that says what was found.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
from prometheus_client import Gauge
from sqlalchemy import Connection

from audit.comparison import Differences, Remembered, differences, digests
from audit.entry import Entry
from audit.kinds import Kind
from audit.tables import entries, first_since, leaves
from audit.trail import Trail
from contract.days import ZONE, day_of
from contract.documents import DailyStatement
from contract.problems import DocumentMalformed
from contract.signatory import Received, Signatory
from party.events import Event, log

SETTLED_AFTER = timedelta(days=2)
"""A day is compared when the day after it is over: what was underway at midnight has arrived by then."""

LONGEST_AGO = timedelta(days=30)
MOST_ITEMS = 50_000
"""In each list: some megabytes, far beyond a day of a region."""

_PAGE = 2_000
_MOST_NAMED = 2_000  # positions in an entry
_differing = Gauge(
    "grondslag_trails_differing", "Entries of the last compared day that one side lacks.", ["partner"]
)

ItemOf = Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True)
class SignedDigests:
    """A signed statement with the digests that it is about."""

    token: str
    of_day: tuple[str, ...]
    around: tuple[str, ...]


async def remembered(trail: Trail, item: ItemOf, day: date) -> Remembered:
    """What the own trail has on this day, and from the day before it until now. Raises TrailUnavailable."""
    since = datetime.combine(day - timedelta(days=1), time(), ZONE).astimezone(UTC)
    size = trail.size()
    start = await trail.scan(lambda store: first_since(store, since - timedelta(days=1), size))
    of_day: dict[str, int] = {}
    around: dict[str, int] = {}
    for first in range(start, size, _PAGE):
        here = entries.c.position.between(first, min(first + _PAGE, size) - 1)
        for one in await trail.scan(lambda store, here=here: list(leaves(store, here))):  # type: ignore[misc]
            facts = one.facts
            found, at = item(facts), datetime.fromisoformat(facts["at"])
            if found is not None and at >= since:
                (of_day if day_of(at) == day else around).setdefault(found, one.position)
    return Remembered(of_day, {name: place for name, place in around.items() if name not in of_day})


def stated(signatory: Signatory, to: str, day: date, key: bytes, own: Remembered) -> SignedDigests:
    """What we say of a day."""
    of_day, around = digests(own.of_day, key), digests(own.around, key)
    signed = signatory.write(
        DailyStatement, to=to, day=day, key=key.hex(), of_day=_sum(of_day), around=_sum(around)
    )
    return SignedDigests(signed.token, tuple(of_day), tuple(around))


def verify_statement(said: Received[DailyStatement], of_day: Sequence[str], around: Sequence[str]) -> None:
    """Raises DocumentMalformed unless these are the lists that were signed."""
    if (_sum(of_day), _sum(around)) != (said.document.of_day, said.document.around):
        raise DocumentMalformed


async def compare(
    trail: Trail,
    own: Remembered,
    said: Received[DailyStatement],
    lists: tuple[Sequence[str], Sequence[str]],
    save: Callable[[Connection], None],
) -> Differences:
    """What one of us lacks; it is an entry. `save` goes in its transaction, and may raise when this day was
    compared before. Raises TrailUnavailable.
    """
    of_day, around = lists
    found = differences(own, of_day, around, bytes.fromhex(said.document.key))
    partner = said.sender.code
    facts = {
        "with": partner,
        "day": said.document.day.isoformat(),
        "statement": said.digest,
        "recorded": len(own.of_day),
        "only_here": found.only_here[:_MOST_NAMED],
        "more": max(0, len(found.only_here) - _MOST_NAMED),
        "only_there": found.only_there,
    }
    await trail.append([Entry(Kind.COMPARISON, facts)], lambda store, _: save(store))
    _differing.labels(partner).set(len(found.only_here) + found.only_there)
    if found.any:
        log(Event.TRAILS_DIFFER, partner=partner, only_here=len(found.only_here), only_there=found.only_there)
    return found


def _sum(items: Sequence[str]) -> str:
    return hashlib.sha256(orjson.dumps(list(items))).hexdigest()
