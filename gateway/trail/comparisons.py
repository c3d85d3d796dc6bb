"""The broker's side of the nightly comparison: a node says what it recorded of a day, and hears the same. The
first time counts for a day; who asks again, because the answer was lost, is only answered.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from sqlalchemy import Column, Connection, Date, String, Table, delete, insert, select

from audit.comparison import item_at_broker
from audit.trail import Trail
from contract.days import day_of
from contract.documents import DailyStatement
from contract.problems import DocumentMalformed
from contract.signatory import Signatory
from gateway.tables import metadata
from party.comparing import (
    LONGEST_AGO,
    SETTLED_AFTER,
    SignedDigests,
    compare,
    remembered,
    stated,
    verify_statement,
)

compared = Table(
    "compared",
    metadata,
    Column("party", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
)


class _ComparedError(Exception):
    """This day was compared with this party before."""


class Comparisons:
    def __init__(self, signatory: Signatory, trail: Trail) -> None:
        self._signatory = signatory
        self._trail = trail
        self._turn = asyncio.Lock()

    async def take(self, token: str, of_day: Sequence[str], around: Sequence[str]) -> SignedDigests:
        """Compares what a node says with our trail, and says the same of ours under its key. Raises a
        document problem, TrailUnavailable.
        """
        said = self._signatory.read(DailyStatement, token)
        verify_statement(said, of_day, around)
        party, day = said.sender.code, said.document.day
        today = day_of(self._signatory.now())
        if party == self._signatory.party.code or not today - LONGEST_AGO <= day <= today - SETTLED_AFTER:
            raise DocumentMalformed
        async with self._turn:  # each reads some days of the trail
            own = await remembered(self._trail, lambda facts: item_at_broker(facts, party), day)
            with suppress(_ComparedError):  # the first counts: what was told cannot be told back
                await compare(
                    self._trail, own, said, (of_day, around), lambda store: _save(store, party, day)
                )
        return stated(self._signatory, party, day, bytes.fromhex(said.document.key), own)


def _save(store: Connection, party: str, day: date) -> None:
    mine = compared.c.party == party
    if store.execute(select(compared).where(mine, compared.c.day == day)).first() is not None:
        raise _ComparedError
    store.execute(delete(compared).where(mine, compared.c.day < day - LONGEST_AGO))
    store.execute(insert(compared), {"party": party, "day": day})
