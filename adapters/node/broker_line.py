"""The node's requests to the broker."""

from collections.abc import Mapping
from typing import Any

import orjson

from contract.codes import BROKER
from contract.documents import Caller
from contract.problems import PartnerUnreachable, named
from contract.signatory import Signatory
from party.wire import Response, Unreachable, Wire


class BrokerLine:
    def __init__(self, signatory: Signatory, wire: Wire, *, timeout_s: float) -> None:
        self._signatory = signatory
        self._wire = wire
        self.timeout_s = timeout_s

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: str = ""
    ) -> Response:
        """A request; without a body it carries who asks. Raises PartnerUnreachable, or the problem that the
        broker names.
        """
        broker = self._signatory.directory.party(BROKER)
        bearer = self._signatory.write(Caller, to=BROKER, path=path).token if body is None else None
        try:
            response = await self._wire.send(
                method,
                broker.address,
                path + query,
                body=None if body is None else orjson.dumps(body),
                bearer=bearer,
                timeout_s=self.timeout_s,
            )
        except Unreachable:
            raise PartnerUnreachable from None
        if response.status >= 400:
            raise (named(response.body) or PartnerUnreachable)()
        return response
