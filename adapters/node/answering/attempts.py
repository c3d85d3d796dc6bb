"""How often the same was asked here: about one person, or with one thing about a person changed each time, by
whomever, in whichever case, under whichever reference.

- Counted is what was asked, never what was found. Over the limit the next questions wait for a person,
  whether the register knows anybody or not: so the limit itself tells nothing.
- A *fingerprint* is a keyed digest of parts of the identity that was asked about. Its *variants* are the
  different things that were asked under it. The key never leaves this party; an identity is not kept.

| fingerprint | its variants | how many a machine answers |
|---|---|---|
| given name, birth date, address; the question | each time that it is asked | `max_repeats` more than one |
| surname and birth date; given name and birth date | addresses | one |
| surname and given name, or a surname alone | addresses | `max_repeats` more than one |
| given name and address | birth dates | `max_repeats` more than one |
| birth date and address | given names | `max_repeats` more than one |
| two of these three, without an address: surname, given name, birth date | the third | `max_repeats` more |
| requester and day | questions | `questions_a_day` |
| requester, acute danger without a melding | cases | any number: danger does not wait, but ten are noticed |

A certain match agrees on given name, birth date and address: all that can be answered certainly about one
person falls under one fingerprint of the first row, however the surname is written. The other rows end the
trying of streets, dates and names. Of somebody whose address, date or given name is not told, the surname
counts too: each of them by itself, so that one more makes nobody another person, and of a given name its
first letter.
"""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Column, Connection, Integer, String, Table, bindparam, case, delete, func, select

from adapters.node.tables import metadata
from adapters.registers.names import given_names, skeleton, surnames
from audit.database import Prepared
from contract.identity import Identity

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(32), nullable=False, index=True),
    Column("variant", String(32), nullable=False),
    Column("at", Integer, nullable=False, index=True),
)

_SAME_VARIANT = case((attempts.c.variant.in_(bindparam("variants", expanding=True)), attempts.c.variant))
_COUNT = (
    select(
        attempts.c.fingerprint,
        func.count(attempts.c.variant.distinct()).label("all"),
        func.count(_SAME_VARIANT.distinct()).label("same"),
    )
    .where(
        attempts.c.fingerprint.in_(bindparam("fingerprints", expanding=True)),
        attempts.c.at >= bindparam("since"),
    )
    .group_by(attempts.c.fingerprint)
)
_INSERT = Prepared(attempts.insert(), attempts.c.fingerprint, attempts.c.variant, attempts.c.at)
_DIGITS = 32
_URGENT_CASES = 10


@dataclass(frozen=True)
class Attempt:
    """One thing that is asked under a fingerprint, and how many different ones a machine answers."""

    fingerprint: str
    variant: str
    most: int


class Counting:
    """What this party counts, under a key of its own. `kept`: for how long; nothing is counted for none."""

    def __init__(self, key: bytes, *, kept: timedelta, questions_a_day: int) -> None:
        self._key = hmac.digest(key, b"grondslag/1 attempts", "sha256")
        self._kept = kept
        self._questions_a_day = questions_a_day

    @property
    def counts(self) -> bool:
        return bool(self._kept)

    def of_question(
        self, question: str, identity: Identity, *, each: str, requester: str, day: date, repeats: int
    ) -> tuple[Attempt, ...]:
        """What asking this question is, under every fingerprint. `each` is another at each time; `repeats`:
        the hand-out's `max_repeats` there.
        """
        parts = _Parts(identity)
        found = [
            *(self._attempt(["person", *one, question], each, repeats + 1) for one in parts.persons),
            self._attempt(["requester", requester, day.isoformat()], each, self._questions_a_day),
        ]
        if parts.address:
            pairs = [(name, parts.date) for name in (*parts.surnames, parts.given)]
            found += [self._attempt(["born", *pair], parts.address, 1) for pair in pairs if all(pair)]
            names = [(name, parts.start) for name in parts.surnames] if parts.start or not parts.date else []
            found += [self._attempt(["named", *name], parts.address, repeats + 1) for name in names]
            if parts.given:
                known = identity.birth_date  # also how much of it is known is tried
                found.append(self._attempt(["date", parts.given, parts.address], known, repeats + 1))
            if parts.date:
                found.append(self._attempt(["given", parts.date, parts.address], parts.given, repeats + 1))
            return tuple(found)
        without = [
            *((["date", name, parts.start], identity.birth_date) for name in parts.surnames),
            *((["given", name, parts.date], parts.start) for name in parts.surnames),
            (["surname", parts.given, parts.date], " ".join(parts.surnames)),
        ]
        found += [self._attempt(fixed, tried, repeats + 1) for fixed, tried in without if all(fixed)]
        return tuple(found)

    def of_urgency(self, requester: str, case_ref: str) -> Attempt:
        """A question in acute danger, in a case whose melding is still due."""
        return self._attempt(["urgent", requester], case_ref, _URGENT_CASES)

    def over(self, store: Connection, asked: Sequence[Attempt], now: datetime) -> frozenset[str]:
        """The fingerprints under which more was asked than a machine answers, with these now."""
        most = {attempt.fingerprint: attempt.most for attempt in asked}
        new: dict[str, set[str]] = {}
        for attempt in asked:
            new.setdefault(attempt.fingerprint, set()).add(attempt.variant)
        known = {
            "fingerprints": sorted(most),
            "variants": sorted({attempt.variant for attempt in asked}),
            "since": int((now - self._kept).timestamp()),
        }
        before = {row.fingerprint: row.all - row.same for row in store.execute(_COUNT, known)}
        return frozenset(
            fingerprint
            for fingerprint in most
            if before.get(fingerprint, 0) + len(new[fingerprint]) > most[fingerprint]
        )

    def note(self, store: Connection, asked: Sequence[Attempt], now: datetime) -> None:
        rows = {(attempt.fingerprint, attempt.variant): int(now.timestamp()) for attempt in asked}
        if rows:
            _INSERT(
                store,
                [
                    {"fingerprint": fingerprint, "variant": one, "at": at}
                    for (fingerprint, one), at in rows.items()
                ],
            )

    def forget(self, store: Connection, now: datetime) -> None:
        """What was kept long enough goes."""
        store.execute(delete(attempts).where(attempts.c.at < int((now - self._kept).timestamp())))

    def _attempt(self, fingerprint: Sequence[str], variant: str, most: int) -> Attempt:
        under = self._digest(fingerprint)
        return Attempt(under, self._digest([under, variant]), most)

    def _digest(self, parts: Sequence[str]) -> str:
        text = json.dumps(list(parts), separators=(",", ":")).encode()
        return hmac.digest(self._key, text, "sha256").hex()[:_DIGITS]


class _Parts:
    """An identity as it is counted: what is not known, or says too little, is empty."""

    def __init__(self, identity: Identity) -> None:
        first = (given_names(identity.given_names) or ("",))[0]
        self.surnames = tuple(dict.fromkeys(skeleton(name.form) for name in surnames(identity)))
        self.given = first[:2] if len(first) > 1 else ""  # all spellings of one name begin alike
        self.start = first[:3] if self.given else ""  # beside a surname alone: namesakes are many
        self.date = "" if identity.birth_date.endswith("00") else identity.birth_date
        house = "".join(letter for letter in identity.house_number.lower() if letter.isalnum())
        self.address = f"{identity.postcode} {house}" if identity.postcode and house else ""
        whole = self.given and self.date and self.address
        told = first[:1], identity.birth_date, self.address
        self.persons: tuple[tuple[str, ...], ...] = (
            ((self.given, self.date, self.address),)
            if whole
            else tuple((*told, surname) for surname in self.surnames or ("",))
        )
