"""Time stamps of somebody outside on the states of the trail: every hour in which it grew, and once a day.

An authority that is away costs nothing but an alarm, and it goes on by itself when the authority is back.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography.x509 import Certificate
from prometheus_client import Gauge
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table, Text, insert, select

from audit.entry import Entry, time_of
from audit.errors import VerifyError
from audit.kinds import Kind
from audit.stamp import CONTENT_TYPE, Stamp, request_of, verify_stamp
from audit.trail import Trail
from contract.days import day_of
from contract.signatory import Signatory
from gateway.tables import metadata
from party.events import Event, log
from party.wire import Unreachable, Wire

stamps = Table(
    "stamps",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("checkpoint", Text, nullable=False),
    Column("response", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),  # by the authority
    Column("asked_at", BigInteger, nullable=False),  # by our clock
)

EVERY = timedelta(hours=1)
_TIMEOUT_S = 10.0
_age = Gauge("grondslag_stamp_age_seconds", "How old the newest time stamp on the trail is.")


class Stamping:
    """`authority`: its address (http, https); `roots`: whom to believe; `alarm_after`: how long it may be
    away.
    """

    def __init__(
        self,
        signatory: Signatory,
        wire: Wire,
        trail: Trail,
        *,
        authority: str,
        roots: Sequence[Certificate],
        alarm_after: timedelta,
    ) -> None:
        self._signatory = signatory
        self._wire = wire
        self._trail = trail
        parts = urlsplit(authority)
        self._address = f"{parts.scheme}://{parts.netloc}"
        self._path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        self._name = parts.netloc
        self._roots = roots
        self._alarm_after = alarm_after
        self._since = signatory.now()
        self._missing_since: datetime | None = None  # since when one is due and cannot be had

    async def look(self) -> None:
        """Stamps the newest state when it is time, and says so when there was none for too long. Raises
        TrailUnavailable.
        """
        last = await self._trail.read(_last)
        now = self._signatory.now()
        asked = self._since if last is None else datetime.fromtimestamp(last[1], UTC)
        grew = self._trail.size() > (last[0] + 1 if last is not None else 0)  # its own entry does not count
        another_day = last is not None and day_of(asked) != day_of(now)
        if last is None or another_day or (grew and now - asked >= EVERY):
            if await self._stamp(now):
                self._missing_since, asked = None, now
            else:
                self._missing_since = self._missing_since or now
        _age.set((now - asked).total_seconds())
        if self._missing_since is not None and now - self._missing_since > self._alarm_after:
            log(Event.STAMPS_MISSING, age_s=int((now - asked).total_seconds()))

    async def _stamp(self, now: datetime) -> bool:
        checkpoint = self._trail.checkpoint()
        request = request_of(checkpoint)
        try:
            answer = await self._wire.send(
                "POST",
                self._address,
                self._path,
                body=request.as_bytes(),
                content_type=CONTENT_TYPE,
                timeout_s=_TIMEOUT_S,
            )
            if answer.status != 200:
                raise VerifyError("the authority refused")
            at = verify_stamp(answer.body, checkpoint, self._roots, request)
        except (Unreachable, VerifyError) as problem:
            log(Event.STAMP_REFUSED, error=type(problem).__name__)
            return False
        row = {
            "size": int(checkpoint.split("\n")[1]),
            "checkpoint": checkpoint,
            "response": answer.body,
            "at": int(at.timestamp()),
            "asked_at": int(now.timestamp()),
        }
        facts = {
            "size": row["size"],
            "authority": self._name,
            "stamped_at": time_of(at),
            "response": hashlib.sha256(answer.body).hexdigest(),
        }

        def save(store: Connection, _: object) -> None:
            store.execute(stamps.delete().where(stamps.c.size == row["size"]))
            store.execute(insert(stamps), row)

        await self._trail.append([Entry(Kind.TIMESTAMP, facts)], save)
        return True


def load_stamps(store: Connection, most: int | None = None) -> list[Stamp]:
    """The newest time stamps, newest first; all of them without `most`."""
    query = select(stamps).order_by(stamps.c.size.desc())
    rows = store.execute(query if most is None else query.limit(most))
    return [
        Stamp(row.size, row.checkpoint, row.response, datetime.fromtimestamp(row.at, UTC)) for row in rows
    ]


def _last(store: Connection) -> tuple[int, int] | None:
    row = store.execute(
        select(stamps.c.size, stamps.c.asked_at).order_by(stamps.c.asked_at.desc()).limit(1)
    ).first()
    return None if row is None else (row.size, row.asked_at)
