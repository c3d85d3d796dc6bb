"""The broker's side of the nightly comparison: a node says what it recorded of a day, and hears the same."""

from collections.abc import Sequence

from adapters.contract.comparing import (
    LONGEST_AGO,
    SETTLED_AFTER,
    Statement,
    compare,
    remembered,
    stated,
    verify_statement,
)
from adapters.contract.days import day_of
from adapters.contract.documents import DailyStatement
from adapters.contract.problems import DocumentMalformed
from adapters.contract.signatory import Signatory
from audit.comparison import item_at_broker
from audit.trail import Trail


class Comparing:
    def __init__(self, signatory: Signatory, trail: Trail) -> None:
        self._signatory = signatory
        self._trail = trail

    async def take(self, token: str, of_day: Sequence[str], around: Sequence[str]) -> Statement:
        """Compares what a node says with our trail, and says the same of ours under its key. Raises a
        document problem, TrailUnavailable.
        """
        said = self._signatory.read(DailyStatement, token)
        verify_statement(said, of_day, around)
        partner, day = said.sender.code, said.document.day
        today = day_of(self._signatory.now())
        if partner == self._signatory.party.code or not today - LONGEST_AGO <= day <= today - SETTLED_AFTER:
            raise DocumentMalformed
        own = await remembered(self._trail, lambda facts: item_at_broker(facts, partner), day)
        await compare(self._trail, own, said, of_day, around)
        return stated(self._signatory, partner, day, bytes.fromhex(said.document.key), own)
